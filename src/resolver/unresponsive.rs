//! Servers that do not answer. In a run over many addresses each address would cost its whole deadline. If a registry
//! is down for an hour, the run need not last that hour.

use jiff::{SignedDuration, Timestamp};
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Queries in a row without an answer before a server counts as silent. A server that loses some queries, or is slow
/// for a moment, is not given up.
const ROW: u32 = 16;
/// How long a silent server is not asked. After that, one query finds out whether it is back.
const REST: SignedDuration = SignedDuration::from_mins(1);

/// The silent servers of one run.
#[derive(Debug, Default)]
pub(super) struct Unresponsive {
    /// By server: the number of unanswered queries in a row, and the time when the last of them was given up.
    servers: Mutex<BTreeMap<String, (u32, Timestamp)>>,
}

impl Unresponsive {
    /// Notes whether a server answered a query, with any reply.
    pub(super) fn note(&self, server: &str, answered: bool, now: Timestamp) {
        let mut servers = self.lock();
        if answered {
            servers.remove(server);
        } else {
            let (row, at) = servers.entry(server.to_owned()).or_insert((0, now));
            (*row, *at) = (row.saturating_add(1), now);
        }
    }

    /// The reason why a server is not asked now, if it is silent.
    pub(super) fn of(&self, server: &str, now: Timestamp) -> Option<String> {
        let (row, at) = self.lock().get(server).copied()?;
        let rests = row >= ROW && now.duration_since(at) < REST;
        rests
            .then(|| format!("{server} did not answer {row} queries in a row, and is not asked for a minute"))
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, (u32, Timestamp)>> {
        self.servers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_is_silent_is_left_alone_for_a_while_and_tried_again() {
        let at = |seconds| Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds);
        let silence = Unresponsive::default();
        (0..15).for_each(|n| silence.note("whois.ripe.net", false, at(n)));
        assert_eq!(silence.of("whois.ripe.net", at(15)), None);
        silence.note("whois.ripe.net", false, at(15));
        assert!(silence.of("whois.ripe.net", at(74)).unwrap().contains("16 queries in a row"));
        assert_eq!(silence.of("whois.arin.net", at(74)), None);
        assert_eq!(silence.of("whois.ripe.net", at(75)), None, "tried again");
        silence.note("whois.ripe.net", false, at(80));
        assert!(silence.of("whois.ripe.net", at(81)).is_some(), "once is enough then");
        silence.note("whois.ripe.net", true, at(82));
        silence.note("whois.ripe.net", false, at(83));
        assert_eq!(silence.of("whois.ripe.net", at(83)), None);
    }
}
