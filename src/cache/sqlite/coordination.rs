//! Leases and servers in the file.

use super::{SqliteCache, SqliteResult, store::look};
use crate::cache::{
    CacheResult, Coordinator, LeaseHolder, Observations, TurnOutcome, TurnRequest,
    server::{self, ServerNotes, micros, moment},
};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};
use std::{
    collections::HashSet,
    sync::{MutexGuard, PoisonError},
    time::Duration,
};

/// The leases that a process remembers to be waiting for. A service gives some up, so their number is bounded.
const WAITING: usize = 1024;

/// The number of holders that have a lease on `what` now, without `holder`.
fn others(connection: &Connection, what: &str, holder: LeaseHolder, now: Timestamp) -> SqliteResult<u32> {
    let mut statement = connection
        .prepare_cached("SELECT made, until, holder FROM claim1 WHERE what = ?1 AND holder <> ?2")?;
    let mut rows = statement.query(params![what, holder.as_integer()])?;
    let mut count = 0;
    while let Some(row) = rows.next()? {
        let holds = server::holds(row.get(0)?, row.get(1)?, now);
        count += u32::from(holds && !LeaseHolder::from_integer(row.get(2)?).is_gone());
    }
    Ok(count)
}

fn read(connection: &Connection, name: &str) -> SqliteResult<ServerNotes> {
    let row = connection
        .prepare_cached("SELECT next, booked, until, denied, times FROM server1 WHERE name = ?1")?
        .query_row([name], |row| from_row(row, 0))
        .optional()?;
    Ok(row.unwrap_or_default())
}

/// The five columns of a server, from index `at` on.
pub(super) fn from_row(row: &Row<'_>, at: usize) -> rusqlite::Result<ServerNotes> {
    Ok(ServerNotes {
        next: row.get(at)?,
        booked: row.get(at + 1)?,
        until: row.get(at + 2)?,
        denied: row.get(at + 3)?,
        times: row.get(at + 4)?,
    })
}

fn store(connection: &Connection, name: &str, server: ServerNotes) -> SqliteResult<()> {
    let ServerNotes { next, booked, until, denied, times } = server;
    connection
        .prepare_cached("INSERT OR REPLACE INTO server1 VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?
        .execute(params![name, next, booked, until, denied, times])?;
    Ok(())
}

/// Takes one of `width` leases, unless all are taken.
fn claim(
    connection: &Connection,
    what: &str,
    width: u32,
    holder: LeaseHolder,
    (now, until): (Timestamp, Timestamp),
) -> SqliteResult<bool> {
    if others(connection, what, holder, now)? >= width {
        return Ok(false);
    }
    connection
        .prepare_cached("DELETE FROM claim1 WHERE until <= ?1 OR made > ?2")?
        .execute([micros(now), micros(now).saturating_add(3_600_000_000)])?;
    connection.prepare_cached("INSERT OR REPLACE INTO claim1 VALUES (?1, ?2, ?3, ?4)")?.execute(params![
        what,
        holder.as_integer(),
        micros(now),
        micros(until)
    ])?;
    Ok(true)
}

/// The reason not to ask now, if there is one: an answer, a hold-off, or another holder of the lease.
fn hindrance(connection: &Connection, request: &TurnRequest) -> SqliteResult<Option<TurnOutcome>> {
    if let Some(freshness) = &request.accepts
        && let Some(found) = look(connection, request.address, freshness, false)?
    {
        return Ok(Some(TurnOutcome::Found(found)));
    }
    if let Some(until) = read(connection, &request.server)?.held(request.now) {
        return Ok(Some(TurnOutcome::HeldOff(until)));
    }
    let taken = others(connection, &request.area, request.holder, request.now)? > 0;
    Ok(taken.then_some(TurnOutcome::Busy))
}

fn release(what: String, holder: LeaseHolder) -> impl Fn(&Connection) -> SqliteResult<()> {
    move |connection| {
        connection
            .prepare_cached("DELETE FROM claim1 WHERE what = ?1 AND holder = ?2")?
            .execute(params![what, holder.as_integer()])?;
        Ok(())
    }
}

impl SqliteCache {
    fn refused(&self) -> MutexGuard<'_, HashSet<String>> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note_refusal(&self, what: &str, was_refused: bool) {
        let mut refused = self.refused();
        if !was_refused {
            refused.remove(what);
        } else if refused.len() < WAITING {
            refused.insert(what.to_owned());
        }
    }

    /// [`crate::cache::Cache::take_turn`], in one transaction.
    pub(super) fn take_turn_at_once(&self, request: &TurnRequest) -> CacheResult<TurnOutcome> {
        let waits = self.refused().contains(&request.area);
        if waits && let Some(outcome) = self.read(|connection| hindrance(connection, request))? {
            self.flush()?;
            return Ok(outcome);
        }
        let wanted = request.clone();
        let outcome = self.write_together(move |connection| {
            if let Some(outcome) = hindrance(connection, &wanted)? {
                return Ok(outcome);
            }
            let (holder, span) = (wanted.holder, (wanted.now, wanted.until));
            claim(connection, &wanted.area, 1, holder, span)?;
            let query = match &wanted.query {
                Some((what, width)) => claim(connection, what, *width, holder, span)?,
                None => false,
            };
            Ok(TurnOutcome::Granted { query })
        })?;
        self.note_refusal(&request.area, outcome == TurnOutcome::Busy);
        Ok(outcome)
    }
}

impl Coordinator for SqliteCache {
    fn claim(
        &self,
        what: &str,
        width: u32,
        holder: LeaseHolder,
        now: Timestamp,
        until: Timestamp,
    ) -> CacheResult<bool> {
        // Waiting processes ask again and again. They only read, so the lock is free for those that make progress.
        let waits = self.refused().contains(what);
        if waits && self.with(|connection| others(connection, what, holder, now))? >= width {
            // Others may wait for what this process still has to give back.
            self.flush()?;
            return Ok(false);
        }
        let wanted = what.to_owned();
        let got =
            self.write_together(move |connection| claim(connection, &wanted, width, holder, (now, until)))?;
        self.note_refusal(what, !got);
        Ok(got)
    }

    fn release(&self, what: &str, holder: LeaseHolder) -> CacheResult<()> {
        self.write_together(release(what.to_owned(), holder))
    }

    fn release_with_next_write(&self, what: &str, holder: LeaseHolder) -> CacheResult<()> {
        self.write_later(release(what.to_owned(), holder));
        Ok(())
    }

    fn flush(&self) -> CacheResult<()> {
        if self.has_writes_waiting() { self.write_together(|_| Ok(())) } else { Ok(()) }
    }

    fn pace(&self, server: &str, every: Duration, now: Timestamp, by: Timestamp) -> CacheResult<Timestamp> {
        let (at, booked) = self.with(|connection| Ok(read(connection, server)?.book(every, now, by)))?;
        if !booked {
            return Ok(at);
        }
        let server = server.to_owned();
        self.write_together(move |connection| {
            let mut noted = read(connection, &server)?;
            let (at, booked) = noted.book(every, now, by);
            if booked {
                store(connection, &server, noted)?;
            }
            Ok(at)
        })
    }

    fn hold_off(&self, server: &str, now: Timestamp, least: Duration) -> CacheResult<Timestamp> {
        self.flush()?;
        self.write(|connection| {
            let mut noted = read(connection, server)?;
            let until = noted.deny(now, least);
            store(connection, server, noted)?;
            Ok(until)
        })
    }

    fn held_off(&self, server: &str, now: Timestamp) -> CacheResult<Option<Timestamp>> {
        self.with(|connection| Ok(read(connection, server)?.held(now)))
    }
}

impl Observations for SqliteCache {
    fn observed(&self, name: &str) -> CacheResult<ServerNotes> {
        self.with(|connection| read(connection, name))
    }

    fn observe(&self, name: &str, change: &dyn Fn(&mut ServerNotes)) -> CacheResult<ServerNotes> {
        let changed = |old: ServerNotes| {
            let mut new = old;
            change(&mut new);
            (new, new != old)
        };
        // Earlier notes of this process may still wait to be written.
        self.flush()?;
        // Most answers are like those before them, and change nothing.
        let (notes, differs) = self.with(|connection| Ok(changed(read(connection, name)?)))?;
        if !differs {
            return Ok(notes);
        }
        self.write(|connection| {
            let (notes, differs) = changed(read(connection, name)?);
            if differs {
                store(connection, name, notes)?;
            }
            Ok(notes)
        })
    }

    fn clear_with_next_write(&self, name: &str) -> CacheResult<()> {
        let name = name.to_owned();
        self.write_later(move |connection| match read(connection, &name)? {
            notes if notes == ServerNotes::default() => Ok(()),
            _ => store(connection, &name, ServerNotes::default()),
        });
        Ok(())
    }
}

/// The moment of a column.
pub(super) fn time(row: &Row<'_>, at: usize) -> rusqlite::Result<Option<Timestamp>> {
    Ok(row.get::<_, Option<i64>>(at)?.map(moment))
}
