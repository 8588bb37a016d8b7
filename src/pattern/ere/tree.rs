//! What an expression is once it is read: a small tree that knows nothing of how it was written.

/// A named class of characters, `[:alpha:]` and its kin.
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
    /// The class of this name; None when POSIX has none.
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

/// What a bracket expression holds.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct CharSet {
    /// It stands for every character but these.
    pub(crate) negated: bool,
    /// Inclusive ranges of characters; a single one is a range of its own.
    pub(crate) ranges: Vec<(char, char)>,
    /// Named classes.
    pub(crate) classes: Vec<CharClass>,
}

/// Where in the line something stands, taking up no character itself.
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
    /// Matches at once, as `()` does.
    Empty,
    /// These characters, one or more, in a row.
    Text(String),
    /// `.`: any character.
    Any,
    /// A bracket expression, `\w` or `\s`.
    Set(Box<CharSet>),
    /// An anchor or a word's edge.
    Edge(Edge),
    /// One after the other.
    Cat(Vec<Node>),
    /// One of these.
    Alt(Vec<Node>),
    /// The inner one, at least `min` times and at most `max` times (None: without end).
    Repeat {
        /// What is repeated.
        inner: Box<Node>,
        /// 0 to 32767.
        min: u16,
        /// At least `min`, at most 32767.
        max: Option<u16>,
    },
}

impl Node {
    /// `inner` repeated. `(x*)*`, `(x+)?` and their like fold into one repetition, so that a row of stars makes no
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
