//! Progress on stderr: only on a terminal, and only when the work is long.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::{
    cell::RefCell,
    time::{Duration, Instant},
};

/// Work that is done sooner shows nothing.
const LONG: Duration = Duration::from_millis(700);

/// A bar that appears once the work turns out to be long.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
    started: Instant,
    shown: bool,
    template: &'static str,
}

impl Progress {
    /// So many addresses.
    #[must_use]
    pub fn addresses(total: u64) -> Self {
        Self::new(total, "{bar:30} {pos}/{len} addresses, {eta} left {msg}")
    }

    /// So many bytes.
    #[must_use]
    pub fn bytes(total: u64) -> Self {
        Self::new(total, "{bar:30} {bytes}/{total_bytes}, {eta} left {msg}")
    }

    fn new(total: u64, template: &'static str) -> Self {
        let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::hidden());
        Self { bar, started: Instant::now(), shown: false, template }
    }

    /// So much is done in all.
    pub fn reach(&mut self, done: u64) {
        if !self.shown && self.started.elapsed() > LONG {
            self.shown = true;
            // indicatif itself draws nothing when stderr is no terminal.
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
            if let Ok(style) = ProgressStyle::with_template(self.template) {
                self.bar.set_style(style.progress_chars("=> "));
            }
        }
        self.bar.set_position(done);
    }

    /// Runs something that writes to the terminal, with the bar out of its way.
    pub fn aside<T>(&self, write: impl FnOnce() -> T) -> T {
        self.bar.suspend(write)
    }
}

/// A bar for whoever reads files and says how many bytes of how many are done.
pub fn bytes() -> impl Fn(u64, u64) {
    let bar = RefCell::new(None);
    move |done, total| {
        bar.borrow_mut().get_or_insert_with(|| Progress::bytes(total)).reach(done);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
