//! The table of origins for the rest of the program: it never fails. A fault in it costs one warning and the AS.

use super::{AddressOrigin, OriginError, OriginTable};
use crate::address::Prefix;
use jiff::{SignedDuration, Timestamp};
use std::{
    fs, io,
    net::IpAddr,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
};

/// How often a long-running process checks whether the table was replaced.
const LOOKED_AT: SignedDuration = SignedDuration::from_secs(1);

/// A table that is opened on first use. Many threads may use it at once.
pub struct OriginLookup {
    path: Option<PathBuf>,
    opened: RwLock<Option<OpenedTable>>,
    followed: Mutex<FollowState>,
}

/// The table as it was found; None if there is no usable one.
type OpenedTable = Option<Arc<OriginTable>>;

#[derive(Default)]
struct FollowState {
    /// The time of the last check of the path.
    looked: Option<Timestamp>,
    /// The file that was opened last, even if it was broken; None if there was none.
    opened: Option<FileIdentity>,
    /// A warning to print once.
    warning: Option<String>,
    warned: bool,
    /// The number of other files found at the path so far.
    changes: u64,
}

/// Identifies the file at a path. An inode number alone is soon reused for the next draft.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct FileIdentity {
    inode: (u64, u64),
    modified: (i64, i64),
    length: u64,
}

impl FileIdentity {
    /// The identity of the file at this path; None if there is none.
    fn at(path: &Path) -> io::Result<Option<Self>> {
        match fs::metadata(path) {
            Ok(meta) => Ok(Some(Self {
                inode: (meta.dev(), meta.ino()),
                modified: (meta.mtime(), meta.mtime_nsec()),
                length: meta.len(),
            })),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl OriginLookup {
    /// The table at this path; with None there is none.
    #[must_use]
    pub fn new(path: Option<PathBuf>) -> Self {
        Self { path, opened: RwLock::default(), followed: Mutex::default() }
    }

    /// The path of the table, whether it exists or not.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// Whether there is a usable table.
    #[must_use]
    pub fn is_there(&self) -> bool {
        self.table().is_some()
    }

    /// Whether there is no table; false if there is one that cannot be used.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        !self.is_there() && !self.followed().warned
    }

    /// The table; None if there is no usable one.
    #[must_use]
    pub fn table(&self) -> Option<Arc<OriginTable>> {
        if let Some(opened) = &*self.opened.read().unwrap_or_else(PoisonError::into_inner) {
            return opened.clone();
        }
        let mut slot = self.opened.write().unwrap_or_else(PoisonError::into_inner);
        slot.get_or_insert_with(|| self.open()).clone()
    }

    /// The entry for an address.
    #[must_use]
    pub fn find(&self, address: IpAddr) -> Option<AddressOrigin> {
        self.table()?.look_up(address).unwrap_or_else(|error| {
            self.fail(&error);
            None
        })
    }

    /// A prefix around the address that has one result of [`OriginLookup::find`].
    #[must_use]
    pub fn scope(&self, address: IpAddr) -> Prefix {
        let Some(table) = self.table() else { return Prefix::around(address, 0, 0) };
        table.scope(address).unwrap_or_else(|error| {
            self.fail(&error);
            Prefix::around(address, 32, 128)
        })
    }

    /// Reads the table into memory, for a run over many addresses.
    pub fn load(&self) {
        let Some(table) = self.table() else { return };
        if table.is_in_memory() {
            return;
        }
        let loaded = match table.load() {
            Ok(loaded) => Some(Arc::new(loaded)),
            Err(error) => {
                self.fail(&error);
                None
            }
        };
        *self.opened.write().unwrap_or_else(PoisonError::into_inner) = Some(loaded);
    }

    /// Loads a table that was imported meanwhile, and drops one that was removed: for a long-running process.
    pub fn follow(&self, now: Timestamp) {
        let Some(path) = &self.path else { return };
        let mut state = self.followed();
        if state.looked.is_some_and(|looked| now.duration_since(looked).abs() < LOOKED_AT) {
            return;
        }
        state.looked = Some(now);
        // If the path cannot be checked now, the table in memory stays in use.
        if FileIdentity::at(path).is_ok_and(|there| there != state.opened) {
            // A fault in this table was not reported yet.
            state.warned = false;
            state.changes += 1;
            drop(state);
            *self.opened.write().unwrap_or_else(PoisonError::into_inner) = None;
            self.load();
        }
    }

    /// How often [`OriginLookup::follow`] has found another table. Decisions before the last one are in doubt.
    #[must_use]
    pub fn changes(&self) -> u64 {
        self.followed().changes
    }

    /// A warning for the user. It is given once, then cleared.
    #[must_use]
    pub fn warning(&self) -> Option<String> {
        self.followed().warning.take()
    }

    fn open(&self) -> OpenedTable {
        let path = self.path.as_deref()?;
        // The identity is read first, so that a table that replaces this one meanwhile is noticed the next time.
        self.followed().opened = FileIdentity::at(path).unwrap_or_default();
        OriginTable::open(path).map(|table| table.map(Arc::new)).unwrap_or_else(|error| {
            self.fail(&error);
            None
        })
    }

    /// A failed table is not read again until it is replaced.
    fn fail(&self, error: &OriginError) {
        let mut state = self.followed();
        if !state.warned {
            state.warned = true;
            state.warning = Some(format!("{error}; going on without it"));
        }
    }

    fn followed(&self) -> MutexGuard<'_, FollowState> {
        self.followed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::origin::TableBuilder;

    fn write(path: &Path, asn: u32) {
        let mut builder = TableBuilder::new();
        let network: Prefix = "203.0.112.0/22".parse().unwrap();
        builder.add(network.into(), &[asn], None).unwrap();
        let new = path.with_extension("new");
        fs::write(&new, builder.finish(Timestamp::UNIX_EPOCH).unwrap().0).unwrap();
        fs::rename(new, path).unwrap();
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    fn numbers(lookup: &OriginLookup) -> Vec<u32> {
        lookup.find("203.0.113.7".parse().unwrap()).map(|found| found.origin.asn).unwrap_or_default()
    }

    #[test]
    fn a_new_table_is_taken_up_and_a_broken_one_said_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cache.db-origin");
        let lookup = OriginLookup::new(Some(path.clone()));
        lookup.follow(at(0));
        assert!(!lookup.is_there() && lookup.warning().is_none(), "no table is nothing to be told");
        write(&path, 64500);
        lookup.follow(at(0));
        assert!(numbers(&lookup).is_empty(), "it was looked at in this second");
        lookup.follow(at(1));
        assert_eq!(numbers(&lookup), [64500]);
        write(&path, 64501);
        assert_eq!(numbers(&lookup), [64500]);
        lookup.follow(at(2));
        assert_eq!(numbers(&lookup), [64501]);
        fs::write(path.with_extension("new"), "no table").unwrap();
        fs::rename(path.with_extension("new"), &path).unwrap();
        for second in 3..6 {
            lookup.follow(at(second));
            assert!(numbers(&lookup).is_empty());
        }
        assert!(
            lookup
                .warning()
                .unwrap()
                .ends_with("is not a table of origins: import one again; going on without it")
        );
        assert_eq!(lookup.warning(), None);
        write(&path, 64502);
        lookup.follow(at(7));
        assert_eq!(numbers(&lookup), [64502]);
        fs::remove_file(&path).unwrap();
        lookup.follow(at(8));
        assert!(numbers(&lookup).is_empty() && lookup.warning().is_none() && lookup.is_missing());
        assert!(numbers(&OriginLookup::new(None)).is_empty());
    }

    #[test]
    fn a_table_that_lies_where_the_former_one_lay_on_the_disk_is_another() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cache.db-origin");
        let lookup = OriginLookup::new(Some(path.clone()));
        write(&path, 64500);
        lookup.load();
        let inode = fs::metadata(&path).unwrap().ino();
        // Some file systems give the number of a removed file to the next one.
        let other = folder.path().join("other");
        write(&other, 64501);
        fs::write(&path, fs::read(other).unwrap()).unwrap();
        fs::File::options().write(true).open(&path).unwrap().set_modified(std::time::UNIX_EPOCH).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().ino(), inode);
        lookup.follow(at(1));
        assert_eq!(numbers(&lookup), [64501]);
    }

    #[test]
    fn a_broken_table_is_read_once_and_each_broken_one_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cache.db-origin");
        let lookup = OriginLookup::new(Some(path.clone()));
        for (second, content) in [(1, "no table"), (2, "another that is none")] {
            fs::write(&path, content).unwrap();
            lookup.follow(at(second * 10));
            assert!(lookup.warning().is_some(), "{content}");
            lookup.follow(at(second * 10 + 5));
            assert!(lookup.warning().is_none() && !lookup.is_missing(), "{content}");
        }
    }
}
