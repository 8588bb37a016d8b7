//! Reports patterns that never decide anything, because another one always does: the same one, or a shorter one.

use super::ProblemList;
use crate::{
    address::Prefix,
    pattern::{
        Action,
        ere::{self, RequiredLiterals},
        field::{self, FieldLine},
        rules::RuleTest,
        source::PatternLine,
    },
};
use aho_corasick::AhoCorasick;
use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
};

/// The text that a pattern is matched against, and its condition.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
enum PatternMeaning {
    Text(String),
    Field(&'static str, String),
    System(u32),
    Network(Prefix),
}

/// Expressions that are matched against the same text with the same action.
type SharedText = (&'static str, Action);

/// Texts, by the text that they are searched in, with the first rule whose whole expression each is.
type LiteralRules = HashMap<SharedText, HashMap<String, u32>>;

/// Finds all of them.
pub(super) fn find(list: &mut ProblemList<'_>) {
    let doubled = duplicates(list);
    shadowed(list, &doubled);
    enclosed(list, &doubled);
}

/// Reports patterns that repeat an earlier one, and returns which do.
fn duplicates(list: &mut ProblemList<'_>) -> Vec<bool> {
    let inner = list.inner;
    let mut known: HashMap<(Action, PatternMeaning), PatternLine> = HashMap::new();
    let mut doubled = Vec::new();
    for rule in &inner.rules().rules {
        let (line, action) = (rule.line, inner.action(rule));
        let Some(meaning) = meaning(&inner.text_of(line), inner.folds) else {
            doubled.push(false);
            continue;
        };
        let key = (action, meaning);
        let first = known.get(&key).copied();
        if let Some(first) = first {
            let what = format!("is the same as {}; remove one of them", list.file_line(first));
            list.say(line, 0, "duplicate", what);
        } else {
            known.insert(key, line);
        }
        doubled.push(first.is_some());
    }
    for ((action, meaning), line) in &known {
        if *action == Action::Block
            && let Some(allow) = known.get(&(Action::Allow, meaning.clone()))
        {
            let what = format!("never blocks: {} allows the same, and allow wins", list.file_line(*allow));
            list.say(*line, 0, "duplicate", what);
        }
    }
    doubled
}

fn meaning(text: &str, folds: bool) -> Option<PatternMeaning> {
    let fold = |text: &str| if folds { ere::folded(text) } else { text.to_owned() };
    Some(match field::read(text) {
        None => PatternMeaning::Text(expression(text, fold(text))),
        Some(Ok(FieldLine::Ere(field, pattern, _))) => {
            PatternMeaning::Field(field.name(), expression(pattern, ere::folded(pattern)))
        }
        Some(Ok(FieldLine::Asn(asn))) => PatternMeaning::System(asn),
        Some(Ok(FieldLine::Cidr(prefix))) => PatternMeaning::Network(prefix),
        Some(Err(_)) => return None,
    })
}

/// Upper case may have a meaning of its own in an expression, as in `\W`, so only plain text is compared without case.
fn expression(pattern: &str, folded: String) -> String {
    if ere::is_plain(pattern) { folded } else { pattern.to_owned() }
}

/// Reports patterns whose every match a shorter one of the same kind and action matches too.
fn shadowed(list: &mut ProblemList<'_>, doubled: &[bool]) {
    let inner = list.inner;
    let mut texts = LiteralRules::new();
    let mut grounds = Vec::new();
    for (number, rule) in (0..).zip(&inner.rules().rules) {
        let literals = match &rule.test {
            RuleTest::Text(expression) => Some(("", expression.literals())),
            RuleTest::Field(expression, _) => {
                let text = inner.text_of(rule.line);
                let field = match field::read(&text) {
                    Some(Ok(FieldLine::Ere(field, _, _))) => field.name(),
                    _ => continue,
                };
                Some((field, expression.literals()))
            }
            RuleTest::Listed => None,
        };
        let Some((field, literals)) = literals else { continue };
        let ground = (field, inner.action(rule));
        if let RequiredLiterals::Literal(text) = literals {
            texts.entry(ground).or_default().entry(text.clone()).or_insert(number);
        }
        grounds.push((number, rule.line, ground, literals));
    }
    let searches: HashMap<SharedText, TextSearch> =
        texts.into_iter().filter_map(|(ground, texts)| Some((ground, TextSearch::new(texts)?))).collect();
    for (number, line, ground, literals) in grounds {
        if doubled.get(number as usize).copied().unwrap_or_default() {
            continue;
        }
        let Some(search) = searches.get(&ground) else { continue };
        let shorter = match literals {
            RequiredLiterals::Literal(text) => search.within(text, true).map(|rule| vec![rule]),
            // One of these must occur, and each may be another pattern's.
            RequiredLiterals::OneOf(texts) => texts.iter().map(|text| search.within(text, false)).collect(),
            RequiredLiterals::Nothing => None,
        };
        let Some(mut shorter) = shorter else { continue };
        shorter.sort_unstable();
        shorter.dedup();
        let named = shorter.iter().filter_map(|rule| list.line_of(*rule));
        let named: Vec<String> =
            named.map(|first| format!("{} ({})", list.file_line(first), inner.text_of(first))).collect();
        let verb = if named.len() == 1 { "matches" } else { "match" };
        let what = format!("is never needed: {} {verb} all that it matches", named.join(" and "));
        list.say(line, 0, "shadowed", what);
    }
}

/// Finds texts inside others.
struct TextSearch {
    machine: AhoCorasick,
    /// The rule of each text.
    rules: Vec<u32>,
}

impl TextSearch {
    /// None if there are more texts than any machine could hold.
    fn new(texts: HashMap<String, u32>) -> Option<Self> {
        let mut texts: Vec<(String, u32)> = texts.into_iter().collect();
        texts.sort_unstable_by_key(|(_, rule)| *rule);
        let machine = AhoCorasick::new(texts.iter().map(|(text, _)| text)).ok()?;
        Some(Self { machine, rules: texts.into_iter().map(|(_, rule)| rule).collect() })
    }

    /// The rule of a text that occurs in this one; with `shorter`, not of this text itself.
    fn within(&self, text: &str, shorter: bool) -> Option<u32> {
        let mut found = self.machine.find_overlapping_iter(text);
        let found = found.find(|found| !shorter || found.len() < text.len())?;
        self.rules.get(found.pattern().as_usize()).copied()
    }
}

/// Reports `@cidr` lines inside another one.
fn enclosed(list: &mut ProblemList<'_>, doubled: &[bool]) {
    let inner = list.inner;
    let mut networks: [BTreeMap<Prefix, PatternLine>; 2] = Default::default();
    let mut all = Vec::new();
    for (rule, doubled) in inner.rules().rules.iter().zip(doubled) {
        let text: Cow<'_, str> = inner.text_of(rule.line);
        if let (Some(Ok(FieldLine::Cidr(prefix))), false) = (field::read(&text), doubled) {
            let [allow, block] = &mut networks;
            let known = if inner.action(rule) == Action::Allow { allow } else { block };
            known.insert(prefix, rule.line);
            all.push((prefix, rule));
        }
    }
    let [allow, block] = &networks;
    for (prefix, rule) in all {
        let known = if inner.action(rule) == Action::Allow { allow } else { block };
        let wider = (0..prefix.length()).filter_map(|length| Prefix::new(prefix.first(), length));
        if let Some((wider, first)) = wider.filter_map(|wider| Some((wider, known.get(&wider)?))).next() {
            let what = format!("is never needed: {} (@cidr {wider}) holds it", list.file_line(*first));
            list.say(rule.line, 0, "shadowed", what);
        }
    }
}
