//! What the program can do, one file a command.

pub mod cache;
pub mod check;
mod cost;
pub mod explain;
pub mod generate;
mod hint;
mod input_warnings;
mod interruption;
mod log_clients;
mod manual;
pub mod matching;
pub mod networks;
pub mod patterns;
pub mod probe;
mod replacement;
pub mod report;
pub mod serve;
mod sink;
mod stale;
pub mod warm;

use crate::{
    cache::{CacheEnv, CacheError, CacheLocation, CachedAnswer, LayeredCache, bases, open as open_cache},
    config::{CacheConfig, OutputConfig, OutputForm, ResolverConfig},
    error::{Error, Result},
    exit::Exit,
    origin::{self, OriginLookup},
    output::{AlignedColumns, OutputFormat, Paint, TextColumns, longest_name},
    pattern::{self, Patterns},
    resolver::Resolver,
    sanitize::safe,
    verdict::{Judged, OnUnknown, Verdict},
};
use jiff::Timestamp;
use std::{
    io::{self, IsTerminal, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

/// Entries that are read from the cache at a time.
const PAGE: usize = 500;

/// The exit code that all verdicts of a run come to: blocked before unknown before clear.
#[derive(Clone, Copy, Debug)]
pub struct ExitTally {
    exit: Exit,
    unknown: Exit,
    lacks_input: bool,
}

impl ExitTally {
    /// A run without a verdict yet.
    #[must_use]
    pub fn new(on_unknown: OnUnknown) -> Self {
        let unknown = match on_unknown {
            OnUnknown::Pass => Exit::Clear,
            OnUnknown::Block => Exit::Blocked,
            OnUnknown::Defer => Exit::TempFail,
        };
        Self { exit: Exit::Clear, unknown, lacks_input: false }
    }

    /// One of several inputs could not be read: no verdict on the rest may pass for one on all.
    pub fn lacks_input(&mut self, missing: bool) {
        self.lacks_input |= missing;
    }

    /// One more verdict.
    pub fn add(&mut self, judged: &Judged) {
        let exit = match judged.verdict {
            Verdict::Allowed | Verdict::Clear => Exit::Clear,
            Verdict::Blocked => Exit::Blocked,
            Verdict::Unknown => self.unknown,
        };
        self.exit = match (self.exit, exit) {
            (Exit::Blocked, _) | (_, Exit::Blocked) => Exit::Blocked,
            (Exit::Clear, other) => other,
            (worse, _) => worse,
        };
    }

    /// What the run ends with.
    #[must_use]
    pub fn exit(self) -> Exit {
        if self.lacks_input { Exit::NoInput } else { self.exit }
    }
}

/// The resolver of a run. What is wrong with its cache costs a line on stderr, never a verdict.
fn resolver(config: ResolverConfig, patterns: Patterns) -> Resolver {
    config.notes.iter().for_each(|note| warn(note));
    Resolver::new(config.policy, open(&config.cache), patterns)
}

/// A write beyond the limit on a file's size (`ulimit -f`, djb's `softlimit -f`) fails with a reason, and does not end
/// the process: a cache that may not grow costs no verdict.
pub fn outlive_size_limits() {
    // Whatever handles the signal will do; nobody looks at the flag.
    let _ = signal_hook::flag::register(signal_hook::consts::SIGXFSZ, Arc::default());
}

/// Reads the patterns that the settings name. Where these hold none, every address would be clear: that is said, and so
/// is a pattern that can match nothing since nobody sees what it begins with. `stdin` is what else is read from there, if anything is.
///
/// # Errors
/// Stdin is to hold two things (64), a file or folder cannot be read (66), or is no text (78).
pub fn read_patterns(spec: &pattern::PatternSpec, stdin: Option<&str>) -> Result<Patterns> {
    stdin_once(spec, stdin)?;
    let patterns = Patterns::read(spec)?;
    patterns.marks().for_each(|warning| warn(&warning));
    if patterns.is_empty()
        && let Some((_, first)) = spec.files.first()
    {
        warn(&format!("there is no pattern in {}: nothing will match", first.display()));
    }
    Ok(patterns)
}

/// Refuses patterns from stdin (`-`) where it is to hold something else as well.
fn stdin_once(spec: &pattern::PatternSpec, stdin: Option<&str>) -> Result<()> {
    let named = spec.files.iter().filter(|(_, path)| path.as_path() == Path::new("-")).count();
    let other = match (named, stdin) {
        (0, _) | (1, None) => return Ok(()),
        (_, Some(other)) => other,
        (_, None) => "more patterns",
    };
    let what = format!("stdin is named for patterns (-) and for {other}: name a file for one of them");
    Err(Error::usage(what))
}

/// The cache that the settings name. What is wrong with it costs a line on stderr, never a verdict.
#[must_use]
pub fn open(config: &CacheConfig) -> LayeredCache {
    config.notes.iter().for_each(|note| warn(note));
    let cache = opened(config);
    tell(&cache);
    cache
}

/// The same, without a word on stderr: what is wrong with it is still to be said.
#[must_use]
pub fn opened(config: &CacheConfig) -> LayeredCache {
    let location = config.location.as_deref().map_or(CacheLocation::Default, CacheLocation::from);
    open_cache(&location, &env(), Timestamp::now())
}

/// The table of origins beside the cache that the settings name, without a look at the cache.
fn origins(config: &CacheConfig) -> OriginLookup {
    let location = config.location.as_deref().map_or(CacheLocation::Default, CacheLocation::from);
    let mut paths = bases(&location, &env()).into_iter().map(|base| origin::beside(&base));
    OriginLookup::new(paths.find(|path| path.exists()))
}

/// What the cache's default location depends on.
fn env() -> CacheEnv {
    let folder = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    CacheEnv { home: folder("HOME"), xdg_cache_home: folder("XDG_CACHE_HOME"), ..Default::default() }
}

/// Says what went wrong with the cache, if something did that was not said yet.
pub fn tell(cache: &LayeredCache) {
    if let Some(warning) = cache.warning() {
        warn(&warning);
    }
}

/// Says what went wrong with what a resolver reads, if something did that was not said yet.
fn tell_of(resolver: &Resolver) {
    tell(resolver.cache());
    if let Some(warning) = resolver.origins().warning() {
        warn(&warning);
    }
    while let Some(notice) = resolver.notice() {
        warn(&notice);
    }
}

/// What `@asn` and `@asname` lines cannot do without a table of origins; None where there is a table, or no such line.
fn without_table(patterns: &Patterns, origins: &OriginLookup) -> Option<&'static str> {
    (patterns.name_origins() && origins.is_missing()).then_some(WITHOUT_TABLE)
}

const WITHOUT_TABLE: &str = "there is no table that says which AS announces an address: @asn matches only the few networks \
                             whose registry names an AS, and @asname none; import a table with `whodunit cache import \
                             FILE` (README.md says where to get one)";

/// Does something with every answer that the cache keeps, the oldest question first.
///
/// # Errors
/// The cache cannot be read (66), or the work cannot be done.
pub fn each(cache: &LayeredCache, mut work: impl FnMut(&CachedAnswer) -> Result<()>) -> Result<()> {
    let (mut after, mut damaged) = (0, 0);
    loop {
        let page = cache.ledger().list(after, PAGE).map_err(|error| unreadable(&error))?;
        let Some(last) = page.last else { break };
        after = last;
        damaged += page.damaged.len();
        page.answers.iter().try_for_each(|(_, kept)| work(kept))?;
    }
    if damaged > 0 {
        warn(&format!("{damaged} of the cache's answers cannot be unpacked, and are left out"));
    }
    Ok(())
}

/// The cache's own sentence names it: it may be a server, and not the file beside it.
fn unreadable(error: &CacheError) -> Error {
    Error::unreadable(error.to_string())
}

/// Tells the user something that does not stop the run. File names and arguments may be a stranger's text: xargs passes
/// a log's.
pub fn warn(message: &str) {
    // A closed stderr must not stop it either.
    let _ = writeln!(io::stderr(), "whodunit: {}", safe(message));
}

/// Stdout, written in large pieces into a pipe and a line at a time to a terminal.
#[must_use]
pub fn stdout() -> Box<dyn Write> {
    if io::stdout().is_terminal() {
        Box::new(io::stdout())
    } else {
        Box::new(io::BufWriter::new(io::stdout()))
    }
}

/// How verdicts are printed in this form. `count` is the number of verdicts, of addresses of at most `width` cells; `alone`
/// says that a count needs no address beside it.
fn output_format(
    output: &OutputConfig,
    count: usize,
    alone: bool,
    width: impl FnOnce() -> usize,
    patterns: &Patterns,
) -> OutputFormat {
    let aligned = || AlignedColumns {
        address: width(),
        alone: count == 1,
        why: longest_name(patterns),
        width: terminal_size::terminal_size().map(|(width, _)| width.0.into()),
    };
    match output.form {
        OutputForm::Text | OutputForm::Whois => OutputFormat::Text(TextColumns {
            aligned: io::stdout().is_terminal().then(aligned),
            paint: paint(output),
            judges: !patterns.is_empty(),
        }),
        OutputForm::Json => OutputFormat::Json,
        OutputForm::Csv => OutputFormat::Csv,
        OutputForm::Count if alone => OutputFormat::Count,
        OutputForm::Count => OutputFormat::Counts,
        OutputForm::Quiet => OutputFormat::Quiet,
    }
}

/// The colours of what is printed.
fn paint(output: &OutputConfig) -> Paint {
    Paint { colored: output.colored }
}

/// Writes out what is still on its way.
///
/// # Errors
/// Stdout cannot be written to (74), or its reader went away (141).
pub fn flush(out: &mut impl Write) -> Result<()> {
    out.flush().map_err(|error| Error::output("stdout", &error))
}
