//! Answers in the file: found, kept, pruned, and what was decided about them.

use super::{Attempt, Sqlite, damaged};
use crate::{
    address::{Network, Prefix},
    answer::{Answer, Source},
    cache::{
        Found, Keeper, Kept, Outcome, Shelf, Want, body, extent,
        memory::{DECISIONS, is_superseded},
        server::{micros, moment},
    },
};
use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension, params};
use std::net::IpAddr;

/// One row of the walk.
struct Step {
    prefix: Prefix,
    fetched: i64,
    id: i64,
    asked: IpAddr,
}

/// An answer this old serves nobody, not even as a stale one.
const OLDEST: SignedDuration = SignedDuration::from_hours(24 * 120);

/// Every so many answers the file's size and the oldest answers are looked at.
const PRUNE_EVERY: i64 = 64;

/// The most specific extent that holds the address and pleases; see [`extent`] for the walk.
fn walk(
    connection: &Connection,
    address: IpAddr,
    mut pleases: impl FnMut(&Step) -> bool,
) -> Attempt<Option<Step>> {
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
            let step =
                Step { prefix, fetched: row.get(1)?, id: row.get(2)?, asked: asked.ok_or_else(damaged)? };
            if pleases(&step) {
                return Ok(Some(step));
            }
        }
        return Ok(None);
    }
}

/// Removes an answer, its extents and what was decided about it. True when it was there.
pub(super) fn remove(connection: &Connection, id: i64) -> Attempt<bool> {
    let row = connection
        .prepare_cached("SELECT first, last, asked, leaf, fetched FROM network1 WHERE id = ?1")?
        .query_row([id], |row| Ok((columns(row, 0)?, row.get::<_, i64>(4)?)))
        .optional()?;
    let Some((Some((network, asked, leaf)), fetched)) = row else { return Ok(false) };
    if let Some(extent) = reach(network, asked, leaf) {
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

/// The columns first, last, asked, leaf of a row, from `at` on; None inside when they make no sense.
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

/// [`Kept::extent`] without the answer.
pub(super) fn reach(network: Network, asked: IpAddr, leaf: bool) -> Option<Network> {
    if leaf { Some(network) } else { network.overlap(&Prefix::around(asked, 24, 48).into()) }
}

/// Removes what is too old, and the oldest when there is too much, a piece at a time.
fn prune(connection: &Connection, now: Timestamp, room: u64) -> Attempt<()> {
    let too_old = micros(now.saturating_sub(OLDEST).unwrap_or(Timestamp::MIN));
    let ids = |sql: &str, bound: i64| -> Attempt<Vec<i64>> {
        let mut statement = connection.prepare_cached(sql)?;
        let ids = statement.query_map([bound], |row| row.get(0))?.collect::<Result<_, _>>()?;
        Ok(ids)
    };
    // Numbers grow with time, so the oldest stand first; reading a few of them is enough.
    let oldest = "SELECT id FROM (SELECT id, fetched FROM network1 ORDER BY id LIMIT 512) WHERE fetched < ?1";
    for id in ids(oldest, too_old)? {
        remove(connection, id)?;
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

/// Bytes of the file that hold something.
pub(super) fn used(connection: &Connection) -> Attempt<u64> {
    let number = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let pages = number("page_count")? - number("freelist_count")?;
    Ok(u64::try_from(pages.saturating_mul(number("page_size")?)).unwrap_or(0))
}

impl Sqlite {
    fn look(&self, address: IpAddr, want: &Want, any_age: bool) -> Outcome<Option<Found>> {
        let step = self.with(|connection| {
            walk(connection, address, |step| {
                want.shares(step.asked, address) && (any_age || want.is_fresh(moment(step.fetched)))
            })
        })?;
        Ok(step.map(|s| Found::new(Shelf::Cache, s.id, s.prefix, moment(s.fetched), want)))
    }
}

impl Keeper for Sqlite {
    fn find(&self, address: IpAddr, want: &Want) -> Outcome<Option<Found>> {
        self.look(address, want, false)
    }

    fn find_stale(&self, address: IpAddr, want: &Want) -> Outcome<Option<Found>> {
        self.look(address, want, true)
    }

    fn answer(&self, found: &Found) -> Outcome<Option<Answer>> {
        let packed: Option<Vec<u8>> = self.with(|connection| {
            let mut statement =
                connection.prepare_cached("SELECT body FROM network1 WHERE id = ?1 AND fetched = ?2")?;
            Ok(statement.query_row([found.id, micros(found.fetched)], |row| row.get(0)).optional()?)
        })?;
        let Some(packed) = packed else { return Ok(None) };
        let answer = body::unpack(&packed, found.fetched, Source::Cache, found.stale)?;
        // After a power cut a number may have come to mean another network; better no answer than another's.
        Ok(answer.record.network.contains(found.extent.first()).then_some(answer))
    }

    fn keep(&self, kept: &Kept) -> Outcome<()> {
        let Some(reach) = kept.extent() else { return Ok(()) };
        let Some(part) = extent::part(&reach, kept.asked) else { return Ok(()) };
        let packed = body::pack(&kept.answer)?;
        let fetched = micros(kept.answer.fetched);
        self.write(|connection| {
            let mut superseded = Vec::new();
            walk(connection, kept.asked, |step| {
                if step.fetched <= fetched && is_superseded(step.prefix, step.asked, part, kept.asked) {
                    superseded.push(step.id);
                }
                false
            })?;
            for &id in &superseded {
                remove(connection, id)?;
            }
            let network = kept.answer.record.network;
            connection
                .prepare_cached(
                    "INSERT INTO network1 (first, last, asked, leaf, fetched, body) \
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                )?
                .execute(params![
                    extent::encode_address(network.first()),
                    extent::encode_address(network.last()),
                    extent::encode_address(kept.asked),
                    kept.leaf,
                    fetched,
                    packed
                ])?;
            let id = connection.last_insert_rowid();
            let mut insert = connection.prepare_cached("INSERT INTO extent1 VALUES (?1, ?2, ?3, ?4)")?;
            for prefix in reach.prefixes() {
                let asked = extent::encode_address(kept.asked);
                insert.execute(params![extent::encode(prefix), fetched, id, asked])?;
            }
            if id % PRUNE_EVERY == 0 { prune(connection, kept.answer.fetched, self.room) } else { Ok(()) }
        })
    }

    fn recall(
        &self,
        found: &Found,
        patterns: &[u8; 16],
        address: Option<IpAddr>,
    ) -> Outcome<Option<Vec<u8>>> {
        let address = address.map(extent::encode_address).unwrap_or_default();
        self.with(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT decision FROM decision1 \
                 WHERE network = ?1 AND patterns = ?2 AND address = ?3 AND fetched = ?4",
            )?;
            let values = params![found.id, patterns.as_slice(), address, micros(found.fetched)];
            Ok(statement.query_row(values, |row| row.get(0)).optional()?)
        })
    }

    fn remember(
        &self,
        found: &Found,
        patterns: &[u8; 16],
        address: Option<IpAddr>,
        decision: &[u8],
    ) -> Outcome<()> {
        let address = address.map(extent::encode_address).unwrap_or_default();
        self.write_if_idle(|connection| {
            let there: Option<i64> = connection
                .prepare_cached("SELECT 1 FROM network1 WHERE id = ?1 AND fetched = ?2")?
                .query_row([found.id, micros(found.fetched)], |row| row.get(0))
                .optional()?;
            if there.is_none() {
                return Ok(());
            }
            let count: i64 = connection
                .prepare_cached("SELECT count(*) FROM decision1 WHERE network = ?1")?
                .query_row([found.id], |row| row.get(0))?;
            if count >= i64::try_from(DECISIONS).unwrap_or(i64::MAX) {
                connection.execute("DELETE FROM decision1 WHERE network = ?1", [found.id])?;
            }
            connection
                .prepare_cached("INSERT OR REPLACE INTO decision1 VALUES (?1, ?2, ?3, ?4, ?5)")?
                .execute(params![found.id, patterns.as_slice(), address, micros(found.fetched), decision])?;
            Ok(())
        })
    }
}
