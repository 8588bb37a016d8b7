//! All lines understood, and the tables by which the few that matter to one answer are found.

use super::{
    ere::EreError,
    expression::Expression,
    field::{self, FIELDS, FieldLine},
    numbers::{AsnRules, PrefixRules},
    prefilter::Prefilter,
    source::{PatternLine, PatternSource},
};

/// What one line asks for.
#[derive(Debug)]
pub(super) enum RuleTest {
    /// A line of the whois text matches.
    Text(Expression),
    /// One of a field's values matches; where in the line the expression begins.
    Field(Expression, usize),
    /// It stands in a table of its own.
    Listed,
}

/// One line, understood.
#[derive(Debug)]
pub(super) struct PatternRule {
    pub(super) line: PatternLine,
    pub(super) test: RuleTest,
}

/// All lines, in the order of the command line.
#[derive(Debug, Default)]
pub(super) struct RuleSet {
    pub(super) rules: Vec<PatternRule>,
    /// What cannot be had, and where.
    pub(super) flaws: Vec<(PatternLine, EreError)>,
    /// Expressions over the whole text.
    pub(super) text: Prefilter,
    /// Expressions over one field, as [`field::Field::index`] orders them.
    pub(super) fields: [Prefilter; FIELDS.len()],
    pub(super) places: PrefixRules,
    pub(super) systems: AsnRules,
}

impl RuleSet {
    /// Understands all lines. What cannot be had is kept in `flaws`, and matches nothing.
    pub(super) fn new(sources: &[PatternSource], lines: &[PatternLine], folds: bool) -> Self {
        let mut rules = Self { rules: Vec::with_capacity(lines.len()), ..Self::default() };
        for line in lines {
            let Some(source) = sources.get(line.source as usize) else { continue };
            if let Err(flaw) = rules.add(source, *line, folds) {
                rules.flaws.push((*line, flaw));
            }
        }
        rules.places.sort();
        rules.systems.sort();
        rules
    }

    fn add(&mut self, source: &PatternSource, line: PatternLine, folds: bool) -> Result<(), EreError> {
        let text = source.text_of(line);
        // `Patterns::read` holds no more lines than fit: each has a byte of its own, and 4 GiB are too many.
        let number = u32::try_from(self.rules.len()).unwrap_or(u32::MAX);
        if source.inline && text.trim_ascii().is_empty() {
            return Err(EreError::new(0, "an empty pattern would match every line; leave it out"));
        }
        let test = match field::read(&text).transpose()? {
            None => {
                let expression = Expression::new(&text, folds)?;
                self.text.add(number, expression.needs());
                RuleTest::Text(expression)
            }
            Some(FieldLine::Ere(field, pattern, at)) => {
                let misplaced = |flaw: EreError| EreError { at: flaw.at + at, ..flaw };
                let expression = Expression::new(pattern, true).map_err(misplaced)?;
                if let Some(screen) = self.fields.get_mut(field.index()) {
                    screen.add(number, expression.needs());
                }
                RuleTest::Field(expression, at)
            }
            Some(FieldLine::Asn(asn)) => {
                self.systems.add(asn, number);
                RuleTest::Listed
            }
            Some(FieldLine::Cidr(prefix)) => {
                self.places.add(prefix, number);
                RuleTest::Listed
            }
        };
        self.rules.push(PatternRule { line, test });
        Ok(())
    }
}
