//! The promises of every cache, as one set of tests that each kind runs.

use super::{Cache, CachedAnswer, Freshness, LeaseHolder, MemoryCache, ServerNotes, SqliteCache};
use crate::{
    address::Network,
    registry::{Answer, AnswerSource, Record, Registry},
};
use jiff::{SignedDuration, Timestamp};
use std::{net::IpAddr, time::Duration};

/// A made-up answer about a network.
pub(super) fn answer(first: &str, last: &str) -> Answer {
    let network = Network::new(first.parse().unwrap(), last.parse().unwrap()).unwrap();
    Answer {
        record: Record {
            network,
            name: Some("EXAMPLE-NET".into()),
            org: Some(format!("Example {first}")),
            other_orgs: Vec::new(),
            outer: Default::default(),
            country: Some("DE".into()),
            abuse: vec!["abuse@example.com".into()],
            asn: vec![64500],
            maintainer: vec!["EXAMPLE-MNT".into()],
            descr: vec![],
            status: Some("ASSIGNED PA".into()),
            registry: Registry::Ripe,
        },
        text: format!("inetnum: {first} - {last}\nnetname: EXAMPLE-NET\n"),
        servers: vec!["whois.ripe.net".into()],
        fetched: at(0),
        partial: false,
        full: false,
        rdap: false,
        source: AnswerSource::Whois,
        stale: false,
    }
}

/// A moment: so many seconds after a fixed time.
pub(super) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).unwrap()
}

pub(super) fn kept(first: &str, last: &str, asked: &str, leaf: bool) -> CachedAnswer {
    CachedAnswer { answer: answer(first, last), asked: asked.parse().unwrap(), leaf }
}

pub(super) fn freshness(now: i64) -> Freshness {
    Freshness { now: at(now), max_age: SignedDuration::from_hours(24), share: None }
}

/// The organisation that the cache gives for the address.
fn org(cache: &dyn Cache, address: &str, freshness: &Freshness) -> Option<String> {
    let found = cache.find(ip(address), freshness).unwrap()?;
    cache.answer(&found).unwrap().unwrap().record.org
}

fn ip(address: &str) -> IpAddr {
    address.parse().unwrap()
}

type Promise = (&'static str, fn(&dyn Cache));

const PROMISES: &[Promise] = &[
    ("an answer comes back whole", |cache| {
        let kept = kept("198.51.100.0", "198.51.100.255", "198.51.100.7", true);
        cache.keep(&kept).unwrap();
        let found = cache.find(ip("198.51.100.99"), &freshness(60)).unwrap().unwrap();
        let answer = cache.answer(&found).unwrap().unwrap();
        assert_eq!(answer, Answer { source: AnswerSource::Cache, ..kept.answer });
        assert_eq!((found.fetched, found.expires, found.stale), (at(0), at(86_400), false));
        assert_eq!(cache.find(ip("198.51.101.0"), &freshness(60)).unwrap(), None);
    }),
    ("an allocation serves the neighbourhood of the question alone", |cache| {
        cache.keep(&kept("198.51.100.0", "198.51.103.255", "198.51.101.7", false)).unwrap();
        assert!(org(cache, "198.51.101.255", &freshness(60)).is_some());
        assert!(org(cache, "198.51.100.7", &freshness(60)).is_none());
        cache.keep(&kept("2001:db8::", "2001:db8:ffff:ffff::", "2001:db8:5::1", false)).unwrap();
        assert!(org(cache, "2001:db8:5:ff::9", &freshness(60)).is_some());
        assert!(org(cache, "2001:db8:6::9", &freshness(60)).is_none());
    }),
    ("an assignment serves all of its network, however its ends lie", |cache| {
        cache.keep(&kept("198.51.100.3", "198.51.102.77", "198.51.101.7", true)).unwrap();
        for inside in ["198.51.100.3", "198.51.100.200", "198.51.102.77"] {
            assert!(org(cache, inside, &freshness(60)).is_some(), "{inside}");
        }
        for outside in ["198.51.100.2", "198.51.102.78"] {
            assert!(org(cache, outside, &freshness(60)).is_none(), "{outside}");
        }
    }),
    ("the most specific network answers, in whatever order they came", |cache| {
        for (first, last) in [
            ("198.51.100.128", "198.51.100.191"),
            ("198.51.0.0", "198.51.255.255"),
            ("198.51.100.144", "198.51.100.159"),
        ] {
            cache.keep(&kept(first, last, first, true)).unwrap();
        }
        let org = |address| org(cache, address, &freshness(60));
        assert_eq!(org("198.51.100.150").unwrap(), "Example 198.51.100.144");
        assert_eq!(org("198.51.100.129").unwrap(), "Example 198.51.100.128");
        assert_eq!(org("198.51.100.1").unwrap(), "Example 198.51.0.0");
    }),
    ("an answer that does not hold its own question is not kept", |cache| {
        cache.keep(&kept("198.51.100.0", "198.51.100.255", "192.0.2.1", true)).unwrap();
        assert!(org(cache, "198.51.100.1", &freshness(60)).is_none());
        assert!(org(cache, "192.0.2.1", &freshness(60)).is_none());
    }),
    ("age is the reader's to judge", |cache| {
        cache.keep(&kept("198.51.100.0", "198.51.100.255", "198.51.100.1", true)).unwrap();
        let address = ip("198.51.100.9");
        assert!(cache.find(address, &freshness(86_399)).unwrap().is_some());
        assert!(cache.find(address, &freshness(86_400)).unwrap().is_none());
        let longer = Freshness { max_age: SignedDuration::from_hours(48), ..freshness(86_400) };
        assert!(cache.find(address, &longer).unwrap().is_some());
        let stale = cache.find_stale(address, &freshness(86_400)).unwrap().unwrap();
        assert!(stale.stale && cache.answer(&stale).unwrap().unwrap().stale);
        assert!(
            cache.find(address, &freshness(-90_000)).unwrap().is_none(),
            "of a clock that was a day ahead"
        );
    }),
    ("an expired smaller network gives way to a fresh larger one", |cache| {
        cache.keep(&kept("198.51.100.0", "198.51.100.15", "198.51.100.1", true)).unwrap();
        let mut larger = kept("198.51.0.0", "198.51.255.255", "198.51.7.1", true);
        larger.answer.fetched = at(80_000);
        cache.keep(&larger).unwrap();
        assert_eq!(org(cache, "198.51.100.9", &freshness(80_000)).unwrap(), "Example 198.51.100.0");
        assert_eq!(org(cache, "198.51.100.9", &freshness(90_000)).unwrap(), "Example 198.51.0.0");
    }),
    ("--share is honoured at reading, both ways", |cache| {
        cache.keep(&kept("198.51.100.0", "198.51.103.255", "198.51.100.1", true)).unwrap();
        let nothing = Freshness { share: Some((32, 128)), ..freshness(60) };
        assert!(org(cache, "198.51.100.2", &nothing).is_none());
        assert!(org(cache, "198.51.100.1", &nothing).is_some());
        let mut second = kept("198.51.100.0", "198.51.103.255", "198.51.100.2", true);
        second.answer.fetched = at(5);
        cache.keep(&second).unwrap();
        assert!(org(cache, "198.51.100.2", &nothing).is_some());
        assert!(org(cache, "198.51.100.1", &nothing).is_some(), "the first is still there");
        assert!(org(cache, "198.51.103.3", &Freshness { share: Some((24, 48)), ..freshness(60) }).is_none());
        let found = cache.find(ip("198.51.103.3"), &freshness(60)).unwrap().unwrap();
        assert_eq!(found.fetched, at(5), "the newest answers");
    }),
    ("a newer answer replaces the older, and smaller ones that are no more", |cache| {
        cache.keep(&kept("198.51.100.0", "198.51.100.15", "198.51.100.1", true)).unwrap();
        let mut newer = kept("198.51.96.0", "198.51.103.255", "198.51.100.1", true);
        newer.answer.fetched = at(100);
        cache.keep(&newer).unwrap();
        cache.keep(&newer).unwrap();
        assert_eq!(org(cache, "198.51.100.1", &freshness(200)).unwrap(), "Example 198.51.96.0");
        assert_eq!(cache.stats(at(200)).unwrap().networks, 1);
    }),
    ("of one scope all addresses are found alike", |cache| {
        for (first, last, leaf) in [
            ("198.51.0.0", "198.51.255.255", true),
            ("198.51.100.3", "198.51.102.77", true),
            ("198.51.100.128", "198.51.100.191", true),
            ("198.51.8.0", "198.51.15.255", false),
        ] {
            cache.keep(&kept(first, last, first, leaf)).unwrap();
        }
        let found = |bits: u32| {
            let address = IpAddr::from(std::net::Ipv4Addr::from_bits(bits));
            (cache.find(address, &freshness(60)).unwrap(), cache.scope(address).unwrap())
        };
        let first = u32::from_be_bytes([198, 51, 0, 0]);
        for bits in (first - 512..first + 66_000).step_by(11) {
            let (hit, scope) = found(bits);
            for end in [scope.first(), scope.last()] {
                let IpAddr::V4(end) = end else { panic!("{scope}") };
                assert_eq!(found(end.to_bits()), (hit, scope));
            }
        }
    }),
    ("decisions are remembered by network and patterns", |cache| {
        cache.keep(&kept("198.51.100.0", "198.51.100.255", "198.51.100.1", true)).unwrap();
        let found = cache.find(ip("198.51.100.9"), &freshness(60)).unwrap().unwrap();
        let (one, two) = ([1; 16], [2; 16]);
        assert_eq!(cache.recall(&found, &one, None).unwrap(), None);
        cache.remember(&found, &one, None, b"blocked").unwrap();
        cache.remember(&found, &one, Some(ip("198.51.100.9")), b"clear").unwrap();
        let again = cache.find(ip("198.51.100.200"), &freshness(70)).unwrap().unwrap();
        assert_eq!(cache.recall(&again, &one, None).unwrap().unwrap(), b"blocked");
        assert_eq!(cache.recall(&again, &one, Some(ip("198.51.100.9"))).unwrap().unwrap(), b"clear");
        assert_eq!(cache.recall(&again, &two, None).unwrap(), None);
        let mut newer = kept("198.51.100.0", "198.51.100.255", "198.51.100.1", true);
        newer.answer.fetched = at(100);
        cache.keep(&newer).unwrap();
        let found = cache.find(ip("198.51.100.9"), &freshness(120)).unwrap().unwrap();
        assert_eq!(cache.recall(&found, &one, None).unwrap(), None, "decided about the answer before");
        cache.remember(&again, &one, None, b"late").unwrap();
        assert_eq!(cache.recall(&found, &one, None).unwrap(), None);
        assert_eq!(cache.answer(&again).unwrap(), None);
    }),
    ("so many hold a slot, and the dead for no longer than they said", |cache| {
        let [a, b, c] = std::array::from_fn(|_| LeaseHolder::unique());
        let claim = |holder, now: i64| cache.claim("server x", 2, holder, at(now), at(now + 10)).unwrap();
        assert!(claim(a, 0) && claim(b, 1) && !claim(c, 2));
        assert!(cache.claim("server y", 1, c, at(2), at(12)).unwrap(), "another server's slots are its own");
        assert!(claim(a, 2), "renewed");
        assert!(!claim(c, 10));
        assert!(claim(c, 11), "the second was never given back, and is over");
        cache.release("server x", a).unwrap();
        assert!(claim(b, 11));
        assert!(!claim(a, 12));
        cache.release("server x", LeaseHolder::unique()).unwrap();
        assert!(!claim(a, 12));
    }),
    ("a process that has ended holds nothing", |cache| {
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let dead = LeaseHolder::of(child.id());
        let claim = |holder, now: i64| cache.claim("server x", 1, holder, at(now), at(now + 60)).unwrap();
        assert!(claim(dead, 0));
        child.wait().unwrap();
        assert!(claim(LeaseHolder::unique(), 1));
    }),
    ("pace and holds are shared and show in the stats", |cache| {
        let every = Duration::from_millis(1500);
        let book = |now, by| cache.pace("whois.ripe.net", every, at(now), at(by)).unwrap();
        let later = |half: i64| at(0) + SignedDuration::from_millis(half * 1500);
        assert_eq!((book(0, 9), book(0, 9), book(0, 9)), (later(0), later(1), later(2)));
        assert_eq!((book(0, 4), book(0, 9)), (later(3), later(3)));
        assert_eq!(cache.pace("whois.arin.net", every, at(0), at(9)).unwrap(), at(0));
        assert_eq!(cache.held_off("whois.ripe.net", at(0)).unwrap(), None);
        assert_eq!(cache.hold_off("whois.ripe.net", at(0), Duration::ZERO).unwrap(), at(300));
        assert_eq!(cache.held_off("whois.ripe.net", at(299)).unwrap(), Some(at(300)));
        assert_eq!(cache.held_off("whois.arin.net", at(299)).unwrap(), None);
        let stats = cache.stats(at(10)).unwrap();
        assert_eq!(stats.held_off.into_iter().collect::<Vec<_>>(), [("whois.ripe.net".to_owned(), at(300))]);
        assert!(cache.stats(at(300)).unwrap().held_off.is_empty());
    }),
    ("lists and forgets", |cache| {
        for n in 0..5 {
            let (first, last) = (format!("198.51.{n}.0"), format!("198.51.{n}.255"));
            let mut kept = kept(&first, &last, &first, true);
            kept.answer.fetched = at(n);
            cache.keep(&kept).unwrap();
        }
        let two = cache.list(0, 2).unwrap();
        let rest = cache.list(two.last.unwrap(), 9).unwrap();
        assert_eq!((two.answers.len(), rest.answers.len()), (2, 3));
        assert_eq!(rest.answers[2].1.asked, ip("198.51.4.0"));
        assert_eq!(cache.list(rest.last.unwrap(), 9).unwrap().last, None);
        let stats = cache.stats(at(0)).unwrap();
        assert_eq!((stats.networks, stats.oldest, stats.newest), (5, Some(at(0)), Some(at(4))));
        assert!(stats.bytes > 0);
        let network = Network::new(ip("198.51.1.9"), ip("198.51.2.9")).unwrap();
        assert_eq!(cache.forget(Some(&network)).unwrap(), 2);
        assert!(
            org(cache, "198.51.1.1", &freshness(60)).is_none()
                && org(cache, "198.51.3.1", &freshness(60)).is_some()
        );
        assert_eq!(cache.forget(None).unwrap(), 3);
        assert!(org(cache, "198.51.3.1", &freshness(60)).is_none());
        assert_eq!(cache.stats(at(0)).unwrap().networks, 0);
    }),
    ("what is observed of a server is noted, listed, and no hold-off", |cache| {
        assert_eq!(cache.observed("closing whois.ripe.net 1").unwrap(), ServerNotes::default());
        let noted = cache.observe("closing whois.ripe.net 1", &|notes| notes.learn(at(0))).unwrap();
        assert_eq!(cache.observed("closing whois.ripe.net 1").unwrap(), noted);
        assert_eq!(cache.observe("closing whois.ripe.net 1", &|_| ()).unwrap(), noted);
        cache.observe("whois.arin.net", &|notes| notes.pause(at(0))).unwrap();
        cache.observe("mute whois.arin.net", &|notes| notes.pause(at(0))).unwrap();
        let stats = cache.stats(at(1)).unwrap();
        assert_eq!(stats.unclosed.into_iter().collect::<Vec<_>>(), [("whois.ripe.net".into(), at(86_400))]);
        assert_eq!(stats.held_off, stats.mute);
        assert_eq!(stats.mute.into_iter().collect::<Vec<_>>(), [("whois.arin.net".into(), at(120))]);
        assert_eq!(cache.held_off("whois.arin.net", at(1)).unwrap(), Some(at(120)));
        cache.forget(None).unwrap();
        assert_eq!(cache.observed("closing whois.ripe.net 1").unwrap(), ServerNotes::default());
    }),
];

/// Checks every promise on a kind of cache. `make` returns an empty one each time.
pub(super) fn holds_its_promises(make: impl Fn() -> Box<dyn Cache>) {
    for (name, promise) in PROMISES {
        let cache = make();
        if std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| promise(cache.as_ref()))).is_err() {
            panic!("broken promise: {name}");
        }
        assert_eq!(cache.notice(), None, "{name}");
    }
}

#[test]
fn memory_holds_its_promises() {
    holds_its_promises(|| Box::new(MemoryCache::new()));
}

#[test]
fn sqlite_holds_its_promises() {
    let folder = tempfile::tempdir().unwrap();
    let count = std::cell::Cell::new(0);
    holds_its_promises(|| {
        count.set(count.get() + 1);
        Box::new(SqliteCache::open(&folder.path().join(format!("{}.db", count.get())), at(0)).unwrap())
    });
}
