//! `whodunit report [LOG]...`: the owners behind the traffic in mail logs.
//!
//! A report is an investigation and no verdict: it ends in 0 whenever it could be made, whatever it found.

mod abuse_mail;
mod copies;
mod html_file;
mod settings;
mod style;

use super::{
    flush, input_warnings, log_clients, read_patterns, resolver, sink::ProgressSink, stale::StaleCount,
    stdout, tell_of, warn, without_table,
};
use crate::{
    cli::ReportArgs,
    config::{self, OutputForm},
    error::{Error, Result},
    exit::Exit,
    log::{self, ClientSource, LogClients, ReadSpec},
    output::{
        DisplayZone,
        abuse_mail::Complaints,
        advice::{self, AdviceNotes},
        page::ReportPage,
        progress, rows,
        table::plain,
    },
    pattern::{PatternSpec, Patterns},
    report::{
        ClientLines, Report, ReportSpan, Sightings, owner,
        suggest::{SeenIn, SuggestBounds, WantedClients, suggest},
    },
    resolver::{Client, Resolver},
};
use copies::Copies;
use jiff::Timestamp;
use regex::bytes::Regex;
use settings::ReportSettings;
use std::{
    collections::HashSet,
    convert::identity,
    io::{self, Write},
    net::IpAddr,
    path::PathBuf,
};

/// Makes the report, in the requested form.
///
/// # Errors
/// Any error before the first query, and an output that cannot be written.
pub fn run(typed: &ReportArgs) -> Result<Exit> {
    let now = Timestamp::now();
    let settings = ReportSettings::resolve(typed, &config::layers(&typed.config)?, now)?;
    let patterns = checked_patterns(&settings.patterns, &settings.logs)?;
    settings.abuse_mail.map(abuse_mail::prepare).transpose()?;
    let copies = settings.reads_twice().then(|| Copies::of(&settings.logs)).transpose()?;
    let mut clients = read_clients(&settings.logs, copies.as_ref(), &settings.reading)?;
    let ham = ham_clients(&settings.ham, &settings.reading)?;

    let clock = DisplayZone { zone: settings.reading.zone.clone() };
    let output = ReportOutput { settings: &settings, judges: !patterns.is_empty(), clock };
    let resolver = resolver(settings.resolver.clone(), patterns);
    if settings.style.form != OutputForm::Quiet
        && let Some(warning) = without_table(resolver.patterns(), resolver.origins())
    {
        warn(warning);
    }
    let stale = StaleCount::default();
    let (mut sightings, span) = judge(&resolver, std::mem::take(&mut clients.seen), &stale)?;
    if settings.shows_lines() {
        retain_owners(&mut sightings, &settings.owners);
    }
    let wanted = all_wanted(&resolver, ham, copies.as_ref().filter(|_| settings.correspondents))?;
    stale.tell();
    tell_of(&resolver);

    let mut report = Report::new(&sightings, span, settings.by);
    if let Some(copies) = copies.filter(|_| settings.shows_lines() || settings.abuse_mail.is_some()) {
        let lines = evidence(&settings, &report, &copies)?;
        report.lines = settings.shows_lines().then_some(lines);
    }
    output.write(&report, &wanted)?;
    Ok(if clients.unreadable.is_empty() { Exit::Clear } else { Exit::NoInput })
}

/// The patterns, all of them compiled.
fn checked_patterns(spec: &PatternSpec, logs: &[ClientSource<'_>]) -> Result<Patterns> {
    let asks = logs.iter().any(|log| matches!(log, ClientSource::Stdin));
    let patterns = read_patterns(spec, asks.then_some("the log"))?;
    patterns.line_ends().for_each(|warning| warn(&warning));
    patterns.check()?;
    Ok(patterns)
}

/// Reads the logs, or the copies of those that cannot be read twice.
fn read_clients(logs: &[ClientSource<'_>], copies: Option<&Copies>, spec: &ReadSpec) -> Result<LogClients> {
    let read_from = copies.map_or_else(|| logs.to_vec(), Copies::sources);
    let clients = log::read(&read_from, spec, &progress::bytes())?;
    input_warnings::tell(&clients, logs, spec);
    if clients.lines == 0 && logs.iter().all(|log| matches!(log, ClientSource::Stdin)) {
        warn("the log is empty");
    }
    Ok(clients)
}

/// All clients whose mail is wanted, judged: those in logs of wanted mail, and correspondents.
fn all_wanted(resolver: &Resolver, ham: Vec<Client>, copies: Option<&Copies>) -> Result<WantedClients> {
    let mut wanted = WantedClients::default();
    judge_wanted(resolver, &ham, SeenIn::Ham, &mut wanted)?;
    // There may be millions of them.
    drop(ham);
    if let Some(copies) = copies {
        judge_wanted(resolver, &correspondents(copies)?, SeenIn::Correspondence, &mut wanted)?;
    }
    Ok(wanted)
}

/// Judges clients whose mail is wanted.
fn judge_wanted(
    resolver: &Resolver,
    clients: &[Client],
    seen_in: SeenIn,
    wanted: &mut WantedClients,
) -> Result<()> {
    let keep = |judged, _| {
        wanted.add(judged, seen_in);
        Ok(())
    };
    resolver.judge_all(clients, &identity, &mut ProgressSink::new(resolver, false, keep))
}

/// Keeps the clients whose owner one of the expressions matches.
fn retain_owners(sightings: &mut Sightings, owners: &[Regex]) {
    let is_one = |name: String| owners.iter().any(|one| one.is_match(name.as_bytes()));
    let kept = sightings.retain(|judged| owner(judged).is_some_and(is_one));
    if !kept && !sightings.is_empty() {
        warn("no owner in the log matches --owner; without it, all are listed");
    }
}

/// The servers to which the logs show deliveries.
fn correspondents(copies: &Copies) -> Result<Vec<Client>> {
    let servers = log::evidence::correspondents(&copies.paths())?;
    if servers.is_empty() {
        warn("the logs show no mail delivered to another server: --correspondents spares nobody");
    }
    Ok(servers.into_iter().map(|address| Client { address, hits: 1 }).collect())
}

/// Log lines of the clients that are shown or complained about, and the messages with them.
fn evidence(settings: &ReportSettings<'_>, report: &Report, copies: &Copies) -> Result<ClientLines> {
    let complaints = settings.abuse_mail.map(|folder| (folder, Complaints::of(report)));
    let shown = report.rows.iter().filter(|_| settings.shows_lines()).flat_map(|row| &row.members);
    let named = complaints.iter().flat_map(|(_, complaints)| complaints.named());
    let clients = shown.map(|seen| seen.address()).chain(named).collect();
    let lines = sample_lines(&clients, copies, &settings.reading, settings.lines)?;
    if let Some((folder, complaints)) = complaints {
        abuse_mail::write(folder, &complaints, &lines, settings.reading.now)?;
    }
    Ok(lines)
}

/// Some lines of each of these clients.
fn sample_lines(
    clients: &HashSet<IpAddr>,
    copies: &Copies,
    spec: &ReadSpec,
    most: usize,
) -> Result<ClientLines> {
    let samples = log::evidence::samples(&copies.paths(), spec, clients, most)?;
    if samples.left_out > 0 {
        warn(
            "some addresses have no sample lines: those of all would take too much memory (--owner or --since choose fewer)",
        );
    }
    Ok(samples.lines)
}

/// The names of the inputs in the output.
fn names(sources: &[ClientSource<'_>]) -> Vec<String> {
    sources.iter().map(input_warnings::name).collect()
}

/// The clients of the wanted mail, at any time.
fn ham_clients(ham: &[PathBuf], spec: &ReadSpec) -> Result<Vec<Client>> {
    if ham.is_empty() {
        return Ok(Vec::new());
    }
    let spec = ReadSpec { since: None, until: None, grep: None, times: false, ..spec.clone() };
    let sources = log_clients::sources(ham, "report")?;
    let mut read = log::read(&sources, &spec, &progress::bytes())?;
    // Without this log, a client's wanted mail would not protect him.
    if let Some(error) = read.unreadable.pop() {
        return Err(error);
    }
    if read.seen.is_empty() {
        warn(&format!("there is no client in {}, so it spares nobody", names(&sources).join(", ")));
    }
    Ok(log_clients::clients(&read.seen))
}

/// Judges the clients of the log, and returns its time span.
fn judge(
    resolver: &Resolver,
    seen: Vec<log::SeenClient>,
    stale: &StaleCount,
) -> Result<(Sightings, Option<ReportSpan>)> {
    let clients = log_clients::clients(&seen);
    let span = ReportSpan::over(seen.iter().flat_map(|seen| seen.first().into_iter().chain(seen.last())));
    let mut sightings = Sightings::new(seen);
    let keep = |judged, _| {
        stale.add(&judged);
        sightings.add(judged);
        Ok(())
    };
    resolver.judge_all(&clients, &identity, &mut ProgressSink::new(resolver, false, keep))?;
    Ok((sightings, span))
}

/// The output of a report.
struct ReportOutput<'a> {
    settings: &'a ReportSettings<'a>,
    /// Patterns were given, so `clear` has a meaning.
    judges: bool,
    clock: DisplayZone,
}

impl ReportOutput<'_> {
    /// Writes the page, if one was requested, and prints the rest.
    fn write(&self, report: &Report, wanted: &WantedClients) -> Result<()> {
        match &self.settings.html {
            Some(html) if report.rows.is_empty() => html.spare(),
            Some(html) => html.write(&|out| self.page(report, out))?,
            None => {}
        }
        self.print(report, wanted)
    }

    fn page(&self, report: &Report, mut out: &mut dyn Write) -> io::Result<()> {
        let ReportSettings { logs, reading, top, .. } = self.settings;
        let page = ReportPage { logs: &names(logs), clock: &self.clock, now: reading.now, top: *top };
        page.write(report, &mut out).and_then(|()| out.flush())
    }

    /// Prints the requested forms; if only a page was requested, nothing else.
    fn print(&self, report: &Report, wanted: &WantedClients) -> Result<()> {
        let mut out = stdout();
        let ReportSettings { style, reading, top, suggest, .. } = self.settings;
        let (shown, _) = report.top(*top);
        if let Some(bounds) = *suggest {
            self.suggestion(report, wanted, bounds, &mut out)?.map_err(Error::stdout)?;
            return flush(&mut out);
        }
        let written = match style.form {
            OutputForm::Json => rows::json(shown, report.lines.as_ref(), &mut out),
            OutputForm::Csv => rows::csv(shown, &mut out),
            OutputForm::Quiet => Ok(()),
            _ if style.drawn => {
                style.table(self.clock.clone(), reading.now, self.judges).write(report, *top, &mut out)
            }
            _ => plain(shown, report.lines.as_ref(), &mut out),
        };
        written.map_err(Error::stdout)?;
        flush(&mut out)
    }

    fn suggestion(
        &self,
        report: &Report,
        wanted: &WantedClients,
        bounds: SuggestBounds,
        out: &mut impl Write,
    ) -> Result<io::Result<()>> {
        let advice = suggest(report, wanted, bounds)?;
        let ReportSettings { logs, ham, correspondents, reading, top, .. } = self.settings;
        let ham: Vec<_> = ham.iter().map(|path| ClientSource::named(path)).collect();
        let notes = AdviceNotes {
            logs: &names(logs),
            ham: &names(&ham),
            correspondents: *correspondents,
            bounds,
            clock: &self.clock,
            now: reading.now,
        };
        let written = notes.write(report, &advice, *top, out);
        advice::all_spared(&advice).iter().for_each(|sentence| warn(sentence));
        advice::strangers(&advice).iter().for_each(|note| warn(note));
        Ok(written)
    }
}
