//! The conditions of a mail server's hook: no HOME, no stdin, little memory, one process for each connection.

use crate::{
    farm::{Does, Farm, Rule},
    jig::{Room, Run},
};
use std::time::Duration;

const RIPE: &str = "whois.ripe.net";

fn answering() -> Farm {
    Farm::of_one(RIPE, Rule { reply: Some("ripe".into()), ..Rule::default() })
}

#[track_caller]
fn blocked(run: Run<'_>) {
    run.stdout_has("193.0.22.9\tblocked\tContoso GmbH").code(1).check();
}

fn hook<'a>(room: &'a Room, farm: &Farm) -> Run<'a> {
    room.run(["-e", "Contoso", "193.0.22.9"]).farm(farm)
}

#[test]
fn without_home_or_xdg_folders() {
    let (room, farm) = (Room::new(), answering());
    let mut run = hook(&room, &farm);
    for name in ["HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"] {
        run = run.env(name, "");
    }
    blocked(run);
}

#[test]
fn with_stdin_closed() {
    let (room, farm) = (Room::new(), answering());
    blocked(hook(&room, &farm).closed_stdin());
}

#[test]
fn an_smtp_session_on_stdin_is_left_alone() {
    let (room, farm) = (Room::new(), answering());
    blocked(hook(&room, &farm).stdin("EHLO mail.example.com\r\n8.8.8.8\r\n"));
}

#[test]
fn with_sixty_megabytes_of_address_space() {
    let (room, farm) = (Room::new(), answering());
    blocked(hook(&room, &farm).through(r#"ulimit -v 60000; exec "$@""#));
    blocked(hook(&room, &farm).cache("cache.db").through(r#"ulimit -v 60000; exec "$@""#));
}

#[test]
fn with_a_limit_on_the_size_of_files() {
    let (room, farm) = (Room::new(), answering());
    let run = hook(&room, &farm).cache("cache.db").through(r#"ulimit -f 1; exec "$@""#);
    run.any_stderr().stdout_has("193.0.22.9\tblocked\tContoso GmbH").code(1).check();
    let run = hook(&room, &farm).through(r#"ulimit -f 0; exec "$@" >verdicts"#);
    run.stderr_has("cannot write stdout: file too large").code(74).check();
}

#[test]
fn in_a_folder_that_is_gone() {
    let (room, farm) = (Room::with(&[("gone/x", "")]), answering());
    blocked(hook(&room, &farm).through(r#"cd gone && rm -r ../gone && exec "$@""#));
}

#[test]
fn with_few_descriptors() {
    let (room, farm) = (Room::new(), answering());
    blocked(hook(&room, &farm).through(r#"ulimit -n 12; exec "$@""#));
}

#[test]
fn one_address_takes_no_more_than_one_thread_beside_main() {
    let farm = Farm::of_one(RIPE, Rule { does: Does::Silence, ..Rule::default() });
    let room = Room::new();
    for cache in ["none", "cache.db"] {
        let run = room.run(["--timeout", "1", "193.0.22.9"]).farm(&farm).env("WHODUNIT_CACHE", cache);
        let outcome = run.code(75).check();
        assert!((1..=2).contains(&outcome.threads), "{} threads with cache {cache}", outcome.threads);
    }
}

#[test]
fn too_little_memory_never_reads_as_a_verdict() {
    let (room, farm) = (Room::new(), answering());
    // The last limit is enough, which shows that the others fail for want of memory.
    for limit in [3000, 6000, 9000, 12000, 16000, 24000, 100_000] {
        let script = format!(r#"ulimit -v {limit}; exec "$@""#);
        let outcome = hook(&room, &farm).through(&script).any_stderr().check();
        let told = outcome.stdout.starts_with("193.0.22.9\tblocked\t");
        assert!(
            outcome.code != 0 && (outcome.code != 1 || told),
            "{limit} kB: code {} with {:?}",
            outcome.code,
            outcome.stdout
        );
    }
}

#[test]
fn the_old_test_on_the_count_still_works() {
    let (room, farm) = (Room::new(), answering());
    let run = room.run(["-c", "-e", "Contoso", "193.0.22.9"]).farm(&farm);
    let script = r#"if [ "$("$@")" -gt 0 ]; then echo reject; else echo accept; fi"#;
    run.through(script).stdout("reject\n").check();
}

#[test]
fn twenty_hooks_at_once_each_get_their_verdict() {
    let farm = Farm::of_one(RIPE, Rule { reply: Some("ripe".into()), delay_ms: 100, ..Rule::default() });
    let room = Room::new();
    let runs: Vec<Run<'_>> = (0..20)
        .map(|i| room.run(["-e".into(), "Contoso".into(), format!("193.0.{i}.9")]).farm(&farm).code(1))
        .map(|run| run.timeout(Duration::from_secs(20)))
        .collect();
    let started: Vec<_> = runs.iter().map(Run::spawn).collect();
    for (run, started) in runs.iter().zip(started) {
        let faults = run.faults(&started.finish());
        assert!(faults.is_empty(), "{}: {faults:?}", run.shown());
    }
    assert_eq!(farm.questions(), 20);
}
