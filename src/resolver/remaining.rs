//! The remaining time of a run over many addresses. The slowest registry decides it, not the average of all.

use std::{collections::HashMap, time::Duration};

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
    /// The server's limit of queries a second, after a burst of so many; a rate of 0 is no limit.
    rate: f64,
    burst: f64,
}

impl RemainingWork {
    /// Adds an address of a server with this pace.
    pub(super) fn add(&mut self, server: &str, (rate, burst): (f64, f64)) {
        let index = *self.indexes.entry(server.to_owned()).or_insert_with(|| {
            self.shares.push(ServerShare { left: 0, done: 0, rate, burst });
            self.shares.len() - 1
        });
        if let Some(share) = self.shares.get_mut(index) {
            share.left += 1;
        }
        self.addresses.push(index);
    }

    /// Marks the address with this index as done, counted from 0 in the order of adding.
    pub(super) fn finish(&mut self, address: usize) {
        let share = self.addresses.get(address).and_then(|index| self.shares.get_mut(*index));
        if let Some(share) = share {
            share.left = share.left.saturating_sub(1);
            share.done += 1;
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
        let seen = (self.done > 0).then(|| left * elapsed / done);
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
        (0..100).for_each(|n| work.finish(n));
        assert_eq!(seconds(&work, 5), Some(120), "60 behind the burst, 2 s each");
        (100..130).for_each(|n| work.finish(n));
        assert_eq!(seconds(&work, 5), Some(120), "the burst was quick, and tells nothing");
        (130..170).for_each(|n| work.finish(n));
        assert_eq!(seconds(&work, 70), Some(20), "what was seen tells: neighbours shared answers");
        (170..190).for_each(|n| work.finish(n));
        assert_eq!(seconds(&work, 90), Some(0));
    }

    #[test]
    fn without_a_pace_what_was_seen_tells() {
        let mut work = work(&[("one", 10, (0.0, 1.0))]);
        assert_eq!(work.time(Duration::from_secs(3)), None);
        (0..5).for_each(|n| work.finish(n));
        assert_eq!(work.time(Duration::from_secs(10)), Some(Duration::from_secs(10)));
    }
}
