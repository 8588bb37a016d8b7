//! One expression in use. Required literals decide most lines, and it is compiled only for the rest.

use super::{
    ere::{self, Alphabet, Ere, EreError, Letters, NESTS, RequiredLiterals},
    lines::{IndexedText, carried},
};
use memchr::memmem;
use regex::{Regex, RegexBuilder};
use std::{
    ops::Range,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
};

/// The most memory in bytes that one compiled expression may take. [`ere::Ere::read`] refuses expressions that come
/// near.
const LARGEST: usize = 32 << 20;

/// The memory in bytes for a search's state cache, for each expression and thread.
const REMEMBERED: usize = 256 << 10;

/// The most states of all expressions that stay compiled. Further expressions are compiled for one text and dropped.
/// That is slower, but a thousand intervals in a pattern file do not take a hook beyond the memory limit of its mail
/// server.
const KEPT: u64 = 200_000;

/// The number of states that are compiled now.
static STATES: AtomicU64 = AtomicU64::new(0);

/// An expression, compiled on first use.
#[derive(Debug)]
pub(super) struct Expression {
    literals: RequiredLiterals,
    /// The length in bytes of its shortest match.
    shortest: usize,
    mode: PatternMode,
    /// It makes grep use its second matcher, for all lines of its file.
    turns: bool,
    /// Grep's two matchers read it differently.
    torn: bool,
    form: OnceLock<Arc<ExpressionForm>>,
}

/// The mode in which a pattern is parsed.
#[derive(Clone, Copy, Debug)]
pub(super) struct PatternMode {
    /// Case is ignored, and the text will be in upper case.
    pub(super) folds: bool,
    /// Another line of its file makes grep use its second matcher.
    pub(super) second: bool,
}

impl Expression {
    /// Parses `pattern`.
    pub(super) fn new(pattern: &str, mode: PatternMode) -> Result<Self, EreError> {
        let form = OnceLock::new();
        if ere::is_plain(pattern) {
            let text = if mode.folds { ere::folded(pattern) } else { pattern.to_owned() };
            let (literals, shortest) = (RequiredLiterals::Literal(text), pattern.len());
            return Ok(Self { literals, shortest, mode, turns: false, torn: false, form });
        }
        let ere = Ere::read_beside(pattern, mode.folds, mode.second)?;
        let (turns, torn) = ere.turns();
        Ok(Self { literals: ere.literals(), shortest: ere.shortest(), mode, turns, torn, form })
    }

    /// Whether it makes grep use its second matcher, for all lines of its file.
    pub(super) fn turns(&self) -> bool {
        self.turns
    }

    /// Whether grep's two matchers read it differently.
    pub(super) fn is_torn(&self) -> bool {
        self.torn
    }

    /// The literals that a line must contain for a match.
    pub(super) fn literals(&self) -> &RequiredLiterals {
        &self.literals
    }

    /// The numbers of the lines that it matches, in order. `pattern` is its source text.
    pub(super) fn matched(&self, pattern: &str, lines: &IndexedText<'_>) -> Vec<usize> {
        let mut numbers: Vec<usize> = match &self.literals {
            RequiredLiterals::Literal(text) => holding(lines, text),
            RequiredLiterals::OneOf(texts) => texts.iter().flat_map(|text| holding(lines, text)).collect(),
            RequiredLiterals::Nothing => (0..lines.count()).collect(),
        };
        numbers.sort_unstable();
        numbers.dedup();
        if matches!(self.literals, RequiredLiterals::Literal(_)) {
            return numbers;
        }
        numbers.retain(|number| lines.line(*number).len() >= self.shortest);
        if numbers.is_empty() {
            return numbers;
        }
        match self.form(pattern) {
            Some(form) => numbers.retain(|number| form.is_match(lines.line(*number))),
            None => numbers.clear(),
        }
        numbers
    }

    /// Its first match in a line at or after `from`; None for a match of no length.
    pub(super) fn find(&self, pattern: &str, line: &str, from: usize) -> Option<Range<usize>> {
        if let RequiredLiterals::Literal(text) = &self.literals {
            let at = from + memmem::find(line.as_bytes().get(from..)?, text.as_bytes())?;
            return Some(at..at + text.len());
        }
        self.form(pattern)?.find(line, from)
    }

    /// Compiles it. [`ere::Ere::read`] has refused expressions that do not compile.
    fn form(&self, pattern: &str) -> Option<Arc<ExpressionForm>> {
        if let Some(form) = self.form.get() {
            return Some(Arc::clone(form));
        }
        let form = Arc::new(ExpressionForm::new(pattern, self.mode)?);
        if STATES.load(Ordering::Relaxed) <= KEPT {
            // Another thread may have been faster; then its form stays, and ours is dropped after this text.
            let _ = self.form.set(Arc::clone(&form));
        }
        Some(form)
    }
}

/// A compiled expression.
#[derive(Debug)]
struct ExpressionForm {
    regex: Regex,
    letters: Letters,
    states: u64,
}

impl ExpressionForm {
    fn new(pattern: &str, mode: PatternMode) -> Option<Self> {
        let ere = Ere::read_beside(pattern, mode.folds, mode.second).ok()?;
        let letters = ere.letters();
        let mut builder = RegexBuilder::new(&ere.translate(Alphabet::Letters(&letters)));
        let regex = builder.size_limit(LARGEST).dfa_size_limit(REMEMBERED).nest_limit(NESTS).build().ok()?;
        STATES.fetch_add(ere.states(), Ordering::Relaxed);
        Some(Self { regex, letters, states: ere.states() })
    }

    fn is_match(&self, line: &str) -> bool {
        self.regex.is_match(&self.letters.spell(line))
    }

    fn find(&self, line: &str, from: usize) -> Option<Range<usize>> {
        let spelled = self.letters.spell(line);
        let mut at = carried(from, line, &spelled);
        loop {
            let found = self.regex.find_at(&spelled, at)?.range();
            if !found.is_empty() {
                return Some(carried(found.start, &spelled, line)..carried(found.end, &spelled, line));
            }
            at = found.end + spelled.get(found.end..)?.chars().next()?.len_utf8();
        }
    }
}

impl Drop for ExpressionForm {
    fn drop(&mut self) {
        STATES.fetch_sub(self.states, Ordering::Relaxed);
    }
}

/// The lines that contain this text, in order, once for each occurrence.
fn holding(lines: &IndexedText<'_>, text: &str) -> Vec<usize> {
    let found = memmem::find_iter(lines.text().as_bytes(), text);
    found.map(|offset| lines.number_at(offset)).collect()
}
