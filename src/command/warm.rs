//! `whodunit warm [LOG]...`: fills the cache from logs, at the registries' own pace.
//!
//! What is kept already is not asked again, so a run that was stopped goes on where it was.

use super::{flush, input_warnings, resolver, settle, sink::ProgressSink, stdout, tell_of};
use crate::{
    cli::WarmArgs,
    config,
    error::{Error, Result},
    exit::Exit,
    log,
    output::progress,
    pattern::Patterns,
    resolver::Client,
    verdict::Judged,
};
use jiff::Timestamp;
use std::{
    collections::BTreeMap,
    io::{self, IsTerminal, Write},
    path::Path,
};

/// What came of the addresses.
#[derive(Debug, Default)]
struct WarmCount {
    /// Known before: reserved, kept or imported.
    known: u64,
    /// Asked for, or found by an answer about a neighbour.
    learned: u64,
    /// By the reason why not.
    unknown: BTreeMap<&'static str, u64>,
}

/// Fills the cache.
///
/// # Errors
/// A log that cannot be read (66), an output that cannot be written (74), and whatever is wrong with the settings.
pub fn run(typed: &WarmArgs) -> Result<Exit> {
    let beneath = config::beneath(&typed.config)?;
    let config = settle(&typed.querying, &typed.caching, &beneath)?;
    if typed.logs.is_empty() && io::stdin().is_terminal() {
        return Err(Error::usage(
            "no log: name one, or pipe one into stdin (`whodunit warm --help` says more)",
        ));
    }
    let sources: Vec<log::ClientSource<'_>> = match typed.logs.as_slice() {
        [] => vec![log::ClientSource::Stdin],
        logs => logs.iter().map(|path| source(path)).collect(),
    };
    let spec = log::ReadSpec {
        extract: config::extract(&typed.reading, &beneath),
        trusted: config::trusted_proxies(&typed.reading, &beneath),
        ..log::ReadSpec::new(Timestamp::now())
    };
    let read = log::read(&sources, &spec, &progress::bytes())?;
    input_warnings::tell(&read, &sources, &spec);
    let missing = !read.unreadable.is_empty();
    let mut seen = read.seen;
    // The busiest first: a run that is stopped has then done the most good.
    seen.sort_by_key(|seen| std::cmp::Reverse(seen.hits));
    let resolver = resolver(config, Patterns::default()).waiting_in_turn();
    let mut count = WarmCount::default();
    let clients: Vec<Client> = seen
        .iter()
        .map(|seen| Client { address: seen.address(), hits: seen.hits })
        .filter(|client| !resolver.knows(client.address, Timestamp::now()))
        .collect();
    count.known = (seen.len() - clients.len()) as u64;
    let learn = |judged: Judged, _| {
        match judged.unknown() {
            None => count.learned += 1,
            Some(unknown) => *count.unknown.entry(unknown.kind.as_str()).or_default() += 1,
        }
        Ok(())
    };
    resolver.judge_all(&clients, &mut ProgressSink::new(&resolver, false, learn))?;
    tell_of(&resolver);
    report(&count).map(|exit| if missing { Exit::NoInput } else { exit })
}

fn source(path: &Path) -> log::ClientSource<'_> {
    if path == Path::new("-") { log::ClientSource::Stdin } else { log::ClientSource::File(path) }
}

fn report(count: &WarmCount) -> Result<Exit> {
    let mut out = stdout();
    let mut line = format!("{} learned, {} known before", count.learned, count.known);
    for (kind, number) in &count.unknown {
        line.push_str(&format!(", {number} {kind}"));
    }
    writeln!(out, "{line}").map_err(|error| Error::output("stdout", &error))?;
    flush(&mut out)?;
    Ok(if count.unknown.is_empty() { Exit::Clear } else { Exit::TempFail })
}
