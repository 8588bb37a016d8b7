//! One row of a report, and how it is built from clients.

use super::{Grouping, ReportSpan, RowSum, Sighting, fold};
use crate::{
    address::Prefix,
    pattern::PatternMatch,
    registry::UnknownKind,
    verdict::{Judged, Verdict},
};
use jiff::Timestamp;
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
};

/// The kind of a row.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum RowKind {
    /// Clients whose records have this value, in the spelling that came first. None: their records have no value.
    Known(Option<String>),
    /// All clients whose network could not be found out, with the number of addresses for each reason.
    Unknown(Vec<(UnknownKind, u64)>),
    /// Addresses in reserved ranges, never asked about, with IANA's names of the ranges.
    Reserved(Vec<&'static str>),
}

/// One row: all clients of one owner's networks, or of those that share another value.
#[derive(Clone, Debug)]
pub struct ReportRow<'a> {
    /// The kind of the row.
    pub kind: RowKind,
    /// The grouping of this report.
    pub grouping: Grouping,
    /// The owners, most hits first; with equal hits in order of appearance.
    pub owners: Vec<String>,
    /// ISO 3166 code of the country with the most hits.
    pub country: Option<&'a str>,
    /// Addresses for complaints, in order of the clients.
    pub abuse: Vec<&'a str>,
    /// The networks as the registries have them, in order, without duplicates.
    pub networks: Vec<Prefix>,
    /// Distinct clients.
    pub addresses: u64,
    /// Their log lines.
    pub hits: u64,
    /// The time of the first hit.
    pub first: Option<Timestamp>,
    /// The time of the last hit.
    pub last: Option<Timestamp>,
    /// Hits by time slice; the slices are the same for all rows.
    pub activity: Vec<u64>,
    /// The verdict of the row.
    pub verdict: Verdict,
    /// The patterns that matched any of them, without duplicates.
    pub matches: Vec<&'a PatternMatch>,
    /// The clients, in the order of the log.
    pub members: Vec<Sighting<'a>>,
}

impl ReportRow<'_> {
    /// The value that the clients share. None for unknown and reserved addresses, and if records have none.
    #[must_use]
    pub fn by(&self) -> Option<&str> {
        match &self.kind {
            RowKind::Known(value) => value.as_deref(),
            RowKind::Unknown(_) | RowKind::Reserved(_) => None,
        }
    }

    /// The owner with the most hits; None for the rows of unknown and reserved addresses.
    #[must_use]
    pub fn owner(&self) -> Option<&str> {
        self.owners.first().map(String::as_str)
    }

    /// The title of the row: its value, or words in brackets.
    #[must_use]
    pub fn title(&self) -> &str {
        match &self.kind {
            RowKind::Known(Some(value)) => value,
            RowKind::Known(None) => self.grouping.none(),
            RowKind::Unknown(_) => "(unknown)",
            RowKind::Reserved(_) => "(reserved)",
        }
    }

    /// The reason if there is no owner: `timeout: 3, denied: 1`, or the names of reserved ranges.
    #[must_use]
    pub fn reason(&self) -> Option<String> {
        match &self.kind {
            RowKind::Known(_) => None,
            RowKind::Unknown(causes) => {
                let causes = causes.iter().map(|(kind, count)| format!("{}: {count}", kind.as_str()));
                Some(causes.collect::<Vec<_>>().join(", "))
            }
            RowKind::Reserved(names) => Some(names.join(", ")),
        }
    }

    /// The clients, most hits first; with equal hits in order of appearance.
    #[must_use]
    pub fn clients(&self) -> Vec<Sighting<'_>> {
        let mut clients = self.members.clone();
        clients.sort_by_key(|seen| Reverse(seen.hits()));
        clients
    }
}

/// The key that puts two clients into one row.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(super) enum RowKey {
    Known(Option<String>),
    Unknown,
    Reserved,
}

impl RowKey {
    pub(super) fn of(judged: &Judged, grouping: Grouping) -> Self {
        let value = grouping.value(judged);
        // The table of origins also gives the AS of a client whose owner is unknown.
        if Grouping::is_known(judged) || grouping == Grouping::Asn && value.is_some() {
            return Self::Known(value.map(|value| fold(&value)));
        }
        if judged.reserved().is_some() { Self::Reserved } else { Self::Unknown }
    }
}

/// A row under construction.
pub(super) struct RowBuilder<'a> {
    row: ReportRow<'a>,
    span: Option<ReportSpan>,
    contacts: HashSet<&'a str>,
    matched: HashSet<(&'a str, u32)>,
    networks: BTreeSet<Prefix>,
    /// Hits by country; with equal hits the first in the alphabet wins.
    countries: BTreeMap<&'a str, u64>,
    /// Owners by their folded names: the index in the list after it.
    owner_indexes: HashMap<String, usize>,
    owners: Vec<(String, u64)>,
    causes: Vec<(UnknownKind, u64)>,
    reserved: Vec<&'static str>,
}

impl<'a> RowBuilder<'a> {
    /// The row that begins with a client.
    pub(super) fn new(key: &RowKey, first: &Judged, grouping: Grouping, span: Option<ReportSpan>) -> Self {
        let value = || grouping.value(first);
        let (kind, verdict) = match key {
            RowKey::Known(_) => (RowKind::Known(value()), Verdict::Clear),
            RowKey::Unknown => (RowKind::Unknown(Vec::new()), Verdict::Unknown),
            RowKey::Reserved => (RowKind::Reserved(Vec::new()), Verdict::Clear),
        };
        let row = ReportRow {
            kind,
            grouping,
            owners: Vec::new(),
            country: None,
            abuse: Vec::new(),
            networks: Vec::new(),
            addresses: 0,
            hits: 0,
            first: None,
            last: None,
            activity: vec![0; span.map_or(0, ReportSpan::slices)],
            verdict,
            matches: Vec::new(),
            members: Vec::new(),
        };
        Self {
            row,
            span,
            contacts: HashSet::new(),
            matched: HashSet::new(),
            networks: BTreeSet::new(),
            countries: BTreeMap::new(),
            owner_indexes: HashMap::new(),
            owners: Vec::new(),
            causes: Vec::new(),
            reserved: Vec::new(),
        }
    }

    /// Adds a client.
    pub(super) fn add(&mut self, sighting: Sighting<'a>) {
        let row = &mut self.row;
        row.addresses += 1;
        row.hits += sighting.hits();
        row.first = earliest(row.first, sighting.first());
        row.last = row.last.max(sighting.last());
        if let Some(span) = self.span {
            sighting.client.activity.draw(span.first(), span.last(), &mut row.activity);
        }
        row.members.push(sighting);
    }

    /// Adds the facts that some of its clients share, once, with the sum of these clients.
    pub(super) fn learn(&mut self, judged: &'a Judged, sum: RowSum) {
        let row = &mut self.row;
        row.verdict = worse(row.verdict, judged.verdict);
        for found in &judged.matches {
            if self.matched.insert((&found.file, found.line)) {
                row.matches.push(found);
            }
        }
        if let Some(answer) = judged.answer() {
            let record = &answer.record;
            self.networks.extend(record.network.prefixes());
            if let Some(country) = &record.country {
                *self.countries.entry(country).or_default() += sum.hits;
            }
            for address in &record.abuse {
                if self.contacts.insert(address) {
                    row.abuse.push(address);
                }
            }
        }
        self.networks.extend(
            judged.announced().filter(|_| Grouping::is_known(judged)).into_iter().flat_map(|n| n.prefixes()),
        );
        self.add_owner(judged, sum.hits);
        if let Some(special) = judged.reserved() {
            self.networks.insert(special.prefix);
            if !self.reserved.contains(&special.name) {
                self.reserved.push(special.name);
            }
        }
        if let Some(unknown) = judged.unknown() {
            match self.causes.iter_mut().find(|(kind, _)| *kind == unknown.kind) {
                Some((_, count)) => *count += sum.addresses,
                None => self.causes.push((unknown.kind, sum.addresses)),
            }
        }
    }

    fn add_owner(&mut self, judged: &Judged, sent: u64) {
        // In a report by owner there is one owner, and it is known.
        if self.row.grouping == Grouping::Owner || !Grouping::is_known(judged) {
            return;
        }
        let Some(owner) = Grouping::Owner.value(judged) else { return };
        let owners = &mut self.owners;
        let index = *self.owner_indexes.entry(fold(&owner)).or_insert_with(|| {
            owners.push((owner, 0));
            owners.len() - 1
        });
        if let Some((_, hits)) = owners.get_mut(index) {
            *hits += sent;
        }
    }

    pub(super) fn finish(self) -> ReportRow<'a> {
        let mut row = self.row;
        // Half of what the list grew into may be empty, and there may be millions of clients.
        row.members.shrink_to_fit();
        match &mut row.kind {
            RowKind::Known(value) if row.grouping == Grouping::Owner => row.owners.extend(value.clone()),
            RowKind::Known(_) => {}
            RowKind::Unknown(causes) => {
                *causes = self.causes;
                causes.sort_by_key(|(_, count)| Reverse(*count));
            }
            RowKind::Reserved(names) => *names = self.reserved,
        }
        let mut owners = self.owners;
        owners.sort_by_key(|(_, hits)| Reverse(*hits));
        row.owners.extend(owners.into_iter().map(|(name, _)| name));
        row.networks = self.networks.into_iter().collect();
        row.country =
            self.countries.into_iter().rev().max_by_key(|(_, hits)| *hits).map(|(country, _)| country);
        row
    }
}

fn earliest(one: Option<Timestamp>, other: Option<Timestamp>) -> Option<Timestamp> {
    one.into_iter().chain(other).min()
}

/// The verdict of a row with clients of both.
fn worse(one: Verdict, other: Verdict) -> Verdict {
    let rank = |verdict: &Verdict| match verdict {
        Verdict::Unknown => 3,
        Verdict::Blocked => 2,
        Verdict::Allowed => 1,
        Verdict::Clear => 0,
    };
    [one, other].into_iter().max_by_key(rank).unwrap_or(one)
}
