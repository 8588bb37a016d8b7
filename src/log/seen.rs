//! One client of a log, in few bytes: a log may have millions.

use super::Activity;
use jiff::Timestamp;
use std::net::{IpAddr, Ipv6Addr};

/// Stands for a missing time.
pub(super) const NEVER: i64 = i64::MIN;

/// A client and its hits.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SeenClient {
    /// The unwrapped address, as the sixteen bytes of its mapped form. No unwrapped IPv6 address is a mapped one, so
    /// this is unambiguous.
    pub(super) address: [u8; 16],
    /// The number of lines that named it (with [`super::Extract::All`]: the number of times that it was named).
    pub hits: u64,
    /// Its hits over time; empty unless [`super::ReadSpec::times`]. Hits without a time are not included.
    pub activity: Activity,
    /// The earliest time of a line that named it, in microseconds since 1970, or [`NEVER`].
    pub(super) first: i64,
    /// The latest time, in the same form.
    pub(super) last: i64,
    /// The position where it was first named, in bytes from the start of all input.
    pub(super) position: u64,
}

impl SeenClient {
    /// A client that no line has named yet.
    #[must_use]
    pub fn new(address: IpAddr) -> Self {
        Self {
            address: packed(address),
            hits: 0,
            activity: Activity::default(),
            first: NEVER,
            last: NEVER,
            position: 0,
        }
    }

    /// The address, unwrapped ([`crate::address::unwrap`]).
    #[must_use]
    pub fn address(&self) -> IpAddr {
        Ipv6Addr::from(self.address).to_canonical()
    }

    /// The earliest time of a line that named it; None if no time was read.
    #[must_use]
    pub fn first(&self) -> Option<Timestamp> {
        time(self.first)
    }

    /// The latest time, in the same form.
    #[must_use]
    pub fn last(&self) -> Option<Timestamp> {
        time(self.last)
    }

    /// Counts `hits` at a time.
    pub fn add(&mut self, at: Timestamp, hits: u32) {
        self.hits += u64::from(hits);
        self.saw(at.as_microsecond(), at.as_microsecond());
        self.activity.add(at, hits);
    }

    /// Extends the span of times to include these two.
    pub(super) fn saw(&mut self, first: i64, last: i64) {
        // [`NEVER`] is the least of all numbers, so the maximum is the known time.
        self.first =
            if self.first == NEVER || first == NEVER { self.first.max(first) } else { self.first.min(first) };
        self.last = self.last.max(last);
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.hits += other.hits;
        self.position = self.position.min(other.position);
        self.saw(other.first, other.last);
        self.activity.merge(&other.activity);
    }
}

/// An address in sixteen bytes.
pub(super) fn packed(address: IpAddr) -> [u8; 16] {
    match address {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().octets(),
        IpAddr::V6(v6) => v6.octets(),
    }
}

fn time(microsecond: i64) -> Option<Timestamp> {
    Timestamp::from_microsecond(microsecond).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_small_and_whole() {
        assert!(size_of::<SeenClient>() <= 64, "{}", size_of::<SeenClient>());
        for text in ["203.0.113.7", "0.0.0.0", "2001:db8::1", "::1", "::"] {
            let address: IpAddr = text.parse().unwrap();
            assert_eq!(SeenClient::new(address).address(), address);
        }
    }

    #[test]
    fn times_that_are_none_leave_those_that_are() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let mut client = SeenClient::new(IpAddr::from([192, 0, 2, 1]));
        assert_eq!((client.first(), client.last()), (None, None));
        let mut other = client.clone();
        other.add(at(-5), 1);
        other.add(at(90), 2);
        for _ in 0..2 {
            client.merge(&other);
            assert_eq!((client.first(), client.last()), (Some(at(-5)), Some(at(90))));
            other = SeenClient::new(client.address());
        }
        assert_eq!(client.hits, 3);
    }
}
