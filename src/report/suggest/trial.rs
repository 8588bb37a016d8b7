//! Lines tried on clients, by the same engine that will read them.

use super::{SuggestedLine, line::LineReach};
use crate::{
    error::Result,
    pattern::{MatchSubject, PatternSpec, Patterns},
    verdict::Judged,
};
use std::{
    cell::RefCell,
    collections::{HashMap, HashSet},
};

/// A network's owner and its own name, as a record has them.
type RecordNames = (Option<String>, Option<String>);

/// Many owners' lines, in sets by what they can match at all: thousands of owners of thousands of clients would
/// otherwise be tried on each other.
pub(super) struct Trial {
    sets: HashMap<LineReach, TrialSet>,
    /// The owners whose lines match a name, by that name: most clients share theirs with others.
    names: RefCell<HashMap<RecordNames, Vec<usize>>>,
}

/// Lines as one set of patterns.
struct TrialSet {
    patterns: Patterns,
    /// Whose each line is.
    owners: Vec<usize>,
}

impl Trial {
    /// Each owner's lines, in the order of the owners.
    pub(super) fn of<'l>(lines: impl Iterator<Item = &'l [SuggestedLine]>) -> Result<Self> {
        let mut specs: HashMap<LineReach, (PatternSpec, Vec<usize>)> = HashMap::new();
        for (place, lines) in lines.enumerate() {
            for line in lines {
                let (spec, owners) = specs.entry(line.reach().clone()).or_default();
                spec.inline.push(line.to_string().into());
                owners.push(place);
            }
        }
        // A line that is no pattern (a name too long for one) matches nobody, and so is not suggested.
        let set =
            |(reach, (spec, owners))| Ok((reach, TrialSet { patterns: Patterns::read(&spec)?, owners }));
        Ok(Self { sets: specs.into_iter().map(set).collect::<Result<_>>()?, names: RefCell::default() })
    }

    /// The owners whose lines match this client, some of them perhaps twice.
    pub(super) fn hits(&self, judged: &Judged) -> Vec<usize> {
        let Some(answer) = judged.answer() else { return Vec::new() };
        let address = MatchSubject { text: "", record: None, address: judged.address, origin: None };
        let mut hits = self.tried(&LineReach::Network, &address);
        let record = &answer.record;
        let mut names = self.names.borrow_mut();
        let named = names.entry((record.org.clone(), record.name.clone())).or_insert_with(|| {
            let subject = MatchSubject { text: "", record: Some(record), address: None, origin: None };
            let reaches: HashSet<LineReach> =
                record.org.iter().chain(&record.name).flat_map(|name| LineReach::of(name)).collect();
            reaches.iter().flat_map(|reach| self.tried(reach, &subject)).collect()
        });
        hits.extend(named.iter());
        hits
    }

    fn tried(&self, reach: &LineReach, subject: &MatchSubject<'_>) -> Vec<usize> {
        let Some(set) = self.sets.get(reach) else { return Vec::new() };
        let matches = set.patterns.judge(subject).matches;
        let lines = matches.iter().filter_map(|found| usize::try_from(found.line).ok()?.checked_sub(1));
        lines.filter_map(|line| set.owners.get(line).copied()).collect()
    }
}
