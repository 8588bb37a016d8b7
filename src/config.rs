//! Combines the command line, the environment and the files. There is one `resolve` for each group of options that
//! commands share. A command's own `resolve` adds its own options.

mod layer;
mod words;

pub use layer::{ConfigLayer, StringList};

use crate::{
    address::Prefix,
    cli::{
        self, CacheOptions, ColorChoice, ConfigArgs, Flag, OutputOptions, PatternOptions, QueryOptions,
        RdapUse, ReadOptions,
    },
    error::{Error, Result},
    log::{Extract, ReadSpec},
    pattern::{Action, PatternSpec},
    registry::{Registry, Servers},
    resolver::QueryPolicy,
    serve::{ListenAddress, dns::ZoneName},
    verdict::OnUnknown,
};
use jiff::Timestamp;
use std::{
    env,
    ffi::OsString,
    io::{self, IsTerminal},
    path::{Path, PathBuf},
    time::Duration,
};

/// The settings for all users.
const SYSTEM: &str = "/etc/whodunit/config.toml";

/// The location of the cache.
#[derive(Clone, Debug)]
pub struct CacheConfig {
    /// `--cache` as given; None is the default location.
    pub location: Option<String>,
    /// Warnings about the settings, to print once.
    pub notes: Vec<String>,
}

/// The settings of a [`crate::resolver::Resolver`], except the patterns.
#[derive(Clone, Debug)]
pub struct ResolverConfig {
    /// How registries are asked, and which answers may be used again.
    pub policy: QueryPolicy,
    /// The location of the cache.
    pub cache: CacheConfig,
    /// Warnings about the settings, to print once.
    pub notes: Vec<String>,
}

/// How logs are read.
#[derive(Clone, Debug)]
pub struct LogConfig {
    /// The addresses of a log line that count.
    pub extract: Extract,
    /// Proxies whose forwarded-for lists are trusted.
    pub trusted: Vec<Prefix>,
}

/// How verdicts are printed, and what an unknown one means.
#[derive(Clone, Copy, Debug)]
pub struct OutputConfig {
    /// The form.
    pub form: OutputForm,
    /// Whether stdout is coloured.
    pub colored: bool,
    /// The meaning of an unknown address.
    pub on_unknown: OnUnknown,
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
    /// A header, then a row for each address.
    Csv,
    /// The number of matching whois lines.
    Count,
    /// No output.
    Quiet,
}

/// All settings that are not on the command line: the environment, then the files. If a layer sets an output form,
/// those of the layers below do not apply; the same holds for `offline` and `refresh`.
///
/// # Errors
/// A file that cannot be read (66), or a file or variable that is wrong (78).
pub fn layers(config: &ConfigArgs) -> Result<ConfigLayer> {
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

/// ENOENT, for a named file that does not exist.
const NO_SUCH_FILE: i32 = 2;

/// `$XDG_CONFIG_HOME/whodunit/config.toml`, or below `~/.config`; None for a hook without a home directory.
fn user_file() -> Option<PathBuf> {
    let absolute = |name: &str| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let folder = absolute("XDG_CONFIG_HOME").or_else(|| Some(absolute("HOME")?.join(".config")))?;
    let path = folder.join("whodunit/config.toml");
    // A daemon that was started with root's HOME may not read it; then there is no file.
    let hidden = path.symlink_metadata().is_err_and(|error| error.kind() == io::ErrorKind::PermissionDenied);
    (!hidden).then_some(path)
}

/// Whether a switch is given, or set in a layer.
#[must_use]
pub fn on(typed: bool, set: Option<Flag>) -> bool {
    typed || set.is_some_and(|flag| flag.0)
}

/// The given files, or else those set in a layer.
#[must_use]
pub fn paths(typed: &[PathBuf], set: Option<&StringList>) -> Vec<PathBuf> {
    match set {
        Some(StringList(list)) if typed.is_empty() => list.iter().map(PathBuf::from).collect(),
        _ => typed.to_vec(),
    }
}

/// The patterns to read.
#[must_use]
pub fn patterns(typed: &PatternOptions, layers: &ConfigLayer) -> PatternSpec {
    let block = paths(&typed.block, layers.block.as_ref());
    let allow = paths(&typed.allow, layers.allow.as_ref());
    let inline = match &layers.regexp {
        Some(StringList(list)) if typed.regexp.is_empty() => list.iter().map(OsString::from).collect(),
        _ => typed.regexp.clone(),
    };
    let allow = allow.into_iter().map(|path| (Action::Allow, path));
    let block = block.into_iter().map(|path| (Action::Block, path));
    PatternSpec {
        files: allow.chain(block).collect(),
        inline,
        ignore_case: on(typed.ignore_case, layers.ignore_case),
    }
}

/// The listen addresses of a service.
///
/// # Errors
/// A text is no such address (64).
pub fn listen_addresses(typed: &[String], layers: &ConfigLayer) -> Result<Vec<ListenAddress>> {
    if typed.is_empty() {
        return Ok(layers.listen.clone().unwrap_or_default());
    }
    typed.iter().map(|address| address.parse()).collect()
}

/// The zone of the DNS list.
///
/// # Errors
/// The text is no zone name (64).
pub fn zone(typed: Option<&String>, layers: &ConfigLayer) -> Result<ZoneName> {
    typed.map_or_else(|| Ok(layers.zone.clone().unwrap_or_default()), |zone| zone.parse())
}

impl ResolverConfig {
    /// How registries are asked and where answers are kept.
    ///
    /// # Errors
    /// A server list that cannot be read (66) or is wrong (78).
    pub fn resolve(querying: &QueryOptions, caching: &CacheOptions, layers: &ConfigLayer) -> Result<Self> {
        Self::resolve_within(QueryPolicy::default().timeout, querying, caching, layers)
    }

    /// The same with another default for the time that an address may take.
    ///
    /// # Errors
    /// As [`Self::resolve`].
    pub fn resolve_within(
        timeout: Duration,
        querying: &QueryOptions,
        caching: &CacheOptions,
        layers: &ConfigLayer,
    ) -> Result<Self> {
        let list = querying.servers.clone().or_else(|| layers.servers.as_ref().map(PathBuf::from));
        let servers = list.as_deref().map_or_else(|| Ok(Servers::default()), Servers::read)?;
        let defaults = QueryPolicy::default();
        let number = |typed: Option<cli::AtLeastOne>, set: Option<cli::AtLeastOne>, default| {
            typed.or(set).map_or(default, |number| number.0)
        };
        Ok(Self {
            notes: list.and_then(|path| without_registries(&servers, &path)).into_iter().collect(),
            policy: QueryPolicy {
                timeout: querying.timeout.or(layers.timeout).map_or(timeout, |seconds| seconds.0),
                jobs: number(querying.jobs, layers.jobs, defaults.jobs),
                per_server: number(querying.per_server, layers.per_server, defaults.per_server),
                rate: querying.rate.or(layers.rate).map(|rate| rate.0),
                servers,
                full: on(querying.full, layers.full),
                rdap: querying.rdap.or(layers.rdap).unwrap_or_default() == RdapUse::Fallback,
                // The command line wins: a site-wide `offline = true` does not block one `--refresh`.
                offline: on(querying.offline, layers.offline) && !querying.refresh,
                refresh: on(querying.refresh, layers.refresh) && !querying.offline,
                max_age: caching.max_age.or(layers.max_age).map_or(defaults.max_age, |age| age.length),
                share: caching.share.or(layers.share).map(|share| (share.0, share.1)),
            },
            cache: CacheConfig::resolve(caching, layers),
        })
    }
}

/// The warning about a server list without any registry's name: none of its servers is asked first.
fn without_registries(servers: &Servers, path: &Path) -> Option<String> {
    let known = Registry::ALL.into_iter().any(|own| {
        servers.of(own).is_some_and(|server| server.listed)
            || own.rdap_server().is_some_and(|name| servers.listed(name).is_some())
    });
    (!known).then(|| {
        let path = path.display();
        format!("{path} names no registry's server, such as whois.ripe.net: only referrals can lead there")
    })
}

impl CacheConfig {
    /// Resolves the location of the cache.
    #[must_use]
    pub fn resolve(typed: &CacheOptions, layers: &ConfigLayer) -> Self {
        let age = typed.max_age.or(layers.max_age);
        Self {
            location: typed.cache.clone().or_else(|| layers.cache.clone()),
            notes: layers.notes.iter().cloned().chain(age.and_then(cli::Age::doubt)).collect(),
        }
    }

    /// The same for a command without the other cache options.
    #[must_use]
    pub fn at(location: Option<&String>, layers: &ConfigLayer) -> Self {
        Self::resolve(&CacheOptions { cache: location.cloned(), ..CacheOptions::default() }, layers)
    }
}

impl LogConfig {
    /// Resolves how logs are read.
    #[must_use]
    pub fn resolve(typed: &ReadOptions, layers: &ConfigLayer) -> Self {
        let trusted = match typed.trusted_proxy.as_slice() {
            [] => layers.trusted_proxy.as_deref().unwrap_or_default(),
            typed => typed,
        };
        Self {
            extract: typed.extract.or(layers.extract).unwrap_or_default(),
            trusted: trusted.iter().map(|proxy| proxy.0).collect(),
        }
    }

    /// The current settings for reading. It reads the machine's time zone, which a run without a log does not need.
    #[must_use]
    pub fn spec(&self, now: Timestamp) -> ReadSpec {
        ReadSpec { extract: self.extract, trusted: self.trusted.clone(), ..ReadSpec::new(now) }
    }
}

impl OutputConfig {
    /// Resolves how verdicts are printed, and the meaning of an unknown one.
    #[must_use]
    pub fn resolve(typed: &OutputOptions, layers: &ConfigLayer) -> Self {
        let set = |flag| on(false, flag);
        let typed_form = OutputForm::of(typed.json, typed.csv, typed.count, typed.quiet, typed.whois);
        let form = typed_form.or_else(|| {
            OutputForm::of(
                set(layers.json),
                set(layers.csv),
                set(layers.count),
                set(layers.quiet),
                set(layers.whois),
            )
        });
        Self {
            form: form.unwrap_or(OutputForm::Text),
            colored: is_colored(typed.color.or(layers.color).unwrap_or_default()),
            on_unknown: typed.on_unknown.or(layers.on_unknown).unwrap_or(OnUnknown::Defer),
        }
    }
}

impl OutputForm {
    /// The form that these switches ask for.
    fn of(json: bool, csv: bool, count: bool, quiet: bool, whois: bool) -> Option<Self> {
        let forms = [
            (json, Self::Json),
            (csv, Self::Csv),
            (count, Self::Count),
            (quiet, Self::Quiet),
            (whois, Self::Whois),
        ];
        forms.into_iter().find(|(on, _)| *on).map(|(_, form)| form)
    }
}

/// Whether stdout is coloured: as given, else on a terminal unless NO_COLOR (no-color.org) is set.
fn is_colored(choice: ColorChoice) -> bool {
    match choice {
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
