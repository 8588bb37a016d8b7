//! Random numbers for tests: the same ones in each run.

/// A linear congruential generator with Knuth's MMIX constants.
pub(crate) struct Draw(u64);

impl Draw {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits. The lowest of them repeat soon.
    pub(crate) fn wide(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0
    }

    /// The next number below 2^31.
    pub(crate) fn number(&mut self) -> u32 {
        u32::try_from(self.wide() >> 33).unwrap_or_default()
    }
}
