//! The settings of a report, resolved from the command line and the configuration.

use super::{super::log_clients, html_file::HtmlFile, style::ReportStyle};
use crate::{
    cli::ReportArgs,
    config::{self, ConfigLayer, LogConfig, ResolverConfig},
    error::{Error, Result},
    log::{ClientSource, ReadSpec},
    pattern::{PatternSpec, selector},
    report::{Grouping, moment, suggest::SuggestBounds},
};
use jiff::Timestamp;
use regex::bytes::{Regex, RegexBuilder};
use std::path::{Path, PathBuf};

/// The default of the fewest hits that a suggested line must stop.
const MIN_HITS: u64 = 3;
/// The default of the fewest addresses: a single one may be a mistake.
const MIN_ADDRESSES: u64 = 2;

/// The default number of log lines for each address.
const LINES: u64 = 3;
/// The default number of rows on a terminal.
const SCREENFUL: usize = 20;

/// The logs of a report, and its content.
pub(super) struct ReportSettings<'a> {
    pub(super) logs: Vec<ClientSource<'a>>,
    /// The lines that count.
    pub(super) reading: ReadSpec,
    pub(super) patterns: PatternSpec,
    pub(super) resolver: ResolverConfig,
    /// Only owners whose name matches one of these; all owners if there are none.
    pub(super) owners: Vec<Regex>,
    pub(super) by: Grouping,
    pub(super) style: ReportStyle,
    /// The number of rows to show; None is all.
    pub(super) top: Option<usize>,
    /// The number of log lines to show for each address.
    pub(super) lines: usize,
    pub(super) html: Option<HtmlFile>,
    /// The folder for messages to abuse contacts.
    pub(super) abuse_mail: Option<&'a Path>,
    /// None if no lines are suggested.
    pub(super) suggest: Option<SuggestBounds>,
    /// Logs of wanted mail.
    pub(super) ham: Vec<PathBuf>,
    /// Servers that mail was delivered to are wanted too.
    pub(super) correspondents: bool,
}

impl<'a> ReportSettings<'a> {
    pub(super) fn resolve(typed: &'a ReportArgs, layers: &ConfigLayer, now: Timestamp) -> Result<Self> {
        refuse_stray_options(typed)?;
        let logs = log_clients::sources(&typed.logs, "report")?;
        let ham = config::paths(&typed.ham, if typed.suggest { layers.ham.as_ref() } else { None });
        let style = ReportStyle::resolve(typed, layers);
        // Lines are suggested for owners, whatever the grouping.
        let by = typed.by.or(layers.by).filter(|_| !typed.suggest).unwrap_or_default();
        // A screenful; `--top` shows more.
        let top = typed.top.or(layers.top).map(|top| top.0);
        let top = top.or((style.is_screen() && !typed.suggest).then_some(SCREENFUL));
        let lines = typed.lines.or(layers.lines).map_or(LINES, |lines| lines.0);
        Ok(Self {
            patterns: config::patterns(&typed.patterns, layers),
            resolver: ResolverConfig::resolve(&typed.querying, &typed.caching, layers)?,
            owners: owners(&typed.owner)?,
            reading: reading(typed, layers, now)?,
            by,
            top,
            lines: usize::try_from(lines).unwrap_or(usize::MAX),
            html: typed.html.as_deref().map(|path| HtmlFile::new(path, &logs, &ham)).transpose()?,
            abuse_mail: typed.abuse_mail.as_deref(),
            suggest: typed.suggest.then(|| SuggestBounds {
                hits: typed.min_hits.or(layers.min_hits).map_or(MIN_HITS, |least| least.0),
                addresses: typed
                    .min_addresses
                    .or(layers.min_addresses)
                    .map_or(MIN_ADDRESSES, |least| least.0),
                only: typed.by,
            }),
            correspondents: typed.correspondents,
            logs,
            ham,
            style,
        })
    }

    /// Whether the logs are read a second time.
    pub(super) fn reads_twice(&self) -> bool {
        self.correspondents || self.shows_lines() || self.abuse_mail.is_some()
    }

    /// Whether each address is shown with some of its lines.
    pub(super) fn shows_lines(&self) -> bool {
        !self.owners.is_empty()
    }
}

/// Refuses an option that refers to an output that was not requested.
fn refuse_stray_options(typed: &ReportArgs) -> Result<()> {
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

/// The expressions of --owner, which ignore case.
fn owners(owners: &[String]) -> Result<Vec<Regex>> {
    let folded = |text: &String| {
        let selector = selector("--owner", text)?;
        let folded = RegexBuilder::new(selector.as_str()).case_insensitive(true).build();
        folded.map_err(|error| Error::usage(format!("--owner: {error}")))
    };
    owners.iter().map(folded).collect()
}

/// The lines that count.
fn reading(typed: &ReportArgs, layers: &ConfigLayer, now: Timestamp) -> Result<ReadSpec> {
    let spec = LogConfig::resolve(&typed.reading, layers).spec(now);
    let moment = |option: &str, typed: &Option<String>, set: &Option<String>| {
        let read = |text: &String| moment::read(text, now, &spec.zone);
        let text = typed.as_ref().or(set.as_ref());
        text.map(read).transpose().map_err(|why| Error::usage(format!("{option}: {why}")))
    };
    let grep = typed.grep.as_ref().or(layers.grep.as_ref());
    Ok(ReadSpec {
        since: moment("--since", &typed.since, &layers.since)?,
        until: moment("--until", &typed.until, &layers.until)?,
        grep: grep.map(|text| selector("--grep", text)).transpose()?,
        times: true,
        ..spec
    })
}
