//! Queries that wait for a look-up. Each is answered once, by the look-up or at its deadline.

use super::{
    query::DnsQuery,
    response::{DnsResponse, ZoneServer},
    route::ReplyRoute,
    zone::ListName,
};
use crate::{
    serve::{
        decision::ClientDecision,
        metrics::{ServiceMetrics, ServiceProtocol},
    },
    verdict::Verdict,
};
use std::{
    collections::BTreeMap,
    io,
    net::IpAddr,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    thread,
    time::Instant,
};

/// The queries that may wait at once, with some hundred octets each.
const WAITING: usize = 4096;

/// The reason when only the time was too short.
pub(super) const LATE: &str = "no answer within the deadline";

/// The waiting queries by deadline, with a number that separates equal ones.
type Deadlines = BTreeMap<(Instant, u64), Weak<PendingQuery>>;

/// The waiting queries, and the thread that ends their waiting.
pub(super) struct PendingQueries {
    zone: Arc<ZoneServer>,
    metrics: Arc<ServiceMetrics>,
    count: Arc<AtomicUsize>,
    due: Mutex<Deadlines>,
    admitted: AtomicU64,
    added: Condvar,
}

/// A waiting query.
pub(super) struct PendingQuery {
    zone: Arc<ZoneServer>,
    metrics: Arc<ServiceMetrics>,
    received: Instant,
    packet: Vec<u8>,
    list: ListName,
    address: IpAddr,
    /// None after the response, so that a late look-up keeps no connection open.
    route: Mutex<Option<ReplyRoute>>,
    count: Arc<AtomicUsize>,
}

impl Drop for PendingQuery {
    /// If it is dropped without an answer, the look-up had too much to do, or failed.
    fn drop(&mut self) {
        self.respond(Verdict::Unknown, |_| DnsResponse::failure("timeout", "too many questions are waiting"));
        self.count.fetch_sub(1, Ordering::SeqCst);
    }
}

impl PendingQuery {
    /// Sends the answer, unless one was sent before.
    pub(super) fn answer(&self, decision: &ClientDecision) {
        let about = |query: &DnsQuery<'_>| ZoneServer::about(query, self.list, self.address, decision);
        self.respond(decision.verdict, about);
    }

    fn give_up(&self) {
        self.respond(Verdict::Unknown, |_| DnsResponse::failure("timeout", LATE));
    }

    fn respond(&self, verdict: Verdict, response: impl FnOnce(&DnsQuery<'_>) -> DnsResponse) {
        let route = self.route.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(route) = route else { return };
        self.metrics.answered(ServiceProtocol::Dns, verdict, false, self.received.elapsed());
        // It was parsed before, when it was admitted.
        let Some(query) = DnsQuery::read(&self.packet) else { return };
        let mut bytes = Vec::new();
        self.zone.write(&query, &response(&query), route.limit(&query), &mut bytes);
        route.send(&bytes);
    }
}

impl PendingQueries {
    pub(super) fn new(zone: Arc<ZoneServer>, metrics: Arc<ServiceMetrics>) -> Arc<Self> {
        let (count, due, admitted) = (Arc::default(), Mutex::default(), AtomicU64::default());
        Arc::new(Self { zone, metrics, count, due, admitted, added: Condvar::new() })
    }

    fn due(&self) -> MutexGuard<'_, Deadlines> {
        self.due.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The number of waiting queries.
    pub(super) fn count(&self) -> usize {
        self.count.load(Ordering::SeqCst)
    }

    /// Lets a query wait until it is answered. At `due` it is answered as unknown. None if too many are waiting.
    pub(super) fn admit(
        &self,
        packet: &[u8],
        list: ListName,
        address: IpAddr,
        route: &ReplyRoute,
        due: Instant,
    ) -> Option<Arc<PendingQuery>> {
        if self.count.fetch_add(1, Ordering::SeqCst) >= WAITING {
            self.count.fetch_sub(1, Ordering::SeqCst);
            return None;
        }
        let query = Arc::new(PendingQuery {
            zone: Arc::clone(&self.zone),
            metrics: Arc::clone(&self.metrics),
            received: Instant::now(),
            packet: packet.to_vec(),
            list,
            address,
            route: Mutex::new(Some(route.clone())),
            count: Arc::clone(&self.count),
        });
        let mut waiting = self.due();
        // Answered queries are gone already; their entries are removed with the next admission.
        while waiting.first_key_value().is_some_and(|(_, query)| query.strong_count() == 0) {
            waiting.pop_first();
        }
        waiting.insert((due, self.admitted.fetch_add(1, Ordering::Relaxed)), Arc::downgrade(&query));
        drop(waiting);
        self.added.notify_one();
        Some(query)
    }

    /// Starts the thread that answers queries at their deadline.
    pub(super) fn start_deadlines(self: &Arc<Self>) -> io::Result<()> {
        let pending = Arc::clone(self);
        thread::Builder::new().name("dns-due".into()).stack_size(256 * 1024).spawn(move || pending.run())?;
        Ok(())
    }

    fn run(&self) {
        let mut waiting = self.due();
        loop {
            let now = Instant::now();
            let left = waiting.first_key_value().map(|((due, _), _)| due.saturating_duration_since(now));
            waiting = match left {
                None => self.added.wait(waiting).unwrap_or_else(PoisonError::into_inner),
                Some(left) if left.is_zero() => {
                    let query = waiting.pop_first().and_then(|(_, query)| query.upgrade());
                    drop(waiting);
                    if let Some(query) = query {
                        query.give_up();
                    }
                    self.due()
                }
                Some(left) => {
                    self.added.wait_timeout(waiting, left).unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }
}
