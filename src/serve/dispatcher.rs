//! Where a question waits for its decision, and never longer than the deadline.

use super::{
    decision::{ClientDecision, Decider, DecisionReceiver},
    decision_cache::DecisionCache,
    metrics::ServiceMetrics,
    pool::AskPool,
};
use crate::{address::Network, registry::Registry, verdict::Verdict};
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
/// Addresses in memory. Each takes some hundred bytes, and some hundred more where it shares its decision with no other
/// of its network.
const ROOM: usize = 131_072;
/// Networks in memory whose addresses share a decision.
const NETWORKS: usize = 32_768;
/// Questions to one registry that may wait for a worker. More than that in one deadline, and it is not to be had.
const QUEUE: usize = 512;
/// Threads that look into the cache for those who cannot wait there themselves.
const RECALLERS: usize = 4;
/// Questions that may wait for one of them.
const RECALL_QUEUE: usize = 4096;

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
    decided: DecisionCache<IpAddr, Arc<ClientDecision>>,
    shared: DecisionCache<Network, Arc<ClientDecision>>,
    open: Mutex<HashMap<IpAddr, Arc<InFlight>>>,
    pool: AskPool,
    recalls: AskPool,
    timeout: Duration,
    unanswered: AtomicUsize,
    /// What all doors and the look-ups behind them have counted.
    pub(super) metrics: Arc<ServiceMetrics>,
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

/// A question under way.
struct InFlight {
    due: Instant,
    outcome: Mutex<FlightOutcome>,
    done: Condvar,
}

#[derive(Default)]
struct FlightOutcome {
    decision: Option<Arc<ClientDecision>>,
    /// Those who do not wait on a thread of their own.
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

    /// Hands the decision over when it is there, which may be now.
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

/// What is known without asking a registry.
enum Recalled {
    /// The decision, and whether it was remembered here.
    Known(Arc<ClientDecision>, bool),
    /// The question is under way.
    Asked(Arc<InFlight>),
}

impl<O: Decider> Dispatcher<O> {
    /// A dispatcher that has `decider` decide.
    pub fn new(decider: O, limits: DispatchLimits) -> Arc<Self> {
        Arc::new(Self {
            current: RwLock::new(CurrentDecider { decider: Arc::new(decider), generation: 0 }),
            decided: DecisionCache::new(ROOM),
            shared: DecisionCache::new(NETWORKS),
            open: Mutex::default(),
            pool: AskPool::new(limits.jobs, limits.per_lane, QUEUE),
            recalls: AskPool::new(RECALLERS, RECALLERS, RECALL_QUEUE),
            timeout: limits.timeout,
            unanswered: AtomicUsize::new(0),
            metrics: Arc::default(),
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

    /// The longest that anybody waits.
    pub(super) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// When whoever asked first has waited long enough, while the address is being looked up.
    pub(super) fn due(&self, address: IpAddr) -> Option<Instant> {
        self.open().get(&address).map(|in_flight| in_flight.due)
    }

    /// The decision that memory has, unless it is an unknown, which the cache may know better by now.
    pub(super) fn remembered(&self, address: IpAddr) -> Option<Arc<ClientDecision>> {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        let decision = self.decided.get(address, Instant::now(), current.generation)?;
        (decision.verdict != Verdict::Unknown).then_some(decision)
    }

    /// The decision about an address, and whether it was remembered here.
    pub(super) fn decide(self: &Arc<Self>, address: IpAddr) -> (Arc<ClientDecision>, bool) {
        match self.recall(address) {
            Recalled::Known(decision, remembered) => (decision, remembered),
            Recalled::Asked(in_flight) => {
                let late = || Arc::new(ClientDecision::unknown("timeout", "no answer within the deadline"));
                (in_flight.wait().unwrap_or_else(late), false)
            }
        }
    }

    /// Has `receiver` take the decision about an address as soon as there is one, however late. It returns at once,
    /// and drops `receiver` where too much waits already.
    pub(super) fn decide_later(self: &Arc<Self>, address: IpAddr, receiver: DecisionReceiver) {
        let dispatcher = Arc::clone(self);
        // One lane: the cache is one, whoever the registry is.
        self.recalls.submit(Registry::Other, None, move |_| match dispatcher.recall(address) {
            Recalled::Known(decision, _) => receiver(&decision),
            Recalled::Asked(in_flight) => in_flight.join(receiver),
        });
    }

    /// The same for whoever only wants to know the AS that announces the address: nobody is asked where the table of
    /// origins has it.
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

    /// Who announces an address, by the table of origins alone.
    pub(super) fn announced(&self, address: IpAddr) -> Option<Arc<ClientDecision>> {
        let decider = {
            let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(&current.decider)
        };
        catch_unwind(AssertUnwindSafe(|| decider.announced(address))).ok().flatten().map(Arc::new)
    }

    /// The decision that needs nobody to be asked, and whether it was remembered here; None where there is none.
    pub(super) fn recalled(&self, address: IpAddr) -> Option<(Arc<ClientDecision>, bool)> {
        let (decider, generation, unknown) = {
            let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
            match self.decided.get(address, Instant::now(), current.generation) {
                Some(decision) if decision.verdict != Verdict::Unknown => return Some((decision, true)),
                unknown => (Arc::clone(&current.decider), current.generation, unknown),
            }
        };
        // A panic here is one in there too, and there it is reported.
        if let Ok(Some(decision)) = catch_unwind(AssertUnwindSafe(|| decider.recall(address))) {
            return Some((self.keep(address, decision, generation), false));
        }
        // Only now: another process may have brought the answer meanwhile.
        unknown.map(|decision| (decision, true))
    }

    fn recall(self: &Arc<Self>, address: IpAddr) -> Recalled {
        let due = Instant::now() + self.timeout;
        match self.recalled(address) {
            Some((decision, remembered)) => Recalled::Known(decision, remembered),
            None => self.ask(address, due),
        }
    }

    /// The question about this address: the one that is under way, else a new one. Its deadline counts from when it
    /// was first put, so that a second recipient does not wait a second time.
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
                    ClientDecision::unknown("incomplete", "a mistake of our own: please report it")
                });
            dispatcher.metrics.asked(lane, decision.reason.as_ref().map(|(kind, _)| *kind));
            let decision = dispatcher.keep(address, decision, generation);
            dispatcher.open().remove(&address);
            asked.close(&decision);
        });
        if taken {
            return Recalled::Asked(in_flight);
        }
        self.open().remove(&address);
        // Whoever has joined it meanwhile need not wait either.
        let full = Arc::new(ClientDecision::unknown("timeout", "too many questions are waiting"));
        in_flight.close(&full);
        Recalled::Known(full, false)
    }

    fn open(&self) -> MutexGuard<'_, HashMap<IpAddr, Arc<InFlight>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep(&self, address: IpAddr, decision: ClientDecision, generation: u64) -> Arc<ClientDecision> {
        let kept = if decision.verdict == Verdict::Unknown { UNKNOWN_KEPT } else { KEPT };
        let now = Instant::now();
        let decision = self.share(decision, now, generation);
        self.decided.put(address, Arc::clone(&decision), now + kept, generation);
        decision
    }

    /// The same decision as another address of its network has, where it is the same.
    fn share(&self, decision: ClientDecision, now: Instant, generation: u64) -> Arc<ClientDecision> {
        let Some(network) = decision.network else { return Arc::new(decision) };
        match self.shared.get(network, now, generation) {
            Some(shared) if *shared == decision => shared,
            _ => {
                let decision = Arc::new(decision);
                self.shared.put(network, Arc::clone(&decision), now + KEPT, generation);
                decision
            }
        }
    }
}

#[cfg(test)]
mod tests;
