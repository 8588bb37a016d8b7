//! Suggests pattern lines that would stop the owners that are not blocked yet, and nobody whose mail is wanted.
//!
//! A spam run uses many names and has one maintainer, one abuse desk or one AS. Every line that could match a client is
//! a candidate. As few of them as possible are chosen ([`cover`]). If two cover the same, the one that matches least
//! beyond it wins. A line is never chosen if it matches a client whose mail is wanted: a client or an owner in the log
//! of wanted mail, or a client that an allow pattern accepts. A name that anybody may use, and a network, stand for one
//! owner only. The chosen lines are tried on all clients by the same engine that will read them.

mod cover;
mod ground;
mod line;
#[cfg(test)]
mod month;
#[cfg(test)]
mod tests;
mod trial;
mod wanted;

pub use line::{LineField, SuggestedLine};
pub use wanted::{SeenIn, WantedClients};

use super::{Grouping, Report, ReportRow, RowSum};
use crate::{address::Prefix, error::Result, registry::Record, verdict::Verdict};
use ground::{ChosenLine, SuggestGround};
use jiff::Timestamp;
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};
use wanted::{ProtectedClients, WantedOwners};

/// The limits for suggestions.
#[derive(Clone, Copy, Debug)]
pub struct SuggestBounds {
    /// The fewest hits that a line must stop.
    pub hits: u64,
    /// The fewest addresses that a line must stop.
    pub addresses: u64,
    /// Use only lines of this field; None for the fewest lines.
    pub only: Option<Grouping>,
}

/// The suggestions for one report's owners.
#[derive(Debug)]
pub struct Advice<'r, 'a> {
    /// Lines, in the order of the hits that they stop.
    pub suggested: Vec<Suggestion<'r, 'a>>,
    /// Owners that could be blocked but are left out, with the reason, most hits first.
    pub spared: Vec<(&'r ReportRow<'a>, SparedReason)>,
    /// Owners that are left out because they sent too little.
    pub small: RowSum,
    /// Clients of the wanted mail whose owner could not be found out.
    pub strangers: u64,
    /// Some mail is known to be wanted.
    pub weighed: bool,
}

/// One line and the owners that it stops.
#[derive(Debug)]
pub struct Suggestion<'r, 'a> {
    /// The line.
    pub line: SuggestedLine,
    /// The owners that it stops, most hits first.
    pub owners: Vec<&'r ReportRow<'a>>,
    /// Their networks, as far as the line stops them.
    pub networks: Vec<Prefix>,
    /// Log lines that no earlier suggestion stops.
    pub hits: u64,
    /// Their clients.
    pub addresses: u64,
    /// The time of the first hit.
    pub first: Option<Timestamp>,
    /// The time of the last hit.
    pub last: Option<Timestamp>,
    /// The country with the most hits.
    pub country: Option<&'a str>,
    /// The abuse contact with the most hits.
    pub abuse: Option<&'a str>,
}

/// The reason why an owner is left out.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum SparedReason {
    /// This client of the owner sent mail that is wanted.
    Ham(IpAddr),
    /// Mail was delivered to this server of the owner.
    Correspondent(IpAddr),
    /// A client whose mail is wanted is in one of its networks, and the client's owner could not be found out.
    Stranger(IpAddr),
    /// Every line that stops it would also stop others, or wanted mail.
    Inseparable,
    /// The records do not name the field that lines were asked for.
    Unnamed(Grouping),
}

/// Suggests lines for the owners that are clear, without those whose mail is wanted. The report must be grouped by
/// owner.
///
/// # Errors
/// None is expected: the lines are matched against the clients like any pattern file, and reading one may fail in
/// general.
pub fn suggest<'r, 'a>(
    report: &'r Report<'a>,
    wanted: &WantedClients,
    bounds: SuggestBounds,
) -> Result<Advice<'r, 'a>> {
    let is_open = |row: &&ReportRow| row.verdict == Verdict::Clear && row.owner().is_some();
    let open: Vec<&ReportRow<'a>> = report.rows.iter().filter(is_open).collect();
    let owners = WantedOwners::of(wanted);
    let mut spared: Vec<Option<SparedReason>> = open.iter().map(|row| owners.spared(row)).collect();
    // Owners that are left out, and clients that an allow pattern accepts, may not be stopped by a line for others
    // either.
    let kept = open.iter().zip(&spared).filter(|(_, spared)| spared.is_some()).map(|(row, _)| *row);
    let allowed = report.rows.iter().filter(|row| row.verdict == Verdict::Allowed);
    let members = kept.chain(allowed).flat_map(|row| &row.members).copied();
    let protected = ProtectedClients::of(wanted, members);
    let rows = open.iter().zip(&spared).map(|(row, spared)| spared.is_none().then_some(*row));
    let ground = SuggestGround::new(rows, bounds.only);
    let choices = ground.choose(&protected, bounds, !wanted.is_empty())?;
    let left = ground.left(&choices);
    let mut small = RowSum::default();
    for (index, (row, spared)) in open.iter().zip(&mut spared).enumerate() {
        let Some(left) = left.get(&index).filter(|_| spared.is_none()) else { continue };
        if bounds.suffices(left.hits, left.addresses) {
            let unnamed = bounds.only.filter(|_| !ground.has_candidate(index));
            *spared = Some(unnamed.map_or(SparedReason::Inseparable, SparedReason::Unnamed));
        } else if left.hits == row.hits {
            small.add(row);
        }
    }
    let suggested = choices.into_iter().map(|choice| Suggestion::of(choice, &ground, &open));
    let mut suggested: Vec<Suggestion> = suggested.collect();
    suggested.sort_by_key(|suggestion| Reverse(suggestion.hits));
    // An owner with too few hits for a suggestion is not reported as left out.
    let spared = open.into_iter().zip(spared).filter_map(|(row, spared)| Some((row, spared?)));
    let spared = spared.filter(|(row, _)| bounds.suffices(row.hits, row.addresses)).collect();
    let strangers = owners.strangers.len() as u64;
    Ok(Advice { suggested, spared, small, strangers, weighed: !wanted.is_empty() })
}

impl SuggestBounds {
    fn suffices(&self, hits: u64, addresses: u64) -> bool {
        hits >= self.hits.max(1) && addresses >= self.addresses
    }
}

impl<'r, 'a> Suggestion<'r, 'a> {
    fn of(choice: ChosenLine, ground: &SuggestGround<'a>, open: &[&'r ReportRow<'a>]) -> Self {
        let (mut rows, mut prefixes) = (BTreeSet::new(), BTreeSet::new());
        let (mut countries, mut contacts) = (BTreeMap::new(), BTreeMap::new());
        let (mut hits, mut addresses, mut first, mut last) = (0, 0, None, None);
        for network in choice.networks.iter().filter_map(|index| ground.networks.get(*index)) {
            let record: &'a Record = network.record;
            rows.insert(network.row);
            prefixes.extend(record.network.prefixes());
            for member in &network.members {
                let sent = member.hits();
                (hits, addresses) = (hits + sent, addresses + 1);
                first = [first, member.first()].into_iter().flatten().min();
                last = last.max(member.last());
                if let Some(code) = &record.country {
                    *countries.entry(code.as_str()).or_insert(0) += sent;
                }
                if let Some(contact) = record.abuse.first() {
                    *contacts.entry(contact.as_str()).or_insert(0) += sent;
                }
            }
        }
        let most = |counts: BTreeMap<&'a str, u64>| {
            counts.into_iter().rev().max_by_key(|(_, hits)| *hits).map(|(value, _)| value)
        };
        Self {
            line: choice.line,
            // Rows come with most hits first.
            owners: rows.into_iter().filter_map(|row| open.get(row).copied()).collect(),
            networks: prefixes.into_iter().collect(),
            hits,
            addresses,
            first,
            last,
            country: most(countries),
            abuse: most(contacts),
        }
    }
}
