//! Exit codes and messages on stderr.

use crate::jig::{AS_NOBODY, Room, is_root, skip};
use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink},
    process::Command,
};

const DUMP: &str = "inetnum: 45.0.0.0 - 45.255.255.255\nnetname: OUTER\ndescr: Contoso\nstatus: ALLOCATED PA\nsource: RIPE\n\n\
inetnum: 46.0.0.0 - 46.0.0.255\nnetname: SMALL\ndescr: Fabrikam\nstatus: ASSIGNED PA\nsource: RIPE\n";

fn room() -> Room {
    let room = Room::with(&[("blocked", "Fabrikam\n# note\nContoso\n"), ("dump", DUMP)]);
    room.run(["cache", "import", "dump"]).cache("c.db").code(0).check();
    room
}

#[test]
fn a_set_that_covers_too_much_is_refused_and_the_widest_pattern_named() {
    let room = room();
    let list = room.write("list", "the old one\n");
    let refused = room.run(["networks", "-f", "blocked", "-o", "list"]).cache("c.db").code(65);
    refused.stdout("").stderr_has("the widest pattern is blocked:3 with 16777216: Contoso").check();
    assert_eq!(fs::read_to_string(&list).unwrap(), "the old one\n");
    let lifted = room.run(["networks", "-f", "blocked", "-o", "list", "--max-addresses", "0"]).cache("c.db");
    let lifted = lifted.code(0).stderr_has("blocked:1: 1 network, 256 IPv4 addresses\n");
    lifted
        .stderr_has("blocked:3: 1 network, 16777216 IPv4 addresses")
        .stderr_has("not covered: afrinic, apnic")
        .check();
    let written = fs::read_to_string(&list).unwrap();
    assert!(written.contains(": 16777472 IPv4 addresses, no IPv6\n"), "{written}");
    assert!(written.ends_with("\n45.0.0.0/8\n46.0.0.0/24\n"), "{written}");
    let left = fs::read_dir(room.path(".")).unwrap().count();
    assert_eq!(left, 5, "blocked, dump, list, c.db and the imported data; no draft");
}

#[test]
fn what_cannot_be_done_has_a_code_of_its_own() {
    let room = room();
    let run = |args: &[&str]| {
        room.run([&["networks"], args].concat().iter().copied().map(String::from)).cache("c.db")
    };
    run(&["-e", "Nobody"]).code(0).stderr_has("the list is empty").check();
    run(&[]).code(64).stderr_has("no patterns").check();
    run(&["-f", "blocked", "-o", "blocked"]).code(64).stderr_has("that file is a pattern file").check();
    run(&["-f", "blocked", "--format", "ntf"]).code(64).any_stderr().check();
    run(&["-f", "missing"]).code(66).stderr_has("missing").check();
    run(&["-e", "a(b"]).code(78).stderr_has("-e:1").check();
    run(&["-e", "Fabrikam", "-o", "no/such/folder"]).code(74).stderr_has("no/such/folder").check();
    run(&["-e", "Fabrikam", "-6"]).code(0).stderr_has("the list is empty").check();
    let nothing = room.run(["networks", "-e", "x"]).cache("other.db").code(66);
    nothing.stderr_has("there is no data").check();
}

#[test]
fn a_limit_in_the_configuration_holds_until_another_is_typed() {
    let room = room();
    room.write("c.toml", "max-addresses = 100\n");
    let run = |more: &[&str]| {
        room.run(["networks", "--config", "c.toml", "-e", "Fabrikam"]).args(more).cache("c.db").any_stderr()
    };
    run(&[]).code(65).check();
    run(&["--max-addresses", "256"]).code(0).check();
}

/// The output file keeps its rights, its owner and its name.
#[test]
fn an_old_list_gives_way_to_the_new_one_and_its_rights_stay() {
    let room = room();
    let write = |path: &str| {
        room.run(["networks", "-e", "Fabrikam", "-o", path]).cache("c.db").any_stderr().code(0).check();
    };
    let list = room.write("list", "the old one\n");
    fs::set_permissions(&list, fs::Permissions::from_mode(0o640)).unwrap();
    let owner = if is_root() { 12_345 } else { fs::metadata(&list).unwrap().uid() };
    chown(&list, Some(owner), None).unwrap();
    symlink("list", room.path("link")).unwrap();
    let before = fs::metadata(&list).unwrap();
    write("link");
    let after = fs::metadata(&list).unwrap();
    assert_ne!(before.ino(), after.ino(), "a reader of the old one reads on");
    assert_eq!((after.mode() & 0o777, after.uid()), (0o640, owner));
    assert!(fs::symlink_metadata(room.path("link")).unwrap().is_symlink());
    assert!(fs::read_to_string(&list).unwrap().ends_with("\n46.0.0.0/24\n"));
    write("new");
    assert_eq!(fs::read_to_string(room.path("new")).unwrap().lines().last(), Some("46.0.0.0/24"));
    for entry in fs::read_dir(room.path(".")).unwrap() {
        let name = entry.unwrap().file_name();
        assert!(!name.to_str().unwrap().ends_with(".new"), "{name:?} is left behind");
    }
}

#[test]
fn a_list_goes_into_pipes_devices_and_descriptors_as_they_are() {
    let room = room();
    let run = |path: &str| room.run(["networks", "-e", "Fabrikam", "-o", path]).cache("c.db").any_stderr();
    let lists = |text: &str| text.starts_with("# networks that") && text.ends_with("\n46.0.0.0/24\n");
    for name in ["-", "/dev/stdout"] {
        assert!(lists(&run(name).code(0).check().stdout), "{name}");
        let more = run(name).through("echo kept >into; \"$@\" >>into; cat into").code(0).check().stdout;
        assert!(more.strip_prefix("kept\n").is_some_and(lists), "{name}: {more}");
    }
    let through =
        run("/dev/fd/5").through("echo kept >into; \"$@\" 5>>into; cat into").code(0).check().stdout;
    assert!(through.strip_prefix("kept\n").is_some_and(lists), "{through}");
    assert!(Command::new("mkfifo").arg(room.path("pipe")).status().unwrap().success());
    let piped = run("pipe").through("cat pipe & \"$@\"; code=$?; wait; exit $code").code(0).check().stdout;
    assert!(lists(&piped), "{piped}");
    assert_eq!(run("/dev/null").code(0).check().stdout, "");
    run("/dev/full").code(74).stderr_has("/dev/full").check();
    run("/dev/stdout").through("\"$@\" >/dev/full").code(74).check();
}

/// A folder of another user with a file of ours: it is overwritten when the list is complete.
#[test]
fn a_list_in_a_folder_of_others_is_written_over() {
    if !is_root() {
        return skip("root");
    }
    let room = room();
    fs::create_dir(room.path("theirs")).unwrap();
    let list = room.write("theirs/list", "the old one\n");
    room.open_to_all(&room.path("blocked"));
    fs::set_permissions(room.path("theirs"), fs::Permissions::from_mode(0o755)).unwrap();
    for name in ["c.db", "c.db-imported", "blocked"] {
        fs::set_permissions(room.path(name), fs::Permissions::from_mode(0o644)).unwrap();
    }
    let run = |patterns: &str| {
        let args = ["networks", "-e", patterns, "-o", "theirs/list"];
        room.run(args).cache("c.db").any_stderr().through(AS_NOBODY)
    };
    run("Fabrikam").code(74).stderr_has("theirs/list").check();
    fs::set_permissions(&list, fs::Permissions::from_mode(0o666)).unwrap();
    room.run(["networks", "-e", "Contoso", "--max-addresses", "9", "-o", "theirs/list"])
        .cache("c.db")
        .any_stderr()
        .code(65)
        .check();
    assert_eq!(fs::read_to_string(&list).unwrap(), "the old one\n");
    run("Fabrikam").code(0).check();
    assert!(fs::read_to_string(&list).unwrap().ends_with("\n46.0.0.0/24\n"));
}
