//! The reads and writes behind `cache stats|list|forget|export`.

use super::{
    SqliteCache,
    coordination::{from_row, time},
    damaged, store,
};
use crate::{
    address::Network,
    cache::{
        CacheResult, CacheStats, CachedAnswer, CachedPage, DamagedAnswer, Maintenance, body, extent,
        server::moment,
    },
    registry::AnswerSource,
};
use jiff::Timestamp;
use rusqlite::params;

impl Maintenance for SqliteCache {
    fn stats(&self, now: Timestamp) -> CacheResult<CacheStats> {
        self.with(|connection| {
            let mut stats = CacheStats::default();
            let mut statement =
                connection.prepare("SELECT name, next, booked, until, denied, times FROM server1")?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                stats.enter(&row.get::<_, String>(0)?, &from_row(row, 1)?, now);
            }
            let sql = "SELECT count(*), min(fetched), max(fetched) FROM network1";
            let (networks, oldest, newest) = connection
                .query_row(sql, [], |row| Ok((row.get::<_, u32>(0)?, time(row, 1)?, time(row, 2)?)))?;
            let bytes = std::fs::metadata(&self.path).map_or(0, |meta| meta.len());
            Ok(CacheStats { networks: networks.into(), bytes, oldest, newest, ..stats })
        })
    }

    fn list(&self, after: i64, limit: usize) -> CacheResult<CachedPage> {
        self.with(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT id, first, last, asked, leaf, fetched, body FROM network1 \
                 WHERE id > ?1 ORDER BY id LIMIT ?2",
            )?;
            let mut rows = statement.query(params![after, i64::try_from(limit).unwrap_or(i64::MAX)])?;
            let mut page = CachedPage::default();
            while let Some(row) = rows.next()? {
                let (id, fetched) = (row.get(0)?, moment(row.get(5)?));
                page.last = Some(id);
                let columns = store::columns(row, 1)?;
                let packed = row.get_ref(6)?.as_blob().unwrap_or_default();
                match (columns, body::unpack(packed, fetched, AnswerSource::Cache, false)) {
                    (Some((_, asked, leaf)), Ok(answer)) => {
                        page.answers.push((id, CachedAnswer { answer, asked, leaf }));
                    }
                    (columns, _) => {
                        let reach = |(whole, asked, leaf)| Some((extent::reach(whole, asked, leaf)?, asked));
                        page.damaged.push(DamagedAnswer { id, extent: columns.and_then(reach), fetched });
                    }
                }
            }
            Ok(page)
        })
    }

    fn keep_all(&self, kept: &[CachedAnswer]) -> CacheResult<()> {
        let ready = kept
            .iter()
            .filter_map(|kept| store::PackedAnswer::new(kept).transpose())
            .collect::<CacheResult<Vec<_>>>()?;
        self.write(|connection| ready.iter().try_for_each(|ready| ready.insert(connection, self.room)))
    }

    fn forget(&self, network: Option<&Network>) -> CacheResult<u64> {
        self.write(|connection| {
            let Some(network) = network else {
                let count: u32 =
                    connection.query_row("SELECT count(*) FROM network1", [], |row| row.get(0))?;
                connection.execute_batch(
                    "DELETE FROM extent1; DELETE FROM decision1; DELETE FROM network1; DELETE FROM server1;",
                )?;
                return Ok(count.into());
            };
            let mut statement = connection.prepare("SELECT id, first, last, asked, leaf FROM network1")?;
            let mut rows = statement.query([])?;
            let mut ids: Vec<i64> = Vec::new();
            while let Some(row) = rows.next()? {
                let (whole, asked, leaf) = store::columns(row, 1)?.ok_or_else(damaged)?;
                if extent::reach(whole, asked, leaf).is_some_and(|reach| reach.overlap(network).is_some()) {
                    ids.push(row.get(0)?);
                }
            }
            for &id in &ids {
                store::remove(connection, id)?;
            }
            Ok(ids.len() as u64)
        })
    }
}
