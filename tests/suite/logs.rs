//! Logs as input: plain and compressed by their content, from files and stdin, mixed with addresses.

use crate::{
    farm::{Farm, Rule},
    jig::Room,
};
use std::io::Write;

const LOG: &str = "\
Nov 23 10:00:01 mx postfix/smtpd[4101]: connect from unknown[193.0.22.9]
Nov 23 10:00:02 mx postfix/smtpd[4101]: disconnect from unknown[193.0.22.9] ehlo=1 quit=1 commands=2
Nov 23 10:00:02 mx postfix/smtpd[4101]: connect from unknown[10.0.0.1]
";
const WANTED: &str = "193.0.22.9:1\n10.0.0.1:0\n";

fn answering() -> Farm {
    Farm::of_one("whois.ripe.net", Rule { reply: Some("ripe".into()), ..Rule::default() })
}

fn gzip() -> Vec<u8> {
    let mut writer = flate2::write::GzEncoder::new(vec![], flate2::Compression::default());
    writer.write_all(LOG.as_bytes()).unwrap();
    writer.finish().unwrap()
}

#[test]
fn compressed_logs_are_known_by_their_content_not_their_name() {
    let mut bzip2 = bzip2::write::BzEncoder::new(vec![], bzip2::Compression::best());
    bzip2.write_all(LOG.as_bytes()).unwrap();
    let mut xz = liblzma::write::XzEncoder::new(vec![], 6);
    xz.write_all(LOG.as_bytes()).unwrap();
    let forms = [
        ("plain", LOG.as_bytes().to_vec()),
        ("gzip", gzip()),
        ("bzip2", bzip2.finish().unwrap()),
        ("xz", xz.finish().unwrap()),
        ("zstd", zstd::encode_all(LOG.as_bytes(), 3).unwrap()),
    ];
    for (form, bytes) in forms {
        let (room, farm) = (Room::new(), answering());
        for name in ["mail.log", "mail.log.gz", "mail.log.zst"] {
            room.write(name, &bytes);
            let run = room.run(["-c", "-e", "^org-name", "--log", name]).farm(&farm);
            let outcome = run.code(1).check();
            assert_eq!(outcome.stdout, WANTED, "{form} as {name}");
        }
    }
}

#[test]
fn a_compressed_log_on_stdin_is_read_as_well() {
    let farm = answering();
    Room::new().run(["-c", "-e", "^org-name"]).farm(&farm).stdin(gzip()).stdout(WANTED).code(1).check();
}

#[test]
fn a_compressed_log_that_is_cut_short_is_named() {
    let (room, bytes) = (Room::new(), gzip());
    room.write("mail.log.gz", &bytes[..bytes.len() / 2]);
    let farm = Farm::start(&crate::farm::Scenario::default());
    let outcome = room.run(["--log", "mail.log.gz"]).farm(&farm).stderr_has("mail.log.gz").check();
    assert!([65, 66].contains(&outcome.code), "{}", outcome.code);
}

#[test]
fn several_logs_count_together() {
    let (room, farm) = (Room::with(&[("a", LOG), ("b", LOG)]), answering());
    room.write("c", gzip());
    let run = room.run(["--json", "--log", "a", "--log", "b", "--log", "c", "-e", "Contoso"]).farm(&farm);
    let lines = run.code(1).check().json();
    assert_eq!((&lines[0]["hits"], &lines[1]["hits"]), (&6.into(), &3.into()));
}

#[test]
fn arguments_and_logs_and_stdin_add_up() {
    let (room, farm) = (Room::with(&[("a", LOG)]), answering());
    let run = room.run(["-c", "10.0.0.7", "--log", "a", "-"]).farm(&farm).stdin("10.0.0.8\n10.0.0.7\n");
    let stdout = run.code(0).check().stdout;
    let mut lines: Vec<&str> = stdout.lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, ["10.0.0.1:0", "10.0.0.7:0", "10.0.0.8:0", "193.0.22.9:0"]);
}

#[test]
fn a_log_of_any_bytes_is_read_through() {
    let farm = answering();
    let mut log = b"Nov 23 10:00:01 mx postfix/smtpd[1]: warning: \xff\xfe\x00 r\xe9sum\xe9\r\n".to_vec();
    log.extend(vec![b'x'; 3_000_000]);
    log.push(b'\n');
    log.extend(LOG.as_bytes());
    Room::new().run(["-c", "-e", "^org-name"]).farm(&farm).stdin(log).stdout(WANTED).code(1).check();
}

#[test]
fn grep_reject_maillog_into_a_pipe() {
    let (room, farm) = (Room::with(&[("maillog", LOG), ("blocked", "Contoso\n")]), answering());
    let run = room.run(["-f", "blocked"]).farm(&farm);
    let script = r#"grep ' connect from' maillog | "$@""#;
    run.through(script).stdout_has("193.0.22.9\tblocked\t").stdout_has("10.0.0.1\tclear\t").code(1).check();
}

#[test]
fn one_log_of_several_that_cannot_be_read_costs_itself_and_ends_in_66() {
    let room = Room::with(&[("a", LOG), ("b", "203.0.113.9\n")]);
    room.write("cut.gz", &gzip()[..40]);
    for bad in ["none", "cut.gz"] {
        for args in [&["--log", "a", "--log", bad, "--log", "b"][..], &["report", "a", bad, "b"]] {
            let run = room.run(args.iter().copied().chain(["--json", "--offline", "--cache", "none"]));
            let outcome = run.stderr_has(bad).code(66).check();
            let hits: u64 = outcome.json().iter().map(|row| row["hits"].as_u64().unwrap()).sum();
            assert!(hits >= 4, "{hits}: {args:?}");
        }
        room.run(["--log", bad, "--offline", "--cache", "none"]).stderr_has(bad).code(66).check();
    }
}

#[test]
fn a_shells_glob_behind_log_is_all_of_its_files() {
    let room = Room::with(&[("mail.log", LOG), ("mail.log.1", LOG)]);
    room.write("mail.log.2.gz", gzip());
    let script = r#""$@" --log mail.log* 10.0.0.7"#;
    let run = room.run(["--offline", "--cache", "none", "--json", "--on-unknown", "pass"]);
    let lines = run.through(script).code(0).check().json();
    let counted: Vec<_> = lines.iter().map(|line| (line["ip"].as_str().unwrap(), &line["hits"])).collect();
    assert_eq!(counted, [("10.0.0.7", &1.into()), ("193.0.22.9", &6.into()), ("10.0.0.1", &3.into())]);
    // An argument that is neither an address nor a file is named in the message, with --log too. Without --log a file
    // is no address.
    let said = "`mail.log.9` is neither an address nor a log that exists";
    room.run(["--log", "mail.log", "mail.log.9"]).stderr_has(said).code(64).check();
    room.run(["mail.log"]).stderr_has("mail.log").code(64).check();
}

#[test]
fn a_trusted_proxy_is_named_on_the_command_line_in_the_environment_or_in_a_file() {
    let line =
        "10.0.0.1 - - [23/Nov/2026:10:34:34 +0000] \"GET / HTTP/1.1\" 200 1 \"-\" \"x\" \"10.9.9.9\"\n";
    let room = Room::with(&[("access.log", line), ("config", "trusted-proxy = [\"10.0.0.0/24\"]\n")]);
    let run = |args: &[&str]| {
        let all = args.iter().copied().chain(["--log", "access.log", "--cache", "none"]);
        room.run(all).code(0).check().stdout
    };
    assert!(run(&[]).starts_with("10.0.0.1\t"));
    assert!(run(&["--trusted-proxy", "10.0.0.1"]).starts_with("10.9.9.9\t"));
    assert!(run(&["--config", "config"]).starts_with("10.9.9.9\t"));
    room.run(["--trusted-proxy", "10.0.0.0/33"]).stderr_has("10.0.0.0/33").code(64).check();
}

#[test]
fn a_report_says_which_lines_have_no_time_and_settles_the_order_of_dates() {
    let log = "05-11-2022 11:53:55   SMTP Server: 10.0.0.1 connected\n13-11-2022 11:53:55   SMTP Server: 10.0.0.1 connected\n\
        SMTP Server: 10.0.0.1 connected\n";
    let room = Room::with(&[("domino.log", log)]);
    let run = room.run(["report", "--json", "--cache", "none", "--offline", "domino.log"]);
    let outcome = run.env("TZ", "UTC").stderr_has("1 line with a client has no time").code(0).check();
    assert_eq!(outcome.json()[0]["first_seen"], "2022-11-05T11:53:55Z");
    assert_eq!(outcome.json()[0]["hits"], 3);
    let run =
        room.run(["report", "--json", "--cache", "none", "--offline", "--since", "2022-11-10", "domino.log"]);
    let outcome = run.env("TZ", "UTC").stderr_has("left out by --since").code(0).check();
    assert_eq!(outcome.json()[0]["hits"], 1);
}
