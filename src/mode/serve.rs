//! `whodunit serve`: the policy service.

use super::{manners, opened};
use crate::{
    address::special,
    answer::Known,
    cache::Handle,
    cli::{self, Serve},
    deadline::Deadline,
    error::{Error, Result, reason},
    exit::Exit,
    lookup::{Lookup, Manners, Trace},
    pattern::Patterns,
    policy::{
        Conduct, Decision, Desk, Journal, Limits, Listen, OnUnknown, Oracle, RejectText, Rule, Ruling,
        Service, Sink, Stdio, SyslogSink,
    },
    settings::{self, Layer, PATIENCE},
    verdict::{Judged, Verdict, judge},
    whois::{Registry, responsible},
};
use jiff::Timestamp;
use std::{ffi::OsString, io, net::IpAddr, sync::Arc, time::Duration};

/// Within this every request is answered where nobody says otherwise. A mail server's client is waiting.
const SERVED: Duration = Duration::from_secs(2);

/// Where syslog listens.
const SYSLOG: &str = "/dev/log";

/// Takes the three descriptors away when the arguments say that spawn(8) started us, before anything can be written
/// to them. None when they do not, or when it cannot be done; then nobody answers, and nothing is said.
#[must_use]
pub fn descriptors(arguments: impl Iterator<Item = OsString>) -> Option<Stdio> {
    let arguments: Vec<OsString> = arguments.collect();
    let has = |word: &str| arguments.iter().any(|argument| argument == word);
    if has("serve") && has("--stdio") { Stdio::take().ok() } else { None }
}

/// Says what stopped a service that has no standard error.
pub fn complain(message: &str) {
    if let Ok(journal) = journal(true) {
        journal.warn(message);
        journal.flush(Duration::from_secs(1));
    }
}

/// Serves until SIGTERM, or until the client of `--stdio` is gone.
///
/// # Errors
/// Whatever is wrong with the settings and the patterns, and a place that cannot be listened at.
pub fn run(typed: &Serve, stdio: Option<Stdio>) -> Result<Exit> {
    let beneath = settings::beneath(&typed.config)?;
    let spec = settings::patterns(&typed.patterns, &beneath);
    if spec.files.iter().any(|(_, path)| path.as_path() == std::path::Path::new("-")) {
        return Err(Error::usage(
            "a service reads its patterns again (SIGHUP), and stdin (-) has them once: name a file",
        ));
    }
    let read = || Patterns::read(&spec).and_then(|patterns| patterns.check().map(|()| patterns));
    let patterns = read()?;
    let query = settings::query(&typed.querying, &beneath, SERVED)?;
    let conduct = conduct(typed, &beneath)?;
    let places = places(typed, &beneath)?;
    let remember = settings::remember(&typed.caching, &beneath);
    let journal = journal(stdio.is_some() || settings::on(typed.syslog, beneath.syslog))?;
    if patterns.is_empty() {
        journal.warn("there is no pattern: nothing will be rejected");
    }
    patterns.marks().chain(patterns.line_ends()).for_each(|warning| journal.warn(&warning));
    let cache = Arc::new(opened(&remember));
    let manners = Arc::new(manners(&query, &remember));
    let clerk = |patterns| {
        let (cache, manners, journal) = (Arc::clone(&cache), Arc::clone(&manners), journal.clone());
        Clerk { cache, manners, patterns, journal, patience: query.timeout.max(PATIENCE) }
    };
    let limits = Limits {
        patience: query.timeout,
        jobs: query.jobs.into(),
        // Those of one registry that wait for their turn must leave workers for the others.
        per_lane: usize::from(query.per_server).min(usize::from(query.jobs).div_ceil(2)),
    };
    let first = clerk(patterns);
    first.tell();
    let service = Service::new(Desk::new(first, conduct, limits), journal.clone(), query.timeout);
    let reload = || read().map(&clerk);
    match stdio {
        Some(stdio) => service.run_stdio(stdio, reload)?,
        None if typed.stdio => {
            return Err(Error::usage("--stdio needs standard input and output to be open"));
        }
        None => service.run(&places, reload)?,
    }
    Ok(Exit::Clear)
}

fn conduct(typed: &Serve, beneath: &Layer) -> Result<Conduct> {
    let text = typed.reject_text.as_ref().or(beneath.reject_text.as_ref());
    Ok(Conduct {
        reject_text: text.map_or_else(|| Ok(RejectText::default()), |text| RejectText::parse(text))?,
        on_unknown: match settings::on_unknown(typed.on_unknown, beneath) {
            None | Some(cli::OnUnknown::Pass) => OnUnknown::Pass,
            Some(cli::OnUnknown::Defer) => OnUnknown::Defer,
            Some(cli::OnUnknown::Block) => OnUnknown::Block,
        },
        dry_run: settings::on(typed.dry_run, beneath.dry_run),
    })
}

fn places(typed: &Serve, beneath: &Layer) -> Result<Vec<Listen>> {
    let set = beneath.listen.as_ref().map_or(&[][..], |list| &list.0);
    let listen = if typed.listen.is_empty() { set } else { &typed.listen };
    listen.iter().map(|place| place.parse()).collect()
}

fn journal(syslog: bool) -> Result<Journal> {
    let sink: Sink = if syslog { Box::new(SyslogSink::new(SYSLOG)) } else { Box::new(io::stderr()) };
    Journal::start(sink).map_err(|e| Error::software(format!("no thread can be started: {}", reason(&e))))
}

/// Decides as a run of the program would, with one cache and one set of patterns.
struct Clerk {
    cache: Arc<Handle>,
    manners: Arc<Manners>,
    patterns: Patterns,
    journal: Journal,
    /// How long a question may take when nobody waits for it any more.
    patience: Duration,
}

impl Clerk {
    /// Logs what went wrong with the cache, if something did that was not said yet.
    fn tell(&self) {
        if let Some(warning) = self.cache.warning() {
            self.journal.warn(&warning);
        }
    }

    fn judge(&self, address: IpAddr, known: Known) -> Decision {
        decision(&judge(address, 1, known, &self.patterns))
    }
}

impl Oracle for Clerk {
    fn recall(&self, address: IpAddr) -> Option<Decision> {
        if let Some(special) = special(address) {
            return Some(self.judge(address, Known::Reserved(special)));
        }
        let found = Lookup::new(&self.manners, &self.cache).remembered(address, Timestamp::now())?;
        let answer = self.cache.answer(&found)?;
        Some(self.judge(address, Known::Answer(Box::new(answer))))
    }

    fn ask(&self, address: IpAddr) -> Decision {
        let deadline = Deadline::within(self.patience);
        let lookup = Lookup::new(&self.manners, &self.cache);
        let known = lookup.look_up(address, deadline, false, &mut Trace::off());
        self.tell();
        self.judge(address, known)
    }

    fn lane(&self, address: IpAddr) -> Registry {
        responsible(address).map_or(Registry::Iana, |row| row.registry)
    }
}

/// The verdict in the words of the policy service.
fn decision(judged: &Judged) -> Decision {
    let answer = judged.answer();
    let record = answer.map(|answer| &answer.record);
    let rule = judged.decisive();
    Decision {
        ruling: match judged.verdict {
            Verdict::Blocked => Ruling::Blocked,
            Verdict::Allowed => Ruling::Allowed,
            Verdict::Clear => Ruling::Clear,
            Verdict::Unknown => Ruling::Unknown,
        },
        rule: rule.map(|rule| Rule { file: rule.file.clone(), line: rule.line as usize }),
        org: record.and_then(|record| record.org.clone().or_else(|| record.name.clone())),
        network: record.map(|record| record.network),
        source: answer.map(|answer| answer.source),
        server: answer.and_then(|answer| answer.servers.last().cloned()),
        reason: judged.unknown().map(|unknown| (unknown.kind.as_str(), unknown.message.clone())),
    }
}
