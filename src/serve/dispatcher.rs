//! Requests wait here for their decision, and never longer than the deadline.

use super::{
    decision::{ClientDecision, Decider, DecisionReceiver},
    decision_cache::DecisionCache,
    metrics::ServiceMetrics,
    pool::AskPool,
};
use crate::{
    address::{Network, Prefix},
    registry::Registry,
    verdict::Verdict,
};
use std::{
    collections::HashMap,
    net::IpAddr,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

/// How long a decision is served from memory before the cache is read again. Changes by `cache import` or `cache
/// forget` are noticed then.
const KEPT: Duration = Duration::from_secs(300);
/// How long an unknown or a provisional decision is remembered. An unknown is not kept as an answer. But a message to
/// fifty recipients asks fifty times, and must not wait for a dead registry fifty times.
const SHORTLY_KEPT: Duration = Duration::from_secs(30);
/// The bytes for decisions in memory. One takes some 600, and is about a network that contains no other one, or about one
/// address.
const ROOM: usize = 128 << 20;
/// A decision with more bytes is not remembered: strangers write its texts, and could push all others out.
const HEAVY: usize = 16 * 1024;
/// The queries to one registry that may wait for a worker. More than that are not answered within one deadline.
const QUEUE: usize = 512;
/// The threads that read the cache for callers that cannot wait for it.
const RECALLERS: usize = 4;
/// The requests that may wait for one of them.
const RECALL_QUEUE: usize = 4096;

/// The limits of a dispatcher.
#[derive(Clone, Copy, Debug)]
pub struct DispatchLimits {
    /// The time within which every request is answered.
    pub timeout: Duration,
    /// Queries under way at once.
    pub jobs: usize,
    /// The most queries to one registry at once.
    pub per_lane: usize,
}

/// Decides, remembers decisions, and sends each query once, however many requests wait for it.
pub struct Dispatcher<O> {
    current: RwLock<CurrentDecider<O>>,
    decided: DecisionCache<Arc<ClientDecision>>,
    open: Mutex<HashMap<IpAddr, Arc<InFlight>>>,
    pool: AskPool,
    recalls: AskPool,
    timeout: Duration,
    unanswered: AtomicUsize,
    started: Instant,
    /// The second since then in which the decider's version was last looked at.
    looked: AtomicU64,
    version: AtomicU64,
    /// The counters of all protocols and of the look-ups.
    pub(super) metrics: Arc<ServiceMetrics>,
}

/// Counts a request that has been read and not yet answered; dropping it means that it is answered.
pub(super) struct RequestGuard<'a>(&'a AtomicUsize);

impl Drop for RequestGuard<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// The current decider. The generation changes with it and with its data, so that no former decision is served.
struct CurrentDecider<O> {
    decider: Arc<O>,
    generation: u64,
}

/// A query under way.
struct InFlight {
    due: Instant,
    outcome: Mutex<FlightOutcome>,
    done: Condvar,
}

#[derive(Default)]
struct FlightOutcome {
    decision: Option<Arc<ClientDecision>>,
    /// The receivers of callers that do not wait on a thread of their own.
    receivers: Vec<DecisionReceiver>,
}

impl InFlight {
    fn outcome(&self) -> MutexGuard<'_, FlightOutcome> {
        self.outcome.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn close(&self, decision: &Arc<ClientDecision>) {
        let mut outcome = self.outcome();
        outcome.decision = Some(Arc::clone(decision));
        let receivers = std::mem::take(&mut outcome.receivers);
        drop(outcome);
        self.done.notify_all();
        for receiver in receivers {
            receiver(decision);
        }
    }

    fn wait(&self) -> Option<Arc<ClientDecision>> {
        let left = self.due.saturating_duration_since(Instant::now());
        let (outcome, _) = self
            .done
            .wait_timeout_while(self.outcome(), left, |outcome| outcome.decision.is_none())
            .unwrap_or_else(PoisonError::into_inner);
        outcome.decision.clone()
    }

    /// Hands the decision over when it is made, which may be now.
    fn join(&self, receiver: DecisionReceiver) {
        let mut outcome = self.outcome();
        match outcome.decision.clone() {
            None => outcome.receivers.push(receiver),
            Some(decision) => {
                drop(outcome);
                receiver(&decision);
            }
        }
    }
}

/// The result without asking a registry.
enum Recalled {
    /// The decision, and whether it came from memory.
    Known(Arc<ClientDecision>, bool),
    /// The query is under way.
    Asked(Arc<InFlight>),
}

impl<O: Decider> Dispatcher<O> {
    /// A dispatcher that uses `decider`.
    pub fn new(decider: O, limits: DispatchLimits) -> Arc<Self> {
        Arc::new(Self {
            current: RwLock::new(CurrentDecider { decider: Arc::new(decider), generation: 0 }),
            decided: DecisionCache::new(ROOM),
            open: Mutex::default(),
            pool: AskPool::new(limits.jobs, limits.per_lane, QUEUE),
            recalls: AskPool::new(RECALLERS, RECALLERS, RECALL_QUEUE),
            timeout: limits.timeout,
            unanswered: AtomicUsize::new(0),
            started: Instant::now(),
            looked: AtomicU64::new(u64::MAX),
            version: AtomicU64::new(0),
            metrics: Arc::default(),
        })
    }

    /// Uses `decider` from now on, and drops decisions of the former one. Queries under way are still answered by the
    /// former one.
    pub fn replace(&self, decider: O) {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        *current = CurrentDecider { decider: Arc::new(decider), generation: current.generation + 1 };
    }

    /// Drops the decisions in memory if the decider's data has changed: a decision may be about a whole network, whose
    /// clients should not wait until it expires. It looks once a second at most.
    fn follow(&self) {
        let second = self.started.elapsed().as_secs();
        if self.looked.load(Ordering::Relaxed) == second
            || self.looked.swap(second, Ordering::Relaxed) == second
        {
            return;
        }
        let decider = {
            let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(&current.decider)
        };
        let Ok(version) = catch_unwind(AssertUnwindSafe(|| decider.version())) else { return };
        if self.version.swap(version, Ordering::Relaxed) != version {
            self.current.write().unwrap_or_else(PoisonError::into_inner).generation += 1;
        }
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

    /// Whether a query is under way, even one that nobody waits for any more.
    pub(super) fn is_asking(&self) -> bool {
        !self.open().is_empty()
    }

    /// The longest time that a request waits.
    pub(super) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// The deadline of the first request for this address, while it is being looked up.
    pub(super) fn due(&self, address: IpAddr) -> Option<Instant> {
        self.open().get(&address).map(|in_flight| in_flight.due)
    }

    /// The decision in memory, unless it is an unknown: the cache may have an answer by now.
    pub(super) fn remembered(&self, address: IpAddr) -> Option<Arc<ClientDecision>> {
        self.follow();
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        let decision = self.decided.get(address, Instant::now(), current.generation)?;
        (decision.verdict != Verdict::Unknown).then_some(decision)
    }

    /// The decision about an address, and whether it came from memory.
    pub(super) fn decide(self: &Arc<Self>, address: IpAddr) -> (Arc<ClientDecision>, bool) {
        match self.recall(address) {
            Recalled::Known(decision, remembered) => (decision, remembered),
            Recalled::Asked(in_flight) => {
                let late = || Arc::new(ClientDecision::unknown("timeout", "no answer within the deadline"));
                (in_flight.wait().unwrap_or_else(late), false)
            }
        }
    }

    /// Calls `receiver` with the decision about an address as soon as it is made, however late. It returns at once, and
    /// drops `receiver` if too many requests are waiting.
    pub(super) fn decide_later(self: &Arc<Self>, address: IpAddr, receiver: DecisionReceiver) {
        let dispatcher = Arc::clone(self);
        // A single lane: there is one cache for all registries.
        self.recalls.submit(Registry::Other, None, move |_| match dispatcher.recall(address) {
            Recalled::Known(decision, _) => receiver(&decision),
            Recalled::Asked(in_flight) => in_flight.join(receiver),
        });
    }

    /// The same for callers that only need the AS of the address. No query is sent if the table of origins has it.
    pub(super) fn announce_later(self: &Arc<Self>, address: IpAddr, receiver: DecisionReceiver) {
        let dispatcher = Arc::clone(self);
        self.recalls.submit(Registry::Other, None, move |_| {
            let known = dispatcher.recalled(address).map(|(decision, _)| decision);
            match known.filter(|decision| !decision.asn.is_empty()).or_else(|| dispatcher.announced(address))
            {
                Some(decision) => receiver(&decision),
                None => dispatcher.decide_later(address, receiver),
            }
        });
    }

    /// The origin of an address, by the table of origins alone.
    pub(super) fn announced(&self, address: IpAddr) -> Option<Arc<ClientDecision>> {
        let decider = {
            let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(&current.decider)
        };
        catch_unwind(AssertUnwindSafe(|| decider.announced(address))).ok().flatten().map(Arc::new)
    }

    /// The decision if it needs no query, and whether it came from memory; None if there is none.
    pub(super) fn recalled(&self, address: IpAddr) -> Option<(Arc<ClientDecision>, bool)> {
        self.follow();
        let (decider, generation, unknown) = {
            let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
            match self.decided.get(address, Instant::now(), current.generation) {
                Some(decision) if decision.verdict != Verdict::Unknown => return Some((decision, true)),
                unknown => (Arc::clone(&current.decider), current.generation, unknown),
            }
        };
        // A panic here would also happen in the query, which reports it.
        let recalled = catch_unwind(AssertUnwindSafe(|| {
            let decision = decider.recall(address)?;
            // An unknown is no answer about other addresses.
            if decision.verdict == Verdict::Unknown {
                return Some((decision, alone(address)));
            }
            // The cache may have changed since the decision. Outside of the network it would be another's.
            let network = decision.network.iter().flat_map(Network::prefixes);
            let scope = Prefix::scope(address, network.chain([decider.scope(address)]));
            Some((decision, scope))
        }));
        if let Ok(Some((decision, scope))) = recalled {
            return Some((self.keep(scope, decision, generation), false));
        }
        // Memory is checked last: another process may have brought the answer meanwhile.
        unknown.map(|decision| (decision, true))
    }

    fn recall(self: &Arc<Self>, address: IpAddr) -> Recalled {
        let due = Instant::now() + self.timeout;
        match self.recalled(address) {
            Some((decision, remembered)) => Recalled::Known(decision, remembered),
            None => self.ask(address, due),
        }
    }

    /// The query about this address: the one under way, else a new one. Its deadline counts from its start, so that a
    /// second recipient does not wait a second time.
    fn ask(self: &Arc<Self>, address: IpAddr, due: Instant) -> Recalled {
        let (decider, generation) = {
            let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
            (Arc::clone(&current.decider), current.generation)
        };
        let (lane, area) = (decider.lane(address), decider.area(address));
        let mut open = self.open();
        if let Some(in_flight) = open.get(&address) {
            return Recalled::Asked(Arc::clone(in_flight));
        }
        let in_flight = Arc::new(InFlight { due, outcome: Mutex::default(), done: Condvar::new() });
        open.insert(address, Arc::clone(&in_flight));
        drop(open);
        let (dispatcher, asked) = (Arc::clone(self), Arc::clone(&in_flight));
        let taken = self.pool.submit(lane, Some(area), move |permit| {
            let decision =
                catch_unwind(AssertUnwindSafe(|| decider.ask(address, permit))).unwrap_or_else(|_| {
                    ClientDecision::unknown("incomplete", "an internal error: please report it")
                });
            dispatcher.metrics.asked(lane, decision.reason.as_ref().map(|(kind, _)| *kind));
            let decision = dispatcher.keep(alone(address), decision, generation);
            dispatcher.open().remove(&address);
            asked.close(&decision);
        });
        if taken {
            return Recalled::Asked(in_flight);
        }
        self.open().remove(&address);
        // Requests that have joined it meanwhile need not wait either.
        let full = Arc::new(ClientDecision::unknown("timeout", "too many questions are waiting"));
        in_flight.close(&full);
        Recalled::Known(full, false)
    }

    fn open(&self) -> MutexGuard<'_, HashMap<IpAddr, Arc<InFlight>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep(&self, scope: Prefix, decision: ClientDecision, generation: u64) -> Arc<ClientDecision> {
        let lasts = decision.verdict != Verdict::Unknown && !decision.provisional;
        let kept = if lasts { KEPT } else { SHORTLY_KEPT };
        let (weight, decision) = (decision.weight(), Arc::new(decision));
        if weight > HEAVY {
            return decision;
        }
        self.decided.put(scope, decision, weight, Instant::now() + kept, generation)
    }
}

/// An address by itself.
fn alone(address: IpAddr) -> Prefix {
    Prefix::around(address, 32, 128)
}

#[cfg(test)]
mod tests;
