//! A cache that is left alone for a while after it failed.

use super::Cache;
use jiff::{SignedDuration, Timestamp};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// After a failure the cache is left alone for this long, by the clock that lookups bring; a daemon tries it again.
const REST: SignedDuration = SignedDuration::from_secs(60);

/// One of the caches behind a handle, and whether it may be used now.
pub(super) struct CacheLayer {
    pub(super) cache: Box<dyn Cache>,
    /// It is left alone, until then where that is known.
    resting: Mutex<Option<Option<Timestamp>>>,
}

impl CacheLayer {
    pub(super) fn new(cache: Box<dyn Cache>) -> Self {
        Self { cache, resting: Mutex::new(None) }
    }

    fn resting(&self) -> MutexGuard<'_, Option<Option<Timestamp>>> {
        self.resting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it may be used at this time.
    pub(super) fn is_up(&self, now: Option<Timestamp>) -> bool {
        let mut resting = self.resting();
        match (*resting, now) {
            (None, _) => true,
            (Some(Some(until)), Some(now)) if now >= until => {
                *resting = None;
                true
            }
            (Some(_), _) => false,
        }
    }

    /// It failed, at about this time: leave it alone for a while.
    pub(super) fn rest(&self, now: Option<Timestamp>) {
        *self.resting() = Some(now.and_then(|now| now.saturating_add(REST).ok()));
    }
}
