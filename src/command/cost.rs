//! `whodunit patterns --cost LOG`: the clients that each line of a pattern file blocks, and the wanted mail that it
//! would have hit.

use super::{flush, log_clients, resolver, sink::ProgressSink, stdout, tell, warn};
use crate::{
    cli::LintArgs,
    config::{ConfigLayer, LogConfig, ResolverConfig},
    error::{Error, Result},
    exit::Exit,
    log::{LogClients, ReadSpec, SeenClient},
    output::{counted, object},
    pattern::{Action, PatternMatch, Patterns},
    report::owner,
    resolver::Resolver,
    sanitize::safe,
    verdict::{Judged, Verdict},
};
use jiff::Timestamp;
use serde::Serialize;
use std::{
    collections::{BTreeMap, HashMap},
    convert::identity,
    io::{self, Write},
    path::PathBuf,
};

/// The most owners of wanted mail in a line.
const OWNERS: usize = 3;

/// The clients of one kind of mail that a pattern matches.
#[derive(Debug, Default, Serialize)]
struct PatternReach {
    hits: u64,
    addresses: u64,
    owners: usize,
    /// The owners with their hits.
    #[serde(skip)]
    by_owner: BTreeMap<String, u64>,
}

impl PatternReach {
    fn add(&mut self, judged: &Judged) {
        self.hits += judged.hits;
        self.addresses += 1;
        if let Some(owner) = owner(judged) {
            *self.by_owner.entry(owner).or_default() += judged.hits;
        }
        self.owners = self.by_owner.len();
    }

    fn names(&self) -> Vec<&str> {
        let mut names: Vec<(&String, &u64)> = self.by_owner.iter().collect();
        names.sort_by_key(|(_, hits)| std::cmp::Reverse(**hits));
        names.into_iter().map(|(name, _)| name.as_str()).collect()
    }

    fn shown(&self) -> String {
        format!(
            "{} from {} of {}",
            counted(self.hits, "hit", "hits"),
            counted(self.addresses, "address", "addresses"),
            counted(self.owners, "owner", "owners")
        )
    }
}

/// One pattern and its cost.
struct PatternCost {
    pattern: PatternMatch,
    blocked: PatternReach,
    wanted: PatternReach,
}

/// One pattern in JSON.
#[derive(Serialize)]
struct CostObject<'a> {
    file: &'a str,
    line: u32,
    pattern: &'a str,
    action: Action,
    #[serde(flatten)]
    blocked: &'a PatternReach,
    wanted: &'a PatternReach,
    /// Owners of wanted mail that it hits, most hits first.
    wanted_owners: Vec<&'a str>,
}

/// How logs are read, and how registries are asked about their clients.
struct CostSettings {
    reading: LogConfig,
    resolver: ResolverConfig,
}

impl CostSettings {
    fn resolve(typed: &LintArgs, layers: &ConfigLayer) -> Result<Self> {
        Ok(Self {
            reading: LogConfig::resolve(&typed.reading, layers),
            resolver: ResolverConfig::resolve(&typed.querying, &typed.caching, layers)?,
        })
    }
}

/// Prints the cost of each pattern. Returns 1 if one hits wanted mail, else 66 if one of several logs could not be read.
///
/// # Errors
/// No log, or a log of wanted mail, that cannot be read (66), a pattern that is refused (78), an output that cannot be written (74).
pub(super) fn run(typed: &LintArgs, layers: &ConfigLayer, patterns: Patterns) -> Result<Exit> {
    patterns.check()?;
    let settings = CostSettings::resolve(typed, layers)?;
    let spec = settings.reading.spec(Timestamp::now());
    let traffic = read(&typed.cost, &spec)?;
    let mut ham = read(&typed.ham, &spec)?;
    // Otherwise a line that hits wanted mail would look harmless.
    if let Some(error) = ham.unreadable.pop() {
        return Err(error);
    }
    let mut costs = CostTable::new(&patterns);
    let resolver = resolver(settings.resolver, patterns);
    count(&resolver, &traffic.seen, &mut costs, false)?;
    count(&resolver, &ham.seen, &mut costs, true)?;
    tell(resolver.cache());
    if costs.unknown > 0 {
        let (one, more) =
            ("address could not be looked up, and counts", "addresses could not be looked up, and count");
        warn(&format!("{} for no pattern", counted(costs.unknown, one, more)));
    }
    let mut out = stdout();
    costs.write(typed.json, &mut out).map_err(Error::stdout)?;
    flush(&mut out)?;
    let hits_wanted = costs.rows.iter().any(|row| row.wanted.hits > 0);
    Ok(match (hits_wanted, traffic.unreadable.is_empty()) {
        (true, _) => Exit::Blocked,
        (false, true) => Exit::Clear,
        (false, false) => Exit::NoInput,
    })
}

/// Judges clients, and counts them.
fn count(resolver: &Resolver, seen: &[SeenClient], costs: &mut CostTable, wanted: bool) -> Result<()> {
    let add = |judged: Judged, _| {
        costs.add(&judged, wanted);
        Ok(())
    };
    resolver.judge_all(&log_clients::clients(seen), &identity, &mut ProgressSink::new(resolver, false, add))
}

fn read(logs: &[PathBuf], spec: &ReadSpec) -> Result<LogClients> {
    if logs.is_empty() {
        return Ok(LogClients::default());
    }
    log_clients::read(&log_clients::sources(logs, "patterns")?, spec)
}

/// All patterns in order.
struct CostTable {
    rows: Vec<PatternCost>,
    indexes: HashMap<(String, u32), usize>,
    unknown: u64,
}

impl CostTable {
    fn new(patterns: &Patterns) -> Self {
        let (mut rows, mut indexes) = (Vec::new(), HashMap::new());
        for pattern in patterns.all() {
            indexes.entry((pattern.file.clone(), pattern.line)).or_insert(rows.len());
            rows.push(PatternCost {
                pattern,
                blocked: PatternReach::default(),
                wanted: PatternReach::default(),
            });
        }
        Self { rows, indexes, unknown: 0 }
    }

    /// Counts a client for each pattern that has a part in its verdict: a block pattern that an allow pattern overrides
    /// blocks nothing.
    fn add(&mut self, judged: &Judged, wanted: bool) {
        let action = match judged.verdict {
            Verdict::Blocked => Action::Block,
            Verdict::Allowed => Action::Allow,
            Verdict::Clear => return,
            Verdict::Unknown => {
                self.unknown += 1;
                return;
            }
        };
        for found in judged.matches.iter().filter(|found| found.action == action) {
            let index = self.indexes.get(&(found.file.clone(), found.line));
            let Some(row) = index.and_then(|index| self.rows.get_mut(*index)) else { continue };
            match (wanted, action) {
                (false, _) => row.blocked.add(judged),
                (true, Action::Block) => row.wanted.add(judged),
                // An allow pattern is meant to accept wanted mail.
                (true, Action::Allow) => {}
            }
        }
    }

    fn write(&self, json: bool, out: &mut impl Write) -> io::Result<()> {
        for PatternCost { pattern: PatternMatch { file, line, pattern, action, .. }, blocked, wanted } in
            &self.rows
        {
            let names = wanted.names();
            if json {
                let (line, action) = (*line, *action);
                object(
                    &CostObject { file, line, pattern, action, blocked, wanted, wanted_owners: names },
                    out,
                )?;
                continue;
            }
            let verb = if *action == Action::Allow { "allows" } else { "blocks" };
            write!(out, "{}:{line}: {verb} {}", safe(file), blocked.shown())?;
            if wanted.hits > 0 {
                let more = names.len().saturating_sub(OWNERS);
                let more = if more > 0 { format!(" and {more} more") } else { String::new() };
                let named: Vec<_> = names.iter().take(OWNERS).map(|name| safe(name)).collect();
                write!(out, "; WANTED: {} ({}{more})", wanted.shown(), named.join(", "))?;
            }
            writeln!(out, " [{}]", safe(pattern))?;
        }
        Ok(())
    }
}
