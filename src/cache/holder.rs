//! The holder of a lease, and whether its process is still running.

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
/// Bits that tell the holders of one process apart.
const CHANCE: u32 = 25;
/// Bits that identify where the process runs. With the others they fill a positive integer of SQLite's.
const SYSTEM: u32 = 16;

/// Holds a lease: one per lookup, and unique across all machines. It names its process, so that a process that was
/// killed during a question, as hooks are, holds up nobody.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct LeaseHolder(u64);

impl LeaseHolder {
    /// A new holder, unlike any other.
    #[must_use]
    pub fn unique() -> Self {
        Self::of(std::process::id())
    }

    /// A holder for a process on this machine.
    pub(super) fn of(pid: u32) -> Self {
        // The system keys this anew for each process, and counts on within it.
        let chance = RandomState::new().build_hasher().finish();
        let system = low(system(), SYSTEM) << (PID + CHANCE);
        Self(system | low(chance, CHANCE) << PID | low(pid.into(), PID))
    }

    /// Reads the stored number.
    pub(super) fn from_integer(number: i64) -> Self {
        Self(u64::try_from(number).unwrap_or_default())
    }

    /// The number, for storage.
    pub(super) fn as_integer(self) -> i64 {
        i64::try_from(self.0).unwrap_or(i64::MAX)
    }

    /// Whether the process is known to have ended. A process on another machine or in another container cannot be
    /// checked; it counts as running until its lease expires. So does a new process that has got the old one's number.
    pub(super) fn is_gone(self) -> bool {
        let here = low(self.0 >> (PID + CHANCE), SYSTEM);
        let pid = i32::try_from(low(self.0, PID)).ok().and_then(Pid::from_raw);
        // EPERM comes from a process of another user, which exists.
        here != 0
            && here == low(system(), SYSTEM)
            && low(self.0, PID) != low(std::process::id().into(), PID)
            && pid.is_some_and(|pid| test_kill_process(pid) == Err(Errno::SRCH))
    }
}

/// The lowest bits of a value.
fn low(value: u64, bits: u32) -> u64 {
    value & ((1 << bits) - 1)
}

/// Identifies where process numbers mean the same as here: this boot of this machine, and this PID namespace. 0 if that
/// cannot be found.
fn system() -> u64 {
    static SYSTEM: OnceLock<u64> = OnceLock::new();
    *SYSTEM.get_or_init(|| {
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
        // Nothing is known of a process on another machine.
        let elsewhere = LeaseHolder(of_child.0 ^ 1 << (PID + CHANCE));
        assert!(!elsewhere.is_gone());
        assert_eq!(LeaseHolder::from_integer(of_child.as_integer()), of_child);
    }
}
