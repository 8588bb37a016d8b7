//! The requests behind `cache stats|list|forget|export`.

use super::{
    PREFIX, RedisCache,
    coordination::read_server,
    key,
    store::{StoredExtent, remove, stored_extents},
};
use crate::{
    address::Network,
    cache::{CacheResult, CacheStats, CachedAnswer, CachedPage, Maintenance, Store, server::moment},
};
use ::redis::{Connection, RedisResult, cmd, pipe};
use jiff::Timestamp;

/// The number of answers in one round trip.
const PAGE: usize = 500;

/// The numbers of answers above `after`, in order.
fn numbers(connection: &mut Connection, after: i64, limit: usize) -> RedisResult<Vec<i64>> {
    let mut ask = cmd("ZRANGEBYSCORE");
    ask.arg(key("ids", "")).arg(format!("({after}")).arg("+inf").arg("LIMIT").arg(0).arg(limit);
    ask.query(connection)
}

impl RedisCache {
    /// Calls a function with one page of answers after another. Expired ones are removed from the list.
    fn each(
        &self,
        mut work: impl FnMut(&mut Vec<(i64, StoredExtent)>) -> CacheResult<()>,
    ) -> CacheResult<()> {
        let mut after = 0;
        loop {
            let (ids, found) = self.with(|connection| {
                let ids = numbers(connection, after, PAGE)?;
                let found = stored_extents(connection, &ids)?;
                Ok((ids, found))
            })?;
            let Some(&last) = ids.last() else { return Ok(()) };
            after = last;
            let gone: Vec<i64> =
                ids.iter().zip(&found).filter(|(_, stored)| stored.is_none()).map(|(&id, _)| id).collect();
            if !gone.is_empty() {
                self.with(|c| cmd("ZREM").arg(key("ids", "")).arg(&gone).query::<()>(c))?;
            }
            let mut page =
                ids.into_iter().zip(found).filter_map(|(id, stored)| Some((id, stored?))).collect();
            work(&mut page)?;
        }
    }

    fn remove_all(&self, page: &[(i64, StoredExtent)]) -> CacheResult<()> {
        self.with(|connection| {
            let mut all = pipe();
            all.atomic();
            for (id, stored) in page {
                remove(&mut all, *id, stored);
            }
            if page.is_empty() { Ok(()) } else { all.query(connection) }
        })
    }

    /// Removes every key with our prefix.
    fn clear(&self) -> CacheResult<()> {
        let mut cursor = 0_u64;
        loop {
            cursor = self.with(|connection| {
                let mut scan = cmd("SCAN");
                scan.arg(cursor).arg("MATCH").arg(format!("{PREFIX}:*")).arg("COUNT").arg(PAGE);
                let (next, keys): (u64, Vec<String>) = scan.query(connection)?;
                if !keys.is_empty() {
                    cmd("UNLINK").arg(keys).query::<()>(connection)?;
                }
                Ok(next)
            })?;
            if cursor == 0 {
                return Ok(());
            }
        }
    }
}

impl Maintenance for RedisCache {
    fn stats(&self, now: Timestamp) -> CacheResult<CacheStats> {
        let mut stats = CacheStats::default();
        self.each(|page| {
            stats.networks += page.len() as u64;
            let times = || page.iter().map(|(_, stored)| moment(stored.fetched));
            stats.oldest = stats.oldest.into_iter().chain(times()).min();
            stats.newest = stats.newest.into_iter().chain(times()).max();
            let sizes: Vec<u64> = self.with(|connection| {
                let mut ask = pipe();
                for (id, _) in page.iter() {
                    ask.cmd("HSTRLEN").arg(key("n", id)).arg("body");
                }
                if page.is_empty() { Ok(Vec::new()) } else { ask.query(connection) }
            })?;
            stats.bytes += sizes.iter().sum::<u64>();
            Ok(())
        })?;
        let names: Vec<String> =
            self.with(|connection| cmd("SMEMBERS").arg(key("servers", "")).query(connection))?;
        for name in names {
            let noted: Option<String> = self.with(|c| cmd("GET").arg(key("s", &name)).query(c))?;
            stats.enter(&name, &read_server(&noted.unwrap_or_default()), now);
        }
        Ok(stats)
    }

    fn list(&self, after: i64, limit: usize) -> CacheResult<CachedPage> {
        let ids = self.with(|connection| numbers(connection, after, limit))?;
        let mut page = CachedPage { last: ids.last().copied(), ..CachedPage::default() };
        let found: Vec<(Option<String>, Option<Vec<u8>>)> = self.with(|connection| {
            let mut ask = pipe();
            for id in &ids {
                ask.cmd("HMGET").arg(key("n", id)).arg("place").arg("body");
            }
            if ids.is_empty() { Ok(Vec::new()) } else { ask.query(connection) }
        })?;
        for (id, (stored, body)) in ids.into_iter().zip(found) {
            // An expired answer is gone.
            let Some(stored) = stored.as_deref().and_then(StoredExtent::read) else { continue };
            match body.and_then(|body| stored.kept(&body).ok()) {
                Some(kept) => page.answers.push((id, kept)),
                None => page.damaged.push(stored.damaged(id)),
            }
        }
        Ok(page)
    }

    fn keep_all(&self, kept: &[CachedAnswer]) -> CacheResult<()> {
        kept.iter().try_for_each(|kept| self.keep(kept))
    }

    fn forget(&self, network: Option<&Network>) -> CacheResult<u64> {
        let mut count = 0;
        self.each(|page| {
            if let Some(network) = network {
                page.retain(|(_, stored)| {
                    stored.extent().is_some_and(|extent| extent.overlap(network).is_some())
                });
                self.remove_all(page)?;
            }
            count += page.len() as u64;
            Ok(())
        })?;
        if network.is_none() {
            self.clear()?;
        }
        Ok(count)
    }
}
