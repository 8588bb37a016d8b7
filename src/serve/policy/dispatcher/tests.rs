use super::*;
use crate::{registry::Registry, serve::policy::decision::Rule, verdict::Verdict};
use std::sync::atomic::Ordering::SeqCst;

fn decision(verdict: Verdict) -> Decision {
    let rule = Some(Rule { file: "blocked".into(), line: 1 });
    let bare = Decision { reason: None, ..Decision::unknown("", "") };
    Decision { verdict, rule, source: Some(crate::registry::Source::Whois), ..bare }
}

/// 10.0.0.x is remembered, 192.0.2.x hangs for a while, 198.51.100.x panics, the rest is asked for at once.
struct Scripted {
    asked: Arc<AtomicUsize>,
    hang: Duration,
    verdict: Verdict,
}

impl Oracle for Scripted {
    fn recall(&self, address: IpAddr) -> Option<Decision> {
        address.to_string().starts_with("10.").then(|| decision(Verdict::Clear))
    }

    fn ask(&self, address: IpAddr) -> Decision {
        self.asked.fetch_add(1, SeqCst);
        let text = address.to_string();
        assert!(!text.starts_with("198.51.100."), "a mistake of our own");
        if text.starts_with("192.0.2.") {
            std::thread::sleep(self.hang);
        }
        decision(self.verdict)
    }

    fn lane(&self, address: IpAddr) -> Registry {
        if address.to_string().starts_with("192.0.2.") { Registry::Ripe } else { Registry::Arin }
    }
}

fn desk(patience: u64, hang: u64) -> (Arc<Desk<Scripted>>, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let hang = Duration::from_millis(hang);
    let oracle = Scripted { asked: Arc::clone(&asked), hang, verdict: Verdict::Blocked };
    let limits = Limits { patience: Duration::from_millis(patience), jobs: 8, per_lane: 3 };
    (Desk::new(oracle, Conduct::default(), limits), asked)
}

fn says<O: Oracle>(desk: &Arc<Desk<O>>, address: &str) -> (String, bool) {
    let (ruled, warm) = desk.decide(address.parse().unwrap());
    (ruled.fields.clone(), warm)
}

#[test]
fn asks_once_and_remembers() {
    let (desk, asked) = desk(5000, 0);
    let (first, warm) = says(&desk, "203.0.113.7");
    assert!(first.contains("action=REJECT rule=blocked:1"), "{first}");
    assert!(!warm);
    assert_eq!(says(&desk, "203.0.113.7"), (first, true));
    assert_eq!(asked.load(SeqCst), 1);
    assert!(says(&desk, "10.0.0.1").0.contains("verdict=clear"));
    assert_eq!(asked.load(SeqCst), 1, "what is remembered is not asked for");
}

#[test]
fn a_late_answer_is_unknown_now_and_kept_for_the_next() {
    let (desk, asked) = desk(400, 1500);
    let before = Instant::now();
    assert!(says(&desk, "192.0.2.1").0.contains("verdict=unknown"));
    let second = Instant::now();
    assert!(says(&desk, "192.0.2.1").0.contains("reason=timeout"), "the second recipient's");
    assert!(second.elapsed() < Duration::from_millis(300), "it need not wait a second time");
    assert!(before.elapsed() < Duration::from_millis(1200));
    while says(&desk, "192.0.2.1").0.contains("unknown") {
        assert!(before.elapsed() < Duration::from_secs(10), "the late answer was lost");
        std::thread::sleep(Duration::from_millis(10));
    }
    assert!(says(&desk, "192.0.2.1").0.contains("verdict=blocked"));
    assert_eq!(asked.load(SeqCst), 1);
}

/// Nobody can say, until the cache knows.
struct Learning(Arc<std::sync::atomic::AtomicBool>);

impl Oracle for Learning {
    fn recall(&self, _: IpAddr) -> Option<Decision> {
        self.0.load(SeqCst).then(|| decision(Verdict::Blocked))
    }

    fn ask(&self, _: IpAddr) -> Decision {
        Decision::unknown("denied", "whois.example denied us")
    }

    fn lane(&self, _: IpAddr) -> Registry {
        Registry::Ripe
    }
}

#[test]
fn what_the_cache_learns_ends_a_remembered_unknown() {
    let learned = Arc::default();
    let limits = Limits { patience: Duration::from_secs(5), jobs: 2, per_lane: 1 };
    let desk = Desk::new(Learning(Arc::clone(&learned)), Conduct::default(), limits);
    assert!(says(&desk, "203.0.113.7").0.contains("verdict=unknown"));
    assert!(says(&desk, "203.0.113.7").1, "remembered, so that fifty recipients wait once");
    learned.store(true, SeqCst);
    let (said, warm) = says(&desk, "203.0.113.7");
    assert!(said.contains("verdict=blocked") && !warm, "{said}");
}

#[test]
fn a_registry_that_never_answers_delays_nobody_else() {
    let (desk, _) = desk(3000, 3000);
    std::thread::scope(|scope| {
        for n in 0..15 {
            let desk = &desk;
            scope.spawn(move || says(desk, &format!("192.0.2.{n}")));
        }
        std::thread::sleep(Duration::from_millis(100));
        let before = Instant::now();
        assert!(says(&desk, "10.0.0.1").0.contains("verdict=clear"), "remembered");
        assert!(says(&desk, "203.0.113.7").0.contains("verdict=blocked"), "another registry's");
        assert!(before.elapsed() < Duration::from_millis(500), "{:?}", before.elapsed());
    });
}

#[test]
fn a_panic_costs_one_answer() {
    let (desk, _) = desk(5000, 0);
    let (said, _) = says(&desk, "198.51.100.1");
    assert!(said.contains("verdict=unknown action=DUNNO"), "{said}");
    assert!(says(&desk, "203.0.113.7").0.contains("verdict=blocked"));
}

#[test]
fn new_patterns_decide_anew() {
    let (desk, asked) = desk(5000, 0);
    assert!(says(&desk, "203.0.113.7").0.contains("verdict=blocked"));
    desk.replace(Scripted { asked: Arc::clone(&asked), hang: Duration::ZERO, verdict: Verdict::Allowed });
    assert!(says(&desk, "203.0.113.7").0.contains("verdict=allowed"));
    assert_eq!(asked.load(SeqCst), 2);
}
