//! The cache in one SQLite file, shared by all processes of a machine.
//!
//! The journal is SQLite's oldest kind (DELETE), not a WAL. Opening, finding and closing takes 115 µs with it and 240
//! µs with a WAL, whose two extra files need write access even for readers. If a process is killed, the next one rolls
//! its journal back. Writes do not wait for the disk (`synchronous = OFF`): no content here is worth an fsync of a mail
//! server, 13 ms in which every hook would wait. So a power cut, unlike a crash, may leave a torn file. SQLite's own
//! checks and zstd's checksum find that, and [`store`] checks which network an answer is about. The file is then
//! started anew, and never answers for the wrong network.

#[cfg(test)]
mod breakage;
mod coordination;
mod group_commit;
mod maintenance;
mod store;

use super::{Cache, CacheError, CacheResult, CacheTrouble, ExtentList, TurnOutcome, TurnRequest, location};
use jiff::Timestamp;
use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};
use std::{
    cell::Cell,
    collections::HashSet,
    io,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// How often a lock is tried, 3 ms apart and more under load: for about a second. Writers hold it for about a
/// millisecond. A process that holds it for a second was stopped, and a verdict without a cache is better than a hook
/// that hangs.
const MANY: i32 = 330;
/// The same for writes that are not worth waiting for.
const FEW: i32 = 10;
thread_local! {
    /// The limit in use on this thread. SQLite's handler is a bare function without state.
    static TRIES: Cell<i32> = const { Cell::new(MANY) };
}

/// "whod": the application ID that `file` and SQLite's tools show.
const APPLICATION: i32 = 0x7768_6f64;
/// The version of the schema. It is part of the tables' names too, so that the warm path need not query it.
const VERSION: i32 = 1;

const SCHEMA: &str = "
CREATE TABLE extent1 (
    prefix BLOB NOT NULL, fetched INTEGER NOT NULL, network INTEGER NOT NULL, asked BLOB NOT NULL,
    PRIMARY KEY (prefix, fetched, network)) WITHOUT ROWID;
CREATE TABLE network1 (
    id INTEGER PRIMARY KEY, first BLOB NOT NULL, last BLOB NOT NULL, asked BLOB NOT NULL, leaf INTEGER NOT NULL,
    fetched INTEGER NOT NULL, body BLOB NOT NULL);
CREATE TABLE decision1 (
    network INTEGER NOT NULL, patterns BLOB NOT NULL, address BLOB NOT NULL, fetched INTEGER NOT NULL,
    decision BLOB NOT NULL, PRIMARY KEY (network, patterns, address)) WITHOUT ROWID;
CREATE TABLE claim1 (
    what TEXT NOT NULL, holder INTEGER NOT NULL, made INTEGER NOT NULL, until INTEGER NOT NULL,
    PRIMARY KEY (what, holder)) WITHOUT ROWID;
CREATE TABLE server1 (
    name TEXT PRIMARY KEY, next INTEGER NOT NULL, booked INTEGER NOT NULL, until INTEGER NOT NULL,
    denied INTEGER NOT NULL, times INTEGER NOT NULL) WITHOUT ROWID;
";

/// A cache file.
#[derive(Debug)]
pub struct SqliteCache {
    path: PathBuf,
    /// The time of opening, for the name of a corrupt file.
    opened: Timestamp,
    inner: Mutex<SqliteState>,
    group: group_commit::GroupCommit,
    /// Leases that this process was refused. It reads before it tries to take one of them again.
    refused: Mutex<HashSet<String>>,
    notice: Mutex<Option<String>>,
    /// The bytes above which the oldest answers are removed.
    room: u64,
}

/// The open file. None while it is being replaced, or if that failed.
#[derive(Debug)]
struct SqliteState {
    connection: Option<Connection>,
    identity: Option<(u64, u64)>,
    /// The schema was checked, and holds only tables.
    is_ours: bool,
}

impl SqliteCache {
    /// Opens the file. It is created with its folder if missing.
    ///
    /// # Errors
    /// It cannot be created, opened or read, is not a cache, or was written by a newer whodunit. A corrupt file is set
    /// aside, which is a notice and no error.
    pub fn open(path: &Path, now: Timestamp) -> CacheResult<Self> {
        let path = location::file(path);
        let sqlite = Self {
            opened: now,
            inner: Mutex::new(SqliteState { connection: None, identity: None, is_ours: false }),
            group: group_commit::GroupCommit::default(),
            refused: Mutex::default(),
            notice: Mutex::new(None),
            room: 256 << 20,
            path,
        };
        sqlite.with_inner(|inner| sqlite.connect(inner))?;
        Ok(sqlite)
    }

    /// Limits the answers to so many bytes (default 256 MiB).
    #[must_use]
    pub fn with_room(mut self, bytes: u64) -> Self {
        self.room = bytes;
        self
    }

    /// The path of the file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the file can only be read, as another user's file.
    pub(super) fn is_read_only(&self) -> bool {
        self.with_inner(|inner| {
            Ok(inner.connection.as_ref().is_some_and(|c| c.is_readonly("main").unwrap_or(true)))
        })
        .unwrap_or(true)
    }

    fn with_inner<T>(&self, work: impl FnOnce(&mut SqliteState) -> CacheResult<T>) -> CacheResult<T> {
        work(&mut self.inner.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Opens the existing file. The schema is only checked when a query finds that its tables are missing.
    fn connect(&self, inner: &mut SqliteState) -> CacheResult<()> {
        let mut opened = self.open_or_make(inner)?;
        let useless = opened.as_ref().map_or(true, |file| file.is_readonly("main").unwrap_or(false));
        if useless && location::reclaim(&self.path) {
            opened = self.open_or_make(inner)?;
        }
        let mut connection = opened.map_err(|error| self.explain(&error))?;
        // SQLite's own handler sleeps for up to 100 ms at a time, and the lock is free for most of that when many hooks
        // run.
        connection.busy_handler(Some(try_again)).map_err(|error| self.explain(&error))?;
        inner.connection = Some(connection);
        inner.is_ours = false;
        Ok(())
    }

    /// A view instead of a table, or a trigger on one, could return and store whatever its author wants.
    fn has_tables_alone(&self, connection: &Connection) -> SqliteResult<()> {
        let mut statement =
            connection.prepare("SELECT name FROM sqlite_schema WHERE type IN ('view', 'trigger') LIMIT 1")?;
        if !statement.exists([])? {
            return Ok(());
        }
        let message = format!(
            "the cache {} has views or triggers, so whodunit did not make it; nothing in it was touched",
            self.path.display()
        );
        Err(SqliteFailure::Cache(CacheError::new(CacheTrouble::Unusable, message)))
    }

    fn open_or_make(&self, inner: &mut SqliteState) -> CacheResult<rusqlite::Result<Connection>> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        inner.identity = location::identity(&self.path);
        if inner.identity.is_none() {
            location::make(&self.path).map_err(|error| {
                CacheError::new(CacheTrouble::Unusable, location::sentence(&self.path, &error))
            })?;
            inner.identity = location::identity(&self.path);
        }
        Ok(Connection::open_with_flags(&self.path, flags))
    }

    /// Runs `work`. If it fails for a cause that can be repaired, it runs once more: a new file gets its schema, a
    /// corrupt file is set aside.
    fn with<T>(&self, work: impl Fn(&Connection) -> SqliteResult<T>) -> CacheResult<T> {
        self.with_inner(|inner| self.with_file(inner, work))
    }

    fn with_file<T>(
        &self,
        inner: &mut SqliteState,
        work: impl Fn(&Connection) -> SqliteResult<T>,
    ) -> CacheResult<T> {
        for _ in 0..3 {
            // The file was deleted or replaced. The open one would go on answering with what was to be forgotten, and
            // can no longer be written.
            if location::identity(&self.path) != inner.identity {
                inner.connection = None;
            }
            let Some(connection) = &inner.connection else {
                self.connect(inner)?;
                continue;
            };
            let checked = if inner.is_ours { Ok(()) } else { self.has_tables_alone(connection) };
            match checked.and_then(|()| work(connection)) {
                Ok(value) => {
                    inner.is_ours = true;
                    return Ok(value);
                }
                Err(SqliteFailure::Sqlite(error)) if is_schema_missing(&error) => {
                    if let Err(failure) = self.found(connection) {
                        self.mend(inner, failure)?;
                    }
                }
                Err(failure) => self.mend(inner, failure)?,
            }
        }
        Err(CacheError::new(
            CacheTrouble::Unusable,
            format!("the cache {} changes too often", self.path.display()),
        ))
    }

    /// The same inside a read transaction. Without one, each query would lock the file and look for a journal anew.
    fn read<T>(&self, work: impl Fn(&Connection) -> SqliteResult<T>) -> CacheResult<T> {
        self.with(|connection| {
            let transaction =
                rusqlite::Transaction::new_unchecked(connection, TransactionBehavior::Deferred)?;
            let value = work(&transaction)?;
            transaction.commit()?;
            Ok(value)
        })
    }

    /// The same inside a write transaction.
    fn write<T>(&self, work: impl Fn(&Connection) -> SqliteResult<T>) -> CacheResult<T> {
        self.with(|connection| in_transaction(connection, &work))
    }

    /// Writes something that only saves time. It gives up if the file is busy.
    fn write_if_idle(&self, work: impl Fn(&Connection) -> SqliteResult<()>) -> CacheResult<()> {
        TRIES.set(FEW);
        let result = self.write(work);
        TRIES.set(MANY);
        match result {
            Err(error) if error.kind() == CacheTrouble::Passing => Ok(()),
            other => other,
        }
    }

    /// Creates the tables of a new file. Fails if the file belongs to another program or a newer whodunit.
    fn found(&self, connection: &Connection) -> SqliteResult<()> {
        let number = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
        let refuse = |why: &str| {
            let message = format!("the cache {} {why}; nothing in it was touched", self.path.display());
            SqliteFailure::Cache(CacheError::new(CacheTrouble::Unusable, message))
        };
        let transaction = rusqlite::Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
        let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
        match (number("application_id")?, number("user_version")?) {
            (APPLICATION, VERSION) => {
                // Another process made the tables while this one waited for its turn, or some of them were damaged.
                let ours: i64 = connection.query_row(
                    "SELECT count(*) FROM sqlite_schema WHERE name IN \
                     ('extent1', 'network1', 'decision1', 'claim1', 'server1')",
                    [],
                    |row| row.get(0),
                )?;
                if ours == 5 { Ok(()) } else { Err(refuse("lacks some of its tables")) }
            }
            (APPLICATION, version) if version > VERSION => {
                Err(refuse("was written by a newer whodunit; name another with --cache"))
            }
            (0, 0) if tables == 0 => {
                connection.execute_batch(SCHEMA)?;
                connection.pragma_update(None, "application_id", APPLICATION)?;
                connection.pragma_update(None, "user_version", VERSION)?;
                Ok(transaction.commit()?)
            }
            _ => Err(refuse("is some other program's database; name another with --cache")),
        }
    }

    /// Sets a corrupt file aside and opens a new one. Any other failure is returned, as a sentence.
    fn mend(&self, inner: &mut SqliteState, failure: SqliteFailure) -> CacheResult<()> {
        let error = match failure {
            SqliteFailure::Sqlite(error) => self.explain(&error),
            SqliteFailure::Cache(error) => error,
        };
        if error.kind() != CacheTrouble::Corrupt {
            return Err(error);
        }
        if !location::is_cache(&self.path, APPLICATION) {
            let message = format!(
                "{} is not a cache, and was not touched; name another with --cache",
                self.path.display()
            );
            return Err(CacheError::new(CacheTrouble::Unusable, message));
        }
        // Closed first: otherwise closing another descriptor would drop its locks while it is still in use.
        inner.connection = None;
        let stamp = self.opened.strftime("%Y%m%dT%H%M%SZ").to_string();
        match location::set_aside(&self.path, inner.identity, &stamp) {
            Ok(Some(aside)) => self.note(format!(
                "the cache {} is corrupt: it was moved to {}, and a new one was made",
                self.path.display(),
                aside.display()
            )),
            Ok(None) => {}
            Err(problem) if problem.kind() == io::ErrorKind::NotFound => {}
            Err(problem) => {
                let why = crate::error::reason(&problem);
                let message = format!("{error}, and cannot be set aside: {why}");
                return Err(CacheError::new(CacheTrouble::Unusable, message));
            }
        }
        self.connect(inner)
    }

    fn note(&self, message: String) {
        *self.notice.lock().unwrap_or_else(PoisonError::into_inner) = Some(message);
    }

    /// SQLite's error as a sentence, with a remedy.
    fn explain(&self, error: &rusqlite::Error) -> CacheError {
        let path = self.path.display();
        let (kind, why) = match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                (CacheTrouble::Corrupt, "is corrupt")
            }
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                (CacheTrouble::Passing, "was locked for too long")
            }
            Some(ErrorCode::DiskFull) => (CacheTrouble::Passing, "cannot grow: the disk is full"),
            Some(ErrorCode::ReadOnly) => return self.forbidden("cannot be written"),
            Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
                return self.forbidden("cannot be opened");
            }
            _ => return CacheError::new(CacheTrouble::Passing, format!("the cache {path} failed: {error}")),
        };
        CacheError::new(kind, format!("the cache {path} {why}"))
    }

    /// The error for a file that this user may not use, with its owner and a remedy.
    pub(super) fn forbidden(&self, why: &str) -> CacheError {
        let message = format!("the cache {} {why}{}", self.path.display(), location::rights(&self.path));
        CacheError::new(CacheTrouble::Unusable, message)
    }
}

impl Cache for SqliteCache {
    fn notice(&self) -> Option<String> {
        self.notice.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn extents(&self) -> CacheResult<Option<ExtentList>> {
        self.with(store::extents)
    }

    fn take_turn(&self, request: &TurnRequest) -> CacheResult<Option<TurnOutcome>> {
        self.take_turn_at_once(request).map(Some)
    }
}

/// A failure inside [`SqliteCache::with`].
enum SqliteFailure {
    Sqlite(rusqlite::Error),
    Cache(CacheError),
}

impl From<rusqlite::Error> for SqliteFailure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<CacheError> for SqliteFailure {
    fn from(error: CacheError) -> Self {
        Self::Cache(error)
    }
}

type SqliteResult<T> = Result<T, SqliteFailure>;

fn in_transaction<T>(
    connection: &Connection,
    work: impl Fn(&Connection) -> SqliteResult<T>,
) -> SqliteResult<T> {
    connection.pragma_update(None, "synchronous", "OFF")?;
    let transaction = rusqlite::Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    let value = work(&transaction)?;
    transaction.commit()?;
    Ok(value)
}

/// A damaged value in a row.
fn damaged() -> SqliteFailure {
    SqliteFailure::Cache(CacheError::new(CacheTrouble::Corrupt, "the cache holds a row that makes no sense"))
}

/// SQLite calls this when it meets a lock, in the thread that met it.
fn try_again(tries: i32) -> bool {
    std::thread::sleep(Duration::from_millis(3));
    tries < TRIES.get()
}

/// Whether the query failed because its tables are missing.
fn is_schema_missing(error: &rusqlite::Error) -> bool {
    match error {
        rusqlite::Error::SqliteFailure(_, Some(message))
        | rusqlite::Error::SqlInputError { msg: message, .. } => message.starts_with("no such table"),
        _ => false,
    }
}
