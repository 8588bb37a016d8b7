//! Who was seen, how often, when, and in what order.

use crate::log::{Activity, SeenClient};
use foldhash::fast::RandomState;
use jiff::Timestamp;
use std::{
    collections::HashMap,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

/// What one thread has counted. The order of first appearance is kept as a position in the whole input, so that
/// threads need not know of each other.
///
/// Every line of a log comes through here. What is touched by every line (the places of IPv4 addresses, the hits)
/// therefore stands apart from the rest, small enough for a processor's own cache.
#[derive(Default)]
pub(super) struct LogTally {
    v4: HashMap<Ipv4Addr, u32, RandomState>,
    v6: HashMap<Ipv6Addr, u32, RandomState>,
    hits: Vec<u64>,
    firsts: Vec<(IpAddr, u64)>,
    /// Only as long as is needed: empty where no line has a time.
    times: Vec<Option<SeenSpan>>,
    /// The address that was counted last, and its place: a client's lines come in runs.
    last: Option<(IpAddr, u32)>,
    pub(super) draw: bool,
    pub(super) lines: u64,
    pub(super) selected: u64,
    pub(super) with_client: u64,
    /// A line had a time.
    pub(super) dated: bool,
    /// Lines that name somebody and have no time, where times were asked for.
    pub(super) undated: u64,
    pub(super) slips: u64,
    /// The first of them, and where it stands.
    pub(super) slip: Option<(u64, String)>,
}

/// When an address was seen.
struct SeenSpan {
    first: Timestamp,
    last: Timestamp,
    activity: Activity,
}

impl LogTally {
    /// Counts a line with one client.
    pub(super) fn line(&mut self, address: IpAddr, position: u64, time: Option<Timestamp>) {
        self.with_client += 1;
        self.hit(address, position, time);
    }

    /// Counts a line that is nearly an address.
    pub(super) fn slip(&mut self, line: &str, position: u64) {
        self.slips += 1;
        self.slip.get_or_insert_with(|| (position, line.to_owned()));
    }

    /// Counts an address. A thread meets its chunks in order, so that the first position is the lowest.
    pub(super) fn hit(&mut self, address: IpAddr, position: u64, time: Option<Timestamp>) {
        let place = match self.last {
            Some((last, place)) if last == address => place,
            _ => self.place(address, position),
        };
        self.last = Some((address, place));
        let place = place as usize;
        if let Some(hits) = self.hits.get_mut(place) {
            *hits += 1;
        }
        if let Some(time) = time {
            self.time(place, time);
        }
    }

    fn place(&mut self, address: IpAddr, position: u64) -> u32 {
        let next = u32::try_from(self.hits.len()).unwrap_or(u32::MAX);
        let place = match address {
            IpAddr::V4(v4) => *self.v4.entry(v4).or_insert(next),
            IpAddr::V6(v6) => *self.v6.entry(v6).or_insert(next),
        };
        if place as usize == self.hits.len() {
            self.hits.push(0);
            self.firsts.push((address, position));
        }
        place
    }

    fn time(&mut self, place: usize, time: Timestamp) {
        if self.times.len() <= place {
            self.times.resize_with(place + 1, || None);
        }
        let Some(span) = self.times.get_mut(place) else { return };
        let span =
            span.get_or_insert_with(|| SeenSpan { first: time, last: time, activity: Activity::default() });
        span.first = span.first.min(time);
        span.last = span.last.max(time);
        if self.draw {
            span.activity.add(time, 1);
        }
    }

    /// What all threads have counted together: everybody, in order of first appearance.
    pub(super) fn together(tallies: Vec<Self>) -> Vec<SeenClient> {
        let mut seen: Vec<SeenClient> = Vec::new();
        let mut places: HashMap<IpAddr, usize, RandomState> = HashMap::default();
        for theirs in tallies.into_iter().flat_map(Self::into_seen) {
            match places.get(&theirs.address).and_then(|place| seen.get_mut(*place)) {
                Some(ours) => ours.merge(&theirs),
                None => {
                    places.insert(theirs.address, seen.len());
                    seen.push(theirs);
                }
            }
        }
        seen.sort_unstable_by_key(|seen| seen.position);
        seen
    }

    fn into_seen(self) -> impl Iterator<Item = SeenClient> {
        let times = self.times.into_iter().chain(std::iter::repeat_with(|| None));
        self.firsts.into_iter().zip(self.hits).zip(times).map(|(((address, position), hits), span)| {
            let (first, last) = span.as_ref().map(|span| (span.first, span.last)).unzip();
            let activity = span.map(|span| span.activity).unwrap_or_default();
            SeenClient { address, hits, first, last, activity, position }
        })
    }
}
