//! The deadline of one address, for all hops and retries together.

use std::time::{Duration, Instant};

/// The latest time for everything that is done for one address.
#[derive(Clone, Copy, Debug)]
pub struct Deadline {
    at: Instant,
}

impl Deadline {
    /// A deadline `timeout` from now.
    #[must_use]
    pub fn within(timeout: Duration) -> Self {
        // If the clock cannot express the sum, a year serves as well.
        let now = Instant::now();
        Self { at: now.checked_add(timeout).unwrap_or(now + Duration::from_secs(31_536_000)) }
    }

    /// The time left; None if it has passed.
    #[must_use]
    pub fn remaining(self) -> Option<Duration> {
        self.at.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())
    }

    /// This deadline, or `timeout` from now if that is sooner.
    #[must_use]
    pub fn at_most(self, timeout: Duration) -> Self {
        Self { at: self.at.min(Self::within(timeout).at) }
    }
}
