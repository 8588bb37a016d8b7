//! Pattern files: the lists of an admin that say whose mail is not wanted, or wanted in any case.
//!
//! A line is a POSIX extended regular expression as GNU `egrep -f` reads it, matched against each line of the whois
//! text. Or it begins with `@field`, and is matched against one field of the record, of any registry. Blank lines and
//! lines that begin with `#` hold no pattern. [`Patterns::read`] only reads the files, and [`Patterns::check`] parses
//! them. [`Patterns::judge`] compiles only the expressions that the current answer needs: a mail server's hook judges
//! one address and ends.

mod bulk;
mod digest;
mod ere;
mod expression;
mod field;
mod judge;
mod lines;
mod lint;
mod numbers;
mod prefilter;
mod rules;
mod selector;
mod source;

pub use bulk::{BulkMatcher, RuleMark};
pub use lint::{INVALID, LintProblem};
pub use selector::selector;

use crate::{
    address::Prefix,
    error::{Error, Result},
    origin::Origin,
    registry::Record,
};
use field::LineKinds;
use rules::RuleSet;
use serde::{Deserialize, Serialize};
use source::{PatternLine, PatternSource};
use std::{
    borrow::Cow,
    collections::BTreeSet,
    ffi::OsString,
    net::IpAddr,
    ops::Range,
    path::PathBuf,
    sync::{Arc, OnceLock},
};

/// The effect of a match. Allow wins over block, whatever the order.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// The mail is wanted.
    Allow,
    /// The mail is not wanted.
    Block,
}

impl Action {
    /// The name as it is printed.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Block => "block",
        }
    }
}

/// The patterns to read.
#[derive(Clone, Debug, Default)]
pub struct PatternSpec {
    /// Files as the user named them, in that order; `-` is stdin. A folder stands for its files, in the order of their
    /// names. Folders inside it, hidden files, a README, and copies left by editors and package managers are left out.
    pub files: Vec<(Action, PathBuf)>,
    /// Block patterns given inline. In matches their file is `-e`, and their line is their number, from 1.
    pub inline: Vec<OsString>,
    /// Whole-text expressions ignore case, as `grep -i` does. Field lines always do.
    pub ignore_case: bool,
}

/// Patterns, read once and shared by all threads; the default is none.
#[derive(Clone, Debug, Default)]
pub struct Patterns {
    inner: Arc<PatternState>,
}

#[derive(Debug, Default)]
struct PatternState {
    sources: Vec<PatternSource>,
    lines: Vec<PatternLine>,
    kinds: LineKinds,
    folds: bool,
    rules: OnceLock<RuleSet>,
}

/// The facts that patterns are matched against.
#[derive(Clone, Copy, Debug)]
pub struct MatchSubject<'a> {
    /// The whois text of all hops, with the server's line ends.
    pub text: &'a str,
    /// The record, for field lines. Without one only `@cidr`, `@asn` and `@asname` lines can match.
    pub record: Option<&'a Record>,
    /// The address, for `@cidr`.
    pub address: Option<IpAddr>,
    /// The origin of the address by the table of origins, for `@asn` and `@asname`.
    pub origin: Option<&'a Origin>,
}

/// The result of matching.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct PatternFinding {
    /// One for each pattern that matched, in the order of the command line.
    pub matches: Vec<PatternMatch>,
    /// Distinct whois lines that block expressions match, plus one for each block field line that matches; 0 if an
    /// allow pattern matched.
    pub count: u64,
    /// The resulting action: allow wins over block. None if nothing matched.
    pub action: Option<Action>,
    /// Whole-text patterns were matched against less text than the registry's whois has, so a missing match means
    /// nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub inconclusive: bool,
}

/// One pattern that matched. The names are those of the JSON output.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct PatternMatch {
    /// The pattern's file as it was named, or `-e`.
    pub file: String,
    /// Its line, from 1.
    pub line: u32,
    /// The line itself.
    pub pattern: String,
    /// Whether it allows or blocks.
    pub action: Action,
    /// The first whois line that it matches, without the carriage return; for a field line the field's value.
    pub text: String,
    /// The field's name without `@`, for a field line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

impl Patterns {
    /// Reads the files and splits them into lines. Nothing is parsed yet.
    ///
    /// # Errors
    /// A file or folder cannot be read (exit 66), is larger than 4 GiB (exit 65), or is not text (exit 78).
    pub fn read(spec: &PatternSpec) -> Result<Self> {
        let sources = source::read(spec)?;
        let lines = source::lines(&sources);
        let mut kinds = LineKinds::default();
        for line in &lines {
            kinds.add(
                sources.get(line.source as usize).map(|source| source.bytes_of(*line)).unwrap_or_default(),
            );
        }
        let inner = PatternState { sources, lines, kinds, folds: spec.ignore_case, rules: OnceLock::new() };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Warnings, one sentence each, for files whose first pattern begins with a byte order mark, as egrep reads it.
    /// Nothing is parsed for it.
    pub fn marks(&self) -> impl Iterator<Item = String> {
        self.inner.sources.iter().filter_map(PatternSource::mark)
    }

    /// Warnings, one sentence each, for files with Windows line ends, as egrep reads them. Nothing is parsed for it.
    pub fn line_ends(&self) -> impl Iterator<Item = String> {
        self.inner.sources.iter().filter_map(PatternSource::line_end)
    }

    /// Whether there is no pattern at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.inner.lines.is_empty()
    }

    /// The file and line of every pattern. Nothing is parsed for it.
    pub fn names(&self) -> impl Iterator<Item = (&str, u32)> {
        self.inner
            .lines
            .iter()
            .filter_map(|line| Some((self.inner.source(*line)?.name.as_str(), line.number)))
    }

    /// The file and line of every `@asn` and `@asname` line. Nothing is parsed for it.
    pub fn origin_lines(&self) -> impl Iterator<Item = (&str, u32)> {
        self.inner.lines.iter().filter_map(|line| {
            let source = self.inner.source(*line)?;
            LineKinds::of(source.bytes_of(*line)).origin.then_some((source.name.as_str(), line.number))
        })
    }

    /// The digest of these patterns, under which decisions can be stored. It changes with every name, byte, action and
    /// option, and with the way patterns are parsed.
    #[must_use]
    pub fn digest(&self) -> [u8; 16] {
        digest::of(&self.inner.sources, self.inner.folds)
    }

    /// Whether the answer may differ between two addresses of one network: there is an `@cidr` line.
    #[must_use]
    pub fn depends_on_address(&self) -> bool {
        self.inner.kinds.cidr
    }

    /// The widest prefix around an address that no `@cidr` line divides.
    #[must_use]
    pub fn scope(&self, address: IpAddr) -> Prefix {
        if self.depends_on_address() {
            self.inner.rules().prefixes.scope(address)
        } else {
            Prefix::around(address, 0, 0)
        }
    }

    /// Whether there is an `@asn` or `@asname` line: the answer depends on the origin of the address.
    #[must_use]
    pub fn name_origins(&self) -> bool {
        self.inner.kinds.origin
    }

    /// Whether address and origin decide, and no registry's answer is needed: every line is `@asn`, `@asname` or
    /// `@cidr`, and there is at least one.
    #[must_use]
    pub fn need_no_answer(&self) -> bool {
        !self.is_empty() && !self.inner.kinds.answer
    }

    /// Whether any pattern is matched against the whois text, not only against fields.
    #[must_use]
    pub fn has_text(&self) -> bool {
        self.inner.rules().rules.iter().any(|rule| matches!(rule.test, rules::RuleTest::Text(_)))
    }

    /// Parses every line.
    ///
    /// # Errors
    /// A line is no pattern, or one that is refused (exit 78). The message has file, line, column (in characters, from
    /// 1) and the remedy.
    pub fn check(&self) -> Result<()> {
        let flaws = &self.inner.rules().flaws;
        let Some((line, flaw)) = flaws.first() else { return Ok(()) };
        let file = self.inner.source(*line).map(|source| source.name.as_str()).unwrap_or_default();
        let column = column(&self.inner.text_of(*line), flaw.at);
        Err(Error::config(format!("{file}:{}:{column}: {}", line.number, flaw.what)))
    }

    /// Matches the subject against all patterns. A line that [`Patterns::check`] would refuse matches nothing.
    #[must_use]
    pub fn judge(&self, subject: &MatchSubject<'_>) -> PatternFinding {
        judge::judge(&self.inner, subject)
    }

    /// All problems, in the order of files and lines: lines that [`Patterns::check`] would refuse, and lines that do
    /// not mean what they seem to. `numbers` are the AS numbers of the table of origins; None without one.
    #[must_use]
    pub fn lint(&self, numbers: Option<&BTreeSet<u32>>) -> Vec<LintProblem> {
        lint::lint(&self.inner, numbers)
    }

    /// Every pattern as [`PatternMatch`] names it, in order, without a matched text. Refused ones are left out.
    #[must_use]
    pub fn all(&self) -> Vec<PatternMatch> {
        self.inner.rules().rules.iter().map(|rule| self.inner.found(rule, String::new(), None)).collect()
    }

    /// The parts of one whois line (without its newline) that whole-text expressions match, as `grep --color` shows
    /// them: byte ranges, in order, without overlaps.
    #[must_use]
    pub fn spans(&self, line: &str) -> Vec<Range<usize>> {
        judge::spans(&self.inner, line)
    }
}

impl PatternState {
    fn rules(&self) -> &RuleSet {
        self.rules.get_or_init(|| RuleSet::new(&self.sources, &self.lines, self.folds))
    }

    fn source(&self, line: PatternLine) -> Option<&PatternSource> {
        self.sources.get(line.source as usize)
    }

    fn text_of(&self, line: PatternLine) -> Cow<'_, str> {
        self.source(line).map(|source| source.text_of(line)).unwrap_or_default()
    }
}

/// The column, in characters from 1, after `at` bytes.
fn column(line: &str, at: usize) -> usize {
    line.get(..at).unwrap_or(line).chars().count() + 1
}
