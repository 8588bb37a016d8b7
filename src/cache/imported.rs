//! Imported data, as lookups read it. The file is never changed, only replaced ([`super::import`]). So it is opened
//! without locks, and no journal is looked for.

mod body;
mod flat;
mod number;
mod scan;

pub(super) use body::plain;
pub(super) use flat::{FlatImports, SCHEMA as FLAT_SCHEMA, write as flatten};
pub use scan::{
    ImportedReader, ImportedScan, ImportedSource, PackedNetwork, references as imported_references,
};

use super::{
    CacheError, CacheHit, CacheResult, CacheTrouble, HitSource, body::BodyUnpacker, extent, server::moment,
};
use crate::{
    address::Prefix,
    cache::location,
    registry::{
        Answer, AnswerSource, Record, Registry,
        record::{RecordPage, block::attribute},
    },
};
use jiff::Timestamp;
use rusqlite::{Connection, OpenFlags, OptionalExtension, Params, params};
use std::{
    collections::HashMap,
    fs,
    net::IpAddr,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

/// The imported data beside a cache. There may be none.
#[derive(Debug)]
pub(super) struct ImportedData {
    path: PathBuf,
    idle: Mutex<IdleFiles>,
}

/// Open files that are not in use. Each thread takes one for itself, so that none waits for another.
#[derive(Default)]
struct IdleFiles {
    identity: Option<(u64, u64)>,
    files: Vec<OpenFile>,
}

struct OpenFile {
    identity: (u64, u64),
    connection: Connection,
    sources: Sources,
    /// The handles in the last network's text, and what they led to: its neighbours often have the same.
    contacts: Option<(Vec<String>, String)>,
}

/// By number: the time of import, and the unpacker for its texts.
type Sources = HashMap<i64, (Timestamp, Option<BodyUnpacker>)>;

impl std::fmt::Debug for IdleFiles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Idle").field("identity", &self.identity).finish_non_exhaustive()
    }
}

/// The figures that `cache stats` gives.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ImportedSize {
    pub(super) entries: u64,
    pub(super) bytes: u64,
}

impl ImportedData {
    /// The imported data beside this cache file.
    pub(super) fn beside(cache: &Path) -> Self {
        Self { path: super::bulk::beside(cache), idle: Mutex::default() }
    }

    /// The file: device and inode. None if there is none.
    pub(super) fn identity(&self) -> Option<(u64, u64)> {
        location::identity(&self.path)
    }

    /// The most specific network that holds the address.
    pub(super) fn find(&self, address: IpAddr) -> CacheResult<Option<CacheHit>> {
        self.with(|open| {
            let mut statement = open.connection.prepare_cached(
                "SELECT prefix, network, source FROM extent2 WHERE prefix <= ?1 \
                 ORDER BY prefix DESC, narrow DESC, network DESC LIMIT 1",
            )?;
            let mut bound = extent::start(address);
            loop {
                let row = statement
                    .query_row([extent::encode(bound)], |row| {
                        let prefix = row.get_ref(0)?.as_blob().ok().and_then(extent::decode);
                        Ok((prefix, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?))
                    })
                    .optional()?;
                let Some((Some(prefix), id, source)) = row else { return Ok(None) };
                if prefix.contains(address) {
                    return Ok(open.found(prefix, id, source));
                }
                match extent::next(prefix, address) {
                    Some(lower) if lower < bound => bound = lower,
                    _ => return Ok(None),
                }
            }
        })
    }

    /// [`super::Store::scope`] of the imported networks.
    pub(super) fn scope(&self, address: IpAddr) -> CacheResult<Prefix> {
        if location::identity(&self.path).is_none() {
            return Ok(Prefix::around(address, 0, 0));
        }
        let scope = self.with(|open| {
            let mut neighbours = Vec::new();
            for sql in [
                "SELECT prefix FROM extent2 WHERE prefix <= ?1 ORDER BY prefix DESC LIMIT 1",
                "SELECT prefix FROM extent2 WHERE prefix > ?1 ORDER BY prefix LIMIT 1",
            ] {
                let mut statement = open.connection.prepare_cached(sql)?;
                let mut rows = statement.query([extent::encode(extent::start(address))])?;
                let Some(row) = rows.next()? else { continue };
                match row.get_ref(0)?.as_blob().ok().and_then(extent::decode) {
                    Some(prefix) => neighbours.push(prefix),
                    // It is no prefix, so nothing is known of the addresses beside this one.
                    None => return Ok(Some(extent::start(address))),
                }
            }
            Ok(Some(Prefix::scope(address, neighbours)))
        })?;
        // Without a scope the file was replaced meanwhile.
        Ok(scope.unwrap_or_else(|| extent::start(address)))
    }

    /// The network's record and text, with the objects that it refers to.
    pub(super) fn answer(&self, found: &CacheHit) -> CacheResult<Option<Answer>> {
        let read = self.with_open(|open| open.answer(found.id, found.fetched))?;
        match read {
            Some(Some(answer)) if answer.record.network.contains(found.extent.first()) => Ok(Some(answer)),
            Some(None) => Err(super::body::damaged()),
            _ => Ok(None),
        }
    }

    /// The networks flattened; None if the file has them only one by one, or if reading them would take longer than
    /// looking for this many `addresses` one by one.
    pub(super) fn flat(&self, addresses: usize) -> CacheResult<Option<FlatImports>> {
        match self.identity() {
            Some(_) => self.with(|open| flat::read(&open.connection, &open.sources, addresses)),
            None => Ok(Some(FlatImports::default())),
        }
    }

    /// The registry that holds the address today, by its own statistics.
    pub(super) fn delegated(&self, address: IpAddr) -> CacheResult<Option<Registry>> {
        self.with(|open| {
            let row = open
                .connection
                .prepare_cached(
                    "SELECT last, registry FROM block1 WHERE first <= ?1 ORDER BY first DESC LIMIT 1",
                )?
                .query_row([extent::encode_address(address)], |row| {
                    Ok((
                        row.get_ref(0)?.as_blob().ok().and_then(extent::decode_address),
                        row.get::<_, String>(1)?,
                    ))
                })
                .optional()?;
            let Some((Some(last), registry)) = row else { return Ok(None) };
            let holds = last.is_ipv4() == address.is_ipv4() && last >= address;
            Ok(holds.then(|| registry_of(&registry)).flatten())
        })
    }

    pub(super) fn size(&self) -> CacheResult<ImportedSize> {
        let bytes = fs::metadata(&self.path).map_or(0, |meta| meta.len());
        let entries = self.with(|open| {
            let sql = "SELECT total(entries) FROM source1";
            Ok(Some(open.connection.query_row(sql, [], |row| row.get::<_, f64>(0))?))
        })?;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of rows")]
        Ok(ImportedSize { entries: entries.unwrap_or_default() as u64, bytes })
    }

    /// Runs a query on the file in which something was just found, without checking whether it has been replaced: its
    /// numbers mean nothing in another file.
    fn with_open<T>(
        &self,
        work: impl FnOnce(&mut OpenFile) -> rusqlite::Result<Option<T>>,
    ) -> CacheResult<Option<T>> {
        let Some(identity) = self.idle().identity else { return Ok(None) };
        self.on(identity, work)
    }

    /// Runs a query on the current file; None if there is no file.
    fn with<T>(
        &self,
        work: impl FnOnce(&mut OpenFile) -> rusqlite::Result<Option<T>>,
    ) -> CacheResult<Option<T>> {
        let Some(identity) = self.identity() else { return Ok(None) };
        let mut idle = self.idle();
        if idle.identity != Some(identity) {
            *idle = IdleFiles { identity: Some(identity), files: Vec::new() };
        }
        drop(idle);
        self.on(identity, work)
    }

    /// Runs a query on one of the idle files, or on a new one. A file that failed is not used again.
    fn on<T>(
        &self,
        identity: (u64, u64),
        work: impl FnOnce(&mut OpenFile) -> rusqlite::Result<Option<T>>,
    ) -> CacheResult<Option<T>> {
        let taken = self.idle().files.pop().filter(|open| open.identity == identity);
        let mut open = match taken {
            Some(open) => open,
            None => {
                let open = OpenFile::new(&self.path, identity).map_err(|error| self.failed(&error))?;
                if location::identity(&self.path) != Some(identity) {
                    // The file was replaced while it was being opened. The next query finds the new one.
                    return Ok(None);
                }
                open
            }
        };
        let value = work(&mut open).map_err(|error| self.failed(&error))?;
        let mut idle = self.idle();
        if idle.identity == Some(open.identity) {
            idle.files.push(open);
        }
        Ok(value)
    }

    fn idle(&self) -> MutexGuard<'_, IdleFiles> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn failed(&self, error: &rusqlite::Error) -> CacheError {
        let message = format!("the imported data in {} cannot be read: {error}", self.path.display());
        CacheError::new(CacheTrouble::Passing, message)
    }

    /// Removes the file.
    pub(super) fn forget(&self) -> CacheResult<()> {
        *self.idle() = IdleFiles::default();
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(CacheError::new(
                CacheTrouble::Passing,
                format!("cannot remove {}: {}", self.path.display(), crate::error::reason(&error)),
            )),
            _ => Ok(()),
        }
    }
}

impl OpenFile {
    fn new(path: &Path, identity: (u64, u64)) -> rusqlite::Result<Self> {
        let flags =
            OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
        let connection = Connection::open_with_flags(uri(path), flags)?;
        let mut sources = HashMap::new();
        let mut statement = connection.prepare("SELECT id, imported FROM source1")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            sources.insert(row.get(0)?, (moment(row.get(1)?), None));
        }
        drop(rows);
        drop(statement);
        Ok(Self { identity, connection, sources, contacts: None })
    }

    fn found(&self, extent: Prefix, id: i64, source: i64) -> Option<CacheHit> {
        Some(hit(extent, id, self.sources.get(&source)?.0))
    }

    /// A network's record and text, with the objects that it refers to; the inner option is None if they are damaged.
    fn answer(&mut self, id: i64, fetched: Timestamp) -> rusqlite::Result<Option<Option<Answer>>> {
        let sql = "SELECT source, body FROM network1 WHERE id = ?1";
        let Some(plain) = self.unpack(sql, params![id])? else { return Ok(None) };
        let Some(mut answer) = plain.and_then(|plain| answer(plain, fetched)) else { return Ok(Some(None)) };
        let contacts = self.contacts(&answer.text)?;
        if !contacts.is_empty() {
            join(&mut answer, &contacts);
        }
        Ok(Some(Some(answer)))
    }

    /// Unpacks the source and body that a query gives; the inner option is None if the body is damaged.
    fn unpack(&mut self, sql: &str, by: impl Params) -> rusqlite::Result<Option<Option<Vec<u8>>>> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows = statement.query(by)?;
        let Some(row) = rows.next()? else { return Ok(None) };
        let Ok(packed) = row.get_ref(1)?.as_blob() else { return Ok(Some(None)) };
        stretch(&self.connection, &mut self.sources, row.get(0)?, packed).map(Some)
    }

    /// The texts of the objects that a text refers to, and of the objects that those refer to.
    fn contacts(&mut self, text: &str) -> rusqlite::Result<String> {
        let mut wanted = references(text);
        if wanted.is_empty() {
            return Ok(String::new());
        }
        if let Some((_, texts)) = self.contacts.as_ref().filter(|(named, _)| *named == wanted) {
            return Ok(texts.clone());
        }
        let (named, mut texts, mut at) = (wanted.clone(), String::new(), 0);
        // An organisation names its abuse contact. No reference leads further.
        while let Some(handle) = wanted.get(at).cloned().filter(|_| at < 16) {
            at += 1;
            let Some(contact) = self.contact(&handle)? else { continue };
            for reference in references(&contact) {
                if !wanted.contains(&reference) {
                    wanted.push(reference);
                }
            }
            texts.push('\n');
            texts.push_str(&contact);
        }
        self.contacts = Some((named, texts.clone()));
        Ok(texts)
    }

    /// The text of an object that networks refer to, by its handle in capitals.
    fn contact(&mut self, handle: &str) -> rusqlite::Result<Option<String>> {
        let plain = self.unpack("SELECT source, body FROM contact1 WHERE handle = ?1", params![handle])?;
        Ok(plain.flatten().and_then(|plain| String::from_utf8(plain).ok()))
    }
}

/// A network of imported data. It does not age.
fn hit(extent: Prefix, id: i64, fetched: Timestamp) -> CacheHit {
    CacheHit { source: HitSource::Import, id, extent, fetched, expires: Timestamp::MAX, stale: false }
}

/// Unpacks a text with the dictionary of its source. The dictionary is read on first use.
fn stretch(
    connection: &Connection,
    sources: &mut Sources,
    source: i64,
    packed: &[u8],
) -> rusqlite::Result<Option<Vec<u8>>> {
    let Some((_, slot)) = sources.get_mut(&source) else { return Ok(None) };
    if let Some(stretcher) = slot {
        return Ok(stretcher.stretch(packed));
    }
    let sql = "SELECT dictionary FROM source1 WHERE id = ?1";
    let dictionary: Vec<u8> = connection.query_row(sql, [source], |row| row.get(0))?;
    Ok(slot.insert(BodyUnpacker::new(&dictionary)).stretch(packed))
}

/// The answer in a network's bytes; None if they are damaged.
fn answer(plain: Vec<u8>, fetched: Timestamp) -> Option<Answer> {
    let (record, text) = body::read(plain)?;
    Some(Answer {
        record,
        text,
        servers: Vec::new(),
        fetched,
        partial: false,
        full: false,
        rdap: false,
        source: AnswerSource::Import,
        stale: false,
    })
}

/// The handles of organisations and abuse contacts.
fn references(text: &str) -> Vec<String> {
    // Few lines hold a reference. The others are skipped quickly, because a scan of all networks runs this for each.
    let starts = std::iter::once(0).chain(memchr::memchr_iter(b'\n', text.as_bytes()).map(|end| end + 1));
    let rests = starts.filter_map(|start| text.get(start..));
    let leading =
        rests.filter(|rest| ["org:", "abuse-c:", "mnt-irt:"].iter().any(|name| rest.starts_with(name)));
    let values = leading.flat_map(attribute);
    let names = values.flat_map(|value| value.split(','));
    names.map(|name| name.trim().to_ascii_uppercase()).filter(|name| !name.is_empty()).collect()
}

/// Reads the record again from the network's text followed by that of its contacts, as whois would have sent it.
fn join(answer: &mut Answer, contacts: &str) {
    answer.text.push_str(contacts);
    let Record { registry, network, .. } = answer.record;
    if let Some(record) = RecordPage::record_of(&answer.text, registry, network) {
        answer.record = record;
    }
}

fn registry_of(name: &str) -> Option<Registry> {
    [Registry::Arin, Registry::Ripe, Registry::Apnic, Registry::Afrinic, Registry::Lacnic]
        .into_iter()
        .find(|registry| registry.as_str() == name)
}

/// The file as SQLite's URI, marked as one that never changes.
fn uri(path: &Path) -> String {
    let mut uri = String::from("file:");
    for &byte in path.as_os_str().as_encoded_bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'-' | b'_' | b'.') {
            uri.push(char::from(byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    uri.push_str("?immutable=1");
    uri
}
