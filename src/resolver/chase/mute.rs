//! Handles registries that refuse in unknown words. A server that answers about several networks in a row with text
//! that is no record and does not mention them is paused, for all who share the cache. Otherwise it would be asked
//! again for every address, and registries shut clients out for that.

use super::ReferralChase;
use crate::{
    registry::{Server, UnknownKind},
    whois::reply::WhoisReply,
};
use jiff::Timestamp;

impl ReferralChase<'_> {
    /// Notes whether a registry's answer said anything about the network asked for. An operator's own server is not
    /// counted: the record that led there stands without it. A registry that a customer's record named is not counted
    /// either. Otherwise a customer with a few networks could have it paused, because it has nothing about them.
    pub(super) fn note_sense(&mut self, server: &Server, reply: &WhoisReply) {
        let by_customer = self.best.is_some() && self.standing.survives_denial_of(server);
        if server.registry.server().is_none() || by_customer {
            return;
        }
        let resolver = self.resolver;
        let about = match reply {
            WhoisReply::Empty { kind: UnknownKind::Incomplete, .. } => Some(resolver.area(self.address)),
            // A partial record still says something about it.
            WhoisReply::Failure { kind: UnknownKind::Incomplete, .. } => None,
            // Errors and denials are handled elsewhere.
            WhoisReply::Failure { .. } => return,
            _ => None,
        };
        let (name, key, now) = (&server.name, server.key(), Timestamp::now());
        let Some(until) = resolver.cache().note_sense(&key, about, now) else {
            if about.is_none() {
                resolver.state.notices.forget(&key);
            }
            return;
        };
        self.trace.say("held off", || {
            format!("{name} until {until:.0}: it said nothing about several networks in a row")
        });
        resolver.state.notices.add(&key, || {
            let said = reply.explain();
            format!(
                "{name} answers with nothing about the networks asked ({said}), so it may refuse us; it is left alone \
                 until {until:.0}"
            )
        });
    }
}
