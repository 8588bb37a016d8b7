//! Where a request waits for its decision, and never longer than the deadline.

use super::{
    decision::{Decider, PolicyDecision},
    decision_cache::DecisionCache,
    decision_log::fields,
    pool::AskPool,
    reply::ReplyPolicy,
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

/// The bounds that a dispatcher keeps.
#[derive(Clone, Copy, Debug)]
pub struct DispatchLimits {
    /// Within this, every request is answered.
    pub timeout: Duration,
    /// Questions under way at once.
    pub jobs: usize,
    /// Of these, at most so many to one registry.
    pub per_lane: usize,
}

/// Decides, remembers, and asks each question once however many wait for it.
pub struct Dispatcher<O> {
    current: RwLock<CurrentDecider<O>>,
    decided: DecisionCache<Arc<RenderedReply>>,
    open: Mutex<HashMap<IpAddr, Arc<InFlight>>>,
    pool: AskPool,
    timeout: Duration,
    reply_policy: ReplyPolicy,
    unanswered: AtomicUsize,
}

/// A request that has been read and not yet answered; dropping it says that it is.
pub(super) struct RequestGuard<'a>(&'a AtomicUsize);

impl Drop for RequestGuard<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// The decider of now. The number changes with it, so that nothing decided by another is served.
struct CurrentDecider<O> {
    decider: Arc<O>,
    generation: u64,
}

/// A decision, put into words once.
pub(super) struct RenderedReply {
    pub(super) bytes: Vec<u8>,
    pub(super) fields: String,
    pub(super) source: &'static str,
    is_unknown: bool,
}

/// A question under way.
struct InFlight {
    due: Instant,
    reply: Mutex<Option<Arc<RenderedReply>>>,
    done: Condvar,
}

impl InFlight {
    fn close(&self, reply: Arc<RenderedReply>) {
        *self.reply.lock().unwrap_or_else(PoisonError::into_inner) = Some(reply);
        self.done.notify_all();
    }

    fn wait(&self) -> Option<Arc<RenderedReply>> {
        let reply = self.reply.lock().unwrap_or_else(PoisonError::into_inner);
        let left = self.due.saturating_duration_since(Instant::now());
        let (reply, _) = self
            .done
            .wait_timeout_while(reply, left, |r| r.is_none())
            .unwrap_or_else(PoisonError::into_inner);
        reply.clone()
    }
}

impl<O: Decider> Dispatcher<O> {
    /// A dispatcher that puts what `decider` says into words as `reply_policy` has it.
    pub fn new(decider: O, reply_policy: ReplyPolicy, limits: DispatchLimits) -> Arc<Self> {
        Arc::new(Self {
            current: RwLock::new(CurrentDecider { decider: Arc::new(decider), generation: 0 }),
            decided: DecisionCache::new(ROOM),
            open: Mutex::default(),
            pool: AskPool::new(limits.jobs, limits.per_lane, QUEUE),
            timeout: limits.timeout,
            reply_policy,
            unanswered: AtomicUsize::new(0),
        })
    }

    /// From now on `decider` decides; what its predecessor said is forgotten. Questions under way are still answered
    /// by the one that they were put to.
    pub fn replace(&self, decider: O) {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        *current = CurrentDecider { decider: Arc::new(decider), generation: current.generation + 1 };
    }

    /// Counts a request until the value is dropped.
    pub(super) fn begin(&self) -> RequestGuard<'_> {
        self.unanswered.fetch_add(1, Ordering::SeqCst);
        RequestGuard(&self.unanswered)
    }

    /// Whether any request has been read and not yet answered.
    pub(super) fn is_busy(&self) -> bool {
        self.unanswered.load(Ordering::SeqCst) > 0
    }

    /// Whether a question is under way, even one that nobody waits for any more.
    pub(super) fn is_asking(&self) -> bool {
        !self.open().is_empty()
    }

    /// The decision about an address, and whether it was remembered here.
    pub(super) fn decide(self: &Arc<Self>, address: IpAddr) -> (Arc<RenderedReply>, bool) {
        let now = Instant::now();
        let (decider, generation, unknown) = {
            let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
            match self.decided.get(address, now, current.generation) {
                Some(reply) if !reply.is_unknown => return (reply, true),
                unknown => (Arc::clone(&current.decider), current.generation, unknown),
            }
        };
        // A panic here is one in there too, and there it is reported.
        if let Ok(Some(decision)) = catch_unwind(AssertUnwindSafe(|| decider.recall(address))) {
            return (self.keep(address, &decision, generation), false);
        }
        // Only now: another process may have brought the answer meanwhile.
        if let Some(reply) = unknown {
            return (reply, true);
        }
        let reply = match self.in_flight(address, decider, generation, now + self.timeout) {
            Some(in_flight) => in_flight.wait().unwrap_or_else(|| {
                self.render(address, &PolicyDecision::unknown("timeout", "no answer within the deadline"))
            }),
            None => {
                self.render(address, &PolicyDecision::unknown("timeout", "too many questions are waiting"))
            }
        };
        (reply, false)
    }

    /// The question about this address: the one that is under way, else a new one. Its deadline counts from when it
    /// was first put, so that a second recipient does not wait a second time.
    fn in_flight(
        self: &Arc<Self>,
        address: IpAddr,
        decider: Arc<O>,
        generation: u64,
        due: Instant,
    ) -> Option<Arc<InFlight>> {
        let lane = decider.lane(address);
        let mut open = self.open();
        if let Some(in_flight) = open.get(&address) {
            return Some(Arc::clone(in_flight));
        }
        let in_flight = Arc::new(InFlight { due, reply: Mutex::default(), done: Condvar::new() });
        open.insert(address, Arc::clone(&in_flight));
        drop(open);
        let (dispatcher, asked) = (Arc::clone(self), Arc::clone(&in_flight));
        let taken = self.pool.submit(lane, move || {
            let decision = catch_unwind(AssertUnwindSafe(|| decider.ask(address))).unwrap_or_else(|_| {
                PolicyDecision::unknown("incomplete", "a mistake of our own: please report it")
            });
            let reply = dispatcher.keep(address, &decision, generation);
            dispatcher.open().remove(&address);
            asked.close(reply);
        });
        if taken {
            return Some(in_flight);
        }
        self.open().remove(&address);
        // Whoever has joined it meanwhile need not wait either.
        in_flight.close(
            self.render(address, &PolicyDecision::unknown("timeout", "too many questions are waiting")),
        );
        None
    }

    fn open(&self) -> MutexGuard<'_, HashMap<IpAddr, Arc<InFlight>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep(&self, address: IpAddr, decision: &PolicyDecision, generation: u64) -> Arc<RenderedReply> {
        let reply = self.render(address, decision);
        let kept = if reply.is_unknown { UNKNOWN_KEPT } else { KEPT };
        self.decided.put(address, Arc::clone(&reply), Instant::now() + kept, generation);
        reply
    }

    fn render(&self, address: IpAddr, decision: &PolicyDecision) -> Arc<RenderedReply> {
        let reply = self.reply_policy.reply(address, decision);
        let source = decision.source.map_or("-", |source| source.as_str());
        let is_unknown = decision.verdict == Verdict::Unknown;
        Arc::new(RenderedReply {
            bytes: reply.bytes,
            fields: fields(address, reply.word, decision),
            source,
            is_unknown,
        })
    }
}

#[cfg(test)]
mod tests;
