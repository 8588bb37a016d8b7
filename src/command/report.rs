//! `whodunit report [LOG]...`: who is behind the traffic in mail logs.
//!
//! A report is an investigation and no verdict: it ends in 0 once it could be made, whomever it found.

mod abuse_mail;
mod copies;
mod html_file;
mod style;

use super::{
    flush, input_warnings, read_patterns, resolver, settle, sink::ProgressSink, stale::StaleCount, stdout,
    tell_of, warn, without_table,
};
use crate::{
    cli,
    config::{self, ConfigLayer, OutputForm},
    error::{Error, Result},
    exit::Exit,
    log::{self, ClientSource},
    output::{
        DisplayZone,
        abuse_mail::Complaints,
        advice::{self, AdviceNotes},
        page::ReportPage,
        progress, rows,
        table::plain,
    },
    pattern::{Patterns, selector},
    report::{
        ClientLine, ClientLines, Grouping, Report, ReportSpan, Sightings, moment, owner,
        suggest::{SeenIn, SuggestBounds, WantedClient, suggest},
    },
    resolver::{Client, Resolver},
    verdict::Judged,
};
use copies::Copies;
use html_file::HtmlFile;
use jiff::Timestamp;
use regex::bytes::{Regex, RegexBuilder};
use std::{
    collections::HashSet,
    io::{self, IsTerminal, Write},
    net::IpAddr,
    path::{Path, PathBuf},
};
use style::ReportStyle;

/// A suggested line stops so many hits where nobody says otherwise.
const MIN_HITS: u64 = 3;
/// And so many addresses: one alone may be a mistake of its own.
const MIN_ADDRESSES: u64 = 2;

/// Log lines of an address where nobody says how many.
const LINES: u64 = 3;
/// Rows on a terminal where nobody says how many.
const SCREENFUL: usize = 20;

/// Makes the report, in the form that was asked for.
///
/// # Errors
/// Whatever stops the run before the first question, and an output that cannot be written.
pub fn run(typed: &cli::ReportArgs) -> Result<Exit> {
    suggests(typed)?;
    let now = Timestamp::now();
    let beneath = config::beneath(&typed.config)?;
    let patterns = checked_patterns(typed, &beneath)?;
    let config = settle(&typed.querying, &typed.caching, &beneath)?;
    let style = ReportStyle::settle(typed, &beneath, !patterns.is_empty());
    let owners = owner_selectors(&typed.owner)?;
    let spec = spec(typed, &beneath, now)?;
    let logs = sources(&typed.logs)?;
    let ham = config::paths(&typed.ham, if typed.suggest { beneath.ham.as_ref() } else { None });
    let html = typed.html.as_deref().map(|path| HtmlFile::new(path, &logs, &ham)).transpose()?;
    let again = typed.correspondents || !typed.owner.is_empty() || typed.abuse_mail.is_some();
    let copies = again.then(|| Copies::of(&logs)).transpose()?;
    let mut clients = read_clients(&logs, copies.as_ref(), &spec)?;
    let wanted = wanted(&ham, &spec)?;

    let resolver = resolver(config, patterns);
    if style.form != OutputForm::Quiet
        && let Some(warning) = without_table(resolver.patterns(), resolver.origins())
    {
        warn(warning);
    }
    let mut stale = StaleCount::default();
    let (mut sightings, span) = judge(&resolver, std::mem::take(&mut clients.seen), &mut stale)?;
    if !owners.is_empty() {
        sightings.retain(|judged| is_one_of(&owners, judged));
    }
    let wanted = all_wanted(&resolver, &wanted, copies.as_ref().filter(|_| typed.correspondents))?;
    stale.tell();
    tell_of(&resolver);

    // Lines are suggested for owners, whatever else they are put together by.
    let by = typed.by.or(beneath.by).filter(|_| !typed.suggest).map(grouping).unwrap_or_default();
    let mut report = Report::new(&sightings, span, by);
    if let Some(copies) = copies.filter(|_| !owners.is_empty() || typed.abuse_mail.is_some()) {
        let most = typed.lines.or(beneath.lines).map_or(LINES, |lines| lines.0);
        let lines = evidence(typed, &report, &copies, &spec, most)?;
        report.lines = (!owners.is_empty()).then_some(lines);
    }
    let top = typed.top.or(beneath.top).map(|top| top.0);
    // A screenful: whoever wants more says how much.
    let top = top.or((style.is_screen() && !typed.suggest).then_some(SCREENFUL));
    let (logs, clock) = (names(&typed.logs), DisplayZone { zone: spec.zone });
    let output = ReportOutput {
        suggest: typed.suggest.then(|| suggest_bounds(typed, &beneath)),
        correspondents: typed.correspondents,
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

/// The patterns, each of them understood.
fn checked_patterns(typed: &cli::ReportArgs, beneath: &ConfigLayer) -> Result<Patterns> {
    let asks = typed.logs.is_empty() || typed.logs.iter().any(|log| log == Path::new("-"));
    let stdin = asks.then_some("the log");
    let patterns = read_patterns(&config::patterns(&typed.patterns, beneath), stdin)?;
    patterns.line_ends().for_each(|warning| warn(&warning));
    patterns.check()?;
    Ok(patterns)
}

/// Reads the logs, or the copies of those that cannot be read twice.
fn read_clients(
    logs: &[ClientSource<'_>],
    copies: Option<&Copies>,
    spec: &log::ReadSpec,
) -> Result<log::LogClients> {
    let read_from = copies.map_or_else(|| logs.to_vec(), Copies::sources);
    let clients = log::read(&read_from, spec, &progress::bytes())?;
    input_warnings::tell(&clients, logs, spec);
    if clients.lines == 0 && logs.iter().all(|log| matches!(log, ClientSource::Stdin)) {
        warn("the log is empty");
    }
    Ok(clients)
}

/// What a suggested line must stop.
fn suggest_bounds(typed: &cli::ReportArgs, beneath: &ConfigLayer) -> SuggestBounds {
    SuggestBounds {
        hits: typed.min_hits.or(beneath.min_hits).map_or(MIN_HITS, |least| least.0),
        addresses: typed.min_addresses.or(beneath.min_addresses).map_or(MIN_ADDRESSES, |least| least.0),
        only: typed.by.map(grouping),
    }
}

/// Everybody whose mail is wanted, judged: the clients of logs of wanted mail, and correspondents.
fn all_wanted(resolver: &Resolver, ham: &[Client], copies: Option<&Copies>) -> Result<Vec<WantedClient>> {
    let ham = judge_all(resolver, ham)?.into_iter();
    let mut wanted: Vec<WantedClient> =
        ham.map(|judged| WantedClient { judged, seen_in: SeenIn::Ham }).collect();
    if let Some(copies) = copies {
        wanted.extend(correspondents(resolver, copies)?);
    }
    Ok(wanted)
}

/// Refuses what says something about suggestions where none are asked for.
fn suggests(typed: &cli::ReportArgs) -> Result<()> {
    let options = [
        ("--ham", !typed.ham.is_empty()),
        ("--correspondents", typed.correspondents),
        ("--min-hits", typed.min_hits.is_some()),
        ("--min-addresses", typed.min_addresses.is_some()),
    ];
    match options.into_iter().find(|(_, given)| *given && !typed.suggest) {
        Some((option, _)) => {
            Err(Error::usage(format!("{option} goes with --suggest: add that, or leave {option} out")))
        }
        None if typed.lines.is_some() && typed.owner.is_empty() && typed.abuse_mail.is_none() => {
            Err(Error::usage("--lines goes with --owner or --abuse-mail: add that, or leave --lines out"))
        }
        None => Ok(()),
    }
}

/// The expressions of --owner, whatever a name's case.
fn owner_selectors(owners: &[String]) -> Result<Vec<Regex>> {
    let folded = |text: &String| {
        let selector = selector("--owner", text)?;
        let folded = RegexBuilder::new(selector.as_str()).case_insensitive(true).build();
        folded.map_err(|error| Error::usage(format!("--owner: {error}")))
    };
    owners.iter().map(folded).collect()
}

fn is_one_of(owners: &[Regex], judged: &Judged) -> bool {
    owner(judged).is_some_and(|name| owners.iter().any(|one| one.is_match(name.as_bytes())))
}

/// The servers that the logs show mail delivered to, judged.
fn correspondents(resolver: &Resolver, copies: &Copies) -> Result<Vec<WantedClient>> {
    let servers = log::evidence::correspondents(&copies.paths())?;
    if servers.is_empty() {
        warn("the logs show no mail delivered to another server: --correspondents spares nobody");
    }
    let servers: Vec<Client> = servers.into_iter().map(|address| Client { address, hits: 1 }).collect();
    let judged = judge_all(resolver, &servers)?.into_iter();
    Ok(judged.map(|judged| WantedClient { judged, seen_in: SeenIn::Correspondence }).collect())
}

/// Lines of the clients that are shown or complained about, and the messages with them.
fn evidence(
    typed: &cli::ReportArgs,
    report: &Report,
    copies: &Copies,
    spec: &log::ReadSpec,
    most: u64,
) -> Result<ClientLines> {
    let complaints = typed.abuse_mail.as_ref().map(|folder| (folder, Complaints::of(report)));
    let shown = report.rows.iter().filter(|_| !typed.owner.is_empty()).flat_map(|row| &row.members);
    let named = complaints.iter().flat_map(|(_, complaints)| complaints.named());
    let clients = shown.map(|seen| seen.address()).chain(named).collect();
    let lines = sample_lines(&clients, copies, spec, most)?;
    if let Some((folder, complaints)) = complaints {
        abuse_mail::write(folder, &complaints, &lines, spec.now)?;
    }
    Ok(lines)
}

/// Some lines of each of these clients.
fn sample_lines(
    clients: &HashSet<IpAddr>,
    copies: &Copies,
    spec: &log::ReadSpec,
    most: u64,
) -> Result<ClientLines> {
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let samples = log::evidence::samples(&copies.paths(), spec, clients, most)?;
    let lines = |lines: Vec<log::evidence::SampleLine>| {
        lines.into_iter().map(|line| ClientLine { time: line.time, text: line.text }).collect()
    };
    Ok(samples.into_iter().map(|(client, found)| (client, lines(found))).collect())
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
        warn(&format!("there is no client in {}, so it spares nobody", names(ham).join(", ")));
    }
    Ok(seen.iter().map(|seen| Client { address: seen.address(), hits: seen.hits }).collect())
}

/// Judges all clients.
fn judge_all(resolver: &Resolver, clients: &[Client]) -> Result<Vec<Judged>> {
    let mut all = Vec::with_capacity(clients.len());
    let keep = |judged, _| {
        all.push(judged);
        Ok(())
    };
    resolver.judge_all(clients, &mut ProgressSink::new(resolver, false, keep))?;
    Ok(all)
}

/// Judges the clients of the log, and says what time it spans.
fn judge(
    resolver: &Resolver,
    seen: Vec<log::SeenClient>,
    stale: &mut StaleCount,
) -> Result<(Sightings, Option<ReportSpan>)> {
    let clients: Vec<Client> =
        seen.iter().map(|seen| Client { address: seen.address(), hits: seen.hits }).collect();
    let span = ReportSpan::over(seen.iter().flat_map(|seen| seen.first().into_iter().chain(seen.last())));
    let mut sightings = Sightings::new(seen);
    let keep = |judged, _| {
        stale.add(&judged);
        sightings.add(judged);
        Ok(())
    };
    resolver.judge_all(&clients, &mut ProgressSink::new(resolver, false, keep))?;
    Ok((sightings, span))
}

/// What a report is written on.
struct ReportOutput<'a> {
    suggest: Option<SuggestBounds>,
    correspondents: bool,
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
            OutputForm::Json => rows::json(shown, report.lines.as_ref(), &mut out),
            OutputForm::Csv => rows::csv(shown, &mut out),
            OutputForm::Quiet => Ok(()),
            _ if self.style.drawn => {
                self.style.table(self.clock.clone(), self.now).write(report, self.top, &mut out)
            }
            _ => plain(shown, report.lines.as_ref(), &mut out),
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
            correspondents: self.correspondents,
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
