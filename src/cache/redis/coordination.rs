//! Claims and servers on the server: small values, changed by read and swap.

use super::{Redis, key};
use crate::cache::{
    Desk, Holder, Outcome,
    server::{self, Server, micros},
};
use jiff::Timestamp;
use std::{collections::BTreeMap, time::Duration};

/// What is known of a server is forgotten after the longest hold and the quiet day after it.
const SERVER_LIFE: Duration = Duration::from_secs(3 * 86_400);
/// Claims end by themselves, at the latest this long after they should have: clocks differ.
const GRACE: Duration = Duration::from_secs(60);

type Claims = BTreeMap<i64, (i64, i64)>;

/// `holder made until;...`
fn read_claims(text: &str) -> Claims {
    let one = |claim: &str| {
        let mut numbers = claim.split(' ').map(str::parse::<i64>);
        Some((numbers.next()?.ok()?, (numbers.next()?.ok()?, numbers.next()?.ok()?)))
    };
    text.split(';').filter_map(one).collect()
}

fn write_claims(claims: &Claims, now: i64) -> (String, Duration) {
    let claim = |(holder, (made, until)): (&i64, &(i64, i64))| format!("{holder} {made} {until}");
    let text = claims.iter().map(claim).collect::<Vec<_>>().join(";");
    let last = claims.values().map(|(_, until)| until.saturating_sub(now)).max().unwrap_or_default();
    (text, GRACE + Duration::from_micros(u64::try_from(last).unwrap_or(0)))
}

pub(super) fn read_server(text: &str) -> Server {
    let mut numbers = text.split(' ').map(|number| number.parse().unwrap_or(0));
    let mut next = || numbers.next().unwrap_or(0);
    Server { next: next(), booked: next(), until: next(), denied: next(), times: next() }
}

fn write_server(server: &Server) -> (String, Duration) {
    let Server { next, booked, until, denied, times } = server;
    (format!("{next} {booked} {until} {denied} {times}"), SERVER_LIFE)
}

impl Desk for Redis {
    fn claim(
        &self,
        what: &str,
        width: u32,
        holder: Holder,
        now: Timestamp,
        until: Timestamp,
    ) -> Outcome<bool> {
        self.swap(&key("c", what), |old| {
            let mut claims = read_claims(old);
            claims.retain(|&holder, &mut (made, until)| {
                server::holds(made, until, now) && !Holder::from_integer(holder).is_gone()
            });
            if !claims.contains_key(&holder.as_integer()) && claims.len() >= width as usize {
                return (false, None);
            }
            claims.insert(holder.as_integer(), (micros(now), micros(until)));
            (true, Some(write_claims(&claims, micros(now))))
        })
    }

    fn release(&self, what: &str, holder: Holder) -> Outcome<()> {
        self.swap(&key("c", what), |old| {
            let mut claims = read_claims(old);
            let there = claims.remove(&holder.as_integer());
            ((), there.map(|(made, _)| write_claims(&claims, made)))
        })
    }

    fn pace(&self, server: &str, every: Duration, now: Timestamp, by: Timestamp) -> Outcome<Timestamp> {
        self.swap(&key("s", server), |old| {
            let mut noted = read_server(old);
            let (at, booked) = noted.book(every, now, by);
            (at, booked.then(|| write_server(&noted)))
        })
    }

    fn hold_off(&self, server: &str, now: Timestamp) -> Outcome<Timestamp> {
        self.with(|connection| {
            ::redis::cmd("SADD").arg(key("servers", "")).arg(server).query::<()>(connection)
        })?;
        self.swap(&key("s", server), |old| {
            let mut noted = read_server(old);
            let until = noted.deny(now);
            (until, Some(write_server(&noted)))
        })
    }

    fn held_off(&self, server: &str, now: Timestamp) -> Outcome<Option<Timestamp>> {
        let noted: Option<String> = self.with(|c| ::redis::cmd("GET").arg(key("s", server)).query(c))?;
        Ok(noted.and_then(|text| read_server(&text).held(now)))
    }
}
