async png => {
  const image = new Image();
  image.src = "data:image/png;base64," + png;
  await image.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [image.width, image.height];
  const pen = canvas.getContext("2d");
  pen.drawImage(image, 0, 0);
  const { data } = pen.getImageData(0, 0, image.width, image.height);
  const ink = (x, y) => {
    const at = (y * image.width + x) * 4;
    // The first pixel is paper.
    return Math.max(...[0, 1, 2].map(part => Math.abs(data[at + part] - data[part])));
  };
  const [wide, high, shades] = [8, 16, " .:-=+*#%@"];
  const rows = [];
  for (let top = 0; top < image.height; top += high) {
    let row = "";
    for (let left = 0; left < image.width; left += wide) {
      let [sum, count] = [0, 0];
      for (let y = top; y < Math.min(top + high, image.height); y++) {
        for (let x = left; x < Math.min(left + wide, image.width); x++) [sum, count] = [sum + ink(x, y), count + 1];
      }
      row += shades[Math.round(Math.sqrt(sum / count / 255) * (shades.length - 1))];
    }
    rows.push(row.trimEnd());
  }
  return rows.join("\n") + "\n";
}
