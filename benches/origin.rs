//! The speed of a table of origins, from memory and from its file.

#![expect(clippy::unwrap_used, reason = "a bench that cannot be set up should stop")]

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use jiff::Timestamp;
use std::{
    fs,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};
use whodunit::internals::{
    address::{Network, Prefix},
    origin::{OriginTable, TableBuilder},
};

/// As many as in a public table today.
const V4: u32 = 412_000;
const V6: u32 = 103_000;

/// Adjacent ranges of all sizes, every fifth with a smaller one inside, and 80,000 names.
fn table() -> Vec<u8> {
    let mut builder = TableBuilder::new();
    let mut add = |network: Network, n: u32| {
        let asn = n.wrapping_mul(2_654_435_761) % 80_000 + 1;
        builder.add(network, &[asn], Some(&format!("EXAMPLE-{asn} Example Networks GmbH"))).unwrap();
    };
    let mut next = 1_u32 << 24;
    for n in 0..V4 {
        if n % 5 == 4 {
            add(Prefix::new(Ipv4Addr::from_bits(next - 256).into(), 26).unwrap().into(), n);
            continue;
        }
        let size = 256_u32 << (n % 7);
        let last = next + (size - 1);
        add(Network::new(Ipv4Addr::from_bits(next).into(), Ipv4Addr::from_bits(last).into()).unwrap(), n);
        next = last + 1;
    }
    for n in 0..V6 {
        let first = (0x2a00_u128 << 112) | (u128::from(n) << 84);
        add(Prefix::new(Ipv6Addr::from_bits(first).into(), 32 + (n % 17) as u8).unwrap().into(), n);
    }
    builder.finish(Timestamp::UNIX_EPOCH).unwrap().0
}

/// Addresses spread over the whole table.
fn addresses(v6: bool) -> impl FnMut() -> IpAddr {
    let mut seed = 1_u64;
    move || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        if v6 {
            let network = (seed >> 33) % u64::from(V6);
            Ipv6Addr::from_bits((0x2a00_u128 << 112) | (u128::from(network) << 84) | 7).into()
        } else {
            Ipv4Addr::from_bits((1 << 24) + ((seed >> 32) as u32 >> 1)).into()
        }
    }
}

fn benches(criterion: &mut Criterion) {
    let bytes = table();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cache.db-origin");
    fs::write(&path, &bytes).unwrap();
    let memory = OriginTable::from_bytes(bytes, "table").unwrap();
    for (name, v6) in [("IPv4", false), ("IPv6", true)] {
        criterion.bench_function(&format!("memory: look up {name}"), |bencher| {
            let work = |address| memory.look_up(address).unwrap();
            bencher.iter_batched(addresses(v6), work, BatchSize::SmallInput);
        });
    }
    criterion.bench_function("file: open and look up IPv4", |bencher| {
        let work = |address| OriginTable::open(&path).unwrap().unwrap().look_up(address).unwrap();
        bencher.iter_batched(addresses(false), work, BatchSize::SmallInput);
    });
}

criterion_group!(origin, benches);
criterion_main!(origin);
