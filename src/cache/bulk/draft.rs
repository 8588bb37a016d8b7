//! The file that an import is written to before it replaces the old one.

use super::{BulkEntry, ImportSummary};
use crate::{
    address::Network,
    cache::{CachedAnswer, DraftFile, Maintenance, body, extent, imported, server::micros},
    error::{Error, Result},
    registry::Registry,
};
use jiff::Timestamp;
use rusqlite::{Connection, OpenFlags, OptionalExtension, params};
use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
};

/// The version is part of the tables' names, as in the cache itself.
const SCHEMA: &str = "
CREATE TABLE source1 (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, imported INTEGER NOT NULL, dictionary BLOB NOT NULL,
    entries INTEGER NOT NULL DEFAULT 0);
CREATE TABLE network1 (id INTEGER PRIMARY KEY, source INTEGER NOT NULL, body BLOB NOT NULL);
CREATE TABLE extent2 (
    prefix BLOB NOT NULL, narrow REAL NOT NULL, network INTEGER NOT NULL, source INTEGER NOT NULL,
    PRIMARY KEY (prefix, narrow, network)) WITHOUT ROWID;
CREATE TABLE contact1 (
    handle TEXT NOT NULL, source INTEGER NOT NULL, body BLOB NOT NULL, PRIMARY KEY (handle, source)) WITHOUT ROWID;
CREATE TABLE block1 (
    first BLOB PRIMARY KEY, last BLOB NOT NULL, registry TEXT NOT NULL, source INTEGER NOT NULL) WITHOUT ROWID;
CREATE TEMP TABLE kept (body BLOB NOT NULL);
";

/// Answers of an export are kept in batches of this size, so that hooks wait no longer than one batch takes.
const CHUNK: usize = 500;

pub(super) struct ImportDraft {
    connection: Connection,
    file: DraftFile,
    target: PathBuf,
    now: Timestamp,
    /// Sources of this import by name, each with its dictionary. Two files of one name have a number each.
    sources: BTreeMap<String, (i64, Vec<u8>)>,
    next_source: i64,
    next_network: i64,
    brought: ImportSummary,
}

impl ImportDraft {
    pub(super) fn begin(target: &Path, now: Timestamp) -> Result<Self> {
        let file = DraftFile::begin(target)?;
        let path = file.path();
        let open = || -> rusqlite::Result<Connection> {
            let connection = Connection::open_with_flags(
                path,
                OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
            )?;
            // Nobody reads the file before it is complete, so it needs no journal.
            // A run over many addresses reads a page for nearly each, and half as many of this size.
            connection.pragma_update(None, "page_size", 8192)?;
            connection.pragma_update(None, "journal_mode", "OFF")?;
            connection.pragma_update(None, "synchronous", "OFF")?;
            connection.pragma_update(None, "cache_size", -65_536)?;
            connection.pragma_update(None, "temp_store", "FILE")?;
            connection.execute_batch(SCHEMA)?;
            connection.execute_batch(imported::FLAT_SCHEMA)?;
            Ok(connection)
        };
        let connection = open().map_err(|error| unwritten(path, &error))?;
        let next = |sql: &str| old_number(target, sql).unwrap_or(0) + 1;
        let (next_source, next_network) =
            (next("SELECT max(id) FROM source1"), next("SELECT max(id) FROM network1"));
        let draft = Self {
            connection,
            file,
            target: target.to_owned(),
            now,
            sources: BTreeMap::new(),
            next_source,
            next_network,
            brought: ImportSummary::default(),
        };
        draft.run("BEGIN")?;
        Ok(draft)
    }

    fn run(&self, sql: &str) -> Result<()> {
        self.connection.execute_batch(sql).map_err(|error| unwritten(self.file.path(), &error))
    }

    fn written<T>(&self, result: rusqlite::Result<T>) -> Result<T> {
        result.map_err(|error| unwritten(self.file.path(), &error))
    }

    /// Writes an entry.
    pub(super) fn take(&mut self, entry: BulkEntry) -> Result<()> {
        self.brought.count(&entry);
        let done = match entry {
            BulkEntry::Source { source, dictionary } => self.source(source, dictionary),
            BulkEntry::Network { source, network, body } => self.network(&source, &network, &body),
            BulkEntry::Contact { source, handle, body } => self.contact(&source, &handle, &body),
            BulkEntry::Placeholder => Ok(()),
            BulkEntry::Block { source, block, registry } => self.block(&source, &block, registry),
            BulkEntry::Answer(line) => self.answer(&line),
        };
        self.written(done)
    }

    /// Begins a source, which replaces those of that name in the old file, or continues one that was begun.
    fn source(&mut self, name: String, dictionary: Vec<u8>) -> rusqlite::Result<()> {
        if self.sources.get(&name).is_some_and(|(_, known)| *known == dictionary) {
            return Ok(());
        }
        let id = self.next_source;
        let row = params![id, name, micros(self.now), dictionary];
        self.connection
            .execute("INSERT INTO source1 (id, name, imported, dictionary) VALUES (?1, ?2, ?3, ?4)", row)?;
        self.next_source += 1;
        self.sources.insert(name, (id, dictionary));
        Ok(())
    }

    /// The number of a source that was begun.
    fn number(&self, source: &str) -> i64 {
        self.sources.get(source).map(|(id, _)| *id).unwrap_or_default()
    }

    fn network(&mut self, source: &str, network: &Network, body: &[u8]) -> rusqlite::Result<()> {
        let (id, source) = (self.next_network, self.number(source));
        self.next_network += 1;
        self.connection
            .prepare_cached("INSERT INTO network1 VALUES (?1, ?2, ?3)")?
            .execute(params![id, source, body])?;
        let mut extents = self.connection.prepare_cached("INSERT INTO extent2 VALUES (?1, ?2, ?3, ?4)")?;
        let narrow = extent::narrow(network);
        for prefix in network.prefixes() {
            extents.execute(params![extent::encode(prefix), narrow, id, source])?;
        }
        Ok(())
    }

    fn contact(&self, source: &str, handle: &str, body: &[u8]) -> rusqlite::Result<()> {
        self.connection
            .prepare_cached("INSERT OR REPLACE INTO contact1 VALUES (?1, ?2, ?3)")?
            .execute(params![handle, self.number(source), body])
            .map(drop)
    }

    fn block(&self, source: &str, block: &Network, registry: Registry) -> rusqlite::Result<()> {
        let (first, last) = (extent::encode_address(block.first()), extent::encode_address(block.last()));
        self.connection
            .prepare_cached("INSERT OR REPLACE INTO block1 VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![first, last, registry.as_str(), self.number(source)])
            .map(drop)
    }

    /// Stores an answer of an export until everything has been read.
    fn answer(&self, line: &str) -> rusqlite::Result<()> {
        let packed = body::squeeze(line.as_bytes());
        self.connection.prepare_cached("INSERT INTO kept VALUES (?1)")?.execute([packed]).map(drop)
    }

    /// Copies the other sources of the old file, replaces that file with the draft, and hands the answers of exports to
    /// the cache.
    pub(super) fn finish(
        mut self,
        maintenance: &dyn Maintenance,
        tick: &mut dyn FnMut(),
    ) -> Result<ImportSummary> {
        self.run(
            "UPDATE source1 SET entries = (SELECT count(*) FROM network1 WHERE source = source1.id) \
             + (SELECT count(*) FROM block1 WHERE source = source1.id)",
        )?;
        self.run("COMMIT")?;
        if !self.sources.is_empty() {
            self.take_over(tick)?;
            self.written(imported::flatten(&self.connection))?;
        }
        self.pass_on(maintenance, tick)?;
        if self.sources.is_empty() {
            return Ok(self.brought);
        }
        self.file.publish()?;
        Ok(self.brought)
    }

    /// Copies the sources of the old file that this import does not replace. If the old file cannot be read, or another
    /// version wrote it, nothing is copied: replacing it is the repair.
    fn take_over(&mut self, tick: &mut dyn FnMut()) -> Result<()> {
        if !self.target.exists() {
            return Ok(());
        }
        if old_number(&self.target, "SELECT count(*) FROM extent2 WHERE network < 0").is_none() {
            self.brought.lost = true;
            return Ok(());
        }
        let Some(target) = self.target.to_str() else {
            let unnamed =
                io::Error::other("its name is not UTF-8, so what was imported before cannot be kept");
            return Err(Error::output(&self.target.display().to_string(), &unnamed));
        };
        self.written(self.connection.execute("ATTACH ?1 AS old", [target]).map(drop))?;
        let others = "IN (SELECT id FROM old.source1 WHERE name NOT IN (SELECT name FROM main.source1))";
        for table in ["network1", "extent2", "contact1", "block1"] {
            self.run(&format!(
                "INSERT OR IGNORE INTO {table} SELECT * FROM old.{table} WHERE source {others}"
            ))?;
            tick();
        }
        self.run(&format!("INSERT INTO source1 SELECT * FROM old.source1 WHERE id {others}"))?;
        self.run("DETACH old")
    }

    fn pass_on(&self, maintenance: &dyn Maintenance, tick: &mut dyn FnMut()) -> Result<()> {
        let mut after = 0_i64;
        loop {
            let mut statement = self.written(self.connection.prepare_cached(
                "SELECT rowid, body FROM temp.kept WHERE rowid > ?1 ORDER BY rowid LIMIT ?2",
            ))?;
            let rows =
                statement.query_map(params![after, CHUNK as i64], |row| Ok((row.get(0)?, row.get(1)?)));
            let rows: Vec<(i64, Vec<u8>)> = self.written(rows.and_then(Iterator::collect))?;
            let Some(&(last, _)) = rows.last() else { return Ok(()) };
            after = last;
            let kept: Vec<CachedAnswer> =
                rows.iter().filter_map(|(_, body)| super::line::parse(&body::stretch(body)?).ok()).collect();
            maintenance
                .keep_all(&kept)
                .map_err(|error| Error::output("the cache", &io::Error::other(error)))?;
            tick();
        }
    }
}

/// A number read from the old file; None if it cannot be read.
fn old_number(target: &Path, sql: &str) -> Option<i64> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(target, flags).ok()?;
    connection.query_row(sql, [], |row| row.get::<_, Option<i64>>(0)).optional().ok()??
}

fn unwritten(path: &Path, error: &rusqlite::Error) -> Error {
    Error::output(&path.display().to_string(), &io::Error::other(error.to_string()))
}
