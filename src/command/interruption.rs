//! Ctrl-C in a long run at a terminal: what was asked is not lost, and whoever pressed it should know.

use crate::output::progress::Progress;
use signal_hook::{consts::SIGINT, iterator::Signals, low_level::emulate_default_handler};
use std::{
    fs,
    io::{self, IsTerminal},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

/// Says how far a run came when it is interrupted. The process then ends by the signal, as without it.
pub(super) struct Interruption {
    done: Arc<AtomicU64>,
}

impl Interruption {
    /// Watches for the signal until the process ends; None where nobody sits at a terminal, and where the signal is
    /// ignored, as in the background of a script. `keeps` says that a cache has the answers.
    pub(super) fn watch(progress: &Progress, total: u64, keeps: bool) -> Option<Self> {
        if !io::stderr().is_terminal() || is_ignored() {
            return None;
        }
        let done = Arc::new(AtomicU64::new(0));
        let (reached, clear) = (Arc::clone(&done), progress.clearing());
        let mut signals = Signals::new([SIGINT]).ok()?;
        let work = move || {
            for signal in signals.forever() {
                let done = reached.load(Ordering::Relaxed);
                if done < total {
                    clear();
                    super::warn(&sentence(done, total, keeps));
                }
                let _ = emulate_default_handler(signal);
            }
        };
        thread::Builder::new().name("interruption".into()).spawn(work).ok()?;
        Some(Self { done })
    }

    /// So many addresses are done.
    pub(super) fn reach(&self, done: u64) {
        self.done.store(done, Ordering::Relaxed);
    }
}

fn sentence(done: u64, total: u64, keeps: bool) -> String {
    let kept = if keeps {
        "what registries answered is kept, and the same command goes on from there"
    } else {
        "nothing is kept without a cache (--cache FILE)"
    };
    format!("interrupted after {done} of {total} addresses: {kept}")
}

/// Whether this process was started with SIGINT ignored; `SigIgn` of proc(5) has a bit for each signal.
fn is_ignored() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .is_some_and(|mask| mask & 1 << (SIGINT - 1) != 0)
}
