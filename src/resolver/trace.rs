//! What happened on the walk of one address, for the admin who asks why (`--explain`).

use crate::{
    cache::CacheHit,
    origin::AddressOrigin,
    registry::{Answer, Registry, Server, responsible},
};
use std::{
    net::IpAddr,
    time::{Duration, Instant},
};

/// One thing that happened.
#[derive(Clone, Debug)]
pub struct TraceStep {
    /// When, from the start of the walk.
    pub at: Duration,
    /// What kind of thing: `cache`, `registry`, `asked`, `reply`, ...
    pub what: &'static str,
    /// The sentence.
    pub said: String,
}

/// The steps of a walk; empty, and costing nothing, when nobody wants to know.
#[derive(Debug)]
pub struct Trace {
    started: Option<Instant>,
    steps: Vec<TraceStep>,
}

impl Trace {
    /// A trace that remembers nothing.
    #[must_use]
    pub fn off() -> Self {
        Self { started: None, steps: Vec::new() }
    }

    /// A trace whose clock starts now.
    #[must_use]
    pub fn on() -> Self {
        Self { started: Some(Instant::now()), steps: Vec::new() }
    }

    /// Adds a step, if anybody wants to know.
    pub fn say(&mut self, what: &'static str, said: impl FnOnce() -> String) {
        if let Some(started) = self.started {
            self.steps.push(TraceStep { at: started.elapsed(), what, said: said() });
        }
    }

    /// What happened, in order.
    #[must_use]
    pub fn steps(&self) -> &[TraceStep] {
        &self.steps
    }
}

/// What was found in the cache, and until when it may be used.
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

/// Who announces an address, by the table of origins.
pub(super) fn announced(origin: Option<&AddressOrigin>) -> String {
    let Some(AddressOrigin { range, origin }) = origin else {
        return "the table of origins has no range that holds it".to_owned();
    };
    let numbers: Vec<String> = origin.asn.iter().map(|number| format!("AS{number}")).collect();
    let name = origin.name.as_ref().map(|name| format!(" ({name})")).unwrap_or_default();
    format!("{} is announced by {}{name}", range.network, numbers.join(", "))
}

/// Which rule chose the first server: what was imported says today's registry, IANA's tables the one that got the block.
pub(super) fn chosen(address: IpAddr, delegated: Option<Registry>, server: &Server) -> String {
    let rule = match (delegated, responsible(address)) {
        (Some(registry), _) => format!("imported statistics: it is delegated by {registry}"),
        (None, Some(row)) => format!("IANA: {} is {} since {}", row.block, row.designation, row.date),
        (None, None) => "IANA's tables have no row for it".to_owned(),
    };
    let place =
        if server.listed { format!(" (--servers: {}:{})", server.host, server.port) } else { String::new() };
    format!("{rule}: ask {}{place}", server.name)
}
