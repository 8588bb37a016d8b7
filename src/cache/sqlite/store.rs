//! Answers in the file: found, kept, pruned, and the decisions about them.

use super::{SqliteCache, SqliteResult, damaged};
use crate::{
    address::{Network, Prefix},
    cache::{
        CacheHit, CacheResult, CachedAnswer, ExtentList, Freshness, HitSource, Store, body, extent,
        memory::{DECISIONS, is_superseded},
        server::{micros, moment},
        snapshot::{ListedExtent, MOST},
    },
    registry::{Answer, AnswerSource},
};
use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension, params};
use std::net::IpAddr;

/// One row of the search.
struct ExtentRow {
    prefix: Prefix,
    fetched: i64,
    id: i64,
    asked: IpAddr,
}

/// An answer of this age is useless, even as a stale one.
const OLDEST: SignedDuration = SignedDuration::from_hours(24 * 120);

/// The file's size and the oldest answers are checked after every so many answers.
const PRUNE_EVERY: i64 = 64;

/// The most specific extent that holds the address and is accepted; see [`extent`] for the search.
fn walk(
    connection: &Connection,
    address: IpAddr,
    mut pleases: impl FnMut(&ExtentRow) -> bool,
) -> SqliteResult<Option<ExtentRow>> {
    let mut statement = connection.prepare_cached(
        "SELECT prefix, fetched, network, asked FROM extent1 WHERE prefix <= ?1 \
         ORDER BY prefix DESC, fetched DESC, network DESC",
    )?;
    let mut bound = extent::start(address);
    'seek: loop {
        let mut rows = statement.query([extent::encode(bound)])?;
        while let Some(row) = rows.next()? {
            let prefix =
                extent::decode(row.get_ref(0)?.as_blob().map_err(|_| damaged())?).ok_or_else(damaged)?;
            if !prefix.contains(address) {
                let Some(lower) = extent::next(prefix, address) else { return Ok(None) };
                if lower >= bound {
                    return Err(damaged());
                }
                bound = lower;
                continue 'seek;
            }
            let asked = extent::decode_address(row.get_ref(3)?.as_blob().map_err(|_| damaged())?);
            let step = ExtentRow {
                prefix,
                fetched: row.get(1)?,
                id: row.get(2)?,
                asked: asked.ok_or_else(damaged)?,
            };
            if pleases(&step) {
                return Ok(Some(step));
            }
        }
        return Ok(None);
    }
}

/// The extents before and after an address in their order, for [`Prefix::scope`].
fn neighbours(connection: &Connection, address: IpAddr) -> SqliteResult<Vec<Prefix>> {
    let mut neighbours = Vec::new();
    for sql in [
        "SELECT prefix FROM extent1 WHERE prefix <= ?1 ORDER BY prefix DESC LIMIT 1",
        "SELECT prefix FROM extent1 WHERE prefix > ?1 ORDER BY prefix LIMIT 1",
    ] {
        let mut statement = connection.prepare_cached(sql)?;
        let mut rows = statement.query([extent::encode(extent::start(address))])?;
        if let Some(row) = rows.next()? {
            let prefix = row.get_ref(0)?.as_blob().map_err(|_| damaged())?;
            neighbours.push(extent::decode(prefix).ok_or_else(damaged)?);
        }
    }
    Ok(neighbours)
}

/// Removes an answer, its extents and the decisions about it. True if it existed.
pub(super) fn remove(connection: &Connection, id: i64) -> SqliteResult<bool> {
    let row = connection
        .prepare_cached("SELECT first, last, asked, leaf, fetched FROM network1 WHERE id = ?1")?
        .query_row([id], |row| Ok((columns(row, 0)?, row.get::<_, i64>(4)?)))
        .optional()?;
    let Some((Some((network, asked, leaf)), fetched)) = row else { return Ok(false) };
    if let Some(extent) = extent::reach(network, asked, leaf) {
        let mut delete = connection
            .prepare_cached("DELETE FROM extent1 WHERE prefix = ?1 AND fetched = ?2 AND network = ?3")?;
        for prefix in extent.prefixes() {
            delete.execute(params![extent::encode(prefix), fetched, id])?;
        }
    }
    connection.prepare_cached("DELETE FROM decision1 WHERE network = ?1")?.execute([id])?;
    connection.prepare_cached("DELETE FROM network1 WHERE id = ?1")?.execute([id])?;
    Ok(true)
}

/// The columns first, last, asked, leaf of a row, from index `at` on; the inner option is None if they cannot be read.
pub(super) fn columns(
    row: &rusqlite::Row<'_>,
    at: usize,
) -> rusqlite::Result<Option<(Network, IpAddr, bool)>> {
    let address = |at: usize| -> rusqlite::Result<_> {
        Ok(row.get_ref(at)?.as_blob().ok().and_then(extent::decode_address))
    };
    let (first, last, asked) = (address(at)?, address(at + 1)?, address(at + 2)?);
    let leaf: bool = row.get(at + 3)?;
    Ok(first
        .zip(last)
        .and_then(|(first, last)| Network::new(first, last))
        .zip(asked)
        .map(|(n, a)| (n, a, leaf)))
}

/// Removes answers that are too old, and the oldest ones if there is too much data, some at a time.
fn prune(connection: &Connection, now: Timestamp, room: u64) -> SqliteResult<()> {
    let too_old = micros(now.saturating_sub(OLDEST).unwrap_or(Timestamp::MIN));
    let ids = |sql: &str, bound: i64| -> SqliteResult<Vec<i64>> {
        let mut statement = connection.prepare_cached(sql)?;
        let ids = statement.query_map([bound], |row| row.get(0))?.collect::<Result<_, _>>()?;
        Ok(ids)
    };
    // Numbers grow with time, so the oldest come first; reading a few of them is enough.
    let oldest = "SELECT id FROM (SELECT id, fetched FROM network1 ORDER BY id LIMIT 512) WHERE fetched < ?1";
    for id in ids(oldest, too_old)? {
        remove(connection, id)?;
    }
    if used(connection)? > room {
        // Networks in imported data are not pruned, so their decisions go: they cost least to make again.
        connection.execute("DELETE FROM decision1 WHERE network < 0", [])?;
    }
    for _ in 0..8 {
        if used(connection)? <= room {
            break;
        }
        for id in ids("SELECT id FROM network1 ORDER BY id LIMIT ?1", 256)? {
            remove(connection, id)?;
        }
    }
    Ok(())
}

/// Every extent; None if they are too many.
pub(super) fn extents(connection: &Connection) -> SqliteResult<Option<ExtentList>> {
    let mut statement = connection.prepare("SELECT prefix, fetched, network, asked FROM extent1")?;
    let mut rows = statement.query([])?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        let prefix = row.get_ref(0)?.as_blob().ok().and_then(extent::decode).ok_or_else(damaged)?;
        let asked = row.get_ref(3)?.as_blob().ok().and_then(extent::decode_address).ok_or_else(damaged)?;
        all.push(ListedExtent { prefix, fetched: row.get(1)?, id: row.get(2)?, asked });
        if all.len() > MOST {
            return Ok(None);
        }
    }
    Ok(Some(ExtentList(all)))
}

/// The bytes of the file that are in use.
pub(super) fn used(connection: &Connection) -> SqliteResult<u64> {
    let number = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let pages = number("page_count")? - number("freelist_count")?;
    Ok(u64::try_from(pages.saturating_mul(number("page_size")?)).unwrap_or(0))
}

/// An answer that is ready to be written, so that no lock is held while it is packed.
pub(super) struct PackedAnswer {
    network: Network,
    asked: IpAddr,
    leaf: bool,
    fetched: Timestamp,
    reach: Network,
    part: Prefix,
    packed: Vec<u8>,
}

impl PackedAnswer {
    /// None if the answer's network does not hold the address that was asked about.
    pub(super) fn new(kept: &CachedAnswer) -> CacheResult<Option<Self>> {
        let Some(reach) = kept.extent() else { return Ok(None) };
        let Some(part) = extent::part(&reach, kept.asked) else { return Ok(None) };
        let CachedAnswer { answer, asked, leaf } = kept;
        Ok(Some(Self {
            network: answer.record.network,
            asked: *asked,
            leaf: *leaf,
            fetched: answer.fetched,
            reach,
            part,
            packed: body::pack(answer)?,
        }))
    }

    /// Writes the answer, and removes those that it supersedes.
    pub(super) fn insert(&self, connection: &Connection, room: u64) -> SqliteResult<()> {
        let Self { network, asked, leaf, fetched: now, reach, part, packed } = self;
        let fetched = micros(*now);
        let mut superseded = Vec::new();
        walk(connection, *asked, |step| {
            if step.fetched <= fetched && is_superseded(step.prefix, step.asked, *part, *asked) {
                superseded.push(step.id);
            }
            false
        })?;
        for &id in &superseded {
            remove(connection, id)?;
        }
        let asked = extent::encode_address(*asked);
        let (first, last) = (extent::encode_address(network.first()), extent::encode_address(network.last()));
        let sql =
            "INSERT INTO network1 (first, last, asked, leaf, fetched, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        connection.prepare_cached(sql)?.execute(params![first, last, asked, leaf, fetched, packed])?;
        let id = connection.last_insert_rowid();
        let mut insert = connection.prepare_cached("INSERT INTO extent1 VALUES (?1, ?2, ?3, ?4)")?;
        for prefix in reach.prefixes() {
            insert.execute(params![extent::encode(prefix), fetched, id, asked])?;
        }
        if id % PRUNE_EVERY == 0 { prune(connection, *now, room) } else { Ok(()) }
    }
}

/// The number under which a network's decisions are stored. Those of imported data are below zero.
fn number(found: &CacheHit) -> i64 {
    if found.source == HitSource::Import { -found.id } else { found.id }
}

impl SqliteCache {
    fn look(&self, address: IpAddr, freshness: &Freshness, any_age: bool) -> CacheResult<Option<CacheHit>> {
        self.read(|connection| look(connection, address, freshness, any_age))
    }
}

/// The most specific extent that holds the address and that a reader accepts.
pub(super) fn look(
    connection: &Connection,
    address: IpAddr,
    freshness: &Freshness,
    any_age: bool,
) -> SqliteResult<Option<CacheHit>> {
    let step = walk(connection, address, |step| {
        freshness.shares(step.asked, address) && (any_age || freshness.is_fresh(moment(step.fetched)))
    })?;
    Ok(step.map(|s| CacheHit::new(HitSource::Cache, s.id, s.prefix, moment(s.fetched), freshness)))
}

impl Store for SqliteCache {
    fn find(&self, address: IpAddr, freshness: &Freshness) -> CacheResult<Option<CacheHit>> {
        self.look(address, freshness, false)
    }

    fn scope(&self, address: IpAddr) -> CacheResult<Prefix> {
        let neighbours = self.with(|connection| neighbours(connection, address))?;
        Ok(Prefix::scope(address, neighbours))
    }

    fn find_stale(&self, address: IpAddr, freshness: &Freshness) -> CacheResult<Option<CacheHit>> {
        self.look(address, freshness, true)
    }

    fn answer(&self, found: &CacheHit) -> CacheResult<Option<Answer>> {
        let packed: Option<Vec<u8>> = self.with(|connection| {
            let mut statement =
                connection.prepare_cached("SELECT body FROM network1 WHERE id = ?1 AND fetched = ?2")?;
            Ok(statement.query_row([found.id, micros(found.fetched)], |row| row.get(0)).optional()?)
        })?;
        let Some(packed) = packed else { return Ok(None) };
        let Ok(answer) = body::unpack(&packed, found.fetched, AnswerSource::Cache, found.stale) else {
            // Only this answer is damaged. Once removed, it will be asked for again.
            let _ = self.write(|connection| remove(connection, found.id).map(drop));
            return Ok(None);
        };
        // After a power cut a number may point to another network. No answer is better than a wrong one.
        Ok(answer.record.network.contains(found.extent.first()).then_some(answer))
    }

    fn keep(&self, kept: &CachedAnswer) -> CacheResult<()> {
        let Some(ready) = PackedAnswer::new(kept)? else { return Ok(()) };
        let room = self.room;
        self.write_together(move |connection| ready.insert(connection, room))
    }

    fn keep_with_next_write(&self, kept: &CachedAnswer) -> CacheResult<()> {
        let Some(ready) = PackedAnswer::new(kept)? else { return Ok(()) };
        let room = self.room;
        self.write_later(move |connection| ready.insert(connection, room));
        Ok(())
    }

    fn recall(
        &self,
        found: &CacheHit,
        patterns: &[u8; 16],
        address: Option<IpAddr>,
    ) -> CacheResult<Option<Vec<u8>>> {
        let address = address.map(extent::encode_address).unwrap_or_default();
        self.with(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT decision FROM decision1 \
                 WHERE network = ?1 AND patterns = ?2 AND address = ?3 AND fetched = ?4",
            )?;
            let values = params![number(found), patterns.as_slice(), address, micros(found.fetched)];
            Ok(statement.query_row(values, |row| row.get(0)).optional()?)
        })
    }

    fn remember(
        &self,
        found: &CacheHit,
        patterns: &[u8; 16],
        address: Option<IpAddr>,
        decision: &[u8],
    ) -> CacheResult<()> {
        let address = address.map(extent::encode_address).unwrap_or_default();
        self.write_if_idle(|connection| {
            let there: Option<i64> = connection
                .prepare_cached("SELECT 1 FROM network1 WHERE id = ?1 AND fetched = ?2")?
                .query_row([found.id, micros(found.fetched)], |row| row.get(0))
                .optional()?;
            if there.is_none() && found.source != HitSource::Import {
                return Ok(());
            }
            let count: i64 = connection
                .prepare_cached("SELECT count(*) FROM decision1 WHERE network = ?1")?
                .query_row([number(found)], |row| row.get(0))?;
            if count >= i64::try_from(DECISIONS).unwrap_or(i64::MAX) {
                connection.execute("DELETE FROM decision1 WHERE network = ?1", [number(found)])?;
            }
            connection
                .prepare_cached("INSERT OR REPLACE INTO decision1 VALUES (?1, ?2, ?3, ?4, ?5)")?
                .execute(params![
                    number(found),
                    patterns.as_slice(),
                    address,
                    micros(found.fetched),
                    decision
                ])?;
            Ok(())
        })
    }
}
