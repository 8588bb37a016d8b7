//! The steps of the look-up of one address, for an admin who asks why (`--explain`).

use crate::{
    cache::CacheHit,
    origin::AddressOrigin,
    registry::{Answer, NationalBlock, Registry, Server, responsible},
};
use std::{
    net::IpAddr,
    time::{Duration, Instant},
};

/// One step.
#[derive(Clone, Debug)]
pub struct TraceStep {
    /// The time since the start of the look-up.
    pub at: Duration,
    /// The kind of step: `cache`, `registry`, `asked`, `reply`, ...
    pub what: &'static str,
    /// The sentence that describes it.
    pub said: String,
}

/// Takes the name of a server.
type ServerNote = Box<dyn Fn(&str)>;

/// The steps of a look-up. It is empty and costs nothing if nobody asked for it.
pub struct Trace {
    started: Option<Instant>,
    steps: Vec<TraceStep>,
    /// Called with the name of a server that is asked now.
    asking: Option<ServerNote>,
}

impl Trace {
    /// A trace that records nothing.
    #[must_use]
    pub fn off() -> Self {
        Self { started: None, steps: Vec::new(), asking: None }
    }

    /// A trace whose clock starts now.
    #[must_use]
    pub fn on() -> Self {
        Self { started: Some(Instant::now()), ..Self::off() }
    }

    /// The same, which also calls `asking` with the name of each server when it is asked: a user at a terminal waits.
    #[must_use]
    pub fn telling(self, asking: impl Fn(&str) + 'static) -> Self {
        Self { asking: Some(Box::new(asking)), ..self }
    }

    /// Notes that a server is asked from now on.
    pub(super) fn ask(&self, server: &str) {
        if let Some(asking) = &self.asking {
            asking(server);
        }
    }

    /// Adds a step, if the trace is on.
    pub fn say(&mut self, what: &'static str, said: impl FnOnce() -> String) {
        if let Some(started) = self.started {
            self.steps.push(TraceStep { at: started.elapsed(), what, said: said() });
        }
    }

    /// The steps in order.
    #[must_use]
    pub fn steps(&self) -> &[TraceStep] {
        &self.steps
    }
}

/// Describes a hit in the cache, and until when it may be used.
pub(super) fn found(found: &CacheHit, answer: &Answer) -> String {
    let partial = if answer.partial { ", partial" } else { "" };
    format!(
        "has {} ({}{partial}) from {:.0}, good for {} until {:.0}",
        answer.record.network,
        answer.servers.join(", "),
        found.fetched,
        found.extent,
        found.expires
    )
}

/// Describes the origin of an address by the table of origins.
pub(super) fn announced(origin: Option<&AddressOrigin>) -> String {
    let Some(AddressOrigin { range, origin }) = origin else {
        return "the table of origins has no range that holds it".to_owned();
    };
    let numbers: Vec<String> = origin.asn.iter().map(|number| format!("AS{number}")).collect();
    let name = origin.name.as_ref().map(|name| format!(" ({name})")).unwrap_or_default();
    format!("{} is announced by {}{name}", range.network, numbers.join(", "))
}

/// Describes the rule that chose the first server: imported statistics name today's registry, IANA's tables the one
/// that got the block, and the table of national registries the one that is asked instead, if it is not passed over for
/// a reason.
pub(super) fn chosen(
    address: IpAddr,
    delegated: Option<Registry>,
    national: Option<(NationalBlock, Option<String>)>,
    server: &Server,
) -> String {
    let rule = match (delegated, responsible(address)) {
        (Some(registry), _) => format!("imported statistics: it is delegated by {registry}"),
        (None, Some(row)) => format!("IANA: {} is {} since {}", row.block, row.designation, row.date),
        (None, None) => "IANA's tables have no row for it".to_owned(),
    };
    let national = national.map(|(NationalBlock { block, registry, date }, passed_over)| {
        let passed_over = passed_over.map(|why| format!(", which is passed over ({why})"));
        let passed_over = passed_over.unwrap_or_default();
        format!("; national registries: {block} is {registry}'s since {date}{passed_over}")
    });
    let listed =
        if server.listed { format!(" (--servers: {}:{})", server.host, server.port) } else { String::new() };
    format!("{rule}{}: ask {}{listed}", national.unwrap_or_default(), server.name)
}
