//! The DNS list's source of decisions: the same dispatcher that answers the policy protocol.

use super::{
    decision::{ClientDecision, Decider, DecisionReceiver},
    decision_log::{DecisionLog, fields},
    dispatcher::Dispatcher,
    dns::{DecisionSource, ListName},
};
use crate::{registry::AnswerSource, verdict::Verdict};
use std::{net::IpAddr, sync::Arc, time::Instant};

/// The dispatcher, and the log of decisions that were not in memory. Others are not logged: a list gets some ten
/// thousand queries a second.
pub(super) struct DnsDecisions<O> {
    pub(super) dispatcher: Arc<Dispatcher<O>>,
    pub(super) decision_log: DecisionLog,
}

impl<O: Decider> DecisionSource for DnsDecisions<O> {
    fn remembered(&self, address: IpAddr) -> Option<Arc<ClientDecision>> {
        self.dispatcher.remembered(address)
    }

    fn due(&self, list: ListName, address: IpAddr) -> Option<Instant> {
        let due = self.dispatcher.due(address)?;
        // An entry in the table of origins needs no look-up.
        (list != ListName::Asn || self.dispatcher.announced(address).is_none()).then_some(due)
    }

    fn find(&self, list: ListName, address: IpAddr, receiver: DecisionReceiver) {
        if self.due(list, address).is_some() {
            // A repeated query is no decision of its own.
            return self.dispatcher.decide_later(address, receiver);
        }
        let (log, asked, timeout) = (self.decision_log.clone(), Instant::now(), self.dispatcher.timeout());
        let logged: DecisionReceiver = Box::new(move |decision| {
            receiver(decision);
            // An entry of the table is no decision, since no pattern was matched against it.
            if list == ListName::Asn && decision.source == Some(AnswerSource::Origin) {
                return;
            }
            let (source, delay) = (decision.source.map_or("-", |source| source.as_str()), asked.elapsed());
            // A client that waited longer was told that the result is unknown, even if it is known now.
            let told = if delay < timeout { decision.verdict } else { Verdict::Unknown };
            log.decision(&fields(address, word(told), decision), source, delay.min(timeout));
        });
        match list {
            ListName::Asn => self.dispatcher.announce_later(address, logged),
            ListName::Block | ListName::Owner => self.dispatcher.decide_later(address, logged),
        }
    }
}

/// The log's word for the list's answer.
fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Blocked => "LISTED",
        Verdict::Allowed | Verdict::Clear => "UNLISTED",
        Verdict::Unknown => "SERVFAIL",
    }
}
