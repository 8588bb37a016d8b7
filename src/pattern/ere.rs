//! POSIX extended regular expressions as GNU grep reads them, brought into a form that the regex crate runs.
//!
//! An expression is read into a tree, and everything else is read off the tree: what must occur in a line for the
//! expression to match ([`needs`]), how large it is ([`bound`]), and the regex crate's own syntax ([`print`]), in which
//! brackets, braces, anchors and escapes all mean something else.

mod bound;
mod bracket;
mod impossible;
mod letters;
mod literals;
mod print;
mod reader;
mod syntax;
mod tree;

pub(crate) use letters::Letters;
pub(crate) use literals::RequiredLiterals;
pub(crate) use print::Alphabet;

use syntax::EreReading;

/// How deep the regex crate may find an expression nested: an expression's own limit, and the groups we add.
pub(crate) const NESTS: u32 = 1000;

/// Why an expression cannot be had: where, and what to do instead.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct EreError {
    /// Bytes in front of the place.
    pub(crate) at: usize,
    /// One sentence in lower case.
    pub(crate) what: String,
}

impl EreError {
    /// `what` is wrong behind `at` bytes.
    pub(crate) fn new(at: usize, what: impl Into<String>) -> Self {
        Self { at, what: what.into() }
    }
}

/// An expression that has been read.
#[derive(Clone, Debug)]
pub(crate) struct Ere {
    reading: EreReading,
    states: u64,
}

impl Ere {
    /// Reads an expression that is the only one of its file; with `folds`, one that ignores case: it is then to be held
    /// against [`folded`] text.
    pub(crate) fn read(text: &str, folds: bool) -> Result<Self, EreError> {
        Self::read_beside(text, folds, false)
    }

    /// Reads an expression of a file in which, with `second`, another line makes grep turn to its second matcher.
    pub(crate) fn read_beside(text: &str, folds: bool, second: bool) -> Result<Self, EreError> {
        let reading = syntax::read(text, folds, second)?;
        let states = bound::check(&reading.root)?;
        Ok(Self { reading, states })
    }

    /// Whether it makes grep turn to its second matcher, and whether the two read it differently.
    pub(crate) fn turns(&self) -> (bool, bool) {
        (self.reading.second, self.reading.torn)
    }

    /// What a line must hold for the expression to match.
    pub(crate) fn needs(&self) -> RequiredLiterals {
        literals::of(&self.reading.root)
    }

    /// The fewest bytes of whatever it matches.
    pub(crate) fn shortest(&self) -> usize {
        literals::shortest(&self.reading.root)
    }

    /// A generous guess at the states that it takes once it is compiled.
    pub(crate) fn states(&self) -> u64 {
        self.states
    }

    /// The characters outside ASCII that it tells apart.
    pub(crate) fn letters(&self) -> Letters {
        Letters::of(&self.reading.root)
    }

    /// The same expression as the regex crate writes it.
    pub(crate) fn translate(&self, alphabet: Alphabet<'_>) -> String {
        print::print(&self.reading.root, alphabet)
    }

    /// Where it uses what POSIX does not have (`\<`, `\w`, ...), in bytes from the start.
    pub(crate) fn extensions(&self) -> &[usize] {
        &self.reading.extensions
    }

    /// Whether no line can match it.
    pub(crate) fn is_never(&self) -> bool {
        impossible::is_impossible(&self.reading.root)
    }
}

/// The character in capitals, as towupper(3) gives it: one for one, so that ß stays what it is.
///
/// GNU grep compares capitals when it ignores case; hence `s` also finds the long ſ, and `k` does not find the Kelvin
/// sign, which is a capital already.
pub(crate) fn fold(char: char) -> char {
    if char.is_ascii() {
        return char.to_ascii_uppercase();
    }
    let mut upper = char.to_uppercase();
    match (upper.next(), upper.next()) {
        (Some(one), None) => one,
        _ => char,
    }
}

/// The text in capitals, character by character.
pub(crate) fn folded(text: &str) -> String {
    if text.is_ascii() { text.to_ascii_uppercase() } else { text.chars().map(fold).collect() }
}

/// Whether the text stands for itself alone, as most lines of a pattern file do.
pub(crate) fn is_plain(text: &str) -> bool {
    !text.is_empty() && !text.bytes().any(reader::is_special)
}
