//! Ctrl-C in a long run at a terminal: what was asked is not lost, and whoever pressed it should know.

use crate::output::progress::Progress;
use signal_hook::{consts::SIGINT, iterator::Signals, low_level::emulate_default_handler};
use std::{
    fs,
    io::{self, IsTerminal},
    thread,
};

/// Says how far a run came when it is interrupted, from now until the process ends; that it does by the signal, as without
/// this. Nothing is done where nobody sits at a terminal, and where the signal is ignored, as in the background of a
/// script. `keeps` says that a cache has the answers.
pub(super) fn watch(progress: &Progress, total: u64, keeps: bool) {
    if !io::stderr().is_terminal() || is_ignored() {
        return;
    }
    let clear = progress.clearing();
    // The signal is caught by the thread itself: where it cannot be had, Ctrl-C ends the process as ever.
    let work = move || {
        let Ok(mut signals) = Signals::new([SIGINT]) else { return };
        for signal in signals.forever() {
            let done = clear();
            if done < total {
                super::warn(&sentence(done, total, keeps));
            }
            let _ = emulate_default_handler(signal);
        }
    };
    let _ = thread::Builder::new().name("interruption".into()).spawn(work);
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
