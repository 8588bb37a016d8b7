//! Who was seen, how often, when, and in what order.

use crate::input::Seen;
use jiff::Timestamp;
use std::{collections::HashMap, net::IpAddr};

/// What one thread has counted. The order of first appearance is kept as a position in the whole input, so that
/// threads need not know of each other.
#[derive(Default)]
pub(super) struct Tally {
    seen: Vec<Seen>,
    places: HashMap<IpAddr, usize>,
    /// The place of the address that was counted last: a client's lines come in runs.
    last: usize,
    pub(super) draw: bool,
    pub(super) lines: u64,
    pub(super) selected: u64,
    pub(super) with_client: u64,
}

impl Tally {
    /// Counts a line with one client.
    pub(super) fn line(&mut self, address: IpAddr, position: u64, time: Option<Timestamp>) {
        self.with_client += 1;
        self.hit(address, position, time);
    }

    /// Counts an address.
    pub(super) fn hit(&mut self, address: IpAddr, position: u64, time: Option<Timestamp>) {
        if self.seen.get(self.last).is_none_or(|seen| seen.address != address) {
            self.last = *self.places.entry(address).or_insert_with(|| {
                self.seen.push(Seen::new(address, position));
                self.seen.len() - 1
            });
        }
        let Some(seen) = self.seen.get_mut(self.last) else { return };
        seen.hits += 1;
        // A thread gets its chunks in order, but for the order of threads.
        seen.position = seen.position.min(position);
        if let Some(time) = time {
            seen.first = Some(seen.first.map_or(time, |first| first.min(time)));
            seen.last = Some(seen.last.map_or(time, |last| last.max(time)));
            if self.draw {
                seen.activity.add(time, 1);
            }
        }
    }

    /// Adds what another thread has counted.
    pub(super) fn merge(&mut self, other: Self) {
        self.lines += other.lines;
        self.selected += other.selected;
        self.with_client += other.with_client;
        for theirs in other.seen {
            match self.places.get(&theirs.address).and_then(|place| self.seen.get_mut(*place)) {
                Some(seen) => seen.merge(&theirs),
                None => {
                    self.places.insert(theirs.address, self.seen.len());
                    self.seen.push(theirs);
                }
            }
        }
    }

    /// Everybody, in order of first appearance.
    pub(super) fn into_seen(self) -> Vec<Seen> {
        drop(self.places);
        let mut seen = self.seen;
        seen.sort_unstable_by_key(|seen| seen.position);
        seen
    }
}
