//! `cache stats|list|forget|import|export` with a faulty cache: there a failure is an error.

use crate::{
    farm::{Farm, Rule},
    jig::{AS_NOBODY, Room, is_root, skip},
};
use std::{fs, os::unix::fs::PermissionsExt, process::Command};

fn filled() -> Room {
    let (room, rule) = (Room::new(), Rule { reply: Some("ripe".into()), ..Rule::default() });
    let farm = Farm::of_one("whois.ripe.net", rule);
    room.run(["193.0.22.1", "193.1.1.1"]).farm(&farm).cache("cache.db").code(0).check();
    room
}

#[test]
fn looking_at_a_cache_that_is_not_there_makes_none() {
    let room = Room::new();
    for command in [&["stats"][..], &["list"], &["export"], &["forget", "10.0.0.1"]] {
        let run = room.run(["cache", "--cache", "nosuch.db"]).args(command).code(0);
        run.stderr_has("there is no cache at nosuch.db").check();
        assert!(!room.path("nosuch.db").exists(), "{command:?}");
    }
}

#[test]
fn a_cache_that_may_not_be_opened_is_an_error_with_its_reason() {
    if !is_root() {
        return skip("root, who alone can become another user");
    }
    let room = filled();
    room.open_to_all(&room.write("list.json", "{}"));
    fs::set_permissions(room.path("cache.db"), fs::Permissions::from_mode(0o600)).unwrap();
    for (command, code) in [("stats", 66), ("list", 66), ("export", 66)] {
        let run = room.run(["cache", command, "--cache", "cache.db"]).through(AS_NOBODY).stdout("");
        run.stderr_has("cache.db").stderr_has("permission denied").code(code).check();
    }
    let run = room.run(["cache", "forget", "--all", "--cache", "cache.db"]).through(AS_NOBODY).stdout("");
    run.stderr_has("cache.db").stderr_has("permission denied").code(74).check();
}

#[test]
fn with_a_server_the_server_is_named() {
    // The machine's own cache is used while a server is down. This one must not forget it.
    let alone =
        r#"exec unshare --map-root-user --mount sh -c 'mount -t tmpfs none /var/cache && exec "$@"' sh "$@""#;
    let mut may = Command::new("unshare");
    may.args(["--map-root-user", "--mount", "mount", "-t", "tmpfs", "none", "/var/cache"]);
    if !may.output().is_ok_and(|tried| tried.status.success()) {
        return skip("a mount namespace of one's own");
    }
    let room = Room::new();
    let run =
        room.run(["cache", "forget", "--all", "--cache", "redis://127.0.0.1:1/0"]).any_stderr().code(74);
    let said = run.through(alone).stdout("").check().stderr;
    assert!(said.contains("redis://127.0.0.1:1/0") && !said.contains("cache.db"), "{said}");
}

#[test]
fn an_export_is_read_back_through_a_pipe() {
    let room = filled();
    let export = room.run(["cache", "export"]).cache("cache.db").code(0).check().stdout;
    let run = room.run(["cache", "import", "-"]).cache("other.db").stdin(export);
    run.stdout("imported 2 answers\n").code(0).check();
    let list = room.run(["cache", "list", "--json"]).cache("other.db").code(0).check().json();
    assert_eq!(list.len(), 2);
}

#[test]
fn the_form_may_come_from_the_settings_and_a_terminal_gets_columns() {
    let room = filled();
    let run = |args: &[&str]| room.run(["cache"]).args(args).cache("cache.db").code(0);
    assert_eq!(run(&["stats"]).env("WHODUNIT_JSON", "1").check().json()[0]["networks"], 2);
    run(&["list"]).env("WHODUNIT_CSV", "1").stdout_has("network,name,owner").check();
    let narrow = run(&["list"]).on_terminal(80).any_stderr().check().stdout;
    assert!(narrow.lines().all(|line| line.trim_end().chars().count() <= 80), "{narrow}");
    assert!(
        narrow.lines().skip(1).all(|line| line.contains("Contoso GmbH")) && narrow.lines().count() == 3,
        "{narrow}"
    );
    let shown = run(&["list"]).on_terminal(200).any_stderr().check().stdout;
    let lines: Vec<&str> = shown.lines().collect();
    assert!(lines[0].starts_with("network ") && !shown.contains('\t'), "{shown}");
    let at = lines[0].find("owner").unwrap();
    assert!(lines[1..].iter().all(|line| line[at..].starts_with("Contoso GmbH")), "{shown}");
    assert!(!run(&["stats"]).on_terminal(80).any_stderr().check().stdout.contains('\t'));
}

#[test]
fn warm_counts_what_stays_unknown_by_its_reason() {
    let room = Room::with(&[("mail.log", "193.0.22.9\n193.0.23.9\n10.0.0.1\n")]);
    let run = room.run(["warm", "--offline", "mail.log"]).cache("cache.db");
    run.stdout("0 learned, 1 known before, 2 unknown (offline: 2)\n").code(75).check();
}

#[test]
fn what_statistics_are_good_for_is_said() {
    let room = Room::with(&[(
        "delegated",
        "2|ripencc|20261101|1|19830705|20261101|+0000\nripencc|DE|ipv4|193.0.20.0|1024|20100101|allocated|x\n",
    )]);
    let run = room.run(["cache", "import", "delegated"]).cache("cache.db").code(0);
    run.stdout_has("1 delegated block (it says which registry to ask, not who runs a network)").check();
}
