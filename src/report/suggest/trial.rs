//! Tries lines on clients, with the same engine that will read them.

use super::{SuggestedLine, line::LineReach};
use crate::{
    error::Result,
    pattern::{MatchSubject, PatternSpec, Patterns},
    verdict::Judged,
};
use std::{
    collections::{BTreeSet, HashMap, HashSet},
    net::IpAddr,
};

/// Lines in sets by the texts that they can match: otherwise thousands of lines would be tried on thousands of clients.
pub(super) struct Trial {
    sets: HashMap<LineReach, TrialSet>,
}

/// Lines as one set of patterns.
struct TrialSet {
    patterns: Patterns,
    /// The index of each line.
    lines: Vec<usize>,
}

impl Trial {
    /// A trial of lines, identified by their order.
    pub(super) fn of<'l>(lines: impl Iterator<Item = &'l SuggestedLine>) -> Result<Self> {
        let mut specs: HashMap<LineReach, (PatternSpec, Vec<usize>)> = HashMap::new();
        for (index, line) in lines.enumerate() {
            let (spec, lines) = specs.entry(line.reach().clone()).or_default();
            spec.inline.push(line.to_string().into());
            lines.push(index);
        }
        // A line that is no pattern (its name is too long) matches nobody, and so is not suggested.
        let set = |(reach, (spec, lines))| Ok((reach, TrialSet { patterns: Patterns::read(&spec)?, lines }));
        Ok(Self { sets: specs.into_iter().map(set).collect::<Result<_>>()? })
    }

    /// The lines that match a record, for any address in it.
    pub(super) fn by_record(&self, judged: &Judged) -> BTreeSet<usize> {
        let Some(answer) = judged.answer() else { return BTreeSet::new() };
        let origin = judged.origin.as_ref().map(|origin| &origin.origin);
        let subject = MatchSubject { text: "", record: Some(&answer.record), address: None, origin };
        let reaches: HashSet<LineReach> = LineReach::all(judged).into_iter().collect();
        reaches.iter().flat_map(|reach| self.tried(reach, &subject)).collect()
    }

    /// The lines that match an address, for any record.
    pub(super) fn by_address(&self, address: IpAddr) -> Vec<usize> {
        self.tried(
            &LineReach::Network,
            &MatchSubject { text: "", record: None, address: Some(address), origin: None },
        )
    }

    fn tried(&self, reach: &LineReach, subject: &MatchSubject<'_>) -> Vec<usize> {
        let Some(set) = self.sets.get(reach) else { return Vec::new() };
        let matches = set.patterns.judge(subject).matches;
        let lines = matches.iter().filter_map(|found| usize::try_from(found.line).ok()?.checked_sub(1));
        lines.filter_map(|line| set.lines.get(line).copied()).collect()
    }
}
