//! Hostile or broken servers: `unknown` in time, in little memory, and never a verdict.

use crate::{
    farm::{Does, Farm, Plan, Rule, Scenario},
    jig::{Outcome, Room},
};
use std::time::Duration;

const RIPE: &str = "whois.ripe.net";
/// The time granted beyond the timeout, plus the start of a process on a busy machine.
const GRACE: Duration = Duration::from_millis(200 + 100);
const MOST_KB: u64 = 32 * 1024;

#[track_caller]
fn meets(rule: Rule, kinds: &[&str]) -> Outcome {
    meets_with(&Farm::of_one(RIPE, rule), kinds)
}

#[track_caller]
fn meets_with(farm: &Farm, kinds: &[&str]) -> Outcome {
    let room = Room::new();
    let outcome =
        room.run(["--json", "--timeout", "1", "-e", "remarks", "193.0.22.9"]).farm(farm).code(75).check();
    let error = outcome.json()[0]["error"].clone();
    assert!(kinds.contains(&error["kind"].as_str().unwrap_or_default()), "{error}, not {kinds:?}");
    assert!(outcome.took < Duration::from_secs(1) + GRACE, "took {:?}", outcome.took);
    assert!(outcome.peak_kb < MOST_KB, "took {} kB", outcome.peak_kb);
    outcome
}

fn answering(text: &str) -> Rule {
    Rule { text: Some(text.into()), ..Rule::default() }
}

#[test]
fn one_that_never_answers() {
    let outcome = meets(Rule { does: Does::Silence, ..Rule::default() }, &["timeout"]);
    assert!(outcome.took > Duration::from_millis(900), "gave up after {:?}", outcome.took);
}

#[test]
fn one_that_sends_a_byte_now_and_then() {
    let rule = Rule { reply: Some("ripe".into()), does: Does::Drip, every_ms: Some(100), ..Rule::default() };
    meets(rule, &["timeout"]);
    meets(
        Rule { does: Does::Drip, every_ms: Some(1000), ..answering("% one byte a second\n") },
        &["timeout"],
    );
}

#[test]
fn one_that_answers_and_never_closes() {
    // Only the closing line shows that a reply is complete; this one ends in the middle of a record.
    let rule = Rule { reply: Some("ripe".into()), cut: Some(900), does: Does::Hold, ..Rule::default() };
    meets(rule, &["timeout", "incomplete"]);
}

#[test]
fn one_that_never_stops() {
    meets(Rule { does: Does::Flood, ..Rule::default() }, &["too-large", "timeout"]);
}

#[test]
fn one_endless_line() {
    let rule = Rule { does: Does::Flood, text: Some("x".repeat(65536)), ..Rule::default() };
    meets(rule, &["too-large", "timeout"]);
}

#[test]
fn one_that_never_stops_sending_nothing() {
    let rule = Rule { does: Does::Flood, text: Some("\0".repeat(65536)), ..Rule::default() };
    meets(rule, &["too-large", "timeout"]);
}

#[test]
fn one_that_resets() {
    meets(Rule { does: Does::Reset, ..Rule::default() }, &["network"]);
    let rule = Rule { does: Does::Reset, reply: Some("ripe".into()), cut: Some(700), ..Rule::default() };
    meets(rule, &["network", "incomplete"]);
}

#[test]
fn one_that_closes_without_a_word() {
    meets(Rule { does: Does::Empty, ..Rule::default() }, &["incomplete"]);
}

#[test]
fn one_that_sends_noise() {
    meets(
        answering(&"\u{0}\u{1b}]0;owned\u{7}\u{1b}[2J\u{9b}1m\n".repeat(2000)),
        &["incomplete", "not-found", "placeholder"],
    );
}

#[test]
fn one_with_a_record_of_a_foreign_network() {
    // A record that does not hold the address says nothing about it.
    let rule = Rule { reply: Some("ripe".into()), network: Some("194.0.0.0/22".into()), ..Rule::default() };
    meets(rule, &["not-found", "placeholder", "incomplete"]);
}

#[test]
fn hops_share_one_deadline() {
    let hop = |name: &str, next: &str| Plan {
        name: name.into(),
        optional: true,
        rule: vec![Rule {
            reply: Some("arin-transferred".into()),
            network: Some("128.30.0.0/16".into()),
            delay_ms: 400,
            with: [("referral".to_owned(), format!("ReferralServer: whois://{next}"))].into(),
            ..Rule::default()
        }],
        ..Plan::default()
    };
    let server = vec![
        hop("whois.arin.net", "whois.ripe.net"),
        hop("whois.ripe.net", "whois.apnic.net"),
        hop("whois.apnic.net", "whois.afrinic.net"),
        hop("whois.afrinic.net", "whois.lacnic.net"),
        hop("whois.lacnic.net", "whois.arin.net"),
    ];
    let farm = Farm::start(&Scenario { server, ..Scenario::default() });
    let room = Room::new();
    let outcome = room.run(["--json", "--timeout", "1", "128.30.7.7"]).farm(&farm).code(75).check();
    assert!(outcome.took < Duration::from_secs(1) + GRACE, "took {:?}", outcome.took);
}

#[test]
fn a_retry_shares_the_deadline() {
    let reset = Rule { does: Does::Reset, delay_ms: 700, ..Rule::default() };
    meets(reset, &["network", "timeout"]);
}

#[test]
fn many_at_once_stay_small() {
    let rule = Rule { does: Does::Flood, ..Rule::default() };
    let farm = Farm::of_one(RIPE, rule);
    let addresses: String = (0..64).map(|i| format!("193.0.{i}.9\n")).collect();
    let run = Room::new();
    let run = run.run(["--json", "--timeout", "1", "--rate", "0", "--per-server", "32", "-j", "32"]);
    let outcome = run.farm(&farm).stdin(addresses).code(75).check();
    assert_eq!(outcome.json().len(), 64);
    assert!(outcome.json().iter().all(|line| line["verdict"] == "unknown"));
    // Each of thirty-two floods at once may fill its own limit.
    assert!(outcome.peak_kb < 4 * MOST_KB, "took {} kB", outcome.peak_kb);
}

/// A hook has fifty megabytes, and Unicode's classes are wide: not every pattern may be compiled with all of them, and
/// not all patterns may be kept.
#[test]
fn many_wide_patterns_stay_small() {
    let list: String = (1..=300)
        .map(|n| format!("^\\w+:\\s+\\w{{0,40}}[[:alpha:]]{{0,40}}\\W[[:digit:]]{{0,{n}}}\\s\n"))
        .collect();
    let text: String = (0..36).map(|n| format!("descr:          Stra\u{df}e {n} of many\n")).collect();
    let room = Room::with(&[("list", &list), ("text", &text)]);
    let run = room.run(["match", "-c", "-f", "list", "text"]).through(r#"ulimit -v 60000; exec "$@""#);
    let outcome = run.stdout("36\n").code(75).check();
    assert!(outcome.peak_kb < MOST_KB, "took {} kB", outcome.peak_kb);
}
