//! Wrong input: the right exit code, a message that names the fault, and no query.

use crate::{
    farm::{Farm, Scenario},
    jig::Room,
};

/// A farm where any query is a fault.
fn nobody() -> Farm {
    Farm::start(&Scenario::default())
}

#[track_caller]
fn refused(room: &Room, args: &[&str], codes: &[i32], names: &[&str]) {
    let farm = nobody();
    let mut run = room.run(args.iter().copied()).farm(&farm).stdout("");
    for name in names {
        run = run.stderr_has(name);
    }
    let outcome = run.check();
    assert!(codes.contains(&outcome.code), "{args:?}: code {}, not {codes:?}", outcome.code);
    assert_eq!(farm.questions(), 0, "{args:?}: somebody was asked");
}

#[test]
fn an_argument_that_is_no_address_is_named() {
    for word in [
        "mail.example.com",
        "010.1.1.1",
        "8.8.8.0/24",
        "193.0.22.9:99999",
        "193.0.22.9:smtp",
        "fe80::1%eth0",
        "1.2.3",
        "0x7f.0.0.1",
        "1.2.3.4.5",
        "[193.0.22.9",
        "::ffff:193.0.22.256",
        "",
    ] {
        refused(&Room::new(), &["193.0.22.9", word], &[64], &[word]);
    }
}

#[test]
fn a_slip_of_the_finger_is_told_the_nearest_word() {
    let room = Room::with(&[("c.toml", "blok = \"x\"\n"), ("d.toml", "nonsense = 1\n")]);
    refused(&room, &["reprot", "mail.log"], &[64], &["did you mean `whodunit report`?"]);
    refused(&room, &["import", "x"], &[64], &["did you mean `whodunit cache import`?"]);
    refused(&room, &["--", "report"], &[64], &["write the command first: `whodunit report`"]);
    refused(&room, &["--config", "c.toml", "193.0.22.9"], &[78], &["c.toml:1:1", "did you mean `block`?"]);
    refused(&room, &["--config", "d.toml", "193.0.22.9"], &[78], &["d.toml:1:1", "the keys are", "timeout"]);
    let forget = |what: &'static str| room.run(["cache", "forget", what]).stdout("").code(64);
    forget("193.0.22.9/99").stderr_has("193.0.22.9/99").stderr_has("up to 32").check();
    forget("nonsense").stderr_has("nonsense").stderr_has("203.0.112.0/22").check();
    refused(&room, &["--share", "24,200", "193.0.22.9"], &[64], &["128 for IPv6"]);
}

#[test]
fn a_cache_that_cannot_be_read_is_the_one_that_is_named() {
    let room = Room::new();
    let stats =
        room.run(["cache", "stats", "--cache", "redis://127.0.0.1:1/0"]).any_stderr().code(66).check();
    assert!(stats.stderr.contains("redis://127.0.0.1:1/0"), "{}", stats.stderr);
    assert!(!stats.stderr.contains("cache.db"), "{}", stats.stderr);
}

#[test]
fn what_is_nearly_a_caches_address_makes_no_file() {
    let room = Room::new();
    for near in [
        "redis:127",
        "redis:/",
        "redis//host",
        "rediss:host",
        "Valkey",
        "valkey://",
        "unix:/run/redis.sock",
        "redi://host",
        "127.0.0.1:6379",
        "localhost:6379/0",
    ] {
        // A verdict does not fail for it; the maintenance commands do.
        let run = room.run(["--cache", near, "10.0.0.1"]).stdout_has("10.0.0.1\tclear\t").code(0);
        run.stderr_has("write redis://host:port/db").check();
        let stats = room.run(["cache", "stats", "--cache", near]).stdout("").code(66);
        stats.stderr_has("write redis://host:port/db").check();
        let made: Vec<_> = std::fs::read_dir(room.path("")).unwrap().collect();
        assert!(made.is_empty(), "{near}: {made:?}");
    }
    let stderr = room.run(["--cache", "redis:me:Secret@host", "10.0.0.1"]).any_stderr().check().stderr;
    assert!(stderr.contains("the cache host is") && !stderr.contains("Secret"), "{stderr}");
    room.run(["--cache", "./redis:127", "192.0.2.1"]).code(0).check();
    assert!(room.path("redis:127").exists());
}

#[test]
fn no_selected_line_is_blamed_on_what_was_asked_for() {
    let line = "Nov 23 10:00:01 mx postfix/smtpd[4101]: connect from unknown[10.0.0.1]\n";
    let room = Room::with(&[("mail.log", line)]);
    for (args, blamed) in [
        (&["--since", "2031-01-01"][..], "none of 1 line is selected by --since\n"),
        (&["--until", "2001-01-01"], "none of 1 line is selected by --until\n"),
        (&["--grep", "reject"], "none of 1 line is selected by --grep\n"),
        (
            &["--grep", "reject", "--since", "2031-01-01"],
            "none of 1 line is selected by --grep and --since\n",
        ),
    ] {
        room.run(["report", "mail.log"]).args(args).stderr_has(blamed).code(0).check();
    }
}

#[test]
fn an_option_that_lacks_its_other_half_names_it() {
    let room = Room::with(&[("log", ""), ("list", "Contoso\n")]);
    room.run(["report", "--ham", "log", "log"]).stderr_has("--ham goes with --suggest").code(64).check();
    room.run(["patterns", "--ham", "log", "list"]).stderr_has("--cost").code(64).check();
}

#[test]
fn an_option_without_effect_is_told_and_stops_nothing() {
    let room = Room::with(&[("good", "Contoso\n"), ("mail.log", ""), ("c.toml", "extract = \"all\"\n")]);
    let proxy = ["--trusted-proxy", "10.0.0.0/8", "--extract", "all"];
    let typed = room.run(["127.0.0.1"]).args(&proxy).stderr_has("--extract has no effect without a log\n");
    typed.stderr_has("--trusted-proxy has no effect without a log\n").code(0).check();
    room.run(["patterns", "good"]).args(&proxy).stderr_has("no effect without --cost\n").code(0).check();
    // A hook gets its number alone, a log makes it an option with effect, and a setting is for all commands.
    room.run(["-c", "127.0.0.1"]).args(&proxy).stdout("0\n").code(0).check();
    room.run(["127.0.0.1", "-"]).args(&proxy).code(0).check();
    room.run(["127.0.0.1", "--config", "c.toml"]).code(0).check();
}

#[test]
fn what_can_match_nothing_is_said() {
    let room = Room::with(&[("blocked", "# none yet\n\n"), ("log", "no address here\n")]);
    room.run(["-f", "blocked", "192.0.2.1"]).stderr_has("no pattern in blocked").code(0).check();
    let said = "no client was found in log (1 line): is this a log that whodunit reads?";
    room.run(["--log", "log"]).stderr_has(said).code(0).check();
    room.run(["--log", "/dev/null"]).code(0).check();
    room.write(
        "other.log",
        "Nov 23 10:00:00 mx postfix/smtp[1]: 4F1: to=<a@b.example>, relay=b.example[192.0.2.1]:25\nnothing\n",
    );
    let said = "no client was found in other.log (2 lines): --extract all would take the one address in it";
    room.run(["--log", "other.log"]).stderr_has(said).code(0).check();
    room.write("empty.log", "");
    room.run(["--log", "empty.log"]).stderr_has("empty.log is empty").stdout("").code(0).check();
}

#[test]
fn what_is_nearly_an_address_is_not_passed_over() {
    let room = Room::new();
    let run = room.run(["-c"]).stdin("10.0.0.1\n193.0.22.256\n10.0.0.1/8\n").stdout("10.0.0.1:0\n");
    run.stderr_has("skipped 2 lines that are nearly addresses; the first is `193.0.22.256`").code(0).check();
}

#[test]
fn what_acts_on_a_terminal_is_escaped_in_messages_too() {
    let room = Room::new();
    let check = |args: &[&str], code: i32| {
        let outcome = room.run(args.iter().copied()).any_stderr().code(code).check();
        assert!(!outcome.stderr.contains(['\u{1b}', '\u{9b}']), "{args:?}: {:?}", outcome.stderr);
        assert!(outcome.stderr.contains("31m"), "{args:?}: {:?}", outcome.stderr);
    };
    check(&["\u{1b}[31mx"], 64);
    check(&["--log", "\u{1b}[31mx"], 66);
    check(&["--\u{1b}[31mx"], 64);
    check(&["--color", "\u{9b}31m"], 64);
    check(&["-f", "\u{1b}[31mx", "10.0.0.1"], 66);
    check(&["cache", "\u{1b}[31mx"], 64);
}

#[test]
fn an_argument_that_is_not_text_is_named() {
    use std::{ffi::OsString, os::unix::ffi::OsStringExt};
    let word = OsString::from_vec(b"193.0.22.9\xff".to_vec());
    Room::new().run([word]).stderr_has(r"`193.0.22.9\xff` is not UTF-8").code(64).check();
}

#[test]
fn commands_and_options_may_come_in_any_order() {
    let room = Room::with(&[("blocked", "Contoso\n")]);
    room.run(["--config", "none", "match", "-c", "-f", "blocked"]).stdin("Contoso\n").stdout("1\n").check();
    room.run(["-c", "-f", "blocked", "match"]).stdin("Contoso\n").stdout("1\n").check();
    room.run(["help", "report"]).stdout_has("--suggest").code(0).check();
    room.run(["version"]).stdout_has(env!("CARGO_PKG_VERSION")).code(0).check();
    room.run(["-c", "-c", "--timeout", "4", "--timeout", "5", "10.0.0.1"]).stdout("0\n").code(0).check();
}

#[test]
fn stdin_keeps_its_place_among_the_arguments() {
    let room = Room::new();
    let run = room.run(["-c", "10.0.0.3", "-", "10.0.0.1"]).stdin("10.0.0.2\n10.0.0.1\n");
    run.stdout("10.0.0.3:0\n10.0.0.2:0\n10.0.0.1:0\n").code(0).check();
    room.run(["-c", "--log", "-"]).stdin("10.0.0.2\n").stdout("10.0.0.2:0\n").code(0).check();
}

#[test]
fn no_command_lists_what_it_does_not_use() {
    let room = Room::new();
    for command in [&["match"][..], &["completions"], &["man"]] {
        let shown = room.run(command.iter().chain(&["--help"]).copied()).code(0).check().stdout;
        assert!(!shown.contains("--cache"), "{command:?}\n{shown}");
    }
    let short = room.run(["-h"]).code(0).check().stdout;
    assert!(short.lines().count() < 52, "{} lines\n{short}", short.lines().count());
    assert!(!short.contains("--per-server"), "{short}");
}

#[test]
fn warm_never_waits_at_a_terminal() {
    Room::new().run(["warm"]).on_terminal(80).stdout_has("no log: name one").code(64).check();
}

#[test]
fn options_are_named_too() {
    let room = Room::new();
    refused(&room, &["--no-such-option", "193.0.22.9"], &[64], &["--no-such-option"]);
    refused(&room, &["--timeout", "soon", "193.0.22.9"], &[64], &["--timeout", "soon"]);
    refused(&room, &["--jobs", "many", "193.0.22.9"], &[64], &["--jobs", "many"]);
    refused(&room, &["--on-unknown", "perhaps", "193.0.22.9"], &[64], &["perhaps"]);
    refused(&room, &["--extract", "some", "193.0.22.9"], &[64], &["some"]);
    refused(&room, &["--share", "33,128", "193.0.22.9"], &[64], &["33"]);
    refused(&room, &["--max-age", "old", "193.0.22.9"], &[64], &["old"]);
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let room = Room::with(&[("blocked", "Contoso\n")]);
    refused(&room, &["--log", "no.log"], &[66], &["no.log"]);
    refused(&room, &["--log", "."], &[66], &["."]);
    refused(&room, &["-f", "nothing", "193.0.22.9"], &[66, 78], &["nothing"]);
    refused(&room, &["-f", "blocked", "-a", "nothing", "193.0.22.9"], &[66, 78], &["nothing"]);
    refused(&room, &["--config", "nothing.toml", "193.0.22.9"], &[66, 78], &["nothing.toml"]);
    room.run(["--servers", "nothing.json", "193.0.22.9"]).stdout("").stderr_has("nothing.json").check();
    room.run(["match", "nothing.txt"]).stdout("").stderr_has("nothing.txt").code(66).check();
}

#[test]
fn a_pattern_that_does_not_compile_is_named_with_line_and_column() {
    for (pattern, column) in [("Tail(spin", 5), ("a[b", 2), ("Con{2,1}", 4), (r"(a)\1", 4), ("[[:nope:]]", 1)]
    {
        let room = Room::with(&[("blocked", &format!("Contoso\n\n{pattern}\n"))]);
        let farm = nobody();
        let outcome = room
            .run(["-f", "blocked", "193.0.22.9"])
            .farm(&farm)
            .stdout("")
            .stderr_has("blocked:3:")
            .code(78);
        let stderr = outcome.check().stderr;
        let named = stderr.split("blocked:3:").nth(1).unwrap_or_default();
        assert!(
            named.starts_with(|c: char| c.is_ascii_digit()),
            "{pattern}: no column (about {column}): {stderr}"
        );
        assert_eq!(farm.questions(), 0);
    }
}

#[test]
fn a_back_reference_is_refused_by_name() {
    let room = Room::with(&[("blocked", "(a)b\\1\n")]);
    refused(&room, &["-f", "blocked", "193.0.22.9"], &[78], &["blocked:1:", "back-reference"]);
}

#[test]
fn an_unknown_field_is_named_with_the_nearest_known_one() {
    for (line, nearest) in [("@ogr Contoso", "@org"), ("@contry DE", "@country"), ("@as 64500", "@asn")] {
        let room = Room::with(&[("blocked", &format!("Contoso\n{line}\n"))]);
        refused(&room, &["-f", "blocked", "193.0.22.9"], &[78], &["blocked:2:", nearest]);
    }
}

#[test]
fn a_field_pattern_with_a_wrong_value_is_refused() {
    for line in ["@asn many", "@cidr 300.0.0.0/8", "@cidr 10.0.0.0/33", "@org (", "@asn 4294967296"] {
        let room = Room::with(&[("blocked", &format!("{line}\n"))]);
        refused(&room, &["-f", "blocked", "193.0.22.9"], &[78], &["blocked:1:"]);
    }
}

#[test]
fn an_inline_pattern_that_does_not_compile_is_named() {
    refused(&Room::new(), &["-e", "Contoso", "-e", "Con(toso", "193.0.22.9"], &[78], &["-e:2:4:"]);
}

#[test]
fn all_patterns_are_read_before_anybody_is_asked() {
    let room = Room::with(&[("lists/a", "Contoso\n"), ("lists/b", "x\n(\n")]);
    refused(&room, &["-f", "lists", "193.0.22.9"], &[78], &["lists/b:2:"]);
}

#[test]
fn a_wrong_configuration_file_is_named_with_its_line() {
    for (text, names) in [
        ("timeout = 4\nblokc = [\"x\"]\n", &["c.toml:2", "blokc"][..]),
        ("timeout = 4\njobs = \"many\"\n", &["c.toml:2", "many"]),
        ("timeout = \n", &["c.toml"]),
    ] {
        let room = Room::with(&[("c.toml", text)]);
        refused(&room, &["--config", "c.toml", "193.0.22.9"], &[78], names);
    }
}

#[test]
fn a_wrong_server_list_is_named() {
    let room = Room::with(&[("s.json", "{\"whois.ripe.net\": ")]);
    let outcome = room.run(["--servers", "s.json", "193.0.22.9"]).stdout("").stderr_has("s.json").check();
    assert!([65, 78].contains(&outcome.code), "{}", outcome.code);
}

#[test]
fn no_input_and_a_terminal_is_a_usage_error_not_a_hang() {
    Room::new().run(["--config", "none"]).on_terminal(80).stdout_has("no address").code(64).check();
}

#[test]
fn empty_input_is_no_error() {
    Room::new().run(["--config", "none"]).stdin("").stdout("").code(0).check();
    Room::new().run(["-"]).stdin("").stdout("").code(0).check();
}
