//! `whodunit cache stats|list|forget|import|export`: looking after what is remembered.

use super::{each, flush, open, stdout, tell, unreadable};
use crate::{
    address::{self, Network, Prefix},
    cache::{
        Handle, Kept,
        import::{self, Brought, Input},
    },
    cli::{Cache, CacheCommand},
    error::{Error, Result},
    exit::Exit,
    input,
    output::{object, progress, safe},
    settings,
};
use jiff::Timestamp;
use serde::Serialize;
use std::{
    cell::RefCell,
    collections::BTreeMap,
    fs,
    io::{self, BufReader, Write},
    net::IpAddr,
    path::PathBuf,
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
pub fn run(typed: &Cache) -> Result<Exit> {
    let beneath = settings::beneath(&typed.config)?;
    let cache = open(&settings::remember(&typed.caching, &beneath));
    let mut out = stdout();
    match &typed.command {
        CacheCommand::Stats { json } => stats(&cache, *json, &mut out)?,
        CacheCommand::List { json, csv } => list(&cache, *json, *csv, &mut out)?,
        CacheCommand::Forget { what, all } => forget(&cache, what, *all, &mut out)?,
        CacheCommand::Import { files } => import(&cache, files, &mut out)?,
        CacheCommand::Export => export(&cache, &mut out)?,
    }
    flush(&mut out)?;
    tell(&cache);
    Ok(Exit::Clear)
}

/// The contract's object, in its order.
#[derive(Serialize)]
struct Stats {
    networks: u64,
    bytes: u64,
    oldest: Option<String>,
    newest: Option<String>,
    held_off: BTreeMap<String, String>,
    imported: u64,
}

fn stats(cache: &Handle, json: bool, out: &mut impl Write) -> Result<()> {
    let found = cache.stats(Timestamp::now()).map_err(|error| unreadable(&error))?;
    let stats = Stats {
        networks: found.networks,
        bytes: found.bytes,
        oldest: found.oldest.map(seconds),
        newest: found.newest.map(seconds),
        held_off: found.held_off.into_iter().map(|(server, until)| (server, seconds(until))).collect(),
        imported: found.imported,
    };
    if json {
        return object(&stats, out).map_err(unwritten);
    }
    let time = |time: &Option<String>| time.clone().unwrap_or_else(|| "-".to_owned());
    let Stats { networks, bytes, oldest, newest, held_off, imported } = &stats;
    let mut lines = vec![
        ("networks", networks.to_string()),
        ("bytes", bytes.to_string()),
        ("oldest", time(oldest)),
        ("newest", time(newest)),
        ("imported", imported.to_string()),
    ];
    lines.extend(
        held_off.iter().map(|(server, until)| ("held off", format!("{} until {until}", safe(server)))),
    );
    lines.iter().try_for_each(|(name, value)| writeln!(out, "{name}\t{value}")).map_err(unwritten)
}

/// One network of the list.
#[derive(Serialize)]
struct Row<'a> {
    first: IpAddr,
    last: IpAddr,
    cidr: Vec<String>,
    name: Option<&'a str>,
    org: Option<&'a str>,
    country: Option<&'a str>,
    asn: &'a [u32],
    abuse: &'a [String],
    registry: &'static str,
    /// The address that was asked about.
    asked: IpAddr,
    /// What the answer may be used for.
    serves: Vec<String>,
    servers: &'a [String],
    fetched: String,
    partial: bool,
}

impl<'a> Row<'a> {
    fn new(kept: &'a Kept) -> Self {
        let record = &kept.answer.record;
        let blocks = |network: &Network| network.prefixes().iter().map(ToString::to_string).collect();
        Self {
            first: record.network.first(),
            last: record.network.last(),
            cidr: blocks(&record.network),
            name: record.name.as_deref(),
            org: record.org.as_deref(),
            country: record.country.as_deref(),
            asn: &record.asn,
            abuse: &record.abuse,
            registry: record.registry.as_str(),
            asked: kept.asked,
            serves: kept.extent().as_ref().map(blocks).unwrap_or_default(),
            servers: &kept.answer.servers,
            fetched: seconds(kept.answer.fetched),
            partial: kept.answer.partial,
        }
    }

    /// The row's cells, none of which acts on a terminal.
    fn cells(&self) -> [String; 9] {
        let text = |value: Option<&str>| safe(value.unwrap_or("-")).into_owned();
        [
            self.cidr.join(" "),
            text(self.name),
            text(self.org),
            text(self.country),
            self.registry.to_owned(),
            self.asked.to_string(),
            self.serves.join(" "),
            self.fetched.clone(),
            safe(&self.servers.join(" ")).into_owned(),
        ]
    }
}

const HEAD: [&str; 9] =
    ["network", "name", "owner", "country", "registry", "asked", "serves", "fetched", "servers"];

fn list(cache: &Handle, json: bool, csv: bool, out: &mut impl Write) -> Result<()> {
    if csv {
        csv_line(HEAD.map(str::to_owned), out)?;
    }
    each(cache, |kept| {
        let row = Row::new(kept);
        if json {
            object(&row, out).map_err(unwritten)
        } else if csv {
            csv_line(row.cells(), out)
        } else {
            writeln!(out, "{}", row.cells().join("\t")).map_err(unwritten)
        }
    })
}

fn csv_line(cells: [String; 9], out: &mut impl Write) -> Result<()> {
    let mut writer = csv::Writer::from_writer(out);
    writer.write_record(cells).map_err(|error| unwritten(error.into()))?;
    writer.flush().map_err(unwritten)
}

fn export(cache: &Handle, out: &mut impl Write) -> Result<()> {
    each(cache, |kept| writeln!(out, "{}", import::line(kept)?).map_err(unwritten))
}

fn forget(cache: &Handle, what: &[String], all: bool, out: &mut impl Write) -> Result<()> {
    // All are read before any is forgotten.
    let networks: Vec<Network> = what.iter().map(|text| network(text)).collect::<Result<_>>()?;
    let mut count = 0;
    let forget = |network| {
        cache.forget(network).map_err(|error| Error::output(&place(cache), &io::Error::other(error)))
    };
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
            "`{text}` is no network: write an address, a slash, and up to 32 (IPv6: 128) bits"
        )));
    }
    let address = address::parse(text)
        .map_err(|why| Error::usage(format!("`{text}` {why}; networks are written as 203.0.112.0/22")))?;
    Ok(Prefix::around(address, 32, 128).into())
}

fn import(cache: &Handle, files: &[PathBuf], out: &mut impl Write) -> Result<()> {
    let Some(place) = cache.file() else {
        return Err(Error::usage("there is no cache file to import into: name one with --cache"));
    };
    let done = Arc::new(AtomicU64::new(0));
    let mut inputs = Vec::new();
    let mut total = 0;
    for path in files {
        let unreadable = |error: io::Error| Error::input(path, &error);
        total += fs::metadata(path).map_err(unreadable)?.len();
        let reader = input::unpacked(path, Arc::clone(&done)).map_err(unreadable)?;
        inputs
            .push(Input { name: path.clone(), reader: Box::new(BufReader::with_capacity(1 << 16, reader)) });
    }
    let bar = RefCell::new(progress::Progress::bytes(total));
    let mut tick = || bar.borrow_mut().reach(done.load(Ordering::Relaxed));
    let brought = import::import(place, cache.ledger(), inputs, Timestamp::now(), &mut tick)?;
    drop(bar);
    writeln!(out, "{}", summary(&brought)).map_err(unwritten)
}

/// What an import brought, in one line.
fn summary(brought: &Brought) -> String {
    let parts = [
        (brought.networks, "networks"),
        (brought.contacts, "organisations and contacts"),
        (brought.blocks, "delegated blocks"),
        (brought.answers, "answers"),
        (brought.placeholders, "placeholders left out"),
    ];
    let said = parts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}"));
    format!("imported {}", said.collect::<Vec<_>>().join(", "))
}

fn seconds(time: Timestamp) -> String {
    format!("{time:.0}")
}

fn place(cache: &Handle) -> String {
    cache.file().map_or_else(|| "the cache".to_owned(), |path| path.display().to_string())
}

fn unwritten(error: io::Error) -> Error {
    Error::output("stdout", &error)
}
