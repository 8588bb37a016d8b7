//! Leases: permission to ask, in turn. They are kept in the cache, so they hold for all processes that share it. Each
//! expires by itself, so a process that was killed holds up nobody for long.

use super::QueryPolicy;
use crate::{
    cache::{LayeredCache, LeaseHolder},
    deadline::Deadline,
};
use jiff::{SignedDuration, Timestamp};
use std::{thread, time::Duration};

/// The pause before the next check whether another process has its answer.
const GLANCE: Duration = Duration::from_millis(10);

/// The rate at which a server may be asked.
#[derive(Clone, Copy)]
pub(super) struct QuestionPace {
    /// Queries a second; 0 is no limit.
    rate: f64,
    /// Queries that may come at once before the rate applies: 1 or more.
    burst: f64,
}

impl QuestionPace {
    /// The user's setting, else the known limit of the server.
    pub(super) fn of(policy: &QueryPolicy, (rate, burst): (f64, u32)) -> Self {
        match policy.rate {
            Some(rate) => Self { rate, burst: rate.ceil().clamp(1.0, 1000.0) },
            None => Self { rate, burst: f64::from(burst) },
        }
    }

    /// Queries a second (0 for no limit), and the burst before that limit applies.
    pub(super) fn figures(self) -> (f64, f64) {
        (self.rate, self.burst)
    }

    /// The same with half of the burst left for others. Referrals in customers' records are followed only when a
    /// registry's own clients do not need the time.
    pub(super) fn yielding(self) -> Self {
        Self { burst: (self.burst / 2.0).max(1.0), ..self }
    }
}

/// A lease: one of a limited number, released when dropped.
pub(super) struct Lease<'a> {
    cache: &'a LayeredCache,
    what: String,
    holder: LeaseHolder,
    /// Another process held it before.
    pub(super) waited: bool,
    given_back: bool,
}

impl<'a> Lease<'a> {
    /// Waits for one of `width` leases on `what`; None if the deadline passed first. `done` is called each time that
    /// all are taken. If it returns true, the waiting ends with an empty lease.
    pub(super) fn claim(
        cache: &'a LayeredCache,
        what: String,
        width: u32,
        deadline: Deadline,
        done: impl Fn() -> bool,
    ) -> Option<Self> {
        let holder = LeaseHolder::unique();
        let (mut pause, mut waited) = (GLANCE, false);
        loop {
            let left = deadline.remaining()?;
            let now = Timestamp::now();
            if cache.claim(&what, width, holder, now, now + left) || done() {
                // An empty lease releases nothing.
                return Some(Self { cache, what, holder, waited, given_back: false });
            }
            waited = true;
            thread::sleep(pause.min(left));
            // The pause grows, so that a hundred processes that wait for one answer do not overload the cache.
            pause = (pause * 3 / 2).min(GLANCE * 5);
        }
    }

    /// Books the next time at which a server may be asked, and returns it. A time further away than `timeout` is
    /// returned and not booked.
    pub(super) fn book(
        cache: &LayeredCache,
        key: &str,
        pace: QuestionPace,
        now: Timestamp,
        timeout: Duration,
    ) -> Timestamp {
        let QuestionPace { rate, burst } = pace;
        if rate <= 0.0 {
            return now;
        }
        // Booked times are `every` apart. A burst may come that many intervals early (a leaky bucket, or GCRA in ATM
        // networks).
        let every = Duration::from_secs_f64(1.0 / rate);
        let early = SignedDuration::from_secs_f64((burst - 1.0) / rate);
        let by =
            SignedDuration::try_from(timeout).ok().and_then(|timeout| now.checked_add(timeout + early).ok());
        let booked = cache.pace(key, every, now, by.unwrap_or(Timestamp::MAX));
        booked.checked_sub(early).unwrap_or(now).max(now)
    }

    /// Waits until a server may be asked; false when that is later than the deadline.
    pub(super) fn await_pace(
        cache: &LayeredCache,
        key: &str,
        pace: QuestionPace,
        deadline: Deadline,
    ) -> bool {
        let (now, Some(left)) = (Timestamp::now(), deadline.remaining()) else { return false };
        let wait = until(Self::book(cache, key, pace, now, left), now);
        if wait < left {
            thread::sleep(wait);
        }
        wait < left
    }
}

impl Lease<'_> {
    /// Releases it with the next write of this process, which must follow at once; else call [`LayeredCache::flush`].
    pub(super) fn release_with_next_write(mut self) {
        self.cache.release_with_next_write(&self.what, self.holder);
        self.given_back = true;
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        if !self.given_back {
            self.cache.release(&self.what, self.holder);
        }
    }
}

/// The time from `now` to a moment; zero if it has passed.
pub(super) fn until(moment: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(moment.duration_since(now)).unwrap_or_default()
}
