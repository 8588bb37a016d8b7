//! The set of networks that patterns block: found, counted, and written in a form.

use super::{
    DataSummary,
    format::{ListEntry, ListForm, ListFormat, ListHead, ListedSource},
    origins::JudgedOrigins,
    records::{DamagedCount, Item, JudgedRecords},
    set::{NetworkSet, RangeList, span},
    sweep::{BlockedSpan, FixedLayers, sweep},
};
use crate::{
    address::to_bits,
    cache::{Freshness, LayeredCache},
    error::{Error, Result},
    pattern::{BulkMatcher, PatternMatch, Patterns},
};
use jiff::Timestamp;
use std::{io::Write, net::IpAddr};

/// The networks that are asked for.
#[derive(Clone, Copy, Debug)]
pub struct NetworkQuery {
    /// IPv4 networks.
    pub v4: bool,
    /// IPv6 networks.
    pub v6: bool,
    /// The limits for cached answers.
    pub fresh: Freshness,
    /// Use only answers with persons.
    pub full: bool,
}

/// The extent that one pattern blocks. A network that several patterns match counts for the first of them.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct PatternTally {
    /// Networks of the data, each counted once, in part or whole.
    pub networks: u64,
    /// IPv4 addresses.
    pub v4: u128,
    /// IPv6 addresses.
    pub v6: u128,
}

/// The networks that patterns block.
pub struct BlockedNetworks<'a> {
    matcher: BulkMatcher,
    records: JudgedRecords<'a>,
    layers: FixedLayers,
    query: NetworkQuery,
    set: NetworkSet,
    tallies: Vec<PatternTally>,
    /// The number of ranges and the date of the origin table, if the patterns use it.
    table: Option<(u64, Timestamp)>,
    /// Whether the table decides for all addresses that it covers.
    decided: bool,
    lost: Option<String>,
}

impl<'a> BlockedNetworks<'a> {
    /// Finds them. The patterns have passed [`Patterns::check`].
    ///
    /// # Errors
    /// Imported data cannot be read (66).
    pub fn find(cache: &'a LayeredCache, patterns: &Patterns, query: NetworkQuery) -> Result<Self> {
        let matcher = BulkMatcher::new(patterns)?;
        let uses = patterns.name_origins() || patterns.need_no_answer();
        let (origins, lost) = match uses.then(|| JudgedOrigins::read(cache, &matcher)).transpose() {
            Ok(origins) => (origins.flatten(), None),
            Err(error) => (None, Some(error.to_string())),
        };
        let (deciding, adding) =
            if patterns.need_no_answer() { (origins.as_ref(), None) } else { (None, origins.as_ref()) };
        let records = JudgedRecords::new(cache, &matcher, &query.fresh, query.full, deciding)?;
        let layers = FixedLayers::new(&matcher, adding);
        let mut found = Self {
            tallies: vec![PatternTally::default(); patterns.all().len()],
            table: origins.as_ref().map(|origins| (origins.ranges, origins.imported)),
            decided: deciding.is_some(),
            lost,
            matcher,
            records,
            layers,
            query,
            set: NetworkSet::default(),
        };
        found.count()?;
        Ok(found)
    }

    fn count(&mut self) -> Result<()> {
        let mut seen = vec![0_u64; self.records.len() / 64 + 1];
        let (mut v4, mut v6) = (RangeList::<u32>::default(), RangeList::<u128>::default());
        let tallies = &mut self.tallies;
        let query = self.query;
        sweep(&self.records, &self.layers, |part: BlockedSpan| {
            if if part.v6 { !query.v6 } else { !query.v4 } {
                return;
            }
            if part.v6 {
                v6.push(part.first, part.last);
            } else if let (Ok(first), Ok(last)) = (u32::try_from(part.first), u32::try_from(part.last)) {
                v4.push(first, last);
            }
            let Some(tally) = tallies.get_mut(part.pattern) else { return };
            let count = if part.v6 { &mut tally.v6 } else { &mut tally.v4 };
            *count = count.saturating_add(span(part.first, part.last));
            let bit = 1 << (part.item % 64);
            if let Some(word) = seen.get_mut(part.item as usize / 64).filter(|word| **word & bit == 0) {
                *word |= bit;
                tally.networks += 1;
            }
        })?;
        self.set = NetworkSet { v4, v6 };
        Ok(())
    }

    /// The fault in the origin table, if it cannot be used.
    #[must_use]
    pub fn lost_table(&self) -> Option<&str> {
        self.lost.as_deref()
    }

    /// The data that cannot be unpacked.
    #[must_use]
    pub fn damaged(&self) -> DamagedCount {
        self.records.damaged
    }

    /// The set.
    #[must_use]
    pub fn set(&self) -> &NetworkSet {
        &self.set
    }

    /// Every block pattern, and the extent that it blocks.
    pub fn tallies(&self) -> impl Iterator<Item = (PatternMatch, PatternTally)> {
        let named = self.tallies.iter().enumerate();
        named.filter_map(|(number, tally)| Some((self.matcher.pattern(number)?, *tally)))
    }

    /// The data that the set is made from.
    #[must_use]
    pub fn data(&self) -> DataSummary {
        DataSummary {
            sources: self.records.scan().map(|scan| scan.sources().to_vec()).unwrap_or_default(),
            cached: self.records.cached,
            table: self.table,
            decided: self.decided,
        }
    }

    /// Writes the set in a format.
    ///
    /// # Errors
    /// The output cannot be written (74; `to` is its name), or imported data cannot be read (66).
    pub fn write(&self, form: ListForm, head: &ListHead, to: &str, out: &mut dyn Write) -> Result<()> {
        let unwritten = |error| Error::output(to, &error);
        let mut writer = form.writer();
        writer.head(head, out).map_err(unwritten)?;
        let mut list = ListWriter { found: self, writer: writer.as_mut(), out, to, last: None };
        if form.is_by_network() {
            self.spans(|part| list.by_network(&part))?;
        } else if form.names_owners() {
            let mut run = OwnedRun::default();
            self.spans(|part| {
                if !run.extend(&part) {
                    list.by_owner(&std::mem::take(&mut run))?;
                    run.extend(&part);
                }
                Ok(())
            })?;
            list.by_owner(&run)?;
        } else {
            let entry = |prefix| ListEntry { prefix, owner: None, source: None };
            let mut prefixes = self.set.prefixes();
            prefixes.try_for_each(|prefix| list.writer.entry(&entry(prefix), list.out)).map_err(unwritten)?;
        }
        writer.tail(out).map_err(unwritten)
    }

    /// Sweeps again, in the families that are asked for, until a visit fails.
    fn spans(&self, mut visit: impl FnMut(BlockedSpan) -> Result<()>) -> Result<()> {
        let mut failed = Ok(());
        sweep(&self.records, &self.layers, |part| {
            if failed.is_ok() && if part.v6 { self.query.v6 } else { self.query.v4 } {
                failed = visit(part);
            }
        })?;
        failed
    }
}

/// Blocked addresses without a gap, and the network of each part.
#[derive(Default)]
struct OwnedRun {
    v6: bool,
    first: u128,
    /// The last address of each part, and its network.
    parts: Vec<(u128, Item)>,
}

impl OwnedRun {
    /// Adds a part; false if it does not follow the last one.
    fn extend(&mut self, part: &BlockedSpan) -> bool {
        match self.parts.last() {
            None => (self.v6, self.first) = (part.v6, part.first),
            Some(&(last, _)) if self.v6 == part.v6 && last.checked_add(1) == Some(part.first) => {}
            Some(_) => return false,
        }
        self.parts.push((part.last, part.item));
        true
    }
}

/// Writes entries, and looks up their owners.
struct ListWriter<'a, 'b> {
    found: &'a BlockedNetworks<'b>,
    writer: &'a mut dyn ListFormat,
    out: &'a mut dyn Write,
    to: &'a str,
    /// The network that was looked up last, which often comes again.
    last: Option<(Item, super::SourceNetwork)>,
}

impl ListWriter<'_, '_> {
    fn entry(&mut self, entry: &ListEntry<'_>) -> Result<()> {
        self.writer.entry(entry, self.out).map_err(|error| Error::output(self.to, &error))
    }

    fn network(&mut self, item: Item) -> Result<super::SourceNetwork> {
        if let Some((known, network)) = &self.last
            && *known == item
        {
            return Ok(network.clone());
        }
        let network = self.found.records.source_network(item)?;
        self.last = Some((item, network.clone()));
        Ok(network)
    }

    /// Writes one part of a network of the data, prefix by prefix.
    fn by_network(&mut self, part: &BlockedSpan) -> Result<()> {
        let network = self.network(part.item)?;
        let Some(pattern) = self.found.matcher.pattern(part.pattern) else { return Ok(()) };
        let source = ListedSource { network: &network, file: &pattern.file, line: pattern.line };
        let mut range = RangeList::default();
        range.push(part.first, part.last);
        for prefix in range.prefixes(family(part.v6)) {
            self.entry(&ListEntry { prefix, owner: network.owner.as_deref(), source: Some(source) })?;
        }
        Ok(())
    }

    /// Writes the fewest prefixes of a run, each with its owner if it has only one.
    fn by_owner(&mut self, run: &OwnedRun) -> Result<()> {
        let Some(&(last, _)) = run.parts.last() else { return Ok(()) };
        let mut range = RangeList::default();
        range.push(run.first, last);
        let mut parts = run.parts.iter().peekable();
        for prefix in range.prefixes(family(run.v6)) {
            let end = to_bits(prefix.last());
            let mut owner: Option<Option<String>> = None;
            while let Some(&&(last, item)) = parts.peek() {
                let its = self.network(item)?.owner;
                owner = match owner {
                    Some(known) if known != its => Some(None),
                    _ => Some(its),
                };
                if last > end {
                    // The part continues in the next prefix.
                    break;
                }
                parts.next();
                if last == end {
                    break;
                }
            }
            self.entry(&ListEntry { prefix, owner: owner.flatten().as_deref(), source: None })?;
        }
        Ok(())
    }
}

fn family(v6: bool) -> IpAddr {
    if v6 { IpAddr::from([0; 16]) } else { IpAddr::from([0; 4]) }
}
