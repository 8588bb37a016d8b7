//! `whodunit warm [LOG]...`: fills the cache from logs, at the registries' own pace.
//!
//! Cached answers are not asked for again, so a run that was stopped continues where it was.

use super::{flush, log_clients, resolver, sink::ProgressSink, stdout, tell_of};
use crate::{
    cli::WarmArgs,
    config::{self, ConfigLayer, LogConfig, ResolverConfig},
    error::{Error, Result},
    exit::Exit,
    log::ClientSource,
    pattern::Patterns,
    resolver::Client,
    verdict::Judged,
};
use jiff::Timestamp;
use std::{collections::BTreeMap, convert::identity, io::Write};

/// The logs to read, and how registries are asked.
struct WarmSettings<'a> {
    logs: Vec<ClientSource<'a>>,
    reading: LogConfig,
    resolver: ResolverConfig,
}

impl<'a> WarmSettings<'a> {
    fn resolve(typed: &'a WarmArgs, layers: &ConfigLayer) -> Result<Self> {
        Ok(Self {
            logs: log_clients::sources(&typed.logs, "warm")?,
            reading: LogConfig::resolve(&typed.reading, layers),
            resolver: ResolverConfig::resolve(&typed.querying, &typed.caching, layers)?,
        })
    }
}

/// The results for the addresses.
#[derive(Debug, Default)]
struct WarmCount {
    /// Known before: reserved, cached or imported.
    known: u64,
    /// Asked for, or covered by an answer about a neighbour.
    learned: u64,
    /// By the reason.
    unknown: BTreeMap<&'static str, u64>,
}

/// Fills the cache.
///
/// # Errors
/// A log that cannot be read (66), an output that cannot be written (74), and wrong settings.
pub fn run(typed: &WarmArgs) -> Result<Exit> {
    let settings = WarmSettings::resolve(typed, &config::layers(&typed.config)?)?;
    let read = log_clients::read(&settings.logs, &settings.reading.spec(Timestamp::now()))?;
    let missing = !read.unreadable.is_empty();
    let mut seen = read.seen;
    // The busiest clients come first, so that a run that is stopped has done the most useful part.
    seen.sort_by_key(|seen| std::cmp::Reverse(seen.hits));
    let resolver = resolver(settings.resolver, Patterns::default()).waiting_in_turn();
    let mut count = WarmCount::default();
    let is_new = |client: &Client| !resolver.knows(client.address, Timestamp::now());
    let clients: Vec<Client> = log_clients::clients(&seen).into_iter().filter(is_new).collect();
    count.known = (seen.len() - clients.len()) as u64;
    let learn = |judged: Judged, _| {
        match judged.unknown() {
            None => count.learned += 1,
            Some(unknown) => *count.unknown.entry(unknown.kind.as_str()).or_default() += 1,
        }
        Ok(())
    };
    resolver.judge_all(&clients, &identity, &mut ProgressSink::new(&resolver, false, learn))?;
    tell_of(&resolver);
    report(&count).map(|exit| if missing { Exit::NoInput } else { exit })
}

fn report(count: &WarmCount) -> Result<Exit> {
    let mut out = stdout();
    let mut line = format!("{} learned, {} known before", count.learned, count.known);
    if !count.unknown.is_empty() {
        let kinds: Vec<_> = count.unknown.iter().map(|(kind, number)| format!("{kind}: {number}")).collect();
        let all: u64 = count.unknown.values().sum();
        line.push_str(&format!(", {all} unknown ({})", kinds.join(", ")));
    }
    writeln!(out, "{line}").map_err(Error::stdout)?;
    flush(&mut out)?;
    Ok(if count.unknown.is_empty() { Exit::Clear } else { Exit::TempFail })
}
