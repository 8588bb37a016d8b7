//! Answers in Redis: found, kept, and the decisions about them.

use super::{RedisCache, key};
use crate::{
    address::{Network, Prefix},
    cache::{
        CacheHit, CacheResult, CachedAnswer, DamagedAnswer, Freshness, HitSource, Store, body, extent,
        memory::{DECISIONS, is_superseded},
        server::{micros, moment},
    },
    registry::{Answer, AnswerSource},
};
use ::redis::{Connection, Pipeline, RedisResult, cmd, pipe};
use std::{collections::HashMap, net::IpAddr};

/// The life of an answer in seconds: 120 days. After that it is useless even as a stale one.
const LIFE: i64 = 120 * 86_400;

/// Stores a decision beside its network, if that still exists: `KEYS[1]`, field, decision, most fields.
const REMEMBER: &str = "if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end \
    if redis.call('HLEN', KEYS[1]) > tonumber(ARGV[3]) then return 0 end \
    redis.call('HSET', KEYS[1], ARGV[1], ARGV[2]) return 1";

/// The extent of an answer, as it is stored beside it: all that is needed to find and remove it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct StoredExtent {
    network: Network,
    asked: IpAddr,
    leaf: bool,
    pub(super) fetched: i64,
}

impl StoredExtent {
    fn of(kept: &CachedAnswer) -> Self {
        let network = kept.answer.record.network;
        Self { network, asked: kept.asked, leaf: kept.leaf, fetched: micros(kept.answer.fetched) }
    }

    fn write(&self) -> String {
        let Self { network, asked, leaf, fetched } = self;
        format!("{} {} {asked} {leaf} {fetched}", network.first(), network.last())
    }

    pub(super) fn read(text: &str) -> Option<Self> {
        let mut words = text.split(' ');
        let network = Network::new(words.next()?.parse().ok()?, words.next()?.parse().ok()?)?;
        let asked = words.next()?.parse().ok()?;
        Some(Self { network, asked, leaf: words.next()? == "true", fetched: words.next()?.parse().ok()? })
    }

    /// Whether it belongs to the hit.
    fn is(&self, found: &CacheHit) -> bool {
        self.fetched == micros(found.fetched) && self.network.contains(found.extent.first())
    }

    /// As [`CachedAnswer::extent`].
    pub(super) fn extent(&self) -> Option<Network> {
        extent::reach(self.network, self.asked, self.leaf)
    }

    pub(super) fn kept(&self, packed: &[u8]) -> CacheResult<CachedAnswer> {
        let answer = body::unpack(packed, moment(self.fetched), AnswerSource::Cache, false)?;
        Ok(CachedAnswer { answer, asked: self.asked, leaf: self.leaf })
    }

    /// The same for an answer whose bytes cannot be read.
    pub(super) fn damaged(&self, id: i64) -> DamagedAnswer {
        let extent = self.extent().map(|extent| (extent, self.asked));
        DamagedAnswer { id, extent, fetched: moment(self.fetched) }
    }
}

/// An entry under a prefix.
#[derive(Clone, Copy, Debug)]
struct ExtentEntry {
    prefix: Prefix,
    asked: IpAddr,
    fetched: i64,
    id: i64,
}

/// All entries under prefixes that hold the address: the most specific first, and within one prefix the newest first.
fn entries(connection: &mut Connection, address: IpAddr) -> RedisResult<Vec<ExtentEntry>> {
    let width = extent::start(address).length();
    let prefixes: Vec<Prefix> =
        (0..=width).rev().map(|length| Prefix::around(address, length, length)).collect();
    let mut ask = pipe();
    for prefix in &prefixes {
        ask.cmd("HGETALL").arg(key("p", prefix));
    }
    let found: Vec<HashMap<String, String>> = ask.query(connection)?;
    let mut entries = Vec::new();
    for (&prefix, fields) in prefixes.iter().zip(&found) {
        let start = entries.len();
        entries.extend(fields.iter().filter_map(|(asked, value)| {
            let (fetched, id) = value.split_once(' ')?;
            let (fetched, id) = (fetched.parse().ok()?, id.parse().ok()?);
            Some(ExtentEntry { prefix, asked: asked.parse().ok()?, fetched, id })
        }));
        if let Some(new) = entries.get_mut(start..) {
            new.sort_by_key(|entry| std::cmp::Reverse((entry.fetched, entry.id)));
        }
    }
    Ok(entries)
}

/// Adds the removal of an answer to a transaction.
pub(super) fn remove(transaction: &mut Pipeline, id: i64, stored: &StoredExtent) {
    for prefix in stored.extent().iter().flat_map(Network::prefixes) {
        transaction.cmd("HDEL").arg(key("p", prefix)).arg(stored.asked.to_string()).ignore();
    }
    transaction.cmd("UNLINK").arg(key("n", id)).ignore();
    transaction.cmd("ZREM").arg(key("ids", "")).arg(id).ignore();
}

/// The extents of answers; None for those that are gone.
pub(super) fn stored_extents(
    connection: &mut Connection,
    ids: &[i64],
) -> RedisResult<Vec<Option<StoredExtent>>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut ask = pipe();
    for id in ids {
        ask.cmd("HGET").arg(key("n", id)).arg("place");
    }
    let found: Vec<Option<String>> = ask.query(connection)?;
    Ok(found.iter().map(|text| text.as_deref().and_then(StoredExtent::read)).collect())
}

impl RedisCache {
    fn look(&self, address: IpAddr, freshness: &Freshness, any_age: bool) -> CacheResult<Option<CacheHit>> {
        let entries = self.with(|connection| entries(connection, address))?;
        let pleases = |entry: &&ExtentEntry| {
            let fetched = moment(entry.fetched);
            let is_gone = freshness.now.duration_since(fetched).as_secs() >= LIFE;
            freshness.shares(entry.asked, address) && !is_gone && (any_age || freshness.is_fresh(fetched))
        };
        let found = entries.iter().find(pleases);
        Ok(found.map(|e| CacheHit::new(HitSource::Cache, e.id, e.prefix, moment(e.fetched), freshness)))
    }

    fn insert(&self, connection: &mut Connection, kept: &CachedAnswer, packed: &[u8]) -> RedisResult<()> {
        let stored = StoredExtent::of(kept);
        let Some(reach) = kept.extent() else { return Ok(()) };
        let Some(part) = extent::part(&reach, kept.asked) else { return Ok(()) };
        let others = entries(connection, kept.asked)?;
        let same = |entry: &ExtentEntry| entry.prefix == part && entry.asked == kept.asked;
        if others.iter().any(|entry| same(entry) && entry.fetched > stored.fetched) {
            return Ok(());
        }
        let (superseded, times): (Vec<i64>, Vec<i64>) = others
            .iter()
            .filter(|e| e.fetched <= stored.fetched && is_superseded(e.prefix, e.asked, part, kept.asked))
            .map(|entry| (entry.id, entry.fetched))
            .unzip();
        let old = stored_extents(connection, &superseded)?;
        let id: i64 = cmd("INCR").arg(key("id", "")).query(connection)?;
        let mut all = pipe();
        all.atomic();
        for ((&id, stored), fetched) in superseded.iter().zip(&old).zip(times) {
            if let Some(stored) = stored.filter(|stored| stored.fetched == fetched) {
                remove(&mut all, id, &stored);
            }
        }
        let name = key("n", id);
        // Decisions left under this number by another network would be taken for this one's.
        all.cmd("DEL").arg(&name).ignore();
        all.cmd("HSET").arg(&name).arg("place").arg(stored.write()).arg("body").arg(packed).ignore();
        all.cmd("EXPIRE").arg(&name).arg(LIFE).ignore();
        all.cmd("ZADD").arg(key("ids", "")).arg(id).arg(id).ignore();
        for prefix in reach.prefixes() {
            let name = key("p", prefix);
            let value = format!("{} {id}", stored.fetched);
            all.cmd("HSET").arg(&name).arg(kept.asked.to_string()).arg(value).ignore();
            all.cmd("EXPIRE").arg(&name).arg(LIFE).ignore();
        }
        all.query(connection)
    }
}

/// The field of a decision. It holds only for this answer, and for no later one under the same number.
fn field(found: &CacheHit, patterns: &[u8; 16], address: Option<IpAddr>) -> String {
    let (digest, fetched) = (u128::from_be_bytes(*patterns), micros(found.fetched));
    let field = format!("{digest:032x} {fetched}");
    address.map_or_else(|| field.clone(), |address| format!("{field} {address}"))
}

impl Store for RedisCache {
    fn find(&self, address: IpAddr, freshness: &Freshness) -> CacheResult<Option<CacheHit>> {
        self.look(address, freshness, false)
    }

    fn find_stale(&self, address: IpAddr, freshness: &Freshness) -> CacheResult<Option<CacheHit>> {
        self.look(address, freshness, true)
    }

    fn answer(&self, found: &CacheHit) -> CacheResult<Option<Answer>> {
        let (stored, packed): (Option<String>, Option<Vec<u8>>) = self.with(|connection| {
            cmd("HMGET").arg(key("n", found.id)).arg("place").arg("body").query(connection)
        })?;
        let stored = stored.as_deref().and_then(StoredExtent::read);
        // A number may be used again, if the server has evicted its counter for want of memory.
        let Some(stored) = stored.filter(|stored| stored.is(found)) else { return Ok(None) };
        let answer = packed
            .and_then(|packed| body::unpack(&packed, found.fetched, AnswerSource::Cache, found.stale).ok());
        if answer.is_none() {
            // The answer is damaged. Once removed, it will be asked for again.
            let _ = self.with(|connection| {
                let mut all = pipe();
                remove(all.atomic(), found.id, &stored);
                all.query::<()>(connection)
            });
        }
        Ok(answer)
    }

    fn keep(&self, kept: &CachedAnswer) -> CacheResult<()> {
        let packed = body::pack(&kept.answer)?;
        self.with(|connection| self.insert(connection, kept, &packed))
    }

    fn recall(
        &self,
        found: &CacheHit,
        patterns: &[u8; 16],
        address: Option<IpAddr>,
    ) -> CacheResult<Option<Vec<u8>>> {
        let field = field(found, patterns, address);
        self.with(|connection| cmd("HGET").arg(key("n", found.id)).arg(&field).query(connection))
    }

    fn remember(
        &self,
        found: &CacheHit,
        patterns: &[u8; 16],
        address: Option<IpAddr>,
        decision: &[u8],
    ) -> CacheResult<()> {
        let field = field(found, patterns, address);
        self.with(|connection| {
            let mut remember = cmd("EVAL");
            remember.arg(REMEMBER).arg(1).arg(key("n", found.id)).arg(&field).arg(decision).arg(DECISIONS);
            remember.query::<i64>(connection).map(drop)
        })
    }
}
