//! Turns: who may ask what, when. They are kept in the cache, so that they hold for all processes that share it, and
//! each ends by itself, so that a process that was killed holds nobody up for long.

use super::QueryPolicy;
use crate::{
    cache::{LayeredCache, LeaseHolder},
    deadline::Deadline,
};
use jiff::{SignedDuration, Timestamp};
use std::{thread, time::Duration};

/// How long to wait before looking whether another process has its answer.
const GLANCE: Duration = Duration::from_millis(10);

/// How often a server may be asked.
#[derive(Clone, Copy)]
pub(super) struct QuestionPace {
    /// Questions a second; 0 is no limit.
    rate: f64,
    /// Questions that may come at once before that counts: 1 or more.
    burst: f64,
}

impl QuestionPace {
    /// The user's, else what the server is known to bear.
    pub(super) fn of(policy: &QueryPolicy, (rate, burst): (f64, u32)) -> Self {
        match policy.rate {
            Some(rate) => Self { rate, burst: rate.ceil().clamp(1.0, 1000.0) },
            None => Self { rate, burst: f64::from(burst) },
        }
    }

    /// Questions a second, 0 for no limit, and how many may come at once before that counts.
    pub(super) fn figures(self) -> (f64, f64) {
        (self.rate, self.burst)
    }

    /// The same with half of the burst left for others: questions that a customer's record brings come only where a
    /// registry's own clients do not need the time.
    pub(super) fn yielding(self) -> Self {
        Self { burst: (self.burst / 2.0).max(1.0), ..self }
    }
}

/// One of a limited number of turns, given back when dropped.
pub(super) struct Lease<'a> {
    cache: &'a LayeredCache,
    what: String,
    holder: LeaseHolder,
    /// Somebody else had it before.
    pub(super) waited: bool,
    given_back: bool,
}

impl<'a> Lease<'a> {
    /// Waits for one of `width` turns at `what`; None when the deadline passed before there was one. `done` ends the
    /// waiting early: it is asked each time that somebody else has the turn, and the turn is then an empty one.
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
                // An empty turn gives back what it never had, which is nothing.
                return Some(Self { cache, what, holder, waited, given_back: false });
            }
            waited = true;
            thread::sleep(pause.min(left));
            // A hundred processes that wait for one answer should not wear out what they share.
            pause = (pause * 3 / 2).min(GLANCE * 5);
        }
    }

    /// Books the next moment at which a server may be asked, and says when it is; one that is further away than
    /// `timeout` is said and not booked.
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
        // The moments that are booked are `every` apart; a burst may come that many of them early (a leaky bucket,
        // or GCRA as ATM networks called it).
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
    /// Gives it back with what this process writes next, which must follow at once ([`LayeredCache::flush`] where
    /// nothing else does).
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

/// How long from `now` to a moment; nothing when it has passed.
pub(super) fn until(moment: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(moment.duration_since(now)).unwrap_or_default()
}
