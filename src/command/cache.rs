//! `whodunit cache stats|list|forget|import|export`: looking after what is remembered.

mod files;
mod show;

use super::{each, flush, stdout, tell, unreadable, warn};
use crate::{
    address::{self, Network, Prefix},
    cache::{
        LayeredCache,
        bulk::{self, BulkInput, ImportSummary},
    },
    cli::{CacheArgs, CacheCommand, CacheOptions, ConfigArgs, OutputOptions},
    config,
    error::{Error, Result},
    exit::Exit,
    log,
    output::progress,
};
use jiff::Timestamp;
use std::{
    cell::RefCell,
    fs,
    io::{self, BufReader, Write},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

/// Looks after the cache.
///
/// # Errors
/// Bad usage (64), a cache or a file that cannot be read (66), a file that is not what it should be (65), an output
/// that cannot be written (74).
pub fn run(typed: &CacheArgs) -> Result<Exit> {
    let beneath = config::beneath(&ConfigArgs { config: typed.config.clone() })?;
    let caching = CacheOptions { cache: typed.cache.clone(), ..CacheOptions::default() };
    let cache = files::open(&config::remember(&caching, &beneath), &typed.command)?;
    let form = |json, csv| config::form(&OutputOptions { json, csv, ..OutputOptions::default() }, &beneath);
    let mut out = stdout();
    match &typed.command {
        CacheCommand::Stats { json } => show::stats(&cache, form(*json, false), &mut out)?,
        CacheCommand::List { json, csv } => show::list(&cache, form(*json, *csv), &mut out)?,
        CacheCommand::Forget { what, all } => forget(&cache, what, *all, &mut out)?,
        CacheCommand::Import { files } => import(&cache, files, &mut out)?,
        CacheCommand::Export => export(&cache, &mut out)?,
    }
    flush(&mut out)?;
    tell(&cache);
    Ok(Exit::Clear)
}

fn export(cache: &LayeredCache, out: &mut impl Write) -> Result<()> {
    each(cache, |kept| writeln!(out, "{}", bulk::line(kept)?).map_err(unwritten))
}

fn forget(cache: &LayeredCache, what: &[String], all: bool, out: &mut impl Write) -> Result<()> {
    // All are read before any is forgotten.
    let networks: Vec<Network> = what.iter().map(|text| network(text)).collect::<Result<_>>()?;
    let mut count = 0;
    // The cache's own sentence names it: it may be a server, and not the file beside it.
    let forget = |network| cache.forget(network).map_err(|error| Error::unwritable(error.to_string()));
    if all {
        count = forget(None)?;
    }
    for network in &networks {
        count += forget(Some(network))?;
    }
    let networks = if count == 1 { "network" } else { "networks" };
    writeln!(out, "forgot {count} {networks}").map_err(unwritten)
}

fn network(text: &str) -> Result<Network> {
    if let Ok(prefix) = text.parse::<Prefix>() {
        return Ok(prefix.into());
    }
    if text.contains('/') {
        return Err(Error::usage(format!(
            "`{text}` is not a network: write an address, a slash, and up to 32 (IPv6: 128) bits"
        )));
    }
    let address = address::parse(text)
        .map_err(|why| Error::usage(format!("`{text}` {why}; networks are written as 203.0.112.0/22")))?;
    Ok(Prefix::around(address, 32, 128).into())
}

fn import(cache: &LayeredCache, files: &[PathBuf], out: &mut impl Write) -> Result<()> {
    let Some(place) = cache.file() else {
        return Err(Error::usage("there is no cache file to import into: name one with --cache"));
    };
    let done = Arc::new(AtomicU64::new(0));
    let mut inputs = Vec::new();
    let mut total = 0;
    for path in files {
        if path == Path::new("-") {
            let name = PathBuf::from("standard input");
            inputs.push(BulkInput { name, reader: Box::new(BufReader::new(io::stdin())) });
            continue;
        }
        let unreadable = |error: io::Error| Error::input(path, &error);
        total += fs::metadata(path).map_err(unreadable)?.len();
        let reader = log::unpacked(path, Arc::clone(&done)).map_err(unreadable)?;
        inputs.push(BulkInput {
            name: path.clone(),
            reader: Box::new(BufReader::with_capacity(1 << 16, reader)),
        });
    }
    let bar = RefCell::new(progress::Progress::bytes(total));
    let mut tick = || bar.borrow_mut().reach(done.load(Ordering::Relaxed));
    let brought = bulk::import(place, cache.ledger(), inputs, Timestamp::now(), &mut tick)?;
    drop(bar);
    if brought.lost {
        warn("what was imported before could not be read, and is gone: import it anew");
    }
    writeln!(out, "{}", summary(&brought)).map_err(unwritten)
}

/// What an import brought, in one line.
fn summary(brought: &ImportSummary) -> String {
    let parts = [
        (brought.networks, "networks"),
        (brought.contacts, "organisations and contacts"),
        (brought.blocks, "delegated blocks (they say which registry to ask, not who runs a network)"),
        (brought.answers, "answers"),
        (brought.placeholders, "placeholders left out"),
    ];
    let said = parts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}"));
    format!("imported {}", said.collect::<Vec<_>>().join(", "))
}

fn seconds(time: Timestamp) -> String {
    format!("{time:.0}")
}

fn unwritten(error: io::Error) -> Error {
    Error::output("stdout", &error)
}
