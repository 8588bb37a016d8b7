//! Progress on stderr: only on a terminal, and only if the work is long.

use crate::sanitize::safe;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use std::{
    cell::RefCell,
    fmt::Write,
    io::{self, IsTerminal},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::{RecvTimeoutError, Sender, channel},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// Shorter work shows nothing.
const LONG: Duration = Duration::from_millis(900);
/// How often the bar is drawn when no result comes.
const TICK: Duration = Duration::from_millis(500);
/// The number of results from which an estimate is possible.
const FEW: u64 = 5;
/// The cells that the bar and the text after it need; a narrower terminal gets only the numbers.
const WIDE: u16 = 72;

/// A bar that appears when the work turns out to be long.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
    started: Instant,
    shown: bool,
    counts: &'static str,
    /// The estimated end of the work, in milliseconds from its start; 0 if only the bar's own estimate exists.
    end: Arc<AtomicU64>,
    /// The thread that draws when no result comes; it ends when the sender is dropped.
    watch: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Progress {
    /// A bar for so many addresses. The first may take long, so the bar does not wait for it.
    #[must_use]
    pub fn addresses(total: u64) -> Self {
        let mut progress = Self::new(Some(total), "{pos}/{len} addresses");
        if io::stderr().is_terminal() {
            progress.watch();
        }
        progress
    }

    /// A bar for so many bytes.
    #[must_use]
    pub fn bytes(total: u64) -> Self {
        Self::new(Some(total), "{bytes}/{total_bytes}")
    }

    /// A line for one address, with a function that sets its text. None if stderr is no terminal.
    #[must_use]
    pub fn one_address() -> Option<(Self, impl Fn(&str) + use<>)> {
        let mut progress = io::stderr().is_terminal().then(|| Self::new(None, "{spinner} {wide_msg}"))?;
        progress.watch();
        let bar = progress.bar.clone();
        Some((progress, move |server: &str| bar.set_message(format!("asking {}", safe(server)))))
    }

    fn new(total: Option<u64>, counts: &'static str) -> Self {
        let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::hidden());
        let started = Instant::now();
        Self { bar, started, shown: false, counts, end: Arc::default(), watch: None }
    }

    fn watch(&mut self) {
        let (bar, counts, left) = (self.bar.clone(), self.counts, self.left());
        let (stop, stopped) = channel::<()>();
        let work = move || {
            if stopped.recv_timeout(LONG) != Err(RecvTimeoutError::Timeout) {
                return;
            }
            show(&bar, counts, left);
            while stopped.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
                bar.tick();
            }
        };
        // Without the thread, the first result draws it.
        self.watch = thread::Builder::new().spawn(work).ok().map(|thread| (stop, thread));
    }

    /// Sets the total that is done.
    pub fn reach(&mut self, done: u64) {
        if !self.shown && self.watch.is_none() && self.started.elapsed() > LONG {
            self.shown = true;
            show(&self.bar, self.counts, self.left());
        }
        self.bar.set_position(done);
    }

    /// Sets the time that the rest takes.
    pub fn expect(&self, left: Duration) {
        let end = u64::try_from((self.started.elapsed() + left).as_millis()).unwrap_or(u64::MAX);
        self.end.store(end, Ordering::Relaxed);
    }

    /// Returns a function that removes the bar from the screen, on another thread, and returns how much was done.
    pub fn clearing(&self) -> impl Fn() -> u64 + Send + use<> {
        let bar = self.bar.clone();
        move || {
            let done = bar.position();
            bar.finish_and_clear();
            done
        }
    }

    /// Writes the remaining time.
    fn left(&self) -> impl Fn(&ProgressState, &mut dyn Write) + Clone + Send + Sync + use<> {
        let (end, started) = (Arc::clone(&self.end), self.started);
        move |state, out| {
            if !is_telling(state.pos(), state.len()) {
                return;
            }
            let left = match end.load(Ordering::Relaxed) {
                0 => state.eta(),
                end => Duration::from_millis(end).saturating_sub(started.elapsed()),
            };
            let _ = write!(out, ", {:#} left", indicatif::HumanDuration(left));
        }
    }

    /// Runs a function that writes to the terminal, with the bar removed meanwhile.
    pub fn aside<T>(&self, write: impl FnOnce() -> T) -> T {
        self.bar.suspend(write)
    }
}

fn show(
    bar: &ProgressBar,
    counts: &str,
    left: impl Fn(&ProgressState, &mut dyn Write) + Clone + Send + Sync + 'static,
) {
    // indicatif itself draws nothing if stderr is no terminal.
    bar.set_draw_target(ProgressDrawTarget::stderr());
    let width = terminal_size::terminal_size_of(io::stderr()).map_or(WIDE, |(width, _)| width.0);
    let template = template(counts, bar.length().is_some() && width >= WIDE);
    if let Ok(style) = ProgressStyle::with_template(&template) {
        bar.set_style(style.progress_chars("=> ").with_key("left", left));
    }
    bar.tick();
}

fn template(counts: &str, with_bar: bool) -> String {
    if with_bar { format!("{{bar:30}} {counts}{{left}}") } else { counts.to_owned() }
}

/// Whether enough is done to estimate the rest.
fn is_telling(done: u64, total: Option<u64>) -> bool {
    done >= FEW && total.is_some_and(|total| done < total)
}

/// A bar for reading files, called with the bytes done and their total.
pub fn bytes() -> impl Fn(u64, u64) {
    let bar = RefCell::new(None);
    move |done, total| {
        bar.borrow_mut().get_or_insert_with(|| Progress::bytes(total)).reach(done);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some((stop, thread)) = self.watch.take() {
            drop(stop);
            let _ = thread.join();
        }
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_narrow_terminal_has_numbers_alone_and_few_results_no_estimate() {
        assert_eq!(template("{pos}/{len}", false), "{pos}/{len}");
        assert!(template("{pos}/{len}", true).ends_with("{pos}/{len}{left}"));
        assert!(ProgressStyle::with_template(&template("{pos}/{len}", true)).is_ok());
        assert!(!is_telling(4, Some(40)) && is_telling(5, Some(40)) && !is_telling(40, Some(40)));
    }
}
