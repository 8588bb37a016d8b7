//! `@asn` lines whose number the table of origins does not have.

use super::ProblemList;
use crate::pattern::field::{self, FieldLine};
use std::collections::BTreeSet;

/// Finds numbers that no row of the table has; without a table nothing can be said of them.
pub(super) fn find(problems: &mut ProblemList<'_>, numbers: Option<&BTreeSet<u32>>) {
    let Some(numbers) = numbers else { return };
    let inner = problems.inner;
    for line in &inner.lines {
        if let Some(Ok(FieldLine::Asn(number))) = field::read(&inner.text_of(*line))
            && !numbers.contains(&number)
        {
            let what = "the table of origins knows no";
            problems.say(
                *line,
                0,
                "origin",
                format!("{what} AS{number}: nobody announces a network by that number"),
            );
        }
    }
}
