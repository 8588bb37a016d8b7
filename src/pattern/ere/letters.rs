//! The characters that one expression can distinguish.
//!
//! Unicode's classes are wide: its letters alone form some 700 ranges, and a thousand patterns with a few `\w` each
//! would take a gigabyte. But an expression names few characters itself, and for all others it can only ask for their
//! classes. So a non-ASCII character that is not named is replaced by one that represents all of its kind, and no class
//! is wider than the number of kinds.

use super::tree::{CharClass, CharSet, Node};
use regex::Regex;
use std::{borrow::Cow, sync::OnceLock};

/// Characters that belong to the same classes, as the C library defines them in its C.UTF-8 locale.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum LetterKind {
    Upper,
    Lower,
    /// Without case. Non-ASCII digits are letters, since C allows only ten digits.
    Letter,
    /// Printable, and of no other kind. Non-breaking spaces are signs.
    Sign,
    Blank,
    /// U+2028 and U+2029.
    Separator,
    Control,
    Unassigned,
}

const KINDS: [LetterKind; 8] = [
    LetterKind::Upper,
    LetterKind::Lower,
    LetterKind::Letter,
    LetterKind::Sign,
    LetterKind::Blank,
    LetterKind::Separator,
    LetterKind::Control,
    LetterKind::Unassigned,
];

impl LetterKind {
    fn of(char: char) -> Self {
        match char {
            '\u{80}'..='\u{9F}' => Self::Control,
            '\u{1680}' | '\u{2000}'..='\u{2006}' | '\u{2008}'..='\u{200A}' | '\u{205F}' | '\u{3000}' => {
                Self::Blank
            }
            '\u{2028}' | '\u{2029}' => Self::Separator,
            _ if char.is_uppercase() => Self::Upper,
            _ if char.is_lowercase() => Self::Lower,
            _ if char.is_alphabetic() || char.is_numeric() && decimal(char) => Self::Letter,
            _ if unassigned(char) => Self::Unassigned,
            _ => Self::Sign,
        }
    }

    fn is_in(self, class: CharClass) -> bool {
        let letter = matches!(self, Self::Upper | Self::Lower | Self::Letter);
        match class {
            CharClass::Alnum | CharClass::Alpha => letter,
            CharClass::Upper => self == Self::Upper,
            CharClass::Lower => self == Self::Lower,
            CharClass::Punct => self == Self::Sign,
            CharClass::Graph => letter || self == Self::Sign,
            CharClass::Print => letter || matches!(self, Self::Sign | Self::Blank),
            CharClass::Blank => self == Self::Blank,
            CharClass::Space => matches!(self, Self::Blank | Self::Separator),
            CharClass::Cntrl => matches!(self, Self::Separator | Self::Control),
            CharClass::Digit | CharClass::Xdigit => false,
        }
    }

    /// Characters of this kind; the first that the expression does not name represents the others. Characters at the
    /// same index follow each other in all three rows of letters. Together they form one range, and a small automaton.
    fn models(self) -> &'static str {
        match self {
            Self::Upper => "\u{1C4}\u{1C7}\u{1CA}\u{1F1}",
            Self::Letter => "\u{1C5}\u{1C8}\u{1CB}\u{1F2}",
            Self::Lower => "\u{1C6}\u{1C9}\u{1CC}\u{1F3}",
            Self::Sign => "\u{2C2}\u{2C3}\u{2C4}\u{2C5}",
            Self::Blank => "\u{2004}\u{2005}\u{2006}\u{2008}",
            Self::Separator => "\u{2028}\u{2029}",
            Self::Control => "\u{84}\u{86}\u{87}\u{88}",
            Self::Unassigned => "\u{FDD0}\u{FDD1}\u{FDD2}\u{FDD3}",
        }
    }
}

fn decimal(char: char) -> bool {
    static CLASS: OnceLock<Option<Regex>> = OnceLock::new();
    holds(&CLASS, r"\p{Nd}", char)
}

fn unassigned(char: char) -> bool {
    static CLASS: OnceLock<Option<Regex>> = OnceLock::new();
    // Characters of Western text are assigned, and need no look-up in the table.
    !matches!(char, '\0'..='\u{377}' | '\u{2010}'..='\u{2064}') && holds(&CLASS, r"\p{Cn}", char)
}

fn holds(class: &OnceLock<Option<Regex>>, source: &str, char: char) -> bool {
    let class = class.get_or_init(|| Regex::new(source).ok());
    class.as_ref().is_some_and(|class| class.is_match(char.encode_utf8(&mut [0; 4])))
}

/// The non-ASCII characters that an expression distinguishes.
#[derive(Clone, Debug)]
pub(crate) struct Letters {
    /// The characters that it names, in order.
    named: Vec<char>,
    /// For each of [`KINDS`], the character that represents it.
    models: [char; KINDS.len()],
}

impl Letters {
    /// Collects them from the tree.
    pub(super) fn of(root: &Node) -> Self {
        let mut named = Vec::new();
        name(root, &mut named);
        named.sort_unstable();
        named.dedup();
        // Only a deliberate attempt names all characters that could represent a kind; then the first does.
        let models = KINDS.map(|kind| {
            let free = kind.models().chars().find(|char| named.binary_search(char).is_err());
            free.or_else(|| kind.models().chars().next()).unwrap_or_default()
        });
        Self { named, models }
    }

    /// The line in the spelling that the expression is matched against. The number of characters stays the same.
    pub(crate) fn spell<'a>(&self, line: &'a str) -> Cow<'a, str> {
        if line.is_ascii() {
            return Cow::Borrowed(line);
        }
        Cow::Owned(line.chars().map(|char| self.letter(char)).collect())
    }

    fn letter(&self, char: char) -> char {
        if char.is_ascii() || self.named.binary_search(&char).is_ok() {
            return char;
        }
        let kind = LetterKind::of(char);
        let index = KINDS.iter().position(|known| *known == kind);
        index.and_then(|index| self.models.get(index)).copied().unwrap_or(char)
    }

    /// The characters that the set contains.
    pub(super) fn within(&self, set: &CharSet) -> Vec<char> {
        let named = self.named.iter().map(|char| (*char, LetterKind::of(*char)));
        let all = named.chain(self.models.into_iter().zip(KINDS));
        let holds = |char: char, kind: LetterKind| {
            set.ranges.iter().any(|(low, high)| (*low..=*high).contains(&char))
                || set.classes.iter().any(|class| kind.is_in(*class))
        };
        let mut within: Vec<char> =
            all.filter(|(char, kind)| holds(*char, *kind) != set.negated).map(|(char, _)| char).collect();
        within.sort_unstable();
        within
    }
}

/// Adds the non-ASCII characters that the expression names.
fn name(node: &Node, named: &mut Vec<char>) {
    match node {
        Node::Text(text) => named.extend(text.chars().filter(|char| !char.is_ascii())),
        // A range ends in ASCII, or holds a single character: the parser refuses others, as grep does.
        Node::Set(set) => {
            let ends = set.ranges.iter().flat_map(|(low, high)| [*low, *high]);
            named.extend(ends.filter(|char| !char.is_ascii()));
        }
        Node::Cat(items) | Node::Alt(items) => items.iter().for_each(|item| name(item, named)),
        Node::Repeat { inner, .. } => name(inner, named),
        Node::Empty | Node::Any | Node::Edge(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_stands_for_a_kind_is_of_it() {
        for kind in KINDS {
            for char in kind.models().chars() {
                assert_eq!(LetterKind::of(char), kind, "{char:?}");
            }
        }
    }

    #[test]
    fn the_kinds_say_of_every_character_what_unicode_says() {
        use crate::pattern::ere::{Alphabet, Ere};
        for name in ["alnum", "alpha", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space"]
        {
            let class = CharClass::named(name).unwrap();
            let ere = Ere::read(&format!("^[[:{name}:]]$"), false).unwrap();
            let wide = Regex::new(&ere.translate(Alphabet::Unicode)).unwrap();
            // The standard library may know letters that the regex crate's tables do not know yet.
            for char in ('\u{80}'..=char::MAX).step_by(17).filter(|char| !unassigned(*char)) {
                let said = wide.is_match(char.encode_utf8(&mut [0; 4]));
                assert_eq!(LetterKind::of(char).is_in(class), said, "{name} {char:?}");
            }
        }
    }

    #[test]
    fn a_character_that_is_named_stands_for_nobody_else() {
        use crate::pattern::ere::Ere;
        let letters = Ere::read("\u{1C4}[[:upper:]]\u{fc}", false).unwrap().letters();
        assert_eq!(letters.spell("\u{1C4}\u{C9}\u{fc}\u{e9}a"), "\u{1C4}\u{1C7}\u{fc}\u{1C6}a");
    }
}
