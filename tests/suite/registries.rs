//! Registries that change their words, and refuse in new ones: told to all who share a cache, in every command.

use crate::{
    farm::{Farm, Plan, Rule, Scenario},
    jig::Room,
};

const RIPE: &str = "whois.ripe.net";

fn farm(server: Vec<Plan>) -> Farm {
    Farm::start(&Scenario { server, ..Scenario::default() })
}

fn plan(name: &str, rule: Rule) -> Plan {
    Plan { name: name.into(), rule: vec![rule], optional: true, ..Plan::default() }
}

/// A registry that says the same to everybody, and nothing of the networks asked about.
fn mute() -> Farm {
    let text = "% This is the RIPE Database query service.\n% We are moving house.\n";
    farm(vec![plan(RIPE, Rule { text: Some(text.into()), ..Rule::default() })])
}

/// Hooks are processes of their own: together they know that a registry says nothing.
#[test]
fn hooks_leave_a_registry_alone_that_says_nothing() {
    let (farm, room) = (mute(), Room::new());
    let hook = |address: String| room.run(["--json", &address]).farm(&farm).cache("cache.db").code(75);
    for n in 1..4 {
        assert_eq!(hook(format!("193.0.{n}.9")).check().json()[0]["error"]["kind"], "incomplete");
    }
    hook("193.0.4.9".into())
        .stderr_has("whois.ripe.net answers with nothing about the networks asked")
        .check();
    for n in 5..9 {
        let error = hook(format!("193.0.{n}.9")).check().json()[0]["error"].clone();
        assert_eq!(error["kind"], "denied");
        assert!(
            error["message"].to_string().contains("said nothing of several networks in a row"),
            "{error}"
        );
    }
    assert_eq!(farm.asked(RIPE).len(), 4);
    let explained = room.run(["--explain", "193.0.9.9"]).farm(&farm).cache("cache.db").code(75).check();
    assert!(explained.stdout.contains("said nothing of several networks in a row"), "{}", explained.stdout);
    let stats = room.run(["cache", "stats", "--json"]).cache("cache.db").code(0).check().json()[0].clone();
    assert_eq!(
        (&stats["mute"][RIPE], &stats["unclosed"]),
        (&stats["held_off"][RIPE], &serde_json::json!({}))
    );
    let until: jiff::Timestamp = stats["mute"][RIPE].as_str().unwrap().parse().unwrap();
    assert!(until.duration_since(jiff::Timestamp::now()).as_mins() < 5, "shorter than a denial: {until}");
    let shown = room.run(["cache", "stats"]).cache("cache.db").code(0);
    shown
        .stdout_has("held off\twhois.ripe.net until ")
        .stdout_has(": it says nothing of the networks asked")
        .check();
    room.run(["check"]).cache("cache.db").code(1).stdout_has("held off: whois.ripe.net").check();
}

#[test]
fn a_run_over_a_log_leaves_a_registry_alone_that_says_nothing() {
    let line = |n: u32| format!("Nov 27 10:00:00 mx postfix/smtpd[1]: connect from unknown[193.0.{n}.9]\n");
    let log: String = (0..60).map(line).collect();
    for command in [&["--json", "--rate", "0"][..], &["report", "--json", "--rate", "0"]] {
        let (farm, room) = (mute(), Room::new());
        let run = room.run(command.iter().copied()).farm(&farm).stdin(log.as_str());
        let outcome = run.stderr_has("whois.ripe.net answers with nothing").check();
        assert_eq!(outcome.stderr.matches("answers with nothing").count(), 1, "{}", outcome.stderr);
        // Four in a row, and those that were under way beside the fourth.
        let asked = farm.asked(RIPE).len();
        assert!((4..=7).contains(&asked), "{command:?}: asked {asked} times");
    }
}
