//! Which lines would stop the owners that are not blocked yet, and nobody else.
//!
//! Every line is tried on everybody at hand before it is suggested: it must match its own owner's clients, no other
//! owner's, and nobody who sends mail that is wanted. A name that would do more gives way to the networks.

mod line;
#[cfg(test)]
mod tests;
mod trial;

pub use line::SuggestedLine;

use super::{Report, ReportRow, name, strangers};
use crate::{
    address::Prefix,
    error::Result,
    verdict::{Judged, Verdict},
};
use std::{
    collections::{BTreeSet, HashMap, HashSet},
    net::IpAddr,
};
use trial::Trial;

/// What to do about one report's owners.
#[derive(Debug)]
pub struct Advice<'r, 'a> {
    /// Owners to block, most hits first.
    pub suggested: Vec<Suggested<'r, 'a>>,
    /// Owners that could be blocked, and why they are left out, most hits first.
    pub spared: Vec<(&'r ReportRow<'a>, SparedReason)>,
    /// Clients of the wanted mail whose owner could not be found out.
    pub strangers: u64,
}

/// One owner and the lines that block it.
#[derive(Debug)]
pub struct Suggested<'r, 'a> {
    /// The owner.
    pub owner: &'r ReportRow<'a>,
    /// One line, or as many as it has names or networks.
    pub lines: Vec<SuggestedLine>,
}

/// Why an owner is left out.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum SparedReason {
    /// This client sent mail that is wanted, and is the owner's, or would be blocked with it.
    Ham(IpAddr),
    /// A client that sent mail that is wanted lies in one of its networks, and its own owner could not be found out.
    Stranger(IpAddr),
    /// No line blocks it that would not block others too.
    Inseparable,
}

/// Suggests lines for the owners that are clear, leaving out those that `ham` comes from.
///
/// # Errors
/// None is expected: the lines are held against the clients as any pattern file is, which reads files in general.
pub fn suggest<'r, 'a>(report: &'r Report<'a>, ham: &[Judged]) -> Result<Advice<'r, 'a>> {
    let open: Vec<&ReportRow> = report
        .rows
        .iter()
        .filter(|owner| owner.verdict == Verdict::Clear && owner.owner().is_some())
        .collect();
    let ham: Vec<&Judged> = ham.iter().filter(|judged| judged.reserved().is_none()).collect();
    let wanted = WantedOwners::of(&ham);
    let mut fates: Vec<OwnerFate> = open.iter().map(|owner| wanted.fate(owner)).collect();
    let others = report.rows.iter().filter(|owner| owner.verdict != Verdict::Clear);
    let others: Vec<&Judged> = others.flat_map(|owner| &owner.members).map(|seen| &seen.judged).collect();
    // Names first; where a name does too much or too little, networks in its place; then there is nothing left to try.
    for last in [false, true] {
        let trial = Trial::of(fates.iter().map(OwnerFate::live))?;
        for judged in &ham {
            for place in trial.hits(judged) {
                if let (Some(fate), Some(address)) = (fates.get_mut(place), judged.address) {
                    fate.spared.get_or_insert(SparedReason::Ham(address));
                }
            }
        }
        find_trouble(&trial, &open, &others, &mut fates);
        let troubled = open.iter().zip(&mut fates).filter(|(_, fate)| fate.trouble && fate.spared.is_none());
        let mut again = false;
        for (owner, fate) in troubled {
            if last {
                fate.spared = Some(SparedReason::Inseparable);
            } else {
                *fate = OwnerFate::new(
                    owner.networks.iter().map(|network| SuggestedLine::network(*network)).collect(),
                );
                again = true;
            }
        }
        if !again {
            break;
        }
    }
    Ok(advice(open, fates, wanted.strangers.len() as u64))
}

/// Marks the owners whose lines match others, or not all that they should.
fn find_trouble(trial: &Trial, open: &[&ReportRow], others: &[&Judged], fates: &mut [OwnerFate]) {
    let mut mark = |place: usize| fates.get_mut(place).into_iter().for_each(|fate| fate.trouble = true);
    others.iter().flat_map(|judged| trial.hits(judged)).for_each(&mut mark);
    for (place, owner) in open.iter().enumerate() {
        for member in &owner.members {
            let hits = trial.hits(&member.judged);
            if !hits.contains(&place) {
                mark(place);
            }
            hits.into_iter().filter(|hit| *hit != place).for_each(&mut mark);
        }
    }
}

/// Whose mail is wanted.
struct WantedOwners {
    /// Owners, by their names' keys, with a client of each.
    owners: HashMap<String, IpAddr>,
    /// Clients whose owner could not be found out.
    strangers: BTreeSet<IpAddr>,
}

impl WantedOwners {
    fn of(ham: &[&Judged]) -> Self {
        let known =
            ham.iter().filter_map(|judged| Some((name(&judged.answer()?.record).key(), judged.address?)));
        Self { owners: known.collect(), strangers: strangers(ham.iter().copied()).collect() }
    }

    /// An owner who sends wanted mail is spared at once; any other gets a line for each name that its clients go by.
    fn fate(&self, owner: &ReportRow) -> OwnerFate {
        let records = || owner.members.iter().filter_map(|seen| Some(&seen.judged.answer()?.record));
        if let Some(address) = records().find_map(|record| self.owners.get(&name(record).key())) {
            return OwnerFate { spared: Some(SparedReason::Ham(*address)), ..OwnerFate::default() };
        }
        let stranger = |network: &Prefix| self.strangers.range(network.first()..=network.last()).next();
        if let Some(address) = owner.networks.iter().find_map(stranger) {
            return OwnerFate { spared: Some(SparedReason::Stranger(*address)), ..OwnerFate::default() };
        }
        let mut known = HashSet::new();
        OwnerFate::new(
            records()
                .flat_map(|record| SuggestedLine::of(name(record)))
                .filter(|l| known.insert(l.folded()))
                .collect(),
        )
    }
}

/// What becomes of an owner.
#[derive(Debug, Default)]
struct OwnerFate {
    lines: Vec<SuggestedLine>,
    /// A line matches somebody else, or a client is matched by none.
    trouble: bool,
    spared: Option<SparedReason>,
}

impl OwnerFate {
    fn new(lines: Vec<SuggestedLine>) -> Self {
        Self { lines, ..Self::default() }
    }

    fn live(&self) -> &[SuggestedLine] {
        if self.spared.is_none() { &self.lines } else { &[] }
    }
}

fn advice<'r, 'a>(open: Vec<&'r ReportRow<'a>>, fates: Vec<OwnerFate>, strangers: u64) -> Advice<'r, 'a> {
    let mut advice = Advice { suggested: Vec::new(), spared: Vec::new(), strangers };
    for (owner, fate) in open.into_iter().zip(fates) {
        match fate.spared {
            Some(spared) => advice.spared.push((owner, spared)),
            None => advice.suggested.push(Suggested { owner, lines: fate.lines }),
        }
    }
    advice
}
