//! Every network that answers offline look-ups, imported or cached, with its mark by the patterns.
//!
//! Imported networks are read twice from end to end. The first time is in the file's order, with the texts side by
//! side, to match the patterns. The second time is in the order of their addresses. Between the two, only four bytes
//! are kept for each.

use super::{format::SourceNetwork, origins::JudgedOrigins};
use crate::{
    address::{Network, Prefix},
    cache::{
        CacheError, CachedAnswer, DamagedAnswer, Freshness, ImportedReader, ImportedScan, LayeredCache,
        PackedNetwork, imported_references,
    },
    error::{Error, Result},
    pattern::{BulkMatcher, RuleMark},
    registry::Record,
};
use jiff::Timestamp;
use std::{
    cell::RefCell,
    collections::HashMap,
    ops::{Deref, DerefMut},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, AtomicU64, Ordering},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread,
};

/// The threads that match patterns against networks.
const JUDGES: usize = 2;

/// The bytes of packed networks that a thread gets at once.
const BATCH: usize = 128 << 10;

/// The most referenced objects whose marks a thread remembers.
const REMEMBERED: usize = 200_000;

/// A network's index among all: imported ones first, then cached ones.
pub(super) type Item = u32;

/// The addresses that a network answers for, and its rank among the networks that answer for the same address.
#[derive(Clone, Copy, Debug)]
pub(super) struct RankedItem {
    /// The greater of two answers: the more specific one; of two equal ones the cached answer.
    pub(super) rank: u16,
    pub(super) item: Item,
}

/// Networks whose numbers in the imported file are consecutive.
#[derive(Clone, Copy, Debug)]
struct IdRun {
    id: i64,
    item: Item,
}

/// A prefix that a cached answer serves, or that the origin table decides.
#[derive(Clone, Copy, Debug)]
struct CachedExtent {
    prefix: Prefix,
    /// [`RankedItem::rank`]: by the cached prefix, of which `--share` may leave less.
    rank: u16,
    fetched: Timestamp,
    id: i64,
    item: Item,
}

/// The times of the cached answers, and their number.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct CachedSpan {
    /// Answers that are fresh enough.
    pub count: u64,
    /// The time when the oldest was fetched.
    pub oldest: Timestamp,
    /// The time when the newest was fetched.
    pub newest: Timestamp,
}

/// All networks and their marks.
pub(super) struct JudgedRecords<'a> {
    scan: Option<ImportedScan<'a>>,
    reader: Option<RefCell<ImportedReader<'a>>>,
    runs: Vec<IdRun>,
    marks: Vec<RuleMark>,
    imported: usize,
    extents: Vec<CachedExtent>,
    networks: Vec<Arc<SourceNetwork>>,
    pub(super) cached: Option<CachedSpan>,
    pub(super) damaged: DamagedCount,
}

/// Networks that cannot be unpacked. A look-up has no answer for their addresses, so no pattern blocks these.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct DamagedCount {
    /// Imported networks.
    pub imported: u64,
    /// Cached answers.
    pub cached: u64,
}

impl<'a> JudgedRecords<'a> {
    /// Adds the origin table's parts as networks that answer before any other: if the patterns need no record, the
    /// table decides for all addresses that it covers.
    fn take_origins(&mut self, origins: &JudgedOrigins) {
        let mut items: HashMap<Network, Item> = HashMap::new();
        for part in &origins.parts {
            let next = Item::try_from(self.marks.len()).unwrap_or(Item::MAX);
            let item = *items.entry(part.range).or_insert(next);
            if item == next {
                self.marks.push(part.mark);
                self.networks.push(Arc::clone(&part.network));
            }
            let (rank, fetched, id) = (u16::MAX, Timestamp::UNIX_EPOCH, 0);
            let prefixes = part.part.prefixes().into_iter();
            self.extents.extend(prefixes.map(|prefix| CachedExtent { prefix, rank, fetched, id, item }));
        }
    }

    /// Matches the patterns against all networks of this cache that are fresh enough; with `full`, only against those
    /// with persons. `deciding` is the origin table if the patterns need no record.
    ///
    /// # Errors
    /// Imported data cannot be read (66).
    pub(super) fn new(
        cache: &'a LayeredCache,
        matcher: &BulkMatcher,
        fresh: &Freshness,
        full: bool,
        deciding: Option<&JudgedOrigins>,
    ) -> Result<Self> {
        let scan = cache.scan_imported();
        let mut records = Self {
            reader: scan
                .as_ref()
                .map(ImportedScan::reader)
                .transpose()
                .map_err(unreadable)?
                .map(RefCell::new),
            scan,
            runs: Vec::new(),
            marks: Vec::new(),
            imported: 0,
            extents: Vec::new(),
            networks: Vec::new(),
            cached: None,
            damaged: DamagedCount::default(),
        };
        // Imported records never have persons.
        if let (Some(scan), false) = (&records.scan, full) {
            (records.runs, records.marks, records.damaged.imported) = judge(scan, matcher)?;
        } else {
            (records.scan, records.reader) = (None, None);
        }
        records.imported = records.marks.len();
        cache.each_cached(|page| {
            for (id, cached) in &page.answers {
                if fresh.is_fresh(cached.answer.fetched) && (cached.answer.full || !full) {
                    records.take(*id, cached, matcher, fresh);
                }
            }
            records.take_damaged(&page.damaged, fresh);
        });
        if let Some(origins) = deciding {
            records.take_origins(origins);
        }
        records.extents.sort_by_key(|e| (e.prefix, e.rank, e.fetched, e.id));
        Ok(records)
    }

    fn take(&mut self, id: i64, cached: &CachedAnswer, matcher: &BulkMatcher, fresh: &Freshness) {
        let fetched = cached.answer.fetched;
        let extent = cached.extent().map(|extent| (extent, cached.asked));
        if !self.claim(DamagedAnswer { id, extent, fetched }, fresh) {
            return;
        }
        let mark = matcher.of_text(&cached.answer.text);
        let fields =
            if matcher.has_fields() { matcher.of_record(&cached.answer.record) } else { RuleMark::NONE };
        self.marks.push(mark.min(fields));
        self.networks.push(Arc::new(SourceNetwork::of(&cached.answer.record)));
        let span = self.cached.get_or_insert(CachedSpan { count: 0, oldest: fetched, newest: fetched });
        span.count += 1;
        span.oldest = span.oldest.min(fetched);
        span.newest = span.newest.max(fetched);
    }

    fn take_damaged(&mut self, damaged: &[DamagedAnswer], fresh: &Freshness) {
        self.damaged.cached += damaged.len() as u64;
        for answer in damaged.iter().filter(|answer| fresh.is_fresh(answer.fetched)) {
            if self.claim(*answer, fresh) {
                self.marks.push(RuleMark::ALLOWED);
                self.networks.push(Arc::default());
            }
        }
    }

    /// Notes the addresses that the next item serves; false if there are none.
    fn claim(&mut self, answer: DamagedAnswer, fresh: &Freshness) -> bool {
        let DamagedAnswer { id, extent, fetched } = answer;
        let (Some((extent, asked)), Ok(item)) = (extent, Item::try_from(self.marks.len())) else {
            return false;
        };
        let before = self.extents.len();
        self.extents.extend(extent.prefixes().into_iter().filter_map(|prefix| {
            let served = fresh.served(prefix, asked)?;
            let rank = u16::from(prefix.length()) * 2 + 1;
            Some(CachedExtent { prefix: served, rank, fetched, id, item })
        }));
        self.extents.len() > before
    }

    /// The imported data, if there is any.
    pub(super) fn scan(&self) -> Option<&ImportedScan<'a>> {
        self.scan.as_ref()
    }

    /// The number of networks.
    pub(super) fn len(&self) -> usize {
        self.marks.len()
    }

    /// The mark of a network by the patterns, except `@cidr`.
    pub(super) fn mark(&self, item: Item) -> RuleMark {
        self.marks.get(item as usize).copied().unwrap_or(RuleMark::NONE)
    }

    /// Visits the prefixes for which networks answer: ascending, the outer before the inner.
    ///
    /// # Errors
    /// Imported data cannot be read (66).
    pub(super) fn extents(&self, mut visit: impl FnMut(Prefix, RankedItem)) -> Result<()> {
        let mut cached = self.extents.iter().peekable();
        let visit_cached = |extent: &CachedExtent, visit: &mut dyn FnMut(Prefix, RankedItem)| {
            visit(extent.prefix, RankedItem { rank: extent.rank, item: extent.item });
        };
        if let Some(scan) = &self.scan {
            let read = scan.extents(|prefix, id| {
                while let Some(extent) = cached.next_if(|extent| extent.prefix <= prefix) {
                    visit_cached(extent, &mut visit);
                }
                if let Some(item) = self.item(id) {
                    visit(prefix, RankedItem { rank: u16::from(prefix.length()) * 2, item });
                }
            });
            read.map_err(unreadable)?;
        }
        cached.for_each(|extent| visit_cached(extent, &mut visit));
        Ok(())
    }

    fn item(&self, id: i64) -> Option<Item> {
        let after = self.runs.partition_point(|run| run.id <= id);
        let run = after.checked_sub(1).and_then(|at| self.runs.get(at))?;
        let item = Item::try_from(id - run.id).ok()?.checked_add(run.item)?;
        ((item as usize) < self.imported).then_some(item)
    }

    fn id(&self, item: Item) -> Option<i64> {
        let after = self.runs.partition_point(|run| run.item <= item);
        let run = after.checked_sub(1).and_then(|at| self.runs.get(at))?;
        Some(run.id + i64::from(item - run.item))
    }

    /// The facts known of a network.
    ///
    /// # Errors
    /// Imported data cannot be read (66).
    pub(super) fn source_network(&self, item: Item) -> Result<SourceNetwork> {
        if let Some(cached) = (item as usize).checked_sub(self.imported) {
            return Ok(self.networks.get(cached).map(|network| network.as_ref().clone()).unwrap_or_default());
        }
        let answer = match (&self.reader, self.id(item)) {
            (Some(reader), Some(id)) => reader.borrow_mut().answer(id).map_err(unreadable)?,
            _ => None,
        };
        Ok(answer.map(|answer| SourceNetwork::of(&answer.record)).unwrap_or_default())
    }
}

impl SourceNetwork {
    fn of(record: &Record) -> Self {
        Self {
            owner: record.org.clone(),
            country: record.country.clone(),
            registry: Some(record.registry.as_str()),
            asn: record.asn.clone(),
        }
    }
}

pub(super) fn unreadable(error: CacheError) -> Error {
    Error::unreadable(error.to_string())
}

/// Packed networks for one of the judging threads.
#[derive(Default)]
struct PackedBatch {
    bytes: Vec<u8>,
    /// Number, source, index, and the network's end in `bytes`.
    networks: Vec<(i64, i64, Item, usize)>,
}

/// Matches the patterns against all imported networks. One thread reads, and others unpack and judge. The last number
/// counts those that cannot be unpacked.
fn judge(scan: &ImportedScan<'_>, matcher: &BulkMatcher) -> Result<(Vec<IdRun>, Vec<RuleMark>, u64)> {
    let mut runs: Vec<IdRun> = Vec::new();
    // Blocks of statistics are among the entries, so there may be fewer networks.
    let entries = scan.sources().iter().map(|source| source.entries).fold(0, u64::saturating_add);
    let count = usize::try_from(entries).unwrap_or(usize::MAX).min(Item::MAX as usize);
    let marks: Vec<AtomicU32> = (0..count).map(|_| AtomicU32::new(RuleMark::NONE.bits())).collect();
    let looks = matcher.has_texts() || matcher.has_fields();
    let failure: Mutex<Option<CacheError>> = Mutex::new(None);
    let damaged = AtomicU64::new(0);
    let (to_judges, batches) = sync_channel::<PackedBatch>(JUDGES * 2);
    let batches = Mutex::new(batches);
    let mut next: Item = 0;
    let read = thread::scope(|scope| -> Result<()> {
        for _ in 0..JUDGES {
            let reader = scan.reader().map_err(unreadable)?;
            let (batches, marks, failure, damaged) = (&batches, &marks, &failure, &damaged);
            scope.spawn(move || match judge_batches(reader, matcher, batches, marks) {
                Ok(count) => drop(damaged.fetch_add(count, Ordering::Relaxed)),
                Err(error) => {
                    failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
                }
            });
        }
        let mut batch = PackedBatch::default();
        let to_judges: SyncSender<PackedBatch> = to_judges;
        let read = scan.networks(|packed| {
            if next as usize >= count {
                return false;
            }
            if runs.last().is_none_or(|run| run.id + i64::from(next - run.item) != packed.id) {
                runs.push(IdRun { id: packed.id, item: next });
            }
            batch.bytes.extend_from_slice(if looks { packed.body } else { &[] });
            batch.networks.push((packed.id, packed.source, next, batch.bytes.len()));
            next += 1;
            !looks || batch.bytes.len() < BATCH || to_judges.send(std::mem::take(&mut batch)).is_ok()
        });
        if looks {
            let _ = to_judges.send(batch);
        }
        read.map_err(unreadable)
    });
    read?;
    if let Some(error) = failure.into_inner().unwrap_or_else(PoisonError::into_inner) {
        return Err(unreadable(error));
    }
    let marks = marks.into_iter().take(next as usize).map(|mark| RuleMark::from_bits(mark.into_inner()));
    Ok((runs, marks.collect(), damaged.into_inner()))
}

fn judge_batches(
    reader: ImportedReader<'_>,
    matcher: &BulkMatcher,
    batches: &Mutex<Receiver<PackedBatch>>,
    marks: &[AtomicU32],
) -> std::result::Result<u64, CacheError> {
    let mut judge = RecordJudge::new(reader, matcher);
    let mut damaged = 0;
    loop {
        let batch = batches.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(batch) = batch else { return Ok(damaged) };
        let mut start = 0;
        for &(id, source, item, end) in &batch.networks {
            let body = batch.bytes.get(start..end).unwrap_or_default();
            start = end;
            let mark = judge.mark(PackedNetwork { id, source, body })?;
            damaged += u64::from(mark.is_none());
            let mark = mark.unwrap_or(RuleMark::ALLOWED);
            if let Some(slot) = marks.get(item as usize) {
                slot.store(mark.bits(), Ordering::Relaxed);
            }
        }
    }
}

/// The mark of a referenced object, and the objects that it refers to itself.
#[derive(Clone)]
struct JudgedContact {
    mark: RuleMark,
    references: Vec<String>,
}

/// Matches the patterns against one imported network after another.
pub(super) struct RecordJudge<'a, M> {
    reader: ImportedReader<'a>,
    matcher: M,
    contacts: HashMap<String, Option<JudgedContact>>,
}

impl<'a, M: Deref<Target = BulkMatcher>> RecordJudge<'a, M> {
    pub(super) fn new(reader: ImportedReader<'a>, matcher: M) -> Self {
        Self { reader, matcher, contacts: HashMap::new() }
    }

    /// Leaves a pattern out from now on.
    pub(super) fn leave_out(&mut self, number: usize)
    where
        M: DerefMut,
    {
        self.matcher.leave_out(number);
        // Their marks may be this pattern's.
        self.contacts.clear();
    }

    /// The mark of the text and the record that a look-up would have: the network's own, and those of the objects that
    /// it refers to. None for a network that cannot be unpacked.
    pub(super) fn mark(
        &mut self,
        packed: PackedNetwork<'_>,
    ) -> std::result::Result<Option<RuleMark>, CacheError> {
        let Some(unpacked) = self.reader.unpack(packed)? else { return Ok(None) };
        let Some(text) = unpacked.text() else { return Ok(None) };
        let mut mark = self.matcher.of_text(text);
        let mut wanted = imported_references(text);
        let mut joined = false;
        let mut at = 0;
        // The limit is the same as for a look-up.
        while let Some(handle) = wanted.get(at).cloned().filter(|_| at < 16) {
            at += 1;
            let Some(contact) = self.contact(handle)? else { continue };
            joined = true;
            mark = mark.min(contact.mark);
            for reference in contact.references {
                if !wanted.contains(&reference) {
                    wanted.push(reference);
                }
            }
        }
        if joined {
            // An empty line separates the objects.
            mark = mark.min(self.matcher.of_blank_line());
        }
        if self.matcher.has_fields() && mark > RuleMark::ALLOWED {
            let record = match joined {
                true => self.reader.answer(packed.id)?.map(|answer| answer.record),
                false => unpacked.record(),
            };
            let Some(record) = record else { return Ok(None) };
            mark = mark.min(self.matcher.of_record(&record));
        }
        Ok(Some(mark))
    }

    fn contact(&mut self, handle: String) -> std::result::Result<Option<JudgedContact>, CacheError> {
        if let Some(known) = self.contacts.get(&handle) {
            return Ok(known.clone());
        }
        let contact = self.reader.contact(&handle)?.map(|text| JudgedContact {
            mark: self.matcher.of_text(&text),
            references: imported_references(&text),
        });
        if self.contacts.len() < REMEMBERED {
            self.contacts.insert(handle, contact.clone());
        }
        Ok(contact)
    }
}
