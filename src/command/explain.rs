//! `--explain`: all steps of an address's look-up, for the admin who asks "why was this (not) rejected?".

use super::{ExitTally, flush, stdout};
use crate::{
    deadline::Deadline,
    error::{Error, Result},
    exit::Exit,
    output::{self, Paint},
    pattern::Patterns,
    registry::{Known, Record, Unknown},
    resolver::{Client, Resolver, Trace},
    sanitize::safe,
    verdict::{Judged, NumbersFrom},
};
use std::io::{self, Write};

/// Explains one address after the other.
///
/// # Errors
/// Stdout cannot be written.
pub fn run(resolver: &Resolver, clients: &[Client], paint: Paint, mut tally: ExitTally) -> Result<Exit> {
    let mut out = stdout();
    for seen in clients {
        let mut trace = Trace::on();
        let deadline = Deadline::within(resolver.policy().timeout);
        let judged = resolver.judge(seen.address, deadline, &mut trace);
        tally.add(&judged);
        write(&judged, &trace, resolver.patterns(), paint, &mut out).map_err(Error::stdout)?;
    }
    flush(&mut out)?;
    Ok(tally.exit())
}

fn write(
    judged: &Judged,
    trace: &Trace,
    patterns: &Patterns,
    paint: Paint,
    out: &mut impl Write,
) -> io::Result<()> {
    let address = judged.address.map(|address| address.to_string()).unwrap_or_default();
    writeln!(out, "{}", paint.bold(&address))?;
    for step in trace.steps() {
        let at = format!("{:>7.1} ms", step.at.as_secs_f64() * 1000.0);
        writeln!(out, "  {}  {:<9} {}", paint.dim(&at), step.what, safe(&step.said))?;
    }
    if let Some(answer) = judged.answer() {
        record(&answer.record, out)?;
        field(out, "fetched", &format!("{:.0}, from {}", answer.fetched, answer.servers.join(", ")))?;
        if answer.partial {
            field(out, "partial", "a referral could not be followed; the parent's own answer stands")?;
        }
        if answer.stale {
            field(out, "stale", "older than --max-age, and the server may not be asked now")?;
        }
    }
    origin(judged, out)?;
    for found in &judged.matches {
        let action = found.action.as_str();
        writeln!(out, "  {action:<9} {}:{}: {}", safe(&found.file), found.line, safe(&found.pattern))?;
        write!(out, "  {:<9} ", "")?;
        output::matched(&found.text, patterns, paint, out)?;
    }
    if judged.matches.is_empty() && (judged.answer().is_some() || matches!(judged.known, Known::Origin)) {
        field(out, "patterns", if patterns.is_empty() { "none given" } else { "none matched" })?;
    }
    let verdict = paint.verdict(judged.verdict, judged.verdict.as_str());
    let why = judged.unknown().map(|unknown| format!(" ({})", reason(unknown, trace)));
    writeln!(out, "  {:<9} {verdict}{}", "verdict", why.unwrap_or_default())
}

/// The reason if it is unknown: its kind, and the part that the steps above do not show.
fn reason(unknown: &Unknown, trace: &Trace) -> String {
    let told = |what: &str| trace.steps().iter().any(|step| step.said.contains(what));
    // A step names the server separately from its message.
    let said = |part: &str| told(part) || part.split_once(": ").is_some_and(|(_, rest)| told(rest));
    let kind = unknown.kind.as_str();
    if unknown.message.split("; ").all(said) {
        kind.to_owned()
    } else {
        format!("{kind}: {}", safe(&unknown.message))
    }
}

/// Prints the entry in the table of origins, beside the record or instead of it.
fn origin(judged: &Judged, out: &mut impl Write) -> io::Result<()> {
    if let Some(network) = judged.announced() {
        field(out, "network", &network.to_string())?;
    }
    if let (numbers, Some(NumbersFrom::Origin)) = judged.numbers() {
        let numbers: Vec<String> = numbers.iter().map(ToString::to_string).collect();
        field(out, "as", &format!("{}, by the table of origins", numbers.join(", ")))?;
    }
    judged.as_name().map_or(Ok(()), |name| field(out, "as name", name))
}

fn record(record: &Record, out: &mut impl Write) -> io::Result<()> {
    let listed = |list: &[String]| list.join(", ");
    field(out, "network", &record.network.to_string())?;
    for (name, value) in [
        ("name", record.name.clone().unwrap_or_default()),
        ("owner", record.org.clone().unwrap_or_default()),
        ("country", record.country.clone().unwrap_or_default()),
        ("abuse", listed(&record.abuse)),
        ("as", record.asn.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")),
        ("mnt", listed(&record.maintainer)),
        ("status", record.status.clone().unwrap_or_default()),
    ] {
        if !value.is_empty() {
            field(out, name, &value)?;
        }
    }
    field(out, "source", record.registry.as_str())
}

fn field(out: &mut impl Write, name: &str, value: &str) -> io::Result<()> {
    writeln!(out, "  {name:<9} {}", safe(value))
}
