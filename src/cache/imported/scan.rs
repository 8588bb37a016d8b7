//! All imported data, one network after another.

use super::{ImportedData, OpenFile, body, location, stretch};
use crate::{
    address::Prefix,
    cache::{CacheError, CacheResult, extent, server::moment},
    registry::{Answer, Record},
};
use jiff::Timestamp;
use rusqlite::Connection;

/// A file of imported data, opened to be read from end to end. It does not change meanwhile: an import replaces it with
/// another.
pub struct ImportedScan<'a> {
    imported: &'a ImportedData,
    identity: (u64, u64),
    connection: Connection,
    sources: Vec<ImportedSource>,
}

/// The source of a part of the file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ImportedSource {
    /// The database and the class of its objects, such as `RIPE inetnum`, or the registry of the statistics.
    pub name: String,
    /// The time of import.
    pub imported: Timestamp,
    /// The number of networks, or of blocks of statistics.
    pub entries: u64,
}

/// A network as it is stored in the file.
#[derive(Clone, Copy, Debug)]
pub struct PackedNetwork<'a> {
    /// Its number.
    pub id: i64,
    /// The number of its source; needed to unpack it.
    pub source: i64,
    /// Record and text, packed.
    pub body: &'a [u8],
}

/// Unpacks networks, and finds the objects that they refer to. Each thread needs its own.
pub struct ImportedReader<'a> {
    imported: &'a ImportedData,
    open: OpenFile,
}

/// A network's record and text, unpacked.
pub struct UnpackedNetwork {
    plain: Vec<u8>,
}

impl ImportedData {
    /// Opens all imported data; None if nothing was imported.
    pub(in crate::cache) fn scan(&self) -> CacheResult<Option<ImportedScan<'_>>> {
        let Some(identity) = location::identity(&self.path) else { return Ok(None) };
        let open = OpenFile::new(&self.path, identity).map_err(|error| self.failed(&error))?;
        let read = || -> rusqlite::Result<Vec<ImportedSource>> {
            let mut statement =
                open.connection.prepare("SELECT name, imported, entries FROM source1 ORDER BY name, id")?;
            let rows = statement.query_map([], |row| {
                Ok(ImportedSource {
                    name: row.get(0)?,
                    imported: moment(row.get(1)?),
                    entries: u64::try_from(row.get::<_, i64>(2)?).unwrap_or(0),
                })
            })?;
            rows.collect()
        };
        let sources = read().map_err(|error| self.failed(&error))?;
        Ok(Some(ImportedScan { imported: self, identity, connection: open.connection, sources }))
    }
}

impl<'a> ImportedScan<'a> {
    /// The sources in the file, by name.
    #[must_use]
    pub fn sources(&self) -> &[ImportedSource] {
        &self.sources
    }

    /// Visits every network, ascending by number, until `visit` returns false.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn networks(&self, mut visit: impl FnMut(PackedNetwork<'_>) -> bool) -> CacheResult<()> {
        self.tried(|| {
            let mut statement =
                self.connection.prepare("SELECT id, source, body FROM network1 ORDER BY id")?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                let Ok(body) = row.get_ref(2)?.as_blob() else { continue };
                if !visit(PackedNetwork { id: row.get(0)?, source: row.get(1)?, body }) {
                    break;
                }
            }
            Ok(())
        })
    }

    /// Visits the prefixes of all networks with the networks' numbers, in ascending order, an outer prefix before those
    /// inside it. The last of several equal prefixes is the one that look-ups use.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn extents(&self, mut visit: impl FnMut(Prefix, i64)) -> CacheResult<()> {
        self.tried(|| {
            let sql = "SELECT prefix, network FROM extent2 ORDER BY prefix, narrow, network";
            let mut statement = self.connection.prepare(sql)?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                let Some(prefix) = row.get_ref(0)?.as_blob().ok().and_then(extent::decode) else { continue };
                visit(prefix, row.get(1)?);
            }
            Ok(())
        })
    }

    /// A reader for one thread.
    ///
    /// # Errors
    /// The file cannot be opened again, or was replaced meanwhile.
    pub fn reader(&self) -> CacheResult<ImportedReader<'a>> {
        let imported = self.imported;
        let open = OpenFile::new(&imported.path, self.identity).map_err(|error| imported.failed(&error))?;
        if location::identity(&imported.path) != Some(self.identity) {
            let message = format!("{} was replaced while it was read", imported.path.display());
            return Err(CacheError::new(crate::cache::CacheTrouble::Passing, message));
        }
        Ok(ImportedReader { imported, open })
    }

    fn tried<T>(&self, read: impl FnOnce() -> rusqlite::Result<T>) -> CacheResult<T> {
        read().map_err(|error| self.imported.failed(&error))
    }
}

impl ImportedReader<'_> {
    /// Unpacks a network; None if it is damaged.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn unpack(&mut self, packed: PackedNetwork<'_>) -> CacheResult<Option<UnpackedNetwork>> {
        let OpenFile { connection, sources, .. } = &mut self.open;
        let plain = stretch(connection, sources, packed.source, packed.body);
        let plain = plain.map_err(|error| self.imported.failed(&error))?;
        Ok(plain.map(|plain| UnpackedNetwork { plain }))
    }

    /// The text of an object that networks refer to, by its handle in capitals.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn contact(&mut self, handle: &str) -> CacheResult<Option<String>> {
        self.open.contact(handle).map_err(|error| self.imported.failed(&error))
    }

    /// A network's answer as a look-up has it, with the objects that it refers to. None if there is none, or it is
    /// damaged.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn answer(&mut self, id: i64) -> CacheResult<Option<Answer>> {
        let answer = self.open.answer(id, Timestamp::UNIX_EPOCH);
        Ok(answer.map_err(|error| self.imported.failed(&error))?.flatten())
    }
}

impl UnpackedNetwork {
    /// The object's text; None if it is damaged.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        body::text(&self.plain)
    }

    /// The fields of the object alone, without those of the objects that it refers to.
    #[must_use]
    pub fn record(&self) -> Option<Record> {
        body::record(&self.plain)
    }
}

/// The handles of the objects that a text refers to: organisations and abuse contacts.
#[must_use]
pub fn references(text: &str) -> Vec<String> {
    super::references(text)
}
