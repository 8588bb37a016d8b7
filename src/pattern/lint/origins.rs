//! Reports `@asn` lines whose number is not in the table of origins.

use super::ProblemList;
use crate::pattern::field::{self, FieldLine};
use std::collections::BTreeSet;

/// Finds numbers that no row of the table has. Without a table nothing is reported.
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
                format!("{what} AS{number}: no network is announced by that number"),
            );
        }
    }
}
