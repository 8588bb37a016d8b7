//! `match`, and the promise that the count of matching lines equals `egrep -f FILE | wc -l` on the same text.

use crate::jig::Room;
use std::{
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

fn form(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/farm/forms").join(name);
    std::fs::read_to_string(path).unwrap()
}

/// A complete reply of RIPE's about 193.0.20.0/22.
fn reply() -> String {
    [
        ("{kind}", "inetnum"),
        ("{range}", "193.0.20.0 - 193.0.23.255"),
        ("{cidr}", "193.0.20.0/22"),
        ("{org}", "Contoso GmbH"),
        ("{name}", "CONTOSO-NET"),
        ("{country}", "DE"),
        ("{status}", "ASSIGNED PA"),
        ("{abuse}", "abuse@contoso.example"),
        ("{asn}", "64500"),
        ("{mnt}", "CONTOSO-MNT"),
    ]
    .iter()
    .fold(form("ripe.txt"), |text, (field, value)| text.replace(field, value))
}

/// The count of the old pipeline.
fn egrep(patterns: &Path, text: &str) -> String {
    let mut grep = Command::new("grep")
        .args(["-E", "-c", "-f"])
        .arg(patterns)
        .env("LC_ALL", "C.UTF-8")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    grep.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    String::from_utf8(grep.wait_with_output().unwrap().stdout).unwrap()
}

/// Extended regular expressions as admins write them, and corners of GNU's dialect.
const PATTERNS: &[&str] = &[
    "Contoso",
    "contoso",
    "^netname: +CONTOSO",
    "^(netname|org-name): ",
    "RIPE$",
    "^$x",
    "GmbH|Ltd",
    "[[:upper:]]{4,}-NET",
    "[^[:alnum:][:space:]]{3}",
    "^[a-z-]+:",
    "^[]%a-]",
    "[\\d]",
    "\\<org\\>",
    "\\borg\\b",
    "\\Borg",
    "\\w+@\\w+\\.example",
    "\\W{6}",
    "\\s\\S",
    "AS{0}64500",
    "6450{2}",
    "6450{2,}",
    "6450{,2}$",
    "{1",
    "a{,",
    "a{1,2",
    "*netname",
    "(*a)",
    "a|*b",
    "+49",
    "?abc",
    "a**",
    "a+?",
    "()",
    "(|x)",
    "x||",
    "a)",
    ")",
    "193\\.0\\.2[0-3]\\.",
    "193.0.2",
    "\\`inetnum",
    "RIPE\\'",
    "[a\\]",
    "\\.$",
    "\\/",
    "[.]$",
    "[[.-.]]",
    "[[=a=]]bu",
    "^%",
    "[#]",
    "%|#",
    "a.c",
    "o{2}|s{2}",
    "(co|on|nt)+",
    "((c)(o))+n",
    "^.{0}netname",
    "[A-Z]{2}[0-9]+-RIPE",
    "\\^|\\$",
    "x*",
    ".",
    "^",
    "$",
    "^ *$",
    "\\(.*\\)",
    "é",
];

#[test]
fn counts_equal_egreps() {
    let (room, text) = (Room::new(), reply());
    room.write("reply.txt", &text);
    for pattern in PATTERNS {
        let list = room.write("list", format!("{pattern}\n"));
        let wanted = egrep(&list, &text);
        let outcome = room.run(["match", "-c", "-f", "list", "reply.txt"]).check();
        assert_eq!(outcome.stdout, wanted, "the count of `{pattern}`");
    }
}

#[test]
fn counts_equal_egreps_for_a_whole_file_and_in_any_case() {
    let (room, text) = (Room::new(), reply());
    let list = room.write("list", "Contoso\n^org-name:\nContoso GmbH\nCONTOSO-MNT\n[0-9]{4}-[0-9]{2}\n");
    room.run(["match", "-c", "-f", "list"]).stdin(text.as_str()).stdout(&egrep(&list, &text)).code(1).check();
    let list = room.write("list", "contoso\nCONTOSO gmbh\n");
    let upper = room.write("upper", "[Cc][Oo][Nn][Tt][Oo][Ss][Oo]\n");
    assert_ne!(egrep(&upper, &text), egrep(&list, &text));
    let run = room.run(["match", "-i", "-c", "-f", "list"]).stdin(text.as_str());
    run.stdout(&egrep(&upper, &text)).code(1).check();
}

#[test]
fn a_pattern_file_with_odd_line_ends_works_as_it_does_today() {
    let (room, text) = (Room::new(), reply());
    let list = room.write("list", "Fabrikam\nContoso");
    let run = room.run(["match", "-c", "-f", "list"]).stdin(text.as_str());
    run.stdout(&egrep(&list, &text)).code(1).check();
}

#[test]
fn blank_lines_and_comments_are_no_patterns() {
    let room = Room::with(&[("list", "\n# Contoso\n\n")]);
    let run = room.run(["match", "-c", "-f", "list"]).stdin(reply()).stdout("0\n");
    run.stderr_has("there is no pattern in list").code(0).check();
}

#[test]
fn says_who_runs_the_network_of_a_text() {
    let room = Room::new();
    let run =
        room.run(["match", "--json", "--ip", "193.0.22.9", "-e", "Contoso GmbH"]).stdin(reply()).code(1);
    let line = &run.check().json()[0];
    assert_eq!(line["ip"], "193.0.22.9");
    assert_eq!(line["source"], "text");
    assert_eq!(line["network"]["org"], "Contoso GmbH");
    assert_eq!(line["network"]["first"], "193.0.20.0");
    let line = &room.run(["match", "--json"]).stdin(reply()).code(0).check().json()[0];
    assert!(line["ip"].is_null(), "{line}");
    assert_eq!(line["verdict"], "clear");
}

#[test]
fn a_text_that_is_no_record_is_unknown() {
    let room = Room::new();
    for (name, kind) in [
        ("ripe-denied.txt", "denied"),
        ("ripe-denied-midway.txt", "denied"),
        ("ripe-not-found.txt", "not-found"),
        ("ripe-world.txt", "placeholder"),
        ("ripe-not-managed.txt", "placeholder"),
    ] {
        let text = form(name).replace("{kind}", "inetnum").replace("{range}", "193.0.20.0 - 193.0.23.255");
        let run = room.run(["match", "--json", "-e", "RIPE"]).stdin(text).code(75);
        let line = &run.check().json()[0];
        assert_eq!((&line["verdict"], &line["error"]["kind"]), (&"unknown".into(), &kind.into()), "{name}");
        assert_eq!(line["count"], 0, "{name}");
    }
    room.run(["match", "--json"]).stdin("").code(75).check();
}

#[test]
fn the_plain_count_is_given_whatever_the_text_is() {
    let (room, text) = (Room::with(&[("list", "denied\n")]), form("ripe-denied.txt"));
    let wanted = egrep(&room.path("list"), &text);
    room.run(["match", "-c", "-f", "list"]).stdin(text).stdout(&wanted).check();
}

#[test]
fn a_text_about_another_network_says_nothing_of_the_address() {
    let room = Room::with(&[("list", "Contoso\n@org Contoso\n"), ("reply.txt", &reply())]);
    let args = ["match", "--ip", "9.9.9.9", "-f", "list", "reply.txt"];
    let line = &room.run(args).args(&["--json"]).code(75).check().json()[0];
    assert_eq!(
        (&line["verdict"], &line["error"]["kind"]),
        (&"unknown".into(), &"not-found".into()),
        "{line}"
    );
    assert!(line["network"].is_null() && line["count"] == 0, "{line}");
    let says = "not-found: the text describes 193.0.20.0/22, which does not hold 9.9.9.9";
    room.run(args).stdout(&format!("9.9.9.9\tunknown\t-\t-\t-\t-\t{says}\n")).code(75).check();
    // The count is egrep's for any text.
    let plain = room.write("plain", "Contoso\n");
    let run = room.run(["match", "-c", "--ip", "9.9.9.9", "-f", "plain", "reply.txt"]);
    run.stdout(&egrep(&plain, &reply())).code(75).check();
}

#[test]
fn several_files_are_several_texts() {
    let room = Room::with(&[("a.txt", &reply()), ("b.txt", &reply().replace("Contoso", "Fabrikam"))]);
    let outcome = room.run(["match", "-e", "Fabrikam", "--json", "a.txt", "b.txt"]).code(1).check();
    let verdicts: Vec<String> = outcome.json().iter().map(|line| line["verdict"].to_string()).collect();
    assert_eq!(verdicts, ["\"clear\"", "\"blocked\""]);
}

#[test]
fn neither_the_network_nor_the_cache_is_touched() {
    let (room, farm) = (Room::new(), crate::farm::Farm::start(&crate::farm::Scenario::default()));
    let run = room.run(["match", "-q", "--ip", "193.0.99.9", "-e", "Contoso"]).stdin(reply());
    run.env("WHODUNIT_SERVERS", farm.list()).cache("cache.db").check();
    assert_eq!(farm.questions(), 0);
    assert!(!room.path("cache.db").exists());
}

#[test]
fn a_log_is_called_one() {
    let line = "Nov 23 10:00:01 mx postfix/smtpd[4101]: connect from unknown[193.0.22.9]\n";
    let room = Room::with(&[("mail.log", line)]);
    let said =
        "mail.log is no whois text and looks like a log: `whodunit --log mail.log` takes the addresses";
    room.run(["match", "mail.log"]).stderr_has(said).code(75).check();
    let said = "stdin is no whois text and looks like a log: `whodunit` without `match`";
    room.run(["match", "-c", "-e", "unknown"]).stdin(line).stderr_has(said).stdout("1\n").code(75).check();
    // A registry's own words are none, whatever they name.
    for refusal in
        ["ripe-denied.txt", "ripe-not-found.txt", "ripe-not-managed.txt", "apnic-stub.txt", "registrobr.txt"]
    {
        room.run(["match"]).stdin(form(refusal)).code(75).check();
    }
}
