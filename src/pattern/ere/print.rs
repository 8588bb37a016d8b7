//! Prints a tree in the regex crate's own syntax.

use super::{
    letters::Letters,
    tree::{CharClass, CharSet, Edge, Node},
};
use std::{cmp::Reverse, fmt::Write};

/// The characters of the lines that an expression is matched against.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Alphabet<'a> {
    /// ASCII, and the expression's own letters: lines are spelled with [`Letters::spell`].
    Letters(&'a Letters),
    /// All of Unicode: lines of any bytes.
    Unicode,
}

/// Prints the tree.
pub(super) fn print(root: &Node, alphabet: Alphabet<'_>) -> String {
    let mut out = String::new();
    node(&mut out, root, alphabet);
    out
}

/// The alternatives in the order in which they are tried. The order does not change whether a line matches, but grep
/// marks the longest of plain ones.
fn longest_first(branches: &[Node]) -> Vec<&Node> {
    let length = |node: &Node| if let Node::Text(text) = node { Some(text.len()) } else { None };
    let mut branches: Vec<&Node> = branches.iter().collect();
    if branches.iter().all(|branch| length(branch).is_some()) {
        branches.sort_by_key(|branch| Reverse(length(branch)));
    }
    branches
}

fn node(out: &mut String, tree: &Node, alphabet: Alphabet<'_>) {
    match tree {
        Node::Empty => out.push_str("(?:)"),
        Node::Text(text) => text.chars().for_each(|char| escaped(out, char)),
        Node::Any => out.push_str("(?s:.)"),
        Node::Set(set) => match alphabet {
            Alphabet::Letters(letters) => narrow(out, set, letters),
            Alphabet::Unicode => wide(out, set),
        },
        Node::Edge(edge) => out.push_str(match edge {
            Edge::LineStart => r"\A",
            Edge::LineEnd => r"\z",
            // The regex crate counts joiners and marks as word characters, and GNU does not. They are spelled as signs,
            // unless the expression names them.
            Edge::WordStart => r"\b{start}",
            Edge::WordEnd => r"\b{end}",
            Edge::Word => r"\b",
            Edge::NotWord => r"\B",
        }),
        Node::Cat(items) => {
            out.push_str("(?:");
            items.iter().for_each(|item| node(out, item, alphabet));
            out.push(')');
        }
        Node::Alt(branches) => {
            out.push_str("(?:");
            for (n, branch) in longest_first(branches).into_iter().enumerate() {
                if n > 0 {
                    out.push('|');
                }
                node(out, branch, alphabet);
            }
            out.push(')');
        }
        Node::Repeat { inner, min, max } => {
            out.push_str("(?:");
            node(out, inner, alphabet);
            out.push(')');
            // Writing to a String cannot fail.
            _ = match (min, max) {
                (0, None) => write!(out, "*"),
                (1, None) => write!(out, "+"),
                (0, Some(1)) => write!(out, "?"),
                (min, None) => write!(out, "{{{min},}}"),
                (min, Some(max)) => write!(out, "{{{min},{max}}}"),
            };
        }
    }
}

/// Writes a character without special meaning, in a class or outside.
fn escaped(out: &mut String, char: char) {
    if char.is_ascii_alphanumeric() || !char.is_ascii() && !char.is_control() {
        out.push(char);
    } else {
        _ = write!(out, r"\x{{{:X}}}", u32::from(char));
    }
}

fn wide(out: &mut String, set: &CharSet) {
    out.push_str(if set.negated { "[^" } else { "[" });
    for (low, high) in &set.ranges {
        escaped(out, *low);
        if low != high {
            out.push('-');
            escaped(out, *high);
        }
    }
    set.classes.iter().for_each(|class| out.push_str(unicode(*class)));
    out.push(']');
}

/// The set's ASCII characters, in as few ranges as it has, and those of the expression's letters.
fn narrow(out: &mut String, set: &CharSet, letters: &Letters) {
    let holds = |byte: u8| {
        let char = char::from(byte);
        let inside = set.ranges.iter().any(|(low, high)| (*low..=*high).contains(&char))
            || set.classes.iter().any(|class| in_class(byte, *class));
        inside != set.negated
    };
    let mut ranges: Vec<(u8, u8)> = Vec::new();
    for byte in (0..0x80).filter(|byte| holds(*byte)) {
        match ranges.last_mut() {
            Some((_, high)) if *high + 1 == byte => *high = byte,
            _ => ranges.push((byte, byte)),
        }
    }
    let letters = letters.within(set);
    if ranges.is_empty() && letters.is_empty() {
        // An empty class.
        return out.push_str(r"[^\x00-\x{10FFFF}]");
    }
    out.push('[');
    for (low, high) in ranges {
        _ = write!(out, r"\x{low:02X}-\x{high:02X}");
    }
    letters.into_iter().for_each(|char| escaped(out, char));
    out.push(']');
}

fn in_class(byte: u8, class: CharClass) -> bool {
    match class {
        CharClass::Alnum => byte.is_ascii_alphanumeric(),
        CharClass::Alpha => byte.is_ascii_alphabetic(),
        CharClass::Blank => matches!(byte, b' ' | b'\t'),
        CharClass::Cntrl => byte.is_ascii_control(),
        CharClass::Digit => byte.is_ascii_digit(),
        CharClass::Graph => byte.is_ascii_graphic(),
        CharClass::Lower => byte.is_ascii_lowercase(),
        CharClass::Print => byte.is_ascii_graphic() || byte == b' ',
        CharClass::Punct => byte.is_ascii_punctuation(),
        CharClass::Space => matches!(byte, b' ' | b'\t'..=b'\r'),
        CharClass::Upper => byte.is_ascii_uppercase(),
        CharClass::Xdigit => byte.is_ascii_hexdigit(),
    }
}

/// The class as the C library defines it in its C.UTF-8 locale, in Unicode properties: non-breaking spaces are not
/// spaces, and non-ASCII digits are letters, since C allows only ten digits.
fn unicode(class: CharClass) -> &'static str {
    match class {
        CharClass::Alnum => r"\p{Alphabetic}\p{Nd}",
        CharClass::Alpha => r"[[\p{Alphabetic}\p{Nd}]--[0-9]]",
        CharClass::Blank => r"\t \x{1680}\x{2000}-\x{2006}\x{2008}-\x{200A}\x{205F}\x{3000}",
        CharClass::Cntrl => r"\x00-\x1F\x7F-\x{9F}\x{2028}\x{2029}",
        CharClass::Digit => "0-9",
        CharClass::Graph => {
            r"[[^\p{Cn}\p{Cc}]--[ \x{1680}\x{2000}-\x{2006}\x{2008}-\x{200A}\x{2028}\x{2029}\x{205F}\x{3000}]]"
        }
        CharClass::Lower => r"\p{Lowercase}",
        CharClass::Print => r"[[^\p{Cn}\p{Cc}]--[\x{2028}\x{2029}]]",
        CharClass::Punct => {
            r"[[^\p{Cn}\p{Cc}\p{Alphabetic}\p{Nd}]--[ \x{1680}\x{2000}-\x{2006}\x{2008}-\x{200A}\x{2028}\x{2029}\x{205F}\x{3000}]]"
        }
        CharClass::Space => {
            r"\t-\r \x{1680}\x{2000}-\x{2006}\x{2008}-\x{200A}\x{2028}\x{2029}\x{205F}\x{3000}"
        }
        CharClass::Upper => r"\p{Uppercase}",
        CharClass::Xdigit => "0-9A-Fa-f",
    }
}
