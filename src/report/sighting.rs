//! The clients of a log with their facts, in little memory. A log may have millions of clients, and the facts about a
//! network are the same for all clients inside.

use crate::{
    log::SeenClient,
    pattern::PatternMatch,
    registry::{Known, Record},
    verdict::Judged,
};
use jiff::Timestamp;
use std::{
    collections::HashMap,
    hash::{Hash, Hasher},
    net::IpAddr,
    rc::Rc,
    sync::Arc,
};

/// The index of a client that is left out.
const NOWHERE: u32 = u32::MAX;

/// One client of the log, judged.
#[derive(Clone, Copy, Debug)]
pub struct Sighting<'a> {
    /// The client, its hits and its times.
    pub client: &'a SeenClient,
    /// The facts known of it, and the verdict. They are shared with other clients, so they have neither an address nor
    /// hits.
    pub judged: &'a Judged,
}

impl Sighting<'_> {
    /// Its address.
    #[must_use]
    pub fn address(self) -> IpAddr {
        self.client.address()
    }

    /// The number of lines that named it.
    #[must_use]
    pub fn hits(self) -> u64 {
        self.client.hits
    }

    /// The time of its first hit; None if none of its lines has a time.
    #[must_use]
    pub fn first(self) -> Option<Timestamp> {
        self.client.first()
    }

    /// The time of its last hit.
    #[must_use]
    pub fn last(self) -> Option<Timestamp> {
        self.client.last()
    }
}

/// Clients and the facts known of them, each fact stored once.
#[derive(Debug, Default)]
pub struct Sightings {
    clients: Vec<SeenClient>,
    findings: SharedFindings,
    /// The index of each client's facts, in the order of the clients.
    of: Vec<u32>,
}

/// Facts about clients, each stored once.
#[derive(Debug, Default)]
pub(super) struct SharedFindings {
    known: Vec<Rc<Judged>>,
    indexes: HashMap<SharedFinding, u32>,
}

impl SharedFindings {
    /// Stores the facts about a client, and returns their index.
    pub(super) fn add(&mut self, judged: Judged) -> u32 {
        let shared = Rc::new(shared(judged));
        let next = u32::try_from(self.known.len()).unwrap_or(NOWHERE);
        let index = *self.indexes.entry(SharedFinding(Rc::clone(&shared))).or_insert(next);
        if index == next {
            self.known.push(shared);
        }
        index
    }

    /// The facts at an index.
    pub(super) fn get(&self, index: u32) -> Option<&Judged> {
        self.known.get(index as usize).map(Rc::as_ref)
    }

    /// All facts, in the order of their first clients.
    pub(super) fn iter(&self) -> impl ExactSizeIterator<Item = &Judged> {
        self.known.iter().map(Rc::as_ref)
    }
}

impl Sightings {
    /// These clients, with no facts yet.
    #[must_use]
    pub fn new(clients: Vec<SeenClient>) -> Self {
        Self { of: Vec::with_capacity(clients.len()), clients, ..Self::default() }
    }

    /// Adds the facts about the next client.
    pub fn add(&mut self, judged: Judged) {
        self.of.push(self.findings.add(judged));
    }

    /// Keeps only the clients whose facts are accepted. Returns whether there are any.
    pub fn retain(&mut self, keep: impl Fn(&Judged) -> bool) -> bool {
        let kept: Vec<bool> = self.findings.iter().map(keep).collect();
        for index in &mut self.of {
            if kept.get(*index as usize) != Some(&true) {
                *index = NOWHERE;
            }
        }
        kept.contains(&true)
    }

    /// Whether there are no clients at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.of.is_empty()
    }

    /// All facts, in the order of the first client with each.
    pub(super) fn known(&self) -> impl ExactSizeIterator<Item = &Judged> {
        self.findings.iter()
    }

    /// The clients in the order of the log, each with the index of its facts in [`Self::known`].
    pub(super) fn iter(&self) -> impl Iterator<Item = (usize, Sighting<'_>)> {
        self.clients.iter().zip(&self.of).filter_map(|(client, index)| {
            Some((*index as usize, Sighting { client, judged: self.findings.get(*index)? }))
        })
    }
}

impl FromIterator<(SeenClient, Judged)> for Sightings {
    fn from_iter<I: IntoIterator<Item = (SeenClient, Judged)>>(all: I) -> Self {
        let (clients, judged): (Vec<SeenClient>, Vec<Judged>) = all.into_iter().unzip();
        let mut sightings = Self::new(clients);
        judged.into_iter().for_each(|judged| sightings.add(judged));
        sightings
    }
}

/// The parts of a verdict that a report needs and that do not belong to a single client.
fn shared(mut judged: Judged) -> Judged {
    (judged.address, judged.hits, judged.count) = (None, 0, 0);
    match &mut judged.known {
        Known::Unknown(unknown) => unknown.message = String::new(),
        Known::Answer(answer) if answer.text.is_empty() && answer.servers.is_empty() => {}
        Known::Answer(answer) => {
            let answer = Arc::make_mut(answer);
            (answer.text, answer.servers) = (String::new(), Vec::new());
        }
        Known::Reserved(_) | Known::Origin => {}
    }
    judged
}

/// Facts about some clients, in the form for comparison.
#[derive(Debug)]
struct SharedFinding(Rc<Judged>);

impl SharedFinding {
    fn record(&self) -> Option<&Record> {
        self.0.answer().map(|answer| &answer.record)
    }
}

impl PartialEq for SharedFinding {
    fn eq(&self, other: &Self) -> bool {
        let special = |one: &Self| one.0.reserved().map(|special| (special.prefix, special.name));
        let (a, b) = (&self.0, &other.0);
        a.verdict == b.verdict
            && self.record() == other.record()
            && a.origin == b.origin
            && a.unknown() == b.unknown()
            && special(self) == special(other)
            && a.matches.iter().map(file_line).eq(b.matches.iter().map(file_line))
    }
}

impl Eq for SharedFinding {}

impl Hash for SharedFinding {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let judged = &self.0;
        self.record().map(|record| (record.network, &record.name, &record.org)).hash(state);
        judged.origin.as_ref().map(|origin| origin.range.id).hash(state);
        judged.unknown().map(|unknown| unknown.kind).hash(state);
        judged.reserved().map(|special| special.prefix).hash(state);
        judged.matches.iter().for_each(|found| file_line(found).hash(state));
    }
}

/// The pattern that matched. Its matched text may be an address, which other clients do not share.
fn file_line(found: &PatternMatch) -> (&str, u32) {
    (&found.file, found.line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::{Made, of, patterns};

    #[test]
    fn what_is_known_of_many_is_kept_once_and_differences_are_kept() {
        let patterns = patterns(&["@cidr 8.8.8.0/25"]);
        let made = [
            of("8.8.8.1", 1, "Contoso", "8.8.8.0/24"),
            of("8.8.8.2", 2, "Contoso", "8.8.8.0/24"),
            // Outside the pattern's network.
            of("8.8.8.200", 4, "Contoso", "8.8.8.0/24"),
            Made { abuse: "abuse@contoso.example", ..of("8.8.8.201", 8, "Contoso", "8.8.8.0/24") },
            of("9.9.9.1", 16, "", ""),
            of("9.9.9.2", 32, "", ""),
            of("10.0.0.1", 64, "", ""),
            of("10.9.0.1", 128, "", ""),
        ];
        let mut all: Sightings = made.iter().map(|made| made.seen(&patterns, &[0])).collect();
        assert_eq!(all.of, [0, 0, 1, 2, 3, 3, 4, 4]);
        let hits = |all: &Sightings| all.iter().map(|(_, seen)| seen.hits()).collect::<Vec<_>>();
        assert_eq!(hits(&all), [1, 2, 4, 8, 16, 32, 64, 128]);
        all.retain(|judged| judged.answer().is_some_and(|answer| answer.record.abuse.is_empty()));
        assert_eq!(hits(&all), [1, 2, 4]);
    }
}
