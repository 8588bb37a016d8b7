//! `report`: owners ranked by hits, drawn over time, in every form; and the lines that would stop them.

mod abuse_mail;
mod browser;
mod inputs;
mod month;
mod page;
mod wanted;

use crate::{
    farm::{Does, Farm, Plan, Rule, Scenario},
    jig::Room,
};
use std::collections::{BTreeMap, BTreeSet};

/// Two owners of adjacent networks, one of them with two networks, and an unknown one.
fn farm() -> Farm {
    let of = |within: &str, org: &str, country: &str| Rule {
        within: Some(within.into()),
        network: Some(within.into()),
        reply: Some("ripe".into()),
        with: BTreeMap::from([
            ("org".into(), org.into()),
            ("country".into(), country.into()),
            ("mnt".into(), format!("MNT-{country}")),
            (
                "abuse".into(),
                format!("abuse@{}.example", if country == "DE" { "contoso" } else { "fabrikam" }),
            ),
            ("asn".into(), if country == "DE" { "64500" } else { "64501" }.into()),
        ]),
        ..Rule::default()
    };
    let rule = vec![
        of("193.0.20.0/22", "Contoso (Bulk) GmbH", "DE"),
        of("193.0.40.0/24", "CONTOSO  (BULK) GMBH", "DE"),
        of("193.0.60.0/24", "Fabrikam B.V.", "NL"),
        of("193.0.61.0/24", "Fabrikam BxVx", "NL"),
        Rule { within: Some("193.0.99.0/24".into()), does: Does::Empty, ..Rule::default() },
    ];
    let ripe = Plan { name: "whois.ripe.net".into(), rule, ..Plan::default() };
    Farm::start(&Scenario { server: vec![ripe], ..Scenario::default() })
}

/// (day and time, client, lines)
const TRAFFIC: &[(&str, &str, usize)] = &[
    ("Nov 20 10:00:00", "193.0.22.9", 5),
    ("Nov 20 11:00:00", "10.0.0.1", 2),
    ("Nov 20 12:00:00", "193.0.60.1", 4),
    ("Nov 21 12:00:00", "193.0.40.7", 3),
    ("Nov 21 13:00:00", "193.0.61.1", 1),
    ("Nov 22 10:00:00", "193.0.99.1", 1),
    ("Nov 22 10:00:00", "193.0.22.10", 2),
];

fn log() -> String {
    let line = |(time, client, count): &(&str, &str, usize)| {
        format!("{time} mx postfix/smtpd[41]: connect from unknown[{client}]\n").repeat(*count)
    };
    TRAFFIC.iter().map(line).collect::<String>() + "Nov 22 10:00:01 mx postfix/qmgr[4]: 4F1: removed\n"
}

fn room() -> Room {
    Room::with(&[("mail.log", &log()), ("blocked", "Fabrikam B\\.V\n")])
}

#[test]
fn owners_are_ranked_and_their_hits_add_up_to_the_logs() {
    let (room, farm) = (room(), farm());
    let run = room.run(["report", "--rate", "0", "--json", "-f", "blocked", "mail.log"]).env("TZ", "UTC");
    let rows = run.farm(&farm).code(0).check().json();
    let seen: Vec<_> = rows.iter().map(|r| (r["owner"].as_str(), r["hits"].as_u64().unwrap())).collect();
    assert_eq!(
        seen,
        [
            (Some("Contoso (Bulk) GmbH"), 10),
            (Some("Fabrikam B.V."), 4),
            (None, 2),
            (Some("Fabrikam BxVx"), 1),
            (None, 1)
        ]
    );
    let contoso = &rows[0];
    assert_eq!(contoso["networks"], serde_json::json!(["193.0.20.0/22", "193.0.40.0/24"]));
    assert_eq!((&contoso["addresses"], &contoso["country"]), (&3.into(), &"DE".into()));
    assert_eq!(contoso["abuse"], serde_json::json!(["abuse@contoso.example"]));
    let [first, last] = ["first_seen", "last_seen"].map(|key| contoso[key].as_str().unwrap());
    assert!(first.ends_with("-11-20T10:00:00Z") && last.ends_with("-11-22T10:00:00Z"), "{first} {last}");
    assert_eq!(
        rows.iter().map(|row| row["verdict"].as_str().unwrap()).collect::<Vec<_>>(),
        ["clear", "blocked", "clear", "clear", "unknown"]
    );
    assert_eq!(rows[1]["matches"][0]["file"], "blocked");
    for row in &rows {
        let activity: Vec<u64> = serde_json::from_value(row["activity"].clone()).unwrap();
        assert_eq!((activity.len(), activity.iter().sum::<u64>()), (48, row["hits"].as_u64().unwrap()));
        let keys: BTreeSet<&str> = row.as_object().unwrap().keys().map(String::as_str).collect();
        let contract = "abuse activity addresses by country first_seen hits last_seen matches name networks owner reason verdict";
        assert_eq!(keys, contract.split(' ').collect());
    }
}

#[test]
fn rows_may_stand_for_what_owners_have_in_common() {
    let (room, farm) = (room(), farm());
    let rows = |by: &str| {
        let run = room.run(["report", "--rate", "0", "--json", "--by", by, "mail.log"]).farm(&farm);
        run.code(0).check().json()
    };
    for by in ["owner", "asn", "abuse", "maintainer", "netname", "network", "registry", "country"] {
        let rows = rows(by);
        let hits: u64 = rows.iter().map(|row| row["hits"].as_u64().unwrap()).sum();
        assert_eq!(hits, 18, "--by {by}: the sum is the log's");
        let nobodys = rows.iter().filter(|row| row["by"].is_null() && row["owner"].is_null()).count();
        assert_eq!(nobodys, 2, "--by {by}: unknown and reserved addresses have a row each");
    }
    let countries = rows("country");
    let [germany, netherlands] = [&countries[0], &countries[1]];
    assert_eq!((&germany["by"], &germany["hits"]), (&"DE".into(), &10.into()));
    assert_eq!(netherlands["owners"], serde_json::json!(["Fabrikam B.V.", "Fabrikam BxVx"]));
    let run = room.run(["report", "--rate", "0", "--by", "country", "mail.log"]).farm(&farm);
    run.stdout_has("DE\t10\t3\t193.0.20.0/22 193.0.40.0/24\tDE\t").code(0).check();
    let run = room.run(["report", "--by", "nation", "mail.log"]);
    run.stderr_has("--by: `nation` is not one of owner, asn, abuse").code(64).check();
}

#[test]
fn stdin_is_a_log_and_top_keeps_the_first() {
    let (room, farm) = (room(), farm());
    let run = room.run(["report", "--rate", "0", "--csv", "--top", "1"]).farm(&farm).stdin(log());
    let shown = run.code(0).check().stdout;
    let lines: Vec<&str> = shown.lines().collect();
    assert_eq!(lines.len(), 2, "{shown}");
    assert_eq!(
        lines[0],
        "owner,country,abuse,networks,addresses,hits,first_seen,last_seen,activity,verdict,matches,by,name,reason"
    );
    assert!(
        lines[1]
            .starts_with("Contoso (Bulk) GmbH,DE,abuse@contoso.example,193.0.20.0/22 193.0.40.0/24,3,10,")
    );
}

#[test]
fn only_the_lines_that_are_asked_for_count() {
    let (room, farm) = (room(), farm());
    let hits = |args: &[&str]| {
        let run =
            room.run(["report", "--rate", "0", "--json"]).args(args).args(&["mail.log"]).env("TZ", "UTC");
        let rows = run.farm(&farm).code(0).check().json();
        rows.iter().map(|row| row["hits"].as_u64().unwrap()).sum::<u64>()
    };
    assert_eq!(hits(&[]), 18);
    assert_eq!(hits(&["--grep", r"\[193\.0\.(22|40)\.[0-9]{1,3}]"]), 10, "an expression of egrep's");
    // The log's year is the one that leaves no line in the future.
    let rows =
        room.run(["report", "--rate", "0", "--json", "mail.log"]).env("TZ", "UTC").farm(&farm).check().json();
    let year = rows[0]["first_seen"].as_str().unwrap()[..4].to_owned();
    let [since, until] = [format!("{year}-11-21"), format!("{year}-11-21T12:30:00Z")];
    assert_eq!(hits(&["--since", &since]), 7);
    assert_eq!(hits(&["--since", &since, "--until", &until]), 3);
}

#[test]
fn what_is_wrong_is_said_before_anybody_is_asked() {
    let room = room();
    for (args, code, said) in [
        (&["--since", "soon", "mail.log"][..], 64, "--since: `soon` is no time"),
        (&["--grep", "a(b", "mail.log"], 64, "--grep: column 2: "),
        (&["-e", "a(b", "mail.log"], 78, "-e:1:2: "),
        (&["nowhere.log"], 66, "nowhere.log"),
        (&["--suggest", "--ham", "nowhere.log", "mail.log"], 66, "nowhere.log"),
        (&["--html", "nowhere/page.html", "mail.log"], 74, "nowhere/page.html"),
        (&["--ham", "mail.log", "mail.log"], 64, "--ham goes with --suggest"),
    ] {
        let farm = Farm::start(&Scenario::default());
        let run = room.run(["report"]).args(args).farm(&farm);
        run.stdout("").stderr_has(said).code(code).check();
    }
    room.run(["report"]).stdin("").stdout("").stderr_has("the log is empty").code(0).check();
}

#[test]
fn a_suggestion_fed_back_blocks_exactly_those_owners() {
    let (room, farm) = (room(), farm());
    let run = room.run(["report", "--rate", "0", "--suggest", "-f", "blocked", "mail.log"]).farm(&farm);
    let run = run.args(&["--min-hits", "1", "--min-addresses", "1"]);
    let shown = run.code(0).check().stdout;
    let lines: Vec<&str> = shown.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    // Two spellings of one name would be two lines; their common maintainer is one.
    assert_eq!(lines, ["@mnt ^MNT-DE$", "@org ^Fabrikam BxVx$"], "{shown}");
    assert!(shown.contains("# 10 hits from 3 addresses, 20 Nov"), "{shown}");
    room.write("suggested", &shown);
    let run = room.run(["report", "--rate", "0", "--json", "-f", "suggested", "mail.log"]).farm(&farm);
    let rows = run.code(0).check().json();
    let blocked: Vec<_> =
        rows.iter().filter(|row| row["verdict"] == "blocked").map(|row| &row["owner"]).collect();
    assert_eq!(blocked, ["Contoso (Bulk) GmbH", "Fabrikam BxVx"]);
    let run = room.run(["--json", "--rate", "0", "-f", "suggested", "--log", "mail.log"]).farm(&farm);
    let rows = run.code(1).check().json();
    let blocked: Vec<_> =
        rows.iter().filter(|row| row["verdict"] == "blocked").map(|row| &row["ip"]).collect();
    assert_eq!(blocked, ["193.0.22.9", "193.0.40.7", "193.0.61.1", "193.0.22.10"]);
}

#[test]
fn what_a_line_must_stop_can_be_chosen() {
    let (room, farm) = (room(), farm());
    let lines = |args: &[&str]| {
        let run = room.run(["report", "--rate", "0", "--suggest"]).args(args).args(&["mail.log"]).farm(&farm);
        let shown = run.code(0).check().stdout;
        shown.lines().filter(|line| line.starts_with('@')).map(str::to_owned).collect::<Vec<_>>()
    };
    let contoso = r"@org ^Contoso \(Bulk\) GmbH$";
    assert_eq!(lines(&[]), ["@mnt ^MNT-DE$", "@mnt ^MNT-NL$"]);
    assert_eq!(lines(&["--min-addresses", "3"]), ["@mnt ^MNT-DE$"]);
    assert_eq!(lines(&["--min-hits", "11"]), [] as [&str; 0]);
    assert_eq!(lines(&["--by", "owner"]), [contoso], "one address alone is not worth a line");
    assert_eq!(lines(&["--by", "asn"]), ["@asn AS64500", "@asn AS64501"]);
    let run = room.run(["report", "--min-hits", "1", "mail.log"]);
    run.stderr_has("--min-hits goes with --suggest").code(64).check();
}

#[test]
fn owners_of_wanted_mail_are_spared_and_named() {
    let (room, farm) = (room(), farm());
    room.write("ham.log", "Nov 19 10:00:00 mx postfix/smtpd[41]: connect from unknown[193.0.40.200]\n");
    let run = room.run(["report", "--rate", "0", "--suggest", "--ham", "ham.log", "mail.log"]).farm(&farm);
    let run = run.args(&["--min-hits", "1", "--min-addresses", "1"]);
    let outcome = run
        .stderr_has("left out: Contoso (Bulk) GmbH; 193.0.40.200 sends mail that you want")
        .code(0)
        .check();
    let shown = outcome.stdout;
    let lines: Vec<&str> = shown.lines().filter(|line| line.starts_with('@')).collect();
    assert_eq!(lines, ["@mnt ^MNT-NL$"], "{shown}");
    assert!(shown.contains("# 2 owners with one maintainer: Fabrikam B.V., Fabrikam BxVx\n"), "{shown}");
    assert!(shown.contains("# left out: Contoso (Bulk) GmbH; 193.0.40.200"), "{shown}");
}

#[test]
fn a_terminal_of_eighty_columns_shows_a_table_that_fits() {
    let (room, farm) = (room(), farm());
    let run =
        room.run(["report", "--rate", "0", "-f", "blocked", "mail.log"]).farm(&farm).env("NO_COLOR", "1");
    let shown = run.env("TZ", "UTC").on_terminal(80).any_stderr().code(0).check().stdout;
    assert!(shown.contains("HITS  ADDRS  OWNER"), "{shown}");
    assert!(shown.lines().all(|line| line.trim_end().chars().count() <= 80), "{shown}");
    assert!(shown.contains("18      7  total"), "{shown}");
    assert!(shown.contains("Contoso (Bulk) GmbH") && shown.contains('█'), "{shown}");
}

#[test]
fn a_page_is_whole_and_alone() {
    let (room, farm) = (room(), farm());
    let run =
        || room.run(["report", "--rate", "0", "--html", "page.html", "mail.log"]).farm(&farm).stdout("");
    run().code(0).check();
    let read = || std::fs::read_to_string(room.path("page.html")).unwrap();
    let page = read();
    // It replaces its own earlier pages, whatever follows them.
    room.write("page.html", page.clone() + &"x".repeat(1_000_000));
    run().code(0).check();
    assert!(read().starts_with("<!doctype html>") && read().ends_with("</html>\n"), "the old file is left");
    assert_eq!(std::fs::read_dir(room.path(".")).unwrap().count(), 3, "a draft is left behind");
    assert!(page.contains("Contoso (Bulk) GmbH") && page.contains("<svg"));
}

#[test]
fn a_page_never_takes_the_place_of_a_log_or_of_anything_else() {
    let (room, farm) = (room(), Farm::start(&Scenario::default()));
    room.write("notes.txt", "mine\n");
    let kept = |name: &str| std::fs::read_to_string(room.path(name)).unwrap();
    let log = kept("mail.log");
    std::os::unix::fs::symlink("mail.log", room.path("link.html")).unwrap();
    for (args, said) in [
        (&["--html", "mail.log", "mail.log"][..], "a log to be read"),
        (&["--html", "./mail.log", "blocked", "mail.log"], "a log to be read"),
        (&["--html", "link.html", "mail.log"], "a log to be read"),
        (&["--html", "blocked", "--suggest", "--ham", "blocked", "mail.log"], "--suggest"),
        (&["--html", "notes.txt", "mail.log"], "not a report of whodunit's"),
    ] {
        let run = room.run(["report"]).args(args).farm(&farm);
        run.stdout("").stderr_has(said).code(64).check();
    }
    let run = room.run(["report", "--html", "mail.log"]).farm(&farm);
    run.through(r#""$@" <mail.log"#).stderr_has("a log to be read").code(64).check();
    let run = room.run(["report", "--html", "mail.log"]).farm(&farm).stdin("");
    run.stderr_has("not a report of whodunit's").code(64).check();
    let run = room.run(["report", "--html", "new.html"]).farm(&farm).stdin("");
    run.stderr_has("new.html is not made").code(0).check();
    assert!(!room.path("new.html").exists());
    assert_eq!((kept("mail.log"), kept("notes.txt").as_str()), (log, "mine\n"));
    assert_eq!(farm.questions(), 0);
}

#[test]
fn a_file_of_settings_may_choose_the_lines_and_the_rows() {
    let (room, farm) = (room(), farm());
    room.write("c.toml", "top = 1\ngrep = \"smtpd\"\njson = true\n");
    let run = || room.run(["report", "--rate", "0", "--config", "c.toml", "mail.log"]).farm(&farm).code(0);
    assert_eq!(run().check().json().len(), 1);
    assert_eq!(run().args(&["--top", "2", "--grep", "[[:digit:]]"]).check().json().len(), 2);
    assert_eq!(run().env("WHODUNIT_TOP", "2").env("WHODUNIT_GREP", "connect").check().json().len(), 2);
}

#[test]
fn one_owner_can_be_looked_at_with_addresses_and_lines() {
    let (room, farm) = (room(), farm());
    let run =
        || room.run(["report", "--rate", "0", "--owner", "contoso"]).farm(&farm).env("TZ", "UTC").code(0);
    let rows = run().args(&["--json", "--lines", "2", "mail.log"]).check().json();
    assert_eq!(rows.len(), 1, "whatever the name's case, and nobody else");
    let clients = rows[0]["clients"].as_array().unwrap();
    let seen: Vec<_> =
        clients.iter().map(|c| (c["ip"].as_str().unwrap(), c["hits"].as_u64().unwrap())).collect();
    assert_eq!(seen, [("193.0.22.9", 5), ("193.0.40.7", 3), ("193.0.22.10", 2)], "most hits first");
    let lines = clients[0]["lines"].as_array().unwrap();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0], "Nov 20 10:00:00 mx postfix/smtpd[41]: connect from unknown[193.0.22.9]");
    assert!(clients[0]["first_seen"].as_str().unwrap().ends_with("-11-20T10:00:00Z"));
    // From a pipe, which cannot be read twice, and as text.
    let shown = run().stdin(log()).check().stdout;
    assert!(shown.contains("\n\t193.0.40.7\t3\t"), "{shown}");
    assert_eq!(
        shown.matches("\n\t\tNov 20 10:00:00 mx postfix").count(),
        3,
        "three lines by default: {shown}"
    );
    run().args(&["--html", "page.html", "mail.log"]).check();
    let page = std::fs::read_to_string(room.path("page.html")).unwrap();
    assert!(
        page.contains("mailto:abuse@contoso.example") && page.contains("<code>Nov 20 10:00:00 mx"),
        "{page}"
    );
    let run = room.run(["report", "--offline", "--owner", "nobody", "mail.log"]);
    run.stdout("").stderr_has("no owner in the log matches --owner").code(0).check();
    let run = room.run(["report", "--owner", "a(b", "mail.log"]);
    run.stderr_has("--owner: column 2: ").code(64).check();
    let run = room.run(["report", "--lines", "2", "mail.log"]);
    run.stderr_has("--lines goes with --owner").code(64).check();
}

#[test]
fn whoever_mail_was_delivered_to_is_spared() {
    let (room, farm) = (room(), farm());
    let delivery = |queue: &str, server: &str| {
        format!(
            "Nov 20 09:00:00 mx postfix/smtp[4]: {queue}: to=<a@x.example>, relay=x[{server}]:25, delay=1, \
             delays=0/0/0/1, dsn=2.0.0, status=sent (250 ok)\n"
        )
    };
    let bounce = "Nov 20 09:00:00 mx postfix/qmgr[4]: BBBBBB2: from=<>, size=9, nrcpt=1 (queue active)\n";
    room.write(
        "both.log",
        delivery("AAAAAA1", "193.0.60.200") + bounce + &delivery("BBBBBB2", "193.0.40.9") + &log(),
    );
    let run = room.run(["report", "--rate", "0", "--suggest", "--correspondents", "both.log"]).farm(&farm);
    let run = run.args(&["--min-hits", "1", "--min-addresses", "1"]);
    let said = "left out: Fabrikam B.V.; mail of yours was delivered to 193.0.60.200";
    let shown = run.stderr_has(said).code(0).check().stdout;
    let lines: Vec<&str> = shown.lines().filter(|line| line.starts_with('@')).collect();
    assert_eq!(lines, ["@mnt ^MNT-DE$", "@org ^Fabrikam BxVx$"], "a bounce is no correspondence: {shown}");
}

#[test]
fn a_terminal_shows_twenty_rows_and_a_pipe_all() {
    let room = Room::new();
    let line =
        |n: usize| format!("Nov 20 10:00:00 mx postfix/smtpd[41]: connect from unknown[193.0.{n}.1]\n");
    room.write("mail.log", (0..25).map(line).collect::<String>());
    let rule = (0..25).map(|n| Rule {
        within: Some(format!("193.0.{n}.0/24")),
        network: Some(format!("193.0.{n}.0/24")),
        reply: Some("ripe".into()),
        with: BTreeMap::from([("org".into(), format!("Owner {n}"))]),
        ..Rule::default()
    });
    let ripe = Plan { name: "whois.ripe.net".into(), rule: rule.collect(), ..Plan::default() };
    let farm = Farm::start(&Scenario { server: vec![ripe], ..Scenario::default() });
    let run = || room.run(["report", "--rate", "0", "mail.log"]).farm(&farm).any_stderr().code(0);
    let shown = run().env("NO_COLOR", "1").on_terminal(100).check().stdout;
    assert_eq!(shown.matches("Owner ").count(), 20, "{shown}");
    assert!(shown.contains("… and 5 more: --top N shows more"), "{shown}");
    assert_eq!(run().check().stdout.lines().count(), 25);
}

#[test]
fn a_client_costs_little_memory_however_many_there_are() {
    let line = |n: u32| {
        let [_, b, c, d] = (n * 7919).to_be_bytes();
        let (minute, second) = (n / 60 % 60, n % 60);
        format!(
            "Nov 20 10:{minute:02}:{second:02} mx postfix/smtpd[41]: connect from unknown[11.{b}.{c}.{d}]\n"
        )
    };
    let room = Room::with(&[("mail.log", &(0..100_000).map(line).collect::<String>())]);
    let outcome = room.run(["report", "--offline", "--json", "mail.log"]).code(0).check();
    assert_eq!(outcome.json()[0]["addresses"], 100_000);
    // A separate verdict for each would take 120 MB.
    assert!(outcome.peak_kb < 64 * 1024, "took {} kB", outcome.peak_kb);
}

#[test]
fn messages_to_abuse_desks_are_written_and_nothing_is_overwritten() {
    let (room, farm) = (room(), farm());
    let evil = "Nov 20 10:00:00 mx postfix/smtpd[41]: NOQUEUE: reject: RCPT from unknown[193.0.22.9]: 554 5.7.1; from=<boss@spam.example> to=<joe@here.example>\n";
    room.write("mail.log", evil.to_owned() + &log());
    let run = || {
        room.run(["report", "--rate", "0", "--abuse-mail", "out", "mail.log"]).farm(&farm).env("TZ", "UTC")
    };
    run().any_stderr().code(0).check();
    let mut names: Vec<String> = std::fs::read_dir(room.path("out"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["abuse@contoso.example.eml", "abuse@fabrikam.example.eml"]);
    let mail = std::fs::read_to_string(room.path("out/abuse@contoso.example.eml")).unwrap();
    assert!(
        mail.contains("To: <abuse@contoso.example>\r\n") && mail.contains("MIME-Version: 1.0\r\n"),
        "{mail}"
    );
    for header in ["From: ", "Date: ", "Message-ID: ", "Subject: Unwanted mail from 193.0.20.0/22 and others"]
    {
        assert!(mail.contains(header), "{header}: {mail}");
    }
    assert!(!mail.contains("joe@here") && !mail.contains("boss@spam"), "{mail}");
    assert!(mail.contains("-11-20T10:00:00Z") && mail.contains("\"xarf_version\": \"4.0.0\""), "{mail}");
    let shown = "out/abuse@contoso.example.eml exists already";
    room.write("out/abuse@contoso.example.eml", "mine");
    run().stderr_has(shown).code(0).check();
    assert_eq!(std::fs::read_to_string(room.path("out/abuse@contoso.example.eml")).unwrap(), "mine");
}
