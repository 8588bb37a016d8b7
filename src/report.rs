//! The owners behind the traffic: the clients of a log, grouped by the owner of their networks, or by a value that
//! several owners share ([`Grouping`]). Pure: no network, no cache, no output.
//!
//! An owner is the organisation that the registry names, else the network's name, else the network itself. Names that
//! differ only in case or blanks are one owner, in any registry. Clients whose records have no value to group by are
//! one row. Unknown addresses are one row together, and so are reserved ones, so the rows' hits add up to the log's.
//!
//! The verdict of a row is `blocked` if any of its addresses is, else `allowed` if any is, else `clear`. The country is
//! the one with the most hits. Networks and abuse contacts are those of all addresses.

pub mod contact;
mod grouping;
pub mod moment;
mod named;
mod row;
mod sighting;
mod span;
pub mod suggest;
#[cfg(test)]
pub(crate) mod tests;

pub use grouping::Grouping;
pub use named::{OwnerName, fold, name};
pub use row::{ReportRow, RowKind};
pub use sighting::{Sighting, Sightings};

/// Log lines by client.
pub type ClientLines = HashMap<IpAddr, Vec<SampleLine>>;

pub use span::ReportSpan;

use crate::{log::evidence::SampleLine, verdict::Judged};
use row::{RowBuilder, RowKey};
use std::{cmp::Reverse, collections::HashMap, net::IpAddr};

/// All rows, most hits first; with equal hits in order of appearance in the log.
#[derive(Clone, Debug)]
pub struct Report<'a> {
    /// The rows.
    pub rows: Vec<ReportRow<'a>>,
    /// The grouping.
    pub grouping: Grouping,
    /// Log lines of the clients, to show them; None for rows only.
    pub lines: Option<ClientLines>,
    /// The time span of the log; None if no line has a time.
    pub span: Option<ReportSpan>,
}

/// The sum of several rows.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct RowSum {
    /// Log lines.
    pub hits: u64,
    /// Distinct clients.
    pub addresses: u64,
    /// Rows.
    pub rows: u64,
}

/// The owner of a client, as its row is titled; None if it is unknown.
#[must_use]
pub fn owner(judged: &Judged) -> Option<String> {
    Grouping::Owner.value(judged)
}

impl RowSum {
    /// Adds a row.
    pub fn add(&mut self, row: &ReportRow) {
        self.hits += row.hits;
        self.addresses += row.addresses;
        self.rows += 1;
    }
}

impl<'a> Report<'a> {
    /// Groups sightings, in the order of the log, and divides their hits over this span.
    #[must_use]
    pub fn new(sightings: &'a Sightings, span: Option<ReportSpan>, grouping: Grouping) -> Self {
        let mut rows: Vec<RowBuilder<'a>> = Vec::new();
        let mut indexes: HashMap<RowKey, usize> = HashMap::new();
        // The row of each fact, with its sum: clients share facts, and there may be millions of clients.
        let mut sums: Vec<(Option<usize>, RowSum)> = vec![(None, RowSum::default()); sightings.known().len()];
        for (fact, sighting) in sightings.iter() {
            let Some((index, sum)) = sums.get_mut(fact) else { continue };
            let index = *index.get_or_insert_with(|| {
                let key = RowKey::of(sighting.judged, grouping);
                *indexes.entry(key).or_insert_with_key(|key| {
                    rows.push(RowBuilder::new(key, sighting.judged, grouping, span));
                    rows.len() - 1
                })
            });
            sum.hits += sighting.hits();
            sum.addresses += 1;
            if let Some(row) = rows.get_mut(index) {
                row.add(sighting);
            }
        }
        for (judged, (index, sum)) in sightings.known().zip(sums) {
            if let Some(row) = index.and_then(|index| rows.get_mut(index)) {
                row.learn(judged, sum);
            }
        }
        let mut rows: Vec<ReportRow<'a>> = rows.into_iter().map(RowBuilder::finish).collect();
        rows.sort_by_key(|row| Reverse(row.hits));
        Self { rows, grouping, lines: None, span }
    }

    /// The first `most` rows, and the rest.
    #[must_use]
    pub fn top(&self, most: Option<usize>) -> (&[ReportRow<'a>], &[ReportRow<'a>]) {
        self.rows.split_at(most.unwrap_or(usize::MAX).min(self.rows.len()))
    }

    /// The sum of some of the rows.
    #[must_use]
    pub fn sum<'o>(rows: impl IntoIterator<Item = &'o ReportRow<'a>>) -> RowSum
    where
        'a: 'o,
    {
        rows.into_iter().fold(RowSum::default(), |sum, row| RowSum {
            hits: sum.hits + row.hits,
            addresses: sum.addresses + row.addresses,
            rows: sum.rows + 1,
        })
    }
}
