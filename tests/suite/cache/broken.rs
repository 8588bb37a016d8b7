//! A broken cache never makes a verdict fail.

use super::{answering, cached, ripe};
use crate::{
    farm::Farm,
    jig::{AS_NOBODY, Room, is_root, skip},
};
use std::{
    fs,
    os::unix::fs::PermissionsExt,
    time::{Duration, Instant},
};

/// Whatever happened to the file, there is a verdict, and one line of warning.
#[track_caller]
fn survives(room: &Room, farm: &Farm, why: &str) {
    let begun = Instant::now();
    let outcome = cached(room, farm, &["-e", "Contoso", "193.0.22.9"]).any_stderr().check();
    assert_eq!(outcome.code, 1, "{why}: {}", outcome.stderr);
    assert_eq!(outcome.stderr.lines().count(), 1, "{why}: {}", outcome.stderr);
    assert!(outcome.stderr.contains("cache"), "{why}: {}", outcome.stderr);
    assert!(begun.elapsed() < Duration::from_secs(5), "{why}: took {:?}", begun.elapsed());
}

#[test]
fn a_broken_file_costs_a_warning_and_is_set_aside() {
    for (why, content) in [
        ("garbage", b"this is no database, whatever its name says\n".repeat(200)),
        ("truncated", truncated()),
    ] {
        let (room, farm) = (Room::new(), ripe(vec![answering()]));
        room.write("cache.db", &content);
        survives(&room, &farm, why);
        let aside = fs::read_dir(room.path(".")).unwrap().map(|entry| entry.unwrap().path());
        let kept = aside.filter(|path| path.is_file() && fs::read(path).is_ok_and(|bytes| bytes == content));
        assert_eq!(kept.count(), 1, "{why}: the broken file is not there any more");
        cached(&room, &farm, &["193.0.22.9"]).any_stderr().code(0).check();
    }
}

#[test]
fn what_is_no_cache_is_never_moved() {
    let other = {
        let room = Room::new();
        let file = rusqlite::Connection::open(room.path("other.db")).unwrap();
        file.execute_batch("CREATE TABLE mail (a); INSERT INTO mail VALUES (zeroblob(20000))").unwrap();
        drop(file);
        let mut bytes = fs::read(room.path("other.db")).unwrap();
        bytes.truncate(9000);
        bytes
    };
    for (name, content) in [("passwd", b"root:x:0:0:root:/root:/bin/bash\n".repeat(40)), ("other.db", other)]
    {
        let (room, farm) = (Room::new(), ripe(vec![answering()]));
        room.write(name, &content);
        let asks = room.run(["-e", "Contoso", "193.0.22.9"]).farm(&farm).code(1);
        for run in [asks, room.run(["cache", "export"]).code(66)] {
            let outcome = run.cache(name).any_stderr().check();
            assert!(outcome.stderr.contains("touched"), "{}", outcome.stderr);
        }
        assert_eq!(fs::read(room.path(name)).unwrap(), content, "{name} is as it was");
        assert_eq!(
            fs::read_dir(room.path(".")).unwrap().filter(|e| e.as_ref().unwrap().path().is_file()).count(),
            1
        );
    }
}

fn truncated() -> Vec<u8> {
    let (room, farm) = (Room::new(), ripe(vec![answering()]));
    let addresses: String = (0..40).map(|i| format!("193.0.{i}.9\n")).collect();
    cached(&room, &farm, &[]).stdin(addresses).code(0).check();
    rusqlite::Connection::open(room.path("cache.db"))
        .unwrap()
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        .unwrap();
    let mut bytes = fs::read(room.path("cache.db")).unwrap();
    bytes.truncate(bytes.len() / 2);
    bytes
}

#[test]
fn a_newer_schema_is_left_alone() {
    let (room, farm) = (Room::new(), ripe(vec![answering()]));
    cached(&room, &farm, &["193.0.99.9"]).code(0).check();
    let file = rusqlite::Connection::open(room.path("cache.db")).unwrap();
    file.pragma_update(None, "user_version", 1_000_000).unwrap();
    drop(file);
    let outcome = cached(&room, &farm, &["-e", "Contoso", "193.0.22.9"]).any_stderr().code(1).check();
    assert!(outcome.stderr.lines().count() <= 1, "{}", outcome.stderr);
    let file = rusqlite::Connection::open(room.path("cache.db")).unwrap();
    let version: i64 = file.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    assert_eq!(version, 1_000_000);
}

#[test]
fn a_file_locked_for_long_is_done_without() {
    let (room, farm) = (Room::new(), ripe(vec![answering()]));
    cached(&room, &farm, &["193.0.99.9"]).code(0).check();
    let file = rusqlite::Connection::open(room.path("cache.db")).unwrap();
    file.execute_batch("BEGIN EXCLUSIVE").unwrap();
    survives(&room, &farm, "locked");
}

#[test]
fn a_folder_that_is_missing_or_no_folder_is_done_without() {
    let farm = ripe(vec![answering()]);
    let room = Room::with(&[("plain", "a file")]);
    for path in ["plain/cache.db", "/proc/no/such/cache.db"] {
        let run = room.run(["-e", "Contoso", "193.0.22.9"]).farm(&farm).env("WHODUNIT_CACHE", path);
        let outcome = run.stderr_has("cache").code(1).check();
        // The table of origins beside it must not cause a second warning.
        assert_eq!(outcome.stderr.lines().count(), 1, "{}", outcome.stderr);
    }
}

#[test]
fn a_full_disk_is_done_without() {
    // A limit on file sizes replaces a full disk: the write fails in the same way, and the signal must not end the
    // program.
    let (room, farm) = (Room::new(), ripe(vec![answering()]));
    let run = cached(&room, &farm, &["-e", "Contoso", "193.0.22.9"]);
    run.through(r#"trap '' XFSZ; ulimit -f 1; exec "$@""#).any_stderr().code(1).check();
}

#[test]
fn a_folder_one_may_not_write_to_is_done_without() {
    let farm = ripe(vec![answering()]);
    let room = Room::new();
    room.open_to_all(&farm.list());
    // Root may write anywhere, so it becomes nobody for this.
    let script = if is_root() { AS_NOBODY } else { r#"shift; chmod 555 .; exec ./whodunit "$@""# };
    let run = cached(&room, &farm, &["-e", "Contoso", "193.0.22.9"]);
    let outcome = run.through(script).any_stderr().code(1).check();
    assert!(outcome.stderr.contains("cache"), "{}", outcome.stderr);
}

/// A folder `shared` of these rights and group nogroup, with a file of root's in it.
fn file_of_roots(room: &Room, folder: u32, file: u32) {
    let (shared, cache) = (room.path("shared"), room.path("shared/cache.db"));
    fs::create_dir_all(&shared).unwrap();
    std::os::unix::fs::chown(&shared, None, Some(65_534)).unwrap();
    fs::set_permissions(&shared, fs::Permissions::from_mode(folder)).unwrap();
    fs::write(&cache, "").unwrap();
    std::os::unix::fs::chown(&cache, None, Some(0)).unwrap();
    fs::set_permissions(&cache, fs::Permissions::from_mode(file)).unwrap();
}

#[test]
fn a_file_of_somebody_elses_is_named_with_what_to_do() {
    if !is_root() {
        return skip("root, who alone can make a file that is somebody else's");
    }
    let farm = ripe(vec![answering()]);
    let room = Room::new();
    room.open_to_all(&farm.list());
    for (mode, cannot) in [(0o660, "opened"), (0o644, "written")] {
        file_of_roots(&room, 0o755, mode);
        let run =
            room.run(["--rate", "0", "-e", "Contoso", "193.0.22.9"]).farm(&farm).cache("shared/cache.db");
        let outcome = run.through(AS_NOBODY).any_stderr().code(1).check();
        for part in [
            format!("shared/cache.db cannot be {cannot}"),
            format!("(of user 0 and group 0, mode {mode:o}; its folder of user 0 and group 65534, mode 755)"),
            "let this user or its group write both, or name another with --cache".to_owned(),
        ] {
            assert!(outcome.stderr.contains(&part), "no {part} in {}", outcome.stderr);
        }
    }
}

#[test]
fn what_root_tried_by_hand_locks_no_daemon_out() {
    if !is_root() {
        return skip("root, who alone can make a file that is somebody else's");
    }
    let farm = ripe(vec![answering()]);
    let room = Room::new();
    room.open_to_all(&farm.list());
    // The admin tried it as root, and then gave the folder to the daemon's group, as README says.
    file_of_roots(&room, 0o2770, 0o660);
    let run = || room.run(["--rate", "0", "--json", "193.0.22.9"]).farm(&farm).cache("shared/cache.db");
    let source = || run().through(AS_NOBODY).code(0).check().json()[0]["source"].clone();
    assert_eq!((source(), source()), ("whois".into(), "cache".into()));
    assert_eq!(run().code(0).check().json()[0]["source"], "cache", "and root shares it");
}
