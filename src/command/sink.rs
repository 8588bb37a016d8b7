//! Receives the views of the verdicts on many addresses, and shows a progress bar for those that need a query.

use super::interruption::{self, KeptAnswers};
use crate::{
    error::Result,
    output::progress::Progress,
    resolver::{Arrival, Resolver, Trace, VerdictSink},
};
use std::time::Duration;

/// The trace of one look-up, and the line on stderr that says at a terminal which server is asked. None elsewhere.
pub(super) fn at_terminal(trace: Trace) -> (Trace, Option<Progress>) {
    match Progress::one_address() {
        Some((progress, asking)) => (trace.telling(asking), Some(progress)),
        None => (trace, None),
    }
}

/// Passes each view to a closure.
pub(super) struct ProgressSink<F> {
    take: F,
    prints: bool,
    kept: KeptAnswers,
    progress: Option<Progress>,
    /// The line for a single look-up.
    waiting: Option<Progress>,
}

impl<F> ProgressSink<F> {
    /// `prints` means that the closure writes to the terminal, so the bar must be removed meanwhile.
    pub(super) fn new(resolver: &Resolver, prints: bool, take: F) -> Self {
        let kept = match resolver.cache().base() {
            None => KeptAnswers::None,
            Some(_) if resolver.policy().refresh => KeptAnswers::UnlessRefreshed,
            Some(_) => KeptAnswers::All,
        };
        Self { take, prints, kept, progress: None, waiting: None }
    }
}

impl<T, F: FnMut(T, Arrival) -> Result<()>> VerdictSink<T> for ProgressSink<F> {
    fn take(&mut self, view: T, arrival: Arrival) -> Result<()> {
        self.waiting = None;
        match &self.progress {
            Some(progress) if self.prints => progress.aside(|| (self.take)(view, arrival)),
            _ => (self.take)(view, arrival),
        }
    }

    fn wait_for_one(&mut self) -> Trace {
        let (trace, waiting) = at_terminal(Trace::off());
        self.waiting = waiting;
        trace
    }

    fn reach(&mut self, done: u64, total: u64, left: Option<Duration>) {
        let progress = self.progress.get_or_insert_with(|| {
            let progress = Progress::addresses(total);
            interruption::watch(&progress, total, self.kept);
            progress
        });
        if let Some(left) = left {
            progress.expect(left);
        }
        progress.reach(done);
    }
}
