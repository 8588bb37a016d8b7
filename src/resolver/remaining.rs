//! The remaining time of a run over many addresses. The slowest registry decides it, not the average of all.

use std::{
    collections::{HashMap, VecDeque},
    time::Duration,
};

/// The observed rate is that of so many addresses. Cached answers come first and at once, and say nothing about the rest.
const RECENT: usize = 16;

/// Done and remaining work, by the server that is asked first.
#[derive(Debug, Default)]
pub(super) struct RemainingWork {
    shares: Vec<ServerShare>,
    indexes: HashMap<String, usize>,
    /// The index of each address's server, in the order in which the addresses were added.
    addresses: Vec<usize>,
}

#[derive(Debug)]
struct ServerShare {
    left: u32,
    done: u32,
    /// When the last ones were done, in seconds since the start; the first entry is the time before them.
    recent: VecDeque<f64>,
    /// The server's limit of queries a second, after a burst of so many; a rate of 0 is no limit.
    rate: f64,
    burst: f64,
}

impl RemainingWork {
    /// Adds an address of a server with this pace.
    pub(super) fn add(&mut self, server: &str, (rate, burst): (f64, f64)) {
        let index = *self.indexes.entry(server.to_owned()).or_insert_with(|| {
            self.shares.push(ServerShare { left: 0, done: 0, recent: VecDeque::from([0.0]), rate, burst });
            self.shares.len() - 1
        });
        if let Some(share) = self.shares.get_mut(index) {
            share.left += 1;
        }
        self.addresses.push(index);
    }

    /// Marks the address with this index as done at this time since the start. Indexes count from 0 in the order of adding.
    pub(super) fn finish(&mut self, address: usize, elapsed: Duration) {
        let share = self.addresses.get(address).and_then(|index| self.shares.get_mut(*index));
        if let Some(share) = share {
            share.left = share.left.saturating_sub(1);
            share.done += 1;
            share.recent.push_back(elapsed.as_secs_f64());
            if share.recent.len() > RECENT + 1 {
                share.recent.pop_front();
            }
        }
    }

    /// The time that the rest takes, given the time since the start; None while it cannot be estimated.
    pub(super) fn time(&self, elapsed: Duration) -> Option<Duration> {
        let seconds: Option<Vec<f64>> = self
            .shares
            .iter()
            .filter(|share| share.left > 0)
            .map(|share| share.seconds(elapsed.as_secs_f64()))
            .collect();
        let longest = seconds?.into_iter().fold(0.0, f64::max);
        Duration::try_from_secs_f64(longest).ok()
    }
}

impl ServerShare {
    /// The seconds for the remaining work. The burst at the start says nothing about the rate that follows. Once it is
    /// well past, the observed rate is used, since neighbours share answers and need less than one query each.
    fn seconds(&self, elapsed: f64) -> Option<f64> {
        let (left, done) = (f64::from(self.left), f64::from(self.done));
        let recent = self.recent.len().saturating_sub(1) as f64;
        let since = self.recent.front().copied().unwrap_or_default();
        let seen = (self.done > 0).then(|| left * (elapsed - since).max(0.0) / recent.max(1.0));
        let booked = (self.rate > 0.0 && done < 2.0 * self.burst)
            .then(|| (left - (self.burst - done).max(0.0)).max(0.0) / self.rate);
        match (seen, booked) {
            (Some(seen), Some(booked)) => Some(seen.max(booked)),
            (None, Some(booked)) => (booked > 0.0).then_some(booked),
            (seen, None) => seen,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn work(of: &[(&str, u32, (f64, f64))]) -> RemainingWork {
        let mut work = RemainingWork::default();
        for (server, count, pace) in of {
            (0..*count).for_each(|_| work.add(server, *pace));
        }
        work
    }

    #[test]
    fn the_slowest_registry_decides() {
        let mut work = work(&[("ripe", 100, (20.0, 100.0)), ("lacnic", 90, (0.5, 30.0))]);
        let seconds = |work: &RemainingWork, elapsed| {
            work.time(Duration::from_secs(elapsed)).map(|left| left.as_secs())
        };
        assert_eq!(seconds(&work, 0), None, "nothing is done of a registry that has no more than a burst");
        let finish = |work: &mut RemainingWork, which: std::ops::Range<usize>, from: f64, each: f64| {
            for (at, n) in which.enumerate() {
                work.finish(n, Duration::from_secs_f64(from + each * (at + 1) as f64));
            }
        };
        finish(&mut work, 0..100, 0.0, 0.05);
        assert_eq!(seconds(&work, 5), Some(120), "60 behind the burst, 2 s each");
        finish(&mut work, 100..130, 0.0, 0.1);
        assert_eq!(seconds(&work, 5), Some(120), "the burst was quick, and tells nothing");
        finish(&mut work, 130..170, 5.0, 1.0);
        assert_eq!(seconds(&work, 45), Some(20), "what was seen tells: neighbours shared answers");
        finish(&mut work, 170..190, 45.0, 1.0);
        assert_eq!(seconds(&work, 65), Some(0));
    }

    #[test]
    fn answers_that_were_in_the_cache_promise_nothing() {
        let mut work = work(&[("ripe", 240, (5.0, 5.0))]);
        (0..60).for_each(|n| work.finish(n, Duration::from_millis(10)));
        (60..76).for_each(|n| work.finish(n, Duration::from_millis(200 * (n as u64 - 59))));
        let left = work.time(Duration::from_millis(3_200)).unwrap().as_secs();
        assert!((30..=34).contains(&left), "164 at five a second take no {left} s");
    }

    #[test]
    fn without_a_pace_what_was_seen_tells() {
        let mut work = work(&[("one", 10, (0.0, 1.0))]);
        assert_eq!(work.time(Duration::from_secs(3)), None);
        (0..5).for_each(|n| work.finish(n, Duration::from_secs(2 * (n as u64 + 1))));
        assert_eq!(work.time(Duration::from_secs(10)), Some(Duration::from_secs(10)));
    }
}
