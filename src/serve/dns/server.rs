//! One server for all its sockets: who is answered, from which knowledge, and when at the latest.

use super::{
    facts::AddressFacts,
    pending::PendingQueries,
    query::DnsQuery,
    response::{DnsResponse, Outcome, ZoneServer},
    route::ReplyRoute,
};
use crate::address::Prefix;
use std::{
    net::IpAddr,
    sync::Arc,
    time::{Duration, Instant},
};

/// Takes what became known of an address.
pub type FactsReceiver = Box<dyn FnOnce(&AddressFacts) + Send>;

/// Who knows about addresses.
pub trait FactSource: Send + Sync + 'static {
    /// What memory has. Called for every query on the thread that received it: it reads no file and waits for nobody.
    fn remembered(&self, address: IpAddr) -> Option<Arc<AddressFacts>>;

    /// Finds out, and hands it to `then`, on whatever thread and whenever it is known. It does not wait itself, and
    /// may drop `then` where too much waits already.
    fn find(&self, address: IpAddr, then: FactsReceiver);
}

/// Answers what arrives on any socket.
pub struct DnsServer<F> {
    pub(super) zone: Arc<ZoneServer>,
    facts: Arc<F>,
    allowed: Vec<Prefix>,
    timeout: Duration,
    pub(super) pending: Arc<PendingQueries>,
}

impl<F: FactSource> DnsServer<F> {
    /// A server of this zone for clients in `allowed`, who have their response within `timeout`.
    #[must_use]
    pub fn new(zone: ZoneServer, facts: Arc<F>, allowed: Vec<Prefix>, timeout: Duration) -> Arc<Self> {
        let zone = Arc::new(zone);
        let pending = PendingQueries::new(Arc::clone(&zone));
        Arc::new(Self { zone, facts, allowed, timeout, pending })
    }

    /// Whether this client is answered.
    pub(super) fn serves(&self, client: IpAddr) -> bool {
        let client = client.to_canonical();
        self.allowed.iter().any(|prefix| prefix.contains(client))
    }

    /// Answers a message: at once, by what is left in `bytes`, or later along `route`; then nothing is left there.
    pub(super) fn receive(&self, packet: &[u8], route: &ReplyRoute, bytes: &mut Vec<u8>) {
        bytes.clear();
        let Some(query) = DnsQuery::read(packet) else { return };
        let response = match self.zone.outcome(&query) {
            Outcome::Ready(response) => response,
            Outcome::Pending(list, address) => match self.facts.remembered(address) {
                Some(facts) => ZoneServer::about(&query, list, address, &facts),
                None => {
                    let due = Instant::now() + self.timeout;
                    let Some(pending) = self.pending.admit(packet, list, address, route, due) else {
                        let response = DnsResponse::failure("timeout", "too many questions are waiting");
                        return self.zone.write(&query, &response, route.limit(&query), bytes);
                    };
                    return self.facts.find(address, Box::new(move |facts| pending.answer(facts)));
                }
            },
        };
        self.zone.write(&query, &response, route.limit(&query), bytes);
    }
}
