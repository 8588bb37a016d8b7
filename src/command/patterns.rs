//! `whodunit patterns`: problems in pattern files, and the known networks that they match.

use super::{
    WITHOUT_TABLE, cost, each, flush, open, origins, reading_options, stdin_once, stdout, tell, warn,
    without_effect,
};
use crate::{
    cache::{CachedAnswer, LayeredCache},
    cli::{LintArgs, PatternOptions},
    config::{self, CacheConfig, ConfigLayer},
    error::{Error, Result},
    exit::Exit,
    networks::ImportedUse,
    origin::OriginLookup,
    output::{counted, object},
    pattern::{Action, INVALID, LintProblem, PatternMatch, PatternSpec, Patterns},
    sanitize::safe,
    verdict,
};
use serde::Serialize;
use std::{
    collections::{BTreeSet, HashMap},
    io::{self, IsTerminal, Write},
};

/// The most networks that text names after their number.
const EXAMPLES: usize = 3;

/// The patterns to check, and the cache with the networks to match them against.
struct LintSettings {
    patterns: PatternSpec,
    cache: CacheConfig,
}

impl LintSettings {
    fn resolve(typed: &LintArgs, layers: &ConfigLayer) -> Result<Self> {
        let block = [typed.files.as_slice(), &typed.patterns.block].concat();
        let patterns = config::patterns(&PatternOptions { block, ..typed.patterns.clone() }, layers);
        if patterns.files.is_empty() && patterns.inline.is_empty() {
            return Err(Error::usage("no patterns: name a file, or set block in the configuration"));
        }
        Ok(Self { patterns, cache: CacheConfig::resolve(&typed.caching, layers) })
    }
}

/// Checks patterns. Returns 1 for problems, and for patterns that `--unused` finds; 78 for a pattern that is refused.
///
/// # Errors
/// No patterns at all (64), a file or a cache that cannot be read (66), with `--against-cache` or `--unused` a pattern
/// that is refused (78), an output that cannot be written (74).
pub fn run(typed: &LintArgs) -> Result<Exit> {
    let layers = config::layers(&typed.config)?;
    let LintSettings { patterns: spec, cache } = LintSettings::resolve(typed, &layers)?;
    stdin_once(&spec, None)?;
    let patterns = Patterns::read(&spec)?;
    if !typed.cost.is_empty() {
        return cost::run(typed, &layers, patterns);
    }
    without_effect(&reading_options(&typed.reading), "--cost").for_each(|warning| warn(&warning));
    let mut out = stdout();
    let exit = if typed.against_cache || typed.unused {
        patterns.check()?;
        let cache = open(&cache);
        let known = KnownNetworks::of(&patterns, &cache)?;
        if typed.unused {
            let imported = ImportedUse::find(&cache, &patterns)?;
            tell(&cache);
            known.unused(&imported, typed.json, &mut out)?
        } else {
            tell(&cache);
            known.matched(typed.json, &mut out)?;
            Exit::Clear
        }
    } else {
        let found = patterns.lint(numbers(&patterns, &origins(&cache)).as_ref());
        if found.is_empty() {
            tell_clean(&patterns, &spec);
        }
        problems(&found, typed.json, &mut out)?
    };
    flush(&mut out)?;
    Ok(exit)
}

/// Says that no problem was found, where that needs a word.
fn tell_clean(patterns: &Patterns, spec: &PatternSpec) {
    if let (true, Some((_, folder))) = (patterns.is_empty(), spec.files.first()) {
        // A folder without files; a file without patterns is a separate problem.
        warn(&format!("there is no pattern file in {}: nothing will match", folder.display()));
    } else if io::stderr().is_terminal() {
        // Without output on a terminal, a user would wonder whether it was the right file.
        let count = patterns.names().count();
        warn(&format!("{}, no mistakes", counted(count, "pattern", "patterns")));
    }
}

/// The AS numbers of the table of origins, if a pattern needs them and there is a usable table.
fn numbers(patterns: &Patterns, origins: &OriginLookup) -> Option<BTreeSet<u32>> {
    let table = if patterns.name_origins() { origins.table() } else { None };
    let numbers = table.map(|table| table.numbers()).transpose();
    let numbers = numbers.unwrap_or_else(|error| {
        warn(&error.to_string());
        None
    });
    if let Some(warning) = origins.warning() {
        warn(&warning);
    } else if let (None, Some((file, line))) = (&numbers, patterns.origin_lines().next()) {
        // This is no fault of the file: another machine may have a table.
        let count = patterns.origin_lines().count();
        let which = match count {
            1 => "this line asks".to_owned(),
            2 => "this line and one more ask".to_owned(),
            _ => format!("this line and {} more ask", count - 1),
        };
        warn(&format!("{file}:{line}: {which} who announces an address, and {WITHOUT_TABLE}"));
    }
    numbers
}

fn problems(problems: &[LintProblem], json: bool, out: &mut impl Write) -> Result<Exit> {
    for problem in problems {
        if json {
            object(problem, out)
        } else {
            let LintProblem { file, line, column, message, .. } = problem;
            // Column 1 is left out: the message is about the start of the line, or about the whole line.
            let column = if *column > 1 { format!("column {column}: ") } else { String::new() };
            writeln!(out, "{}:{line}: {column}{}", safe(file), safe(message))
        }
        .map_err(Error::stdout)?;
    }
    Ok(if problems.iter().any(|problem| problem.code == INVALID) {
        Exit::Config
    } else if problems.is_empty() {
        Exit::Clear
    } else {
        Exit::Blocked
    })
}

/// A known network, as shown with the patterns that match it.
#[derive(Clone, Debug, Serialize)]
struct KnownNetwork {
    cidr: Vec<String>,
    name: Option<String>,
    org: Option<String>,
    country: Option<String>,
}

impl KnownNetwork {
    fn of(kept: &CachedAnswer) -> Self {
        let record = &kept.answer.record;
        Self {
            cidr: record.network.prefixes().iter().map(ToString::to_string).collect(),
            name: record.name.clone(),
            org: record.org.clone(),
            country: record.country.clone(),
        }
    }

    /// `193.0.20.0/22 (Contoso GmbH)`.
    fn shown(&self) -> String {
        let cidr = self.cidr.join(" ");
        match self.org.as_ref().or(self.name.as_ref()) {
            Some(name) => format!("{cidr} ({})", safe(name)),
            None => cidr,
        }
    }
}

/// One pattern and the networks that it matches.
struct PatternRow {
    pattern: PatternMatch,
    /// The numbers of its equals in [`Patterns::all`]: one line may be given twice.
    numbers: Vec<usize>,
    /// Indexes in [`KnownNetworks::networks`].
    networks: BTreeSet<usize>,
    /// Those of them that an allow pattern accepts although this one would block.
    allowed: BTreeSet<usize>,
}

impl PatternRow {
    fn is_used(&self, imported: &ImportedUse) -> bool {
        self.numbers.iter().any(|number| imported.used.get(*number).is_some_and(|used| *used))
    }
}

/// All patterns, matched against everything in the cache.
struct KnownNetworks {
    rows: Vec<PatternRow>,
    networks: Vec<KnownNetwork>,
}

/// The key that identifies a pattern in a [`PatternMatch`].
fn key(found: &PatternMatch) -> (String, u32, String, Action) {
    (found.file.clone(), found.line, found.pattern.clone(), found.action)
}

impl KnownNetworks {
    /// Reads the whole cache.
    fn of(patterns: &Patterns, cache: &LayeredCache) -> Result<Self> {
        let mut indexes = HashMap::new();
        let mut known = Self { rows: Vec::new(), networks: Vec::new() };
        for (number, pattern) in patterns.all().into_iter().enumerate() {
            let index = *indexes.entry(key(&pattern)).or_insert(known.rows.len());
            match known.rows.get_mut(index) {
                Some(row) => row.numbers.push(number),
                None => known.rows.push(PatternRow {
                    pattern,
                    numbers: vec![number],
                    networks: BTreeSet::new(),
                    allowed: BTreeSet::new(),
                }),
            }
        }
        let mut numbers = HashMap::new();
        each(cache, |kept| {
            let network = kept.answer.record.network;
            let number = *numbers.entry((network.first(), network.last())).or_insert_with(|| {
                known.networks.push(KnownNetwork::of(kept));
                known.networks.len() - 1
            });
            let finding = verdict::find(patterns, &kept.answer, Some(kept.asked), None);
            for found in &finding.matches {
                let row = indexes.get(&key(found)).and_then(|index| known.rows.get_mut(*index));
                let Some(row) = row else { continue };
                // Several answers may describe one network.
                row.networks.insert(number);
                if found.action == Action::Block && finding.action == Some(Action::Allow) {
                    row.allowed.insert(number);
                }
            }
            Ok(())
        })?;
        Ok(known)
    }

    /// `--against-cache`.
    fn matched(&self, json: bool, out: &mut impl Write) -> Result<()> {
        if self.networks.is_empty() {
            warn(
                "the cache holds no network yet (imported ones do not count): fill it with `whodunit warm LOG`",
            );
        }
        for row in &self.rows {
            if json {
                object(&self.object(row), out).map_err(Error::stdout)?;
                continue;
            }
            let PatternMatch { file, line, pattern, action, .. } = &row.pattern;
            let count = row.networks.len();
            let verb = if *action == Action::Allow { "allows" } else { "blocks" };
            let total = counted(self.networks.len(), "network", "networks");
            write!(out, "{}:{line}: {verb} {count} of {total}", safe(file)).map_err(Error::stdout)?;
            if !row.allowed.is_empty() {
                write!(out, ", {} of them let in by allow patterns", row.allowed.len())
                    .map_err(Error::stdout)?;
            }
            let examples =
                self.of_row(row).take(EXAMPLES).map(KnownNetwork::shown).collect::<Vec<_>>().join(", ");
            let more = if count > EXAMPLES { ", ..." } else { "" };
            let colon = if count == 0 { "" } else { ": " };
            writeln!(out, " [{}]{colon}{examples}{more}", safe(pattern)).map_err(Error::stdout)?;
        }
        Ok(())
    }

    /// `--unused`. An empty cache gives no result.
    fn unused(&self, imported: &ImportedUse, json: bool, out: &mut impl Write) -> Result<Exit> {
        if let Some(lost) = &imported.lost_table {
            warn(lost);
        }
        let total = self.networks.len() as u64 + imported.networks;
        if total == 0 {
            warn(
                "there is no network yet: fill the cache with `whodunit warm LOG`, or import a registry's networks with \
                 `whodunit cache import FILE`",
            );
            return Ok(Exit::Clear);
        }
        let total = counted(total, "network", "networks");
        let mut exit = Exit::Clear;
        for row in self.rows.iter().filter(|row| row.networks.is_empty() && !row.is_used(imported)) {
            exit = Exit::Blocked;
            if json {
                object(&self.object(row), out).map_err(Error::stdout)?;
                continue;
            }
            let PatternMatch { file, line, pattern, .. } = &row.pattern;
            writeln!(out, "{}:{line}: matches none of {total} [{}]", safe(file), safe(pattern))
                .map_err(Error::stdout)?;
        }
        Ok(exit)
    }

    fn of_row<'a>(&'a self, row: &'a PatternRow) -> impl Iterator<Item = &'a KnownNetwork> {
        row.networks.iter().filter_map(|number| self.networks.get(*number))
    }

    fn object<'a>(&'a self, row: &'a PatternRow) -> PatternObject<'a> {
        let PatternMatch { file, line, pattern, action, .. } = &row.pattern;
        PatternObject {
            file,
            line: *line,
            pattern,
            action: *action,
            count: row.networks.len(),
            allowed: row.allowed.len(),
            networks: self.of_row(row).collect(),
        }
    }
}

/// One pattern in JSON.
#[derive(Serialize)]
struct PatternObject<'a> {
    file: &'a str,
    line: u32,
    pattern: &'a str,
    action: Action,
    /// The number of networks that it matches.
    count: usize,
    /// The number of them that an allow pattern accepts anyway; 0 for an allow pattern.
    allowed: usize,
    networks: Vec<&'a KnownNetwork>,
}
