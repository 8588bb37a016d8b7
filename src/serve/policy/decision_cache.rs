//! What was decided a moment ago, in memory, so that a busy mail server's questions do not even open the cache.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{PoisonError, RwLock},
    time::Instant,
};

/// A map of bounded size with an expiry. It keeps two halves: when the young one is full it becomes the old one,
/// and the former old one is dropped; what is met in the old one moves to the young one. So whatever is asked for
/// stays, at the price of a map, without a list of who was used when.
pub struct Warm<V> {
    halves: RwLock<Halves<V>>,
    half: usize,
}

struct Halves<V> {
    young: HashMap<IpAddr, Entry<V>>,
    old: HashMap<IpAddr, Entry<V>>,
}

#[derive(Clone)]
struct Entry<V> {
    value: V,
    until: Instant,
    generation: u64,
}

impl<V> Entry<V> {
    fn serves(&self, now: Instant, generation: u64) -> bool {
        now < self.until && generation == self.generation
    }
}

impl<V: Clone> Warm<V> {
    /// Room for `room` addresses, rounded up to an even number above zero.
    #[must_use]
    pub fn new(room: usize) -> Self {
        let halves = RwLock::new(Halves { young: HashMap::new(), old: HashMap::new() });
        Self { halves, half: room.div_ceil(2).max(1) }
    }

    /// What was put in for the address, if it has not expired and is of this generation.
    #[must_use]
    pub fn get(&self, address: IpAddr, now: Instant, generation: u64) -> Option<V> {
        let halves = self.halves.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = halves.young.get(&address) {
            return entry.serves(now, generation).then(|| entry.value.clone());
        }
        let entry = halves.old.get(&address).filter(|entry| entry.serves(now, generation))?.clone();
        drop(halves);
        let value = entry.value.clone();
        self.insert(address, entry);
        Some(value)
    }

    /// Keeps `value` until that moment, for this generation of patterns.
    pub fn put(&self, address: IpAddr, value: V, until: Instant, generation: u64) {
        self.insert(address, Entry { value, until, generation });
    }

    fn insert(&self, address: IpAddr, entry: Entry<V>) {
        let mut halves = self.halves.write().unwrap_or_else(PoisonError::into_inner);
        if halves.young.len() >= self.half && !halves.young.contains_key(&address) {
            halves.old = std::mem::take(&mut halves.young);
        }
        halves.young.insert(address, entry);
    }

    /// How many addresses it holds, the expired ones among them.
    #[must_use]
    pub fn len(&self) -> usize {
        let halves = self.halves.read().unwrap_or_else(PoisonError::into_inner);
        halves.young.len() + halves.old.len()
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{net::Ipv4Addr, time::Duration};

    fn address(n: u32) -> IpAddr {
        IpAddr::V4(Ipv4Addr::from_bits(n))
    }

    #[test]
    fn forgets_by_time_and_by_generation() {
        let (warm, now) = (Warm::new(10), Instant::now());
        warm.put(address(1), "one", now + Duration::from_secs(60), 7);
        assert_eq!(warm.get(address(1), now, 7), Some("one"));
        assert_eq!(warm.get(address(1), now + Duration::from_secs(59), 7), Some("one"));
        assert_eq!(warm.get(address(1), now + Duration::from_secs(60), 7), None);
        assert_eq!(warm.get(address(1), now, 8), None, "other patterns");
        assert_eq!(warm.get(address(2), now, 7), None);
    }

    #[test]
    fn never_grows_and_keeps_what_is_asked_for() {
        let (warm, now) = (Warm::new(100), Instant::now());
        let until = now + Duration::from_secs(60);
        warm.put(address(0), 0, until, 1);
        for n in 1..100_000 {
            warm.put(address(n), n, until, 1);
            assert_eq!(warm.get(address(0), now, 1), Some(0), "after {n}");
            assert!(warm.len() <= 100, "{}", warm.len());
        }
        assert_eq!(warm.get(address(99_999), now, 1), Some(99_999));
        assert_eq!(warm.get(address(5), now, 1), None);
    }
}
