//! The program's commands, one file for each.

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
    cli::ReadOptions,
    config::{CacheConfig, OutputConfig, OutputForm, ResolverConfig},
    error::{Error, Result},
    exit::Exit,
    origin::{self, OriginLookup},
    output::{AlignedColumns, OutputFormat, Paint, TextColumns, longest_name, noun},
    pattern::{self, Patterns},
    resolver::Resolver,
    sanitize::safe,
    verdict::{OnUnknown, Verdict},
};
use jiff::Timestamp;
use std::{
    io::{self, IsTerminal, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

/// The number of entries that are read from the cache at a time.
const PAGE: usize = 500;

/// Derives a run's exit code from all verdicts: blocked before unknown before clear.
#[derive(Clone, Copy, Debug)]
pub struct ExitTally {
    exit: Exit,
    unknown: Exit,
    lacks_input: bool,
}

impl ExitTally {
    /// A run without a verdict.
    #[must_use]
    pub fn new(on_unknown: OnUnknown) -> Self {
        let unknown = match on_unknown {
            OnUnknown::Pass => Exit::Clear,
            OnUnknown::Block => Exit::Blocked,
            OnUnknown::Defer => Exit::TempFail,
        };
        Self { exit: Exit::Clear, unknown, lacks_input: false }
    }

    /// Notes that one of several inputs could not be read: a verdict on the rest may not count as one on all.
    pub fn lacks_input(&mut self, missing: bool) {
        self.lacks_input |= missing;
    }

    /// Adds a verdict.
    pub fn add(&mut self, verdict: Verdict) {
        let exit = match verdict {
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

    /// The exit code of the run.
    #[must_use]
    pub fn exit(self) -> Exit {
        if self.lacks_input { Exit::NoInput } else { self.exit }
    }
}

/// The resolver of a run. A faulty cache costs a line on stderr, never a verdict.
fn resolver(config: ResolverConfig, patterns: Patterns) -> Resolver {
    config.notes.iter().for_each(|note| warn(note));
    Resolver::new(config.policy, open(&config.cache), patterns)
}

/// Lets a write beyond the limit on file sizes (`ulimit -f`, djb's `softlimit -f`) fail with an error instead of ending
/// the process: a cache that may not grow costs no verdict.
pub fn outlive_size_limits() {
    // Any handler will do; nobody reads the flag.
    let _ = signal_hook::flag::register(signal_hook::consts::SIGXFSZ, Arc::default());
}

/// Reads the patterns that the settings name. If there are none, every address would be clear, so that gives a warning.
/// So does a pattern that can match nothing because of invisible characters at its start. `stdin` is the other input
/// that is read from there, if any.
///
/// # Errors
/// Stdin is needed for two inputs (64), a file or folder cannot be read (66), or is not text (78).
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

/// Refuses patterns from stdin (`-`) if it is needed for another input.
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

/// The cache that the settings name. A fault in it costs a line on stderr, never a verdict.
#[must_use]
pub fn open(config: &CacheConfig) -> LayeredCache {
    config.notes.iter().for_each(|note| warn(note));
    let cache = opened(config);
    tell(&cache);
    cache
}

/// The same without a line on stderr; the caller must still print the warning.
#[must_use]
pub fn opened(config: &CacheConfig) -> LayeredCache {
    let location = config.location.as_deref().map_or(CacheLocation::Default, CacheLocation::from);
    open_cache(&location, &env(), Timestamp::now())
}

/// The table of origins beside the cache that the settings name. The cache itself is not opened.
fn origins(config: &CacheConfig) -> OriginLookup {
    let location = config.location.as_deref().map_or(CacheLocation::Default, CacheLocation::from);
    let mut paths = bases(&location, &env()).into_iter().map(|base| origin::beside(&base));
    OriginLookup::new(paths.find(|path| path.exists()))
}

/// The environment that decides the cache's default location.
fn env() -> CacheEnv {
    let folder = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    CacheEnv { home: folder("HOME"), xdg_cache_home: folder("XDG_CACHE_HOME"), ..Default::default() }
}

/// Prints a failure of the cache that was not reported yet.
pub fn tell(cache: &LayeredCache) {
    if let Some(warning) = cache.warning() {
        warn(&warning);
    }
}

/// Prints a failure of a resolver's data that was not reported yet.
fn tell_of(resolver: &Resolver) {
    tell(resolver.cache());
    if let Some(warning) = resolver.origins().warning() {
        warn(&warning);
    }
    while let Some(notice) = resolver.notice() {
        warn(&notice);
    }
}

/// The effect of a missing table of origins on `@asn` and `@asname` lines; None if there is a table, or no such line.
fn without_table(patterns: &Patterns, origins: &OriginLookup) -> Option<&'static str> {
    (patterns.name_origins() && origins.is_missing()).then_some(WITHOUT_TABLE)
}

const WITHOUT_TABLE: &str = "there is no table that says which AS announces an address: @asn matches only the few networks \
                             whose registry names an AS, and @asname none; import a table with `whodunit cache import \
                             FILE` (README.md says where to get one)";

/// Calls `work` with every answer in the cache, the oldest question first.
///
/// # Errors
/// The cache cannot be read (66), or `work` fails.
pub fn each(cache: &LayeredCache, mut work: impl FnMut(&CachedAnswer) -> Result<()>) -> Result<()> {
    let (mut after, mut damaged) = (0, 0);
    loop {
        let page = cache.maintenance().list(after, PAGE).map_err(|error| unreadable(&error))?;
        let Some(last) = page.last else { break };
        after = last;
        damaged += page.damaged.len();
        page.answers.iter().try_for_each(|(_, kept)| work(kept))?;
    }
    if damaged > 0 {
        let are = noun(damaged, "is", "are");
        warn(&format!("{damaged} of the cache's answers cannot be unpacked, and {are} left out"));
    }
    Ok(())
}

/// The cache's own message names it: it may be a server instead of the file beside it.
fn unreadable(error: &CacheError) -> Error {
    Error::unreadable(error.to_string())
}

/// A warning for each given option that has no effect without the other half that is named. A hook may pass it to every
/// run, so it is no error.
fn without_effect<'a>(
    options: &'a [(&str, bool)],
    lacking: &'a str,
) -> impl Iterator<Item = String> + use<'a> {
    let given = options.iter().filter(|(_, given)| *given);
    given.map(move |(option, _)| format!("{option} has no effect without {lacking}"))
}

/// The given options for reading logs.
fn reading_options(typed: &ReadOptions) -> [(&'static str, bool); 2] {
    [("--extract", typed.extract.is_some()), ("--trusted-proxy", !typed.trusted_proxy.is_empty())]
}

/// Prints a warning that does not stop the run. File names and arguments may be untrusted text: xargs passes a log's.
pub fn warn(message: &str) {
    // A closed stderr must not stop the run either.
    let _ = writeln!(io::stderr(), "whodunit: {}", safe(message));
}

/// Stdout, buffered in large pieces for a pipe and by line for a terminal.
#[must_use]
pub fn stdout() -> Box<dyn Write> {
    if io::stdout().is_terminal() {
        Box::new(io::stdout())
    } else {
        // Many addresses give many lines; a single one never fills this.
        Box::new(io::BufWriter::with_capacity(64 << 10, io::stdout()))
    }
}

/// The output format of this form. `count` is the number of verdicts, `width` the widest address in cells. `alone`
/// means that a count is printed without its address.
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

/// Writes buffered output.
///
/// # Errors
/// Stdout cannot be written (74), or its reader went away (141).
pub fn flush(out: &mut impl Write) -> Result<()> {
    out.flush().map_err(Error::stdout)
}
