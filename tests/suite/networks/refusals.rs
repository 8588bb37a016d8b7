//! Exit codes, and what is said on stderr.

use crate::jig::Room;
use std::fs;

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
    assert!(fs::read_to_string(&list).unwrap().ends_with("\n45.0.0.0/8\n46.0.0.0/24\n"));
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
    run(&["-f", "blocked", "-o", "blocked"]).code(64).stderr_has("that is a pattern file").check();
    run(&["-f", "blocked", "--format", "ntf"]).code(64).any_stderr().check();
    run(&["-f", "missing"]).code(66).stderr_has("missing").check();
    run(&["-e", "a(b"]).code(78).stderr_has("-e:1").check();
    run(&["-e", "Fabrikam", "-o", "no/such/folder"]).code(74).stderr_has("no/such/folder").check();
    run(&["-e", "Fabrikam", "-6"]).code(0).stderr_has("the list is empty").check();
    let nothing = room.run(["networks", "-e", "x"]).cache("other.db").code(66);
    nothing.stderr_has("there is no data").check();
}
