//! POSIX extended regular expressions as GNU grep reads them, translated for the regex crate.
//!
//! An expression is parsed into a tree, and everything else is derived from the tree: the literals that a matching line
//! must contain ([`literals`]), its size ([`bound`]), and the regex crate's own syntax ([`print`]), in which brackets,
//! braces, anchors and escapes have other meanings.

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

/// The nesting limit for the regex crate: an expression's own limit plus the groups that we add.
pub(crate) const NESTS: u32 = 1000;

/// The reason why an expression is refused: the position, and the remedy.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct EreError {
    /// The position in bytes from the start.
    pub(crate) at: usize,
    /// One sentence in lower case.
    pub(crate) what: String,
}

impl EreError {
    /// An error after `at` bytes.
    pub(crate) fn new(at: usize, what: impl Into<String>) -> Self {
        Self { at, what: what.into() }
    }
}

/// A parsed expression.
#[derive(Clone, Debug)]
pub(crate) struct Ere {
    reading: EreReading,
    states: u64,
}

impl Ere {
    /// Parses an expression that is the only one of its file. With `folds` it ignores case, and must be matched against
    /// [`folded`] text.
    pub(crate) fn read(text: &str, folds: bool) -> Result<Self, EreError> {
        Self::read_beside(text, folds, false)
    }

    /// Parses an expression of a file. With `second`, another line of that file makes grep use its second matcher.
    pub(crate) fn read_beside(text: &str, folds: bool, second: bool) -> Result<Self, EreError> {
        let reading = syntax::read(text, folds, second)?;
        let states = bound::check(&reading.root)?;
        Ok(Self { reading, states })
    }

    /// Whether it makes grep use its second matcher, and whether the two matchers read it differently.
    pub(crate) fn turns(&self) -> (bool, bool) {
        (self.reading.second, self.reading.torn)
    }

    /// The literals that a line must contain for a match.
    pub(crate) fn literals(&self) -> RequiredLiterals {
        literals::of(&self.reading.root)
    }

    /// The length in bytes of its shortest match.
    pub(crate) fn shortest(&self) -> usize {
        literals::shortest(&self.reading.root)
    }

    /// A generous estimate of the states that it needs when compiled.
    pub(crate) fn states(&self) -> u64 {
        self.states
    }

    /// The non-ASCII characters that it distinguishes.
    pub(crate) fn letters(&self) -> Letters {
        Letters::of(&self.reading.root)
    }

    /// The expression in the regex crate's syntax.
    pub(crate) fn translate(&self, alphabet: Alphabet<'_>) -> String {
        print::print(&self.reading.root, alphabet)
    }

    /// The positions in bytes of constructs that POSIX does not have (`\<`, `\w`, ...).
    pub(crate) fn extensions(&self) -> &[usize] {
        &self.reading.extensions
    }

    /// Whether no line can match it.
    pub(crate) fn is_never(&self) -> bool {
        impossible::is_impossible(&self.reading.root)
    }
}

/// The character in upper case, as towupper(3) gives it: one for one, so that ß stays ß.
///
/// GNU grep compares upper case when it ignores case. Hence `s` also finds the long ſ, and `k` does not find the Kelvin
/// sign, which is already upper case.
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

/// The text in upper case, character by character.
pub(crate) fn folded(text: &str) -> String {
    if text.is_ascii() { text.to_ascii_uppercase() } else { text.chars().map(fold).collect() }
}

/// Whether the text has no special characters, as most lines of a pattern file.
pub(crate) fn is_plain(text: &str) -> bool {
    !text.is_empty() && !text.bytes().any(reader::is_special)
}
