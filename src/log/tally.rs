//! Counts clients: how often and when each was seen, and in what order.

use super::seen::{NEVER, packed};
use crate::log::{Activity, SeenClient};
use foldhash::fast::RandomState;
use jiff::Timestamp;
use std::{
    collections::HashMap,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

/// The counts of one thread. The order of first appearance is kept as a position in the whole input, so that threads
/// need not share it.
///
/// Every line of a log is counted here. So the data that every line touches (the indexes of IPv4 addresses, the hits)
/// is apart from the rest, and small enough for a processor's cache.
#[derive(Default)]
pub(super) struct LogTally {
    v4: HashMap<Ipv4Addr, u32, RandomState>,
    v6: HashMap<Ipv6Addr, u32, RandomState>,
    hits: Vec<u64>,
    firsts: Vec<([u8; 16], u64)>,
    /// Filled only as far as needed: empty if no line has a time.
    times: Vec<SeenSpan>,
    /// The address that was counted last, and its index: a client's lines come in runs.
    last: Option<(IpAddr, u32)>,
    pub(super) draw: bool,
    pub(super) lines: u64,
    pub(super) selected: u64,
    pub(super) with_client: u64,
    /// At least one line had a time.
    pub(super) dated: bool,
    /// Lines with a client and no time, if times were asked for.
    pub(super) undated: u64,
    pub(super) near_addresses: u64,
    /// The first of them, and its position.
    pub(super) near_address: Option<(u64, String)>,
}

/// The times at which an address was seen, in microseconds since 1970.
struct SeenSpan {
    first: i64,
    last: i64,
    activity: Activity,
}

impl Default for SeenSpan {
    fn default() -> Self {
        Self { first: NEVER, last: NEVER, activity: Activity::default() }
    }
}

impl LogTally {
    /// Counts a line with one client.
    pub(super) fn line(&mut self, address: IpAddr, position: u64, time: Option<Timestamp>) {
        self.with_client += 1;
        self.hit(address, position, time);
    }

    /// Counts a line that is nearly an address.
    pub(super) fn near_address(&mut self, line: &str, position: u64) {
        self.near_addresses += 1;
        self.near_address.get_or_insert_with(|| (position, line.to_owned()));
    }

    /// Counts an address. A thread gets its chunks in order, so the first position is the lowest.
    pub(super) fn hit(&mut self, address: IpAddr, position: u64, time: Option<Timestamp>) {
        let index = match self.last {
            Some((last, index)) if last == address => index,
            _ => self.index(address, position),
        };
        self.last = Some((address, index));
        let index = index as usize;
        if let Some(hits) = self.hits.get_mut(index) {
            *hits += 1;
        }
        if let Some(time) = time {
            self.time(index, time);
        }
    }

    fn index(&mut self, address: IpAddr, position: u64) -> u32 {
        let index = self.known_index(address);
        if index as usize == self.hits.len() {
            self.hits.push(0);
            self.firsts.push((packed(address), position));
        }
        index
    }

    /// The index of an address. A new address gets the next one.
    fn known_index(&mut self, address: IpAddr) -> u32 {
        let next = u32::try_from(self.v4.len() + self.v6.len()).unwrap_or(u32::MAX);
        match address {
            IpAddr::V4(v4) => *self.v4.entry(v4).or_insert(next),
            IpAddr::V6(v6) => *self.v6.entry(v6).or_insert(next),
        }
    }

    fn time(&mut self, index: usize, time: Timestamp) {
        if self.times.len() <= index {
            self.times.resize_with(index + 1, SeenSpan::default);
        }
        let Some(span) = self.times.get_mut(index) else { return };
        let at = time.as_microsecond();
        span.first = if span.first == NEVER { at } else { span.first.min(at) };
        span.last = span.last.max(at);
        if self.draw {
            span.activity.add(time, 1);
        }
    }

    /// The sum of all threads' counts: all clients, in order of first appearance. Each thread's counts are freed while
    /// they are added, so that no client is in memory twice for long.
    pub(super) fn together(mut tallies: Vec<Self>) -> Vec<SeenClient> {
        tallies.sort_by_key(|tally| std::cmp::Reverse(tally.hits.len()));
        let mut tallies = tallies.into_iter();
        let Some(mut most) = tallies.next() else { return Vec::new() };
        let mut seen: Vec<SeenClient> = most.take_seen().collect();
        for mut tally in tallies {
            (tally.v4, tally.v6) = Default::default();
            for theirs in tally.take_seen() {
                match seen.get_mut(most.known_index(theirs.address()) as usize) {
                    Some(ours) => ours.merge(&theirs),
                    None => seen.push(theirs),
                }
            }
        }
        seen.sort_unstable_by_key(|seen| seen.position);
        seen
    }

    fn take_seen(&mut self) -> impl ExactSizeIterator<Item = SeenClient> + use<> {
        let (hits, mut times) = (std::mem::take(&mut self.hits), std::mem::take(&mut self.times));
        times.resize_with(hits.len(), SeenSpan::default);
        let firsts = std::mem::take(&mut self.firsts).into_iter();
        firsts.zip(hits).zip(times).map(|(((address, position), hits), span)| {
            let SeenSpan { first, last, activity } = span;
            SeenClient { address, hits, activity, first, last, position }
        })
    }
}
