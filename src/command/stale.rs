//! Counts verdicts that rest on answers older than `--max-age`, because the servers may not be asked now.

use super::warn;
use crate::verdict::Judged;
use std::{
    collections::BTreeSet,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// The count of such verdicts. All threads that judge share it.
#[derive(Debug, Default)]
pub(super) struct StaleCount(Mutex<StaleVerdicts>);

/// The number of such verdicts, and the servers.
#[derive(Debug, Default)]
struct StaleVerdicts {
    verdicts: u64,
    servers: BTreeSet<String>,
}

impl StaleCount {
    /// Adds a verdict.
    pub(super) fn add(&self, judged: &Judged) {
        if let Some(answer) = judged.answer().filter(|answer| answer.stale) {
            let mut stale = self.lock();
            stale.verdicts += 1;
            stale.servers.extend(answer.servers.last().cloned());
        }
    }

    /// Prints the warning, once.
    pub(super) fn tell(&self) {
        let StaleVerdicts { verdicts, servers } = &*self.lock();
        let servers: Vec<&str> = servers.iter().map(String::as_str).collect();
        let (servers, be) = (servers.join(", "), if servers.len() > 1 { "are" } else { "is" });
        match verdicts {
            0 => {}
            1 => warn(&format!(
                "the verdict uses an answer older than --max-age, because {servers} {be} held off"
            )),
            n => warn(&format!(
                "{n} verdicts use answers older than --max-age, because {servers} {be} held off"
            )),
        }
    }

    fn lock(&self) -> MutexGuard<'_, StaleVerdicts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
