//! The cost of the warm path, and the speed of finding one network among many.

#![expect(clippy::unwrap_used, reason = "a bench that cannot be set up should stop")]

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use jiff::{SignedDuration, Timestamp};
use std::{net::Ipv4Addr, path::Path};
use whodunit::internals::{
    address::Network,
    cache::{CacheEnv, CacheLocation, CachedAnswer, Freshness, MemoryCache, SqliteCache, Store, open},
    registry::{Answer, AnswerSource, Record, Registry},
};

const NETWORKS: u32 = 100_000;

fn now() -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap()
}

fn freshness() -> Freshness {
    Freshness { now: now(), max_age: SignedDuration::from_hours(24), share: None }
}

fn kept(n: u32) -> CachedAnswer {
    // Each /24 of 11.0.0.0/8 and beyond; every fifth is a /28 inside the one before.
    let (first, span) = if n % 5 == 4 { ((n - 1) << 8 | 16, 15) } else { (n << 8, 255) };
    let address = |bits: u32| Ipv4Addr::from_bits(0x0B00_0000 + bits).into();
    let network = Network::new(address(first), address(first + span)).unwrap();
    let record = Record {
        network,
        name: Some(format!("EXAMPLE-{n}")),
        org: Some(format!("Example {n} GmbH")),
        other_orgs: Vec::new(),
        outer: whodunit::internals::registry::OuterValues::default(),
        country: Some("DE".into()),
        abuse: vec![format!("abuse@{n}.example")],
        asn: vec![],
        maintainer: vec!["EXAMPLE-MNT".into()],
        descr: vec![],
        status: Some("ASSIGNED PA".into()),
        registry: Registry::Ripe,
    };
    let text = format!(
        "inetnum:        {} - {}\nnetname:        EXAMPLE-{n}\ndescr:          Example {n} GmbH\ncountry:        DE\n\
         admin-c:        EX{n}-RIPE\ntech-c:         EX{n}-RIPE\nstatus:         ASSIGNED PA\n\
         mnt-by:         EXAMPLE-MNT\nsource:         RIPE\n",
        network.first(),
        network.last()
    );
    let servers = vec!["whois.ripe.net".into()];
    let answer = Answer {
        record,
        text,
        servers,
        fetched: now(),
        partial: false,
        full: false,
        rdap: false,
        source: AnswerSource::Whois,
        stale: false,
    };
    CachedAnswer { answer, asked: network.first(), leaf: true }
}

/// A cache file with many networks, and a decision about one of them.
fn fill(path: &Path) {
    let cache = SqliteCache::open(path, now()).unwrap();
    for n in 0..NETWORKS {
        cache.keep(&kept(n)).unwrap();
    }
    let found = cache.find(warm_address(), &freshness()).unwrap().unwrap();
    cache.remember(&found, &[7; 16], None, &[b'x'; 300]).unwrap();
}

fn warm_address() -> std::net::IpAddr {
    Ipv4Addr::from_bits(0x0B00_0000 + (4321 << 8) + 9).into()
}

fn benches(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cache.db");
    fill(&path);
    let location = CacheLocation::Path(path.clone());
    criterion.bench_function("open, find, recall, close", |bencher| {
        bencher.iter(|| {
            let handle = open(&location, &CacheEnv::default(), now());
            let found = handle.find(warm_address(), &freshness()).unwrap();
            handle.recall(&found, &[7; 16], None).unwrap()
        });
    });
    let mut seed = 1_u32;
    let mut address = move || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        Ipv4Addr::from_bits(0x0B00_0000 + (seed >> 8) % (NETWORKS << 8)).into()
    };
    let sqlite = SqliteCache::open(&path, now()).unwrap();
    criterion.bench_function("sqlite: find", |bencher| {
        bencher.iter_batched(&mut address, |a| sqlite.find(a, &freshness()).unwrap(), BatchSize::SmallInput);
    });
    criterion.bench_function("sqlite: find and answer", |bencher| {
        let work = |a| sqlite.find(a, &freshness()).unwrap().map(|f| sqlite.answer(&f).unwrap());
        bencher.iter_batched(&mut address, work, BatchSize::SmallInput);
    });
    let memory = MemoryCache::new();
    for n in 0..50_000 {
        memory.keep(&kept(n)).unwrap();
    }
    criterion.bench_function("memory: find", |bencher| {
        bencher.iter_batched(&mut address, |a| memory.find(a, &freshness()).unwrap(), BatchSize::SmallInput);
    });
}

criterion_group!(cache, benches);
criterion_main!(cache);
