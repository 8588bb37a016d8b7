//! Where a request waits for its decision, and never longer than the deadline.

use super::{
    decision::{Decision, Oracle},
    decision_cache::Warm,
    decision_log::fields,
    pool::Pool,
    reply::Conduct,
};
use crate::verdict::Verdict;
use std::{
    collections::HashMap,
    net::IpAddr,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

/// How long a decision is served from memory before the cache is read again, so that what `cache import` or `cache
/// forget` has changed is noticed.
const KEPT: Duration = Duration::from_secs(300);
/// How long an unknown is remembered. It is no answer, and is not kept as one; but a message to fifty recipients
/// asks fifty times, and must not wait for a dead registry fifty times.
const UNKNOWN_KEPT: Duration = Duration::from_secs(30);
/// Addresses in memory; some hundred bytes each.
const ROOM: usize = 8_192;
/// Questions to one registry that may wait for a worker. More than that in one deadline, and it is not to be had.
const QUEUE: usize = 512;

/// The bounds that a desk keeps.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Within this, every request is answered.
    pub patience: Duration,
    /// Questions under way at once.
    pub jobs: usize,
    /// Of these, at most so many to one registry.
    pub per_lane: usize,
}

/// Decides, remembers, and asks each question once however many wait for it.
pub struct Desk<O> {
    current: RwLock<Current<O>>,
    warm: Warm<Arc<Ruled>>,
    open: Mutex<HashMap<IpAddr, Arc<Case>>>,
    pool: Pool,
    patience: Duration,
    conduct: Conduct,
    underway: AtomicUsize,
}

/// A request that has been read and not yet answered; dropping it says that it is.
pub(super) struct Underway<'a>(&'a AtomicUsize);

impl Drop for Underway<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// The oracle of now. The number changes with it, so that nothing decided by another is served.
struct Current<O> {
    oracle: Arc<O>,
    generation: u64,
}

/// A decision, put into words once.
pub(super) struct Ruled {
    pub(super) bytes: Vec<u8>,
    pub(super) fields: String,
    pub(super) source: &'static str,
    is_unknown: bool,
}

/// A question under way.
struct Case {
    due: Instant,
    ruled: Mutex<Option<Arc<Ruled>>>,
    done: Condvar,
}

impl Case {
    fn close(&self, ruled: Arc<Ruled>) {
        *self.ruled.lock().unwrap_or_else(PoisonError::into_inner) = Some(ruled);
        self.done.notify_all();
    }

    fn wait(&self) -> Option<Arc<Ruled>> {
        let ruled = self.ruled.lock().unwrap_or_else(PoisonError::into_inner);
        let left = self.due.saturating_duration_since(Instant::now());
        let (ruled, _) = self
            .done
            .wait_timeout_while(ruled, left, |r| r.is_none())
            .unwrap_or_else(PoisonError::into_inner);
        ruled.clone()
    }
}

impl<O: Oracle> Desk<O> {
    /// A desk that puts what `oracle` says into words as `conduct` has it.
    pub fn new(oracle: O, conduct: Conduct, limits: Limits) -> Arc<Self> {
        Arc::new(Self {
            current: RwLock::new(Current { oracle: Arc::new(oracle), generation: 0 }),
            warm: Warm::new(ROOM),
            open: Mutex::default(),
            pool: Pool::new(limits.jobs, limits.per_lane, QUEUE),
            patience: limits.patience,
            conduct,
            underway: AtomicUsize::new(0),
        })
    }

    /// From now on `oracle` decides; what its predecessor said is forgotten. Questions under way are still answered
    /// by the one that they were put to.
    pub fn replace(&self, oracle: O) {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        *current = Current { oracle: Arc::new(oracle), generation: current.generation + 1 };
    }

    /// Counts a request until the value is dropped.
    pub(super) fn begin(&self) -> Underway<'_> {
        self.underway.fetch_add(1, Ordering::SeqCst);
        Underway(&self.underway)
    }

    /// Whether any request has been read and not yet answered.
    pub(super) fn is_busy(&self) -> bool {
        self.underway.load(Ordering::SeqCst) > 0
    }

    /// Whether a question is under way, even one that nobody waits for any more.
    pub(super) fn is_asking(&self) -> bool {
        !self.open().is_empty()
    }

    /// The decision about an address, and whether it was remembered here.
    pub(super) fn decide(self: &Arc<Self>, address: IpAddr) -> (Arc<Ruled>, bool) {
        let now = Instant::now();
        let (oracle, generation, unknown) = {
            let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
            match self.warm.get(address, now, current.generation) {
                Some(ruled) if !ruled.is_unknown => return (ruled, true),
                unknown => (Arc::clone(&current.oracle), current.generation, unknown),
            }
        };
        // A panic here is one in there too, and there it is reported.
        if let Ok(Some(decision)) = catch_unwind(AssertUnwindSafe(|| oracle.recall(address))) {
            return (self.keep(address, &decision, generation), false);
        }
        // Only now: another process may have brought the answer meanwhile.
        if let Some(ruled) = unknown {
            return (ruled, true);
        }
        let ruled = match self.case(address, oracle, generation, now + self.patience) {
            Some(case) => case.wait().unwrap_or_else(|| {
                self.rule(address, &Decision::unknown("timeout", "no answer within the deadline"))
            }),
            None => self.rule(address, &Decision::unknown("timeout", "too many questions are waiting")),
        };
        (ruled, false)
    }

    /// The question about this address: the one that is under way, else a new one. Its deadline counts from when it
    /// was first put, so that a second recipient does not wait a second time.
    fn case(
        self: &Arc<Self>,
        address: IpAddr,
        oracle: Arc<O>,
        generation: u64,
        due: Instant,
    ) -> Option<Arc<Case>> {
        let lane = oracle.lane(address);
        let mut open = self.open();
        if let Some(case) = open.get(&address) {
            return Some(Arc::clone(case));
        }
        let case = Arc::new(Case { due, ruled: Mutex::default(), done: Condvar::new() });
        open.insert(address, Arc::clone(&case));
        drop(open);
        let (desk, asked) = (Arc::clone(self), Arc::clone(&case));
        let taken = self.pool.submit(lane, move || {
            let decision = catch_unwind(AssertUnwindSafe(|| oracle.ask(address))).unwrap_or_else(|_| {
                Decision::unknown("incomplete", "a mistake of our own: please report it")
            });
            let ruled = desk.keep(address, &decision, generation);
            desk.open().remove(&address);
            asked.close(ruled);
        });
        if taken {
            return Some(case);
        }
        self.open().remove(&address);
        // Whoever has joined it meanwhile need not wait either.
        case.close(self.rule(address, &Decision::unknown("timeout", "too many questions are waiting")));
        None
    }

    fn open(&self) -> MutexGuard<'_, HashMap<IpAddr, Arc<Case>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep(&self, address: IpAddr, decision: &Decision, generation: u64) -> Arc<Ruled> {
        let ruled = self.rule(address, decision);
        let kept = if ruled.is_unknown { UNKNOWN_KEPT } else { KEPT };
        self.warm.put(address, Arc::clone(&ruled), Instant::now() + kept, generation);
        ruled
    }

    fn rule(&self, address: IpAddr, decision: &Decision) -> Arc<Ruled> {
        let reply = self.conduct.reply(address, decision);
        let source = decision.source.map_or("-", |source| source.as_str());
        let is_unknown = decision.verdict == Verdict::Unknown;
        Arc::new(Ruled {
            bytes: reply.bytes,
            fields: fields(address, reply.word, decision),
            source,
            is_unknown,
        })
    }
}

#[cfg(test)]
mod tests;
