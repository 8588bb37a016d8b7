//! The cache: answers that were fetched once are kept, and many processes share them, and the limits on how often they
//! ask.
//!
//! There are three rules. A failure is never kept as an answer. An answer is kept with the network that it describes
//! *and* with the addresses that it may serve, which are often fewer ([`CachedAnswer::extent`]); the most specific
//! extent that holds an address answers. And no lock is held during a query to a registry: the asking process takes a
//! lease with an expiry ([`Coordinator::claim`]), so a process that dies leaves nothing locked.
//!
//! The rest of the program uses [`LayeredCache`], which never fails. A broken cache costs one warning and some speed.

mod body;
pub mod bulk;
#[cfg(test)]
mod contract;
mod draft_file;
mod extent;
mod flat;
mod holder;
mod imported;
mod layer;
mod layered;
mod location;
mod memory;
mod observed;
mod redis;
mod server;
mod snapshot;
mod sqlite;
mod turn;

pub use draft_file::DraftFile;
pub use holder::LeaseHolder;
pub use imported::{ImportedReader, ImportedScan, ImportedSource, PackedNetwork, imported_references};
pub use layered::{LayeredCache, open};
pub use location::{CacheEnv, CacheLocation, bases};
pub use memory::MemoryCache;
pub use redis::RedisCache;
pub use server::ServerNotes;
pub use sqlite::SqliteCache;
pub use turn::{TurnOutcome, TurnRequest};

use crate::{
    address::{Network, Prefix},
    registry::Answer,
};
use jiff::{SignedDuration, Timestamp};
use std::{collections::BTreeMap, fmt, net::IpAddr, time::Duration};

/// An answer, and the facts that limit how far it may be used again.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CachedAnswer {
    /// The registry's answer.
    pub answer: Answer,
    /// The address that the registry was asked about.
    pub asked: IpAddr,
    /// True if the registry's own status says that no smaller network can be registered inside.
    pub leaf: bool,
}

/// One page of a cache's answers.
#[derive(Debug, Default)]
pub struct CachedPage {
    /// Answers, each with its number. Numbers grow with time.
    pub answers: Vec<(i64, CachedAnswer)>,
    /// Answers that cannot be unpacked. A look-up that finds one has no answer, and does not fall back to a wider
    /// network.
    pub damaged: Vec<DamagedAnswer>,
    /// The number after which to continue; None at the end.
    pub last: Option<i64>,
}

/// The known facts about an answer that cannot be unpacked.
#[derive(Clone, Copy, Debug)]
pub struct DamagedAnswer {
    /// Its number.
    pub id: i64,
    /// The addresses that it may serve, and the address that was asked about; None if these are damaged too.
    pub extent: Option<(Network, IpAddr)>,
    /// The time of fetching.
    pub fetched: Timestamp,
}

impl CachedAnswer {
    /// The addresses that this answer may serve; None if its network does not hold the address that was asked about.
    #[must_use]
    pub fn extent(&self) -> Option<Network> {
        extent::reach(self.answer.record.network, self.asked, self.leaf)
    }
}

/// The limits that a reader sets.
#[derive(Clone, Copy, Debug)]
pub struct Freshness {
    /// The current time.
    pub now: Timestamp,
    /// The greatest age of an answer. Imported data has no age: the next import replaces it.
    pub max_age: SignedDuration,
    /// `--share`: the prefix lengths (IPv4, IPv6) around the address asked about, beyond which its answer does not
    /// serve.
    pub share: Option<(u8, u8)>,
}

impl Freshness {
    /// Whether an answer fetched at that time is fresh enough. A time more than a day ahead came from a wrong clock,
    /// and counts as expired.
    #[must_use]
    pub fn is_fresh(&self, fetched: Timestamp) -> bool {
        let age = self.now.duration_since(fetched);
        age < self.max_age && age > SignedDuration::from_hours(-24)
    }

    /// The part of a cached prefix that an answer about `asked` may serve.
    #[must_use]
    pub fn served(&self, prefix: Prefix, asked: IpAddr) -> Option<Prefix> {
        let Some((v4, v6)) = self.share else { return Some(prefix) };
        let cap = Prefix::around(asked, v4, v6);
        // If two prefixes overlap, one contains the other.
        if cap.length() <= prefix.length() {
            cap.contains(prefix.first()).then_some(prefix)
        } else {
            prefix.contains(cap.first()).then_some(cap)
        }
    }

    /// Whether `--share` lets an answer about `asked` serve `address`.
    fn shares(&self, asked: IpAddr, address: IpAddr) -> bool {
        self.share.is_none_or(|(v4, v6)| Prefix::around(asked, v4, v6).contains(address))
    }
}

/// The source of a [`CacheHit`].
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum HitSource {
    /// In this process alone.
    Memory,
    /// In the cache proper.
    Cache,
    /// In this machine's own file, which replaces a server that does not answer.
    Local,
    /// In a registry's imported data.
    Import,
}

/// A network that answers for an address. The answer itself is only unpacked on request ([`Store::answer`]): a hook
/// that has a stored decision does not need it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct CacheHit {
    /// Its source.
    pub source: HitSource,
    /// Its number there. A network that is asked about again gets a new one.
    pub id: i64,
    /// The block that holds the address: all of the extent, or the prefix of it that holds the address.
    pub extent: Prefix,
    /// The time when the registry was asked.
    pub fetched: Timestamp,
    /// The time when it becomes too old for the reader's limits. Imported data never does.
    pub expires: Timestamp,
    /// It is already too old.
    pub stale: bool,
}

/// A failure of a cache, in one sentence. It never decides a verdict.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CacheError {
    kind: CacheTrouble,
    message: String,
}

/// The kinds of failure that are treated differently.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum CacheTrouble {
    /// The content is damaged, and is set aside.
    Corrupt,
    /// It cannot be used at all: no such folder, not permitted, read-only, or written by a newer whodunit.
    Unusable,
    /// It may be over in a moment: locked, or disk full.
    Passing,
}

impl CacheError {
    pub(crate) fn new(kind: CacheTrouble, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }

    pub(crate) fn kind(&self) -> CacheTrouble {
        self.kind
    }
}

impl fmt::Display for CacheError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for CacheError {}

/// The result of every cache operation.
pub type CacheResult<T> = Result<T, CacheError>;

/// Answers: found, kept, and the decisions about them.
pub trait Store: Send + Sync {
    /// The most specific extent that holds the address and that the reader accepts.
    ///
    /// # Errors
    /// The cache cannot be read.
    fn find(&self, address: IpAddr, freshness: &Freshness) -> CacheResult<Option<CacheHit>>;

    /// A prefix around the address that no extent divides, so that [`Store::find`] finds the same for all its
    /// addresses. It is the address itself if the cache cannot tell.
    ///
    /// # Errors
    /// The cache cannot be read.
    fn scope(&self, address: IpAddr) -> CacheResult<Prefix> {
        Ok(extent::start(address))
    }

    /// The same whatever its age, for an address whose server is held off.
    ///
    /// # Errors
    /// The cache cannot be read.
    fn find_stale(&self, address: IpAddr, freshness: &Freshness) -> CacheResult<Option<CacheHit>>;

    /// The answer of a hit, with its source and staleness filled in; None if it was removed meanwhile.
    ///
    /// # Errors
    /// The cache cannot be read, or its content cannot be unpacked.
    fn answer(&self, found: &CacheHit) -> CacheResult<Option<Answer>>;

    /// Stores an answer. It is dropped if its network does not hold the address that was asked about.
    ///
    /// # Errors
    /// The cache cannot be written.
    fn keep(&self, kept: &CachedAnswer) -> CacheResult<()>;

    /// The same with the next write, if that saves a transaction: see [`Coordinator::flush`].
    ///
    /// # Errors
    /// The cache cannot be written.
    fn keep_with_next_write(&self, kept: &CachedAnswer) -> CacheResult<()> {
        self.keep(kept)
    }

    /// The decision about this network by patterns of this digest; `address` is given if the decision depends on it.
    ///
    /// # Errors
    /// The cache cannot be read.
    fn recall(
        &self,
        found: &CacheHit,
        patterns: &[u8; 16],
        address: Option<IpAddr>,
    ) -> CacheResult<Option<Vec<u8>>>;

    /// Stores a decision, for [`Store::recall`]. Only the caller knows the meaning of the bytes.
    ///
    /// # Errors
    /// The cache cannot be written.
    fn remember(
        &self,
        found: &CacheHit,
        patterns: &[u8; 16],
        address: Option<IpAddr>,
        decision: &[u8],
    ) -> CacheResult<()>;
}

/// Coordinates all processes: which of them asks, how often, and which servers may not be asked.
pub trait Coordinator: Send + Sync {
    /// Takes or renews one of `width` leases on `what`, which lasts until `until`; false if all are taken. An expired
    /// lease does not count, so a dead process holds up nobody for longer.
    ///
    /// # Errors
    /// The cache cannot be read or written.
    fn claim(
        &self,
        what: &str,
        width: u32,
        holder: LeaseHolder,
        now: Timestamp,
        until: Timestamp,
    ) -> CacheResult<bool>;

    /// Releases a lease.
    ///
    /// # Errors
    /// The cache cannot be written.
    fn release(&self, what: &str, holder: LeaseHolder) -> CacheResult<()>;

    /// Releases a lease together with the next write, if that saves a transaction. Call [`Coordinator::flush`] if no
    /// write follows at once.
    ///
    /// # Errors
    /// The cache cannot be written.
    fn release_with_next_write(&self, what: &str, holder: LeaseHolder) -> CacheResult<()> {
        self.release(what, holder)
    }

    /// Makes the writes that wait for the next one.
    ///
    /// # Errors
    /// The cache cannot be written.
    fn flush(&self) -> CacheResult<()> {
        Ok(())
    }

    /// Books the next free time for a query to this server, at least `every` after the one before, and returns it. A
    /// time later than `by` is returned and *not* booked, because nobody would use it.
    ///
    /// # Errors
    /// The cache cannot be read or written.
    fn pace(&self, server: &str, every: Duration, now: Timestamp, by: Timestamp) -> CacheResult<Timestamp>;

    /// Notes a denial, and returns the end of the hold-off. Each one is longer than the last, and no shorter than
    /// `least`.
    ///
    /// # Errors
    /// The cache cannot be read or written.
    fn hold_off(&self, server: &str, now: Timestamp, least: Duration) -> CacheResult<Timestamp>;

    /// The end of the server's hold-off; None if it may be asked.
    ///
    /// # Errors
    /// The cache cannot be read.
    fn held_off(&self, server: &str, now: Timestamp) -> CacheResult<Option<Timestamp>>;
}

/// Observations of servers from their answers, shared by all processes: how they close them, and whether they still say
/// anything. [`LayeredCache::learn_ending`] and [`LayeredCache::note_sense`] explain the notes.
pub trait Observations: Send + Sync {
    /// The notes under a name.
    ///
    /// # Errors
    /// The cache cannot be read.
    fn observed(&self, name: &str) -> CacheResult<ServerNotes>;

    /// Changes the notes under a name, and returns the new ones. `change` may be called more than once. If it changes
    /// nothing, nothing is written.
    ///
    /// # Errors
    /// The cache cannot be read or written.
    fn observe(&self, name: &str, change: &dyn Fn(&mut ServerNotes)) -> CacheResult<ServerNotes>;

    /// Removes the notes under a name, with the next write if that saves a transaction: see [`Coordinator::flush`].
    ///
    /// # Errors
    /// The cache cannot be read or written.
    fn clear_with_next_write(&self, name: &str) -> CacheResult<()> {
        self.observe(name, &|notes| *notes = ServerNotes::default()).map(drop)
    }
}

/// The operations of `cache stats|list|forget|export`.
pub trait Maintenance: Send + Sync {
    /// Counts and sizes.
    ///
    /// # Errors
    /// The cache cannot be read.
    fn stats(&self, now: Timestamp) -> CacheResult<CacheStats>;

    /// Lists up to `limit` answers with numbers above `after`, oldest question first. Imported data is not included.
    ///
    /// # Errors
    /// The cache cannot be read.
    fn list(&self, after: i64, limit: usize) -> CacheResult<CachedPage>;

    /// Keeps many answers at once.
    ///
    /// # Errors
    /// The cache cannot be written.
    fn keep_all(&self, kept: &[CachedAnswer]) -> CacheResult<()>;

    /// Removes every answer that may serve an address in `network`; with None everything, including the notes on
    /// servers. Returns the number of answers removed.
    ///
    /// # Errors
    /// The cache cannot be written.
    fn forget(&self, network: Option<&Network>) -> CacheResult<u64>;
}

/// All that a cache must provide.
pub trait Cache: Store + Coordinator + Observations + Maintenance {
    /// A notice for the user, such as a corrupt file that was set aside. It is given once, then cleared.
    fn notice(&self) -> Option<String> {
        None
    }

    /// All extents, for a run over many addresses; None if they are too many or not worth it.
    ///
    /// # Errors
    /// The cache cannot be read.
    #[doc(hidden)]
    fn extents(&self) -> CacheResult<Option<ExtentList>> {
        Ok(None)
    }

    /// Checks and claims everything for one query at once; None if the cache can only do it step by step.
    ///
    /// # Errors
    /// The cache cannot be read or written.
    fn take_turn(&self, _: &TurnRequest) -> CacheResult<Option<TurnOutcome>> {
        Ok(None)
    }
}

/// The extents of a cache. Only caches make and read them.
#[derive(Debug)]
pub struct ExtentList(Vec<snapshot::ListedExtent>);

/// The figures of `cache stats`.
#[derive(Clone, Debug, Default, Eq, PartialEq, serde::Serialize)]
pub struct CacheStats {
    /// The number of answers.
    pub networks: u64,
    /// Bytes on disk, including imported data.
    pub bytes: u64,
    /// When the oldest answer was fetched.
    pub oldest: Option<Timestamp>,
    /// When the newest answer was fetched.
    pub newest: Option<Timestamp>,
    /// Servers that may not be asked now, and the end of each hold-off.
    pub held_off: BTreeMap<String, Timestamp>,
    /// Those of them that denied nothing, but answered with nothing about the networks asked.
    pub mute: BTreeMap<String, Timestamp>,
    /// Servers that close their answers with other words than expected, and the end of each observation.
    pub unclosed: BTreeMap<String, Timestamp>,
    /// Networks in imported data.
    pub imported: u64,
}
