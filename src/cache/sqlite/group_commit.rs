//! Group commit: writes of several threads in one transaction.
//!
//! A transaction costs about 130 µs of processor time, whatever it writes, and a cold look-up makes five of them.
//! Threads that look up many addresses want to write at the same moments, so the thread that gets the file writes for
//! all that wait. Nothing changes for other processes: when a write returns, it is in the file.

use super::{SqliteCache, SqliteResult, in_transaction};
use crate::cache::{CacheError, CacheResult, CacheTrouble, Coordinator};
use rusqlite::Connection;
use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

/// The writes that wait for the file.
#[derive(Default)]
pub(super) struct GroupCommit {
    waiting: Mutex<Vec<Arc<dyn QueuedWrite>>>,
}

/// A write that any thread can make.
trait QueuedWrite: Send + Sync {
    fn run(&self, connection: &Connection) -> SqliteResult<()>;
    fn fail(&self, error: CacheError);
}

/// A write and, once it was made, its result.
struct TypedWrite<T, W> {
    work: W,
    result: Mutex<Option<CacheResult<T>>>,
}

impl<T, W> TypedWrite<T, W> {
    fn set(&self, result: CacheResult<T>) {
        *self.result.lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
    }

    fn take(&self) -> Option<CacheResult<T>> {
        self.result.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl<T: Send, W: Fn(&Connection) -> SqliteResult<T> + Send + Sync> QueuedWrite for TypedWrite<T, W> {
    fn run(&self, connection: &Connection) -> SqliteResult<()> {
        self.set(Ok((self.work)(connection)?));
        Ok(())
    }

    fn fail(&self, error: CacheError) {
        self.set(Err(error));
    }
}

impl GroupCommit {
    fn add(&self, write: Arc<dyn QueuedWrite>) {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).push(write);
    }

    fn take(&self) -> Vec<Arc<dyn QueuedWrite>> {
        std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl SqliteCache {
    /// Queues `work` to run with the next write, by whichever thread makes it.
    pub(super) fn write_later<T: Send + 'static>(
        &self,
        work: impl Fn(&Connection) -> SqliteResult<T> + Send + Sync + 'static,
    ) {
        self.group.add(Arc::new(TypedWrite { work, result: Mutex::new(None) }));
    }

    /// Whether anything waits to be written.
    pub(super) fn has_writes_waiting(&self) -> bool {
        !self.group.waiting.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// Runs `work` in a write transaction, together with the writes of other threads. Each sees the writes before it.
    /// An error is the file's, so it is the same for all.
    pub(super) fn write_together<T: Send + 'static>(
        &self,
        work: impl Fn(&Connection) -> SqliteResult<T> + Send + Sync + 'static,
    ) -> CacheResult<T> {
        let write = Arc::new(TypedWrite { work, result: Mutex::new(None) });
        self.group.add(Arc::clone(&write) as Arc<dyn QueuedWrite>);
        self.with_inner(|inner| {
            // The thread that had the file before has written for this thread too.
            if let Some(result) = write.take() {
                return result;
            }
            let batch = self.group.take();
            let all = |connection: &Connection| batch.iter().try_for_each(|write| write.run(connection));
            if let Err(error) = self.with_file(inner, |connection| in_transaction(connection, all)) {
                batch.iter().for_each(|write| write.fail(error.clone()));
            }
            let lost = || CacheError::new(CacheTrouble::Passing, "a write to the cache was lost");
            write.take().unwrap_or_else(|| Err(lost()))
        })
    }
}

impl Drop for SqliteCache {
    /// Makes the waiting writes, because no other write will follow.
    fn drop(&mut self) {
        let _ = self.flush();
    }
}

impl fmt::Debug for GroupCommit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GroupCommit").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::{Cache, LeaseHolder, TurnOutcome, TurnRequest};
    use jiff::{SignedDuration, Timestamp};
    use std::{fs, path::Path, thread};
    use tempfile::TempDir;

    /// The number of transactions that have changed the file: its header's change counter (SQLite's file format,
    /// 1.3.9).
    fn transactions(path: &Path) -> u32 {
        let header = fs::read(path).unwrap();
        u32::from_be_bytes(header[24..28].try_into().unwrap())
    }

    fn now() -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_hours(500_000)
    }

    fn until() -> Timestamp {
        now() + SignedDuration::from_secs(9)
    }

    fn open(folder: &TempDir) -> SqliteCache {
        SqliteCache::open(&folder.path().join("cache.db"), now()).unwrap()
    }

    #[test]
    fn what_waits_for_the_file_is_written_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let (cache, path) = (open(&folder), folder.path().join("cache.db"));
        let (now, until) = (now(), until());
        let claim = |what: &str| cache.claim(what, 1, LeaseHolder::unique(), now, until).unwrap();
        assert!(claim("first"));
        let before = transactions(&path);
        // Two threads want each of eight leases. The file is locked until all of them wait.
        let got: Vec<bool> = thread::scope(|scope| {
            let write = |n: u32| {
                let cache = &cache;
                move || {
                    let what = (n / 2).to_string();
                    cache.write_together(move |connection| {
                        let sql = "INSERT OR IGNORE INTO claim1 VALUES (?1, 1, 0, 0)";
                        Ok(connection.execute(sql, [&what])? == 1)
                    })
                }
            };
            let threads = cache.with_inner(|_| {
                let threads: Vec<_> = (0..16).map(|n| scope.spawn(write(n))).collect();
                while cache.group.waiting.lock().unwrap().len() < 16 {
                    thread::yield_now();
                }
                Ok(threads)
            });
            threads.unwrap().into_iter().map(|thread| thread.join().unwrap().unwrap()).collect()
        });
        assert_eq!(got.iter().filter(|got| **got).count(), 8, "one of two each");
        assert_eq!(transactions(&path) - before, 1);
    }

    #[test]
    fn a_claim_given_back_later_is_free_with_the_next_write() {
        let folder = tempfile::tempdir().unwrap();
        let (mine, another, path) = (open(&folder), open(&folder), folder.path().join("cache.db"));
        let (holder, now, until) = (LeaseHolder::unique(), now(), until());
        let other = || another.claim("one", 1, LeaseHolder::unique(), now, until).unwrap();
        assert!(mine.claim("one", 1, holder, now, until).unwrap());
        let before = transactions(&path);
        mine.release_with_next_write("one", holder).unwrap();
        assert_eq!(transactions(&path), before, "nothing is written for it alone");
        assert!(!other());
        mine.flush().unwrap();
        assert!(other());
        let before = transactions(&path);
        mine.flush().unwrap();
        assert_eq!(transactions(&path), before, "and nothing where nothing waits");
    }

    #[test]
    fn who_waits_for_a_claim_gives_back_what_it_has_done_with() {
        let folder = tempfile::tempdir().unwrap();
        let (mine, another, now, until) = (open(&folder), open(&folder), now(), until());
        let (holder, other) = (LeaseHolder::unique(), LeaseHolder::unique());
        let claim = |what: &str| mine.claim(what, 1, holder, now, until).unwrap();
        let turn = |area: &str| {
            let (address, server) = ([193, 0, 22, 9].into(), "whois.ripe.net".to_owned());
            let area = area.to_owned();
            let request =
                TurnRequest { address, accepts: None, area, server, query: None, holder, now, until };
            mine.take_turn(&request).unwrap().unwrap()
        };
        assert!(another.claim("two", 1, other, now, until).unwrap());
        for at_once in [false, true] {
            let waits = || if at_once { turn("two") == TurnOutcome::Busy } else { !claim("two") };
            assert!(waits() && claim("one"));
            mine.release_with_next_write("one", holder).unwrap();
            assert!(waits());
            assert!(another.claim("one", 1, other, now, until).unwrap());
            another.release("one", other).unwrap();
        }
    }
}
