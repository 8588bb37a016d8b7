//! `whodunit warm [LOG]...`: fills the cache from logs, at the registries' own pace.
//!
//! What is kept already is not asked again, so a run that was stopped goes on where it was.

use super::{flush, input_warnings, manners, open, query, stdout, tell};
use crate::{
    address::special,
    cli::WarmArgs,
    config,
    deadline::Deadline,
    error::{Error, Result},
    exit::Exit,
    log,
    output::progress::{self, Progress},
    registry::{Known, UnknownKind},
    resolver::{Lookup, Trace, scheduler},
};
use jiff::Timestamp;
use std::{
    collections::BTreeMap,
    io::{self, IsTerminal, Write},
    net::IpAddr,
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
    let query = query(&typed.querying, &beneath)?;
    let remember = config::remember(&typed.caching, &beneath);
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
        ..log::ReadSpec::new(Timestamp::now())
    };
    let read = log::read(&sources, &spec, &progress::bytes())?;
    input_warnings::tell(&read, &sources, &spec);
    let mut seen = read.seen;
    // The busiest first: a run that is stopped has then done the most good.
    seen.sort_by_key(|seen| std::cmp::Reverse(seen.hits));
    let cache = open(&remember);
    let manners = manners(&query, &remember);
    let lookup = Lookup::new(&manners, &cache);
    let mut count = WarmCount::default();
    let is_known =
        |address| special(address).is_some() || lookup.remembered(address, Timestamp::now()).is_some();
    let unknown: Vec<IpAddr> =
        seen.iter().map(|seen| seen.address).filter(|&address| !is_known(address)).collect();
    count.known = (seen.len() - unknown.len()) as u64;
    let mut bar = Progress::addresses(unknown.len() as u64);
    let mut done = 0;
    let ask = |address: IpAddr| -> std::result::Result<(), UnknownKind> {
        // An answer about a neighbour may have come meanwhile.
        let booked = !query.offline && !is_known(address);
        if booked {
            lookup.await_turn(address);
        }
        match lookup.look_up(address, Deadline::within(query.timeout), booked, &mut Trace::off()) {
            Known::Unknown(unknown) => Err(unknown.kind),
            Known::Answer(_) | Known::Origin | Known::Reserved(_) => Ok(()),
        }
    };
    scheduler::run(
        unknown.iter().copied().enumerate(),
        scheduler::Concurrency { jobs: query.jobs.into(), per_lane: query.per_server.into() },
        |address| lookup.first_server(address).name,
        ask,
        |_, outcome| {
            done += 1;
            bar.reach(done);
            match outcome {
                Ok(()) => count.learned += 1,
                Err(kind) => *count.unknown.entry(kind.as_str()).or_default() += 1,
            }
        },
    );
    drop(bar);
    tell(&cache);
    report(&count)
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
