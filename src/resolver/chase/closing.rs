//! Registries that close their answers with other words than expected: such an answer is asked for twice, and what it ends
//! with is known for a day then, to all who share the cache.

use super::{HopReply, ReferralChase};
use crate::{
    cache::LayeredCache,
    deadline::Deadline,
    registry::{Server, UnknownKind},
    whois::reply::{WhoisReply, is_same, unclosed},
};
use jiff::Timestamp;
use std::time::Duration;
use xxhash_rust::xxh3::xxh3_64;

/// How long an ending is known.
const KNOWN: Duration = Duration::from_secs(24 * 3600);

impl ReferralChase<'_> {
    /// A reply that lacks its registry's closing line, but ended in order with other words of the server: whole if that is
    /// known of this server, or if it says the same once more.
    pub(super) fn confirmed(&mut self, server: &Server, reply: HopReply, deadline: Deadline) -> HopReply {
        let Ok((WhoisReply::Failure { kind: UnknownKind::Incomplete, .. }, text)) = &reply else {
            return reply;
        };
        let Some(found) = unclosed(text, server.registry, self.address) else { return reply };
        let cache = self.resolver.cache();
        let name = &server.name;
        if let Some(until) = known(cache, server, &found.ending, Timestamp::now()) {
            self.trace.say("closing", || {
                format!("{name} does not close its answers as expected, as is known until {until:.0}")
            });
            return Ok((found.reply, text.clone()));
        }
        self.trace.say("closing", || {
            format!("{name} did not close its answer as expected, and is asked once more")
        });
        match self.hop(server, false, deadline) {
            Ok((_, again)) if is_same(text, &again) => {
                learn(cache, server, &found.ending, Timestamp::now());
                self.trace.say("closing", || format!("{name} said the same twice: its answer is whole"));
                Ok((found.reply, again))
            }
            denial @ Ok((WhoisReply::Failure { kind: UnknownKind::Denied, .. }, _)) => denial,
            _ => reply,
        }
    }
}

/// Until when it is known that this server's answers end so.
fn known(cache: &LayeredCache, server: &Server, ending: &str, now: Timestamp) -> Option<Timestamp> {
    // The moment is kept as the next one that is free in a calendar of its own; asked for one in the past, it only tells.
    let past = now.checked_sub(Duration::from_micros(1)).ok()?;
    Some(cache.pace(&key(server, ending), Duration::ZERO, now, past)).filter(|until| *until > now)
}

/// Notes that this server's answers end so: it said the same thing twice.
fn learn(cache: &LayeredCache, server: &Server, ending: &str, now: Timestamp) {
    // What is booked is this moment; what is noted, the next.
    let _ = cache.pace(&key(server, ending), KNOWN, now, now);
}

fn key(server: &Server, ending: &str) -> String {
    format!("closing {} {:016x}", server.key(), xxh3_64(ending.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::{Registry, Servers};

    #[test]
    fn an_ending_is_known_for_a_day() {
        let cache = LayeredCache::new(None);
        let server = Servers::default().of(Registry::Ripe).unwrap();
        let at = |hours| Timestamp::UNIX_EPOCH + jiff::SignedDuration::from_hours(hours);
        assert_eq!(known(&cache, &server, "% new words", at(1)), None);
        learn(&cache, &server, "% new words", at(1));
        assert_eq!(known(&cache, &server, "% new words", at(2)), Some(at(25)));
        assert_eq!(known(&cache, &server, "% other words", at(2)), None);
        assert_eq!(known(&cache, &server, "% new words", at(26)), None);
    }
}
