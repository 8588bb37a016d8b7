//! All cached and imported networks in memory, for a run over many addresses.

use super::{CacheHit, Freshness, HitSource, flat::FlatExtents, imported::FlatImports, server::moment};
use crate::address::Prefix;
use std::{cmp::Ordering, net::IpAddr};

/// The most extents of a cache that go into it: more would take hundreds of megabytes, and the file answers too.
pub(super) const MOST: usize = 2_000_000;

/// The extent of an answer to a question, as a cache lists it.
#[derive(Clone, Copy, Debug)]
pub(super) struct ListedExtent {
    pub(super) prefix: Prefix,
    pub(super) fetched: i64,
    pub(super) id: i64,
    /// The address that was asked about.
    pub(super) asked: IpAddr,
}

impl ListedExtent {
    /// Orders extents of one prefix: the newest comes last, and wins.
    fn order(&self, other: &Self) -> Ordering {
        let key = |extent: &Self| (extent.prefix, extent.fetched, extent.id);
        key(self).cmp(&key(other))
    }
}

/// The extents of the cache and of imported data, in memory.
#[derive(Debug, Default)]
pub(super) struct Snapshot {
    extents: Vec<ListedExtent>,
    /// Indexes of `extents`.
    cached: FlatExtents<u32>,
    imported: FlatImports,
}

impl Snapshot {
    /// Gathers the extents that a reader accepts. Imported data serves all of its network, and does not age.
    pub(super) fn new(all: Vec<ListedExtent>, imported: FlatImports, freshness: &Freshness) -> Self {
        // With `--share`, an answer serves less than its network, but ranks by its network.
        let served = |extent: &ListedExtent| freshness.served(extent.prefix, extent.asked);
        let mut extents = all;
        extents.retain(|extent| freshness.is_fresh(moment(extent.fetched)) && served(extent).is_some());
        extents.sort_unstable_by(|a, b| served(a).cmp(&served(b)).then_with(|| a.order(b)));
        let mut cached = FlatExtents::default();
        for (index, extent) in (0..).zip(&extents) {
            if let Some(part) = served(extent) {
                cached.add(part, index, extent.prefix.length());
            }
        }
        cached.end();
        Self { extents, cached, imported }
    }

    /// The most specific extent that holds the address. If two are equal, the cached one answers, because it is newer.
    pub(super) fn find(&self, address: IpAddr, freshness: &Freshness) -> Option<CacheHit> {
        let cached = self.cached.find(address).and_then(|index| self.extents.get(index as usize));
        let imported = self.imported.find(address);
        match (cached, imported) {
            (Some(extent), imported)
                if imported.as_ref().is_none_or(|of| of.extent.length() <= extent.prefix.length()) =>
            {
                let fetched = moment(extent.fetched);
                Some(CacheHit::new(HitSource::Cache, extent.id, extent.prefix, fetched, freshness))
            }
            (_, imported) => imported,
        }
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

    fn extent(prefix: &str, id: i64, asked: &str) -> ListedExtent {
        let fetched = at(0).as_microsecond() + id;
        ListedExtent { prefix: prefix.parse().unwrap(), fetched, id, asked: asked.parse().unwrap() }
    }

    /// Imported networks, flattened.
    fn imported(all: Vec<(Prefix, i64)>) -> FlatImports {
        let all: Vec<_> = all.into_iter().map(|(prefix, id)| (prefix, id, 1)).collect();
        FlatImports::of(&all)
    }

    #[test]
    fn agrees_with_trying_them_all() {
        let mut draw = Draw::new(5);
        let mut next = || draw.number();
        // Every third is imported.
        let all: Vec<ListedExtent> = (1..400)
            .map(|id| {
                let asked = Ipv4Addr::from_bits(0xFFFF_0000 | (next() & 0xFFFF)).into();
                let prefix = Prefix::new(asked, 16 + (next() % 17) as u8).unwrap();
                ListedExtent { prefix, fetched: at(0).as_microsecond() + id, id, asked }
            })
            .collect();
        let is_imported = |e: &ListedExtent| e.id % 3 == 0;
        let of_import: Vec<_> = all.iter().filter(|e| is_imported(e)).map(|e| (e.prefix, e.id)).collect();
        let cached: Vec<_> = all.iter().filter(|e| !is_imported(e)).copied().collect();
        for share in [None, Some((18, 48)), Some((24, 48)), Some((29, 48)), Some((32, 128))] {
            let reader = Freshness { share, ..freshness(60) };
            let snapshot = Snapshot::new(cached.clone(), imported(of_import.clone()), &reader);
            for _ in 0..10_000 {
                let address: IpAddr = Ipv4Addr::from_bits(0xFFFE_0000 | (next() & 0x1_FFFF)).into();
                let serves = |e: &&ListedExtent| {
                    e.prefix.contains(address) && (is_imported(e) || reader.shares(e.asked, address))
                };
                let plain =
                    all.iter().filter(serves).max_by_key(|e| (e.prefix.length(), !is_imported(e), e.id));
                let found = snapshot.find(address, &reader).map(|f| (f.id, f.extent));
                assert_eq!(found, plain.map(|e| (e.id, e.prefix)), "{address} {share:?}");
            }
        }
    }

    #[test]
    fn the_ends_of_a_family_are_found() {
        let all = imported(vec![("::/0".parse().unwrap(), 900), ("ffff::/16".parse().unwrap(), 901)]);
        let snapshot = Snapshot::new(Vec::new(), all, &freshness(60));
        let id =
            |address: &str| snapshot.find(address.parse().unwrap(), &freshness(60)).map(|found| found.id);
        assert_eq!(
            (id("::"), id("ffff::1"), id("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), id("192.0.2.1")),
            (Some(900), Some(901), Some(901), None)
        );
    }

    #[test]
    fn takes_only_what_the_reader_accepts() {
        let cached = vec![extent("198.51.100.0/22", 2, "198.51.100.7")];
        let of_import =
            || imported(vec![("198.51.100.0/22".parse().unwrap(), 1), ("2001:db8::/32".parse().unwrap(), 3)]);
        let id = |freshness: &Freshness, address: &str| {
            Snapshot::new(cached.clone(), of_import(), freshness)
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
