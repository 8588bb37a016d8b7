//! All cached and imported networks in memory, for a run over many addresses. Nested networks are flattened into
//! ranges, so that one binary search finds the most specific.

use super::{CacheHit, Freshness, HitSource, server::moment};
use crate::address::Prefix;
use jiff::Timestamp;
use std::{cmp::Ordering, net::IpAddr};

/// The most extents that go into it: more would take hundreds of megabytes, and the file answers too.
pub(super) const MOST: usize = 2_000_000;

/// Marks a range that no extent covers.
const NOBODY: u32 = u32::MAX;

/// One extent as a cache lists it.
#[derive(Clone, Copy, Debug)]
pub(super) struct ListedExtent {
    pub(super) prefix: Prefix,
    pub(super) fetched: i64,
    pub(super) id: i64,
    pub(super) whose: ExtentOrigin,
}

/// The source of an extent.
#[derive(Clone, Copy, Debug)]
pub(super) enum ExtentOrigin {
    /// Imported data. It serves all of its network and does not age.
    Imported {
        /// [`super::extent::narrow`] of the network.
        narrow: f64,
    },
    /// An answer to a question.
    Cached {
        /// The address that was asked about.
        asked: IpAddr,
    },
}

impl ListedExtent {
    fn asked(&self) -> Option<IpAddr> {
        match self.whose {
            ExtentOrigin::Cached { asked } => Some(asked),
            ExtentOrigin::Imported { .. } => None,
        }
    }

    /// Orders extents of one prefix: the last one wins. Answers to questions come after imported data, and the newest
    /// comes last. Among imported networks the narrowest comes last.
    fn order(&self, other: &Self) -> Ordering {
        let narrow = |extent: &Self| match extent.whose {
            ExtentOrigin::Imported { narrow } => narrow,
            ExtentOrigin::Cached { .. } => 0.0,
        };
        let key = |extent: &Self| (extent.prefix, extent.asked().is_some());
        let age = |extent: &Self| match extent.whose {
            ExtentOrigin::Imported { .. } => (0, extent.id),
            ExtentOrigin::Cached { .. } => (extent.fetched, extent.id),
        };
        key(self)
            .cmp(&key(other))
            .then(narrow(self).total_cmp(&narrow(other)))
            .then(age(self).cmp(&age(other)))
    }
}

/// The extents of the cache, in memory.
#[derive(Debug, Default)]
pub(super) struct Snapshot {
    extents: Vec<ListedExtent>,
    v4: FlatRanges<u32>,
    v6: FlatRanges<u128>,
}

impl Snapshot {
    /// Gathers the extents that a reader accepts.
    pub(super) fn new(all: impl Iterator<Item = ListedExtent>, freshness: &Freshness) -> Self {
        let pleases =
            |extent: &ListedExtent| extent.asked().is_none() || freshness.is_fresh(moment(extent.fetched));
        // With `--share`, an answer serves less than its network, but ranks by its network.
        let served = |extent: &ListedExtent| match extent.asked() {
            Some(asked) => freshness.served(extent.prefix, asked),
            None => Some(extent.prefix),
        };
        let mut extents: Vec<ListedExtent> =
            all.filter(|extent| pleases(extent) && served(extent).is_some()).collect();
        extents.sort_unstable_by(|a, b| served(a).cmp(&served(b)).then_with(|| a.order(b)));
        let (mut v4, mut v6) = (FlatRanges::default(), FlatRanges::default());
        for (index, extent) in (0..NOBODY).zip(&extents) {
            let Some(part) = served(extent) else { continue };
            let rank = (extent.prefix.length(), extent.asked().is_some());
            match (part.first(), part.last()) {
                (IpAddr::V4(first), IpAddr::V4(last)) => v4.add(first.to_bits(), last.to_bits(), index, rank),
                (IpAddr::V6(first), IpAddr::V6(last)) => v6.add(first.to_bits(), last.to_bits(), index, rank),
                _ => {}
            }
        }
        v4.end();
        v6.end();
        Self { extents, v4, v6 }
    }

    /// The most specific extent that holds the address.
    pub(super) fn find(&self, address: IpAddr, freshness: &Freshness) -> Option<CacheHit> {
        let index = match address {
            IpAddr::V4(address) => self.v4.find(address.to_bits()),
            IpAddr::V6(address) => self.v6.find(address.to_bits()),
        }?;
        let extent = self.extents.get(index as usize)?;
        let fetched = moment(extent.fetched);
        Some(match extent.asked() {
            Some(_) => CacheHit::new(HitSource::Cache, extent.id, extent.prefix, fetched, freshness),
            None => CacheHit {
                source: HitSource::Import,
                id: extent.id,
                extent: extent.prefix,
                fetched,
                expires: Timestamp::MAX,
                stale: false,
            },
        })
    }
}

/// Nested ranges flattened: the start of each range, and the extent that it belongs to.
#[derive(Debug)]
struct FlatRanges<N> {
    starts: Vec<N>,
    indexes: Vec<u32>,
    /// The ranges that are still open while the flat list is made: the end, the extent and the rank of each.
    open: Vec<(N, u32, ExtentRank)>,
}

/// If two extents contain an address, the longer prefix answers. If their prefixes are equal, the cached answer does.
type ExtentRank = (u8, bool);

impl<N> Default for FlatRanges<N> {
    fn default() -> Self {
        Self { starts: Vec::new(), indexes: Vec::new(), open: Vec::new() }
    }
}

/// An address as a number.
trait AddressNumber: Copy + Ord {
    /// The next address; None after the last.
    fn next(self) -> Option<Self>;
}

impl AddressNumber for u32 {
    fn next(self) -> Option<Self> {
        self.checked_add(1)
    }
}

impl AddressNumber for u128 {
    fn next(self) -> Option<Self> {
        self.checked_add(1)
    }
}

impl<N: AddressNumber> FlatRanges<N> {
    /// Adds a range. Ranges must come ordered by first address, an enclosing one before those inside it. A range that
    /// ranks below the one around it is never found.
    fn add(&mut self, first: N, last: N, index: u32, rank: ExtentRank) {
        self.close(Some(first));
        if self.open.last().is_some_and(|&(_, _, around)| rank < around) {
            return;
        }
        self.mark(first, index);
        self.open.push((last, index, rank));
    }

    /// Closes the ranges that end before `first`, or all ranges.
    fn close(&mut self, first: Option<N>) {
        while let Some(&(last, ..)) = self.open.last().filter(|(last, ..)| first.is_none_or(|f| *last < f)) {
            self.open.pop();
            let below = self.open.last().map_or(NOBODY, |&(_, index, _)| index);
            if let Some(after) = last.next() {
                self.mark(after, below);
            }
        }
    }

    fn mark(&mut self, start: N, index: u32) {
        if self.starts.last() == Some(&start) {
            if let Some(last) = self.indexes.last_mut() {
                *last = index;
            }
            return;
        }
        self.starts.push(start);
        self.indexes.push(index);
    }

    fn end(&mut self) {
        self.close(None);
        self.open = Vec::new();
    }

    fn find(&self, address: N) -> Option<u32> {
        let after = self.starts.partition_point(|start| *start <= address);
        self.indexes.get(after.checked_sub(1)?).copied().filter(|&index| index != NOBODY)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        address::Draw,
        cache::contract::{at, freshness},
    };
    use std::net::Ipv4Addr;

    fn extent(prefix: &str, id: i64, asked: Option<&str>) -> ListedExtent {
        let fetched = at(0).as_microsecond() + id;
        let whose = match asked {
            Some(asked) => ExtentOrigin::Cached { asked: asked.parse().unwrap() },
            None => ExtentOrigin::Imported { narrow: 0.0 },
        };
        ListedExtent { prefix: prefix.parse().unwrap(), fetched, id, whose }
    }

    #[test]
    fn agrees_with_trying_them_all() {
        let mut draw = Draw::new(11);
        let mut next = || draw.number();
        let mut all: Vec<ListedExtent> = (1..800)
            .map(|id| {
                let address = Ipv4Addr::from_bits(0xFFFF_0000 | (next() & 0xFFFF));
                let prefix = Prefix::new(address.into(), 16 + (next() % 17) as u8).unwrap();
                ListedExtent { prefix, fetched: id, id, whose: ExtentOrigin::Imported { narrow: 0.0 } }
            })
            .collect();
        all.push(extent("::/0", 900, None));
        all.push(extent("ffff::/16", 901, None));
        let snapshot = Snapshot::new(all.iter().copied(), &freshness(60));
        for _ in 0..20_000 {
            let address = Ipv4Addr::from_bits(0xFFFE_0000 | (next() & 0x1_FFFF)).into();
            let plain =
                all.iter().filter(|e| e.prefix.contains(address)).max_by_key(|e| (e.prefix.length(), e.id));
            assert_eq!(
                snapshot.find(address, &freshness(60)).map(|f| f.id),
                plain.map(|e| e.id),
                "{address}"
            );
        }
        let id =
            |address: &str| snapshot.find(address.parse().unwrap(), &freshness(60)).map(|found| found.id);
        assert_eq!(
            (id("::"), id("ffff::1"), id("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")),
            (Some(900), Some(901), Some(901))
        );
    }

    #[test]
    fn shared_as_far_as_the_reader_accepts_it_agrees_with_trying_them_all() {
        let mut draw = Draw::new(5);
        let mut next = || draw.number();
        let all: Vec<ListedExtent> = (1..400)
            .map(|id| {
                let asked = Ipv4Addr::from_bits(0xFFFF_0000 | (next() & 0xFFFF)).into();
                let prefix = Prefix::new(asked, 16 + (next() % 17) as u8).unwrap();
                let whose = match id % 3 {
                    0 => ExtentOrigin::Imported { narrow: 0.0 },
                    _ => ExtentOrigin::Cached { asked },
                };
                ListedExtent { prefix, fetched: at(0).as_microsecond() + id, id, whose }
            })
            .collect();
        for share in [(18, 48), (24, 48), (29, 48), (32, 128)] {
            let reader = Freshness { share: Some(share), ..freshness(60) };
            let snapshot = Snapshot::new(all.iter().copied(), &reader);
            for _ in 0..10_000 {
                let address: IpAddr = Ipv4Addr::from_bits(0xFFFF_0000 | (next() & 0xFFFF)).into();
                let serves = |e: &&ListedExtent| {
                    e.prefix.contains(address) && e.asked().is_none_or(|asked| reader.shares(asked, address))
                };
                let rank = |e: &&ListedExtent| (e.prefix.length(), e.asked().is_some(), e.id);
                let plain = all.iter().filter(serves).max_by_key(rank);
                let found = snapshot.find(address, &reader).map(|f| (f.id, f.extent));
                assert_eq!(found, plain.map(|e| (e.id, e.prefix)), "{address} {share:?}");
            }
        }
    }

    #[test]
    fn takes_only_what_the_reader_accepts() {
        let asked = Some("198.51.100.7");
        let all = [
            extent("198.51.100.0/22", 1, None),
            extent("198.51.100.0/22", 2, asked),
            extent("2001:db8::/32", 3, None),
        ];
        let id = |freshness: &Freshness, address: &str| {
            Snapshot::new(all.into_iter(), freshness)
                .find(address.parse().unwrap(), freshness)
                .map(|found| found.id)
        };
        assert_eq!(id(&freshness(60), "198.51.103.9"), Some(2));
        let shared = Freshness { share: Some((24, 48)), ..freshness(60) };
        assert_eq!((id(&shared, "198.51.100.200"), id(&shared, "198.51.103.9")), (Some(2), Some(1)));
        assert_eq!(id(&freshness(90_000), "198.51.100.7"), Some(1), "too old; imported data is not");
        assert_eq!(id(&freshness(60), "2001:db9::"), None);
    }
}
