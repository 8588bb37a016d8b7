//! The networks to stop, the lines that could stop them, and the chosen lines.

use super::{
    SuggestBounds, SuggestedLine,
    cover::{CoverLine, SentCount, cover},
    trial::Trial,
    wanted::ProtectedClients,
};
use crate::{
    address::Network,
    error::Result,
    registry::Record,
    report::{Grouping, ReportRow, Sighting},
    verdict::Judged,
};
use std::collections::{BTreeSet, HashMap, HashSet};

/// The most rounds of choosing again without the lines that the engine refused.
const ROUNDS: usize = 8;
/// The lines that are tried at a time.
const TRIED: usize = 2048;

/// The fields of a record that lines match. Clients with equal fields are stopped together, except by network lines.
type RecordIdentity<'a> =
    (Network, Option<&'a str>, Option<&'a str>, &'a [String], &'a [String], &'a [u32], Option<&'a str>);

fn identity(judged: &Judged) -> Option<RecordIdentity<'_>> {
    let Record { network, org, name, abuse, maintainer, country, .. } = &judged.answer()?.record;
    let numbers = judged.numbers().0;
    Some((*network, org.as_deref(), name.as_deref(), abuse, maintainer, numbers, country.as_deref()))
}

/// Clients of one row whose records say the same.
pub(super) struct OpenNetwork<'a> {
    /// The index of the row.
    pub(super) row: usize,
    pub(super) record: &'a Record,
    judged: &'a Judged,
    pub(super) members: Vec<Sighting<'a>>,
    sent: SentCount,
}

/// A line that could be suggested.
struct CandidateLine {
    line: SuggestedLine,
    networks: Vec<usize>,
    /// It would stop wanted mail, or an owner that it does not stand for.
    refused: bool,
}

/// All networks to stop.
pub(super) struct SuggestGround<'a> {
    pub(super) networks: Vec<OpenNetwork<'a>>,
    candidates: Vec<CandidateLine>,
}

/// A chosen line, and the networks that no earlier line stops.
pub(super) struct ChosenLine {
    pub(super) line: SuggestedLine,
    pub(super) networks: Vec<usize>,
}

impl<'a> SuggestGround<'a> {
    /// The networks of the rows; None marks a row to leave out.
    pub(super) fn new<'r>(
        rows: impl Iterator<Item = Option<&'r ReportRow<'a>>>,
        only: Option<Grouping>,
    ) -> Self
    where
        'a: 'r,
    {
        let mut networks: Vec<OpenNetwork<'a>> = Vec::new();
        let mut indexes: HashMap<(usize, RecordIdentity<'a>), usize> = HashMap::new();
        for (row, members) in rows.enumerate().filter_map(|(index, row)| Some((index, &row?.members))) {
            for member in members {
                let judged = member.judged;
                let Some((answer, identity)) = judged.answer().zip(identity(judged)) else { continue };
                let index = *indexes.entry((row, identity)).or_insert_with(|| {
                    let (record, members) = (&answer.record, Vec::new());
                    networks.push(OpenNetwork { row, record, judged, members, sent: SentCount::default() });
                    networks.len() - 1
                });
                if let Some(network) = networks.get_mut(index) {
                    network.members.push(*member);
                    network.sent.hits += member.hits();
                    network.sent.addresses += 1;
                }
            }
        }
        networks.iter_mut().for_each(|network| network.members.shrink_to_fit());
        let candidates = candidates(&networks, only);
        Self { networks, candidates }
    }

    /// Chooses as few lines as possible that stop no protected client. `weighed` means that some mail is known to be
    /// wanted. Without that, a line for an AS is taken only if it saves two lines.
    pub(super) fn choose(
        &self,
        protected: &ProtectedClients<'_>,
        bounds: SuggestBounds,
        weighed: bool,
    ) -> Result<Vec<ChosenLine>> {
        let mut refused = self.refused(protected, bounds.only);
        let factor = |field| match field {
            super::LineField::Asn if !weighed => 2,
            _ => 5,
        };
        let sent: Vec<SentCount> = self.networks.iter().map(|network| network.sent).collect();
        let mut rounds = 0;
        loop {
            let lines: Vec<Option<CoverLine>> =
                self.candidates.iter().zip(&refused).map(|(one, refused)| one.reached(*refused)).collect();
            let mut chosen = cover(&lines, &sent, factor, |sent| bounds.suffices(sent.hits, sent.addresses));
            let wrong = self.wrong(&chosen, protected)?;
            rounds += 1;
            if wrong.is_empty() || rounds == ROUNDS {
                chosen.retain(|(index, _)| !wrong.contains(index));
                let choice = |(index, networks): (usize, Vec<usize>)| {
                    Some(ChosenLine { line: self.candidates.get(index)?.line.clone(), networks })
                };
                return Ok(chosen.into_iter().filter_map(choice).collect());
            }
            for index in wrong {
                refused.get_mut(index).into_iter().for_each(|refused| *refused = true);
            }
        }
    }

    /// Whether some line would match a network of this row.
    pub(super) fn has_candidate(&self, row: usize) -> bool {
        let is_of_row = |index: &usize| self.networks.get(*index).is_some_and(|network| network.row == row);
        self.candidates.iter().any(|candidate| candidate.networks.iter().any(is_of_row))
    }

    /// The mail that no line stops, by row.
    pub(super) fn left(&self, choices: &[ChosenLine]) -> HashMap<usize, SentCount> {
        let stopped: HashSet<usize> = choices.iter().flat_map(|choice| &choice.networks).copied().collect();
        let mut left: HashMap<usize, SentCount> = HashMap::new();
        for (_, network) in self.networks.iter().enumerate().filter(|(index, _)| !stopped.contains(index)) {
            let sum = left.entry(network.row).or_default();
            sum.hits += network.sent.hits;
            sum.addresses += network.sent.addresses;
        }
        left
    }

    /// Lines that cannot be suggested, as far as the records show.
    fn refused(&self, protected: &ProtectedClients<'_>, only: Option<Grouping>) -> Vec<bool> {
        let mut seen = HashSet::new();
        let mut texts = HashSet::new();
        for judged in &protected.known {
            if identity(judged).is_some_and(|identity| seen.insert(identity)) {
                texts.extend(SuggestedLine::all(judged, only).iter().map(SuggestedLine::folded));
            }
        }
        let holds = |line: &SuggestedLine| line.prefix().is_some_and(|network| protected.is_one_in(&network));
        let refused =
            |one: &CandidateLine| one.refused || texts.contains(&one.line.folded()) || holds(&one.line);
        self.candidates.iter().map(refused).collect()
    }

    /// The chosen lines that do something other than intended, according to the engine that will read them. A part of them
    /// is tried at a time: a compiled line takes some KiB, and there may be thousands.
    fn wrong(
        &self,
        chosen: &[(usize, Vec<usize>)],
        protected: &ProtectedClients<'_>,
    ) -> Result<BTreeSet<usize>> {
        let mut wrong = BTreeSet::new();
        for part in chosen.chunks(TRIED) {
            wrong.extend(self.wrong_of(part, protected)?);
        }
        Ok(wrong)
    }

    fn wrong_of(
        &self,
        chosen: &[(usize, Vec<usize>)],
        protected: &ProtectedClients<'_>,
    ) -> Result<BTreeSet<usize>> {
        let lines: Vec<(usize, &SuggestedLine)> = chosen
            .iter()
            .filter_map(|(index, _)| Some((*index, &self.candidates.get(*index)?.line)))
            .collect();
        let trial = Trial::of(lines.iter().map(|(_, line)| *line))?;
        let mut wrong = BTreeSet::new();
        let mut seen = HashSet::new();
        for address in &protected.addresses {
            wrong.extend(trial.by_address(*address));
        }
        for judged in &protected.known {
            if identity(judged).is_some_and(|identity| seen.insert(identity)) {
                wrong.extend(trial.by_record(judged));
            }
        }
        // By index in the trial: the row that a line stands for, and the line that stops a network.
        let mut owners: HashMap<usize, usize> = HashMap::new();
        let mut stopped: HashMap<usize, usize> = HashMap::new();
        for (number, (_, networks)) in chosen.iter().enumerate() {
            for network in networks {
                stopped.insert(*network, number);
                owners.extend(self.networks.get(*network).map(|network| (number, network.row)));
            }
        }
        for (index, network) in self.networks.iter().enumerate() {
            let by_record = trial.by_record(network.judged);
            for member in &network.members {
                let by_address = trial.by_address(member.address());
                let wanted = stopped.get(&index);
                wrong.extend(wanted.filter(|n| !by_record.contains(n) && !by_address.contains(n)));
                let foreign = |number: &&usize| {
                    let joins = lines.get(**number).is_none_or(|(_, line)| line.field().joins());
                    !joins && owners.get(*number).is_some_and(|row| *row != network.row)
                };
                wrong.extend(by_record.iter().chain(&by_address).filter(foreign));
            }
        }
        Ok(wrong.into_iter().filter_map(|number| lines.get(number)).map(|(index, _)| *index).collect())
    }
}

impl CandidateLine {
    fn reached(&self, refused: bool) -> Option<CoverLine> {
        (!refused).then(|| CoverLine { field: self.line.field(), networks: self.networks.clone() })
    }
}

/// Every line that matches one of the networks, without duplicates.
fn candidates(networks: &[OpenNetwork<'_>], only: Option<Grouping>) -> Vec<CandidateLine> {
    let mut candidates: Vec<CandidateLine> = Vec::new();
    let mut indexes: HashMap<String, usize> = HashMap::new();
    for (number, network) in networks.iter().enumerate() {
        for line in SuggestedLine::all(network.judged, only) {
            let index = *indexes.entry(line.folded()).or_insert_with(|| {
                candidates.push(CandidateLine { line, networks: Vec::new(), refused: false });
                candidates.len() - 1
            });
            let Some(candidate) = candidates.get_mut(index) else { continue };
            // A record may name a value twice.
            if candidate.networks.last() != Some(&number) {
                candidate.networks.push(number);
            }
        }
    }
    for candidate in candidates.iter_mut().filter(|one| !one.line.field().joins()) {
        let rows: BTreeSet<usize> =
            candidate.networks.iter().filter_map(|n| networks.get(*n)).map(|network| network.row).collect();
        candidate.refused = rows.len() > 1;
    }
    candidates
}
