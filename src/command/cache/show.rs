//! Shows the content of the cache: counts and times, and the networks one by one.

use super::{each, seconds, unreadable, warn};
use crate::{
    address::Network,
    cache::{CachedAnswer, LayeredCache},
    config::OutputForm,
    error::{Error, Result},
    origin::{self, OriginTable},
    output::{counted, fitted, grid, object},
    sanitize::{csv_cell, safe},
};
use jiff::Timestamp;
use serde::Serialize;
use std::{
    collections::BTreeMap,
    io::{self, IsTerminal, Write},
    net::IpAddr,
};

/// The contract's object, with its members in order.
#[derive(Serialize)]
struct StatsObject {
    networks: u64,
    bytes: u64,
    oldest: Option<String>,
    newest: Option<String>,
    held_off: BTreeMap<String, String>,
    mute: BTreeMap<String, String>,
    unclosed: BTreeMap<String, String>,
    imported: u64,
    origin: Option<OriginStats>,
}

/// The table of origins, with its members in the contract's order.
#[derive(Serialize)]
struct OriginStats {
    ranges: u64,
    bytes: u64,
    imported: String,
    files: Vec<String>,
}

impl OriginStats {
    /// None if there is no table, or an unusable one, which gives a warning.
    fn of(cache: &LayeredCache) -> Option<Self> {
        let path = origin::beside(cache.file()?);
        let found = OriginTable::open(&path).and_then(|table| {
            let Some(table) = table else { return Ok(None) };
            let imported = seconds(table.imported());
            Ok(Some(Self { ranges: table.len(), bytes: table.bytes(), imported, files: table.files()? }))
        });
        found.unwrap_or_else(|error| {
            warn(&error.to_string());
            None
        })
    }

    /// The table in one line.
    fn shown(&self) -> String {
        let Self { ranges, bytes, imported, files } = self;
        let ranges = counted(*ranges, "range", "ranges");
        format!("{ranges}, {bytes} bytes, imported {imported} from {}", safe(&files.join(" ")))
    }
}

/// Prints counts and times.
pub(super) fn stats(cache: &LayeredCache, form: OutputForm, out: &mut impl Write) -> Result<()> {
    let found = cache.stats(Timestamp::now()).map_err(|error| unreadable(&error))?;
    let stats = StatsObject {
        networks: found.networks,
        bytes: found.bytes,
        oldest: found.oldest.map(seconds),
        newest: found.newest.map(seconds),
        held_off: moments(found.held_off),
        mute: moments(found.mute),
        unclosed: moments(found.unclosed),
        imported: found.imported,
        origin: OriginStats::of(cache),
    };
    if form == OutputForm::Json {
        return object(&stats, out).map_err(Error::stdout);
    }
    let time = |time: &Option<String>| time.clone().unwrap_or_else(|| "-".to_owned());
    let StatsObject { networks, bytes, oldest, newest, held_off, mute, unclosed, imported, origin } = &stats;
    let mut lines = vec![
        ("networks", networks.to_string()),
        ("bytes", bytes.to_string()),
        ("oldest", time(oldest)),
        ("newest", time(newest)),
        ("imported", imported.to_string()),
        ("origin", origin.as_ref().map_or_else(|| "-".to_owned(), OriginStats::shown)),
    ];
    lines.extend(held_off.iter().map(|(server, until)| {
        let why = if mute.contains_key(server) { ": it says nothing of the networks asked" } else { "" };
        ("held off", format!("{} until {until}{why}", safe(server)))
    }));
    lines.extend(unclosed.iter().map(|(server, until)| {
        ("unclosed", format!("{} ends its answers with new words, known until {until}", safe(server)))
    }));
    let rows = lines.into_iter().map(|(name, value)| [name.to_owned(), value]);
    columns(rows.collect(), out).map_err(Error::stdout)
}

/// Servers and times in their JSON form.
fn moments(servers: BTreeMap<String, Timestamp>) -> BTreeMap<String, String> {
    servers.into_iter().map(|(server, until)| (server, seconds(until))).collect()
}

/// One network of the list.
#[derive(Serialize)]
struct NetworkRow<'a> {
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
    /// The addresses that the answer may serve.
    serves: Vec<String>,
    servers: &'a [String],
    fetched: String,
    partial: bool,
}

impl<'a> NetworkRow<'a> {
    fn new(kept: &'a CachedAnswer) -> Self {
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

    /// The row's cells, without characters that act on a terminal. `missing` stands for a value that is not known.
    fn cells(&self, missing: &str) -> [String; 9] {
        let text = |value: Option<&str>| safe(value.unwrap_or(missing)).into_owned();
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

    /// The same for a terminal: the first of several blocks, and the day of a time.
    fn shown(&self) -> Vec<String> {
        let first = |blocks: &[String]| match blocks {
            [first, _, more @ ..] => format!("{first} +{}", more.len() + 1),
            blocks => blocks.join(" "),
        };
        let [_, name, owner, country, registry, asked, _, fetched, servers] = self.cells(MISSING);
        let day = fetched.split('T').next().unwrap_or_default().to_owned();
        vec![first(&self.cidr), name, owner, country, registry, asked, first(&self.serves), day, servers]
    }
}

/// A missing value in text; CSV leaves the cell empty.
const MISSING: &str = "-";
/// The index of the owner in [`HEAD`].
const OWNER: usize = 2;
/// The columns that a narrow terminal drops, in this order: servers, asked, serves, name, fetched, registry.
const SPARE: [usize; 6] = [8, 5, 6, 1, 7, 4];

const HEAD: [&str; 9] =
    ["network", "name", "owner", "country", "registry", "asked", "serves", "fetched", "servers"];

/// Prints the networks, the oldest question first.
pub(super) fn list(cache: &LayeredCache, form: OutputForm, out: &mut impl Write) -> Result<()> {
    let head = HEAD.map(str::to_owned);
    match form {
        OutputForm::Json => each(cache, |kept| object(&NetworkRow::new(kept), out).map_err(Error::stdout)),
        OutputForm::Csv => {
            csv_line(head, out)?;
            each(cache, |kept| csv_line(NetworkRow::new(kept).cells(""), out))
        }
        _ if io::stdout().is_terminal() => {
            let mut rows = vec![head.to_vec()];
            each(cache, |kept| {
                rows.push(NetworkRow::new(kept).shown());
                Ok(())
            })?;
            let width = terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
            let rows = fitted(&rows, width.filter(|width| *width > 0).unwrap_or(usize::MAX), OWNER, &SPARE);
            // A head alone would look as if something were missing.
            if rows.len() > 1 { grid(&rows, out).map_err(Error::stdout) } else { Ok(()) }
        }
        _ => each(cache, |kept| {
            writeln!(out, "{}", NetworkRow::new(kept).cells(MISSING).join("\t")).map_err(Error::stdout)
        }),
    }
}

/// Prints rows for people: aligned on a terminal, separated by tabs elsewhere.
fn columns<const N: usize>(rows: Vec<[String; N]>, out: &mut impl Write) -> io::Result<()> {
    if io::stdout().is_terminal() {
        return grid(&rows, out);
    }
    rows.iter().try_for_each(|row| writeln!(out, "{}", row.join("\t")))
}

fn csv_line(cells: [String; 9], out: &mut impl Write) -> Result<()> {
    let mut writer = csv::Writer::from_writer(out);
    writer
        .write_record(cells.iter().map(|cell| csv_cell(cell).into_owned()))
        .map_err(|error| Error::stdout(error.into()))?;
    writer.flush().map_err(Error::stdout)
}
