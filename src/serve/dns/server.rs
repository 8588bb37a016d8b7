//! One server for all its sockets: who is answered, from which knowledge, and when at the latest.

use super::{
    pending::{LATE, PendingQueries},
    query::DnsQuery,
    response::{DnsResponse, Outcome, ZoneServer},
    route::ReplyRoute,
    zone::ListName,
};
use crate::{
    address::Prefix,
    error::{Error, Result},
    serve::{
        decision::{ClientDecision, DecisionReceiver},
        metrics::{ServiceDoor, ServiceMetrics},
    },
};
use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    sync::Arc,
    time::{Duration, Instant},
};

/// Who knows about addresses.
pub trait DecisionSource: Send + Sync + 'static {
    /// What memory has. Called for every query on the thread that received it: it reads no file and waits for nobody.
    fn remembered(&self, address: IpAddr) -> Option<Arc<ClientDecision>>;

    /// When whoever asked first has waited long enough, while an address is being looked up for this list.
    fn due(&self, list: ListName, address: IpAddr) -> Option<Instant>;

    /// Finds out what the list says, and hands it to `receiver`, on whatever thread and whenever it is known. It does not
    /// wait itself, and may drop `receiver` where too much waits already.
    fn find(&self, list: ListName, address: IpAddr, receiver: DecisionReceiver);
}

/// The clients that are answered; all others hear nothing.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DnsClients(Vec<Prefix>);

impl Default for DnsClients {
    /// This machine.
    fn default() -> Self {
        let loopback =
            [Prefix::new(Ipv4Addr::LOCALHOST.into(), 8), Prefix::new(Ipv6Addr::LOCALHOST.into(), 128)];
        Self(loopback.into_iter().flatten().collect())
    }
}

impl DnsClients {
    /// Reads a list of networks.
    ///
    /// # Errors
    /// A usage error that names the first that is none.
    pub fn parse(networks: &[String]) -> Result<Self> {
        let bad = |text: &str| {
            Error::usage(format!(
                "{text:?} is no network of DNS clients: write one as 192.0.2.0/24 or 2001:db8::/32"
            ))
        };
        networks
            .iter()
            .map(|text| text.trim().parse().map_err(|()| bad(text)))
            .collect::<Result<_>>()
            .map(Self)
    }

    fn contains(&self, client: IpAddr) -> bool {
        let client = client.to_canonical();
        self.0.iter().any(|prefix| prefix.contains(client))
    }
}

/// Answers what arrives on any socket.
pub struct DnsServer<F> {
    pub(super) zone: Arc<ZoneServer>,
    decisions: F,
    metrics: Arc<ServiceMetrics>,
    allowed: DnsClients,
    timeout: Duration,
    pub(super) pending: Arc<PendingQueries>,
}

impl<F: DecisionSource> DnsServer<F> {
    /// A server of this zone for clients in `allowed`, who have their response within `timeout`.
    #[must_use]
    pub fn new(
        zone: ZoneServer,
        decisions: F,
        metrics: Arc<ServiceMetrics>,
        allowed: DnsClients,
        timeout: Duration,
    ) -> Arc<Self> {
        let zone = Arc::new(zone);
        let pending = PendingQueries::new(Arc::clone(&zone), Arc::clone(&metrics));
        Arc::new(Self { zone, decisions, metrics, allowed, timeout, pending })
    }

    /// Whether this client is answered.
    pub(super) fn serves(&self, client: IpAddr) -> bool {
        self.allowed.contains(client)
    }

    /// Until when a query that arrived now may wait. A resolver repeats what is not answered soon, and takes an answer to
    /// its last try alone: were each try to wait anew, it would hear nothing for as long as the look-up takes.
    fn due(&self, list: ListName, address: IpAddr, received: Instant) -> Instant {
        let own = received + self.timeout;
        self.decisions.due(list, address).map_or(own, |first| first.min(own))
    }

    /// Answers a message: at once, by what is left in `bytes`, or later along `route`; then nothing is left there.
    pub(super) fn receive(&self, packet: &[u8], route: &ReplyRoute, bytes: &mut Vec<u8>) {
        bytes.clear();
        let received = Instant::now();
        let Some(query) = DnsQuery::read(packet) else { return };
        let response = match self.zone.outcome(&query) {
            Outcome::Ready(response) => response,
            Outcome::Pending(list, address) => match self.decisions.remembered(address) {
                Some(decision) => {
                    self.metrics.answered(ServiceDoor::Dns, decision.verdict, true, received.elapsed());
                    ZoneServer::about(&query, list, address, &decision)
                }
                None => {
                    let due = self.due(list, address, received);
                    if due > received
                        && let Some(pending) = self.pending.admit(packet, list, address, route, due)
                    {
                        return self.decisions.find(
                            list,
                            address,
                            Box::new(move |decision| pending.answer(decision)),
                        );
                    }
                    let why = if due > received { "too many questions are waiting" } else { LATE };
                    DnsResponse::failure("timeout", why)
                }
            },
        };
        self.zone.write(&query, &response, route.limit(&query), bytes);
    }
}
