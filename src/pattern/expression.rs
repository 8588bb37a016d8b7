//! One expression at work: most lines are decided by what must occur in them, and it is compiled only for the rest.

use super::{
    ere::{self, Alphabet, Ere, Flaw, Needs},
    lines::Lines,
};
use memchr::memmem;
use std::{ops::Range, sync::OnceLock};

/// The most memory that one compiled expression may take, in bytes. [`ere::Ere::read`] refuses earlier what comes near.
const LARGEST: usize = 32 << 20;

/// How deep the regex crate may find an expression nested: an expression's own limit, and the groups we add.
const DEEPEST: u32 = 1000;

/// An expression, perhaps not compiled yet.
#[derive(Debug)]
pub(super) struct Expression {
    needs: Needs,
    folds: bool,
    ascii: OnceLock<Option<regex::bytes::Regex>>,
    unicode: OnceLock<Option<regex::Regex>>,
}

impl Expression {
    /// Understands `pattern`; `folds`: case does not matter, and it will be held against text in capitals.
    pub(super) fn new(pattern: &str, folds: bool) -> Result<Self, Flaw> {
        let needs = if ere::is_plain(pattern) {
            Needs::Literal(if folds { ere::folded(pattern) } else { pattern.to_owned() })
        } else {
            Ere::read(pattern, folds)?.needs()
        };
        Ok(Self { needs, folds, ascii: OnceLock::new(), unicode: OnceLock::new() })
    }

    /// What a line must hold for it to match.
    pub(super) fn needs(&self) -> &Needs {
        &self.needs
    }

    /// The numbers of the lines that it matches, in order. `pattern` is what it was made from.
    pub(super) fn matched(&self, pattern: &str, lines: &Lines<'_>) -> Vec<usize> {
        match &self.needs {
            Needs::Literal(text) => {
                let mut numbers = holding(lines, text);
                numbers.dedup();
                numbers
            }
            Needs::OneOf(texts) => {
                let mut numbers: Vec<usize> = texts.iter().flat_map(|text| holding(lines, text)).collect();
                numbers.sort_unstable();
                numbers.dedup();
                numbers.retain(|number| self.is_match(pattern, lines.line(*number)));
                numbers
            }
            Needs::Nothing => {
                (0..lines.count()).filter(|number| self.is_match(pattern, lines.line(*number))).collect()
            }
        }
    }

    fn is_match(&self, pattern: &str, line: &str) -> bool {
        if line.is_ascii() {
            self.ascii(pattern).is_some_and(|regex| regex.is_match(line.as_bytes()))
        } else {
            self.unicode(pattern).is_some_and(|regex| regex.is_match(line))
        }
    }

    /// What of a line it matches; nothing for matches of no length.
    pub(super) fn spans(&self, pattern: &str, line: &str) -> Vec<Range<usize>> {
        let spans: Vec<_> = if let Needs::Literal(text) = &self.needs {
            memmem::find_iter(line.as_bytes(), text).map(|at| at..at + text.len()).collect()
        } else if line.is_ascii() {
            self.ascii(pattern).iter().flat_map(|r| r.find_iter(line.as_bytes())).map(|m| m.range()).collect()
        } else {
            self.unicode(pattern).iter().flat_map(|r| r.find_iter(line)).map(|m| m.range()).collect()
        };
        spans.into_iter().filter(|span| !span.is_empty()).collect()
    }

    fn ascii(&self, pattern: &str) -> Option<&regex::bytes::Regex> {
        let compile = || {
            let translated = self.translated(pattern, Alphabet::Ascii)?;
            let mut builder = regex::bytes::RegexBuilder::new(&translated);
            builder.unicode(false).size_limit(LARGEST).nest_limit(DEEPEST).build().ok()
        };
        self.ascii.get_or_init(compile).as_ref()
    }

    fn unicode(&self, pattern: &str) -> Option<&regex::Regex> {
        let compile = || {
            let translated = self.translated(pattern, Alphabet::Unicode)?;
            regex::RegexBuilder::new(&translated).size_limit(LARGEST).nest_limit(DEEPEST).build().ok()
        };
        self.unicode.get_or_init(compile).as_ref()
    }

    fn translated(&self, pattern: &str, alphabet: Alphabet) -> Option<String> {
        Ere::read(pattern, self.folds).ok().map(|ere| ere.translate(alphabet))
    }
}

/// The lines that hold this text, in order, as often as it occurs.
fn holding(lines: &Lines<'_>, text: &str) -> Vec<usize> {
    let found = memmem::find_iter(lines.text().as_bytes(), text);
    found.map(|offset| lines.number_at(offset)).collect()
}
