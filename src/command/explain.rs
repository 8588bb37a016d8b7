//! `--explain`: all steps of an address's look-up, for the admin who asks "why was this (not) rejected?".

use super::{ExitTally, flush, paint, sink::at_terminal, stdout};
use crate::{
    config::{OutputConfig, OutputForm},
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
use std::io::{self, IsTerminal, Write};
use terminal_size::terminal_size;

/// Explains one address after the other.
///
/// # Errors
/// Stdout cannot be written.
pub fn run(
    resolver: &Resolver,
    clients: &[Client],
    output: &OutputConfig,
    mut tally: ExitTally,
) -> Result<Exit> {
    let (mut out, paint) = (stdout(), paint(output));
    for seen in clients {
        let (mut trace, waiting) = at_terminal(Trace::on());
        let deadline = Deadline::within(resolver.policy().timeout);
        let judged = resolver.judge(seen.address, deadline, &mut trace);
        // Its line is removed before the output.
        drop(waiting);
        tally.add(judged.verdict);
        Explanation { out: &mut out, paint, width: width() }
            .write(&judged, &trace, resolver.patterns())
            .map_err(Error::stdout)?;
        if let (OutputForm::Whois, Some(answer)) = (output.form, judged.answer()) {
            output::matched(&answer.text, resolver.patterns(), paint, &mut out).map_err(Error::stdout)?;
        }
    }
    flush(&mut out)?;
    Ok(tally.exit())
}

/// The terminal's width in cells; without a terminal, lines are as long as they are.
fn width() -> usize {
    let size = if io::stdout().is_terminal() { terminal_size() } else { None };
    size.map_or(usize::MAX, |(width, _)| usize::from(width.0))
}

/// The explanation of one address.
struct Explanation<'a, W> {
    out: &'a mut W,
    paint: Paint,
    /// Cells in a line.
    width: usize,
}

/// The start of a step's text: after its time and its word.
const STEP_INDENT: usize = 24;
/// The start of a fact's text: after its name.
const FACT_INDENT: usize = 12;
/// A narrower text is left to the terminal to wrap.
const NARROWEST: usize = 20;

impl<W: Write> Explanation<'_, W> {
    fn write(&mut self, judged: &Judged, trace: &Trace, patterns: &Patterns) -> io::Result<()> {
        let address = judged.address.map(|address| address.to_string()).unwrap_or_default();
        writeln!(self.out, "{}", self.paint.bold(&address))?;
        for step in trace.steps() {
            let at = format!("{:>7.1} ms", step.at.as_secs_f64() * 1000.0);
            write!(self.out, "  {}  {:<9} ", self.paint.dim(&at), step.what)?;
            self.text(STEP_INDENT, &safe(&step.said))?;
        }
        if let Some(answer) = judged.answer() {
            self.record(&answer.record)?;
            self.fact("fetched", &format!("{:.0}, from {}", answer.fetched, answer.servers.join(", ")))?;
            if answer.partial {
                self.fact("partial", "a referral could not be followed; the parent's own answer stands")?;
            }
            if answer.stale {
                self.fact("stale", "older than --max-age, and the server may not be asked now")?;
            }
        }
        self.origin(judged)?;
        for found in &judged.matches {
            self.fact(found.action.as_str(), &format!("{}:{}: {}", found.file, found.line, found.pattern))?;
            write!(self.out, "  {:<9} ", "")?;
            output::matched(&found.text, patterns, self.paint, self.out)?;
        }
        if judged.matches.is_empty() && (judged.answer().is_some() || matches!(judged.known, Known::Origin)) {
            self.fact("patterns", if patterns.is_empty() { "none given" } else { "none matched" })?;
        }
        self.verdict(judged, trace)
    }

    /// Writes the last line: the verdict in its colour, and the reason if it is unknown.
    fn verdict(&mut self, judged: &Judged, trace: &Trace) -> io::Result<()> {
        let word = judged.verdict.as_str();
        write!(self.out, "  {:<9} {}", "verdict", self.paint.verdict(judged.verdict, word))?;
        match judged.unknown() {
            Some(unknown) => {
                write!(self.out, " ")?;
                // Further lines start below the reason.
                self.text(FACT_INDENT + word.len() + 1, &format!("({})", reason(unknown, trace)))
            }
            None => writeln!(self.out),
        }
    }

    /// Writes the entry in the table of origins, beside the record or instead of it.
    fn origin(&mut self, judged: &Judged) -> io::Result<()> {
        if let Some(network) = judged.announced() {
            self.fact("network", &network.to_string())?;
        }
        if let (numbers, Some(NumbersFrom::Origin)) = judged.numbers() {
            let numbers: Vec<String> = numbers.iter().map(ToString::to_string).collect();
            self.fact("as", &format!("{}, by the table of origins", numbers.join(", ")))?;
        }
        judged.as_name().map_or(Ok(()), |name| self.fact("as name", name))
    }

    fn record(&mut self, record: &Record) -> io::Result<()> {
        let listed = |list: &[String]| list.join(", ");
        self.fact("network", &record.network.to_string())?;
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
                self.fact(name, &value)?;
            }
        }
        self.fact("source", record.registry.as_str())
    }

    fn fact(&mut self, name: &str, value: &str) -> io::Result<()> {
        write!(self.out, "  {name:<9} ")?;
        self.text(FACT_INDENT, &safe(value))
    }

    /// Writes the text of a line that has begun with `indent` cells, and breaks it at blanks for the terminal.
    fn text(&mut self, indent: usize, text: &str) -> io::Result<()> {
        let room = self.width.saturating_sub(indent);
        let room = if room < NARROWEST { usize::MAX } else { room };
        for (number, line) in output::folded(text, room, usize::MAX).iter().enumerate() {
            let indent = if number > 0 { indent } else { 0 };
            writeln!(self.out, "{:indent$}{line}", "")?;
        }
        Ok(())
    }
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
