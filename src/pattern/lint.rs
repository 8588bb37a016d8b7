//! Finds faults and doubtful points in patterns: more than [`super::Patterns::check`] refuses.

mod attribute;
mod boilerplate;
mod near_miss;
mod origins;
mod repeated;

use super::{
    PatternState, column, ere,
    ere::Ere,
    field::{self, FIELDS, Field, FieldLine},
    lines::IndexedText,
    source::{self, PatternLine},
};
use crate::address::Prefix;
use serde::Serialize;
use std::{borrow::Cow, collections::BTreeSet, net::IpAddr};

/// One problem and its position. The names are those of the JSON output.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct LintProblem {
    /// The pattern's file as it was named, or `-e`.
    pub file: String,
    /// Its line, from 1.
    pub line: u32,
    /// The position in the line, in characters from 1.
    pub column: usize,
    /// A word for its kind: `invalid`, `everything`, `boilerplate`, `carriage-return`, `byte-order-mark`, `never`,
    /// `duplicate`, `shadowed`, `egrep`, `field`, `slip`, `extension`, `origin` or `empty`.
    pub code: &'static str,
    /// One sentence that says what is wrong and what to write instead.
    pub message: String,
}

/// The kind of problem that [`super::Patterns::check`] refuses.
pub const INVALID: &str = "invalid";

/// Samples: an expression that matches all of them matches anything.
const ANY: [&str; 4] = ["a", "0", "-", "Ж"];

/// Finds all problems, in the order of files and lines.
pub(super) fn lint(inner: &PatternState, numbers: Option<&BTreeSet<u32>>) -> Vec<LintProblem> {
    let mut list = ProblemList { inner, problems: Vec::new() };
    for (line, flaw) in &inner.rules().flaws {
        list.say(*line, flaw.at, INVALID, flaw.what.clone());
    }
    list.otherwise();
    for (number, source) in (0..).zip(&inner.sources).filter(|(_, source)| source.is_marked()) {
        let what = format!(
            "a byte order mark is part of the pattern, so it matches nothing; remove it: sed -i '1s/^\\xEF\\xBB\\xBF//' {}",
            source.name
        );
        list.say_of(number, 1, 1, "byte-order-mark", what);
    }
    list.empty();
    list.texts();
    FIELDS.into_iter().for_each(|field| list.values(field));
    for rule in &inner.rules().rules {
        list.each(rule.line);
    }
    repeated::find(&mut list);
    origins::find(&mut list, numbers);
    list.problems.sort_by_key(|(source, problem)| (*source, problem.line, problem.column));
    list.problems.into_iter().map(|(_, problem)| problem).collect()
}

/// The problems so far, each with the index of its source.
struct ProblemList<'a> {
    inner: &'a PatternState,
    problems: Vec<(u32, LintProblem)>,
}

impl ProblemList<'_> {
    /// Adds a problem after `at` bytes of a pattern's line.
    fn say(&mut self, line: PatternLine, at: usize, code: &'static str, message: String) {
        let column = column(&self.inner.text_of(line), at);
        self.say_of(line.source, line.number, column, code, message);
    }

    fn say_of(&mut self, source: u32, line: u32, column: usize, code: &'static str, message: String) {
        let file = self.inner.sources.get(source as usize).map(|source| source.name.clone());
        let file = file.unwrap_or_default();
        self.problems.push((source, LintProblem { file, line, column, code, message }));
    }

    /// `FILE:LINE` of a pattern.
    fn file_line(&self, line: PatternLine) -> String {
        let file = self.inner.source(line).map(|source| source.name.as_str()).unwrap_or_default();
        format!("{file}:{}", line.number)
    }

    fn line_of(&self, number: u32) -> Option<PatternLine> {
        self.inner.rule(number).map(|rule| rule.line)
    }

    /// Reports blank lines and comments in files that egrep could read too. A field line means nothing to egrep, so a
    /// file with one is for whodunit alone.
    fn otherwise(&mut self) {
        let inner = self.inner;
        let mut ours = vec![false; inner.sources.len()];
        for line in &inner.lines {
            if let Some(ours) = ours.get_mut(line.source as usize) {
                *ours |= field::read(&inner.text_of(*line)).is_some();
            }
        }
        for ((number, source), ours) in (0..).zip(&inner.sources).zip(ours) {
            if ours || source.inline {
                continue;
            }
            let text = source.bytes.strip_suffix(b"\n").unwrap_or(&source.bytes);
            let lines = text.split(|byte| *byte == b'\n').zip(1_u32..);
            let lines = lines.filter(|(line, _)| !source::is_pattern(line) && !source.bytes.is_empty());
            let (comments, blanks): (Vec<_>, Vec<_>) = lines.partition(|(line, _)| line.starts_with(b"#"));
            let (blanks, empty): (Vec<_>, Vec<_>) =
                blanks.into_iter().partition(|(line, _)| !line.is_empty());
            let more = |count: usize| match count {
                0 | 1 => String::new(),
                2 => " (1 more such line in this file)".to_owned(),
                count => format!(" ({} more such lines in this file)", count - 1),
            };
            if let Some((_, line)) = empty.first() {
                let what = "is no pattern here, but egrep -f lets a blank line match everything; remove it";
                let what = format!("a blank line {what}{}", more(empty.len()));
                self.say_of(number, *line, 1, "egrep", what);
            }
            if let Some((_, line)) = blanks.first() {
                let what = "is no pattern here, but egrep -f looks for just these characters; remove it";
                let what = format!("a line of blanks {what}{}", more(blanks.len()));
                self.say_of(number, *line, 1, "egrep", what);
            }
            if let Some((_, line)) = comments.first() {
                let what = "is a comment here, but egrep -f takes it for a pattern; remove it if egrep still reads this file";
                self.say_of(
                    number,
                    *line,
                    1,
                    "egrep",
                    format!("a line with # {what}{}", more(comments.len())),
                );
            }
        }
    }

    /// Reports files without a pattern: a list that was cut or emptied by mistake blocks nobody.
    fn empty(&mut self) {
        let inner = self.inner;
        let filled: BTreeSet<u32> = inner.lines.iter().map(|line| line.source).collect();
        for (number, source) in (0..).zip(&inner.sources).filter(|(number, _)| !filled.contains(number)) {
            let what = if source.bytes.is_empty() { "the file is empty" } else { "the file has no pattern" };
            self.say_of(
                number,
                1,
                1,
                "empty",
                format!("{what}, so it matches nothing; write a pattern a line"),
            );
        }
    }

    /// Reports whole-text expressions that match everything, or text that registries send in every answer.
    fn texts(&mut self) {
        let inner = self.inner;
        let fold = |text: &str| if inner.folds { ere::folded(text) } else { text.to_owned() };
        // A field's name is followed by blanks and the owner's value.
        let padded =
            |text: &str| fold(&if text.ends_with(':') { format!("{text:16}") } else { text.to_owned() });
        let (empty, known) = (IndexedText::of(&[""], fold), IndexedText::of(&boilerplate::texts(), padded));
        for number in inner.rules().text.candidates(&known) {
            let Some((rule, expression, pattern)) = inner.expression(number) else { continue };
            if pattern.ends_with('\r') {
                continue;
            }
            let matched = expression.matched(&pattern, &known);
            if matched.len() == known.count() || !expression.matched(&pattern, &empty).is_empty() {
                let what = "matches every answer of every registry; name an owner";
                self.say(rule.line, 0, "everything", what.to_owned());
            } else if let Some(what) = matched.first().and_then(|first| boilerplate::says(*first)) {
                self.say(rule.line, 0, "boilerplate", what);
            }
        }
    }

    /// Reports field lines that match any value of the field, or values that registries write there for many owners.
    fn values(&mut self, field: Field) {
        let inner = self.inner;
        let Some(prefilter) = inner.rules().fields.get(field.index()) else { return };
        let (empty, any) = (IndexedText::of(&[""], ere::folded), IndexedText::of(&ANY, ere::folded));
        let own: &[&str] = if field == Field::Mnt { &boilerplate::MAINTAINERS } else { &[] };
        let own_lines = IndexedText::of(own, ere::folded);
        let mut numbers = [&empty, &any, &own_lines].map(|lines| prefilter.candidates(lines)).concat();
        numbers.sort_unstable();
        numbers.dedup();
        for number in numbers {
            let Some((rule, expression, pattern)) = inner.expression(number) else { continue };
            let matched = |lines: &IndexedText<'_>| expression.matched(&pattern, lines);
            if !matched(&empty).is_empty() || matched(&any).len() == ANY.len() {
                let what = format!("matches every @{}; say which is meant", field.name());
                self.say(rule.line, 0, "everything", what);
            } else if let Some(name) = matched(&own_lines).first().and_then(|first| own.get(*first)) {
                let what = format!(
                    "matches {name}, the registry's own maintainer of many owners' networks; name the owner's maintainer"
                );
                self.say(rule.line, 0, "boilerplate", what);
            }
        }
    }

    /// Reports an `@cidr` line that holds all addresses, or is not written in its normal form.
    fn place_of(&mut self, line: PatternLine, text: &str, prefix: Prefix) {
        let address = text.get(5..).map(|rest| rest.trim().split('/').next().unwrap_or_default());
        let address = address.and_then(|address| address.parse::<IpAddr>().ok());
        if prefix.length() == 0 {
            let family = if prefix.first().is_ipv4() { "IPv4" } else { "IPv6" };
            self.say(line, 0, "everything", format!("matches every {family} address; say which are meant"));
        } else if address.is_some_and(|address| address.to_canonical() != prefix.first()) {
            let what = format!("means all of {prefix}, not the one address; write: @cidr {prefix}");
            self.say(line, 0, "slip", what);
        }
    }

    /// Reports problems of a single line.
    fn each(&mut self, line: PatternLine) {
        let text = self.inner.text_of(line);
        let (pattern, at, folds) = match field::read(&text) {
            None => (text.as_ref(), 0, self.inner.folds),
            Some(Ok(FieldLine::Ere(_, pattern, at))) => (pattern, at, true),
            Some(Ok(FieldLine::Cidr(prefix))) => return self.place_of(line, &text, prefix),
            Some(_) => return,
        };
        if at == 0 {
            if let Some(rest) = text.strip_suffix('\r') {
                let what =
                    "the line ends with a carriage return, so it matches only text that has one; remove it";
                let file =
                    self.inner.source(line).filter(|source| !source.inline && source.name != source::STDIN);
                let how = file.map(|source| format!(": sed -i 's/\\r$//' {}", source.name));
                self.say(line, rest.len(), "carriage-return", format!("{what}{}", how.unwrap_or_default()));
                return;
            }
            if let Some(what) = near_miss::near_miss(&text) {
                self.say(line, 0, "slip", what);
            }
            if let Some(better) = attribute::field_line(&text) {
                let what = format!("a field line finds it at any registry: {better}");
                self.say(line, 0, "field", what);
            }
        }
        if ere::is_plain(pattern) {
            return;
        }
        let Ok(ere) = Ere::read(pattern, folds) else { return };
        if ere.is_never() {
            let what = "can never match: it wants something before a line's start (^) or after its end ($), and a pattern sees one line at a time";
            self.say(line, at, "never", what.to_owned());
        }
        for index in ere.extensions() {
            let letter = pattern.get(index + 1..).and_then(|rest| rest.chars().next()).unwrap_or_default();
            self.say(line, at + index, "extension", extension(letter));
        }
    }
}

/// The message for an escape that POSIX does not have.
fn extension(letter: char) -> String {
    let instead: Cow<'_, str> = match letter {
        'w' => "[_[:alnum:]]".into(),
        'W' => "[^_[:alnum:]]".into(),
        's' => "[[:space:]]".into(),
        'S' => "[^[:space:]]".into(),
        '`' => "^".into(),
        '\'' => "$".into(),
        '<' => "(^|[^_[:alnum:]])".into(),
        '>' => "([^_[:alnum:]]|$)".into(),
        _ => "[^_[:alnum:]] and ^ or $ where a word may begin or end".into(),
    };
    format!("\\{letter} is a GNU extension that other greps read differently; write {instead}")
}

#[cfg(test)]
mod tests;
