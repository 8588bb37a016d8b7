(() => {
  const faults = [];
  const say = (element, what) => {
    const name = element.tagName.toLowerCase() + (element.className.baseVal ?? element.className ? "." + element.getAttribute("class") : "");
    faults.push(`${name} "${element.textContent.trim().slice(0, 40)}": ${what}`);
  };
  const width = window.innerWidth;
  const root = document.documentElement;
  if (root.scrollWidth > width) faults.push(`the page is ${root.scrollWidth} wide in ${width}`);

  // Text that is drawn, as one box a line.
  const clipped = element => getComputedStyle(element).clipPath !== "none" && element.getBoundingClientRect().width <= 1;
  const isDrawn = element => {
    if (!element.checkVisibility() || element.closest("svg, style")) return false;
    for (let at = element; at; at = at.parentElement) if (clipped(at)) return false;
    return true;
  };
  const boxes = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walk.nextNode(); node; node = walk.nextNode()) {
    if (!node.textContent.trim() || !isDrawn(node.parentElement)) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    for (const box of range.getClientRects()) {
      if (box.width > 0) boxes.push({ node, element: node.parentElement, box });
    }
  }
  for (const { element, box } of boxes) {
    if (box.left < 0 || box.right > width + 0.5) say(element, `stands at ${box.left} to ${box.right} of ${width}`);
  }
  const inOneText = (one, other) => one.contains(other) || other.contains(one);
  for (let one = 0; one < boxes.length; one++) {
    for (let other = one + 1; other < boxes.length; other++) {
      const [a, b] = [boxes[one].box, boxes[other].box];
      const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      const sameLine = down > 0.45 * Math.min(a.height, b.height);
      // Lines of one text stand close; their glyphs do not touch.
      const beside = boxes[other].element.textContent.trim().slice(0, 40);
      if (across > 1 && sameLine) say(boxes[one].element, `lies on "${beside}"`);
      else if (across > -3 && sameLine && !inOneText(boxes[one].element, boxes[other].element)) say(boxes[one].element, `runs into "${beside}"`);
    }
  }
  for (const element of document.body.querySelectorAll("*")) {
    if (!isDrawn(element)) continue;
    const { overflowX, display } = getComputedStyle(element);
    if (overflowX !== "visible" && display !== "inline" && element.scrollWidth > element.clientWidth + 1) {
      say(element, `shows ${element.clientWidth} of ${element.scrollWidth} pixels`);
    }
  }
  // A piece that is one figure with its word stays in one line.
  for (const element of document.querySelectorAll(".piece, .tail td:nth-child(n+2)")) {
    if (boxes.filter(box => box.element === element).length > 1) say(element, "is broken into lines");
  }

  // Contrast (WCAG 2.2, 1.4.3).
  const color = text => {
    const [r, g, b, a] = text.match(/[\d.]+/g).map(Number);
    return { rgb: [r, g, b], a: a ?? 1 };
  };
  const light = ([r, g, b]) => {
    const linear = [r, g, b].map(part => part / 255).map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  };
  const paper = element => {
    for (let at = element; at; at = at.parentElement) {
      const ground = color(getComputedStyle(at).backgroundColor);
      if (ground.a === 1) return ground.rgb;
    }
    return [255, 255, 255];
  };
  const judged = new Set();
  for (const { element } of boxes) {
    if (judged.has(element)) continue;
    judged.add(element);
    const style = getComputedStyle(element);
    const [one, other] = [light(color(style.color).rgb), light(paper(element))];
    const contrast = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    const size = parseFloat(style.fontSize);
    const least = size >= 24 || size >= 18.66 && style.fontWeight >= 700 ? 3 : 4.5;
    if (contrast < least) say(element, `has a contrast of ${contrast.toFixed(2)}`);
    if (size < 11) say(element, `is ${size} pixels high`);
  }

  const levels = [...document.querySelectorAll("h1, h2, h3")].map(heading => Number(heading.tagName[1]));
  if (levels[0] !== 1 || levels.filter(level => level === 1).length !== 1) faults.push(`headings: ${levels}`);
  levels.forEach((level, at) => { if (at && level > levels[at - 1] + 1) faults.push(`headings: ${levels}`); });
  for (const link of document.querySelectorAll("a")) {
    if (link.href !== "mailto:" + link.textContent) say(link, `leads to ${link.href}`);
  }
  if (!document.querySelector("a")) faults.push("no contact can be written to");
  return [...new Set(faults)];
})()
