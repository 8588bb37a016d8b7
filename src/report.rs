//! Who was behind the traffic: the clients of a log, grouped by the owner of their networks. Pure: no network, no
//! cache, no output.
//!
//! An owner is the organisation that the registry names, or the network's name where it names none, or the network
//! itself where it has no name either. Names that differ in case or blanks alone are one owner, in whatever registry
//! they stand. Addresses that stayed unknown are one row together, and so are those that are nobody's network: the
//! rows' hits add up to the log's.
//!
//! What an owner's row says of all its addresses: `blocked` when any of them is, else `allowed` when any of them is,
//! else `clear`; the country is the one that most hits came from; networks and abuse contacts are those of all.

pub mod moment;
mod named;
mod span;
pub mod suggest;
#[cfg(test)]
pub(crate) mod tests;

pub use named::{Name, name};
pub use span::Span;

use crate::{
    address::Prefix,
    pattern::Match,
    registry::Kind,
    verdict::{Judged, Verdict},
};
use jiff::Timestamp;
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    net::IpAddr,
};

/// One client of the log, judged.
#[derive(Clone, Debug)]
pub struct Sighting {
    /// Who it is, how often it came, and the verdict.
    pub judged: Judged,
    /// When it came first; None when none of its lines has a time.
    pub first: Option<Timestamp>,
    /// When it came last.
    pub last: Option<Timestamp>,
    /// Its hits in each slice of the report's [`Span`]. Hits on lines without a time are in none.
    pub activity: Vec<u64>,
}

/// Whose row it is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Who {
    /// The owner, in the spelling that came first.
    Named(String),
    /// Everybody whose network could not be found out, and why: kinds with their addresses.
    Unknown(Vec<(Kind, u64)>),
    /// Addresses that are nobody's network, never asked about.
    Reserved,
}

/// One row: an owner and all that came from its networks.
#[derive(Clone, Debug)]
pub struct Owner<'a> {
    /// Whose row it is.
    pub who: Who,
    /// ISO 3166 code: the one that most hits came from.
    pub country: Option<&'a str>,
    /// Where to complain, those of the first clients first.
    pub abuse: Vec<&'a str>,
    /// The networks as the registries have them, in order, each once.
    pub networks: Vec<Prefix>,
    /// Distinct clients.
    pub addresses: u64,
    /// Log lines of theirs.
    pub hits: u64,
    /// When the first of them came.
    pub first: Option<Timestamp>,
    /// When the last of them came.
    pub last: Option<Timestamp>,
    /// Hits by slice of time, for all rows the same slices.
    pub activity: Vec<u64>,
    /// What the patterns come to.
    pub verdict: Verdict,
    /// The patterns that matched any of them, each once.
    pub matches: Vec<&'a Match>,
    /// The clients.
    pub members: Vec<&'a Judged>,
}

/// All rows, most hits first; of two with as many the one that came first in the log.
#[derive(Clone, Debug)]
pub struct Report<'a> {
    /// The rows.
    pub owners: Vec<Owner<'a>>,
    /// The time that the log spans; None when no line has a time.
    pub span: Option<Span>,
}

/// What several rows come to.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Sum {
    /// Log lines.
    pub hits: u64,
    /// Distinct clients.
    pub addresses: u64,
    /// Rows.
    pub rows: u64,
}

impl<'a> Report<'a> {
    /// Groups sightings, in the order of the log, that were drawn over this span.
    #[must_use]
    pub fn new(sightings: &'a [Sighting], span: Option<Span>) -> Self {
        let mut rows: Vec<Row<'a>> = Vec::new();
        let mut places: HashMap<Key, usize> = HashMap::new();
        for sighting in sightings {
            let (key, who) = key(&sighting.judged);
            let place = *places.entry(key).or_insert_with(|| {
                rows.push(Row::new(who, span.map_or(0, |span| span.slices())));
                rows.len() - 1
            });
            if let Some(row) = rows.get_mut(place) {
                row.add(sighting);
            }
        }
        let mut owners: Vec<Owner<'a>> = rows.into_iter().map(Row::finish).collect();
        owners.sort_by_key(|owner| Reverse(owner.hits));
        Self { owners, span }
    }

    /// The first `most` rows, and the rest.
    #[must_use]
    pub fn top(&self, most: Option<usize>) -> (&[Owner<'a>], &[Owner<'a>]) {
        self.owners.split_at(most.unwrap_or(usize::MAX).min(self.owners.len()))
    }

    /// What some of the rows come to.
    #[must_use]
    pub fn sum<'o>(owners: impl IntoIterator<Item = &'o Owner<'a>>) -> Sum
    where
        'a: 'o,
    {
        owners.into_iter().fold(Sum::default(), |sum, owner| Sum {
            hits: sum.hits + owner.hits,
            addresses: sum.addresses + owner.addresses,
            rows: sum.rows + 1,
        })
    }
}

impl Owner<'_> {
    /// The owner's name; None for the rows of unknown and reserved addresses.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        match &self.who {
            Who::Named(name) => Some(name),
            Who::Unknown(_) | Who::Reserved => None,
        }
    }

    /// How many of its clients have this verdict.
    #[must_use]
    pub fn with(&self, verdict: Verdict) -> u64 {
        self.members.iter().filter(|judged| judged.verdict == verdict).count() as u64
    }
}

/// What makes two clients one owner's.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
enum Key {
    Named(String),
    Unknown,
    Reserved,
}

fn key(judged: &Judged) -> (Key, Who) {
    match (judged.answer(), judged.reserved()) {
        (Some(answer), _) => {
            let name = name(&answer.record);
            (Key::Named(name.key()), Who::Named(name.text().into_owned()))
        }
        (None, Some(_)) => (Key::Reserved, Who::Reserved),
        (None, None) => (Key::Unknown, Who::Unknown(Vec::new())),
    }
}

/// A row that still grows.
struct Row<'a> {
    owner: Owner<'a>,
    seen: HashSet<&'a str>,
    matched: HashSet<(&'a str, u32)>,
    networks: BTreeSet<Prefix>,
    /// Hits by country; of two with as many the first in the alphabet wins.
    countries: BTreeMap<&'a str, u64>,
    causes: Vec<(Kind, u64)>,
}

impl<'a> Row<'a> {
    fn new(who: Who, slices: usize) -> Self {
        let verdict = if matches!(who, Who::Unknown(_)) { Verdict::Unknown } else { Verdict::Clear };
        let owner = Owner {
            who,
            country: None,
            abuse: Vec::new(),
            networks: Vec::new(),
            addresses: 0,
            hits: 0,
            first: None,
            last: None,
            activity: vec![0; slices],
            verdict,
            matches: Vec::new(),
            members: Vec::new(),
        };
        Self {
            owner,
            seen: HashSet::new(),
            matched: HashSet::new(),
            networks: BTreeSet::new(),
            countries: BTreeMap::new(),
            causes: Vec::new(),
        }
    }

    fn add(&mut self, sighting: &'a Sighting) {
        let judged = &sighting.judged;
        let owner = &mut self.owner;
        owner.addresses += 1;
        owner.hits += judged.hits;
        owner.first = earliest(owner.first, sighting.first);
        owner.last = owner.last.max(sighting.last);
        for (sum, hits) in owner.activity.iter_mut().zip(&sighting.activity) {
            *sum += hits;
        }
        owner.verdict = worse(owner.verdict, judged.verdict);
        owner.members.push(judged);
        for found in &judged.matches {
            if self.matched.insert((&found.file, found.line)) {
                owner.matches.push(found);
            }
        }
        if let Some(answer) = judged.answer() {
            let record = &answer.record;
            self.networks.extend(record.network.prefixes());
            if let Some(country) = &record.country {
                *self.countries.entry(country).or_default() += judged.hits;
            }
            for address in &record.abuse {
                if self.seen.insert(address) {
                    owner.abuse.push(address);
                }
            }
        }
        self.networks.extend(judged.reserved().map(|special| special.prefix));
        if let Some(unknown) = judged.unknown() {
            match self.causes.iter_mut().find(|(kind, _)| *kind == unknown.kind) {
                Some((_, count)) => *count += 1,
                None => self.causes.push((unknown.kind, 1)),
            }
        }
    }

    fn finish(self) -> Owner<'a> {
        let mut owner = self.owner;
        if let Who::Unknown(causes) = &mut owner.who {
            *causes = self.causes;
            causes.sort_by_key(|(_, count)| Reverse(*count));
        }
        owner.networks = self.networks.into_iter().collect();
        owner.country =
            self.countries.into_iter().rev().max_by_key(|(_, hits)| *hits).map(|(country, _)| country);
        owner
    }
}

fn earliest(one: Option<Timestamp>, other: Option<Timestamp>) -> Option<Timestamp> {
    one.into_iter().chain(other).min()
}

/// What two clients of one owner come to.
fn worse(one: Verdict, other: Verdict) -> Verdict {
    let rank = |verdict: &Verdict| match verdict {
        Verdict::Unknown => 3,
        Verdict::Blocked => 2,
        Verdict::Allowed => 1,
        Verdict::Clear => 0,
    };
    [one, other].into_iter().max_by_key(rank).unwrap_or(one)
}

/// The addresses of some clients that stayed unknown.
pub(crate) fn strangers<'j>(judged: impl IntoIterator<Item = &'j Judged>) -> impl Iterator<Item = IpAddr> {
    judged.into_iter().filter(|judged| judged.unknown().is_some()).filter_map(|judged| judged.address)
}
