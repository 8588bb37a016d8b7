//! `whodunit report [LOG]...`: who is behind the traffic in mail logs.
//!
//! A report is an investigation and no verdict: it ends in 0 once it could be made, whomever it found.

mod html_file;
mod style;

use super::{
    flush, input_warnings, read_patterns, resolver, settle, sink::ProgressSink, stale::StaleCount, stdout,
    tell, warn,
};
use crate::{
    cli,
    config::{self, ConfigLayer, OutputForm},
    error::{Error, Result},
    exit::Exit,
    log::{self, ClientSource},
    output::{
        DisplayZone,
        advice::{self, AdviceNotes},
        page::ReportPage,
        progress, rows,
        table::plain,
    },
    pattern::selector,
    report::{
        Grouping, Report, ReportSpan, Sighting, moment,
        suggest::{SeenIn, SuggestBounds, WantedClient, suggest},
    },
    resolver::{Client, Resolver},
    verdict::Judged,
};
use html_file::HtmlFile;
use jiff::Timestamp;
use std::{
    io::{self, IsTerminal, Write},
    path::{Path, PathBuf},
};
use style::ReportStyle;

/// A suggested line stops so many hits where nobody says otherwise.
const MIN_HITS: u64 = 3;
/// And so many addresses: one alone may be a mistake of its own.
const MIN_ADDRESSES: u64 = 2;

/// Makes the report, in the form that was asked for.
///
/// # Errors
/// Whatever stops the run before the first question, and an output that cannot be written.
pub fn run(typed: &cli::ReportArgs) -> Result<Exit> {
    suggests(typed)?;
    let now = Timestamp::now();
    let beneath = config::beneath(&typed.config)?;
    let asks = typed.logs.is_empty() || typed.logs.iter().any(|log| log == Path::new("-"));
    let stdin = asks.then_some("the log");
    let patterns = read_patterns(&config::patterns(&typed.patterns, &beneath), stdin)?;
    patterns.line_ends().for_each(|warning| warn(&warning));
    patterns.check()?;
    let config = settle(&typed.querying, &typed.caching, &beneath)?;
    let style = ReportStyle::settle(typed, &beneath);
    let spec = spec(typed, &beneath, now)?;
    let logs = sources(&typed.logs)?;
    let ham = config::paths(&typed.ham, if typed.suggest { beneath.ham.as_ref() } else { None });
    let html = typed.html.as_deref().map(|path| HtmlFile::new(path, &logs, &ham)).transpose()?;
    let clients = log::read(&logs, &spec, &progress::bytes())?;
    input_warnings::tell(&clients, &logs, &spec);
    if clients.lines == 0 && typed.logs.iter().all(|path| path == Path::new("-")) {
        warn("the log is empty");
    }
    let wanted = wanted(&ham, &spec)?;

    let resolver = resolver(config, patterns);
    let (sightings, span) = judge(&resolver, &clients.seen)?;
    let wanted = judge_all(&resolver, &wanted)?.into_iter();
    let wanted: Vec<WantedClient> =
        wanted.map(|judged| WantedClient { judged, seen_in: SeenIn::Ham }).collect();
    let mut stale = StaleCount::default();
    sightings.iter().for_each(|sighting| stale.add(&sighting.judged));
    stale.tell();
    tell(resolver.cache());

    // Lines are suggested for owners, whatever else they are put together by.
    let by = typed.by.or(beneath.by).filter(|_| !typed.suggest).map(grouping).unwrap_or_default();
    let report = Report::new(&sightings, span, by);
    let top = typed.top.or(beneath.top).map(|top| top.0);
    let (logs, clock) = (names(&typed.logs), DisplayZone { zone: spec.zone });
    let bounds = SuggestBounds {
        hits: typed.min_hits.or(beneath.min_hits).map_or(MIN_HITS, |least| least.0),
        addresses: typed.min_addresses.or(beneath.min_addresses).map_or(MIN_ADDRESSES, |least| least.0),
        only: typed.by.map(grouping),
    };
    let output = ReportOutput {
        suggest: typed.suggest.then_some(bounds),
        top,
        style: &style,
        logs,
        ham: &ham,
        clock,
        now,
    };
    match html {
        Some(html) if report.rows.is_empty() => html.spare(),
        Some(html) => html.write(&|out| output.page(&report, out))?,
        None => {}
    }
    output.print(&report, &wanted)?;
    Ok(if clients.unreadable.is_empty() { Exit::Clear } else { Exit::NoInput })
}

/// Refuses what says something about suggestions where none are asked for.
fn suggests(typed: &cli::ReportArgs) -> Result<()> {
    let options = [
        ("--ham", !typed.ham.is_empty()),
        ("--min-hits", typed.min_hits.is_some()),
        ("--min-addresses", typed.min_addresses.is_some()),
    ];
    match options.into_iter().find(|(_, given)| *given && !typed.suggest) {
        Some((option, _)) => {
            Err(Error::usage(format!("{option} goes with --suggest: add that, or leave {option} out")))
        }
        None => Ok(()),
    }
}

/// What the rows stand for.
fn grouping(by: cli::By) -> Grouping {
    match by {
        cli::By::Owner => Grouping::Owner,
        cli::By::Asn => Grouping::Asn,
        cli::By::Abuse => Grouping::Abuse,
        cli::By::Maintainer => Grouping::Maintainer,
        cli::By::Netname => Grouping::Netname,
        cli::By::Network => Grouping::Network,
        cli::By::Registry => Grouping::Registry,
        cli::By::Country => Grouping::Country,
    }
}

/// Which lines count.
fn spec(typed: &cli::ReportArgs, beneath: &ConfigLayer, now: Timestamp) -> Result<log::ReadSpec> {
    let spec = log::ReadSpec::new(now);
    let moment = |option: &str, text: Option<&String>| {
        let read = |text: &String| moment::read(text, now, &spec.zone);
        text.map(read).transpose().map_err(|why| Error::usage(format!("{option}: {why}")))
    };
    Ok(log::ReadSpec {
        extract: config::extract(&typed.reading, beneath),
        trusted: config::trusted_proxies(&typed.reading, beneath),
        since: moment("--since", typed.since.as_ref().or(beneath.since.as_ref()))?,
        until: moment("--until", typed.until.as_ref().or(beneath.until.as_ref()))?,
        grep: typed
            .grep
            .as_ref()
            .or(beneath.grep.as_ref())
            .map(|text| selector("--grep", text))
            .transpose()?,
        times: true,
        ..spec
    })
}

/// The logs; stdin where none is named, or for `-`.
fn sources(paths: &[PathBuf]) -> Result<Vec<ClientSource<'_>>> {
    if paths.is_empty() && io::stdin().is_terminal() {
        return Err(Error::usage(
            "no log: name one, or pipe one into stdin (`whodunit report --help` says more)",
        ));
    }
    let named = |path: &'_ PathBuf| path.as_path() != Path::new("-");
    let mut sources: Vec<ClientSource> = paths
        .iter()
        .map(|path| if named(path) { ClientSource::File(path) } else { ClientSource::Stdin })
        .collect();
    if sources.is_empty() {
        sources.push(ClientSource::Stdin);
    }
    Ok(sources)
}

/// How the inputs are called in what is printed.
fn names(paths: &[PathBuf]) -> Vec<String> {
    let named =
        |path: &PathBuf| if path == Path::new("-") { "stdin".into() } else { path.display().to_string() };
    if paths.is_empty() { vec!["stdin".into()] } else { paths.iter().map(named).collect() }
}

/// The clients of the mail that is wanted, whenever it came.
fn wanted(ham: &[PathBuf], spec: &log::ReadSpec) -> Result<Vec<Client>> {
    if ham.is_empty() {
        return Ok(Vec::new());
    }
    let spec = log::ReadSpec { since: None, until: None, grep: None, times: false, ..spec.clone() };
    let mut read = log::read(&sources(ham)?, &spec, &progress::bytes())?;
    // Without it somebody's wanted mail would not spare him.
    if let Some(error) = read.unreadable.pop() {
        return Err(error);
    }
    let seen = read.seen;
    if seen.is_empty() {
        warn(&format!("no client in {}: nobody can be spared for it", names(ham).join(", ")));
    }
    Ok(seen.iter().map(|seen| Client { address: seen.address, hits: seen.hits }).collect())
}

/// Judges all clients.
fn judge_all(resolver: &Resolver, clients: &[Client]) -> Result<Vec<Judged>> {
    let mut all = Vec::with_capacity(clients.len());
    let keep = |judged, _| {
        all.push(judged);
        Ok(())
    };
    resolver.judge_all(clients, &mut ProgressSink::new(false, keep))?;
    Ok(all)
}

fn judge(resolver: &Resolver, seen: &[log::SeenClient]) -> Result<(Vec<Sighting>, Option<ReportSpan>)> {
    let clients: Vec<Client> =
        seen.iter().map(|seen| Client { address: seen.address, hits: seen.hits }).collect();
    let span = ReportSpan::over(seen.iter().flat_map(|seen| seen.first.into_iter().chain(seen.last)));
    let drawn = |seen: &log::SeenClient| {
        span.map(|span| seen.activity.drawn(span.first(), span.last(), span.slices())).unwrap_or_default()
    };
    let judged = judge_all(resolver, &clients)?;
    let sighting = |(judged, seen): (Judged, &log::SeenClient)| Sighting {
        judged,
        first: seen.first,
        last: seen.last,
        activity: drawn(seen),
    };
    Ok((judged.into_iter().zip(seen).map(sighting).collect(), span))
}

/// What a report is written on.
struct ReportOutput<'a> {
    suggest: Option<SuggestBounds>,
    top: Option<usize>,
    style: &'a ReportStyle,
    logs: Vec<String>,
    ham: &'a [PathBuf],
    clock: DisplayZone,
    now: Timestamp,
}

impl ReportOutput<'_> {
    fn page(&self, report: &Report, mut out: &mut dyn Write) -> io::Result<()> {
        let page = ReportPage { logs: &self.logs, clock: &self.clock, now: self.now, top: self.top };
        page.write(report, &mut out).and_then(|()| out.flush())
    }

    /// Prints what was asked for; a page that was asked for alone is all.
    fn print(&self, report: &Report, wanted: &[WantedClient]) -> Result<()> {
        let mut out = stdout();
        let (shown, _) = report.top(self.top);
        if let Some(bounds) = self.suggest {
            self.suggestion(report, wanted, bounds, &mut out)?
                .map_err(|error| Error::output("stdout", &error))?;
            return flush(&mut out);
        }
        let written = match self.style.form {
            OutputForm::Json => rows::json(shown, &mut out),
            OutputForm::Csv => rows::csv(shown, &mut out),
            OutputForm::Quiet => Ok(()),
            _ if self.style.drawn => {
                self.style.table(self.clock.clone(), self.now).write(report, self.top, &mut out)
            }
            _ => plain(shown, &mut out),
        };
        written.map_err(|error| Error::output("stdout", &error))?;
        flush(&mut out)
    }

    fn suggestion(
        &self,
        report: &Report,
        wanted: &[WantedClient],
        bounds: SuggestBounds,
        out: &mut impl Write,
    ) -> Result<io::Result<()>> {
        let advice = suggest(report, wanted, bounds)?;
        let ham = if self.ham.is_empty() { Vec::new() } else { names(self.ham) };
        let notes = AdviceNotes {
            logs: &self.logs,
            ham: &ham,
            correspondents: false,
            bounds,
            clock: &self.clock,
            now: self.now,
        };
        let written = notes.write(report, &advice, self.top, out);
        advice::all_spared(&advice).iter().for_each(|sentence| warn(sentence));
        advice::strangers(&advice).iter().for_each(|note| warn(note));
        Ok(written)
    }
}
