//! Matches patterns against very many networks. One automaton over the literals of all expressions is built once. For
//! each network only the deciding pattern is found.
//!
//! A hook judges one address and ends, so [`super::prefilter`] builds nothing that would outlast it. Here millions of
//! texts pay for the automaton, and most contain no literal of any pattern.

use super::{
    Action, MatchSubject, PatternMatch, PatternState, Patterns, ere, ere::RequiredLiterals, judge,
    lines::IndexedText,
};
use crate::{
    address::Prefix,
    error::{Error, Result},
    origin::Origin,
    registry::Record,
};
use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use std::{borrow::Cow, collections::HashMap, sync::Arc};

/// The most bytes of all literals for which the automaton is a full transition table, with one step for each byte. It
/// takes some 200 bytes for each of them.
const SMALL: usize = 32 << 10;

/// The patterns' result for a network; the smaller of two marks decides.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct RuleMark(u32);

impl RuleMark {
    /// An allow pattern matched, which wins over any block pattern.
    pub const ALLOWED: Self = Self(0);
    /// No pattern matched.
    pub const NONE: Self = Self(u32::MAX);

    /// The mark as a number, and back ([`RuleMark::from_bits`]).
    #[must_use]
    pub fn bits(self) -> u32 {
        self.0
    }

    /// Reads [`RuleMark::bits`].
    #[must_use]
    pub fn from_bits(bits: u32) -> Self {
        Self(bits)
    }

    /// The index of the pattern that blocks, in the order of [`Patterns::all`]; None if none does.
    #[must_use]
    pub fn blocking(self) -> Option<usize> {
        if self == Self::NONE { None } else { self.0.checked_sub(1).map(|number| number as usize) }
    }
}

/// Patterns prepared for very many texts.
pub struct BulkMatcher {
    inner: Arc<PatternState>,
    /// The mark of each rule.
    marks: Vec<RuleMark>,
    automaton: Option<AhoCorasick>,
    /// The rules that need each literal, and whether the literal is the whole rule.
    needing: Vec<Vec<(u32, bool)>>,
    /// Rules over the text without a required literal.
    always: Vec<u32>,
    fields: bool,
    /// The mark of an empty line.
    blank: RuleMark,
}

impl BulkMatcher {
    /// Builds the automaton. The patterns have passed [`Patterns::check`].
    ///
    /// # Errors
    /// There are more literals than an automaton can hold (78).
    pub fn new(patterns: &Patterns) -> Result<Self> {
        let inner = Arc::clone(&patterns.inner);
        let rules = inner.rules();
        let marks = (1_u32..).zip(&rules.rules).map(|(number, rule)| match inner.action(rule) {
            Action::Allow => RuleMark::ALLOWED,
            Action::Block => RuleMark(number),
        });
        let marks = marks.collect();
        let mut literals: HashMap<String, Vec<(u32, bool)>> = HashMap::new();
        let mut always = Vec::new();
        for (number, rule) in (0_u32..).zip(&rules.rules) {
            let super::rules::RuleTest::Text(expression) = &rule.test else { continue };
            match expression.literals() {
                RequiredLiterals::Literal(text) => {
                    literals.entry(text.clone()).or_default().push((number, true));
                }
                RequiredLiterals::OneOf(texts) => texts
                    .iter()
                    .for_each(|text| literals.entry(text.clone()).or_default().push((number, false))),
                RequiredLiterals::Nothing => always.push(number),
            }
        }
        let (texts, needing): (Vec<String>, Vec<_>) = literals.into_iter().unzip();
        let automaton = (!texts.is_empty()).then(|| automaton(&texts)).transpose()?;
        let fields = rules.has_fields();
        let mut matcher = Self { inner, marks, automaton, needing, always, fields, blank: RuleMark::NONE };
        matcher.blank = matcher.of_text("\n");
        Ok(matcher)
    }

    /// The same for a search of every pattern that matches: an allow pattern has a mark of its own, as block patterns do.
    #[must_use]
    pub fn of_every_pattern(mut self) -> Self {
        self.marks = (1..).map(RuleMark).take(self.marks.len()).collect();
        self.blank = self.of_text("\n");
        self
    }

    /// Leaves out the pattern that a mark's [`RuleMark::blocking`] names: it matches nothing from now on.
    pub fn leave_out(&mut self, number: usize) {
        if let Some(mark) = self.marks.get_mut(number) {
            *mark = RuleMark::NONE;
        }
        self.blank = self.of_text("\n");
    }

    /// The mark of some lines of text. A text in several parts has the smallest mark of its parts.
    #[must_use]
    pub fn of_text(&self, text: &str) -> RuleMark {
        let folded = self.inner.folds.then(|| ere::folded(text));
        let text = folded.as_deref().unwrap_or(text);
        let mut best = RuleMark::NONE;
        let mut maybe: Vec<u32> = Vec::new();
        if let Some(automaton) = &self.automaton {
            for found in automaton.find_overlapping_iter(text) {
                for &(rule, whole) in self.needing.get(found.pattern().as_usize()).into_iter().flatten() {
                    let mark = self.mark(rule);
                    if whole {
                        best = best.min(mark);
                    } else if mark < best && !maybe.contains(&rule) {
                        maybe.push(rule);
                    }
                }
            }
        }
        maybe.extend(&self.always);
        let mut lines = None;
        for rule in maybe {
            let mark = self.mark(rule);
            if mark >= best {
                continue;
            }
            let lines = lines.get_or_insert_with(|| IndexedText::new(Cow::Borrowed(text)));
            if let Some((_, expression, pattern)) = self.inner.expression(rule)
                && !expression.matched(&pattern, lines).is_empty()
            {
                best = mark;
            }
        }
        best
    }

    fn mark(&self, rule: u32) -> RuleMark {
        self.marks.get(rule as usize).copied().unwrap_or(RuleMark::NONE)
    }

    /// The mark of an empty line.
    #[must_use]
    pub fn of_blank_line(&self) -> RuleMark {
        self.blank
    }

    /// Whether any pattern looks at the fields of a record.
    #[must_use]
    pub fn has_fields(&self) -> bool {
        self.fields
    }

    /// Whether any pattern looks at the text.
    #[must_use]
    pub fn has_texts(&self) -> bool {
        self.automaton.is_some() || !self.always.is_empty()
    }

    /// The mark of a record by the patterns over fields, except `@cidr`.
    #[must_use]
    pub fn of_record(&self, record: &Record) -> RuleMark {
        let subject = MatchSubject { text: "", record: Some(record), address: None, origin: None };
        let numbers = judge::numbers(&self.inner, &subject);
        numbers.into_iter().map(|rule| self.mark(rule)).min().unwrap_or(RuleMark::NONE)
    }

    /// The mark of an origin by `@asn` and `@asname` lines.
    #[must_use]
    pub fn of_origin(&self, origin: &Origin) -> RuleMark {
        let subject = MatchSubject { text: "", record: None, address: None, origin: Some(origin) };
        let numbers = judge::numbers(&self.inner, &subject);
        numbers.into_iter().map(|rule| self.mark(rule)).min().unwrap_or(RuleMark::NONE)
    }

    /// The networks of all `@cidr` lines, unordered.
    pub fn prefixes(&self) -> impl Iterator<Item = (Prefix, RuleMark)> {
        self.inner.rules().prefixes.all().map(|(prefix, rule)| (prefix, self.mark(rule)))
    }

    /// The pattern that a mark's [`RuleMark::blocking`] names.
    #[must_use]
    pub fn pattern(&self, number: usize) -> Option<PatternMatch> {
        let rule = self.inner.rules().rules.get(number)?;
        Some(self.inner.found(rule, String::new(), None))
    }
}

fn automaton(texts: &[String]) -> Result<AhoCorasick> {
    let bytes: usize = texts.iter().map(String::len).sum();
    let kind = if bytes <= SMALL { AhoCorasickKind::DFA } else { AhoCorasickKind::ContiguousNFA };
    let built = AhoCorasick::builder().match_kind(MatchKind::Standard).kind(Some(kind)).build(texts);
    built.map_err(|error| {
        Error::config(format!("there are too many patterns to match against all networks: {error}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pattern::PatternSpec;

    fn matcher(patterns: &[&str], ignore_case: bool) -> (Patterns, BulkMatcher) {
        let inline = patterns.iter().map(Into::into).collect();
        let patterns =
            Patterns::read(&PatternSpec { inline, ignore_case, ..PatternSpec::default() }).unwrap();
        patterns.check().unwrap();
        let matcher = BulkMatcher::new(&patterns).unwrap();
        (patterns, matcher)
    }

    /// The result of [`Patterns::judge`] for the same text.
    fn plain(patterns: &Patterns, text: &str) -> Option<usize> {
        let finding = patterns.judge(&MatchSubject { text, record: None, address: None, origin: None });
        let first = finding.matches.first()?;
        (finding.action == Some(Action::Block)).then(|| first.line as usize - 1)
    }

    #[test]
    fn the_first_pattern_that_matches_decides_as_it_does_for_one_address() {
        let sets: [&[&str]; 6] = [
            &["Contoso", "oso Gm", "mnt-by: +CONTOSO"],
            &["^org(-name)?: .*(Fabrikam|Contoso)", "Contoso"],
            &["[0-9]{4,}", "^$", "x*"],
            &["^remarks:.*abuse$", "AbUsE", "b"],
            &["(Cont|Fabr)(oso|ikam)", "^netname: *[A-Z]+-NET$"],
            &["caf\u{e9}", "CAF\u{c9}"],
        ];
        let texts = [
            "",
            "\n",
            "org-name: Contoso GmbH\nmnt-by:   CONTOSO-MNT\n",
            "org: Fabrikam\nnetname:  FABRIKAM-NET\n",
            "remarks: send abuse to 12345\n\nremarks: abuse\n",
            "descr: Caf\u{e9}\r\nnetname: LA-NET\r\n",
            "no end of line",
        ];
        for set in sets {
            for ignore_case in [false, true] {
                let (patterns, matcher) = matcher(set, ignore_case);
                for text in texts {
                    let mark = matcher.of_text(text);
                    assert_eq!(mark.blocking(), plain(&patterns, text), "{set:?} {ignore_case} {text:?}");
                    let (head, tail) = text.split_once('\n').map_or((text, ""), |(a, b)| (a, b));
                    let parts = [format!("{head}\n"), tail.to_owned()].map(|part| matcher.of_text(&part));
                    let whole = if text.contains('\n') { parts[0].min(parts[1]) } else { mark };
                    assert_eq!(whole, mark, "{set:?} {text:?} in two parts");
                }
                assert_eq!(matcher.of_blank_line(), matcher.of_text("\n"));
            }
        }
    }

    #[test]
    fn an_allow_pattern_wins_and_fields_are_looked_at_apart() {
        let folder = tempfile::tempdir().unwrap();
        let (allow, block) = (folder.path().join("allow"), folder.path().join("block"));
        std::fs::write(&allow, "@country CH\n@cidr 203.0.113.0/28\n").unwrap();
        std::fs::write(&block, "# note\n@org contoso\nContoso\n@cidr 203.0.113.0/24\n@asn 64500\n").unwrap();
        let files = vec![(Action::Allow, allow), (Action::Block, block)];
        let patterns = Patterns::read(&PatternSpec { files, ..PatternSpec::default() }).unwrap();
        let matcher = BulkMatcher::new(&patterns).unwrap();
        assert!(matcher.has_fields() && matcher.has_texts());
        let line =
            |mark: RuleMark| mark.blocking().and_then(|number| matcher.pattern(number)).map(|m| m.line);
        assert_eq!(line(matcher.of_text("Contoso")), Some(3));
        let mut record: Record = serde_json::from_str(
            r#"{"network": {"first": "203.0.113.0", "last": "203.0.113.255"}, "abuse": [], "asn": [], "maintainer": [],
            "descr": [], "registry": "ripe"}"#,
        )
        .unwrap();
        record.org = Some("Contoso GmbH".into());
        assert_eq!(line(matcher.of_record(&record)), Some(2));
        record.country = Some("CH".into());
        assert_eq!(matcher.of_record(&record), RuleMark::ALLOWED);
        assert_eq!(RuleMark::ALLOWED.blocking(), None);
        (record.country, record.org, record.asn) = (None, None, vec![64500]);
        assert_eq!(line(matcher.of_record(&record)), Some(5));
        let mut prefixes: Vec<_> = matcher.prefixes().collect();
        prefixes.sort();
        let told: Vec<_> = prefixes.iter().map(|(p, mark)| (p.to_string(), line(*mark))).collect();
        assert_eq!(told, [("203.0.113.0/24".into(), Some(4)), ("203.0.113.0/28".into(), None)]);
    }
}
