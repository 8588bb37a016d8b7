//! Who holds a claim, and whether he is still there.

use rustix::{
    io::Errno,
    process::{Pid, test_kill_process},
};
use std::{
    fs,
    hash::{BuildHasher, Hasher, RandomState},
    sync::OnceLock,
};

/// Bits of a process's number (Linux' PID_MAX_LIMIT is 4,194,304).
const PID: u32 = 22;
/// Bits that tell one process's holders apart.
const CHANCE: u32 = 25;
/// Bits that say where the process runs. With the others they fill a positive integer of SQLite's.
const PLACE: u32 = 16;

/// Who holds a claim: one per lookup, never two alike, on however many machines. It says which process it is of, so
/// that one that was killed in the middle of a question, as hooks are, holds nobody up.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct LeaseHolder(u64);

impl LeaseHolder {
    /// A holder unlike any other.
    #[must_use]
    pub fn unique() -> Self {
        Self::of(std::process::id())
    }

    /// A holder of a process here.
    pub(super) fn of(pid: u32) -> Self {
        // Keyed anew by the system for each process, and counted on within it.
        let chance = RandomState::new().build_hasher().finish();
        let place = low(place(), PLACE) << (PID + CHANCE);
        Self(place | low(chance, CHANCE) << PID | low(pid.into(), PID))
    }

    /// Reads the stored number.
    pub(super) fn from_integer(number: i64) -> Self {
        Self(u64::try_from(number).unwrap_or_default())
    }

    /// The number, for storage.
    pub(super) fn as_integer(self) -> i64 {
        i64::try_from(self.0).unwrap_or(i64::MAX)
    }

    /// Whether the process is known to have ended. One on another machine, or behind the wall of a container, cannot
    /// be looked at, and is believed to be there until its time is up; so is whoever has got its number since.
    pub(super) fn is_gone(self) -> bool {
        let here = low(self.0 >> (PID + CHANCE), PLACE);
        let pid = i32::try_from(low(self.0, PID)).ok().and_then(Pid::from_raw);
        // A process of another user answers with EPERM, and is there.
        here != 0
            && here == low(place(), PLACE)
            && low(self.0, PID) != low(std::process::id().into(), PID)
            && pid.is_some_and(|pid| test_kill_process(pid) == Err(Errno::SRCH))
    }
}

/// The lowest bits of a value.
fn low(value: u64, bits: u32) -> u64 {
    value & ((1 << bits) - 1)
}

/// Where processes' numbers mean the same as here: this boot of this machine, and this namespace of numbers. 0 where
/// that cannot be told.
fn place() -> u64 {
    static PLACE: OnceLock<u64> = OnceLock::new();
    *PLACE.get_or_init(|| {
        let boot = fs::read("/proc/sys/kernel/random/boot_id").ok();
        let names = fs::read_link("/proc/self/ns/pid").ok();
        boot.zip(names).map_or(0, |(mut boot, names)| {
            boot.extend_from_slice(names.as_os_str().as_encoded_bytes());
            xxhash_rust::xxh3::xxh3_64(&boot)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::{Command, Stdio};

    #[test]
    fn a_process_that_has_ended_is_gone_and_no_other() {
        let mut child = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
        let of_child = LeaseHolder::of(child.id());
        assert!(!of_child.is_gone());
        drop(child.stdin.take());
        child.wait().unwrap();
        assert!(of_child.is_gone());
        assert!(!LeaseHolder::unique().is_gone());
        assert_ne!(LeaseHolder::unique(), LeaseHolder::unique());
        // Of another machine nothing is known.
        let elsewhere = LeaseHolder(of_child.0 ^ 1 << (PID + CHANCE));
        assert!(!elsewhere.is_gone());
        assert_eq!(LeaseHolder::from_integer(of_child.as_integer()), of_child);
    }
}
