//! A cache in the memory of one process: for `--cache none`, and as a replacement for a cache that failed.

use super::{
    Cache, CacheHit, CacheResult, CacheStats, CachedAnswer, CachedPage, Coordinator, Freshness, HitSource,
    LeaseHolder, Maintenance, Observations, Store, body, extent,
    server::{self, ServerNotes, micros, moment},
};
use crate::{
    address::{Network, Prefix},
    registry::{Answer, AnswerSource},
};
use jiff::Timestamp;
use std::{
    collections::{BTreeMap, HashMap},
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// The bytes above which answers are dropped, oldest first: a run over a provider's whole log must not use up the
/// machine's memory.
const ROOM: usize = 64 << 20;

/// A cache that lasts as long as the process.
#[derive(Debug, Default)]
pub struct MemoryCache {
    inner: Mutex<MemoryState>,
}

#[derive(Debug, Default)]
struct MemoryState {
    /// Prefix, time of fetching, number: in the order of the search, newest last.
    extents: BTreeMap<(Prefix, i64, i64), IpAddr>,
    entries: BTreeMap<i64, MemoryEntry>,
    last: i64,
    weight: usize,
    claims: HashMap<String, BTreeMap<LeaseHolder, (i64, i64)>>,
    servers: HashMap<String, ServerNotes>,
}

#[derive(Debug)]
struct MemoryEntry {
    kept: CachedAnswer,
    decisions: HashMap<([u8; 16], Option<IpAddr>), Vec<u8>>,
}

impl MemoryCache {
    /// An empty cache.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn lock(&self) -> MutexGuard<'_, MemoryState> {
        // A panic elsewhere leaves nothing half done in here.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl MemoryState {
    /// The most specific extent that holds the address and is accepted.
    fn walk(
        &self,
        address: IpAddr,
        mut pleases: impl FnMut(Prefix, i64, i64, IpAddr) -> bool,
    ) -> Option<(Prefix, i64, i64)> {
        let mut bound = extent::start(address);
        'seek: loop {
            for (&(prefix, fetched, id), &asked) in self.extents.range(..=(bound, i64::MAX, i64::MAX)).rev() {
                if !prefix.contains(address) {
                    bound = extent::next(prefix, address)?;
                    continue 'seek;
                }
                if pleases(prefix, fetched, id, asked) {
                    return Some((prefix, fetched, id));
                }
            }
            return None;
        }
    }

    fn remove(&mut self, id: i64) {
        let Some(entry) = self.entries.remove(&id) else { return };
        self.weight = self.weight.saturating_sub(body::weight(&entry.kept));
        for prefix in entry.kept.extent().iter().flat_map(Network::prefixes) {
            self.extents.remove(&(prefix, micros(entry.kept.answer.fetched), id));
        }
    }
}

impl MemoryCache {
    fn look(&self, address: IpAddr, freshness: &Freshness, any_age: bool) -> Option<CacheHit> {
        let inner = self.lock();
        let (extent, fetched, id) = inner.walk(address, |_, fetched, _, asked| {
            freshness.shares(asked, address) && (any_age || freshness.is_fresh(moment(fetched)))
        })?;
        Some(CacheHit::new(HitSource::Memory, id, extent, moment(fetched), freshness))
    }
}

impl CacheHit {
    /// A network in the cache proper, or in memory. It ages.
    pub(super) fn new(
        source: HitSource,
        id: i64,
        extent: Prefix,
        fetched: Timestamp,
        freshness: &Freshness,
    ) -> Self {
        let expires = fetched.saturating_add(freshness.max_age).unwrap_or(Timestamp::MAX);
        Self { source, id, extent, fetched, expires, stale: !freshness.is_fresh(fetched) }
    }
}

impl Store for MemoryCache {
    fn find(&self, address: IpAddr, freshness: &Freshness) -> CacheResult<Option<CacheHit>> {
        Ok(self.look(address, freshness, false))
    }

    fn scope(&self, address: IpAddr) -> CacheResult<Prefix> {
        let inner = self.lock();
        let whole = (extent::start(address), i64::MAX, i64::MAX);
        let below = inner.extents.range(..=whole).next_back();
        let above = inner.extents.range(whole..).next();
        Ok(Prefix::scope(address, below.into_iter().chain(above).map(|((prefix, ..), _)| *prefix)))
    }

    fn find_stale(&self, address: IpAddr, freshness: &Freshness) -> CacheResult<Option<CacheHit>> {
        Ok(self.look(address, freshness, true))
    }

    fn answer(&self, found: &CacheHit) -> CacheResult<Option<Answer>> {
        let inner = self.lock();
        let entry = inner.entries.get(&found.id);
        Ok(entry.map(|e| Answer { source: AnswerSource::Cache, stale: found.stale, ..e.kept.answer.clone() }))
    }

    fn keep(&self, kept: &CachedAnswer) -> CacheResult<()> {
        let Some(extent) = kept.extent() else { return Ok(()) };
        let Some(part) = extent::part(&extent, kept.asked) else { return Ok(()) };
        let mut inner = self.lock();
        let fetched = micros(kept.answer.fetched);
        let mut superseded = Vec::new();
        inner.walk(kept.asked, |prefix, then, id, asked| {
            if then <= fetched && is_superseded(prefix, asked, part, kept.asked) {
                superseded.push(id);
            }
            false
        });
        for id in superseded {
            inner.remove(id);
        }
        inner.last += 1;
        let id = inner.last;
        for prefix in extent.prefixes() {
            inner.extents.insert((prefix, fetched, id), kept.asked);
        }
        inner.weight += body::weight(kept);
        inner.entries.insert(id, MemoryEntry { kept: kept.clone(), decisions: HashMap::new() });
        while inner.weight > ROOM {
            let Some((&oldest, _)) = inner.entries.first_key_value() else { break };
            inner.remove(oldest);
        }
        Ok(())
    }

    fn recall(
        &self,
        found: &CacheHit,
        patterns: &[u8; 16],
        address: Option<IpAddr>,
    ) -> CacheResult<Option<Vec<u8>>> {
        let inner = self.lock();
        Ok(inner.entries.get(&found.id).and_then(|e| e.decisions.get(&(*patterns, address))).cloned())
    }

    fn remember(
        &self,
        found: &CacheHit,
        patterns: &[u8; 16],
        address: Option<IpAddr>,
        decision: &[u8],
    ) -> CacheResult<()> {
        if let Some(entry) = self.lock().entries.get_mut(&found.id) {
            if entry.decisions.len() >= DECISIONS {
                entry.decisions.clear();
            }
            entry.decisions.insert((*patterns, address), decision.to_vec());
        }
        Ok(())
    }
}

/// The number of decisions that are kept for one network. Pattern files change, and decisions of old ones are useless.
pub(super) const DECISIONS: usize = 300;

/// Whether a new answer about `asked`, which will serve `part`, replaces an older one. It does if the older one answers
/// the same question. It also does if the older one describes a smaller network that would hide the new one, although
/// the registry did not name it this time. Others of the same extent stay, because a reader with `--share` may not use
/// the new one instead.
pub(super) fn is_superseded(old: Prefix, old_asked: IpAddr, part: Prefix, asked: IpAddr) -> bool {
    old.length() > part.length() || (old == part && old_asked == asked)
}

impl Coordinator for MemoryCache {
    fn claim(
        &self,
        what: &str,
        width: u32,
        holder: LeaseHolder,
        now: Timestamp,
        until: Timestamp,
    ) -> CacheResult<bool> {
        let mut inner = self.lock();
        let claims = inner.claims.entry(what.to_owned()).or_default();
        claims.retain(|holder, &mut (made, until)| server::holds(made, until, now) && !holder.is_gone());
        if !claims.contains_key(&holder) && claims.len() >= width as usize {
            return Ok(false);
        }
        claims.insert(holder, (micros(now), micros(until)));
        Ok(true)
    }

    fn release(&self, what: &str, holder: LeaseHolder) -> CacheResult<()> {
        let mut inner = self.lock();
        if let Some(claims) = inner.claims.get_mut(what) {
            claims.remove(&holder);
            if claims.is_empty() {
                inner.claims.remove(what);
            }
        }
        Ok(())
    }

    fn pace(&self, server: &str, every: Duration, now: Timestamp, by: Timestamp) -> CacheResult<Timestamp> {
        Ok(self.lock().servers.entry(server.to_owned()).or_default().book(every, now, by).0)
    }

    fn hold_off(&self, server: &str, now: Timestamp, least: Duration) -> CacheResult<Timestamp> {
        Ok(self.lock().servers.entry(server.to_owned()).or_default().deny(now, least))
    }

    fn held_off(&self, server: &str, now: Timestamp) -> CacheResult<Option<Timestamp>> {
        Ok(self.lock().servers.get(server).and_then(|server| server.held(now)))
    }
}

impl Observations for MemoryCache {
    fn observed(&self, name: &str) -> CacheResult<ServerNotes> {
        Ok(self.lock().servers.get(name).copied().unwrap_or_default())
    }

    fn observe(&self, name: &str, change: &dyn Fn(&mut ServerNotes)) -> CacheResult<ServerNotes> {
        let mut inner = self.lock();
        let notes = inner.servers.entry(name.to_owned()).or_default();
        change(notes);
        Ok(*notes)
    }
}

impl Maintenance for MemoryCache {
    fn stats(&self, now: Timestamp) -> CacheResult<CacheStats> {
        let inner = self.lock();
        let mut stats = CacheStats::default();
        inner.servers.iter().for_each(|(name, notes)| stats.enter(name, notes, now));
        let times = || inner.entries.values().map(|entry| entry.kept.answer.fetched);
        Ok(CacheStats {
            networks: inner.entries.len() as u64,
            bytes: inner.weight as u64,
            oldest: times().min(),
            newest: times().max(),
            ..stats
        })
    }

    fn list(&self, after: i64, limit: usize) -> CacheResult<CachedPage> {
        let inner = self.lock();
        let from = after.saturating_add(1);
        let page = inner.entries.range(from..).take(limit);
        let answers: Vec<_> = page.map(|(&id, entry)| (id, entry.kept.clone())).collect();
        Ok(CachedPage { last: answers.last().map(|(id, _)| *id), answers, damaged: Vec::new() })
    }

    fn keep_all(&self, kept: &[CachedAnswer]) -> CacheResult<()> {
        kept.iter().try_for_each(|kept| self.keep(kept))
    }

    fn forget(&self, network: Option<&Network>) -> CacheResult<u64> {
        let mut inner = self.lock();
        let Some(network) = network else {
            let count = inner.entries.len() as u64;
            *inner = MemoryState { last: inner.last, ..MemoryState::default() };
            return Ok(count);
        };
        let ids: Vec<i64> = inner
            .entries
            .iter()
            .filter(|(_, entry)| entry.kept.extent().is_some_and(|extent| extent.overlap(network).is_some()))
            .map(|(&id, _)| id)
            .collect();
        for &id in &ids {
            inner.remove(id);
        }
        Ok(ids.len() as u64)
    }
}

impl Cache for MemoryCache {}
