//! One point in time by which an address must have its verdict, all hops and retries together.

use std::time::{Duration, Instant};

/// A moment that everything done for one address is held to.
#[derive(Clone, Copy, Debug)]
pub struct Deadline {
    at: Instant,
}

impl Deadline {
    /// `patience` from now.
    #[must_use]
    pub fn within(patience: Duration) -> Self {
        // A patience that the clock cannot express is as good as a year.
        let now = Instant::now();
        Self { at: now.checked_add(patience).unwrap_or(now + Duration::from_secs(31_536_000)) }
    }

    /// What is left of it; None when it has passed.
    #[must_use]
    pub fn remaining(self) -> Option<Duration> {
        self.at.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())
    }

    /// This deadline, or `patience` from now when that is sooner.
    #[must_use]
    pub fn at_most(self, patience: Duration) -> Self {
        Self { at: self.at.min(Self::within(patience).at) }
    }
}
