//! Registries that change their words, and refuse in new ones: all runs that share a cache learn of it, in every
//! command.

use crate::{
    farm::{Farm, Plan, Rule, Scenario},
    jig::Room,
};

const RIPE: &str = "whois.ripe.net";

/// Registries: the server, the first two numbers of its addresses, its form, its closing line (or another of its own lines
/// if it has none), the new words there, and the field with which the records begin.
const REWORDED: [(&str, &str, &str, &str, &str, &str); 9] = [
    (
        RIPE,
        "193.0",
        include_str!("../farm/forms/ripe.txt"),
        "% This query was served by",
        "% Answered by machine 7 of ours.",
        "inetnum:",
    ),
    (
        "whois.apnic.net",
        "103.20",
        include_str!("../farm/forms/apnic.txt"),
        "% This query was served by",
        "% APNIC thanks you for this question.",
        "inetnum:",
    ),
    (
        "whois.arin.net",
        "8.30",
        include_str!("../farm/forms/arin.txt"),
        "# ARIN WHOIS data",
        "# New terms apply to what ARIN says.",
        "NetRange:",
    ),
    (
        "whois.lacnic.net",
        "200.57",
        include_str!("../farm/forms/lacnic.txt"),
        "accepts only direct match",
        "% One network at a time may be asked for.",
        "inetnum:",
    ),
    (
        "whois.registro.br",
        "177.10",
        include_str!("../farm/forms/registrobr-today.txt"),
        "% Security and mail abuse issues",
        "% Problems of security are cert.br's.",
        "inetnum:",
    ),
    (
        "whois.kisa.or.kr",
        "112.170",
        include_str!("../farm/forms/krnic.txt"),
        "WHOIS Service -",
        "- The Korean address service, anew -",
        "[ Network Information ]",
    ),
    (
        "whois.nic.ad.jp",
        "133.7",
        include_str!("../farm/forms/jpnic.txt"),
        "More Specific Info.",
        "Smaller networks of it",
        "a. [Network Number]",
    ),
    (
        "whois.twnic.net",
        "218.160",
        include_str!("../farm/forms/twnic.txt"),
        "Technical contact:",
        "   Contact for operations:",
        "   Netblock:",
    ),
    (
        "whois.afrinic.net",
        "41.20",
        include_str!("../farm/forms/afrinic.txt"),
        "% This is the AfriNIC Whois server.",
        "% AFRINIC, in other words.",
        "inetnum:",
    ),
];

/// The ones whose answers have no closing words.
const ENDLESS: [&str; 2] = ["whois.twnic.net", "whois.afrinic.net"];

/// APNIC has none of the national registries' networks.
const NONE: &str = "% [whois.apnic.net]\n\n%ERROR:101: no entries found\n\n% This query was served by the APNIC Whois Service\n";

/// LACNIC's answer about a Brazilian network only names registro.br.
fn brazilian() -> Rule {
    let text = "\n% Joint Whois - whois.lacnic.net\n\n% Brazilian resource: whois.registro.br\n\n";
    Rule { within: Some("177.10.0.0/16".into()), text: Some(text.into()), ..Rule::default() }
}

/// The registry's answer about the /24 whose third number is `n`.
fn answer(form: &str, closing: &str, words: &str, prefix: &str, n: usize) -> String {
    let mut text = form.to_owned();
    for (field, value) in [
        ("{kind}", "inetnum"),
        ("{range}", &format!("{prefix}.{n}.0 - {prefix}.{n}.255")),
        ("{first}", &format!("{prefix}.{n}.0")),
        ("{last}", &format!("{prefix}.{n}.255")),
        ("{cidr}", &format!("{prefix}.{n}.0/24")),
        ("{short}", &format!("{prefix}.{n}/24")),
        ("{dashed}", "8-30-0-0"),
        ("{org}", "Contoso GmbH"),
        ("{name}", "CONTOSO-NET"),
        ("{country}", "DE"),
        ("{status}", "ALLOCATED"),
        ("{abuse}", "abuse@contoso.example"),
        ("{asn}", "64500"),
        ("{mnt}", "CONTOSO-MNT"),
        ("{length}", "24"),
        ("{address}", &format!("{prefix}.{n}.9")),
        ("{handle}", "CONTOSO"),
        ("{type}", "Direct Allocation"),
        ("{referral}", ""),
    ] {
        text = text.replace(field, value);
    }
    // registro.br's line about queries closes its answers, too, in words of which these are left out.
    let text = text.replace("whois.registro.br only accepts exact match queries", "Ask whois.registro.br");
    let line = |line: &str| if line.contains(closing) { format!("{words}\n") } else { format!("{line}\n") };
    text.lines().map(line).collect()
}

/// Every registry closes its answers with other words: the first of each takes two queries, later ones take one.
#[test]
fn registries_that_close_with_other_words_are_believed() {
    let plans = REWORDED.iter().map(|(name, prefix, form, closing, words, _)| {
        let rule = |n: usize| Rule {
            within: Some(format!("{prefix}.{n}.0/24")),
            text: Some(answer(form, closing, words, prefix, n)),
            ..Rule::default()
        };
        let mut rule: Vec<Rule> = (0..6).map(rule).collect();
        let mut asked = if ENDLESS.contains(name) { 6 } else { 7 };
        if *name == "whois.lacnic.net" {
            rule.push(brazilian());
            asked += 6;
        }
        Plan { name: (*name).into(), rule, asked: Some(asked), ..Plan::default() }
    });
    let (farm, room) = (farm(plans.collect()), Room::new());
    for numbers in [0..3, 3..6] {
        let addresses =
            REWORDED.iter().flat_map(|row| numbers.clone().map(move |n| format!("{}.{n}.9\n", row.1)));
        let input: String = addresses.collect();
        let run = room.run(["--json", "--rate", "0", "-j", "1"]).farm(&farm).cache("cache.db").stdin(input);
        for line in run.code(0).check().json() {
            let network = &line["network"];
            // TWNIC's short form names no holder.
            let holder = if network["registry"] == "twnic" { "name" } else { "org" };
            assert_eq!(line["verdict"], "clear", "{line}");
            assert!(network[holder] == "Contoso GmbH" || network[holder] == "CONTOSO-NET", "{line}");
            assert_eq!(network["abuse"][0], "abuse@contoso.example", "{line}");
        }
    }
    let stats = room.run(["cache", "stats", "--json"]).cache("cache.db").code(0).check().json()[0].clone();
    let mut known: Vec<&str> = stats["unclosed"].as_object().unwrap().keys().map(String::as_str).collect();
    known.sort_unstable();
    let mut reworded: Vec<&str> = REWORDED.iter().map(|row| row.0).collect();
    reworded.retain(|name| !ENDLESS.contains(name));
    reworded.sort_unstable();
    assert_eq!(known, reworded);
    assert_eq!(stats["held_off"], serde_json::json!({}));
    room.run(["cache", "stats"])
        .cache("cache.db")
        .code(0)
        .stdout_has("unclosed\twhois.ripe.net ends its answers with new words")
        .check();
    let said = "answers end with new words: whois.apnic.net whois.arin.net whois.kisa.or.kr and 4 more";
    room.run(["check"]).cache("cache.db").code(0).stdout_has(said).check();
}

/// The same registries, each answer cut at another byte: none is a record, and no address is cleared.
#[test]
fn hundreds_of_cut_answers_are_no_records() {
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = |below: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        usize::try_from(seed % below as u64).unwrap()
    };
    let plans = REWORDED.iter().map(|(name, prefix, form, closing, words, begins)| {
        let rules = (0..50).map(|n| {
            let text = answer(form, closing, words, prefix, n);
            let from = text.find(&format!("\n{begins}")).unwrap() + 2;
            let to = match text.rfind(words) {
                Some(at) if !ENDLESS.contains(name) => at + words.len(),
                _ => text.trim_end().len(),
            };
            let within = Some(format!("{prefix}.{n}.0/24"));
            Rule { within, cut: Some(from + random(to - from)), text: Some(text), ..Rule::default() }
        });
        let more = match *name {
            "whois.lacnic.net" => Some(brazilian()),
            "whois.apnic.net" => Some(Rule { text: Some(NONE.into()), ..Rule::default() }),
            _ => None,
        };
        let rule = rules.chain(more).collect();
        Plan { name: (*name).into(), rule, ..Plan::default() }
    });
    let (farm, room) = (farm(plans.collect()), Room::new());
    let input: String =
        REWORDED.iter().flat_map(|row| (0..50).map(move |n| format!("{}.{n}.9\n", row.1))).collect();
    let run = room.run(["--json", "--rate", "0", "-j", "16", "-e", "Fabrikam"]).farm(&farm).stdin(input);
    let lines = run.any_stderr().code(75).check().json();
    assert_eq!(lines.len(), 450);
    for line in lines {
        let (verdict, kind) = (&line["verdict"], &line["error"]["kind"]);
        assert!(verdict == "unknown" && line["network"].is_null(), "{line}");
        assert!(kind == "incomplete" || kind == "denied", "{line}");
    }
    for (name, ..) in REWORDED {
        assert!(farm.asked(name).len() >= 50, "{name}: {}", farm.asked(name).len());
    }
}

/// A user whose server list has APNIC and no national registry wants APNIC to be asked.
#[test]
fn a_list_without_a_national_registry_leaves_the_regional_one_first() {
    let form = include_str!("../farm/forms/apnic.txt");
    let text = answer(form, "no such line", "", "133.7", 8);
    let (farm, room) =
        (farm(vec![plan("whois.apnic.net", Rule { text: Some(text), ..Rule::default() })]), Room::new());
    let all: serde_json::Value = serde_json::from_slice(&std::fs::read(farm.list()).unwrap()).unwrap();
    let list = serde_json::json!({ "whois.apnic.net": all["whois.apnic.net"] });
    room.write("servers.json", list.to_string());
    let run = room.run(["--json", "--servers", "servers.json", "133.7.8.9"]).code(0).check();
    let line = &run.json()[0];
    assert_eq!(line["servers"], serde_json::json!(["whois.apnic.net"]));
    assert_eq!(line["network"]["org"], "Contoso GmbH");
    assert_eq!(farm.asked("whois.apnic.net").len(), 1);
}

fn farm(server: Vec<Plan>) -> Farm {
    Farm::start(&Scenario { server, ..Scenario::default() })
}

fn plan(name: &str, rule: Rule) -> Plan {
    Plan { name: name.into(), rule: vec![rule], optional: true, ..Plan::default() }
}

/// A registry that sends everybody the same text, without the networks asked about.
fn mute() -> Farm {
    let text = "% This is the RIPE Database query service.\n% We are moving house.\n";
    farm(vec![plan(RIPE, Rule { text: Some(text.into()), ..Rule::default() })])
}

/// Hooks are separate processes: together they learn that a registry says nothing.
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
            error["message"].to_string().contains("said nothing about several networks in a row"),
            "{error}"
        );
    }
    assert_eq!(farm.asked(RIPE).len(), 4);
    let explained = room.run(["--explain", "193.0.9.9"]).farm(&farm).cache("cache.db").code(75).check();
    assert!(
        explained.stdout.contains("said nothing about several networks in a row"),
        "{}",
        explained.stdout
    );
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
