//! Matches the facts known of a network against all patterns.

use super::{
    Action, MatchSubject, PatternFinding, PatternMatch, PatternState, ere,
    expression::Expression,
    field::{FIELDS, Field},
    lines::{IndexedText, carried},
    rules::{PatternRule, RuleTest},
};
use std::{borrow::Cow, cmp::Reverse, collections::BTreeMap, net::IpAddr, ops::Range};

/// The matches so far, by rule, and the lines that are counted.
struct MatchTally<'a> {
    inner: &'a PatternState,
    matches: BTreeMap<u32, PatternMatch>,
    /// Whether a block pattern matched each line.
    blocked: Vec<bool>,
    fields_blocked: u64,
}

/// Judges one subject.
pub(super) fn judge(inner: &PatternState, subject: &MatchSubject<'_>) -> PatternFinding {
    tally(inner, subject).finding()
}

/// The numbers of the rules that match a subject, in order.
pub(super) fn numbers(inner: &PatternState, subject: &MatchSubject<'_>) -> Vec<u32> {
    tally(inner, subject).matches.into_keys().collect()
}

fn tally<'a>(inner: &'a PatternState, subject: &MatchSubject<'_>) -> MatchTally<'a> {
    let mut tally = MatchTally { inner, matches: BTreeMap::new(), blocked: Vec::new(), fields_blocked: 0 };
    tally.text(subject.text);
    if subject.record.is_some() || subject.origin.is_some() {
        FIELDS.into_iter().for_each(|field| tally.field(field, subject));
    }
    let registered = subject.record.into_iter().flat_map(|record| record.asn.iter().chain(&record.outer.asn));
    let announced = subject.origin.map(|origin| origin.asn.as_slice()).unwrap_or_default();
    registered.chain(announced).for_each(|asn| tally.system(*asn));
    if let Some(address) = subject.address {
        tally.prefixes(address);
    }
    tally
}

impl MatchTally<'_> {
    fn text(&mut self, text: &str) {
        let plain = IndexedText::new(Cow::Borrowed(text));
        let folded = self.inner.folds.then(|| IndexedText::new(Cow::Owned(ere::folded(text))));
        let lines = folded.as_ref().unwrap_or(&plain);
        self.blocked = vec![false; plain.count()];
        let inner = self.inner;
        for number in inner.rules().text.candidates(lines) {
            let Some((rule, expression, pattern)) = inner.expression(number) else { continue };
            let matched = expression.matched(&pattern, lines);
            let Some(first) = matched.first() else { continue };
            if inner.action(rule) == Action::Block {
                for line in &matched {
                    if let Some(blocked) = self.blocked.get_mut(*line) {
                        *blocked = true;
                    }
                }
            }
            // A CR is part of a line for the pattern, but not for the user who reads the match.
            let text = plain.line(*first).trim_end_matches('\r').to_owned();
            self.matches.insert(number, inner.found(rule, text, None));
        }
    }

    fn field(&mut self, field: Field, subject: &MatchSubject<'_>) {
        let inner = self.inner;
        let Some(prefilter) =
            inner.rules().fields.get(field.index()).filter(|prefilter| !prefilter.is_empty())
        else {
            return;
        };
        let values = field.values(subject);
        let folded = IndexedText::of(&values, ere::folded);
        for number in prefilter.candidates(&folded) {
            let Some((rule, expression, pattern)) = inner.expression(number) else { continue };
            let first = expression.matched(&pattern, &folded).first().and_then(|first| values.get(*first));
            if let Some(value) = first {
                self.by_field(number, rule, (*value).to_owned(), field.name());
            }
        }
    }

    fn system(&mut self, asn: u32) {
        for number in self.inner.rules().systems.of(asn) {
            if let Some(rule) = self.inner.rule(number) {
                self.by_field(number, rule, format!("AS{asn}"), "asn");
            }
        }
    }

    fn prefixes(&mut self, address: IpAddr) {
        for number in self.inner.rules().prefixes.holding(address) {
            if let Some(rule) = self.inner.rule(number) {
                self.by_field(number, rule, address.to_string(), "cidr");
            }
        }
    }

    fn by_field(&mut self, number: u32, rule: &PatternRule, value: String, field: &str) {
        let found = self.inner.found(rule, value, Some(field.to_owned()));
        if self.matches.insert(number, found).is_none() && self.inner.action(rule) == Action::Block {
            self.fields_blocked += 1;
        }
    }

    fn finding(self) -> PatternFinding {
        let matches: Vec<PatternMatch> = self.matches.into_values().collect();
        let has = |action| matches.iter().any(|found: &PatternMatch| found.action == action);
        let action = [Action::Allow, Action::Block].into_iter().find(|action| has(*action));
        let lines = self.blocked.iter().filter(|blocked| **blocked).count() as u64;
        let count = if action == Some(Action::Allow) { 0 } else { lines + self.fields_blocked };
        PatternFinding { matches, count, action, inconclusive: false }
    }
}

/// The parts of one line that any expression matches, in order and without overlaps. The earliest start wins, then the
/// longest match. Among alternatives inside one expression that are not plain text, the regex crate takes the first
/// that fits; grep would take the longest.
pub(super) fn spans(inner: &PatternState, line: &str) -> Vec<Range<usize>> {
    let folded = inner.folds.then(|| ere::folded(line));
    let text = folded.as_deref().unwrap_or(line);
    let candidates = inner.rules().text.candidates(&IndexedText::new(Cow::Borrowed(text)));
    let mut open: Vec<_> = candidates.into_iter().filter_map(|number| inner.expression(number)).collect();
    let mut spans = Vec::new();
    let mut from = 0;
    loop {
        let mut next: Option<Range<usize>> = None;
        open.retain(|(_, expression, pattern): &(_, &Expression, _)| {
            let Some(found) = expression.find(pattern, text, from) else { return false };
            let order = |span: &Range<usize>| (span.start, Reverse(span.end));
            if next.as_ref().is_none_or(|next| order(&found) < order(next)) {
                next = Some(found);
            }
            true
        });
        let Some(next) = next else { return spans };
        from = next.end;
        spans.push(carried(next.start, text, line)..carried(next.end, text, line));
    }
}

impl PatternState {
    pub(super) fn rule(&self, number: u32) -> Option<&PatternRule> {
        self.rules().rules.get(number as usize)
    }

    /// A rule with its expression and the expression's source text.
    pub(super) fn expression(&self, number: u32) -> Option<(&PatternRule, &Expression, Cow<'_, str>)> {
        let rule = self.rule(number)?;
        let line = self.text_of(rule.line);
        match &rule.test {
            RuleTest::Text(expression) => Some((rule, expression, line)),
            RuleTest::Field(expression, at) => {
                let pattern = line.get(*at..).unwrap_or_default().trim_end();
                Some((rule, expression, Cow::Owned(pattern.to_owned())))
            }
            RuleTest::Listed => None,
        }
    }

    pub(super) fn action(&self, rule: &PatternRule) -> Action {
        self.source(rule.line).map_or(Action::Block, |source| source.action)
    }

    pub(super) fn found(&self, rule: &PatternRule, text: String, field: Option<String>) -> PatternMatch {
        let file = self.source(rule.line).map(|source| source.name.clone()).unwrap_or_default();
        let pattern = self.text_of(rule.line).into_owned();
        PatternMatch { file, line: rule.line.number, pattern, action: self.action(rule), text, field }
    }
}

#[cfg(test)]
mod tests {
    use crate::pattern::{PatternSpec, Patterns};

    #[test]
    fn marks_what_grep_marks() {
        let marks = |patterns: &[&str], line: &str, ignore_case: bool| {
            let inline = patterns.iter().map(Into::into).collect();
            let patterns =
                Patterns::read(&PatternSpec { inline, ignore_case, ..PatternSpec::default() }).unwrap();
            patterns.spans(line).into_iter().map(|span| line[span].to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(marks(&["Conto", "oso"], "Contoso oso", false), ["Conto", "oso"]);
        assert_eq!(marks(&["Con", "Contoso", "tos"], "xContoso", false), ["Contoso"]);
        assert_eq!(marks(&["a*", "b+"], "caabbc", false), ["aa", "bb"]);
        assert_eq!(
            marks(&["[[:alpha:]]+"], "1 \u{dc}ber\u{df} 2 \u{65e5}", false),
            ["\u{dc}ber\u{df}", "\u{65e5}"]
        );
        // Upper case may be shorter or longer: the long s has one of a single byte.
        assert_eq!(marks(&["sx"], "\u{17f}X\u{df}sx", true), ["\u{17f}X", "sx"]);
        assert_eq!(marks(&["(Con|Conto|Contoso)"], "Contoso", false), ["Contoso"]);
        assert_eq!(marks(&["^a"], "aa", false), ["a"]);
    }
}
