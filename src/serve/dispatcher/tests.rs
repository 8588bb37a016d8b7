use super::*;
use crate::{
    address::Prefix,
    registry::Registry,
    serve::{decision::DecisiveRule, pool::LanePermit},
    verdict::Verdict,
};
use std::sync::atomic::Ordering::SeqCst;

fn decision(verdict: Verdict) -> ClientDecision {
    let rule = Some(DecisiveRule { file: "blocked".into(), line: 1 });
    let bare = ClientDecision { reason: None, ..ClientDecision::unknown("", "") };
    ClientDecision { verdict, rule, source: Some(crate::registry::AnswerSource::Whois), ..bare }
}

/// 10.0.0.x is in memory, 192.0.2.x hangs for a while, 198.51.100.x panics, and others are answered at once.
struct ScriptedDecider {
    asked: Arc<AtomicUsize>,
    hang: Duration,
    verdict: Verdict,
}

impl Decider for ScriptedDecider {
    fn recall(&self, address: IpAddr) -> Option<ClientDecision> {
        address.to_string().starts_with("10.").then(|| decision(Verdict::Clear))
    }

    fn announced(&self, _: IpAddr) -> Option<ClientDecision> {
        None
    }

    fn ask(&self, address: IpAddr, _: &LanePermit) -> ClientDecision {
        self.asked.fetch_add(1, SeqCst);
        let text = address.to_string();
        assert!(!text.starts_with("198.51.100."), "an internal error");
        if text.starts_with("192.0.2.") {
            std::thread::sleep(self.hang);
        }
        decision(self.verdict)
    }

    fn lane(&self, address: IpAddr) -> Registry {
        if address.to_string().starts_with("192.0.2.") { Registry::Ripe } else { Registry::Arin }
    }

    fn area(&self, address: IpAddr) -> Prefix {
        Prefix::around(address, 32, 128)
    }
}

fn dispatcher(timeout: u64, hang: u64) -> (Arc<Dispatcher<ScriptedDecider>>, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let hang = Duration::from_millis(hang);
    let decider = ScriptedDecider { asked: Arc::clone(&asked), hang, verdict: Verdict::Blocked };
    let limits = DispatchLimits { timeout: Duration::from_millis(timeout), jobs: 8, per_lane: 3 };
    (Dispatcher::new(decider, limits), asked)
}

fn says<O: Decider>(dispatcher: &Arc<Dispatcher<O>>, address: &str) -> (String, bool) {
    let (decision, decided) = dispatcher.decide(address.parse().unwrap());
    let rule =
        decision.rule.as_ref().map_or(String::new(), |rule| format!(" rule={}:{}", rule.file, rule.line));
    let reason = decision.reason.as_ref().map_or("-", |(kind, _)| kind);
    (format!("verdict={}{rule} reason={reason}", decision.verdict.as_str()), decided)
}

#[test]
fn asks_once_and_remembers() {
    let (dispatcher, asked) = dispatcher(5000, 0);
    let (first, decided) = says(&dispatcher, "203.0.113.7");
    assert!(first.contains("verdict=blocked rule=blocked:1"), "{first}");
    assert!(!decided);
    assert_eq!(says(&dispatcher, "203.0.113.7"), (first, true));
    assert_eq!(asked.load(SeqCst), 1);
    assert!(says(&dispatcher, "10.0.0.1").0.contains("verdict=clear"));
    assert_eq!(asked.load(SeqCst), 1, "what is remembered is not asked for");
}

#[test]
fn look_ups_are_counted_by_registry_and_failure() {
    let (dispatcher, _) = dispatcher(5000, 0);
    for address in ["203.0.113.7", "203.0.113.7", "10.0.0.1", "192.0.2.1", "198.51.100.1"] {
        says(&dispatcher, address);
    }
    let text = dispatcher.metrics.text();
    for sample in [
        "whodunit_lookups_total{registry=\"arin\"} 2\n",
        "whodunit_lookups_total{registry=\"ripe\"} 1\n",
        "whodunit_lookup_failures_total{registry=\"arin\",kind=\"incomplete\"} 1\n",
    ] {
        assert!(text.contains(sample), "no {sample} in\n{text}");
    }
}

#[test]
fn a_late_answer_is_unknown_now_and_kept_for_the_next() {
    let (dispatcher, asked) = dispatcher(400, 1500);
    let before = Instant::now();
    assert!(says(&dispatcher, "192.0.2.1").0.contains("verdict=unknown"));
    let second = Instant::now();
    assert!(says(&dispatcher, "192.0.2.1").0.contains("reason=timeout"), "the second recipient's");
    assert!(second.elapsed() < Duration::from_millis(300), "it need not wait a second time");
    assert!(before.elapsed() < Duration::from_millis(1200));
    while says(&dispatcher, "192.0.2.1").0.contains("unknown") {
        assert!(before.elapsed() < Duration::from_secs(10), "the late answer was lost");
        std::thread::sleep(Duration::from_millis(10));
    }
    assert!(says(&dispatcher, "192.0.2.1").0.contains("verdict=blocked"));
    assert_eq!(asked.load(SeqCst), 1);
}

/// Everything is unknown until the cache has it.
struct Learning(Arc<std::sync::atomic::AtomicBool>);

impl Decider for Learning {
    fn recall(&self, _: IpAddr) -> Option<ClientDecision> {
        self.0.load(SeqCst).then(|| decision(Verdict::Blocked))
    }

    fn announced(&self, _: IpAddr) -> Option<ClientDecision> {
        None
    }

    fn ask(&self, _: IpAddr, _: &LanePermit) -> ClientDecision {
        ClientDecision::unknown("denied", "whois.example denied us")
    }

    fn lane(&self, _: IpAddr) -> Registry {
        Registry::Ripe
    }

    fn area(&self, address: IpAddr) -> Prefix {
        Prefix::around(address, 32, 128)
    }
}

#[test]
fn what_the_cache_learns_ends_a_remembered_unknown() {
    let learned = Arc::default();
    let limits = DispatchLimits { timeout: Duration::from_secs(5), jobs: 2, per_lane: 1 };
    let dispatcher = Dispatcher::new(Learning(Arc::clone(&learned)), limits);
    assert!(says(&dispatcher, "203.0.113.7").0.contains("verdict=unknown"));
    assert!(says(&dispatcher, "203.0.113.7").1, "remembered, so that fifty recipients wait once");
    learned.store(true, SeqCst);
    let (said, decided) = says(&dispatcher, "203.0.113.7");
    assert!(said.contains("verdict=blocked") && !decided, "{said}");
}

/// Only the table has entries.
struct Announcing(Arc<AtomicUsize>);

impl Decider for Announcing {
    fn recall(&self, address: IpAddr) -> Option<ClientDecision> {
        address
            .to_string()
            .starts_with("10.")
            .then(|| ClientDecision { asn: vec![1], ..decision(Verdict::Clear) })
    }

    fn announced(&self, address: IpAddr) -> Option<ClientDecision> {
        let covered = address.to_string().starts_with("192.0.2.");
        covered.then(|| ClientDecision { asn: vec![2], ..decision(Verdict::Clear) })
    }

    fn ask(&self, _: IpAddr, _: &LanePermit) -> ClientDecision {
        self.0.fetch_add(1, SeqCst);
        ClientDecision::unknown("denied", "whois.example denied us")
    }

    fn lane(&self, _: IpAddr) -> Registry {
        Registry::Ripe
    }

    fn area(&self, address: IpAddr) -> Prefix {
        Prefix::around(address, 32, 128)
    }
}

#[test]
fn the_table_answers_who_announces_an_address_and_decides_nothing() {
    let asked = Arc::new(AtomicUsize::new(0));
    let limits = DispatchLimits { timeout: Duration::from_secs(5), jobs: 2, per_lane: 1 };
    let dispatcher = Dispatcher::new(Announcing(Arc::clone(&asked)), limits);
    let announced = |address: &str| {
        let (sender, received) = std::sync::mpsc::channel();
        let receiver: DecisionReceiver =
            Box::new(move |decision| sender.send(decision.asn.clone()).unwrap_or_default());
        dispatcher.announce_later(address.parse().unwrap(), receiver);
        received.recv_timeout(Duration::from_secs(5)).unwrap()
    };
    assert_eq!(announced("10.0.0.1"), [1], "the record's");
    assert_eq!((announced("192.0.2.1"), asked.load(SeqCst)), (vec![2], 0));
    assert!(dispatcher.remembered("192.0.2.1".parse().unwrap()).is_none(), "no pattern was held against it");
    assert!(says(&dispatcher, "192.0.2.1").0.contains("verdict=unknown"));
    assert_eq!((announced("192.0.2.1"), asked.load(SeqCst)), (vec![2], 1), "though nobody could say");
    assert_eq!(
        (announced("203.0.113.7"), asked.load(SeqCst)),
        (vec![], 2),
        "who is not in it is asked about"
    );
}

#[test]
fn a_registry_that_never_answers_delays_nobody_else() {
    let (dispatcher, _) = dispatcher(3000, 3000);
    std::thread::scope(|scope| {
        for n in 0..15 {
            let dispatcher = &dispatcher;
            scope.spawn(move || says(dispatcher, &format!("192.0.2.{n}")));
        }
        std::thread::sleep(Duration::from_millis(100));
        let before = Instant::now();
        assert!(says(&dispatcher, "10.0.0.1").0.contains("verdict=clear"), "remembered");
        assert!(says(&dispatcher, "203.0.113.7").0.contains("verdict=blocked"), "another registry's");
        assert!(before.elapsed() < Duration::from_millis(500), "{:?}", before.elapsed());
    });
}

#[test]
fn a_panic_costs_one_answer() {
    let (dispatcher, _) = dispatcher(5000, 0);
    let (said, _) = says(&dispatcher, "198.51.100.1");
    assert!(said.contains("verdict=unknown"), "{said}");
    assert!(says(&dispatcher, "203.0.113.7").0.contains("verdict=blocked"));
}

#[test]
fn new_patterns_decide_anew() {
    let (dispatcher, asked) = dispatcher(5000, 0);
    assert!(says(&dispatcher, "203.0.113.7").0.contains("verdict=blocked"));
    dispatcher.replace(ScriptedDecider {
        asked: Arc::clone(&asked),
        hang: Duration::ZERO,
        verdict: Verdict::Allowed,
    });
    assert!(says(&dispatcher, "203.0.113.7").0.contains("verdict=allowed"));
    assert_eq!(asked.load(SeqCst), 2);
}

/// The decision that a receiver gets within a second.
fn later<O: Decider>(dispatcher: &Arc<Dispatcher<O>>, address: &str) -> Option<Verdict> {
    let (sender, received) = std::sync::mpsc::channel();
    dispatcher.decide_later(
        address.parse().unwrap(),
        Box::new(move |decision| sender.send(decision.verdict).unwrap_or_default()),
    );
    received.recv_timeout(Duration::from_secs(1)).ok()
}

#[test]
fn who_does_not_wait_is_told_when_it_is_known() {
    let (dispatcher, asked) = dispatcher(200, 400);
    let address = "192.0.2.1".parse().unwrap();
    assert!(dispatcher.remembered(address).is_none());
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| says(&dispatcher, "192.0.2.1"));
        assert_eq!(later(&dispatcher, "192.0.2.1"), Some(Verdict::Blocked), "later than anybody waits");
        assert!(waiting.join().unwrap().0.contains("unknown"));
    });
    assert_eq!(asked.load(SeqCst), 1, "one question for both");
    assert_eq!(dispatcher.remembered(address).unwrap().verdict, Verdict::Blocked);
    assert_eq!(later(&dispatcher, "10.0.0.1"), Some(Verdict::Clear), "from the cache");
    assert_eq!(later(&dispatcher, "198.51.100.1"), Some(Verdict::Unknown), "a panic is an unknown");
    assert!(dispatcher.remembered("198.51.100.1".parse().unwrap()).is_none(), "and is looked up again");
}

/// The cache has a network of 256 addresses; 198.51.100.x is unknown, and others are asked about.
struct Networked {
    recalled: Arc<AtomicUsize>,
    version: Arc<AtomicU64>,
}

impl Decider for Networked {
    fn recall(&self, address: IpAddr) -> Option<ClientDecision> {
        self.recalled.fetch_add(1, SeqCst);
        let text = address.to_string();
        let unknown = || ClientDecision::unknown("offline", "nobody is asked");
        let network = Some("203.0.113.0/25".parse::<Prefix>().unwrap().into());
        let known =
            text.starts_with("203.0.113.").then(|| ClientDecision { network, ..decision(Verdict::Blocked) });
        known.or_else(|| text.starts_with("198.51.100.").then(unknown))
    }

    fn scope(&self, address: IpAddr) -> Prefix {
        Prefix::around(address, 24, 48)
    }

    fn version(&self) -> u64 {
        self.version.load(SeqCst)
    }

    fn announced(&self, _: IpAddr) -> Option<ClientDecision> {
        None
    }

    fn ask(&self, _: IpAddr, _: &LanePermit) -> ClientDecision {
        decision(Verdict::Clear)
    }

    fn lane(&self, _: IpAddr) -> Registry {
        Registry::Ripe
    }

    fn area(&self, address: IpAddr) -> Prefix {
        Prefix::around(address, 24, 48)
    }
}

#[test]
fn what_may_be_another_in_a_minute_is_remembered_for_half_of_one() {
    let (dispatcher, _) = dispatcher(5000, 0);
    let kept = |provisional, seconds| {
        let address = IpAddr::from([203, 0, 113, 7]);
        let about = ClientDecision { provisional, ..decision(Verdict::Blocked) };
        dispatcher.keep(alone(address), about, 0);
        dispatcher.decided.get(address, Instant::now() + Duration::from_secs(seconds), 0).is_some()
    };
    assert!(kept(false, 290) && !kept(false, 301));
    assert!(kept(true, 20) && !kept(true, 31));
}

#[test]
fn what_the_cache_says_of_a_network_is_remembered_for_all_of_it() {
    let recalled = Arc::new(AtomicUsize::new(0));
    let limits = DispatchLimits { timeout: Duration::from_secs(5), jobs: 2, per_lane: 1 };
    let version = Arc::new(AtomicU64::new(1));
    let decider = Networked { recalled: Arc::clone(&recalled), version: Arc::clone(&version) };
    let dispatcher = Dispatcher::new(decider, limits);
    let remembered = |address: &str| says(&dispatcher, address).1;
    assert!(!remembered("203.0.113.7") && remembered("203.0.113.100"));
    assert!(dispatcher.remembered("203.0.113.9".parse().unwrap()).is_some());
    assert_eq!(recalled.load(SeqCst), 1);
    assert!(!remembered("203.0.113.200"), "outside of the network, though the cache has changed meanwhile");
    assert!(!remembered("192.0.2.1") && !remembered("192.0.2.2"), "what was asked about one address");
    assert!(!remembered("198.51.100.1") && !remembered("198.51.100.2"), "an unknown holds for nobody else");
    version.store(2, SeqCst);
    dispatcher.looked.store(u64::MAX, SeqCst);
    assert!(dispatcher.remembered("203.0.113.9".parse().unwrap()).is_none(), "other data was imported");
    assert!(!remembered("203.0.113.7") && remembered("203.0.113.100"));
}

#[test]
fn what_a_stranger_writes_at_length_is_answered_and_not_remembered() {
    let (dispatcher, _) = dispatcher(5000, 0);
    let kept = |org: usize, abuse: usize| {
        let address = IpAddr::from([203, 0, 113, 7]);
        let (org, abuse) = (Some("x".repeat(org)), vec!["x".repeat(1000); abuse]);
        let about = ClientDecision { org, abuse, ..decision(Verdict::Blocked) };
        let weight = about.weight();
        dispatcher.keep(alone(address), about, 0);
        dispatcher.decided.get(address, Instant::now(), 0).is_some_and(|kept| kept.weight() == weight)
    };
    assert!(!kept(1 << 20, 0) && !kept(0, 20), "the longest answer has a megabyte");
    assert!(kept(200, 2));
    assert!(
        (300..700).contains(&decision(Verdict::Blocked).weight()),
        "{}",
        decision(Verdict::Blocked).weight()
    );
}
