//! Tests of the whole table: built, written, read one by one, in memory, row by row and in parts.

use super::parts::OriginPart;
use super::*;
use crate::address::{Draw, Prefix};
use jiff::Timestamp;
use std::{
    fs,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

fn network(text: &str) -> Network {
    match text.split_once('-') {
        Some((first, last)) => Network::new(first.parse().unwrap(), last.parse().unwrap()).unwrap(),
        None => text.parse::<Prefix>().unwrap().into(),
    }
}

fn built(rows: &[(&str, &[u32], &str)]) -> Vec<u8> {
    let mut builder = TableBuilder::new();
    builder.begin_file("table.tsv".to_owned());
    for (range, asn, name) in rows {
        builder.add(network(range), asn, Some(*name).filter(|name| !name.is_empty())).unwrap();
    }
    builder.finish(at()).unwrap().0
}

fn at() -> Timestamp {
    "2026-11-23T10:00:00Z".parse().unwrap()
}

/// The table in a file and in memory.
struct Both {
    _folder: tempfile::TempDir,
    file: OriginTable,
    memory: OriginTable,
}

impl Both {
    fn new(bytes: &[u8]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cache.db-origin");
        fs::write(&path, bytes).unwrap();
        let file = OriginTable::open(&path).unwrap().unwrap();
        let memory = file.load().unwrap();
        Self { _folder: folder, file, memory }
    }

    fn look_up(&self, address: IpAddr) -> Option<(Network, Origin)> {
        let found = self.file.look_up(address).unwrap();
        assert_eq!(found, self.memory.look_up(address).unwrap(), "{address}");
        found.map(|found| (found.range.network, found.origin))
    }

    fn said(&self, address: &str) -> String {
        match self.look_up(address.parse().unwrap()) {
            None => "-".to_owned(),
            Some((network, Origin { asn, name })) => {
                format!("{network} {asn:?} {}", name.as_deref().unwrap_or("-"))
            }
        }
    }
}

#[test]
fn the_most_specific_range_answers_and_equal_ranges_add_up() {
    let table = Both::new(&built(&[
        ("203.0.112.0/22", &[64500], "CONTOSO"),
        ("203.0.113.0/24", &[64501, 64502], "TAILSPIN"),
        ("203.0.113.0/24", &[64502, 4_200_000_000], "Fabrikam, \"Inc.\""),
        ("203.0.113.0/24", &[64503], ""),
        ("0.0.0.0/0", &[0], "not routed"),
        ("2001:db8::/32", &[0, 64504], "SIX"),
        ("2001:db8::5-2001:db8::9", &[64505], "HOSTS"),
        ("2001:db8:0:1::/64", &[64506], ""),
        ("2001:db8::/127", &[64507], "TWO"),
        ("255.255.255.255/32", &[64508], "LAST"),
        ("ffff::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", &[64509], "LAST6"),
    ]));
    for (address, said) in [
        ("203.0.112.1", "203.0.112.0/22 [64500] CONTOSO"),
        ("203.0.113.255", "203.0.113.0/24 [64501, 64502, 4200000000, 64503] TAILSPIN; Fabrikam, \"Inc.\""),
        ("203.0.114.0", "203.0.112.0/22 [64500] CONTOSO"),
        ("203.0.116.0", "-"),
        ("0.0.0.0", "-"),
        ("255.255.255.254", "-"),
        ("255.255.255.255", "255.255.255.255/32 [64508] LAST"),
        ("2001:db8::1", "2001:db8::/127 [64507] TWO"),
        ("2001:db8::4", "2001:db8::/32 [64504] SIX"),
        ("2001:db8::9", "2001:db8::5 - 2001:db8::9 [64505] HOSTS"),
        ("2001:db8:0:1::9", "2001:db8:0:1::/64 [64506] -"),
        ("2001:db8:0:2::", "2001:db8::/32 [64504] SIX"),
        ("2001:db9::", "-"),
        ("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff::/16 [64509] LAST6"),
    ] {
        assert_eq!(table.said(address), said, "{address}");
    }
    assert_eq!(table.file.len(), 8);
    assert_eq!(table.file.imported(), at());
    assert_eq!(table.file.files().unwrap(), ["table.tsv"]);
    let numbers: Vec<u32> = table.file.numbers().unwrap().into_iter().collect();
    assert!(numbers.contains(&4_200_000_000) && numbers.contains(&64509) && !numbers.contains(&0));
}

/// Random networks.
struct Random(Draw);

impl Random {
    fn next(&mut self) -> u64 {
        self.0.wide() >> 20
    }

    fn address(&mut self) -> IpAddr {
        let low = self.next();
        match self.next() % 3 {
            0 => Ipv4Addr::from_bits(0xC633_0000 | (low & 0xFFFF) as u32).into(),
            1 => Ipv6Addr::from_bits(u128::from(low & 0xFFFF) << 60).into(),
            _ => Ipv6Addr::from_bits(u128::from(low & 0xFFFF)).into(),
        }
    }

    fn network(&mut self) -> Network {
        loop {
            let (a, b) = (self.address(), self.address());
            let bits = self.next() as u8;
            let prefix = |address: IpAddr| Prefix::around(address, 16 + bits % 17, 48 + bits % 81).into();
            match self.next() % 4 {
                0 => {
                    if let Some(network) = Network::new(a, b) {
                        return network;
                    }
                }
                _ => return prefix(a),
            }
        }
    }
}

/// The result of trying every row: the AS numbers of the smallest range, joined; of equal sizes the later one.
fn naive(rows: &[(Network, u32)], address: IpAddr) -> Vec<u32> {
    let holding = || rows.iter().filter(|(network, _)| network.contains(address));
    let best = holding().min_by_key(|(network, _)| (network.span(), std::cmp::Reverse(network.first())));
    let Some((best, _)) = best else { return vec![] };
    let mut numbers = vec![];
    for (_, asn) in holding().filter(|(network, _)| network == best) {
        if !numbers.contains(asn) {
            numbers.push(*asn);
        }
    }
    numbers
}

#[test]
fn any_table_answers_as_trying_every_row_does() {
    let mut random = Random(Draw::new(3));
    for round in 0..24 {
        let rows: Vec<(Network, u32)> = (0..1 + random.next() % if round % 4 == 0 { 600 } else { 30 })
            .map(|_| (random.network(), 64500 + (random.next() % 40) as u32))
            .collect();
        let mut builder = TableBuilder::new();
        for (network, asn) in &rows {
            builder.add(*network, &[*asn], Some(&format!("AS-{asn}"))).unwrap();
        }
        let (bytes, ranges) = builder.finish(at()).unwrap();
        let table = Both::new(&bytes);
        assert_eq!(table.file.len(), ranges);
        let edges = rows.iter().flat_map(|(network, _)| [network.first(), network.last()]);
        let addresses: Vec<IpAddr> = edges.take(150).chain((0..150).map(|_| random.address())).collect();
        scopes_are_undivided(&table.memory, &addresses);
        for address in addresses {
            let found = table.look_up(address);
            let numbers = found.as_ref().map(|(_, origin)| origin.asn.clone()).unwrap_or_default();
            assert_eq!(numbers, naive(&rows, address), "{address} in round {round}");
            assert!(found.is_none_or(|(network, _)| network.contains(address)));
        }
        parts_are_the_table(&table.memory);
    }
}

/// No part divides a scope.
fn scopes_are_undivided(table: &OriginTable, addresses: &[IpAddr]) {
    let parts: Vec<OriginPart> = table.parts().collect::<Result<_, _>>().unwrap();
    for &address in addresses {
        let scope = table.scope(address).unwrap();
        assert!(scope.contains(address), "{scope} {address}");
        let within: Vec<_> = parts
            .iter()
            .filter_map(|part| part.part.overlap(&scope.into()).map(|both| (both, part)))
            .collect();
        match within.as_slice() {
            [] => {}
            [(both, part)] => {
                assert!(*both == scope.into() && part.part.contains(address), "{scope} {part:?}");
            }
            _ => panic!("{scope} around {address}: {within:?}"),
        }
    }
}

/// The parts are disjoint and ascending, each address of a part is answered by its range, and no range is missing.
fn parts_are_the_table(table: &OriginTable) {
    let parts: Vec<OriginPart> = table.parts().collect::<Result<_, _>>().unwrap();
    for pair in parts.windows(2) {
        assert!(pair[0].part.last() < pair[1].part.first(), "{pair:?}");
    }
    let covered = |address| parts.iter().find(|part| part.part.contains(address)).map(|part| part.range);
    for part in parts.iter().take(200) {
        for address in [part.part.first(), part.part.last()] {
            assert_eq!(table.find(address).unwrap(), Some(part.range), "{address}");
        }
    }
    for range in table.ranges().take(200) {
        let range = range.unwrap();
        for address in [range.network.first(), range.network.last()] {
            assert_eq!(table.find(address).unwrap(), covered(address), "{address}");
        }
    }
    assert_eq!(table.ranges().count() as u64, table.len());
}

#[test]
fn nothing_that_is_wrong_with_a_file_is_more_than_an_error() {
    let good = built(&[
        ("203.0.112.0/22", &[64500], "CONTOSO"),
        ("203.0.113.0/24", &[64501], "TAILSPIN"),
        ("2001:db8::/32", &[64504], "SIX"),
        ("2001:db8::5-2001:db8::9", &[64505], "HOSTS"),
    ]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("origin");
    let asks = |bytes: &[u8]| -> Option<String> {
        fs::write(&path, bytes).unwrap();
        let table = match OriginTable::open(&path) {
            Ok(table) => table?,
            Err(error) => return Some(error.to_string()),
        };
        let mut said = None;
        for address in ["203.0.112.1", "203.0.113.1", "2001:db8::1", "2001:db8::7"] {
            match table.look_up(address.parse().unwrap()) {
                Ok(found) => assert!(found.is_some(), "{address}: a wrong table must not seem to be empty"),
                Err(error) => said = Some(error.to_string()),
            }
        }
        let everything = table.files().and_then(|_| table.numbers()).and_then(|_| table.load());
        let everything = everything.and_then(|table| table.parts().collect::<Result<Vec<_>, _>>());
        said.or(everything.err().map(|error| error.to_string()))
    };
    assert_eq!(asks(&good), None);
    for at in 0..good.len() {
        for flip in [1, 0x80] {
            let mut bytes = good.clone();
            bytes[at] ^= flip;
            // A change in the time of import alone could go unnoticed, so it is part of the head's checksum.
            assert!(asks(&bytes).is_some(), "byte {at}");
        }
        assert!(asks(&good[..at]).is_some(), "cut at {at}");
    }
    assert!(asks(&[good.as_slice(), b"x"].concat()).unwrap().contains("damaged"));
    let mut newer = good;
    newer[19] = 2;
    assert!(asks(&newer).unwrap().contains("version 2"));
    assert!(asks(b"SQLite format 3\0").unwrap().contains("is not a table of origins"));
}

#[test]
fn a_folder_or_a_pipe_at_its_path_is_no_table() {
    let folder = tempfile::tempdir().unwrap();
    let error = OriginTable::open(folder.path()).unwrap_err().to_string();
    assert!(error.ends_with("is no file"), "{error}");
    assert!(OriginTable::open(&folder.path().join("nothing")).unwrap().is_none());
}

#[test]
fn a_range_takes_no_more_than_twenty_four_bytes_beside_its_origins() {
    let mut builder = TableBuilder::new();
    for n in 0..20_000_u32 {
        let v4 = Ipv4Addr::from_bits(n << 8);
        let v6 = Ipv6Addr::from_bits(u128::from(n) << 80);
        builder.add(Prefix::new(v4.into(), 24).unwrap().into(), &[64500 + n % 7], Some("NAME")).unwrap();
        builder.add(Prefix::new(v6.into(), 48).unwrap().into(), &[64500 + n % 7], Some("NAME")).unwrap();
    }
    let (bytes, ranges) = builder.finish(at()).unwrap();
    assert_eq!(ranges, 40_000);
    assert!(bytes.len() as u64 <= 24 * ranges, "{}", bytes.len());
}
