//! One server for all its sockets: checks the client, finds the decision, and keeps the deadline.

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
        metrics::{ServiceMetrics, ServiceProtocol},
    },
};
use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    sync::Arc,
    time::{Duration, Instant},
};

/// The source of decisions about addresses.
pub trait DecisionSource: Send + Sync + 'static {
    /// The decision in memory. It is called for every query, on the thread that received it, so it must not read a file
    /// or wait.
    fn remembered(&self, address: IpAddr) -> Option<Arc<ClientDecision>>;

    /// The deadline of the first query for an address, while it is being looked up for this list.
    fn due(&self, list: ListName, address: IpAddr) -> Option<Instant>;

    /// Finds the decision for the list, and calls `receiver` with it, on any thread and at any time. It does not wait
    /// itself, and may drop `receiver` if too many requests are waiting.
    fn find(&self, list: ListName, address: IpAddr, receiver: DecisionReceiver);
}

/// The clients that are answered; others get no answer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DnsClients(Vec<Prefix>);

impl Default for DnsClients {
    /// This machine only.
    fn default() -> Self {
        let loopback =
            [Prefix::new(Ipv4Addr::LOCALHOST.into(), 8), Prefix::new(Ipv6Addr::LOCALHOST.into(), 128)];
        Self(loopback.into_iter().flatten().collect())
    }
}

impl DnsClients {
    /// Parses a list of networks.
    ///
    /// # Errors
    /// A usage error that names the first invalid one.
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

/// Answers queries on any of its sockets.
pub struct DnsServer<F> {
    pub(super) zone: Arc<ZoneServer>,
    pub(super) decisions: F,
    metrics: Arc<ServiceMetrics>,
    allowed: DnsClients,
    timeout: Duration,
    pub(super) pending: Arc<PendingQueries>,
}

impl<F: DecisionSource> DnsServer<F> {
    /// A server of this zone for clients in `allowed`, which get their response within `timeout`.
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

    /// The deadline of a query that arrived now. A resolver repeats a query without a prompt answer, and accepts only
    /// an answer to its last try. If each try waited the full time again, it would get no answer for as long as the
    /// look-up takes.
    fn due(&self, list: ListName, address: IpAddr, received: Instant) -> Instant {
        let own = received + self.timeout;
        self.decisions.due(list, address).map_or(own, |first| first.min(own))
    }

    /// Answers a message: at once, with the response left in `bytes`, or later along `route`, with `bytes` empty.
    pub(super) fn receive(&self, packet: &[u8], route: &ReplyRoute, bytes: &mut Vec<u8>) {
        bytes.clear();
        let received = Instant::now();
        let Some(query) = DnsQuery::read(packet) else { return };
        let response = match self.zone.outcome(&query) {
            Outcome::Ready(response) => response,
            Outcome::Pending(list, address) => match self.decisions.remembered(address) {
                Some(decision) => {
                    self.metrics.answered(ServiceProtocol::Dns, decision.verdict, true, received.elapsed());
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
