//! The cache: one query, then remembered, shared and maintained.

mod broken;

use crate::{
    farm::{Does, Farm, Plan, Rule, Scenario},
    jig::{Room, Run},
};
use std::{
    process::Command,
    time::{Duration, Instant},
};

const RIPE: &str = "whois.ripe.net";

fn ripe(rule: Vec<Rule>) -> Farm {
    let plan = Plan { name: RIPE.into(), rule, optional: true, ..Plan::default() };
    Farm::start(&Scenario { server: vec![plan], ..Scenario::default() })
}

fn answering() -> Rule {
    Rule { reply: Some("ripe".into()), ..Rule::default() }
}

fn of_status(status: &str) -> Rule {
    let with = [("status".to_owned(), status.to_owned())].into();
    Rule { network: Some("193.0.20.0/22".into()), with, ..answering() }
}

/// A run with the room's cache, without limits on width and pace.
fn cached<'a>(room: &'a Room, farm: &Farm, args: &[&str]) -> Run<'a> {
    room.run(["--rate", "0"].iter().chain(args).copied()).farm(farm).cache("cache.db")
}

/// 256 addresses of 193.0.20.0/22, in an order that suits no algorithm.
fn scattered() -> String {
    (0..256_u32)
        .map(|i| (i * 149 + 31) % 256 * 4 + i % 4)
        .fold(String::new(), |text, host| format!("{text}193.0.{}.{}\n", 20 + host / 256, host % 256))
}

#[test]
fn an_allocation_is_asked_once_for_each_24_and_an_assignment_once() {
    for (status, questions) in [
        ("ALLOCATED PA", 4),
        ("a status of tomorrow", 4),
        ("LEGACY", 4),
        ("ASSIGNED PA", 1),
        ("ASSIGNED PI", 1),
    ] {
        let (room, farm) = (Room::new(), ripe(vec![of_status(status)]));
        let outcome = cached(&room, &farm, &[]).stdin(scattered()).code(0).check();
        assert_eq!(outcome.stdout.lines().count(), 256, "{status}");
        assert_eq!(farm.questions(), questions, "{status}");
        cached(&room, &farm, &[]).stdin(scattered()).code(0).check();
        assert_eq!(farm.questions(), questions, "{status}, a second time");
    }
}

#[test]
fn sixty_processes_ask_once() {
    let farm = ripe(vec![Rule { delay_ms: 300, ..answering() }]);
    let room = Room::new();
    let runs: Vec<Run<'_>> =
        (0..60).map(|i| cached(&room, &farm, &["-e", "Contoso", &format!("193.0.22.{i}")]).code(1)).collect();
    let started: Vec<_> = runs.iter().map(Run::spawn).collect();
    for (run, started) in runs.iter().zip(started) {
        let faults = run.faults(&started.finish());
        assert!(faults.is_empty(), "{}: {faults:?}", run.shown());
    }
    assert_eq!(farm.questions(), 1);
}

/// How many transactions have changed a cache: its header's change counter (SQLite's file format, 1.3.9).
fn transactions(room: &Room) -> u32 {
    let header = std::fs::read(room.path("cache.db")).unwrap();
    u32::from_be_bytes(header[24..28].try_into().unwrap())
}

#[test]
fn each_of_many_addresses_changes_the_file_once() {
    let (room, farm) = (Room::new(), ripe(vec![answering()]));
    let far_apart = |count: u32| (0..count).map(|i| format!("193.{i}.7.9\n")).collect::<String>();
    // Claims, their release and the answer: what one address leaves to be written goes with the next one's claims.
    for args in [["-j", "1"].as_slice(), &["--offline"]] {
        cached(&room, &farm, args).stdin(far_apart(2)).code(0).check();
    }
    let before = transactions(&room);
    cached(&room, &farm, &["-j", "1"]).stdin(far_apart(42)).code(0).check();
    assert_eq!(farm.questions(), 42);
    assert_eq!(transactions(&room) - before, 41, "40 claims, and the last answer");
    cached(&room, &farm, &["--offline"]).stdin(far_apart(42)).code(0).check();
}

#[test]
fn sharing_can_be_narrowed() {
    let (room, farm) = (Room::new(), ripe(vec![of_status("ASSIGNED PA")]));
    let four = ["193.0.22.1", "193.0.22.2", "193.0.22.3", "193.0.22.1"];
    cached(&room, &farm, &["--share", "32,128"]).args(&four).code(0).check();
    assert_eq!(farm.questions(), 3);
    // The kept answer covers the whole network; the limit of sharing is applied when it is read.
    cached(&room, &farm, &[]).args(&["193.0.22.77"]).code(0).check();
    assert_eq!(farm.questions(), 3);
}

#[test]
fn the_source_says_where_it_came_from() {
    let (room, farm) = (Room::new(), ripe(vec![answering()]));
    let first = cached(&room, &farm, &["--json", "193.0.22.1"]).code(0).check().json();
    let second = cached(&room, &farm, &["--json", "193.0.22.1"]).code(0).check().json();
    assert_eq!((&first[0]["source"], &second[0]["source"]), (&"whois".into(), &"cache".into()));
    for key in ["network", "servers", "verdict", "count", "matches", "fetched"] {
        assert_eq!(first[0][key], second[0][key], "{key}");
    }
    assert_eq!(farm.questions(), 1);
}

#[test]
fn an_answer_without_persons_is_none_to_full() {
    let (room, farm) = (Room::new(), ripe(vec![answering()]));
    let ask =
        |args: &[&str]| cached(&room, &farm, args).args(&["--json", "193.0.22.1"]).code(0).check().json();
    let source = |args: &[&str]| ask(args)[0]["source"].clone();
    // Twice, so that the stored decision is used too.
    assert_eq!((source(&[]), source(&[])), ("whois".into(), "cache".into()));
    assert_eq!((source(&["--full"]), source(&["--full"])), ("whois".into(), "cache".into()));
    assert_eq!((source(&[]), farm.questions()), ("cache".into(), 2));
}

#[test]
fn refresh_asks_anew_and_offline_asks_nobody() {
    let (room, farm) = (Room::new(), ripe(vec![answering()]));
    cached(&room, &farm, &["193.0.22.1"]).code(0).check();
    cached(&room, &farm, &["--refresh", "193.0.22.1"]).code(0).check();
    assert_eq!(farm.questions(), 2);
    let run = cached(&room, &farm, &["--offline", "--json", "193.0.22.1", "193.0.99.1", "10.0.0.1"]);
    let lines = run.code(75).check().json();
    assert_eq!(lines[0]["verdict"], "clear");
    assert_eq!(lines[1]["error"]["kind"], "offline");
    assert_eq!(lines[2]["source"], "reserved");
    assert_eq!(farm.questions(), 2);
}

#[test]
fn an_expired_answer_is_asked_again() {
    let (room, farm) = (Room::new(), ripe(vec![answering()]));
    cached(&room, &farm, &["193.0.22.1"]).code(0).check();
    cached(&room, &farm, &["--max-age", "0s", "193.0.22.1"]).code(0).check();
    assert_eq!(farm.questions(), 2);
}

#[test]
fn an_unknown_is_never_kept() {
    for failure in [
        Rule { does: Does::Empty, ..Rule::default() },
        Rule { reply: Some("ripe-not-found".into()), ..Rule::default() },
        Rule { cut: Some(700), ..answering() },
    ] {
        // An empty reply may be asked for twice within one run.
        let (room, farm) = (Room::new(), ripe(vec![Rule { times: Some(2), ..failure }, answering()]));
        cached(&room, &farm, &["193.0.22.1"]).code(75).check();
        cached(&room, &farm, &["193.0.22.1"]).any_stderr().check();
        cached(&room, &farm, &["193.0.22.1"]).code(0).check();
    }
}

#[test]
fn patterns_are_matched_anew_against_what_was_kept() {
    let (room, farm) = (Room::with(&[("list", "Fabrikam\n")]), ripe(vec![answering()]));
    cached(&room, &farm, &["-f", "list", "193.0.22.1"]).code(0).check();
    cached(&room, &farm, &["-f", "list", "193.0.22.1"]).code(0).check();
    room.write("list", "# edited\nContoso\n");
    cached(&room, &farm, &["-f", "list", "193.0.22.1"]).stdout_has("\tlist:2\n").code(1).check();
    cached(&room, &farm, &["-f", "list", "-c", "193.0.22.1"]).stdout("1\n").code(1).check();
    cached(&room, &farm, &["-a", "list", "193.0.22.1"]).stdout_has("\tallowed\t").code(0).check();
    assert_eq!(farm.questions(), 1);
}

#[test]
fn a_registry_that_starts_to_deny_is_left_alone() {
    let denial = Rule { reply: Some("ripe-denied".into()), ..Rule::default() };
    let farm = ripe(vec![Rule { times: Some(20), ..answering() }, denial]);
    let room = Room::new();
    let addresses: String = (0..100).map(|i| format!("193.0.{i}.9\n")).collect();
    let lines = cached(&room, &farm, &["--json"]).stdin(addresses.as_str()).code(75).check().json();
    let clear = lines.iter().filter(|line| line["verdict"] == "clear").count();
    let denied = lines.iter().filter(|line| line["error"]["kind"] == "denied").count();
    assert_eq!((clear, denied), (20, 80));
    let asked = farm.questions();
    assert!(asked < 40, "{asked} questions");
    // Other runs keep away too, cached answers still work, and the time is shown.
    let lines = cached(&room, &farm, &["--json"]).stdin(addresses).code(75).check().json();
    assert_eq!(lines.iter().filter(|line| line["verdict"] == "clear").count(), 20);
    assert_eq!(farm.questions(), asked);
    let stats = room.run(["cache", "stats", "--json"]).cache("cache.db").code(0).check().json();
    assert!(stats[0]["held_off"][RIPE].is_string(), "{}", stats[0]);
}

#[test]
fn what_is_past_its_age_serves_while_the_registry_is_held_off() {
    let denial = Rule { reply: Some("ripe-denied".into()), ..Rule::default() };
    let (room, farm) = (Room::new(), ripe(vec![Rule { times: Some(1), ..answering() }, denial]));
    cached(&room, &farm, &["193.0.22.1"]).code(0).check();
    cached(&room, &farm, &["193.0.99.1"]).code(75).check();
    let run = cached(&room, &farm, &["--max-age", "0s", "--json", "193.0.22.1"]).any_stderr();
    let outcome = run.code(0).check();
    assert!((outcome.stdout + &outcome.stderr).contains("stale"));
    assert_eq!(farm.questions(), 2);
}

#[test]
fn a_killed_asker_holds_the_others_up_no_longer_than_their_timeout() {
    let silent = Rule { does: Does::Silence, times: Some(3), ..Rule::default() };
    let (room, farm) = (Room::new(), ripe(vec![silent, answering()]));
    // As many queries as one server may get at once, each longer than any other wait here.
    let ask = |address| cached(&room, &farm, &["--timeout", "60", address]).spawn();
    let mut killed = ["193.0.20.1", "193.0.22.1", "193.0.24.1"].map(ask);
    let begun = Instant::now();
    while farm.questions() < 3 && begun.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(5));
    }
    // One run waits for the answer of the first, the other for a lease on the server.
    let wait = |address| cached(&room, &farm, &["--timeout", "20", address]).spawn();
    let waiting = ["193.0.22.2", "193.0.26.1"].map(wait);
    std::thread::sleep(Duration::from_millis(100));
    killed.iter_mut().for_each(|process| process.kill());
    killed.into_iter().for_each(|process| drop(process.finish()));
    for outcome in waiting.map(|process| process.finish()) {
        assert_eq!(outcome.code, 0, "{}{}", outcome.stdout, outcome.stderr);
    }
    cached(&room, &farm, &["--timeout", "5", "193.0.22.3"]).code(0).check();
}

#[test]
fn storms_of_killed_processes_leave_the_file_whole() {
    let farm = ripe(vec![Rule { delay_ms: 15, ..answering() }]);
    let room = Room::new();
    let mut seed: u64 = 88_172_645_463_325_252;
    let mut random = move |below: u64| {
        // xorshift64: the same storm on each run.
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed % below
    };
    for round in 0..8_u64 {
        let runs: Vec<Run<'_>> = (0..24)
            .map(|i| cached(&room, &farm, &["--timeout", "2", &format!("193.{round}.{}.9", i % 12)]))
            .collect();
        let mut started: Vec<_> = runs.iter().map(Run::spawn).collect();
        for _ in 0..12 {
            std::thread::sleep(Duration::from_millis(random(12)));
            let victim = usize::try_from(random(24)).unwrap();
            started[victim].kill();
        }
        for (run, started) in runs.iter().zip(started) {
            let outcome = started.finish();
            // A run that waited for a killed process may have waited in vain, but no longer than its own timeout.
            let fine = [0, 75, 137].contains(&outcome.code) && outcome.took < Duration::from_millis(2900);
            assert!(fine, "{}: {} after {:?}: {}", run.shown(), outcome.code, outcome.took, outcome.stderr);
        }
        assert_eq!(integrity(&room), "ok", "round {round}");
        let later: Vec<String> = (0..12).map(|i| format!("193.{round}.{i}.9")).collect();
        let later: Vec<&str> = later.iter().map(String::as_str).collect();
        cached(&room, &farm, &["--timeout", "5"]).args(&later).code(0).check();
    }
}

fn integrity(room: &Room) -> String {
    let file = rusqlite::Connection::open(room.path("cache.db")).unwrap();
    file.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap()
}

#[test]
fn a_daemon_and_root_share_what_lies_in_a_folder_of_the_daemons_group() {
    let (room, farm) = (Room::new(), ripe(vec![answering()]));
    if !super::jig::is_root() {
        return super::jig::skip("root, who alone can give files to others");
    }
    room.open_to_all(&farm.list());
    let mut setup = Command::new("sh");
    setup.args(["-c", "mkdir shared; chown 0:65534 shared; chmod 2770 shared"]).current_dir(room.path("."));
    assert!(setup.status().unwrap().success());
    let run = |address| {
        room.run(["-e", "Contoso", address]).farm(&farm).env("WHODUNIT_CACHE", "shared/cache.db").code(1)
    };
    run("193.0.22.9").check();
    for address in ["193.0.22.10", "193.0.99.9", "193.0.99.10"] {
        run(address).through(super::jig::AS_NOBODY).check();
    }
    run("193.0.99.11").check();
    assert_eq!(farm.questions(), 2);
}

#[test]
fn stats_list_forget_and_export_look_after_it() {
    let (room, farm) = (Room::new(), ripe(vec![answering()]));
    cached(&room, &farm, &["193.0.22.1", "193.0.23.1", "193.1.1.1"]).code(0).check();
    let command = |args: &[&str]| room.run(["cache"].iter().chain(args).copied()).cache("cache.db").code(0);
    let stats = command(&["stats", "--json"]).check().json();
    assert_eq!((&stats[0]["networks"], &stats[0]["imported"]), (&3.into(), &0.into()));
    for key in ["bytes", "oldest", "newest", "held_off"] {
        assert!(!stats[0][key].is_null(), "{key}: {}", stats[0]);
    }
    command(&["stats"]).stdout_has("3").check();
    assert_eq!(command(&["list", "--json"]).check().json().len(), 3);
    assert_eq!(command(&["list", "--csv"]).check().stdout.lines().count(), 4);
    command(&["list"]).stdout_has("193.0.22.0").stdout_has("Contoso GmbH").check();
    let export = command(&["export"]).check().stdout;
    assert_eq!(export.lines().count(), 3);
    command(&["forget", "193.0.22.99"]).check();
    assert_eq!(command(&["list", "--json"]).check().json().len(), 2);
    command(&["forget", "193.0.0.0/16"]).check();
    assert_eq!(command(&["list", "--json"]).check().json().len(), 1);
    command(&["forget", "--all"]).check();
    assert_eq!(command(&["list", "--json"]).check().json().len(), 0);
    // An export can be read back.
    room.write("export.jsonl", export);
    command(&["import", "export.jsonl"]).any_stderr().check();
    cached(&room, &farm, &["--offline", "193.0.22.1", "193.1.1.1"]).code(0).check();
    assert_eq!(farm.questions(), 3);
}

#[test]
fn the_registry_that_imported_statistics_name_is_asked_and_explained() {
    let (room, farm) = (Room::new(), ripe(vec![answering()]));
    let statistics = "2|ripencc|20260101|1|19830705|20260101|+0100\n\
                      ripencc|DE|ipv4|8.30.4.0|256|20100712|allocated|opaque\n";
    room.write("statistics", statistics);
    room.run(["cache", "import", "statistics"]).cache("cache.db").any_stderr().code(0).check();
    let explained = cached(&room, &farm, &["--explain", "8.30.4.20"]).code(0);
    explained.stdout_has("imported statistics: it is delegated by ripe: ask whois.ripe.net").check();
    assert_eq!(farm.questions(), 1);
}
