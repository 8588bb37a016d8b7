//! Configuration: the file and the variable that count, and their precedence.

use crate::{
    farm::{Farm, Rule},
    jig::{AS_NOBODY, Room, is_root, skip},
};
use std::{fs, os::unix::fs::PermissionsExt, process::Command};

const USERS: &str = "../config/whodunit/config.toml";

fn answering() -> Farm {
    Farm::of_one("whois.ripe.net", Rule { reply: Some("ripe".into()), ..Rule::default() })
}

/// A farm that knows nothing: the result shows which setting of `on-unknown` counts.
fn ignorant() -> Farm {
    Farm::of_one("whois.ripe.net", Rule { reply: Some("ripe-not-found".into()), ..Rule::default() })
}

#[test]
fn the_users_file_is_read() {
    let (room, farm) = (Room::with(&[("blocked", "Contoso\n")]), answering());
    let list = room.path("blocked");
    room.write(USERS, format!("block = [{list:?}]\n"));
    let run = room.run(["193.0.22.9"]).farm(&farm).code(1);
    run.stdout_has(&format!("\t{}:1\n", list.display())).check();
}

#[test]
fn a_daemon_that_kept_roots_home_has_no_file_of_its_own() {
    if !is_root() {
        return skip("root, who alone can become another user");
    }
    let (room, farm) = (Room::new(), answering());
    room.write(USERS, "on-unknown = \"block\"\n");
    room.open_to_all(&farm.list());
    fs::set_permissions(room.path("../config"), fs::Permissions::from_mode(0o700)).unwrap();
    room.run(["-e", "Contoso", "193.0.22.9"]).farm(&farm).through(AS_NOBODY).code(1).check();
}

#[test]
fn the_environment_wins_over_files_and_the_command_line_over_all() {
    let (room, farm) = (Room::new(), ignorant());
    room.write(USERS, "on-unknown = \"block\"\n");
    let run = || room.run(["193.0.22.9"]).farm(&farm);
    run().code(1).check();
    run().env("WHODUNIT_ON_UNKNOWN", "pass").code(0).check();
    let typed = room.run(["--on-unknown", "defer", "193.0.22.9"]).farm(&farm);
    typed.env("WHODUNIT_ON_UNKNOWN", "pass").code(75).check();
}

#[test]
fn a_file_that_is_named_is_the_only_one() {
    let (room, farm) = (Room::with(&[("other.toml", "timeout = 4\n")]), ignorant());
    room.write(USERS, "on-unknown = \"block\"\n");
    room.run(["--config", "other.toml", "193.0.22.9"]).farm(&farm).code(75).check();
    room.run(["--config", "none", "193.0.22.9"]).farm(&farm).code(75).check();
}

#[test]
fn a_broken_file_that_is_not_to_be_read_is_not_read() {
    let (room, farm) = (Room::new(), answering());
    room.write(USERS, "this is no TOML\n");
    room.run(["--config", "none", "193.0.22.9"]).farm(&farm).code(0).check();
}

#[test]
fn every_kind_of_value_is_taken_from_a_file() {
    let (room, farm) = (Room::with(&[("allow.list", "Contoso\n")]), answering());
    let list = room.path("allow.list");
    room.write(
        "c.toml",
        format!(
            "allow = [{list:?}]\nregexp = [\"Contoso\"]\nignore-case = true\ntimeout = 3.5\njobs = 4\n\
             per-server = 2\nrate = 0\ncache = \"none\"\nmax-age = \"7d\"\nshare = \"32,128\"\nextract = \"all\"\n\
             servers = {:?}\non-unknown = \"pass\"\nfull = true\n",
            farm.list()
        ),
    );
    let run = room.run(["--config", "c.toml", "193.0.22.9"]).stdout_has("\tallowed\t").code(0);
    run.check();
    assert!(!farm.asked("whois.ripe.net")[0].line.contains("--no-personal"));
}

#[test]
fn variables_carry_any_long_option() {
    let (room, farm) = (Room::with(&[("blocked", "Contoso\n")]), answering());
    let run = room.run(["193.0.22.9"]).env("WHODUNIT_SERVERS", farm.list());
    run.env("WHODUNIT_BLOCK", "blocked").env("WHODUNIT_TIMEOUT", "5").code(1).check();
}

#[test]
fn a_wrong_variable_is_named() {
    let run = Room::new();
    let outcome = run.run(["193.0.22.9"]).env("WHODUNIT_TIMEOUT", "soon").stdout("");
    let outcome = outcome.stderr_has("WHODUNIT_TIMEOUT").check();
    assert!([64, 78].contains(&outcome.code), "{}", outcome.code);
}

#[test]
fn the_machines_file_comes_before_the_users() {
    // A mount namespace in which /etc is the room's: nothing on the machine is touched.
    let allowed = Command::new("/usr/bin/unshare").args(["-rm", "true"]).output();
    if !allowed.is_ok_and(|outcome| outcome.status.success()) {
        skip("mount namespaces for its users");
        return;
    }
    let (room, farm) = (Room::new(), ignorant());
    room.write("etc/whodunit/config.toml", "on-unknown = \"block\"\n");
    let script = r#"exec unshare -rm sh -c 'mount --bind etc /etc && exec "$@"' sh "$@""#;
    room.run(["193.0.22.9"]).farm(&farm).through(script).code(1).check();
    room.write(USERS, "on-unknown = \"pass\"\n");
    room.run(["193.0.22.9"]).farm(&farm).through(script).code(0).check();
}

#[test]
fn a_form_that_is_set_nearer_wins_whatever_its_name() {
    let (room, farm) = (Room::new(), answering());
    room.write(USERS, "json = true\noffline = true\n");
    let run = || room.run(["193.0.22.9"]).farm(&farm).env("WHODUNIT_REFRESH", "1").code(0);
    run().env("WHODUNIT_CSV", "1").stdout_has("ip,verdict,").check();
    run().env("WHODUNIT_JSON", "0").stdout_has("193.0.22.9\tclear\t").check();
    assert_eq!(run().env("WHODUNIT_CSV", "1").args(&["-c"]).check().stdout, "0\n");
    assert_eq!(run().check().json().len(), 1);
}

#[test]
fn forms_exclude_each_other_in_one_place() {
    let room = Room::with(&[("c.toml", "timeout = 4\njson = true\ncsv = true\n")]);
    let run = room.run(["--config", "c.toml", "10.0.0.1"]).stdout("").code(78);
    run.stderr_has("c.toml:3:1: json and csv exclude each other").check();
    let run = room.run(["10.0.0.1"]).env("WHODUNIT_OFFLINE", "1").env("WHODUNIT_REFRESH", "1").code(78);
    run.stderr_has("WHODUNIT_OFFLINE and WHODUNIT_REFRESH exclude each other").check();
}

#[test]
fn an_empty_variable_is_not_set_and_a_strangers_stops_nobody() {
    let room = Room::new();
    let script = r#"WHODUNIT_TIMEOUT= WHODUNIT_CONFIG= WHODUNIT_CACHE= WHODUNIT_JSON= exec "$@""#;
    room.run(["--cache", "none", "10.0.0.1"]).through(script).code(0).check();
    let run = room.run(["10.0.0.1"]).env("WHODUNIT_LOG", "debug").code(0);
    run.stderr_has("WHODUNIT_LOG is not read: `--log` is for the command line only").check();
    let run = room.run(["10.0.0.1"]).env("WHODUNIT_TIMOUT", "4").code(78);
    run.stderr_has("did you mean WHODUNIT_TIMEOUT?").check();
    room.write("c.toml", "log = \"x\"\n");
    let run = room.run(["--config", "c.toml", "10.0.0.1"]).code(78);
    run.stderr_has("c.toml:1:1: `log` is for the command line only").check();
}

#[test]
fn an_age_without_a_unit_is_doubted_and_taken() {
    let room = Room::with(&[("c.toml", "max-age = 14\n")]);
    let said = "`--max-age 14` is 14 seconds: write 14d for days";
    room.run(["--max-age", "14", "10.0.0.1"]).stderr_has(said).code(0).check();
    room.run(["--config", "c.toml", "10.0.0.1"]).stderr_has(said).code(0).check();
    for meant in ["14s", "14d", "3600"] {
        room.run(["--max-age", meant, "10.0.0.1"]).code(0).check();
    }
}

#[test]
fn a_server_list_of_strangers_is_doubted() {
    let list = r#"{"ripe": {"host": "127.0.0.1:4301"}}"#;
    let room = Room::with(&[("s.json", list)]);
    let run = room.run(["--servers", "s.json", "10.0.0.1"]).code(0);
    run.stderr_has("s.json names no registry's server, such as whois.ripe.net").check();
}
