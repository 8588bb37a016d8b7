//! Leases: permission to ask, in turn. They are kept in the cache, so they hold for all processes that share it. Each
//! expires by itself, so a process that was killed holds up nobody for long.

use super::QueryPolicy;
use crate::{
    cache::{CacheHit, Freshness, LayeredCache, LeaseHolder, TurnOutcome, TurnRequest},
    deadline::Deadline,
};
use jiff::{SignedDuration, Timestamp};
use std::{net::IpAddr, thread, time::Duration};

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

    /// Whether queries may follow each other at once.
    pub(super) fn is_unlimited(self) -> bool {
        self.rate <= 0.0
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
    given_back: bool,
}

/// The outcome of asking for permission.
pub(super) enum Admission<'a> {
    /// A kept answer: no query is needed.
    Found(CacheHit),
    /// The server must not be asked now.
    HeldOff,
    /// A lease on the address and its neighbours, and one on a query to the server if that was wanted and free.
    Granted { area: Lease<'a>, query: Option<Lease<'a>> },
}

/// A request for permission to ask about an address.
pub(super) struct AdmissionRequest {
    pub(super) address: IpAddr,
    /// The limits for a kept answer; None if none will do.
    pub(super) accepts: Option<Freshness>,
    /// The name of the lease on the address and its neighbours.
    pub(super) area: String,
    /// The server's key.
    pub(super) server: String,
    /// The number of queries that the server may get at once; None if the lease on one is taken later.
    pub(super) queries: Option<u16>,
}

/// The name of the lease on a query to a server.
pub(super) fn query_lease(key: &str) -> String {
    format!("server {key}")
}

/// A pause that grows, so that a hundred processes that wait for one answer do not overload the cache.
struct GrowingPause(Duration);

impl GrowingPause {
    fn sleep(&mut self, left: Duration) {
        thread::sleep(self.0.min(left));
        self.0 = (self.0 * 3 / 2).min(GLANCE * 5);
    }
}

impl<'a> Lease<'a> {
    /// Waits for one of `width` leases on `what`; None if the deadline passed first.
    pub(super) fn claim(
        cache: &'a LayeredCache,
        what: String,
        width: u32,
        deadline: Deadline,
    ) -> Option<Self> {
        let (holder, mut pause) = (LeaseHolder::unique(), GrowingPause(GLANCE));
        loop {
            let left = deadline.remaining()?;
            let now = Timestamp::now();
            if cache.claim(&what, width, holder, now, now + left) {
                return Some(Self { cache, what, holder, given_back: false });
            }
            pause.sleep(left);
        }
    }

    /// Waits until a query is permitted, not needed, or not allowed; None if the deadline passed first.
    pub(super) fn admit(
        cache: &'a LayeredCache,
        wanted: &AdmissionRequest,
        deadline: Deadline,
    ) -> Option<Admission<'a>> {
        let (holder, now) = (LeaseHolder::unique(), Timestamp::now());
        let mut request = TurnRequest {
            address: wanted.address,
            accepts: wanted.accepts,
            area: wanted.area.clone(),
            server: wanted.server.clone(),
            query: wanted.queries.map(|width| (query_lease(&wanted.server), width.into())),
            holder,
            now,
            until: now,
        };
        let mut pause = GrowingPause(GLANCE);
        loop {
            let left = deadline.remaining()?;
            request.now = Timestamp::now();
            request.until = request.now + left;
            match cache.take_turn(&request) {
                TurnOutcome::Found(found) => return Some(Admission::Found(found)),
                TurnOutcome::HeldOff(_) => return Some(Admission::HeldOff),
                TurnOutcome::Busy => pause.sleep(left),
                TurnOutcome::Granted { query } => {
                    let lease = |what| Self { cache, what, holder, given_back: false };
                    let query = request.query.filter(|_| query).map(|(what, _)| lease(what));
                    return Some(Admission::Granted { area: lease(request.area), query });
                }
            }
        }
    }

    /// Whether it is a lease on this.
    pub(super) fn is_on(&self, what: &str) -> bool {
        self.what == what
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
        if pace.is_unlimited() {
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
