//! What the DNS list knows: the decisions of the same dispatcher that answers the policy protocol.

use super::{
    decision::{ClientDecision, Decider, DecisionReceiver},
    decision_log::{DecisionLog, fields},
    dispatcher::Dispatcher,
    dns::DecisionSource,
};
use crate::verdict::Verdict;
use std::{net::IpAddr, sync::Arc, time::Instant};

/// The dispatcher, and the log of what it had to find out. What it remembered is not logged: a list is asked some ten
/// thousand times a second.
pub(super) struct DnsDecisions<O> {
    pub(super) dispatcher: Arc<Dispatcher<O>>,
    pub(super) decision_log: DecisionLog,
}

impl<O: Decider> DecisionSource for DnsDecisions<O> {
    fn remembered(&self, address: IpAddr) -> Option<Arc<ClientDecision>> {
        self.dispatcher.remembered(address)
    }

    fn find(&self, address: IpAddr, receiver: DecisionReceiver) {
        let (log, asked) = (self.decision_log.clone(), Instant::now());
        let logged: DecisionReceiver = Box::new(move |decision| {
            let source = decision.source.map_or("-", |source| source.as_str());
            log.decision(&fields(address, word(decision.verdict), decision), source, asked.elapsed());
            receiver(decision);
        });
        self.dispatcher.decide_later(address, logged);
    }
}

/// The log's word for what the list says of the address.
fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Blocked => "LISTED",
        Verdict::Allowed | Verdict::Clear => "UNLISTED",
        Verdict::Unknown => "SERVFAIL",
    }
}
