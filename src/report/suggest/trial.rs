//! Lines tried on clients, by the same engine that will read them.

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

/// Lines, in sets by what they can match at all: thousands of lines for thousands of clients would otherwise be tried
/// on each other.
pub(super) struct Trial {
    sets: HashMap<LineReach, TrialSet>,
}

/// Lines as one set of patterns.
struct TrialSet {
    patterns: Patterns,
    /// Which each line is.
    lines: Vec<usize>,
}

impl Trial {
    /// Of lines, known by their order.
    pub(super) fn of<'l>(lines: impl Iterator<Item = &'l SuggestedLine>) -> Result<Self> {
        let mut specs: HashMap<LineReach, (PatternSpec, Vec<usize>)> = HashMap::new();
        for (index, line) in lines.enumerate() {
            let (spec, lines) = specs.entry(line.reach().clone()).or_default();
            spec.inline.push(line.to_string().into());
            lines.push(index);
        }
        // A line that is no pattern (a name too long for one) matches nobody, and so is not suggested.
        let set = |(reach, (spec, lines))| Ok((reach, TrialSet { patterns: Patterns::read(&spec)?, lines }));
        Ok(Self { sets: specs.into_iter().map(set).collect::<Result<_>>()? })
    }

    /// The lines that match a record, whatever address in it.
    pub(super) fn by_record(&self, judged: &Judged) -> BTreeSet<usize> {
        let Some(answer) = judged.answer() else { return BTreeSet::new() };
        let origin = judged.origin.as_ref().map(|origin| &origin.origin);
        let subject = MatchSubject { text: "", record: Some(&answer.record), address: None, origin };
        let reaches: HashSet<LineReach> = LineReach::all(judged).into_iter().collect();
        reaches.iter().flat_map(|reach| self.tried(reach, &subject)).collect()
    }

    /// The lines that match an address, whatever its record.
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
