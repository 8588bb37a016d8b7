//! Ctrl-C in a long run at a terminal: tells the user that the answers so far are kept.

use crate::output::{counted, progress::Progress};
use signal_hook::{consts::SIGINT, iterator::Signals, low_level::emulate_default_handler};
use std::{
    fs,
    io::{self, IsTerminal},
    thread,
};

/// The answers of an interrupted run that the next run can use.
#[derive(Clone, Copy)]
pub(super) enum KeptAnswers {
    /// There is no cache.
    None,
    /// The cache has them.
    All,
    /// The cache has them, and the same command would ask again (`--refresh`).
    UnlessRefreshed,
}

/// Prints how far a run came when it is interrupted, from now until the process ends. The process still ends by the
/// signal. It does nothing without a terminal, or if the signal is ignored, as in a script's background job.
pub(super) fn watch(progress: &Progress, total: u64, kept: KeptAnswers) {
    if !io::stderr().is_terminal() || is_ignored() {
        return;
    }
    let clear = progress.clearing();
    // The thread itself catches the signal: if there is no thread, Ctrl-C ends the process as usual.
    let work = move || {
        let Ok(mut signals) = Signals::new([SIGINT]) else { return };
        for signal in signals.forever() {
            let done = clear();
            if done < total {
                super::warn(&sentence(done, total, kept));
            }
            let _ = emulate_default_handler(signal);
        }
    };
    let _ = thread::Builder::new().name("interruption".into()).spawn(work);
}

fn sentence(done: u64, total: u64, kept: KeptAnswers) -> String {
    let kept = match kept {
        KeptAnswers::None => "nothing is kept without a cache (--cache FILE)",
        KeptAnswers::All => "the answers so far are kept, and the same command continues from there",
        KeptAnswers::UnlessRefreshed => {
            "the answers so far are kept, and the same command without --refresh continues from there"
        }
    };
    format!("interrupted after {done} of {}: {kept}", counted(total, "address", "addresses"))
}

/// Whether this process was started with SIGINT ignored; `SigIgn` of proc(5) has a bit for each signal.
fn is_ignored() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .is_some_and(|mask| mask & 1 << (SIGINT - 1) != 0)
}
