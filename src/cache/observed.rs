//! Observations of servers from their answers: the names under which they are noted, and what they mean.
//!
//! The first time that a server closes its answers with new words, it is asked twice. After that it is asked once, for
//! a day. A server refuses in unknown words if it answers about several networks in a row with nothing about any of
//! them.

use super::{CacheStats, LayeredCache, server::ServerNotes};
use crate::address::Prefix;
use jiff::Timestamp;
use xxhash_rust::xxh3::xxh3_64;

/// Never the start of a server's name, which has no blank in it.
const ENDING: &str = "closing ";
const MUTE: &str = "mute ";
const BARE: &str = "bare ";

fn ending(server: &str, ending: &str) -> String {
    format!("{ENDING}{server} {:016x}", xxh3_64(ending.as_bytes()))
}

fn mute(server: &str) -> String {
    format!("{MUTE}{server}")
}

/// A number that stands for a network.
fn number(network: Prefix) -> u64 {
    xxh3_64(network.to_string().as_bytes())
}

impl LayeredCache {
    /// Notes that a server's answers end with these words. The note lasts a day.
    pub fn learn_ending(&self, server: &str, words: &str, now: Timestamp) {
        let name = ending(server, words);
        self.serve(Some(now), |cache| cache.observe(&name, &|notes| notes.learn(now)));
    }

    /// The end of the note that a server's answers end with these words.
    #[must_use]
    pub fn known_ending(&self, server: &str, words: &str, now: Timestamp) -> Option<Timestamp> {
        let name = ending(server, words);
        self.serve(Some(now), |cache| cache.observed(&name)).held(now)
    }

    /// Notes an answer about a network that looks complete and has no words at its end. Returns whether the server has given
    /// such answers about several networks in a row. Then it closes with nothing, and they were not cut between two objects.
    pub fn note_bare(&self, server: &str, network: Prefix, now: Timestamp) -> bool {
        let name = format!("{BARE}{server}");
        let noted = |notes: &mut ServerNotes| {
            if notes.held(now).is_none() && notes.note_mute(number(network), now) {
                notes.learn(now);
            }
        };
        self.serve(Some(now), |cache| cache.observe(&name, &noted)).held(now).is_some()
    }

    /// Notes an answer that said something (`about` is None; written with the next write), or one that said nothing about a network. Returns the end
    /// of the server's pause, if it has now answered about several networks in a row with nothing about them.
    pub fn note_sense(&self, server: &str, about: Option<Prefix>, now: Timestamp) -> Option<Timestamp> {
        let name = mute(server);
        let Some(network) = about.map(number) else {
            self.serve(Some(now), |cache| cache.clear_with_next_write(&name));
            return None;
        };
        let noted = |notes: &mut ServerNotes| {
            if notes.note_mute(network, now) {
                notes.pause(now);
            }
        };
        let until = self.serve(Some(now), |cache| cache.observe(&name, &noted)).held(now)?;
        // Written in every cache and in memory, as a denial is, so that it is not forgotten when one of them fails.
        let paused = |notes: &mut ServerNotes| notes.pause(now);
        self.everywhere(now, |cache| cache.observe(server, &paused).map(|notes| notes.held(now)));
        Some(until)
    }

    /// The end of the pause of a server that says nothing; None if there is no pause.
    #[must_use]
    pub fn mute_until(&self, server: &str, now: Timestamp) -> Option<Timestamp> {
        self.serve(Some(now), |cache| cache.observed(&mute(server))).held(now)
    }
}

impl CacheStats {
    /// Adds a server, or an observation of one, to the statistics, by the name of its note.
    pub(super) fn enter(&mut self, name: &str, notes: &ServerNotes, now: Timestamp) {
        let Some(until) = notes.held(now) else { return };
        let (servers, server) = if let Some(server) = name.strip_prefix(BARE) {
            (&mut self.unclosed, server)
        } else if let Some(rest) = name.strip_prefix(ENDING) {
            (&mut self.unclosed, rest.split(' ').next().unwrap_or_default())
        } else if let Some(server) = name.strip_prefix(MUTE) {
            (&mut self.mute, server)
        } else {
            (&mut self.held_off, name)
        };
        let latest = servers.entry(server.to_owned()).or_insert(until);
        *latest = until.max(*latest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::SqliteCache;
    use jiff::SignedDuration;

    const RIPE: &str = "whois.ripe.net";

    fn at(seconds: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_secs(1_800_000_000 + seconds)
    }

    fn network(n: u8) -> Option<Prefix> {
        Some(Prefix::around([193, 0, n, 9].into(), 24, 48))
    }

    #[test]
    fn an_ending_is_known_for_a_day() {
        let cache = LayeredCache::new(None);
        assert_eq!(cache.known_ending(RIPE, "% new words", at(0)), None);
        cache.learn_ending(RIPE, "% new words", at(0));
        assert_eq!(cache.known_ending(RIPE, "% new words", at(1)), Some(at(86_400)));
        assert_eq!(cache.known_ending(RIPE, "% other words", at(1)), None);
        assert_eq!(cache.known_ending("whois.arin.net", "% new words", at(1)), None);
        assert_eq!(cache.known_ending(RIPE, "% new words", at(86_400)), None);
    }

    #[test]
    fn a_server_that_closes_with_nothing_does_so_about_several_networks() {
        let cache = LayeredCache::new(None);
        for n in [1, 2, 3, 3] {
            assert!(!cache.note_bare(RIPE, network(n).unwrap(), at(0)));
        }
        assert!(cache.note_bare(RIPE, network(4).unwrap(), at(1)));
        assert!(cache.note_bare(RIPE, network(4).unwrap(), at(86_000)), "for a day");
        assert!(!cache.note_bare("whois.arin.net", network(4).unwrap(), at(1)));
        assert_eq!(cache.maintenance().stats(at(2)).unwrap().unclosed.len(), 1);
    }

    #[test]
    fn a_server_that_says_nothing_is_left_alone_by_all_processes() {
        let folder = tempfile::tempdir().unwrap();
        let open = || {
            let cache = SqliteCache::open(&folder.path().join("cache.db"), at(0)).unwrap();
            LayeredCache::new(Some(Box::new(cache)))
        };
        for n in [1, 2, 3, 3, 2, 1] {
            assert_eq!(open().note_sense(RIPE, network(n), at(1)), None);
        }
        open().note_sense(RIPE, None, at(2));
        for n in [4, 5, 6] {
            assert_eq!(open().note_sense(RIPE, network(n), at(3)), None, "a record ends the row");
        }
        assert_eq!(open().note_sense(RIPE, network(7), at(4)), Some(at(124)));
        let cache = open();
        assert_eq!(
            (cache.held_off(RIPE, at(5)), cache.mute_until(RIPE, at(5))),
            (Some(at(124)), Some(at(124)))
        );
        let stats = cache.maintenance().stats(at(5)).unwrap();
        assert_eq!((stats.held_off.get(RIPE), stats.mute.get(RIPE)), (Some(&at(124)), Some(&at(124))));
        assert_eq!((cache.held_off(RIPE, at(124)), cache.mute_until(RIPE, at(124))), (None, None));
        cache.note_sense(RIPE, None, at(125));
        assert_eq!(cache.note_sense(RIPE, network(8), at(126)), None);
    }
}
