//! `whodunit report [LOG]...`: who is behind the traffic in mail logs.
//!
//! A report is an investigation and no verdict: it ends in 0 once it could be made, whomever it found.

mod look;

use super::{Client, batch::Batch, flush, manners, no_client, open, read_patterns, stdout, tell, warn};
use crate::{
    answer::Known,
    cli,
    error::{Error, Result},
    exit::Exit,
    input::{self, From},
    lookup::Lookup,
    output::{
        Clock,
        advice::{self, Notes},
        owners,
        page::Page,
        progress,
        table::plain,
    },
    pattern::selector,
    report::{Report, Sighting, Span, moment, suggest::suggest},
    settings::{self, Form, Layer, PATIENCE},
    verdict::Judged,
};
use jiff::Timestamp;
use look::Look;
use std::{
    fs::File,
    io::{self, BufWriter, IsTerminal, Write},
    path::{Path, PathBuf},
};

/// Makes the report, in the form that was asked for.
///
/// # Errors
/// Whatever stops the run before the first question, and an output that cannot be written.
pub fn run(typed: &cli::Report) -> Result<Exit> {
    let now = Timestamp::now();
    let beneath = settings::beneath(&typed.config)?;
    let asks = typed.logs.is_empty() || typed.logs.iter().any(|log| log == Path::new("-"));
    let stdin = asks.then_some("the log");
    let patterns = read_patterns(&settings::patterns(&typed.patterns, &beneath), stdin)?;
    patterns.line_ends().for_each(|warning| warn(&warning));
    patterns.check()?;
    let query = settings::query(&typed.querying, &beneath, PATIENCE)?;
    let look = Look::settle(typed, &beneath);
    let spec = spec(typed, &beneath, now)?;
    let logs = sources(&typed.logs)?;
    let file = typed.html.as_deref().map(writable).transpose()?;
    let clients = input::read(&logs, &spec, &progress::bytes())?;
    let wanted = wanted(typed, &spec)?;
    if clients.seen.is_empty() {
        warn(&nobody(&clients));
    }

    let remember = settings::remember(&typed.caching, &beneath);
    let cache = open(&remember);
    let manners = manners(&query, &remember);
    let lookup = Lookup::new(&manners, &cache);
    let batch =
        Batch { lookup, cache: &cache, patterns: &patterns, query: &query, whois: false, prints: false };
    let (sightings, span) = judge(&batch, &clients.seen)?;
    let ham = judge_all(&batch, &wanted)?;
    tell(&cache);

    let report = Report::new(&sightings, span);
    let paper = Paper { typed, look: &look, logs: names(&typed.logs), clock: Clock { zone: spec.zone }, now };
    if let Some((path, file)) = file {
        paper.page(&report, path, file)?;
    }
    paper.print(&report, &ham)?;
    Ok(Exit::Clear)
}

/// Which lines count.
fn spec(typed: &cli::Report, beneath: &Layer, now: Timestamp) -> Result<input::Spec> {
    let spec = input::Spec::new(now);
    let moment = |option: &str, text: Option<&String>| {
        let read = |text: &String| moment::read(text, now, &spec.zone);
        text.map(read).transpose().map_err(|why| Error::usage(format!("{option}: {why}")))
    };
    Ok(input::Spec {
        extract: settings::extract(&typed.reading, beneath),
        since: moment("--since", typed.since.as_ref())?,
        until: moment("--until", typed.until.as_ref())?,
        grep: typed.grep.as_ref().map(|text| selector("--grep", text)).transpose()?,
        times: true,
        ..spec
    })
}

/// The logs; stdin where none is named, or for `-`.
fn sources(paths: &[PathBuf]) -> Result<Vec<From<'_>>> {
    if paths.is_empty() && io::stdin().is_terminal() {
        return Err(Error::usage(
            "no log: name one, or pipe one into stdin (`whodunit report --help` says more)",
        ));
    }
    let named = |path: &'_ PathBuf| path.as_path() != Path::new("-");
    let mut sources: Vec<From> =
        paths.iter().map(|path| if named(path) { From::File(path) } else { From::Stdin }).collect();
    if sources.is_empty() {
        sources.push(From::Stdin);
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
fn wanted(typed: &cli::Report, spec: &input::Spec) -> Result<Vec<Client>> {
    if typed.ham.is_empty() {
        return Ok(Vec::new());
    }
    let spec = input::Spec { since: None, until: None, grep: None, times: false, ..spec.clone() };
    let seen = input::read(&sources(&typed.ham)?, &spec, &progress::bytes())?.seen;
    if seen.is_empty() {
        warn(&format!("no client in {}: nobody can be spared for it", names(&typed.ham).join(", ")));
    }
    Ok(seen.iter().map(|seen| Client { address: seen.address, hits: seen.hits }).collect())
}

/// What to say of a log without clients.
fn nobody(clients: &input::Clients) -> String {
    match (clients.lines, clients.selected) {
        (0, _) => "the log is empty".to_owned(),
        (lines, 0) => format!("none of {lines} lines is selected by --grep, --since and --until"),
        (_, selected) => no_client(selected),
    }
}

/// Judges all clients. Whois text is dropped at once: a report has no use for it, and a log many clients.
fn judge_all(batch: &Batch, clients: &[Client]) -> Result<Vec<Judged>> {
    let mut all = Vec::with_capacity(clients.len());
    batch.each(clients, &mut |mut judged, _| {
        if let Known::Answer(answer) = &mut judged.known {
            answer.text = String::new();
        }
        all.push(judged);
        Ok(())
    })?;
    Ok(all)
}

fn judge(batch: &Batch, seen: &[input::Seen]) -> Result<(Vec<Sighting>, Option<Span>)> {
    let clients: Vec<Client> =
        seen.iter().map(|seen| Client { address: seen.address, hits: seen.hits }).collect();
    let span = Span::over(seen.iter().flat_map(|seen| seen.first.into_iter().chain(seen.last)));
    let drawn = |seen: &input::Seen| {
        span.map(|span| seen.activity.drawn(span.first(), span.last(), span.slices())).unwrap_or_default()
    };
    let judged = judge_all(batch, &clients)?;
    let sighting = |(judged, seen): (Judged, &input::Seen)| Sighting {
        judged,
        first: seen.first,
        last: seen.last,
        activity: drawn(seen),
    };
    Ok((judged.into_iter().zip(seen).map(sighting).collect(), span))
}

/// Opens the page's file before anybody is asked, and leaves what is in it until there is something to put there.
fn writable(path: &Path) -> Result<(&Path, Option<File>)> {
    if path == Path::new("-") {
        return Ok((path, None));
    }
    let file = File::options().write(true).create(true).truncate(false).open(path);
    Ok((path, Some(file.map_err(|error| Error::output(&path.display().to_string(), &error))?)))
}

/// What a report is written on.
struct Paper<'a> {
    typed: &'a cli::Report,
    look: &'a Look,
    logs: Vec<String>,
    clock: Clock,
    now: Timestamp,
}

impl Paper<'_> {
    fn page(&self, report: &Report, path: &Path, file: Option<File>) -> Result<()> {
        let page = Page { logs: &self.logs, clock: &self.clock, now: self.now, top: self.typed.top };
        let write = |mut out: &mut dyn Write| page.write(report, &mut out).and_then(|()| out.flush());
        let Some(file) = file else {
            return write(&mut stdout()).map_err(|error| Error::output("stdout", &error));
        };
        // A device or a pipe has no length to set.
        let emptied = if file.metadata().is_ok_and(|meta| meta.is_file()) { file.set_len(0) } else { Ok(()) };
        emptied
            .and_then(|()| write(&mut BufWriter::new(file)))
            .map_err(|error| Error::output(&path.display().to_string(), &error))
    }

    /// Prints what was asked for; a page that was asked for alone is all.
    fn print(&self, report: &Report, ham: &[Judged]) -> Result<()> {
        let mut out = stdout();
        let (shown, _) = report.top(self.typed.top);
        let written = match self.look.form {
            _ if self.typed.suggest => self.suggestion(report, ham, &mut out)?,
            Form::Json => owners::json(shown, &mut out),
            Form::Csv => owners::csv(shown, &mut out),
            Form::Quiet => Ok(()),
            _ if self.look.drawn => {
                self.look.table(self.clock.clone(), self.now).write(report, self.typed.top, &mut out)
            }
            _ => plain(shown, &mut out),
        };
        written.map_err(|error| Error::output("stdout", &error))?;
        flush(&mut out)
    }

    fn suggestion(&self, report: &Report, ham: &[Judged], out: &mut impl Write) -> Result<io::Result<()>> {
        let advice = suggest(report, ham)?;
        let ham = if self.typed.ham.is_empty() { Vec::new() } else { names(&self.typed.ham) };
        let notes = Notes { logs: &self.logs, ham: &ham, clock: &self.clock, now: self.now };
        let written = notes.write(report, &advice, self.typed.top, out);
        advice.spared.iter().for_each(|(owner, why)| warn(&advice::spared(owner, why)));
        advice::strangers(&advice).iter().for_each(|note| warn(note));
        Ok(written)
    }
}
