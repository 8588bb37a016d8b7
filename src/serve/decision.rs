//! What is decided about one client, and who decides it.

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

/// A verdict and what an admin wants to read beside it. Text from registries is as they sent it: it is made safe
/// where it is written.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ClientDecision {
    /// The verdict.
    pub verdict: Verdict,
    /// The first pattern that matched.
    pub rule: Option<DecisiveRule>,
    /// Who holds the network.
    pub org: Option<String>,
    /// The network.
    pub network: Option<Network>,
    /// ISO 3166 code.
    pub country: Option<String>,
    /// Whose database the network stands in.
    pub registry: Option<Registry>,
    /// The AS that announces it, in the order of the answer.
    pub asn: Vec<u32>,
    /// The range that these announce, where it is another than the network.
    pub announced: Option<Network>,
    /// Where to complain, best first.
    pub abuse: Vec<String>,
    /// Where the answer came from.
    pub source: Option<AnswerSource>,
    /// The last server that was asked.
    pub server: Option<String>,
    /// Why it is unknown: the kind and the sentence.
    pub reason: Option<(&'static str, String)>,
}

impl ClientDecision {
    /// Nobody could say, for a reason that has a name for scripts and a sentence for people.
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
            reason: Some((kind, sentence.into())),
        }
    }
}

/// Takes a decision, on whatever thread made it.
pub type DecisionReceiver = Box<dyn FnOnce(&Arc<ClientDecision>) + Send>;

/// Who decides. A panic in either method costs that one answer (it is unknown) and nothing else.
pub trait Decider: Send + Sync + 'static {
    /// The decision that needs nobody to be asked, soon: from the cache, or because the range is nobody's. Called
    /// on the connection's own thread.
    fn recall(&self, address: IpAddr) -> Option<ClientDecision>;

    /// What the table of origins says of the address, for those who only want to know its AS. It is a fact and no
    /// decision: no pattern was held against it.
    fn announced(&self, address: IpAddr) -> Option<ClientDecision>;

    /// The decision, whatever it takes: the registries are asked, and what they say is kept. It must end by itself,
    /// within some seconds; the one who waits for it may long have gone. Before it asks whom only a record named, it
    /// leaves its lane, or does not ask.
    fn ask(&self, address: IpAddr, permit: &LanePermit) -> ClientDecision;

    /// Whose turn it is: questions of one lane hold each other up, never those of another.
    fn lane(&self, address: IpAddr) -> Registry;

    /// The addresses around this one that its answer would surely serve: they are asked about one after the other.
    fn area(&self, address: IpAddr) -> Prefix;
}
