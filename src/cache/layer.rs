//! One layer of a [`super::LayeredCache`], which is not used for a while after it failed.

use super::Cache;
use jiff::{SignedDuration, Timestamp};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The time that a failed cache is not used, by the clock that lookups bring. A daemon tries it again after that.
const REST: SignedDuration = SignedDuration::from_secs(60);

/// One of the layers, and whether it may be used now.
pub(super) struct CacheLayer {
    pub(super) cache: Box<dyn Cache>,
    /// Set while it is not used; the inner value is the end of that, where it is known.
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

    /// Notes a failure at about this time: the cache is not used for a while.
    pub(super) fn rest(&self, now: Option<Timestamp>) {
        *self.resting() = Some(now.and_then(|now| now.saturating_add(REST).ok()));
    }
}
