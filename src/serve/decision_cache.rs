//! Recent decisions in memory, so that a busy mail server's requests do not even open the cache.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{PoisonError, RwLock},
    time::Instant,
};

/// A map of bounded size with an expiry. It has two halves. When the young half is full it becomes the old one, and the
/// former old one is dropped. A key found in the old half moves to the young one. So keys in use stay, at the price of
/// a map and without a list by time of use.
pub struct DecisionCache<K, V> {
    halves: RwLock<CacheHalves<K, V>>,
    half: usize,
}

struct CacheHalves<K, V> {
    young: HashMap<K, DecisionEntry<V>>,
    old: HashMap<K, DecisionEntry<V>>,
}

#[derive(Clone)]
struct DecisionEntry<V> {
    value: V,
    until: Instant,
    generation: u64,
}

impl<V> DecisionEntry<V> {
    fn serves(&self, now: Instant, generation: u64) -> bool {
        now < self.until && generation == self.generation
    }
}

impl<K: Copy + Eq + Hash, V: Clone> DecisionCache<K, V> {
    /// A cache for `room` keys, rounded up to an even number above zero.
    #[must_use]
    pub fn new(room: usize) -> Self {
        let halves = RwLock::new(CacheHalves { young: HashMap::new(), old: HashMap::new() });
        Self { halves, half: room.div_ceil(2).max(1) }
    }

    /// The value of the key, if it has not expired and is of this generation.
    #[must_use]
    pub fn get(&self, key: K, now: Instant, generation: u64) -> Option<V> {
        let halves = self.halves.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = halves.young.get(&key) {
            return entry.serves(now, generation).then(|| entry.value.clone());
        }
        let entry = halves.old.get(&key).filter(|entry| entry.serves(now, generation))?.clone();
        drop(halves);
        let value = entry.value.clone();
        self.insert(key, entry);
        Some(value)
    }

    /// Keeps `value` until that time, for this generation of patterns.
    pub fn put(&self, key: K, value: V, until: Instant, generation: u64) {
        self.insert(key, DecisionEntry { value, until, generation });
    }

    fn insert(&self, key: K, entry: DecisionEntry<V>) {
        let mut halves = self.halves.write().unwrap_or_else(PoisonError::into_inner);
        if halves.young.len() >= self.half && !halves.young.contains_key(&key) {
            halves.old = std::mem::take(&mut halves.young);
        }
        halves.young.insert(key, entry);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        net::{IpAddr, Ipv4Addr},
        time::Duration,
    };

    /// How many keys it holds, the expired ones among them.
    fn len(decided: &DecisionCache<IpAddr, u32>) -> usize {
        let halves = decided.halves.read().unwrap();
        halves.young.len() + halves.old.len()
    }

    fn address(n: u32) -> IpAddr {
        IpAddr::V4(Ipv4Addr::from_bits(n))
    }

    #[test]
    fn forgets_by_time_and_by_generation() {
        let (decided, now) = (DecisionCache::new(10), Instant::now());
        decided.put(address(1), "one", now + Duration::from_secs(60), 7);
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
        decided.put(address(0), 0, until, 1);
        for n in 1..100_000 {
            decided.put(address(n), n, until, 1);
            assert_eq!(decided.get(address(0), now, 1), Some(0), "after {n}");
            let kept = len(&decided);
            assert!(kept <= 100, "{kept}");
        }
        assert_eq!(decided.get(address(99_999), now, 1), Some(99_999));
        assert_eq!(decided.get(address(5), now, 1), None);
    }
}
