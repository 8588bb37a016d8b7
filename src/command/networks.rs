//! `whodunit networks`: every network that the patterns block, in a form that a server loads.

use super::{
    WITHOUT_TABLE, open, read_patterns,
    replacement::{ReplacementFile, is_stdout},
    stdout, tell, warn,
};
use crate::{
    cache::Freshness,
    cli::{NetworksArgs, QueryOptions},
    config,
    error::{Error, Result},
    exit::Exit,
    networks::{
        BlockedNetworks, DamagedCount, DataSummary, Families, ListForm, ListHead, NetworkQuery, PatternTally,
    },
    pattern::{Action, PatternMatch, PatternSpec},
};
use jiff::{SignedDuration, Timestamp};
use std::{fs, os::unix::fs::MetadataExt, path::Path, time::Duration};

/// IPv4 addresses that a set may cover where nobody says: an 8th of a per cent of all of them are a /8's.
const MOST: u64 = 1 << 24;

/// Writes the list.
///
/// # Errors
/// No patterns, or an output that is one of them (64), a set that covers too much (65), no data (66), an output that
/// cannot be written (74), a pattern that cannot be had (78).
pub fn run(typed: &NetworksArgs) -> Result<Exit> {
    let beneath = config::beneath(&typed.config)?;
    let spec = config::patterns(&typed.patterns, &beneath);
    if spec.files.is_empty() && spec.inline.is_empty() {
        return Err(Error::usage("no patterns: name a file with -f, or set block in the configuration"));
    }
    if let Some(path) = &typed.output {
        spare_patterns(path, &spec)?;
    }
    let patterns = read_patterns(&spec, None)?;
    patterns.check()?;
    let form = ListForm::named(&typed.format).unwrap_or_default();
    let families = families(typed, form);
    let settled = config::resolver(&QueryOptions::default(), &typed.caching, &beneath, Duration::ZERO)?;
    let cache = open(&settled.cache);
    let now = Timestamp::now();
    let query = NetworkQuery {
        v4: families.v4,
        v6: families.v6,
        fresh: Freshness {
            now,
            max_age: SignedDuration::try_from(settled.policy.max_age).unwrap_or(SignedDuration::MAX),
            share: settled.policy.share,
        },
        full: settled.policy.full,
    };
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
    let limit = typed.max_addresses.or(beneath.max_addresses).map_or(MOST, |most| most.0);
    refuse_too_many(&found, limit)?;
    let head = ListHead { notes: notes(&found, &data, &spec, families, now), families };
    match typed.output.as_deref().filter(|path| !is_stdout(path)) {
        Some(path) => {
            let mut file = ReplacementFile::begin(path)?;
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

fn families(typed: &NetworksArgs, form: ListForm) -> Families {
    let both = !typed.ipv4 && !typed.ipv6;
    match (form.is_of_one_family(), both) {
        (true, true) => Families { v4: true, v6: false },
        _ => Families { v4: typed.ipv4 || both, v6: typed.ipv6 || both },
    }
}

/// Refuses to write over a pattern file.
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

/// What the list begins with.
fn notes(
    found: &BlockedNetworks<'_>,
    data: &DataSummary,
    spec: &PatternSpec,
    families: Families,
    now: Timestamp,
) -> Vec<String> {
    let addresses = match families {
        Families { v6: false, .. } => format!("{} IPv4 addresses", found.set().v4.addresses()),
        Families { v4: false, .. } => "IPv6 only".to_owned(),
        _ => format!("{} IPv4 addresses, and IPv6", found.set().v4.addresses()),
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

/// Says on stderr what each pattern blocks, and what the data does not cover.
fn report(found: &BlockedNetworks<'_>, data: &DataSummary, families: Families, form: ListForm) {
    for (pattern, tally) in found.tallies().filter(|(pattern, _)| pattern.action == Action::Block) {
        warn(&format!("{}: {}", at(&pattern), told(&tally, families)));
    }
    let DamagedCount { imported, cached } = found.damaged();
    if imported > 0 {
        warn(&format!(
            "{imported} of the imported networks cannot be unpacked, and the list lacks what they answer for: import \
             the registry's file again"
        ));
    }
    if cached > 0 {
        warn(&format!(
            "{cached} of the cache's answers cannot be unpacked, and the list lacks what they answer for: a look-up \
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
    let networks = if tally.networks == 1 { "network" } else { "networks" };
    let mut told = format!("{} {networks}", tally.networks);
    for (wanted, count, family) in [(families.v4, tally.v4, "IPv4"), (families.v6, tally.v6, "IPv6")] {
        // A family that is not there needs no word, but for the only one.
        if !wanted || (count == 0 && families.v4 && families.v6 && family == "IPv6") {
            continue;
        }
        let addresses = if count == 1 { "address" } else { "addresses" };
        told.push_str(&match count.checked_ilog2() {
            // Nobody reads numbers of thirty figures.
            Some(bits) if bits >= 64 => format!(", some 2^{bits} {family} {addresses}"),
            _ => format!(", {count} {family} {addresses}"),
        });
    }
    told
}
