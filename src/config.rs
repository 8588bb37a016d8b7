//! What was typed, the environment and the files, and what they mean together: one `resolve` for each group of options that
//! commands share. A command's own `resolve` adds the options that it alone has.

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

/// How logs are read.
#[derive(Clone, Debug)]
pub struct LogConfig {
    /// Which addresses of a log line count.
    pub extract: Extract,
    /// Proxies whose forwarded-for lists are believed.
    pub trusted: Vec<Prefix>,
}

/// How verdicts are printed, and what an unknown one means.
#[derive(Clone, Copy, Debug)]
pub struct OutputConfig {
    /// The form.
    pub form: OutputForm,
    /// Whether stdout is coloured.
    pub colored: bool,
    /// What is made of an unknown address.
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
    /// A header, then a row an address.
    Csv,
    /// The number of matching whois lines.
    Count,
    /// Nothing.
    Quiet,
}

/// Everything that was not typed: the environment, above the files. Where one layer names a form of the output, the forms of
/// the layers below it do not count; so with asking nobody and asking anew.
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

/// A switch that was typed, or is set in a layer.
#[must_use]
pub fn on(typed: bool, set: Option<Flag>) -> bool {
    typed || set.is_some_and(|flag| flag.0)
}

/// The files that were typed, or else those that are set in a layer.
#[must_use]
pub fn paths(typed: &[PathBuf], set: Option<&StringList>) -> Vec<PathBuf> {
    match set {
        Some(StringList(list)) if typed.is_empty() => list.iter().map(PathBuf::from).collect(),
        _ => typed.to_vec(),
    }
}

/// Which patterns are to be read.
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

/// Where a service listens.
///
/// # Errors
/// A text that names no such address (64).
pub fn listen_addresses(typed: &[String], layers: &ConfigLayer) -> Result<Vec<ListenAddress>> {
    if typed.is_empty() {
        return Ok(layers.listen.clone().unwrap_or_default());
    }
    typed.iter().map(|address| address.parse()).collect()
}

/// The zone of the DNS list.
///
/// # Errors
/// A text that is no zone's name (64).
pub fn zone(typed: Option<&String>, layers: &ConfigLayer) -> Result<ZoneName> {
    typed.map_or_else(|| Ok(layers.zone.clone().unwrap_or_default()), |zone| zone.parse())
}

impl ResolverConfig {
    /// How registries are asked and where answers are kept; `timeout` is the time for an address where nobody says.
    ///
    /// # Errors
    /// A server list that cannot be read (66) or is wrong (78).
    pub fn resolve(
        querying: &QueryOptions,
        caching: &CacheOptions,
        layers: &ConfigLayer,
        timeout: Duration,
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
                // What is typed wins: a fleet's `offline = true` does not stand in the way of one `--refresh`.
                offline: on(querying.offline, layers.offline) && !querying.refresh,
                refresh: on(querying.refresh, layers.refresh) && !querying.offline,
                max_age: caching.max_age.or(layers.max_age).map_or(defaults.max_age, |age| age.length),
                share: caching.share.or(layers.share).map(|share| (share.0, share.1)),
            },
            cache: CacheConfig::resolve(caching, layers),
        })
    }
}

/// What to say of a server list without any registry's name: nobody is asked first there.
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
    /// Where answers are kept.
    #[must_use]
    pub fn resolve(typed: &CacheOptions, layers: &ConfigLayer) -> Self {
        let age = typed.max_age.or(layers.max_age);
        Self {
            location: typed.cache.clone().or_else(|| layers.cache.clone()),
            notes: layers.notes.iter().cloned().chain(age.and_then(cli::Age::doubt)).collect(),
        }
    }

    /// The same for a command that takes no other option of the cache's.
    #[must_use]
    pub fn at(location: Option<&String>, layers: &ConfigLayer) -> Self {
        Self::resolve(&CacheOptions { cache: location.cloned(), ..CacheOptions::default() }, layers)
    }
}

impl LogConfig {
    /// How logs are read.
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

    /// What is to be read now. It takes a look at the machine's zone, for which a run without a log has no use.
    #[must_use]
    pub fn spec(&self, now: Timestamp) -> ReadSpec {
        ReadSpec { extract: self.extract, trusted: self.trusted.clone(), ..ReadSpec::new(now) }
    }
}

impl OutputConfig {
    /// How verdicts are printed, and what an unknown one means.
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
    /// The form that one of these switches asks for.
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

/// Whether stdout is to be coloured: as said, else on a terminal that NO_COLOR (no-color.org) does not forbid.
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
