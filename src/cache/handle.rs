//! The cache as the rest of the program sees it: it never fails.

use super::{
    Cache, CacheError, Env, Found, Holder, Kept, Ledger, Location, Memory, Outcome, Shelf, Sqlite, Stats,
    Trouble, Want,
};
use crate::{address::Network, answer::Answer};
use jiff::{SignedDuration, Timestamp};
use std::{
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// After a failure the cache is left alone for this long, by the clock that lookups bring; a daemon tries it again.
const REST: SignedDuration = SignedDuration::from_secs(60);

/// Opens the cache that `location` names. Where that fails there is a [`Handle::warning`], and the process's own
/// memory serves.
#[must_use]
pub fn open(location: &Location, env: &Env, now: Timestamp) -> Handle {
    let opened: Outcome<Option<Box<dyn Cache>>> = match location {
        Location::None => Ok(None),
        Location::Path(path) => Sqlite::open(path, now).map(|cache| Some(Box::new(cache) as _)),
        Location::Default => open_default(env, now).map(|cache| Some(Box::new(cache) as _)),
        Location::Redis(url) => Err(CacheError::new(
            Trouble::Unusable,
            format!("the cache {url} cannot be used: this build speaks to no Redis"),
        )),
    };
    match opened {
        Ok(cache) => Handle::new(cache),
        Err(error) => {
            let handle = Handle::new(None);
            handle.lock().warn(&error);
            handle
        }
    }
}

/// The shared file when it can be written, else the user's own.
fn open_default(env: &Env, now: Timestamp) -> Outcome<Sqlite> {
    // Only a folder that is there, or that root may make: anybody else's attempt would be a failed write a run.
    if let Ok(cache) = Sqlite::open(&env.shared(), now)
        && !cache.is_read_only()
    {
        return Ok(cache);
    }
    match env.own() {
        Some(path) => Sqlite::open(&path, now),
        None => Err(CacheError::new(
            Trouble::Unusable,
            format!(
                "no cache: {} cannot be written, and neither XDG_CACHE_HOME nor HOME says where else; name one with \
                 --cache",
                env.shared.display()
            ),
        )),
    }
}

/// A cache that never fails: what the real one cannot do, the process's own memory does.
pub struct Handle {
    real: Option<Box<dyn Cache>>,
    memory: Memory,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// To be printed, once.
    warning: Option<String>,
    warned: bool,
    /// The real cache is left alone, until then where that is known.
    resting: Option<Option<Timestamp>>,
    /// The latest time that a lookup brought.
    now: Option<Timestamp>,
}

impl State {
    fn warn(&mut self, error: &CacheError) {
        if !self.warned {
            self.warned = true;
            self.warning = Some(format!("{error}; going on without it"));
        }
    }
}

impl Handle {
    /// Wraps a cache; None is memory alone.
    #[must_use]
    pub fn new(real: Option<Box<dyn Cache>>) -> Self {
        Self { real, memory: Memory::new(), state: Mutex::default() }
    }

    /// What the user should be told, once: the first thing that went wrong. Taken, not read.
    #[must_use]
    pub fn warning(&self) -> Option<String> {
        let notice = self.real.as_ref().and_then(|real| real.notice());
        let mut state = self.lock();
        if let Some(notice) = notice
            && !state.warned
        {
            state.warned = true;
            return Some(notice);
        }
        state.warning.take()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The real cache, unless it rests.
    fn real(&self, now: Option<Timestamp>) -> Option<&dyn Cache> {
        let real = self.real.as_deref()?;
        let mut state = self.lock();
        if now.is_some() {
            state.now = now;
        }
        match (state.resting, now) {
            (None, _) => Some(real),
            (Some(Some(until)), Some(now)) if now >= until => {
                state.resting = None;
                Some(real)
            }
            (Some(_), _) => None,
        }
    }

    /// Asks the real cache, or where that fails, memory.
    fn serve<T: Default>(&self, now: Option<Timestamp>, ask: impl Fn(&dyn Cache) -> Outcome<T>) -> T {
        match self.try_real(now, &ask) {
            Some(value) => value,
            // Memory has nothing that could fail.
            None => ask(&self.memory).unwrap_or_default(),
        }
    }

    fn try_real<T>(&self, now: Option<Timestamp>, ask: &impl Fn(&dyn Cache) -> Outcome<T>) -> Option<T> {
        match ask(self.real(now)?) {
            Ok(value) => Some(value),
            Err(error) => {
                let mut state = self.lock();
                state.warn(&error);
                state.resting = Some(state.now.and_then(|now| now.saturating_add(REST).ok()));
                None
            }
        }
    }

    /// [`super::Keeper::find`]. What memory kept while the real cache rested answers too.
    #[must_use]
    pub fn find(&self, address: IpAddr, want: &Want) -> Option<Found> {
        self.look(want, |cache| cache.find(address, want))
    }

    /// [`super::Keeper::find_stale`].
    #[must_use]
    pub fn find_stale(&self, address: IpAddr, want: &Want) -> Option<Found> {
        self.look(want, |cache| cache.find_stale(address, want))
    }

    fn look(&self, want: &Want, ask: impl Fn(&dyn Cache) -> Outcome<Option<Found>>) -> Option<Found> {
        let found = self.try_real(Some(want.now), &ask).flatten();
        found.or_else(|| ask(&self.memory).unwrap_or_default())
    }

    /// [`super::Keeper::answer`].
    #[must_use]
    pub fn answer(&self, found: &Found) -> Option<Answer> {
        self.on(found, |cache| cache.answer(found))
    }

    /// [`super::Keeper::keep`].
    pub fn keep(&self, kept: &Kept) {
        self.serve(None, |cache| cache.keep(kept));
    }

    /// [`super::Keeper::recall`].
    #[must_use]
    pub fn recall(&self, found: &Found, patterns: &[u8; 16], address: Option<IpAddr>) -> Option<Vec<u8>> {
        self.on(found, |cache| cache.recall(found, patterns, address))
    }

    /// [`super::Keeper::remember`].
    pub fn remember(&self, found: &Found, patterns: &[u8; 16], address: Option<IpAddr>, decision: &[u8]) {
        self.on(found, |cache| cache.remember(found, patterns, address, decision).map(Some));
    }

    /// Asks the cache that found it.
    fn on<T>(&self, found: &Found, ask: impl Fn(&dyn Cache) -> Outcome<Option<T>>) -> Option<T> {
        match found.shelf {
            Shelf::Memory => ask(&self.memory).unwrap_or_default(),
            Shelf::Cache | Shelf::Import => self.try_real(None, &ask).flatten(),
        }
    }

    /// [`super::Desk::claim`].
    #[must_use]
    pub fn claim(&self, what: &str, width: u32, holder: Holder, now: Timestamp, until: Timestamp) -> bool {
        self.serve(Some(now), |cache| cache.claim(what, width, holder, now, until))
    }

    /// [`super::Desk::release`].
    pub fn release(&self, what: &str, holder: Holder) {
        // Claimed before the cache failed or after: given back in both.
        self.try_real(None, &|cache| cache.release(what, holder));
        let _ = super::Desk::release(&self.memory, what, holder);
    }

    /// Books the next free moment, however late: for those who wait as long as it takes.
    #[must_use]
    pub fn pace(&self, server: &str, every: Duration, now: Timestamp) -> Timestamp {
        self.pace_by(server, every, now, Timestamp::MAX)
    }

    /// [`super::Desk::pace`]: when the server may be asked, booked unless that is later than `by`, the caller's own
    /// deadline.
    #[must_use]
    pub fn pace_by(&self, server: &str, every: Duration, now: Timestamp, by: Timestamp) -> Timestamp {
        self.try_real(Some(now), &|cache| cache.pace(server, every, now, by))
            .unwrap_or_else(|| super::Desk::pace(&self.memory, server, every, now, by).unwrap_or(now))
    }

    /// [`super::Desk::hold_off`]. Memory takes note too: should the real cache fail, a denial is not forgotten.
    pub fn hold_off(&self, server: &str, now: Timestamp) -> Timestamp {
        let own = super::Desk::hold_off(&self.memory, server, now).unwrap_or(now);
        self.try_real(Some(now), &|cache| cache.hold_off(server, now)).unwrap_or(own)
    }

    /// [`super::Desk::held_off`].
    #[must_use]
    pub fn held_off(&self, server: &str, now: Timestamp) -> Option<Timestamp> {
        self.serve(Some(now), |cache| cache.held_off(server, now))
    }

    /// The real cache, for `cache stats|list|forget|export`: there a failure is the answer. Memory where there is none.
    #[must_use]
    pub fn ledger(&self) -> &dyn Ledger {
        match &self.real {
            Some(real) => real.as_ref() as &dyn Ledger,
            None => &self.memory,
        }
    }

    /// Counts and sizes.
    ///
    /// # Errors
    /// When the cache cannot be read.
    pub fn stats(&self, now: Timestamp) -> Outcome<Stats> {
        self.ledger().stats(now)
    }

    /// Forgets what may serve an address in `network`, or everything; returns how many answers.
    ///
    /// # Errors
    /// When the cache cannot be written.
    pub fn forget(&self, network: Option<&Network>) -> Outcome<u64> {
        self.ledger().forget(network)
    }
}
