//! Many addresses at once: width, pace and order, and no address held up by another's registry.

use crate::{
    farm::{Does, Farm, Plan, Rule, Scenario},
    jig::Room,
};
use std::time::{Duration, Instant};

fn server(name: &str, rule: Rule) -> Plan {
    Plan { name: name.into(), rule: vec![rule], ..Plan::default() }
}

fn farm(server: Vec<Plan>) -> Farm {
    Farm::start(&Scenario { server, ..Scenario::default() })
}

fn ripe(delay_ms: u64) -> Plan {
    server("whois.ripe.net", Rule { reply: Some("ripe".into()), delay_ms, ..Rule::default() })
}

fn arin(delay_ms: u64) -> Plan {
    server("whois.arin.net", Rule { reply: Some("arin".into()), delay_ms, ..Rule::default() })
}

/// Addresses in as many /24 networks.
fn addresses(first: &str, count: usize) -> String {
    (0..count).map(|i| format!("{first}.{}.{}.9\n", i / 250, i % 250)).collect()
}

#[test]
fn no_server_gets_more_than_its_share_at_once() {
    let farm = farm(vec![ripe(60), arin(60)]);
    let room = Room::new();
    let input = addresses("193", 24) + &addresses("8", 24);
    let outcome = room.run(["--rate", "0"]).farm(&farm).stdin(input).code(0).check();
    assert_eq!(outcome.stdout.lines().count(), 48);
    for name in ["whois.ripe.net", "whois.arin.net"] {
        assert!((2..=3).contains(&farm.widest(name)), "{name}: {} at once", farm.widest(name));
        assert_eq!(farm.asked(name).len(), 24, "{name}");
    }
}

#[test]
fn the_share_and_the_whole_are_the_users_to_say() {
    let room = Room::new();
    let (wide, input) = (farm(vec![ripe(80)]), addresses("193", 24));
    let run = room.run(["--rate", "0", "--per-server", "8"]).farm(&wide).stdin(input.as_str());
    run.code(0).check();
    assert!((5..=8).contains(&wide.widest("whois.ripe.net")), "{}", wide.widest("whois.ripe.net"));
    let narrow = farm(vec![ripe(20)]);
    room.run(["--rate", "0", "--jobs", "1", "--per-server", "8"]).farm(&narrow).stdin(input).code(0).check();
    assert_eq!(narrow.widest("whois.ripe.net"), 1);
}

#[test]
fn six_hundred_addresses_as_wide_as_allowed() {
    let farm = farm(vec![ripe(50)]);
    let run = Room::new();
    let run = run.run(["--rate", "0", "-j", "32", "--per-server", "32"]).farm(&farm);
    let outcome = run.stdin(addresses("193", 600)).code(0).check();
    assert_eq!(outcome.stdout.lines().count(), 600);
    // benches/batch.sh measures how near that comes to the minimum of 600 x 50 ms / 32.
    assert!((24..=32).contains(&farm.widest("whois.ripe.net")), "{}", farm.widest("whois.ripe.net"));
}

#[test]
fn a_pace_is_kept() {
    let farm = farm(vec![ripe(0)]);
    Room::new().run(["--rate", "8"]).farm(&farm).stdin(addresses("193", 20)).code(0).check();
    let asked = farm.asked("whois.ripe.net");
    let span = asked[19].at - asked[0].at;
    // The burst of one second goes out at once; the other twelve queries come at eight a second.
    assert!(span >= Duration::from_millis(1300), "20 questions in {span:?}");
}

#[test]
fn nobody_waits_for_the_pace_of_a_server_that_is_held_off() {
    let farm =
        farm(vec![server("whois.ripe.net", Rule { reply: Some("ripe-denied".into()), ..Rule::default() })]);
    let room = Room::new();
    let run = room.run(["--rate", "0.5", "--per-server", "1", "--json"]).farm(&farm);
    let outcome = run.stdin(addresses("193", 60)).code(75).check();
    assert!(outcome.json().iter().all(|line| line["error"]["kind"] == "denied"));
    assert_eq!(farm.asked("whois.ripe.net").len(), 1);
    // At one query in two seconds it would be two minutes.
    assert!(outcome.took < Duration::from_secs(30), "took {:?}", outcome.took);
}

#[test]
fn a_hook_comes_before_a_batch_that_has_the_time() {
    let farm = farm(vec![ripe(0)]);
    let room = Room::new();
    let mut batch =
        room.run(["--rate", "0.5"]).farm(&farm).cache("cache.db").stdin(addresses("193", 60)).spawn();
    let begun = Instant::now();
    while farm.asked("whois.ripe.net").len() < 2 && begun.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(10));
    }
    // Three workers of the batch wait for the pace, one query every two seconds.
    let hook = room.run(["--rate", "0.5", "--timeout", "4", "193.9.9.9"]).farm(&farm).cache("cache.db");
    let hook = hook.spawn().finish();
    assert_eq!(hook.code, 0, "{}{}", hook.stdout, hook.stderr);
    batch.kill();
    batch.finish();
}

#[test]
fn a_slow_registry_holds_up_nobody_elses_addresses() {
    let slow = server("whois.ripe.net", Rule { does: Does::Silence, ..Rule::default() });
    let farm = farm(vec![slow, arin(20)]);
    let input = addresses("193", 40) + &addresses("8", 12);
    let begun = Instant::now();
    let run = Room::new();
    let run = run.run(["--rate", "0", "--timeout", "2"]).farm(&farm).stdin(input).code(75);
    let outcome = run.timeout(Duration::from_secs(60)).check();
    let last = farm.asked("whois.arin.net").last().unwrap().at - begun;
    assert!(last < Duration::from_millis(1500), "ARIN's last question came after {last:?}");
    assert_eq!(outcome.stdout.lines().count(), 52);
}

#[test]
fn a_dead_registry_costs_a_run_no_more_than_a_few_deadlines() {
    let farm = farm(vec![server("whois.ripe.net", Rule { does: Does::Silence, ..Rule::default() })]);
    let room = Room::new();
    let run = room.run(["--rate", "0", "--timeout", "1", "--json"]).farm(&farm).stdin(addresses("193", 90));
    let outcome = run.code(75).timeout(Duration::from_secs(60)).check();
    let lines = outcome.json();
    assert!(lines.iter().all(|line| line["error"]["kind"] == "timeout"));
    assert!(lines[89]["error"]["message"].to_string().contains("in a row"), "{}", lines[89]);
    // Sixteen in a row, and those that were under way beside them.
    assert!(farm.asked("whois.ripe.net").len() <= 18, "{}", farm.asked("whois.ripe.net").len());
    // Three at once for a second each would be half a minute.
    assert!(outcome.took < Duration::from_secs(20), "took {:?}", outcome.took);
}

#[test]
fn a_line_is_printed_as_soon_as_those_before_it_are() {
    let farm = farm(vec![ripe(0), server("whois.arin.net", Rule { does: Does::Silence, ..Rule::default() })]);
    let room = Room::new();
    // The first answer must be printed while the second address still waits.
    let run = room.run(["--timeout", "8", "193.0.22.9", "8.30.1.1"]).farm(&farm);
    let script =
        r#""$@" >out & for i in $(seq 30); do [ -s out ] && break; sleep 0.1; done; cat out; kill $!"#;
    let outcome = run.through(script).any_stderr().check();
    assert!(outcome.stdout.starts_with("193.0.22.9\tclear\t"), "{}", outcome.stdout);
    assert!(outcome.took < Duration::from_secs(4), "took {:?}", outcome.took);
}

#[test]
fn whoever_interrupts_a_run_is_told_what_is_kept() {
    let farm = farm(vec![ripe(0), server("whois.arin.net", Rule { does: Does::Silence, ..Rule::default() })]);
    let room = Room::new();
    let interrupted = |options: &[&str]| {
        let args = ["--timeout", "20", "--json", "193.0.22.9", "8.30.1.1"];
        let run = room.run([options, &args].concat()).farm(&farm).on_terminal(80).interrupted_after(1.5);
        run.any_stderr().check().stdout
    };
    let said = interrupted(&["--cache", "cache.db"]);
    assert!(said.contains("interrupted after 1 of 2 addresses: the answers so far are kept"), "{said}");
    let run = room.run(["--cache", "cache.db", "--offline", "--json", "193.0.22.9"]);
    assert_eq!(run.code(0).check().json()[0]["source"], "cache");
    let said = interrupted(&["--cache", "none"]);
    assert!(said.contains("1 of 2 addresses: nothing is kept without a cache (--cache FILE)"), "{said}");
    // The same command would ask again.
    let said = interrupted(&["--cache", "cache.db", "--refresh"]);
    assert!(said.contains("are kept, and the same command without --refresh continues"), "{said}");
}

#[test]
fn a_large_log_is_read_in_a_moment() {
    let line = "Nov 23 10:00:01 mx postfix/smtpd[4101]: connect from unknown[10.0.0.1]\n";
    let other = "Nov 23 10:00:01 mx postfix/qmgr[4101]: 4F1C2A0B11: removed\n";
    let log: String = [line, other].concat().repeat(50_000);
    let outcome = Room::new().run(["--json"]).stdin(log).code(0).check();
    assert_eq!(outcome.json()[0]["hits"], 50_000);
    assert!(outcome.took < Duration::from_secs(8), "took {:?}", outcome.took);
    assert!(outcome.peak_kb < 64 * 1024, "took {} kB", outcome.peak_kb);
}

#[test]
fn what_is_known_of_thousands_comes_in_their_order_whoever_judged_it() {
    let room = Room::new();
    let object = |n: u32| {
        format!(
            "inetnum:        193.{}.{}.0 - 193.{}.{}.255\nnetname:        NET-{n}\ncountry:        DE\n\
             status:         ASSIGNED PA\nmnt-by:         M-MNT\nsource:         RIPE\n\n",
            n / 256,
            n % 256,
            n / 256,
            n % 256
        )
    };
    room.write("ripe.db.inetnum", (0..600).map(object).collect::<String>());
    room.run(["cache", "import", "ripe.db.inetnum"]).cache("cache.db").stdout_has("600 networks").check();
    // Neighbours far apart, in an order that no schedule would produce by itself, with two unknown addresses between
    // them.
    let mut addresses: Vec<String> = (0..6000_u32)
        .map(|i| (i * 1237) % 6000)
        .map(|i| format!("193.{}.{}.{}", i / 10 / 256, i / 10 % 256, i % 10 + 1))
        .collect();
    addresses.insert(2900, "195.0.0.1".into());
    addresses.insert(5900, "195.0.0.2".into());
    let patterns = "@netname ^NET-3$\nNET-59.$\n";
    room.write("blocked", patterns);
    let run = room.run(["--offline", "-f", "blocked"]).stdin(addresses.join("\n")).cache("cache.db");
    let outcome = run.code(1).check();
    let rows: Vec<Vec<&str>> = outcome.stdout.lines().map(|line| line.split('\t').collect()).collect();
    assert_eq!(rows.len(), addresses.len());
    for (row, address) in rows.iter().zip(&addresses) {
        let parts: Vec<u32> = address.split('.').map(|part| part.parse().unwrap()).collect();
        let net = parts[1] * 256 + parts[2];
        let (verdict, why) = match (parts[0], net) {
            (195, _) => ("unknown", "offline"),
            (_, 3) => ("blocked", "blocked:1"),
            (_, 590..600) => ("blocked", "blocked:2"),
            _ => ("clear", "-"),
        };
        assert_eq!((row[0], row[1]), (address.as_str(), verdict));
        assert!(row[6].starts_with(why), "{row:?}");
    }
}
