//! Recent decisions in memory, so that a busy mail server's requests do not even open the cache.

use crate::address::Prefix;
use std::{
    collections::BTreeMap,
    net::IpAddr,
    sync::{PoisonError, RwLock},
    time::Instant,
};

/// A map of bounded size with an expiry: decisions by the prefix whose addresses share them. It has two halves. When the
/// young half is full it becomes the old one, and the former old one is dropped. A decision found in the old half moves
/// to the young one. So decisions in use stay, at the price of a map and without a list by time of use.
pub struct DecisionCache<V> {
    halves: RwLock<CacheHalves<V>>,
    half: usize,
}

struct CacheHalves<V> {
    young: DecisionMap<V>,
    old: DecisionMap<V>,
}

/// No two of its prefixes overlap. So the greatest prefix that is not above an address contains it, or none does.
struct DecisionMap<V> {
    entries: BTreeMap<Prefix, DecisionEntry<V>>,
    weight: usize,
}

#[derive(Clone)]
struct DecisionEntry<V> {
    value: V,
    weight: usize,
    until: Instant,
    generation: u64,
}

impl<V> DecisionEntry<V> {
    fn serves(&self, now: Instant, generation: u64) -> bool {
        now < self.until && generation == self.generation
    }
}

impl<V> DecisionMap<V> {
    fn new() -> Self {
        Self { entries: BTreeMap::new(), weight: 0 }
    }

    fn find(&self, address: IpAddr) -> Option<(Prefix, &DecisionEntry<V>)> {
        let (prefix, entry) = self.entries.range(..=Prefix::around(address, 32, 128)).next_back()?;
        prefix.contains(address).then_some((*prefix, entry))
    }

    /// A prefix of the map that overlaps this one.
    fn overlapping(&self, prefix: Prefix) -> Option<Prefix> {
        let (last, _) = self.entries.range(..=Prefix::around(prefix.last(), 32, 128)).next_back()?;
        (last.contains(prefix.first()) || prefix.contains(last.first())).then_some(*last)
    }

    /// Replaces all entries that the prefix overlaps: they are older.
    fn insert(&mut self, prefix: Prefix, entry: DecisionEntry<V>) {
        while let Some(removed) = self.overlapping(prefix).and_then(|older| self.entries.remove(&older)) {
            self.weight = self.weight.saturating_sub(removed.weight);
        }
        self.weight += entry.weight;
        self.entries.insert(prefix, entry);
    }
}

impl<V: Clone + PartialEq> DecisionCache<V> {
    /// A cache for decisions with a total weight of at most `room`.
    #[must_use]
    pub fn new(room: usize) -> Self {
        let halves = CacheHalves { young: DecisionMap::new(), old: DecisionMap::new() };
        Self { halves: RwLock::new(halves), half: room / 2 }
    }

    /// The decision about the address, if it has not expired and is of this generation.
    #[must_use]
    pub fn get(&self, address: IpAddr, now: Instant, generation: u64) -> Option<V> {
        let halves = self.halves.read().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, entry)) = halves.young.find(address) {
            return entry.serves(now, generation).then(|| entry.value.clone());
        }
        let (prefix, entry) = halves.old.find(address).filter(|(_, entry)| entry.serves(now, generation))?;
        // A part of the prefix has a newer decision, so the old one is in doubt for the rest, too.
        if halves.young.overlapping(prefix).is_some() {
            return None;
        }
        let entry = entry.clone();
        drop(halves);
        let value = entry.value.clone();
        self.insert(prefix, entry);
        Some(value)
    }

    /// Keeps `value` for all addresses of the prefix until that time, for this generation of patterns. Returns it, or the
    /// equal value of the prefix before it, which then has one owner more.
    pub fn put(&self, prefix: Prefix, value: V, weight: usize, until: Instant, generation: u64) -> V {
        let halves = self.halves.read().unwrap_or_else(PoisonError::into_inner);
        let before = halves.young.entries.range(..=prefix).next_back().map(|(_, entry)| &entry.value);
        let value = before.filter(|before| **before == value).cloned().unwrap_or(value);
        drop(halves);
        self.insert(prefix, DecisionEntry { value: value.clone(), weight, until, generation });
        value
    }

    fn insert(&self, prefix: Prefix, entry: DecisionEntry<V>) {
        let mut halves = self.halves.write().unwrap_or_else(PoisonError::into_inner);
        if halves.young.weight + entry.weight > self.half {
            halves.old = std::mem::replace(&mut halves.young, DecisionMap::new());
        }
        halves.young.insert(prefix, entry);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{net::Ipv4Addr, time::Duration};

    /// The number of its prefixes, with the expired ones.
    fn len<V>(decided: &DecisionCache<V>) -> usize {
        let halves = decided.halves.read().unwrap();
        halves.young.entries.len() + halves.old.entries.len()
    }

    fn address(n: u32) -> IpAddr {
        IpAddr::V4(Ipv4Addr::from_bits(n))
    }

    fn alone(n: u32) -> Prefix {
        Prefix::around(address(n), 32, 128)
    }

    #[test]
    fn forgets_by_time_and_by_generation() {
        let (decided, now) = (DecisionCache::new(10), Instant::now());
        decided.put(alone(1), "one", 1, now + Duration::from_secs(60), 7);
        assert_eq!(decided.get(address(1), now, 7), Some("one"));
        assert_eq!(decided.get(address(1), now + Duration::from_secs(59), 7), Some("one"));
        assert_eq!(decided.get(address(1), now + Duration::from_secs(60), 7), None);
        assert_eq!(decided.get(address(1), now, 8), None, "other patterns");
        assert_eq!(decided.get(address(2), now, 7), None);
    }

    #[test]
    fn never_grows_and_keeps_what_is_asked_for() {
        let (decided, now) = (DecisionCache::new(100), Instant::now());
        let until = now + Duration::from_secs(60);
        decided.put(alone(0), 0, 1, until, 1);
        for n in 1..100_000 {
            decided.put(alone(n), n, 1, until, 1);
            assert_eq!(decided.get(address(0), now, 1), Some(0), "after {n}");
            let kept = len(&decided);
            assert!(kept <= 100, "{kept}");
        }
        assert_eq!(decided.get(address(99_999), now, 1), Some(99_999));
        assert_eq!(decided.get(address(5), now, 1), None);
    }

    #[test]
    fn heavy_decisions_make_room_for_fewer() {
        let (decided, now) = (DecisionCache::new(100), Instant::now());
        for n in 0..1000 {
            let weight = 1 + n as usize % 40;
            decided.put(alone(n % 300), n, weight, now + Duration::from_secs(60), 1);
            let halves = decided.halves.read().unwrap();
            for half in [&halves.young, &halves.old] {
                assert_eq!(half.weight, half.entries.values().map(|entry| entry.weight).sum::<usize>());
                assert!(half.weight <= 50, "{}", half.weight);
            }
        }
    }

    #[test]
    fn a_newer_decision_takes_the_place_of_what_it_overlaps_and_of_no_more() {
        let (decided, now) = (DecisionCache::new(8), Instant::now());
        let until = now + Duration::from_secs(60);
        let put = |prefix: &str, value| decided.put(prefix.parse().unwrap(), value, 1, until, 1);
        let get = |address: &str| decided.get(address.parse().unwrap(), now, 1);
        put("192.0.2.0/24", "old");
        put("198.51.100.0/24", "other");
        assert_eq!(
            (get("192.0.2.0"), get("192.0.2.255"), get("192.0.3.0")),
            (Some("old"), Some("old"), None)
        );
        put("192.0.2.64/26", "narrow");
        assert_eq!((get("192.0.2.64"), get("192.0.2.1")), (Some("narrow"), None), "the rest is decided anew");
        put("192.0.2.1/32", "one");
        put("192.0.0.0/16", "wide");
        assert_eq!((get("192.0.2.1"), get("192.0.2.70")), (Some("wide"), Some("wide")));
        assert_eq!((get("198.51.100.9"), len(&decided)), (Some("other"), 2));
        put("::/0", "v6");
        assert_eq!((get("ffff::"), get("192.0.2.1")), (Some("v6"), Some("wide")));
        // Now all of it is old.
        put("203.0.113.0/24", "a");
        put("203.0.114.0/24", "b");
        put("192.0.5.0/24", "newer");
        assert_eq!(get("192.0.2.1"), None, "what is newer in a part of it may be in the rest");
        assert_eq!((get("192.0.5.1"), get("198.51.100.9")), (Some("newer"), Some("other")));
    }

    #[test]
    fn neighbours_share_what_is_equal() {
        let (decided, now) = (DecisionCache::new(100), Instant::now());
        let put = |n, value: &str| {
            decided.put(alone(n), std::sync::Arc::new(value.to_owned()), 1, now + Duration::from_secs(60), 1)
        };
        let (first, second, other) = (put(1, "a"), put(2, "a"), put(3, "b"));
        assert!(std::sync::Arc::ptr_eq(&first, &second) && !std::sync::Arc::ptr_eq(&first, &other));
        assert_eq!(decided.get(address(3), now, 1).unwrap().as_str(), "b");
    }
}
