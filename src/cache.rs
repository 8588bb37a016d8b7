//! The cache: what was asked once is remembered, and many processes share what they remember and how often they ask.
//!
//! Three rules. A failure is never kept as an answer. An answer is kept with the network that it describes *and*
//! with what it may be re-used for, which is often less ([`CachedAnswer::extent`]); the most specific extent that holds an
//! address answers. And no lock is ever held while a registry is waited for: who asks is written down with an
//! expiry ([`Coordinator::claim`]), so a process that dies leaves nothing locked.
//!
//! [`LayeredCache`] is what the rest of the program uses: it never fails. A cache that breaks costs one warning and speed.

mod body;
pub mod bulk;
#[cfg(test)]
mod contract;
mod draft_file;
mod extent;
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

pub use draft_file::DraftFile;
pub use holder::LeaseHolder;
pub use imported::{
    ImportedReader, ImportedScan, ImportedSource, PackedNetwork, UnpackedNetwork, imported_references,
};
pub use layered::{LayeredCache, open};
pub use location::{CacheEnv, CacheLocation, bases};
pub use memory::MemoryCache;
pub use redis::RedisCache;
pub use server::ServerNotes;
pub use sqlite::SqliteCache;

use crate::{
    address::{Network, Prefix},
    registry::Answer,
};
use jiff::{SignedDuration, Timestamp};
use std::{collections::BTreeMap, fmt, net::IpAddr, time::Duration};

/// An answer with what decides how far it may be re-used.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CachedAnswer {
    /// What the registry said.
    pub answer: Answer,
    /// The address that it was asked about.
    pub asked: IpAddr,
    /// The registry's own status says that nothing smaller can be registered inside the network.
    pub leaf: bool,
}

/// A part of what a cache keeps.
#[derive(Debug, Default)]
pub struct CachedPage {
    /// Answers, each with its number. Numbers grow with time.
    pub answers: Vec<(i64, CachedAnswer)>,
    /// Answers that cannot be unpacked: a look-up that finds one has none, and the wider networks are not asked in its
    /// stead.
    pub damaged: Vec<DamagedAnswer>,
    /// The number to go on behind; None where there is nothing more.
    pub last: Option<i64>,
}

/// What is known of an answer that cannot be unpacked.
#[derive(Clone, Copy, Debug)]
pub struct DamagedAnswer {
    /// Its number.
    pub id: i64,
    /// The addresses that it may serve, and the one that was asked about; None where that is damaged, too.
    pub extent: Option<(Network, IpAddr)>,
    /// When it came.
    pub fetched: Timestamp,
}

impl CachedAnswer {
    /// The addresses that this answer may serve; None when its own question does not lie in its network.
    #[must_use]
    pub fn extent(&self) -> Option<Network> {
        extent::reach(self.answer.record.network, self.asked, self.leaf)
    }
}

/// What a reader accepts.
#[derive(Clone, Copy, Debug)]
pub struct Freshness {
    /// The time.
    pub now: Timestamp,
    /// How old an answer may be. Imported data has no age: the next import replaces it.
    pub max_age: SignedDuration,
    /// `--share`: no answer serves more than this much around the address that was asked about.
    pub share: Option<(u8, u8)>,
}

impl Freshness {
    /// Whether an answer of that time is young enough. One from more than a day ahead was written by a clock that
    /// was wrong, and is as good as expired.
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
        // Of two prefixes that overlap one lies in the other.
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

/// Where a [`CacheHit`] lies.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum HitSource {
    /// In this process alone.
    Memory,
    /// In the cache proper.
    Cache,
    /// In this machine's own file, which stands in for a server that does not answer.
    Local,
    /// In a registry's imported data.
    Import,
}

/// A network that answers for an address. The answer itself is only unpacked when asked for ([`Store::answer`]):
/// a hook whose decision is remembered needs none of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct CacheHit {
    /// Where it lies.
    pub source: HitSource,
    /// Its number there; a network that is asked about anew gets a new one.
    pub id: i64,
    /// The block that holds the address: all of the extent, or the part of it that is a prefix.
    pub extent: Prefix,
    /// When the registry was asked.
    pub fetched: Timestamp,
    /// When it is too old for what the reader accepts. Imported data never is.
    pub expires: Timestamp,
    /// It is too old already.
    pub stale: bool,
}

/// What went wrong with a cache, in one sentence. It never decides a verdict.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CacheError {
    kind: CacheTrouble,
    message: String,
}

/// The kinds of trouble that are treated differently.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum CacheTrouble {
    /// The content makes no sense: it is set aside.
    Corrupt,
    /// It cannot be reached at all from here: no such folder, not permitted, read-only, written by a newer whodunit.
    Unusable,
    /// Anything that may be over in a moment: locked, full.
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

/// The result of everything that a cache does.
pub type CacheResult<T> = Result<T, CacheError>;

/// Answers: found, kept, and what was decided about them.
pub trait Store: Send + Sync {
    /// The most specific extent that holds the address and is what the reader accepts.
    ///
    /// # Errors
    /// When the cache cannot be read; so below.
    fn find(&self, address: IpAddr, freshness: &Freshness) -> CacheResult<Option<CacheHit>>;

    /// The same whatever its age, for an address whose server is held off.
    ///
    /// # Errors
    /// When the cache cannot be read.
    fn find_stale(&self, address: IpAddr, freshness: &Freshness) -> CacheResult<Option<CacheHit>>;

    /// The answer that was found, its source and staleness filled in; None when it was removed meanwhile.
    ///
    /// # Errors
    /// When the cache cannot be read, or what it holds cannot be unpacked.
    fn answer(&self, found: &CacheHit) -> CacheResult<Option<Answer>>;

    /// Remembers an answer. One that its own question does not lie in is not remembered.
    ///
    /// # Errors
    /// When the cache cannot be written.
    fn keep(&self, kept: &CachedAnswer) -> CacheResult<()>;

    /// What was decided about this network with patterns of this digest; `address` where the decision depends on it.
    ///
    /// # Errors
    /// When the cache cannot be read.
    fn recall(
        &self,
        found: &CacheHit,
        patterns: &[u8; 16],
        address: Option<IpAddr>,
    ) -> CacheResult<Option<Vec<u8>>>;

    /// Remembers a decision, for [`Store::recall`]. The bytes are the caller's own.
    ///
    /// # Errors
    /// When the cache cannot be written.
    fn remember(
        &self,
        found: &CacheHit,
        patterns: &[u8; 16],
        address: Option<IpAddr>,
        decision: &[u8],
    ) -> CacheResult<()>;
}

/// Manners: who asks, how often, and who may not be asked at all, over all processes.
pub trait Coordinator: Send + Sync {
    /// Takes one of `width` places at `what` until `until`, or renews it; false when all are taken. A place whose
    /// time has passed counts for nothing, so the dead hold up nobody for longer.
    ///
    /// # Errors
    /// When the cache cannot be read or written; so below.
    fn claim(
        &self,
        what: &str,
        width: u32,
        holder: LeaseHolder,
        now: Timestamp,
        until: Timestamp,
    ) -> CacheResult<bool>;

    /// Gives a place back.
    ///
    /// # Errors
    /// When the cache cannot be written.
    fn release(&self, what: &str, holder: LeaseHolder) -> CacheResult<()>;

    /// Gives a claim back with what is written next, where that saves something. Call [`Coordinator::flush`] where nothing
    /// else is going to be written at once.
    ///
    /// # Errors
    /// When the cache cannot be written.
    fn release_with_next_write(&self, what: &str, holder: LeaseHolder) -> CacheResult<()> {
        self.release(what, holder)
    }

    /// Writes what waits for the next write.
    ///
    /// # Errors
    /// When the cache cannot be written.
    fn flush(&self) -> CacheResult<()> {
        Ok(())
    }

    /// Books the next free moment for a question to this server, when questions come no closer together than
    /// `every`, and returns it. Later than `by`, it is returned and *not* booked: nobody would use it.
    ///
    /// # Errors
    /// When the cache cannot be read or written.
    fn pace(&self, server: &str, every: Duration, now: Timestamp, by: Timestamp) -> CacheResult<Timestamp>;

    /// Notes a denial: until when the server is to be left alone, longer each time, and no less than `least`.
    ///
    /// # Errors
    /// When the cache cannot be read or written.
    fn hold_off(&self, server: &str, now: Timestamp, least: Duration) -> CacheResult<Timestamp>;

    /// Until when the server is to be left alone, if it is.
    ///
    /// # Errors
    /// When the cache cannot be read.
    fn held_off(&self, server: &str, now: Timestamp) -> CacheResult<Option<Timestamp>>;
}

/// What is observed of servers from their answers, over all processes: how they close them, and whether they still say
/// anything. [`LayeredCache::learn_ending`] and [`LayeredCache::note_sense`] say what the notes mean.
pub trait Observations: Send + Sync {
    /// What is noted under a name.
    ///
    /// # Errors
    /// When the cache cannot be read.
    fn observed(&self, name: &str) -> CacheResult<ServerNotes>;

    /// Changes what is noted under a name, and returns what is noted then. `change` may be called more than once; where
    /// it changes nothing, nothing is written.
    ///
    /// # Errors
    /// When the cache cannot be read or written.
    fn observe(&self, name: &str, change: &dyn Fn(&mut ServerNotes)) -> CacheResult<ServerNotes>;
}

/// What `cache stats|list|forget|export` need.
pub trait Maintenance: Send + Sync {
    /// Counts and sizes.
    ///
    /// # Errors
    /// When the cache cannot be read; so below.
    fn stats(&self, now: Timestamp) -> CacheResult<CacheStats>;

    /// Shows what is kept, oldest question first, up to `limit` entries numbered above `after`. Imported data is not
    /// among it.
    ///
    /// # Errors
    /// When the cache cannot be read.
    fn list(&self, after: i64, limit: usize) -> CacheResult<CachedPage>;

    /// Keeps many answers at once.
    ///
    /// # Errors
    /// When the cache cannot be written.
    fn keep_all(&self, kept: &[CachedAnswer]) -> CacheResult<()>;

    /// Forgets every answer that may serve an address in `network`; with None everything, what is
    /// known of the servers too. Returns how many answers were forgotten.
    ///
    /// # Errors
    /// When the cache cannot be written.
    fn forget(&self, network: Option<&Network>) -> CacheResult<u64>;
}

/// The whole of a cache.
pub trait Cache: Store + Coordinator + Observations + Maintenance {
    /// What the user should be told once, such as a corrupt file that was set aside. Taken, not read.
    fn notice(&self) -> Option<String> {
        None
    }

    /// All extents, for a run over many addresses; None where that is too many, or not worth it.
    ///
    /// # Errors
    /// When the cache cannot be read.
    #[doc(hidden)]
    fn extents(&self) -> CacheResult<Option<ExtentList>> {
        Ok(None)
    }
}

/// The extents of a cache, as only caches make and read them.
#[derive(Debug)]
pub struct ExtentList(Vec<snapshot::ListedExtent>);

/// What `cache stats` says.
#[derive(Clone, Debug, Default, Eq, PartialEq, serde::Serialize)]
pub struct CacheStats {
    /// Answers kept.
    pub networks: u64,
    /// Bytes on disk, imported data included.
    pub bytes: u64,
    /// When the oldest answer was fetched.
    pub oldest: Option<Timestamp>,
    /// When the newest answer was fetched.
    pub newest: Option<Timestamp>,
    /// Servers that may not be asked now, and until when.
    pub held_off: BTreeMap<String, Timestamp>,
    /// Those of them that denied nothing, but answered with nothing about the networks asked.
    pub mute: BTreeMap<String, Timestamp>,
    /// Servers that close their answers with other words than expected, and until when that is known.
    pub unclosed: BTreeMap<String, Timestamp>,
    /// Networks in imported data.
    pub imported: u64,
}
