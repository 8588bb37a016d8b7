//! The cache as the rest of the program sees it: it never fails.

mod asking;
mod opening;
mod whole;

pub use opening::open;

use super::{
    Cache, CacheError, CacheHit, CacheResult, CacheStats, CachedAnswer, Freshness, HitSource, LeaseHolder,
    Maintenance, MemoryCache,
    imported::{FlatImports, ImportedData},
    layer::CacheLayer,
    snapshot::Snapshot,
};
use crate::{
    address::{Network, Prefix},
    registry::{Answer, Registry},
};
use jiff::Timestamp;
use std::{
    net::IpAddr,
    path::{Path, PathBuf},
    sync::{
        Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

/// Decisions that one process writes at most.
const DECISIONS: u32 = 64;

/// A cache that never fails. If the first layer fails, the next one serves, and at last the process's own memory.
pub struct LayeredCache {
    /// The configured cache. A cache on a server has this machine's file as the second layer.
    layers: Vec<CacheLayer>,
    /// The cache's file, where it has one on this machine.
    file: Option<PathBuf>,
    /// The path that files beside the cache are named after.
    base: Option<PathBuf>,
    imported: Option<ImportedData>,
    memory: MemoryCache,
    snapshot: OnceLock<Snapshot>,
    /// The number of decisions that may still be written.
    decisions: AtomicU32,
    state: Mutex<WarningState>,
}

#[derive(Debug, Default)]
struct WarningState {
    /// A warning to print once.
    warning: Option<String>,
    warned: bool,
    /// The latest time that a lookup brought.
    now: Option<Timestamp>,
}

impl WarningState {
    fn warn(&mut self, error: &CacheError) {
        if !self.warned {
            self.warned = true;
            self.warning = Some(format!("{error}; going on without it"));
        }
    }
}

impl LayeredCache {
    /// Wraps a cache; None means memory only.
    #[must_use]
    pub fn new(real: Option<Box<dyn Cache>>) -> Self {
        Self {
            layers: real.into_iter().map(CacheLayer::new).collect(),
            file: None,
            base: None,
            imported: None,
            memory: MemoryCache::new(),
            snapshot: OnceLock::new(),
            decisions: AtomicU32::new(DECISIONS),
            state: Mutex::default(),
        }
    }

    /// A warning for the user: the first failure. It is given once, then cleared.
    #[must_use]
    pub fn warning(&self) -> Option<String> {
        let notice = self.layers.iter().find_map(|layer| layer.cache.notice());
        let mut state = self.lock();
        if let Some(notice) = notice
            && !state.warned
        {
            state.warned = true;
            return Some(notice);
        }
        state.warning.take()
    }

    fn lock(&self) -> MutexGuard<'_, WarningState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks the first cache that is up and does not fail; else memory, which cannot fail.
    pub(super) fn serve<T: Default>(
        &self,
        now: Option<Timestamp>,
        ask: impl Fn(&dyn Cache) -> CacheResult<T>,
    ) -> T {
        match self.layers.iter().find_map(|layer| self.try_layer(layer, now, &ask)) {
            Some(value) => value,
            None => ask(&self.memory).unwrap_or_default(),
        }
    }

    fn try_layer<T>(
        &self,
        layer: &CacheLayer,
        now: Option<Timestamp>,
        ask: &impl Fn(&dyn Cache) -> CacheResult<T>,
    ) -> Option<T> {
        if now.is_some() {
            self.lock().now = now;
        }
        if !layer.is_up(now) {
            return None;
        }
        match ask(layer.cache.as_ref()) {
            Ok(value) => Some(value),
            Err(error) => {
                let mut state = self.lock();
                state.warn(&error);
                layer.rest(state.now);
                None
            }
        }
    }

    /// Reads all cached and imported networks into memory, if that pays for a run over this many `addresses`: finding a
    /// network then takes a tenth of a microsecond. Answers kept after this are found as before.
    pub fn take_snapshot(&self, addresses: usize, freshness: &Freshness) {
        if self.snapshot.get().is_some() || self.lock().warned {
            return;
        }
        let kept = match self.layers.first() {
            Some(layer) => {
                match self.try_layer(layer, Some(freshness.now), &|cache| cache.extents()).flatten() {
                    Some(kept) => kept.0,
                    None => return,
                }
            }
            None => Vec::new(),
        };
        let imported = match &self.imported {
            Some(imported) => match imported.flat(addresses) {
                Ok(Some(flat)) => flat,
                _ => return,
            },
            None => FlatImports::default(),
        };
        let _ = self.snapshot.set(Snapshot::new(kept, imported, freshness));
    }

    /// [`super::Store::find`]. It also returns what memory kept while the real cache was down.
    #[must_use]
    pub fn find(&self, address: IpAddr, freshness: &Freshness) -> Option<CacheHit> {
        if let Some(found) = self.snapshot.get().and_then(|snapshot| snapshot.find(address, freshness)) {
            return Some(found);
        }
        self.or_imported(address, self.look(freshness, |cache| cache.find(address, freshness)))
    }

    /// The addresses around this one for which [`LayeredCache::find`] finds the same now: the narrowest scope of the cache,
    /// of memory and of imported data.
    #[must_use]
    pub fn scope(&self, address: IpAddr, now: Timestamp) -> Prefix {
        let alone = Prefix::around(address, 32, 128);
        let kept = self
            .layers
            .iter()
            .find_map(|layer| self.try_layer(layer, Some(now), &|cache: &dyn Cache| cache.scope(address)));
        let down = || if self.layers.is_empty() { Prefix::around(address, 0, 0) } else { alone };
        let memory = super::Store::scope(&self.memory, address).unwrap_or(alone);
        let imported = self.imported.as_ref().map(|imported| imported.scope(address).unwrap_or(alone));
        Prefix::scope(address, [kept.unwrap_or_else(down), memory].into_iter().chain(imported))
    }

    /// The file of imported data: device and inode. None if there is none.
    #[must_use]
    pub fn imported_file(&self) -> Option<(u64, u64)> {
        self.imported.as_ref().and_then(ImportedData::identity)
    }

    /// [`super::Store::find_stale`].
    #[must_use]
    pub fn find_stale(&self, address: IpAddr, freshness: &Freshness) -> Option<CacheHit> {
        self.or_imported(address, self.look(freshness, |cache| cache.find_stale(address, freshness)))
    }

    fn look(
        &self,
        freshness: &Freshness,
        ask: impl Fn(&dyn Cache) -> CacheResult<Option<CacheHit>>,
    ) -> Option<CacheHit> {
        for (index, layer) in self.layers.iter().enumerate() {
            let Some(found) = self.try_layer(layer, Some(freshness.now), &ask) else { continue };
            if let Some(mut found) = found {
                found.source = if index == 0 { HitSource::Cache } else { HitSource::Local };
                return Some(found);
            }
            // This layer works and has nothing. The layers behind it only replace it when it fails, so they are not
            // asked.
            break;
        }
        ask(&self.memory).unwrap_or_default()
    }

    /// Returns the more specific of the cached and the imported network. If both are equal, the cached one wins,
    /// because it is newer.
    fn or_imported(&self, address: IpAddr, kept: Option<CacheHit>) -> Option<CacheHit> {
        let imported = self.ask_imported(|imported| imported.find(address));
        match (kept, imported) {
            (Some(kept), Some(imported)) if imported.extent.length() > kept.extent.length() => Some(imported),
            (Some(kept), _) => Some(kept),
            (None, imported) => imported,
        }
    }

    fn ask_imported<T>(&self, ask: impl FnOnce(&ImportedData) -> CacheResult<Option<T>>) -> Option<T> {
        ask(self.imported.as_ref()?).unwrap_or_else(|error| {
            self.lock().warn(&error);
            None
        })
    }

    /// The registry that holds the address today, by imported delegated statistics. They are newer than any table
    /// compiled in.
    #[must_use]
    pub fn delegated(&self, address: IpAddr) -> Option<Registry> {
        self.ask_imported(|imported| imported.delegated(address))
    }

    /// [`super::Store::answer`].
    #[must_use]
    pub fn answer(&self, found: &CacheHit) -> Option<Answer> {
        if found.source == HitSource::Import {
            return self.ask_imported(|imported| imported.answer(found));
        }
        self.on(found, |cache| cache.answer(found))
    }

    /// [`super::Store::keep`]: in the cache, and in the layer that replaces it when it fails.
    pub fn keep(&self, kept: &CachedAnswer) {
        self.keep_by(kept, |cache| cache.keep(kept));
    }

    /// [`super::Store::keep_with_next_write`].
    pub fn keep_with_next_write(&self, kept: &CachedAnswer) {
        self.keep_by(kept, |cache| cache.keep_with_next_write(kept));
    }

    fn keep_by(&self, kept: &CachedAnswer, keep: impl Fn(&dyn Cache) -> CacheResult<()>) {
        let mut done = false;
        for layer in &self.layers {
            done |= self.try_layer(layer, None, &keep).is_some();
        }
        if !done {
            let _ = super::Store::keep(&self.memory, kept);
        }
    }

    /// [`super::Store::recall`].
    #[must_use]
    pub fn recall(&self, found: &CacheHit, patterns: &[u8; 16], address: Option<IpAddr>) -> Option<Vec<u8>> {
        self.on(found, |cache| cache.recall(found, patterns, address))
    }

    /// [`super::Store::remember`]. Only a limited number is written. A hook has one. A run over many addresses has its
    /// patterns compiled, and decides again faster than it writes.
    pub fn remember(&self, found: &CacheHit, patterns: &[u8; 16], address: Option<IpAddr>, decision: &[u8]) {
        let left =
            self.decisions.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        if left.is_err() {
            return;
        }
        self.on(found, |cache| cache.remember(found, patterns, address, decision).map(Some));
    }

    /// Asks the cache that the hit came from. Decisions about imported networks are in this machine's file, the last
    /// layer.
    fn on<T>(&self, found: &CacheHit, ask: impl Fn(&dyn Cache) -> CacheResult<Option<T>>) -> Option<T> {
        let layer = match found.source {
            HitSource::Memory => return ask(&self.memory).unwrap_or_default(),
            HitSource::Cache => self.layers.first(),
            HitSource::Local => self.layers.get(1),
            HitSource::Import => self.layers.last(),
        };
        self.try_layer(layer?, None, &ask).flatten()
    }

    /// [`super::Coordinator::claim`].
    #[must_use]
    pub fn claim(
        &self,
        what: &str,
        width: u32,
        holder: LeaseHolder,
        now: Timestamp,
        until: Timestamp,
    ) -> bool {
        self.serve(Some(now), |cache| cache.claim(what, width, holder, now, until))
    }

    /// [`super::Coordinator::release`].
    pub fn release(&self, what: &str, holder: LeaseHolder) {
        // The lease may have been taken before or after the cache failed, so it is released in both.
        self.serve(None, |cache| cache.release(what, holder));
        let _ = super::Coordinator::release(&self.memory, what, holder);
    }

    /// [`super::Coordinator::release_with_next_write`].
    pub fn release_with_next_write(&self, what: &str, holder: LeaseHolder) {
        self.serve(None, |cache| cache.release_with_next_write(what, holder));
        let _ = super::Coordinator::release(&self.memory, what, holder);
    }

    /// [`super::Coordinator::flush`].
    pub fn flush(&self) {
        self.serve(None, |cache| cache.flush());
    }

    /// [`super::Coordinator::pace`]: the time at which the server may be asked. It is booked unless it is later than
    /// `by`, the caller's deadline.
    #[must_use]
    pub fn pace(&self, server: &str, every: Duration, now: Timestamp, by: Timestamp) -> Timestamp {
        self.serve(Some(now), |cache| cache.pace(server, every, now, by).map(Some)).unwrap_or(now)
    }

    /// [`super::Coordinator::hold_off`]: in every cache and in memory, so that a denial is not forgotten when one of
    /// them fails.
    pub fn hold_off(&self, server: &str, now: Timestamp, least: Duration) -> Timestamp {
        let until = self.everywhere(now, |cache| cache.hold_off(server, now, least).map(Some));
        until.unwrap_or(now)
    }

    /// [`super::Coordinator::held_off`]: the longest hold-off that any layer has.
    #[must_use]
    pub fn held_off(&self, server: &str, now: Timestamp) -> Option<Timestamp> {
        self.everywhere(now, |cache| cache.held_off(server, now))
    }

    /// The latest time that memory, or any cache that is up, returns.
    pub(super) fn everywhere(
        &self,
        now: Timestamp,
        ask: impl Fn(&dyn Cache) -> CacheResult<Option<Timestamp>>,
    ) -> Option<Timestamp> {
        let own = ask(&self.memory).unwrap_or_default();
        self.layers
            .iter()
            .filter_map(|layer| self.try_layer(layer, Some(now), &ask).flatten())
            .chain(own)
            .max()
    }

    /// The real cache, for `cache list|export|import`, which report its failures. Memory if there is none.
    #[must_use]
    pub fn maintenance(&self) -> &dyn Maintenance {
        match self.layers.first() {
            Some(layer) => layer.cache.as_ref() as &dyn Maintenance,
            None => &self.memory,
        }
    }

    /// The cache's own file; imported data is beside it. None for a cache without a file.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// The path that files beside the cache are named after, even if the cache itself cannot be opened. None if nothing
    /// is kept.
    #[must_use]
    pub fn base(&self) -> Option<&Path> {
        self.base.as_deref()
    }

    /// Counts and sizes, including imported data.
    ///
    /// # Errors
    /// The cache cannot be read.
    pub fn stats(&self, now: Timestamp) -> CacheResult<CacheStats> {
        let mut stats = self.maintenance().stats(now)?;
        if let Some(imported) = &self.imported {
            let size = imported.size()?;
            stats.imported = size.entries;
            stats.bytes += size.bytes;
        }
        Ok(stats)
    }

    /// Removes what may serve an address in `network`; with None everything, including imported data. Returns the
    /// number of answers removed.
    ///
    /// # Errors
    /// The cache cannot be written.
    pub fn forget(&self, network: Option<&Network>) -> CacheResult<u64> {
        if let (None, Some(imported)) = (network, &self.imported) {
            imported.forget()?;
        }
        // The other layers forget too. Their failure does not matter here.
        for layer in self.layers.iter().skip(1) {
            let _ = layer.cache.forget(network);
        }
        self.maintenance().forget(network)
    }
}
