//! Who was behind the traffic: the clients of a log, grouped by the owner of their networks, or by what several owners
//! have in common ([`Grouping`]). Pure: no network, no cache, no output.
//!
//! An owner is the organisation that the registry names, or the network's name where it names none, or the network
//! itself where it has no name either. Names that differ in case or blanks alone are one owner, in whatever registry
//! they stand. Where records name no value to group by, their clients are one row. Addresses that stayed unknown are one row together, and so are those that are nobody's network: the
//! rows' hits add up to the log's.
//!
//! What a row says of all its addresses: `blocked` when any of them is, else `allowed` when any of them is, else `clear`; the country is the one that most hits came from; networks and abuse contacts are those of all.

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

/// A log line of a client.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ClientLine {
    /// When it was written, where it says so.
    pub time: Option<Timestamp>,
    /// The line.
    pub text: String,
}

/// Log lines by client.
pub type ClientLines = HashMap<IpAddr, Vec<ClientLine>>;

pub use span::ReportSpan;

use crate::verdict::Judged;
use jiff::Timestamp;
use row::{RowBuilder, RowKey};
use std::{cmp::Reverse, collections::HashMap, net::IpAddr};

/// All rows, most hits first; of two with as many the one that came first in the log.
#[derive(Clone, Debug)]
pub struct Report<'a> {
    /// The rows.
    pub rows: Vec<ReportRow<'a>>,
    /// What they stand for.
    pub grouping: Grouping,
    /// Lines of the clients, which are shown then; None where rows alone are.
    pub lines: Option<ClientLines>,
    /// The time that the log spans; None when no line has a time.
    pub span: Option<ReportSpan>,
}

/// What several rows come to.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct RowSum {
    /// Log lines.
    pub hits: u64,
    /// Distinct clients.
    pub addresses: u64,
    /// Rows.
    pub rows: u64,
}

/// The owner of a client, as its row is called; None where that is not known.
#[must_use]
pub fn owner(judged: &Judged) -> Option<String> {
    Grouping::Owner.value(judged)
}

impl RowSum {
    /// One more row.
    pub fn add(&mut self, row: &ReportRow) {
        self.hits += row.hits;
        self.addresses += row.addresses;
        self.rows += 1;
    }
}

impl<'a> Report<'a> {
    /// Groups sightings, in the order of the log, and draws them over this span.
    #[must_use]
    pub fn new(sightings: &'a Sightings, span: Option<ReportSpan>, grouping: Grouping) -> Self {
        let mut rows: Vec<RowBuilder<'a>> = Vec::new();
        let mut indexes: HashMap<RowKey, usize> = HashMap::new();
        // Rows of all that is known, with what came of it: clients share it, and there may be millions of them.
        let mut sums: Vec<(Option<usize>, RowSum)> = vec![(None, RowSum::default()); sightings.known().len()];
        for (place, sighting) in sightings.iter() {
            let Some((index, sum)) = sums.get_mut(place) else { continue };
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

    /// What some of the rows come to.
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

/// The addresses of some clients that stayed unknown.
pub(crate) fn strangers<'j>(judged: impl IntoIterator<Item = &'j Judged>) -> impl Iterator<Item = IpAddr> {
    judged.into_iter().filter(|judged| judged.unknown().is_some()).filter_map(|judged| judged.address)
}
