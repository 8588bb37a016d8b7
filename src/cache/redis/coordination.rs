//! Leases and servers in Redis: small values, changed by read and swap.

use super::{RedisCache, key};
use crate::cache::{
    CacheResult, Coordinator, LeaseHolder, Observations,
    server::{self, ServerNotes, micros},
};
use jiff::Timestamp;
use std::{collections::BTreeMap, time::Duration};

/// How long notes on a server last: the longest hold-off, and the quiet day after it.
const SERVER_LIFE: Duration = Duration::from_secs(3 * 86_400);
/// The key of a lease expires at the latest this long after the lease, because clocks differ.
const GRACE: Duration = Duration::from_secs(60);

type LeaseSlots = BTreeMap<i64, (i64, i64)>;

/// The format is `holder made until;...`.
fn read_claims(text: &str) -> LeaseSlots {
    let one = |claim: &str| {
        let mut numbers = claim.split(' ').map(str::parse::<i64>);
        Some((numbers.next()?.ok()?, (numbers.next()?.ok()?, numbers.next()?.ok()?)))
    };
    text.split(';').filter_map(one).collect()
}

fn write_claims(claims: &LeaseSlots, now: i64) -> (String, Duration) {
    let claim = |(holder, (made, until)): (&i64, &(i64, i64))| format!("{holder} {made} {until}");
    let text = claims.iter().map(claim).collect::<Vec<_>>().join(";");
    let last = claims.values().map(|(_, until)| until.saturating_sub(now)).max().unwrap_or_default();
    (text, GRACE + Duration::from_micros(u64::try_from(last).unwrap_or(0)))
}

pub(super) fn read_server(text: &str) -> ServerNotes {
    let mut numbers = text.split(' ').map(|number| number.parse().unwrap_or(0));
    let mut next = || numbers.next().unwrap_or(0);
    ServerNotes { next: next(), booked: next(), until: next(), denied: next(), times: next() }
}

fn write_server(server: &ServerNotes) -> (String, Duration) {
    let ServerNotes { next, booked, until, denied, times } = server;
    (format!("{next} {booked} {until} {denied} {times}"), SERVER_LIFE)
}

impl Coordinator for RedisCache {
    fn claim(
        &self,
        what: &str,
        width: u32,
        holder: LeaseHolder,
        now: Timestamp,
        until: Timestamp,
    ) -> CacheResult<bool> {
        self.swap(&key("c", what), |old| {
            let mut claims = read_claims(old);
            claims.retain(|&holder, &mut (made, until)| {
                server::holds(made, until, now) && !LeaseHolder::from_integer(holder).is_gone()
            });
            if !claims.contains_key(&holder.as_integer()) && claims.len() >= width as usize {
                return (false, None);
            }
            claims.insert(holder.as_integer(), (micros(now), micros(until)));
            (true, Some(write_claims(&claims, micros(now))))
        })
    }

    fn release(&self, what: &str, holder: LeaseHolder) -> CacheResult<()> {
        self.swap(&key("c", what), |old| {
            let mut claims = read_claims(old);
            let there = claims.remove(&holder.as_integer());
            ((), there.map(|(made, _)| write_claims(&claims, made)))
        })
    }

    fn pace(&self, server: &str, every: Duration, now: Timestamp, by: Timestamp) -> CacheResult<Timestamp> {
        self.swap(&key("s", server), |old| {
            let mut noted = read_server(old);
            let (at, booked) = noted.book(every, now, by);
            (at, booked.then(|| write_server(&noted)))
        })
    }

    fn hold_off(&self, server: &str, now: Timestamp, least: Duration) -> CacheResult<Timestamp> {
        self.list_server(server)?;
        self.swap(&key("s", server), |old| {
            let mut noted = read_server(old);
            let until = noted.deny(now, least);
            (until, Some(write_server(&noted)))
        })
    }

    fn held_off(&self, server: &str, now: Timestamp) -> CacheResult<Option<Timestamp>> {
        let noted: Option<String> = self.with(|c| ::redis::cmd("GET").arg(key("s", server)).query(c))?;
        Ok(noted.and_then(|text| read_server(&text).held(now)))
    }
}

impl RedisCache {
    /// Adds a name to the list of servers that have notes.
    fn list_server(&self, name: &str) -> CacheResult<()> {
        self.with(|connection| ::redis::cmd("SADD").arg(key("servers", "")).arg(name).query::<()>(connection))
    }
}

impl Observations for RedisCache {
    fn observed(&self, name: &str) -> CacheResult<ServerNotes> {
        let noted: Option<String> = self.with(|c| ::redis::cmd("GET").arg(key("s", name)).query(c))?;
        Ok(read_server(&noted.unwrap_or_default()))
    }

    fn observe(&self, name: &str, change: &dyn Fn(&mut ServerNotes)) -> CacheResult<ServerNotes> {
        let notes = self.swap(&key("s", name), |old| {
            let old = read_server(old);
            let mut new = old;
            change(&mut new);
            (new, (new != old).then(|| write_server(&new)))
        })?;
        if notes != ServerNotes::default() {
            self.list_server(name)?;
        }
        Ok(notes)
    }
}
