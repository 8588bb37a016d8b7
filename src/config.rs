//! What was typed, the environment and the files, and what they mean together. Taken apart in `main` and in the
//! modes, so that each room gets its own few values.

mod layer;
mod words;

pub use layer::{ConfigLayer, StringList};

use crate::{
    address::Prefix,
    cli::{
        self, CacheOptions, ColorChoice, ConfigArgs, Flag, OnUnknown, OutputOptions, PatternOptions,
        QueryOptions, RdapUse, ReadOptions,
    },
    error::{Error, Result},
    exit::Exit,
    log, pattern,
    registry::{Registry, Servers},
    resolver::QueryPolicy,
};
use std::{
    env,
    ffi::OsString,
    io::{self, IsTerminal},
    path::{Path, PathBuf},
    time::Duration,
};

/// Where every user's settings are.
const SYSTEM: &str = "/etc/whodunit/config.toml";

/// Where answers are kept.
#[derive(Clone, Debug)]
pub struct CacheConfig {
    /// `--cache` as it was given; None is the default location.
    pub location: Option<String>,
    /// What is odd about the settings, though they are taken: to be said once.
    pub notes: Vec<String>,
}

/// What a [`crate::resolver::Resolver`] is made of, but for the patterns.
#[derive(Clone, Debug)]
pub struct ResolverConfig {
    /// How registries are asked, and what may be re-used.
    pub policy: QueryPolicy,
    /// Where answers are kept.
    pub cache: CacheConfig,
    /// What is odd about the settings, though they are taken: to be said once.
    pub notes: Vec<String>,
}

/// The form of the output.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum OutputForm {
    /// Lines for people or for a pipe.
    Text,
    /// Text, and the whois text below each line.
    Whois,
    /// JSON Lines.
    Json,
    /// A header, then a row an address.
    Csv,
    /// The number of matching whois lines.
    Count,
    /// Nothing.
    Quiet,
}

/// Everything that was not typed: the environment and the files. Where one place says a form of the output, those of
/// the places behind it do not count; so with asking nobody and asking anew.
///
/// # Errors
/// A file that cannot be read (66), or a file or variable that is wrong (78).
pub fn beneath(config: &ConfigArgs) -> Result<ConfigLayer> {
    let environment = ConfigLayer::from_environment(env::vars_os())?;
    let named = config
        .config
        .clone()
        .or_else(|| env::var_os("WHODUNIT_CONFIG").filter(|value| !value.is_empty()).map(PathBuf::from));
    let files = match named.as_deref() {
        Some(path) if path == Path::new("none") => ConfigLayer::default(),
        Some(path) => ConfigLayer::from_file(path)?
            .ok_or_else(|| Error::input(path, &io::Error::from_raw_os_error(NO_SUCH_FILE)))?,
        None => {
            let own = user_file().map_or(Ok(None), |path| ConfigLayer::from_file(&path))?.unwrap_or_default();
            own.or(ConfigLayer::from_file(Path::new(SYSTEM))?.unwrap_or_default())
        }
    };
    Ok(environment.or(files))
}

/// ENOENT, for a file that was named and is not there.
const NO_SUCH_FILE: i32 = 2;

/// `$XDG_CONFIG_HOME/whodunit/config.toml`, or below `~/.config`; None for a hook without a home.
fn user_file() -> Option<PathBuf> {
    let absolute = |name: &str| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let folder = absolute("XDG_CONFIG_HOME").or_else(|| Some(absolute("HOME")?.join(".config")))?;
    let path = folder.join("whodunit/config.toml");
    // A daemon that was started with root's HOME may not even look: then it has none.
    let hidden = path.symlink_metadata().is_err_and(|error| error.kind() == io::ErrorKind::PermissionDenied);
    (!hidden).then_some(path)
}

/// A switch that was typed, or set beneath.
#[must_use]
pub fn on(typed: bool, beneath: Option<Flag>) -> bool {
    typed || beneath.is_some_and(|flag| flag.0)
}

/// A list that was typed, or else the one set beneath.
#[must_use]
pub fn paths(typed: &[PathBuf], beneath: Option<&StringList>) -> Vec<PathBuf> {
    match beneath {
        Some(StringList(list)) if typed.is_empty() => list.iter().map(PathBuf::from).collect(),
        _ => typed.to_vec(),
    }
}

/// Which patterns are to be read.
#[must_use]
pub fn patterns(typed: &PatternOptions, beneath: &ConfigLayer) -> pattern::PatternSpec {
    let block = paths(&typed.block, beneath.block.as_ref());
    let allow = paths(&typed.allow, beneath.allow.as_ref());
    let inline = match &beneath.regexp {
        Some(StringList(list)) if typed.regexp.is_empty() => list.iter().map(OsString::from).collect(),
        _ => typed.regexp.clone(),
    };
    let allow = allow.into_iter().map(|path| (pattern::Action::Allow, path));
    let block = block.into_iter().map(|path| (pattern::Action::Block, path));
    pattern::PatternSpec {
        files: allow.chain(block).collect(),
        inline,
        ignore_case: on(typed.ignore_case, beneath.ignore_case),
    }
}

/// How registries are asked and where answers are kept; `timeout` is the time for an address where nobody says.
///
/// # Errors
/// A server list that cannot be read (66) or is wrong (78).
pub fn resolver(
    querying: &QueryOptions,
    caching: &CacheOptions,
    beneath: &ConfigLayer,
    timeout: Duration,
) -> Result<ResolverConfig> {
    let list = querying.servers.clone().or_else(|| beneath.servers.as_ref().map(PathBuf::from));
    let servers = list.as_deref().map_or_else(|| Ok(Servers::default()), Servers::read)?;
    let defaults = QueryPolicy::default();
    let number = |typed: Option<cli::AtLeastOne>, beneath: Option<cli::AtLeastOne>, default| {
        typed.or(beneath).map_or(default, |number| number.0)
    };
    Ok(ResolverConfig {
        notes: list.and_then(|path| strangers(&servers, &path)).into_iter().collect(),
        policy: QueryPolicy {
            timeout: querying.timeout.or(beneath.timeout).map_or(timeout, |seconds| seconds.0),
            jobs: number(querying.jobs, beneath.jobs, defaults.jobs),
            per_server: number(querying.per_server, beneath.per_server, defaults.per_server),
            rate: querying.rate.or(beneath.rate).map(|rate| rate.0),
            servers,
            full: on(querying.full, beneath.full),
            rdap: querying.rdap.or(beneath.rdap).unwrap_or_default() == RdapUse::Fallback,
            // What is typed wins: a fleet's `offline = true` does not stand in the way of one `--refresh`.
            offline: on(querying.offline, beneath.offline) && !querying.refresh,
            refresh: on(querying.refresh, beneath.refresh) && !querying.offline,
            max_age: caching.max_age.or(beneath.max_age).map_or(defaults.max_age, |age| age.length),
            share: caching.share.or(beneath.share).map(|share| (share.0, share.1)),
        },
        cache: cache(caching, beneath),
    })
}

/// What to say of a server list without any registry's name: nobody is asked first there.
fn strangers(servers: &Servers, path: &Path) -> Option<String> {
    let known = Registry::ALL.into_iter().any(|own| {
        servers.of(own).is_some_and(|server| server.listed)
            || own.rdap_server().is_some_and(|name| servers.listed(name).is_some())
    });
    (!known).then(|| {
        let path = path.display();
        format!("{path} names no registry's server, such as whois.ripe.net: only referrals can lead there")
    })
}

/// Where answers are kept.
#[must_use]
pub fn cache(typed: &CacheOptions, beneath: &ConfigLayer) -> CacheConfig {
    let age = typed.max_age.or(beneath.max_age);
    CacheConfig {
        location: typed.cache.clone().or_else(|| beneath.cache.clone()),
        notes: beneath.notes.iter().cloned().chain(age.and_then(cli::Age::doubt)).collect(),
    }
}

/// The form of the output: what was typed, else what was set beneath.
#[must_use]
pub fn form(typed: &OutputOptions, beneath: &ConfigLayer) -> OutputForm {
    let forms = |json, csv, count, quiet, whois| match (json, csv, count, quiet, whois) {
        (true, ..) => Some(OutputForm::Json),
        (_, true, ..) => Some(OutputForm::Csv),
        (_, _, true, ..) => Some(OutputForm::Count),
        (_, _, _, true, _) => Some(OutputForm::Quiet),
        (.., true) => Some(OutputForm::Whois),
        _ => None,
    };
    forms(typed.json, typed.csv, typed.count, typed.quiet, typed.whois)
        .or_else(|| {
            forms(
                on(false, beneath.json),
                on(false, beneath.csv),
                on(false, beneath.count),
                on(false, beneath.quiet),
                on(false, beneath.whois),
            )
        })
        .unwrap_or(OutputForm::Text)
}

/// What an unknown address makes of the exit code.
#[must_use]
pub fn on_unknown(typed: Option<OnUnknown>, beneath: &ConfigLayer) -> Option<OnUnknown> {
    typed.or(beneath.on_unknown)
}

/// The exit code of an unknown address.
#[must_use]
pub fn unknown_exit(what: Option<OnUnknown>) -> Exit {
    match what {
        Some(OnUnknown::Pass) => Exit::Clear,
        Some(OnUnknown::Block) => Exit::Blocked,
        Some(OnUnknown::Defer) | None => Exit::TempFail,
    }
}

/// Which addresses of a log line count.
#[must_use]
pub fn extract(typed: &ReadOptions, beneath: &ConfigLayer) -> log::Extract {
    match typed.extract.or(beneath.extract).unwrap_or_default() {
        cli::Extract::Client => log::Extract::Client,
        cli::Extract::All => log::Extract::All,
    }
}

/// Proxies whose forwarded-for lists are believed.
#[must_use]
pub fn trusted_proxies(typed: &ReadOptions, beneath: &ConfigLayer) -> Vec<Prefix> {
    let settled = if typed.trusted_proxy.is_empty() {
        beneath.trusted_proxy.as_deref().unwrap_or_default()
    } else {
        &typed.trusted_proxy
    };
    settled.iter().map(|proxy| proxy.0).collect()
}

/// Whether stdout is to be coloured: as said, else on a terminal that NO_COLOR (no-color.org) does not forbid.
#[must_use]
pub fn colored(typed: Option<ColorChoice>, beneath: &ConfigLayer) -> bool {
    match typed.or(beneath.color).unwrap_or_default() {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto => {
            let set = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
            io::stdout().is_terminal()
                && !set("NO_COLOR")
                && env::var_os("TERM").is_none_or(|term| term != "dumb")
        }
    }
}
