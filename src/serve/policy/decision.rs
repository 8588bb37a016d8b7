//! What is decided about one client, and who decides it.

use crate::{
    address::Network,
    registry::{AnswerSource, Registry},
    verdict::Verdict,
};
use std::net::IpAddr;

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
#[derive(Clone, Debug)]
pub struct PolicyDecision {
    /// The verdict.
    pub verdict: Verdict,
    /// The first pattern that matched.
    pub rule: Option<DecisiveRule>,
    /// Who holds the network.
    pub org: Option<String>,
    /// The network.
    pub network: Option<Network>,
    /// Where the answer came from.
    pub source: Option<AnswerSource>,
    /// The last server that was asked.
    pub server: Option<String>,
    /// Why it is unknown: the kind and the sentence.
    pub reason: Option<(&'static str, String)>,
}

impl PolicyDecision {
    /// Nobody could say, for a reason that has a name for scripts and a sentence for people.
    #[must_use]
    pub fn unknown(kind: &'static str, sentence: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::Unknown,
            rule: None,
            org: None,
            network: None,
            source: None,
            server: None,
            reason: Some((kind, sentence.into())),
        }
    }
}

/// Who decides. A panic in either method costs that one answer (it is unknown) and nothing else.
pub trait Decider: Send + Sync + 'static {
    /// The decision that needs nobody to be asked, soon: from the cache, or because the range is nobody's. Called
    /// on the connection's own thread.
    fn recall(&self, address: IpAddr) -> Option<PolicyDecision>;

    /// The decision, whatever it takes: the registries are asked, and what they say is kept. It must end by itself,
    /// within some seconds; the one who waits for it may long have gone.
    fn ask(&self, address: IpAddr) -> PolicyDecision;

    /// Whose turn it is: questions of one lane hold each other up, never those of another.
    fn lane(&self, address: IpAddr) -> Registry;
}
