//! The decision about one client, and the trait that makes it.

use super::pool::LanePermit;
use crate::{
    address::{Network, Prefix},
    registry::{AnswerSource, Registry},
    verdict::Verdict,
};
use std::{net::IpAddr, sync::Arc};

/// The pattern that decided.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DecisiveRule {
    /// The pattern file, as it was named.
    pub file: String,
    /// Its line, from 1.
    pub line: usize,
}

/// A verdict, and the facts that an admin wants to read beside it. Text from registries is unchanged; it is made safe
/// where it is written.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ClientDecision {
    /// The verdict.
    pub verdict: Verdict,
    /// The first pattern that matched.
    pub rule: Option<DecisiveRule>,
    /// The holder of the network.
    pub org: Option<String>,
    /// The network.
    pub network: Option<Network>,
    /// ISO 3166 code.
    pub country: Option<String>,
    /// The registry whose database holds the network.
    pub registry: Option<Registry>,
    /// The AS numbers that announce it, in the order of the answer.
    pub asn: Vec<u32>,
    /// The range that these announce, if it differs from the network.
    pub announced: Option<Network>,
    /// Addresses for complaints, best first.
    pub abuse: Vec<String>,
    /// The source of the answer.
    pub source: Option<AnswerSource>,
    /// The last server that was asked.
    pub server: Option<String>,
    /// A referral could not be followed now, so that the answer may change in a minute.
    pub provisional: bool,
    /// The reason if it is unknown: the kind and the sentence.
    pub reason: Option<(&'static str, String)>,
}

impl ClientDecision {
    /// The bytes that it takes in a memory of decisions, about.
    pub(super) fn weight(&self) -> usize {
        /// The bytes of its entry in a map, and of the allocator's own data.
        const ENTRY: usize = 160;
        let texts = [&self.org, &self.country, &self.server].into_iter().flatten().chain(&self.abuse);
        let texts = texts.chain(self.rule.as_ref().map(|rule| &rule.file));
        let texts = texts.chain(self.reason.as_ref().map(|(_, sentence)| sentence));
        let lists = size_of_val(self.abuse.as_slice()) + size_of_val(self.asn.as_slice());
        ENTRY + size_of::<Self>() + lists + texts.map(String::len).sum::<usize>()
    }

    /// An unknown client, with a reason for scripts and a sentence for people.
    #[must_use]
    pub fn unknown(kind: &'static str, sentence: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::Unknown,
            rule: None,
            org: None,
            network: None,
            country: None,
            registry: None,
            asn: Vec::new(),
            announced: None,
            abuse: Vec::new(),
            source: None,
            server: None,
            provisional: false,
            reason: Some((kind, sentence.into())),
        }
    }
}

/// Takes a decision, on whatever thread made it.
pub type DecisionReceiver = Box<dyn FnOnce(&Arc<ClientDecision>) + Send>;

/// Makes decisions. A panic in a method makes that one answer unknown, and has no other effect.
pub trait Decider: Send + Sync + 'static {
    /// The decision if it needs no query: from the cache, or for a reserved range. It must be quick: it runs on the
    /// connection's own thread.
    fn recall(&self, address: IpAddr) -> Option<ClientDecision>;

    /// The addresses around this one that have the same decision from [`Decider::recall`].
    fn scope(&self, address: IpAddr) -> Prefix {
        Prefix::around(address, 32, 128)
    }

    /// A number that changes when decisions from before are in doubt for all addresses.
    fn version(&self) -> u64 {
        0
    }

    /// The address's entry in the table of origins, for callers that only need its AS. It is a fact and no decision: no
    /// pattern was matched against it.
    fn announced(&self, address: IpAddr) -> Option<ClientDecision>;

    /// The decision, with queries if needed; the answers are kept. It must end by itself within some seconds; the
    /// client may have left long before. Before it asks a server that only a record named, it leaves its lane, or does
    /// not ask.
    fn ask(&self, address: IpAddr, permit: &LanePermit) -> ClientDecision;

    /// The lane of the address: queries in one lane delay each other, but no other lane.
    fn lane(&self, address: IpAddr) -> Registry;

    /// The addresses around this one that its answer would surely serve. They are asked about one after the other.
    fn area(&self, address: IpAddr) -> Prefix;
}
