//! What takes the verdicts on many addresses, with a progress bar for those that are asked about.

use crate::{
    error::Result,
    output::progress::Progress,
    resolver::{Arrival, VerdictSink},
    verdict::Judged,
};

/// Hands each verdict to a closure.
pub(super) struct ProgressSink<F> {
    take: F,
    prints: bool,
    progress: Option<Progress>,
}

impl<F: FnMut(Judged, Arrival) -> Result<()>> ProgressSink<F> {
    /// `prints` says that the closure writes to the terminal, so that the bar has to make room.
    pub(super) fn new(prints: bool, take: F) -> Self {
        Self { take, prints, progress: None }
    }
}

impl<F: FnMut(Judged, Arrival) -> Result<()>> VerdictSink for ProgressSink<F> {
    fn take(&mut self, judged: Judged, arrival: Arrival) -> Result<()> {
        match &self.progress {
            Some(progress) if self.prints => progress.aside(|| (self.take)(judged, arrival)),
            _ => (self.take)(judged, arrival),
        }
    }

    fn reach(&mut self, done: u64, total: u64) {
        self.progress.get_or_insert_with(|| Progress::addresses(total)).reach(done);
    }
}
