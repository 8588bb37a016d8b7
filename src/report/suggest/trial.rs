//! Lines tried on clients, by the same engine that will read them.

use super::Line;
use crate::{
    error::Result,
    pattern::{Patterns, Spec, Subject},
    verdict::Judged,
};

/// Many owners' lines as one set of patterns.
pub(super) struct Trial {
    patterns: Patterns,
    /// Whose each line is.
    owners: Vec<usize>,
}

impl Trial {
    /// Each owner's lines, in the order of the owners.
    pub(super) fn of<'l>(lines: impl Iterator<Item = &'l [Line]>) -> Result<Self> {
        let mut owners = Vec::new();
        let mut spec = Spec::default();
        for (place, lines) in lines.enumerate() {
            for line in lines {
                owners.push(place);
                spec.inline.push(line.to_string().into());
            }
        }
        // A line that is no pattern (a name too long for one) matches nobody, and so is not suggested.
        Ok(Self { patterns: Patterns::read(&spec)?, owners })
    }

    /// The owners whose lines match this client.
    pub(super) fn hits(&self, judged: &Judged) -> Vec<usize> {
        let Some(answer) = judged.answer() else { return Vec::new() };
        let subject = Subject { text: "", record: Some(&answer.record), address: judged.address };
        let matches = self.patterns.judge(&subject).matches;
        let lines = matches.iter().filter_map(|found| usize::try_from(found.line).ok()?.checked_sub(1));
        let mut places: Vec<usize> = lines.filter_map(|line| self.owners.get(line).copied()).collect();
        places.dedup();
        places
    }
}
