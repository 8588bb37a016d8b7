//! All lines parsed, and the tables that find the few that matter to one answer.

use super::{
    ere::EreError,
    expression::{Expression, PatternMode},
    field::{self, FIELDS, Field, FieldLine},
    numbers::{AsnRules, PrefixRules},
    prefilter::Prefilter,
    source::{PatternLine, PatternSource},
};
use crate::address::Prefix;

/// The condition of one line.
#[derive(Debug)]
pub(super) enum RuleTest {
    /// A line of the whois text matches.
    Text(Expression),
    /// One of the field's values matches; the position of the expression in the line.
    Field(Expression, usize),
    /// It is in a table of its own.
    Listed,
}

/// One parsed line.
#[derive(Debug)]
pub(super) struct PatternRule {
    pub(super) line: PatternLine,
    pub(super) test: RuleTest,
}

/// All lines, in the order of the command line.
#[derive(Debug, Default)]
pub(super) struct RuleSet {
    pub(super) rules: Vec<PatternRule>,
    /// The lines that were refused, and where they are.
    pub(super) flaws: Vec<(PatternLine, EreError)>,
    /// Expressions over the whole text.
    pub(super) text: Prefilter,
    /// Expressions over one field, in the order of [`field::Field::index`].
    pub(super) fields: [Prefilter; FIELDS.len()],
    pub(super) prefixes: PrefixRules,
    pub(super) systems: AsnRules,
}

/// The condition of a line, before the line has its number.
enum RuleReading {
    Text(Expression),
    Field(Field, Expression, usize),
    Asn(u32),
    Cidr(Prefix),
}

impl RuleSet {
    /// Parses all lines. A refused line is kept in `flaws`, and matches nothing.
    pub(super) fn new(sources: &[PatternSource], lines: &[PatternLine], folds: bool) -> Self {
        let sourced = lines.iter().filter_map(|line| Some((*line, sources.get(line.source as usize)?)));
        let mut read: Vec<_> =
            sourced.map(|(line, source)| (line, source, read(source, line, folds))).collect();
        // Grep reads all patterns of the command line as one file.
        for file in read
            .chunk_by_mut(|(_, one, _), (_, next, _)| std::ptr::eq(*one, *next) || one.inline && next.inline)
        {
            read_torn(file, folds);
        }
        let mut rules = Self { rules: Vec::with_capacity(read.len()), ..Self::default() };
        for (line, _, reading) in read {
            match reading {
                Ok(reading) => rules.add(line, reading),
                Err(flaw) => rules.flaws.push((line, flaw)),
            }
        }
        rules.prefixes.sort();
        rules.systems.sort();
        rules
    }

    /// Whether any rule is about a field of the record.
    pub(super) fn has_fields(&self) -> bool {
        !self.systems.is_empty() || self.rules.iter().any(|rule| matches!(rule.test, RuleTest::Field(..)))
    }

    fn add(&mut self, line: PatternLine, reading: RuleReading) {
        // `Patterns::read` holds no more lines than fit: each takes at least a byte, and 4 GiB are refused.
        let number = u32::try_from(self.rules.len()).unwrap_or(u32::MAX);
        let test = match reading {
            RuleReading::Text(expression) => {
                self.text.add(number, expression.literals());
                RuleTest::Text(expression)
            }
            RuleReading::Field(field, expression, at) => {
                if let Some(prefilter) = self.fields.get_mut(field.index()) {
                    prefilter.add(number, expression.literals());
                }
                RuleTest::Field(expression, at)
            }
            RuleReading::Asn(asn) => {
                self.systems.add(asn, number);
                RuleTest::Listed
            }
            RuleReading::Cidr(prefix) => {
                self.prefixes.add(prefix, number);
                RuleTest::Listed
            }
        };
        self.rules.push(PatternRule { line, test });
    }
}

/// Parses one line as if it were the only one of its file.
fn read(source: &PatternSource, line: PatternLine, folds: bool) -> Result<RuleReading, EreError> {
    let text = source.text_of(line);
    if source.inline && text.trim_ascii().is_empty() {
        return Err(EreError::new(0, "an empty pattern would match every line; leave it out"));
    }
    Ok(match field::read(&text).transpose()? {
        None => RuleReading::Text(Expression::new(&text, PatternMode { folds, second: false })?),
        Some(FieldLine::Ere(field, pattern, at)) => {
            let misplaced = |flaw: EreError| EreError { at: flaw.at + at, ..flaw };
            let expression =
                Expression::new(pattern, PatternMode { folds: true, second: false }).map_err(misplaced)?;
            RuleReading::Field(field, expression, at)
        }
        Some(FieldLine::Asn(asn)) => RuleReading::Asn(asn),
        Some(FieldLine::Cidr(prefix)) => RuleReading::Cidr(prefix),
    })
}

/// Parses those lines of a file again that grep's second matcher reads differently, if another line makes grep use it.
fn read_torn(file: &mut [(PatternLine, &PatternSource, Result<RuleReading, EreError>)], folds: bool) {
    let turning = file.iter().find_map(|(line, _, reading)| match reading {
        Ok(RuleReading::Text(expression)) if expression.turns() => Some(line.number),
        _ => None,
    });
    let Some(turning) = turning else { return };
    for (line, source, reading) in file {
        if matches!(reading, Ok(RuleReading::Text(expression)) if expression.is_torn()) {
            let again = Expression::new(&source.text_of(*line), PatternMode { folds, second: true });
            let why = |flaw: EreError| {
                let what = format!("{} (grep reads this otherwise beside line {turning})", flaw.what);
                EreError { what, ..flaw }
            };
            *reading = again.map(RuleReading::Text).map_err(why);
        }
    }
}
