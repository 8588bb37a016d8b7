//! `whodunit check`: one line and a code for Nagios, Icinga and similar programs.

use super::{flush, opened, stdout};
use crate::{
    cache::{LayeredCache, bulk},
    cli::ProbeArgs,
    config::{self, CacheConfig, ConfigLayer},
    error::{Error, Result, reason},
    exit::Exit,
    origin::{self, OriginTable},
    output::counted,
    sanitize::safe,
    serve::{ListenAddress, dns::ZoneName, probe},
};
use jiff::Timestamp;
use std::{
    collections::BTreeMap,
    io::Write,
    time::{Duration, Instant},
};

/// The limit for an answer of the service, which is longer than the service's own.
const TIMEOUT: Duration = Duration::from_secs(5);
/// The most servers that are named; others are counted.
const NAMED: usize = 3;

/// The subjects of the check.
struct ProbeSettings {
    /// The listen addresses of the service.
    listen: Vec<ListenAddress>,
    zone: ZoneName,
    cache: CacheConfig,
}

impl ProbeSettings {
    fn resolve(typed: &ProbeArgs, layers: &ConfigLayer) -> Result<Self> {
        Ok(Self {
            listen: config::listen_addresses(&typed.listen, layers)?,
            zone: config::zone(typed.zone.as_ref(), layers)?,
            cache: CacheConfig::at(typed.cache.as_ref(), layers),
        })
    }
}

/// The findings, worst first.
#[derive(Default)]
struct CheckFindings {
    critical: Vec<String>,
    warning: Vec<String>,
    fine: Vec<String>,
    /// Performance data, in the form of the plugins' guidelines.
    numbers: Vec<String>,
}

impl CheckFindings {
    fn exit(&self) -> (Exit, &'static str) {
        if !self.critical.is_empty() {
            (Exit::Critical, "CRITICAL")
        } else if !self.warning.is_empty() {
            (Exit::Warning, "WARNING")
        } else if self.fine.is_empty() {
            (Exit::Unchecked, "UNKNOWN")
        } else {
            (Exit::Clear, "OK")
        }
    }

    fn line(&self) -> String {
        let found: Vec<&str> =
            self.critical.iter().chain(&self.warning).chain(&self.fine).map(String::as_str).collect();
        // A bar starts the performance data.
        let said = if found.is_empty() {
            "nothing to look at: name --listen or --cache".into()
        } else {
            found.join(", ")
        };
        let said = safe(&said).replace('|', "/");
        let numbers = self.numbers.join(" ");
        let bar = if numbers.is_empty() { "" } else { " | " };
        format!("WHODUNIT {} - {said}{bar}{numbers}", self.exit().1)
    }
}

/// Checks everything, and prints one line.
///
/// # Errors
/// That line cannot be written. Any other failure is UNKNOWN, printed as a line too.
pub fn run(typed: &ProbeArgs) -> Result<Exit> {
    match look(typed) {
        Ok(findings) => print(&findings.line(), findings.exit().0),
        Err(error) => unchecked(&error.to_string()),
    }
}

/// Prints the line for a check that could not begin, such as one with a wrong command line. Monitoring programs show
/// stdout, and know no other code for it.
///
/// # Errors
/// That line cannot be written.
pub fn unchecked(why: &str) -> Result<Exit> {
    print(&format!("WHODUNIT UNKNOWN - {}", safe(why)), Exit::Unchecked)
}

fn print(line: &str, exit: Exit) -> Result<Exit> {
    let mut out = stdout();
    writeln!(out, "{line}").map_err(Error::stdout)?;
    flush(&mut out)?;
    Ok(exit)
}

fn look(typed: &ProbeArgs) -> Result<CheckFindings> {
    let settings = ProbeSettings::resolve(typed, &config::layers(&typed.config)?)?;
    let mut findings = CheckFindings::default();
    for address in &settings.listen {
        look_at_service(address, &settings.zone, &mut findings);
    }
    if settings.cache.location.as_deref() != Some("none") {
        look_at_cache(&opened(&settings.cache), typed.stale, &mut findings);
        if settings.listen.is_empty() {
            findings.fine.push("no service is asked without --listen".into());
        }
    }
    Ok(findings)
}

fn look_at_service(address: &ListenAddress, zone: &ZoneName, findings: &mut CheckFindings) {
    let asked = Instant::now();
    match probe(address, zone, TIMEOUT) {
        Ok(()) => {
            let number = findings.fine.len();
            findings.numbers.push(format!("time{number}={:.6}s;;;0", asked.elapsed().as_secs_f64()));
            findings.fine.push(format!("the service answers at {address}"));
        }
        Err(error) => findings.critical.push(format!("no answer at {address}: {}", reason(&error))),
    }
}

/// Some of the servers, and the number of others.
fn names(servers: &BTreeMap<String, Timestamp>) -> String {
    let names: Vec<&str> = servers.keys().map(String::as_str).take(NAMED).collect();
    let more = servers.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    names.join(" ") + &more
}

fn look_at_cache(cache: &LayeredCache, stale: u32, findings: &mut CheckFindings) {
    let now = Timestamp::now();
    let stats = cache.stats(now);
    if let Some(warning) = cache.warning() {
        findings.warning.push(warning);
    }
    match stats {
        Ok(stats) => {
            let imported = match stats.imported {
                0 => String::new(),
                networks => format!(" and {}", counted(networks, "imported network", "imported networks")),
            };
            let answers = counted(stats.networks, "answer", "answers");
            findings.fine.push(format!("{answers}{imported} in the cache"));
            findings.numbers.push(format!("networks={};;;0", stats.networks));
            findings.numbers.push(format!("bytes={}B;;;0", stats.bytes));
            findings.numbers.push(format!("held_off={};;;0", stats.held_off.len()));
            if !stats.held_off.is_empty() {
                findings.warning.push(format!("held off: {}", names(&stats.held_off)));
            }
            if !stats.unclosed.is_empty() {
                // Their answers are still used.
                let servers = names(&stats.unclosed);
                findings.fine.push(format!("answers end with new words: {servers}"));
            }
        }
        Err(error) => findings.warning.push(format!("the cache cannot be used: {error}")),
    }
    let Some(file) = cache.file() else { return };
    let table = match OriginTable::open(&origin::beside(file)) {
        Ok(table) => table.map(|table| table.imported()),
        Err(error) => {
            findings.warning.push(error.to_string());
            None
        }
    };
    for (what, imported) in [("imported data", bulk::imported_at(file)), ("the origin table", table)] {
        let Some(imported) = imported else { continue };
        let days = now.as_second().saturating_sub(imported.as_second()).max(0) / 86_400;
        findings.numbers.push(format!("{}={days};{stale};;0", what.replace(' ', "_").replace("the_", "")));
        if days > i64::from(stale) {
            findings.warning.push(format!("{what} is {} old", counted(days, "day", "days")));
        }
    }
}
