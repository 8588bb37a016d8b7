//! Warnings about inputs that gave less than expected.

use super::warn;
use crate::{
    address,
    log::{self, ClientSource, Extract, LogClients},
    output::counted,
};
use jiff::{Timestamp, tz::TimeZone};
use std::{fs, path::Path};

/// Warns about inputs that could not be read, lines without a time, empty files, inputs without any client, and lines
/// that are nearly addresses.
pub(super) fn tell(read: &LogClients, sources: &[ClientSource<'_>], spec: &log::ReadSpec) {
    for error in &read.unreadable {
        warn(&format!("{error}; the other inputs count, and what could be read of this one"));
    }
    for path in sources.iter().filter_map(file).filter(|path| is_empty(path)) {
        warn(&format!("{} is empty", path.display()));
    }
    if read.undated > 0 {
        warn(&undated(read.undated, spec));
    }
    if let Some(first) = &read.near_address {
        warn(&near_addresses(read.near_addresses, first));
    }
    if read.seen.is_empty() && read.lines > 0 {
        warn(&nobody(read, sources, spec));
    }
}

/// The name of an input.
pub(super) fn name(source: &ClientSource<'_>) -> String {
    file(source).map_or_else(|| "stdin".to_owned(), |path| path.display().to_string())
}

fn file<'a>(source: &ClientSource<'a>) -> Option<&'a Path> {
    match source {
        ClientSource::File(path) | ClientSource::Copy { of: path, .. } => Some(path),
        ClientSource::Stdin => None,
    }
}

/// The lines of a text that are searched for a log's: a log begins with headers at most.
const HEAD_LINES: usize = 100;

/// The warning about a log that was given as whois text; None if it is none.
pub(super) fn log_as_whois(text: &[u8], source: &ClientSource<'_>) -> Option<String> {
    let now = Timestamp::now();
    // A line of whois text may name an address. It has no time, unless it is a comment of the registry's.
    let is_logged = |line: &[u8]| {
        !line.starts_with(b"%")
            && log::client(line).is_some()
            && log::time(line, now, &TimeZone::UTC).is_some()
    };
    let is_log = text.split(|byte| *byte == b'\n').take(HEAD_LINES).any(is_logged);
    let remedy = match file(source) {
        Some(path) => format!("`whodunit --log {}` takes the addresses in it", path.display()),
        None => "`whodunit` without `match` takes the addresses in it".to_owned(),
    };
    is_log.then(|| format!("{} is no whois text and looks like a log: {remedy}", name(source)))
}

fn is_empty(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|meta| meta.is_file() && meta.len() == 0)
}

/// The warning about lines without a time, if others have one.
fn undated(count: u64, spec: &log::ReadSpec) -> String {
    let many = match count {
        1 => "1 line with a client has no time that could be read".to_owned(),
        _ => format!("{count} lines with a client have no time that could be read"),
    };
    let so = if spec.since.is_some() || spec.until.is_some() {
        "left out by --since and --until"
    } else {
        "counted in hits, but not over time"
    };
    format!("{many}: {so}")
}

fn near_addresses(count: u64, first: &str) -> String {
    let why = address::parse(first).err().map(|why| format!(" ({why})")).unwrap_or_default();
    match count {
        1 => format!("skipped a line that is nearly an address: `{first}`{why}"),
        _ => format!("skipped {count} lines that are nearly addresses; the first is `{first}`{why}"),
    }
}

fn nobody(read: &LogClients, sources: &[ClientSource<'_>], spec: &log::ReadSpec) -> String {
    if read.selected == 0 {
        return format!("none of {} is selected by {}", lines(read.lines), selectors(spec));
    }
    let names = sources.iter().map(name).collect::<Vec<_>>().join(", ");
    let lines = lines(read.selected);
    if spec.extract == Extract::All {
        return format!("no address in {names} ({lines})");
    }
    let other = all(sources, spec);
    let hint = match other {
        0 => "is this a log that whodunit reads?".to_owned(),
        1 => "--extract all would take the one address in it".to_owned(),
        _ => format!("--extract all would take {other} addresses"),
    };
    format!("no client was found in {names} ({lines}): {hint}")
}

/// The options that select lines, as far as they were given.
fn selectors(spec: &log::ReadSpec) -> String {
    let given = [
        ("--grep", spec.grep.is_some()),
        ("--since", spec.since.is_some()),
        ("--until", spec.until.is_some()),
    ];
    let names: Vec<&str> = given.into_iter().filter(|(_, given)| *given).map(|(name, _)| name).collect();
    match names.as_slice() {
        [first, second, third] => format!("{first}, {second} and {third}"),
        names => names.join(" and "),
    }
}

/// The number of addresses that `--extract all` would take. Only files can be read twice.
fn all(sources: &[ClientSource<'_>], spec: &log::ReadSpec) -> usize {
    let is_file = |source: &ClientSource<'_>| {
        file(source).is_some_and(|path| fs::metadata(path).is_ok_and(|m| m.is_file()))
    };
    let files: Vec<ClientSource<'_>> = sources.iter().filter(|source| is_file(source)).copied().collect();
    let spec = log::ReadSpec { extract: Extract::All, times: false, ..spec.clone() };
    log::read(&files, &spec, &|_, _| ()).map_or(0, |read| read.seen.len())
}

fn lines(count: u64) -> String {
    counted(count, "line", "lines")
}
