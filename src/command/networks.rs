//! `whodunit networks`: every network that the patterns block, in a format that a server loads.

use super::{
    WITHOUT_TABLE, open, read_patterns,
    replacement::{ReplacementFile, is_stdout},
    stdout, tell, warn,
};
use crate::{
    cache::Freshness,
    cli::{NetworksArgs, QueryOptions},
    config::{self, CacheConfig, ConfigLayer, ResolverConfig},
    error::{Error, Result},
    exit::Exit,
    networks::{
        BlockedNetworks, DamagedCount, DataSummary, Families, ListForm, ListHead, NetworkQuery, PatternTally,
    },
    output::{counted, noun},
    pattern::{Action, PatternMatch, PatternSpec},
};
use jiff::{SignedDuration, Timestamp};
use std::{
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

/// The default limit of IPv4 addresses in a list: as many as in a /8, 0.4 % of all.
const MOST: u64 = 1 << 24;

/// The list to write, and its output.
struct NetworksSettings {
    patterns: PatternSpec,
    cache: CacheConfig,
    query: NetworkQuery,
    form: ListForm,
    families: Families,
    /// The limit of IPv4 addresses; 0 is no limit.
    limit: u64,
    /// The output file; None is stdout.
    output: Option<PathBuf>,
}

impl NetworksSettings {
    fn resolve(typed: &NetworksArgs, layers: &ConfigLayer, now: Timestamp) -> Result<Self> {
        let patterns = config::patterns(&typed.patterns, layers);
        if patterns.files.is_empty() && patterns.inline.is_empty() {
            return Err(Error::usage("no patterns: name a file with -f, or set block in the configuration"));
        }
        if let Some(path) = &typed.output {
            spare_patterns(path, &patterns)?;
        }
        let families = families(typed);
        let ResolverConfig { cache, policy, .. } =
            ResolverConfig::resolve(&QueryOptions::default(), &typed.caching, layers)?;
        let max_age = SignedDuration::try_from(policy.max_age).unwrap_or(SignedDuration::MAX);
        Ok(Self {
            patterns,
            cache,
            query: NetworkQuery {
                v4: families.v4,
                v6: families.v6,
                fresh: Freshness { now, max_age, share: policy.share },
                full: policy.full,
            },
            form: typed.format,
            families,
            limit: typed.max_addresses.or(layers.max_addresses).map_or(MOST, |most| most.0),
            output: typed.output.clone().filter(|path| !is_stdout(path)),
        })
    }
}

/// Writes the list.
///
/// # Errors
/// No patterns, or an output that is one of them (64), a set that covers too much (65), no data (66), an output that
/// cannot be written (74), a pattern that is refused (78).
pub fn run(typed: &NetworksArgs) -> Result<Exit> {
    let now = Timestamp::now();
    let NetworksSettings { patterns: spec, cache, query, form, families, limit, output } =
        NetworksSettings::resolve(typed, &config::layers(&typed.config)?, now)?;
    let patterns = read_patterns(&spec, None)?;
    patterns.check()?;
    let cache = open(&cache);
    let found = BlockedNetworks::find(&cache, &patterns, query)?;
    tell(&cache);
    if let Some(lost) = found.lost_table() {
        warn(lost);
    }
    let data = found.data();
    if patterns.name_origins() && data.table.is_none() && found.lost_table().is_none() {
        warn(WITHOUT_TABLE);
    }
    if data.is_empty() {
        return Err(Error::unreadable(
            "there is no data: import a registry's networks (`whodunit cache import FILE`), or fill the cache \
             (`whodunit warm LOG`)",
        ));
    }
    refuse_too_many(&found, limit)?;
    let head = ListHead { notes: notes(&found, &data, &spec, families, now), families };
    match output {
        Some(path) => {
            let mut file = ReplacementFile::begin(&path)?;
            found.write(form, &head, &path.display().to_string(), &mut file)?;
            file.commit()?;
        }
        None => {
            let mut out = stdout();
            found.write(form, &head, "stdout", &mut out)?;
            super::flush(&mut out)?;
        }
    }
    tell(&cache);
    report(&found, &data, families, form);
    Ok(Exit::Clear)
}

fn families(typed: &NetworksArgs) -> Families {
    let both = !typed.ipv4 && !typed.ipv6;
    match (typed.format.is_of_one_family(), both) {
        (true, true) => Families { v4: true, v6: false },
        _ => Families { v4: typed.ipv4 || both, v6: typed.ipv6 || both },
    }
}

/// Refuses to overwrite a pattern file.
fn spare_patterns(path: &Path, spec: &PatternSpec) -> Result<()> {
    let identity = |path: &Path| {
        fs::metadata(path).ok().filter(fs::Metadata::is_file).map(|meta| (meta.dev(), meta.ino()))
    };
    let Some(own) = identity(path) else { return Ok(()) };
    if spec.files.iter().any(|(_, file)| identity(file) == Some(own)) {
        return Err(Error::usage(format!(
            "-o {}: that file is a pattern file to be read; name another",
            path.display()
        )));
    }
    Ok(())
}

fn refuse_too_many(found: &BlockedNetworks<'_>, limit: u64) -> Result<()> {
    let covers = found.set().v4.addresses();
    if limit == 0 || covers <= u128::from(limit) {
        return Ok(());
    }
    let widest = found.tallies().max_by_key(|(_, tally)| tally.v4);
    let widest = widest.map(|(pattern, tally)| {
        format!("; the widest pattern is {} with {}: {}", at(&pattern), tally.v4, pattern.pattern)
    });
    Err(Error::data(format!(
        "the patterns block {covers} IPv4 addresses, and --max-addresses allows {limit} (0 lifts it){}",
        widest.unwrap_or_default()
    )))
}

/// The comments at the start of the list.
fn notes(
    found: &BlockedNetworks<'_>,
    data: &DataSummary,
    spec: &PatternSpec,
    families: Families,
    now: Timestamp,
) -> Vec<String> {
    let v4 = counted(found.set().v4.addresses(), "IPv4 address", "IPv4 addresses");
    let addresses = match families {
        Families { v6: false, .. } => v4,
        Families { v4: false, .. } => "IPv6 only".to_owned(),
        _ if found.set().v6.addresses() == 0 => format!("{v4}, no IPv6"),
        _ => format!("{v4}, and IPv6"),
    };
    let mut notes = vec![format!("networks that whodunit's patterns block, {now:.0}: {addresses}")];
    notes.extend(data.notes());
    notes.extend(data.uncovered(families.v4, families.v6));
    for (action, what) in [(Action::Block, "blocked by"), (Action::Allow, "allowed by")] {
        let files = spec.files.iter().filter(|(its, _)| *its == action);
        notes.extend(files.map(|(_, path)| format!("{what} {}", path.display())));
    }
    notes.extend(spec.inline.iter().map(|text| format!("blocked by -e {}", text.to_string_lossy())));
    notes
}

/// Prints on stderr the extent that each pattern blocks, and the gaps of the data.
fn report(found: &BlockedNetworks<'_>, data: &DataSummary, families: Families, form: ListForm) {
    for (pattern, tally) in found.tallies().filter(|(pattern, _)| pattern.action == Action::Block) {
        warn(&format!("{}: {}", at(&pattern), told(&tally, families)));
    }
    let DamagedCount { imported, cached } = found.damaged();
    if imported > 0 {
        let they = noun(imported, "it answers", "they answer");
        warn(&format!(
            "{imported} of the imported networks cannot be unpacked, and the list lacks what {they} for: import \
             the registry's file again"
        ));
    }
    if cached > 0 {
        let they = noun(cached, "it answers", "they answer");
        warn(&format!(
            "{cached} of the cache's answers cannot be unpacked, and the list lacks what {they} for: a look-up \
             asks anew"
        ));
    }
    if let Some(uncovered) = data.uncovered(families.v4, families.v6) {
        warn(&uncovered);
    }
    if form.is_of_one_family() && !families.v6 {
        warn("the list has only IPv4; -6 makes the one of IPv6");
    }
    if found.set().is_empty() {
        warn("the patterns block no network of the data: the list is empty");
    }
}

fn at(pattern: &PatternMatch) -> String {
    format!("{}:{}", pattern.file, pattern.line)
}

fn told(tally: &PatternTally, families: Families) -> String {
    let mut told = counted(tally.networks, "network", "networks");
    for (wanted, count, family) in [(families.v4, tally.v4, "IPv4"), (families.v6, tally.v6, "IPv6")] {
        // An empty family is not mentioned, unless it is the only one.
        if !wanted || (count == 0 && families.v4 && families.v6 && family == "IPv6") {
            continue;
        }
        let addresses = noun(count, "address", "addresses");
        told.push_str(&match count.checked_ilog2() {
            // A number of thirty digits is unreadable.
            Some(bits) if bits >= 64 => format!(", some 2^{bits} {family} {addresses}"),
            _ => format!(", {count} {family} {addresses}"),
        });
    }
    told
}
