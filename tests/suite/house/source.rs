//! Reads the sources as far as the rules need: modules, imports, and the code without comments.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// One file below `src/`.
pub(super) struct Source {
    /// The path from the top of the repository: `src/whois/record.rs`.
    pub(super) path: String,
    /// Its module path in the crate: `["whois", "record"]`, and nothing for `lib.rs`.
    pub(super) module: Vec<String>,
    /// The whole text.
    pub(super) text: String,
    /// The text without comments, literals and code that is only built for tests.
    pub(super) code: String,
    test_lines: usize,
}

impl Source {
    /// Every file below `src/` that is not only for tests.
    pub(super) fn all() -> Vec<Self> {
        let top = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut paths = vec![];
        walk(&top.join("src"), &mut paths);
        paths.sort();
        let mut for_tests = BTreeSet::new();
        let mut sources: Vec<Self> = paths.iter().map(|path| Self::read(top, path, &mut for_tests)).collect();
        sources.retain(|source| !for_tests.contains(&source.module));
        sources
    }

    fn read(top: &Path, path: &Path, for_tests: &mut BTreeSet<Vec<String>>) -> Self {
        let text = fs::read_to_string(path).unwrap();
        let path = path.strip_prefix(top).unwrap().to_str().unwrap().to_owned();
        let inside = path.strip_prefix("src/").unwrap().strip_suffix(".rs").unwrap();
        let module: Vec<String> = match inside {
            "lib" => vec![],
            inside => inside.split('/').map(str::to_owned).collect(),
        };
        let mut code = bare(&text);
        let mut test_lines = 0;
        for cut in cut_tests(&mut code) {
            test_lines += cut.lines().count();
            let name = cut.split_once("mod ").and_then(|(_, rest)| rest.trim().strip_suffix(';'));
            for_tests.extend(name.map(|name| [module.as_slice(), &[name.trim().to_owned()]].concat()));
        }
        Self { path, module, text, code, test_lines }
    }

    /// The number of its lines, without those of its tests.
    pub(super) fn lines(&self) -> usize {
        self.text.lines().count() - self.test_lines
    }

    /// The paths that it names, each from the crate's top. A module's own children are named without `crate::`.
    pub(super) fn imports(&self) -> Vec<Vec<String>> {
        self.named(|_| true)
    }

    /// The paths that it re-exports by `pub use`.
    pub(super) fn handed_on(&self) -> Vec<Vec<String>> {
        self.named(|before| matches!(before, [.., "pub" | ")", "use"]))
    }

    /// The paths whose preceding words are accepted.
    fn named(&self, wanted: impl Fn(&[&str]) -> bool) -> Vec<Vec<String>> {
        let words = words(&self.code);
        let children: BTreeSet<&str> =
            words.windows(3).filter(|w| w[0] == "mod" && w[2] == ";").map(|w| w[1]).collect();
        let mut found = vec![];
        let mut at = 0;
        while at < words.len() {
            let starts = words.get(at + 1) == Some(&"::") && (at == 0 || words[at - 1] != "::");
            let base = match words[at] {
                _ if !starts => None,
                "crate" | "whodunit" => Some(vec![]),
                "self" => Some(self.module.clone()),
                "super" => Some(self.above(1)),
                child if children.contains(child) => {
                    Some([self.module.as_slice(), &[child.to_owned()]].concat())
                }
                _ => None,
            };
            if let Some(base) = base {
                let mut paths = vec![];
                let end = tree(&words, at + 2, base, &mut paths);
                found.extend(paths.into_iter().filter(|_| wanted(&words[..at])));
                at = end;
            } else {
                at += 1;
            }
        }
        found
    }

    fn above(&self, levels: usize) -> Vec<String> {
        self.module[..self.module.len().saturating_sub(levels)].to_vec()
    }
}

fn walk(folder: &Path, paths: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, paths);
        } else if path.extension().is_some_and(|end| end == "rs") {
            paths.push(path);
        }
    }
}

/// Words and signs; `::` is one sign.
fn words(code: &str) -> Vec<&str> {
    let mut words = vec![];
    let mut rest = code.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = if rest.starts_with("::") {
            2
        } else {
            let word = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            word.max(first.len_utf8())
        };
        words.push(&rest[..length]);
        rest = rest[length..].trim_start();
    }
    words
}

/// Reads the text after a `::` (a name, names in braces, or deeper), and returns the index after it.
fn tree(words: &[&str], at: usize, mut base: Vec<String>, found: &mut Vec<Vec<String>>) -> usize {
    match words.get(at).copied() {
        Some("{") => {
            let mut at = at + 1;
            while words.get(at).is_some_and(|word| *word != "}") {
                at = if words[at] == "," { at + 1 } else { tree(words, at, base.clone(), found) };
            }
            at + 1
        }
        Some(name) => {
            match name {
                "self" | "*" | "<" => {}
                "super" => drop(base.pop()),
                name => base.push(name.to_owned()),
            }
            if words.get(at + 1) == Some(&"::") {
                return tree(words, at + 2, base, found);
            }
            found.push(base);
            let renamed = words.get(at + 1) == Some(&"as");
            at + if renamed { 3 } else { 1 }
        }
        None => at,
    }
}

/// Blanks out comments and the inside of literals; lines keep their numbers.
fn bare(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut bare = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        let end = skip(&chars, at);
        if end == at {
            bare.push(chars[at]);
            at += 1;
        } else {
            bare.extend(chars[at..end].iter().map(|c| if *c == '\n' { '\n' } else { ' ' }));
            at = end;
        }
    }
    bare
}

/// The end of the comment or literal that starts here; `at` if there is none.
fn skip(chars: &[char], at: usize) -> usize {
    let is =
        |index: usize, what: &str| what.chars().enumerate().all(|(n, c)| chars.get(index + n) == Some(&c));
    let upto = |mut index: usize, what: &str| {
        while index < chars.len() && !is(index, what) {
            index += 1;
        }
        index
    };
    let in_word = at > 0 && (chars[at - 1].is_alphanumeric() || chars[at - 1] == '_');
    if is(at, "//") {
        return upto(at, "\n");
    }
    if is(at, "/*") {
        return (upto(at, "*/") + 2).min(chars.len());
    }
    if chars[at] == '"' {
        return quoted(chars, at + 1, '"');
    }
    if chars[at] == 'r' && (!in_word || chars[at - 1] == 'b') {
        let hashes = chars[at + 1..].iter().take_while(|c| **c == '#').count();
        if chars.get(at + 1 + hashes) == Some(&'"') {
            let close = format!("\"{}", "#".repeat(hashes));
            return (upto(at + 2 + hashes, &close) + close.len()).min(chars.len());
        }
    }
    // A character, not a lifetime: it ends with a quote.
    if chars[at] == '\'' && (chars.get(at + 1) == Some(&'\\') || chars.get(at + 2) == Some(&'\'')) {
        return quoted(chars, at + 1, '\'');
    }
    at
}

fn quoted(chars: &[char], mut at: usize, close: char) -> usize {
    while at < chars.len() && chars[at] != close {
        at += if chars[at] == '\\' { 2 } else { 1 };
    }
    (at + 1).min(chars.len())
}

/// Removes every item after `#[cfg(test)]`, and returns the removed ones.
fn cut_tests(code: &mut String) -> Vec<String> {
    const MARK: &str = "#[cfg(test)]";
    let mut taken = vec![];
    while let Some(start) = code.find(MARK) {
        let body = start + MARK.len();
        let (mut depth, mut end) = (0_usize, code.len());
        for (at, c) in code[body..].char_indices() {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                _ => {}
            }
            if depth == 0 && (c == '}' || c == ';') {
                end = body + at + 1;
                break;
            }
        }
        taken.push(code[body..end].to_owned());
        let blank: String = code[start..end].chars().map(|c| if c == '\n' { '\n' } else { ' ' }).collect();
        code.replace_range(start..end, &blank);
    }
    taken
}

#[test]
fn comments_literals_and_tests_are_not_read_as_code() {
    let text = "//! use crate::a;\nuse crate::{b::{self, C}, d as e};\n/* crate::f */ const X: &str = \"crate::g\";\n\
                const R: &str = r#\"crate::h \"q\" \"#; fn f<'a>(c: &'a str) { '\"'; super::i::j(c) }\n\
                #[cfg(test)]\nmod tests { use crate::k; }\n";
    let mut code = bare(text);
    assert_eq!(code.lines().count(), text.lines().count());
    assert_eq!(cut_tests(&mut code).len(), 1);
    let module = ["x", "y"].map(str::to_owned).to_vec();
    let source = Source { path: String::new(), module, text: text.to_owned(), code, test_lines: 2 };
    let imports: Vec<String> = source.imports().iter().map(|path| path.join("::")).collect();
    assert_eq!(imports, ["b", "b::C", "d", "x::i::j"]);
    assert_eq!(source.lines(), text.lines().count() - 2);
}
