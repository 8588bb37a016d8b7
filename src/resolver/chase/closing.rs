//! Handles registries that close their answers with other words than expected. Such an answer is asked for twice. After
//! that its ending is known for a day, to all who share the cache.

use super::{HopReply, ReferralChase};
use crate::{
    deadline::Deadline,
    registry::{Server, UnknownKind},
    whois::reply::{WhoisReply, is_same, unclosed},
};
use jiff::Timestamp;

impl ReferralChase<'_> {
    /// Judges a reply that lacks its registry's closing line, but ended in order with other words. It is complete if
    /// that ending is known of this server, or if the server sends the same once more.
    pub(super) fn confirmed(&mut self, server: &Server, reply: HopReply, deadline: Deadline) -> HopReply {
        let Ok((WhoisReply::Failure { kind: UnknownKind::Incomplete, .. }, text)) = &reply else {
            return reply;
        };
        let Some(found) = unclosed(text, server.registry, self.address) else { return reply };
        let cache = self.resolver.cache();
        let name = &server.name;
        let key = server.key();
        // An answer that ends with nothing looks like one that was cut between two objects. If an object may be missing, it
        // is asked for twice each time.
        let certain = !found.ending.is_empty() || found.has_everybody;
        let known = certain.then(|| cache.known_ending(&key, &found.ending, Timestamp::now()));
        if let Some(until) = known.flatten() {
            self.trace.say("closing", || {
                format!("{name} does not close its answers as expected, as is known until {until:.0}")
            });
            return Ok((found.reply, text.clone()));
        }
        self.trace.say("closing", || {
            format!("{name} did not close its answer as expected, and is asked once more")
        });
        match self.hop(server, false, deadline) {
            Ok((_, again)) if is_same(text, &again, server.registry) => {
                if certain {
                    cache.learn_ending(&key, &found.ending, Timestamp::now());
                } else if !cache.note_bare(&key, self.resolver.area(self.address), Timestamp::now()) {
                    self.trace.say("closing", || {
                        format!("{name} said the same twice, and ends with nothing: not believed of a first few networks")
                    });
                    return reply;
                }
                self.trace.say("closing", || format!("{name} said the same twice: its answer is whole"));
                Ok((found.reply, again))
            }
            denial @ Ok((WhoisReply::Failure { kind: UnknownKind::Denied, .. }, _)) => denial,
            // The first answer was cut, or another machine of the registry wrote it.
            closed @ Ok((WhoisReply::Record(..) | WhoisReply::Placeholder { .. }, _)) => {
                self.trace.say("closing", || format!("{name} closed its answer as expected the second time"));
                closed
            }
            _ => reply,
        }
    }
}
