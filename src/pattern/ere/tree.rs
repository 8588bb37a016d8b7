//! The tree of a parsed expression. It does not depend on how the expression was written.

/// A named class of characters, such as `[:alpha:]`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum CharClass {
    Alnum,
    Alpha,
    Blank,
    Cntrl,
    Digit,
    Graph,
    Lower,
    Print,
    Punct,
    Space,
    Upper,
    Xdigit,
}

impl CharClass {
    /// The class of this name; None if POSIX has none.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "alnum" => Self::Alnum,
            "alpha" => Self::Alpha,
            "blank" => Self::Blank,
            "cntrl" => Self::Cntrl,
            "digit" => Self::Digit,
            "graph" => Self::Graph,
            "lower" => Self::Lower,
            "print" => Self::Print,
            "punct" => Self::Punct,
            "space" => Self::Space,
            "upper" => Self::Upper,
            "xdigit" => Self::Xdigit,
            _ => return None,
        })
    }
}

/// The content of a bracket expression.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct CharSet {
    /// It matches every character except these.
    pub(crate) negated: bool,
    /// Inclusive ranges of characters; a single character is a range too.
    pub(crate) ranges: Vec<(char, char)>,
    /// Named classes.
    pub(crate) classes: Vec<CharClass>,
}

/// A position in the line, which consumes no character.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Edge {
    /// `^` and `` \` ``.
    LineStart,
    /// `$` and `\'`.
    LineEnd,
    /// `\<`.
    WordStart,
    /// `\>`.
    WordEnd,
    /// `\b`.
    Word,
    /// `\B`.
    NotWord,
}

/// One node of an expression.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Node {
    /// Matches the empty text, as `()` does.
    Empty,
    /// One or more characters in sequence.
    Text(String),
    /// `.`: any character.
    Any,
    /// A bracket expression, `\w` or `\s`.
    Set(Box<CharSet>),
    /// An anchor or a word edge.
    Edge(Edge),
    /// Nodes in sequence.
    Cat(Vec<Node>),
    /// Alternatives.
    Alt(Vec<Node>),
    /// The inner node, at least `min` times and at most `max` times (None: no limit).
    Repeat {
        /// The repeated node.
        inner: Box<Node>,
        /// 0 to 32767.
        min: u16,
        /// At least `min`, at most 32767.
        max: Option<u16>,
    },
}

impl Node {
    /// `inner` repeated. `(x*)*`, `(x+)?` and the like are folded into one repetition, so that a row of stars makes no
    /// deep tree.
    pub(crate) fn repeated(inner: Self, min: u16, max: Option<u16>) -> Self {
        let simple = |min: u16, max: Option<u16>| min <= 1 && max.is_none_or(|max| max == 1);
        match inner {
            Self::Empty => Self::Empty,
            inner if min == 1 && max == Some(1) => inner,
            Self::Repeat { inner, min: low, max: high } if simple(low, high) && simple(min, max) => {
                let max = if high.is_none() || max.is_none() { None } else { Some(1) };
                Self::Repeat { inner, min: low.min(min), max }
            }
            inner => Self::Repeat { inner: Box::new(inner), min, max },
        }
    }
}
