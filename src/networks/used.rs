//! The patterns that match any imported network, or the origin table.
//!
//! Imported networks are read once from end to end. A pattern that was found is left out from then on, so that the search
//! ends early if all are used, and costs little more than one pattern for each network.

use super::records::{RecordJudge, unreadable};
use crate::{
    address::Prefix,
    cache::{CacheError, ImportedScan, LayeredCache},
    error::Result,
    origin::{OriginError, OriginTable, beside},
    pattern::{BulkMatcher, Patterns, RuleMark},
};
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// The patterns that match imported data.
#[derive(Debug)]
pub struct ImportedUse {
    /// Whether each pattern matches, in the order of [`Patterns::all`].
    pub used: Vec<bool>,
    /// The imported networks that were searched: all of them, if any pattern is unused.
    pub networks: u64,
    /// The fault in the origin table, if it cannot be used.
    pub lost_table: Option<String>,
}

impl ImportedUse {
    /// Searches the imported data of a cache. The patterns have passed [`Patterns::check`].
    ///
    /// # Errors
    /// Imported data cannot be read (66).
    pub fn find(cache: &LayeredCache, patterns: &Patterns) -> Result<Self> {
        let mut search = PatternSearch {
            matcher: BulkMatcher::new(patterns)?.of_every_pattern(),
            used: vec![false; patterns.all().len()],
        };
        let lost_table = match patterns.name_origins().then(|| search.table(cache)).transpose() {
            Ok(_) => None,
            Err(error) => Some(error.to_string()),
        };
        let mut networks = 0;
        if let Some(scan) = cache.scan_imported() {
            search.extents(&scan).map_err(unreadable)?;
            networks = search.networks(&scan).map_err(unreadable)?;
        }
        Ok(Self { used: search.used, networks, lost_table })
    }
}

/// The patterns that are still searched for, and those that were found.
struct PatternSearch {
    matcher: BulkMatcher,
    used: Vec<bool>,
}

impl PatternSearch {
    /// Notes the pattern of a mark, and searches for it no more; false if the mark names none.
    fn found(&mut self, mark: RuleMark) -> bool {
        let Some(number) = mark.blocking() else { return false };
        self.matcher.leave_out(number);
        self.used.get_mut(number).map(|used| *used = true).is_some()
    }

    /// Searches the origin table for `@asn` and `@asname` lines.
    fn table(&mut self, cache: &LayeredCache) -> std::result::Result<(), OriginError> {
        let Some(path) = cache.base().map(beside) else { return Ok(()) };
        let Some(table) = OriginTable::open(&path)? else { return Ok(()) };
        let mut seen = HashSet::new();
        for part in table.parts() {
            let id = part?.range.id;
            if seen.insert(id) {
                let origin = table.origin(id)?;
                while self.found(self.matcher.of_origin(&origin)) {}
            }
        }
        Ok(())
    }

    /// Searches the prefixes of all networks for `@cidr` lines, which match if any address is in both.
    fn extents(&mut self, scan: &ImportedScan<'_>) -> std::result::Result<(), CacheError> {
        let mut named: BTreeMap<Prefix, Vec<RuleMark>> = BTreeMap::new();
        self.matcher.prefixes().for_each(|(prefix, mark)| named.entry(prefix).or_default().push(mark));
        let lengths: BTreeSet<u8> = named.keys().map(|prefix| prefix.length()).collect();
        if named.is_empty() {
            return Ok(());
        }
        scan.extents(|extent, _| {
            let inside = named.range(extent..).map(|(prefix, _)| *prefix);
            let mut both: Vec<Prefix> = inside.take_while(|prefix| extent.contains(prefix.first())).collect();
            let wider = lengths.range(..extent.length());
            both.extend(wider.filter_map(|length| Prefix::new(extent.first(), *length)));
            for mark in both.iter().filter_map(|prefix| named.remove(prefix)).flatten() {
                self.found(mark);
            }
        })
    }

    /// Searches the texts and fields of all networks, and returns the number of networks.
    fn networks(&mut self, scan: &ImportedScan<'_>) -> std::result::Result<u64, CacheError> {
        let mut judge = RecordJudge::new(scan.reader()?, &mut self.matcher);
        let (used, mut count, mut failure) = (&mut self.used, 0, None);
        let mut left = used.iter().filter(|used| !**used).count();
        scan.networks(|packed| {
            count += 1;
            while left > 0 {
                let number = match judge.mark(packed) {
                    Ok(mark) => mark.and_then(RuleMark::blocking),
                    Err(error) => {
                        failure = Some(error);
                        return false;
                    }
                };
                let Some((number, used)) = number.and_then(|at| Some((at, used.get_mut(at)?))) else { break };
                judge.leave_out(number);
                (*used, left) = (true, left - 1);
            }
            left > 0
        })?;
        failure.map_or(Ok(count), Err)
    }
}
