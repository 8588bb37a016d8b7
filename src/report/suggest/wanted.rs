//! The clients whose mail is wanted. A log of wanted mail may have millions of them, so facts that several share are kept once.

use super::SparedReason;
use crate::{
    address::Prefix,
    report::{ReportRow, Sighting, name, sighting::SharedFindings},
    verdict::Judged,
};
use std::{
    collections::{BTreeSet, HashMap, HashSet},
    net::IpAddr,
    ptr,
};

/// How it is known that a client's mail is wanted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SeenIn {
    /// It sent mail in the log of wanted mail.
    Ham,
    /// Mail was delivered to it.
    Correspondence,
}

/// The clients whose mail is wanted, and the facts about them, each once.
#[derive(Debug, Default)]
pub struct WantedClients {
    findings: SharedFindings,
    clients: Vec<WantedClient>,
}

#[derive(Debug)]
struct WantedClient {
    address: IpAddr,
    /// The index of its facts.
    finding: u32,
    seen_in: SeenIn,
}

impl WantedClients {
    /// Adds a client. A reserved address is left out: it has no owner.
    pub fn add(&mut self, judged: Judged, seen_in: SeenIn) {
        if let Some(address) = judged.address.filter(|_| judged.reserved().is_none()) {
            self.clients.push(WantedClient { address, finding: self.findings.add(judged), seen_in });
        }
    }

    /// Whether no mail is known to be wanted.
    pub(super) fn is_empty(&self) -> bool {
        self.clients.is_empty()
    }
}

/// The clients that no line may stop.
pub(super) struct ProtectedClients<'a> {
    /// Their addresses, in ascending order.
    pub(super) addresses: Vec<IpAddr>,
    /// The facts about them, each once.
    pub(super) known: Vec<&'a Judged>,
}

impl<'a> ProtectedClients<'a> {
    /// The clients whose mail is wanted, and these clients of the report.
    pub(super) fn of(wanted: &'a WantedClients, others: impl Iterator<Item = Sighting<'a>>) -> Self {
        let mut known: Vec<&Judged> = wanted.findings.iter().collect();
        let mut addresses: Vec<IpAddr> = wanted.clients.iter().map(|client| client.address).collect();
        let mut seen = HashSet::new();
        for other in others {
            addresses.push(other.address());
            if seen.insert(ptr::from_ref(other.judged)) {
                known.push(other.judged);
            }
        }
        addresses.sort_unstable();
        addresses.dedup();
        Self { addresses, known }
    }

    /// Whether the network holds one of them.
    pub(super) fn is_one_in(&self, network: &Prefix) -> bool {
        let (first, last) = (network.first(), network.last());
        let index = self.addresses.partition_point(|address| *address < first);
        self.addresses.get(index).is_some_and(|address| *address <= last)
    }
}

/// The owners whose mail is wanted.
pub(super) struct WantedOwners {
    /// Owners by the keys of their names, with a client of each.
    owners: HashMap<String, SparedReason>,
    /// Clients whose owner could not be found out.
    pub(super) strangers: BTreeSet<IpAddr>,
}

impl WantedOwners {
    pub(super) fn of(wanted: &WantedClients) -> Self {
        let (mut owners, mut strangers) = (HashMap::new(), BTreeSet::new());
        let mut named = HashSet::new();
        for WantedClient { address, finding, seen_in } in &wanted.clients {
            let Some(judged) = wanted.findings.get(*finding) else { continue };
            if judged.unknown().is_some() {
                strangers.insert(*address);
            }
            // The first client of a network is named.
            let Some(answer) = judged.answer().filter(|_| named.insert(*finding)) else { continue };
            owners.entry(name(&answer.record).key()).or_insert(match seen_in {
                SeenIn::Ham => SparedReason::Ham(*address),
                SeenIn::Correspondence => SparedReason::Correspondent(*address),
            });
        }
        Self { owners, strangers }
    }

    /// The reason to leave a row out; None if there is none.
    pub(super) fn spared(&self, row: &ReportRow) -> Option<SparedReason> {
        let records = || row.members.iter().filter_map(|seen| Some(&seen.judged.answer()?.record));
        let stranger = |network: &Prefix| self.strangers.range(network.first()..=network.last()).next();
        records().find_map(|record| self.owners.get(&name(record).key()).cloned()).or_else(|| {
            row.networks.iter().find_map(stranger).map(|address| SparedReason::Stranger(*address))
        })
    }
}
