//! Counts verdicts that rest on answers older than `--max-age`, because the servers may not be asked now.

use super::warn;
use crate::verdict::Judged;
use std::collections::BTreeSet;

/// The number of such verdicts, and the servers.
#[derive(Debug, Default)]
pub(super) struct StaleCount {
    verdicts: u64,
    servers: BTreeSet<String>,
}

impl StaleCount {
    /// Adds a verdict.
    pub(super) fn add(&mut self, judged: &Judged) {
        if let Some(answer) = judged.answer().filter(|answer| answer.stale) {
            self.verdicts += 1;
            self.servers.extend(answer.servers.last().cloned());
        }
    }

    /// Prints the warning, once.
    pub(super) fn tell(&self) {
        let servers: Vec<&str> = self.servers.iter().map(String::as_str).collect();
        let (servers, be) = (servers.join(", "), if self.servers.len() > 1 { "are" } else { "is" });
        match self.verdicts {
            0 => {}
            1 => warn(&format!(
                "the verdict uses an answer older than --max-age, because {servers} {be} held off"
            )),
            n => warn(&format!(
                "{n} verdicts use answers older than --max-age, because {servers} {be} held off"
            )),
        }
    }
}
