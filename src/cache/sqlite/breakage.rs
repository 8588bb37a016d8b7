//! Damage to a cache file, and that it never decides a verdict.

use super::{SCHEMA, SqliteCache};
use crate::cache::{
    Cache, CacheEnv, CacheLocation, LayeredCache, LeaseHolder, Maintenance, Store,
    contract::{at, freshness, kept},
    location, open,
};
use rusqlite::Connection;
use std::{
    fs,
    net::IpAddr,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::Path,
    sync::atomic::{AtomicU32, Ordering},
};

fn ip(address: &str) -> IpAddr {
    address.parse().unwrap()
}

/// Keeps and finds through a layered cache, as a lookup does. Returns the warning.
fn use_it(path: &Path) -> Option<String> {
    let handle = open(&CacheLocation::Path(path.to_owned()), &CacheEnv::default(), at(0));
    let first = handle.find(ip("198.51.100.9"), &freshness(0));
    assert!(first.is_none());
    let holder = LeaseHolder::unique();
    assert!(handle.claim("ask 198.51.100.0/24", 1, holder, at(0), at(10)));
    assert!(!handle.claim("ask 198.51.100.0/24", 1, LeaseHolder::unique(), at(0), at(10)));
    handle.keep(&kept("198.51.100.0", "198.51.100.255", "198.51.100.1", true));
    handle.release("ask 198.51.100.0/24", holder);
    let found = handle.find(ip("198.51.100.9"), &freshness(1)).expect("kept, in the file or in memory");
    handle.remember(&found, &[1; 16], None, b"blocked");
    assert_eq!(handle.recall(&found, &[1; 16], None).unwrap(), b"blocked");
    assert!(handle.answer(&found).is_some());
    let warning = handle.warning();
    assert_eq!(handle.warning(), None, "once");
    warning
}

fn aside(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|name| name.contains(".corrupt-")).collect();
    names.sort();
    names
}

/// A good cache file with one answer.
fn good(path: &Path) {
    let cache = SqliteCache::open(path, at(0)).unwrap();
    for n in 0..200 {
        let first = format!("198.51.{n}.0");
        cache.keep(&kept(&first, &format!("198.51.{n}.255"), &first, true)).unwrap();
    }
}

#[test]
fn a_missing_folder_is_made_for_the_user_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a/b/cache.db");
    assert_eq!(use_it(&path), None);
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
    assert_eq!(fs::metadata(path.parent().unwrap()).unwrap().mode() & 0o7777, 0o700);
}

#[test]
fn a_folder_that_a_group_shares_gets_files_that_it_shares() {
    let folder = tempfile::tempdir().unwrap();
    let shared = folder.path().join("whodunit");
    fs::create_dir(&shared).unwrap();
    fs::set_permissions(&shared, fs::Permissions::from_mode(0o2770)).unwrap();
    // As root, the folder belongs to another user, as that of a daemon would.
    let root = std::os::unix::fs::chown(&shared, Some(65_534), Some(65_533)).is_ok();
    fs::set_permissions(&shared, fs::Permissions::from_mode(0o2770)).unwrap();
    let env = CacheEnv { shared: shared.clone(), ..CacheEnv::default() };
    let handle = open(&CacheLocation::Default, &env, at(0));
    handle.keep(&kept("198.51.100.0", "198.51.100.255", "198.51.100.1", true));
    assert_eq!(handle.warning(), None);
    let made = fs::metadata(shared.join("cache.db")).unwrap();
    assert_eq!(made.mode() & 0o777, 0o660);
    let folder = fs::metadata(&shared).unwrap();
    assert_eq!((made.gid(), folder.mode() & 0o7777), (folder.gid(), 0o2770));
    assert!(!root || made.uid() == 65_534);
    assert_eq!(fs::read_dir(&shared).unwrap().count(), 1, "no draft is left");
}

#[test]
fn the_default_is_the_users_own_where_the_shared_folder_cannot_be_written() {
    let home = tempfile::tempdir().unwrap();
    let env =
        CacheEnv { home: Some(home.path().into()), shared: "/proc/whodunit".into(), ..CacheEnv::default() };
    let handle = open(&CacheLocation::Default, &env, at(0));
    handle.keep(&kept("198.51.100.0", "198.51.100.255", "198.51.100.1", true));
    assert_eq!(handle.warning(), None);
    assert!(home.path().join(".cache/whodunit/cache.db").exists());
    let relative = CacheEnv { xdg_cache_home: Some("relative".into()), ..env.clone() };
    assert_eq!(relative.own(), env.own());
    let homeless = open(&CacheLocation::Default, &CacheEnv { home: None, ..env }, at(0));
    assert!(homeless.warning().unwrap().contains("name one with --cache"));
}

#[test]
fn a_file_deleted_or_replaced_under_us_is_left_for_the_one_at_its_path() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a/cache.db");
    let handle = open(&CacheLocation::Path(path.clone()), &CacheEnv::default(), at(0));
    let one = kept("198.51.100.0", "198.51.100.255", "198.51.100.1", true);
    let there = |now| handle.find(ip("198.51.100.9"), &freshness(now)).is_some();
    let on_disk = || {
        SqliteCache::open(&path, at(0)).unwrap().find(ip("198.51.100.9"), &freshness(1)).unwrap().is_some()
    };
    handle.keep(&one);
    assert!(there(1) && on_disk());
    fs::remove_file(&path).unwrap();
    assert!(!there(2), "what was deleted is forgotten");
    handle.keep(&one);
    assert!(there(3) && on_disk(), "and the new file is used at once");
    let other = folder.path().join("other.db");
    good(&other);
    fs::rename(&other, &path).unwrap();
    assert!(
        handle.find(ip("198.51.7.9"), &freshness(4)).is_some() && there(4),
        "another's file, 198.51.100.0 in it"
    );
    assert_eq!(handle.warning(), None, "nothing of it is worth a word");
    // While the path cannot be used, memory serves.
    fs::remove_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path.parent().unwrap(), "").unwrap();
    assert!(!there(5));
    handle.keep(&one);
    assert!(there(6) && handle.warning().unwrap().contains("cannot make the cache"));
    fs::remove_file(path.parent().unwrap()).unwrap();
    assert!(there(70));
    handle.keep(&one);
    assert!(on_disk(), "after its rest it is used again");
}

#[test]
fn what_cannot_be_made_or_opened_costs_one_warning() {
    let folder = tempfile::tempdir().unwrap();
    for path in [Path::new("/proc/no/such/cache.db"), &folder.path().join("a-file/cache.db")] {
        fs::write(folder.path().join("a-file"), "").unwrap();
        let warning = use_it(path).unwrap();
        assert!(
            warning.contains(&*path.to_string_lossy()) && warning.ends_with("going on without it"),
            "{warning}"
        );
    }
}

#[test]
fn a_garbage_file_is_set_aside_and_only_so_many_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cache.db");
    for stamp in ["20200101T000000Z", "20210101T000000Z", "20220101T000000Z"] {
        fs::write(folder.path().join(format!("cache.db.corrupt-{stamp}")), "old").unwrap();
    }
    fs::write(&path, "this is no database, and long enough to be taken for one. ".repeat(40)).unwrap();
    fs::write(folder.path().join("cache.db-journal"), "whatever").unwrap();
    let warning = use_it(&path).unwrap();
    assert!(warning.contains("it was moved to"), "{warning}");
    let names = aside(folder.path());
    assert!(!names.iter().any(|name| name.contains("2020")), "{names:?}");
    assert_eq!(names.iter().filter(|name| !name.ends_with("-journal")).count(), 3, "{names:?}");
    let handle = open(&CacheLocation::Path(path), &CacheEnv::default(), at(0));
    assert!(handle.find(ip("198.51.100.9"), &freshness(1)).is_some(), "the new file works");
}

#[test]
fn a_truncated_file_never_gives_another_networks_answer() {
    let folder = tempfile::tempdir().unwrap();
    let whole = folder.path().join("whole.db");
    good(&whole);
    let bytes = fs::read(&whole).unwrap();
    let mut set_aside = 0;
    for length in (1..bytes.len()).step_by(9001).chain([100, 4096, 8192]) {
        let cut = folder.path().join(format!("{length}/cache.db"));
        fs::create_dir(cut.parent().unwrap()).unwrap();
        fs::write(&cut, &bytes[..length]).unwrap();
        let handle = open(&CacheLocation::Path(cut.clone()), &CacheEnv::default(), at(0));
        for n in 0..200 {
            if let Some(answer) =
                handle.find(ip(&format!("198.51.{n}.9")), &freshness(1)).and_then(|f| handle.answer(&f))
            {
                assert_eq!(answer.record.org.unwrap(), format!("Example 198.51.{n}.0"));
            }
        }
        handle.keep(&kept("192.0.2.0", "192.0.2.255", "192.0.2.1", true));
        assert!(handle.find(ip("192.0.2.1"), &freshness(1)).is_some());
        set_aside += aside(cut.parent().unwrap()).len();
    }
    assert!(set_aside > 5, "{set_aside}");
}

#[test]
fn one_damaged_answer_goes_and_the_others_stay() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cache.db");
    good(&path);
    let other = Connection::open(&path).unwrap();
    other.execute_batch("UPDATE network1 SET body = x'0150' WHERE id = 8").unwrap();
    let handle = open(&CacheLocation::Path(path), &CacheEnv::default(), at(0));
    let answer =
        |n| handle.find(ip(&format!("198.51.{n}.9")), &freshness(1)).and_then(|found| handle.answer(&found));
    assert!(answer(7).is_none() && answer(8).is_some());
    assert!(handle.find(ip("198.51.7.9"), &freshness(1)).is_none(), "it is not met again");
    assert_eq!(handle.stats(at(1)).unwrap().networks, 199);
    handle.keep(&kept("198.51.7.0", "198.51.7.255", "198.51.7.0", true));
    assert!(answer(7).is_some());
    assert_eq!((handle.warning(), aside(folder.path())), (None, vec![]));
}

#[test]
fn a_newer_whodunits_file_and_another_programs_are_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let newer = folder.path().join("newer.db");
    good(&newer);
    let connection = Connection::open(&newer).unwrap();
    connection.execute_batch("PRAGMA user_version = 2; ALTER TABLE extent1 RENAME TO extent2").unwrap();
    let other = folder.path().join("other.db");
    Connection::open(&other).unwrap().execute_batch("CREATE TABLE accounts (name TEXT)").unwrap();
    for (path, why) in [(newer, "a newer whodunit"), (other, "some other program's")] {
        let before = fs::read(&path).unwrap();
        let warning = use_it(&path).unwrap();
        assert!(warning.contains(why), "{warning}");
        assert!(fs::read(&path).unwrap() == before);
    }
    assert_eq!(aside(folder.path()), [""; 0]);
}

#[test]
fn a_full_disk_and_a_lock_that_is_never_given_back_cost_one_warning() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cache.db");
    let full = SqliteCache::open(&path, at(0)).unwrap();
    full.stats(at(0)).unwrap();
    full.with(|connection| Ok(connection.pragma_update(None, "max_page_count", 7)?)).unwrap();
    let handle = LayeredCache::new(Some(Box::new(full) as Box<dyn Cache>));
    for n in 0..200 {
        let first = format!("198.51.{n}.0");
        handle.keep(&kept(&first, &format!("198.51.{n}.255"), &first, true));
        assert!(handle.find(ip(&first), &freshness(1)).is_some(), "{n}");
    }
    assert!(handle.warning().unwrap().contains("disk is full"));

    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let handle = open(&CacheLocation::Path(path), &CacheEnv::default(), at(0));
    assert!(handle.find(ip("192.0.2.1"), &freshness(1)).is_none());
    handle.keep(&kept("192.0.2.0", "192.0.2.255", "192.0.2.1", true));
    assert!(handle.find(ip("192.0.2.1"), &freshness(2)).is_some());
    assert!(handle.warning().unwrap().contains("locked for too long"));
    other.execute_batch("ROLLBACK").unwrap();
    assert!(handle.find(ip("198.51.0.1"), &freshness(30)).is_none(), "left alone for a minute");
    assert!(handle.find(ip("198.51.0.1"), &freshness(70)).is_some(), "and then tried again");
    assert!(
        handle.find(ip("192.0.2.1"), &freshness(70)).is_some(),
        "what memory kept meanwhile still answers"
    );
}

#[test]
fn the_oldest_answers_go_when_there_are_too_many_or_too_old() {
    let folder = tempfile::tempdir().unwrap();
    let cache = SqliteCache::open(&folder.path().join("cache.db"), at(0)).unwrap().with_room(120_000);
    for n in 0..600_i64 {
        let first = format!("198.{}.{}.0", n / 256, n % 256);
        let mut kept = kept(&first, &first.replace(".0", ".255"), &first, true);
        kept.answer.record.network = crate::address::Network::new(ip(&first), ip(&first)).unwrap();
        kept.answer.fetched = at(n);
        cache.keep(&kept).unwrap();
    }
    let stats = cache.stats(at(600)).unwrap();
    assert!(stats.networks > 50 && stats.networks < 400 && stats.bytes < 200_000, "{stats:?}");
    assert_eq!(stats.newest, Some(at(599)));
    assert!(cache.find(ip("198.0.0.0"), &freshness(600)).unwrap().is_none());
    let day = 86_400;
    for n in 0..65 {
        let mut late = kept("192.0.2.0", "192.0.2.255", &format!("192.0.2.{n}"), true);
        late.answer.fetched = at(200 * day);
        cache.keep(&late).unwrap();
    }
    assert_eq!(cache.stats(at(0)).unwrap().oldest, Some(at(200 * day)));
    let orphans = "SELECT (SELECT count(*) FROM extent1) - (SELECT count(*) FROM network1)";
    let orphans: i64 = cache.with(|c| Ok(c.query_row(orphans, [], |row| row.get(0))?)).unwrap();
    assert_eq!(orphans, 0);
}

#[test]
fn in_a_storm_one_asks_and_all_have_the_answer() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cache.db");
    for round in 0..5 {
        let questions = AtomicU32::new(0);
        let network = format!("198.51.{round}.0");
        // Each has a connection of its own, as processes have. The first to come makes the file.
        let one = || {
            let handle = open(&CacheLocation::Path(path.clone()), &CacheEnv::default(), at(0));
            let holder = LeaseHolder::unique();
            let mut tries = 2000;
            while handle.find(ip(&network), &freshness(1)).is_none() {
                if handle.claim(&network, 1, holder, at(1), at(11)) {
                    if handle.find(ip(&network), &freshness(1)).is_none() {
                        questions.fetch_add(1, Ordering::Relaxed);
                        handle.keep(&kept(&network, &format!("198.51.{round}.255"), &network, true));
                    }
                    handle.release(&network, holder);
                }
                tries -= 1;
                assert!(tries > 0, "nobody waits for ever");
                std::thread::sleep(std::time::Duration::from_millis(2));
            }
            assert_eq!(handle.warning(), None);
        };
        std::thread::scope(|scope| (0..24).for_each(|_| drop(scope.spawn(one))));
        assert_eq!(questions.into_inner(), 1);
    }
}

#[test]
fn of_many_who_meet_a_corrupt_file_one_sets_it_aside() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cache.db");
    fs::write(&path, "garbage ".repeat(1000)).unwrap();
    let warned = std::sync::Mutex::new(Vec::new());
    let one = || {
        let handle = open(&CacheLocation::Path(path.clone()), &CacheEnv::default(), at(0));
        handle.keep(&kept("198.51.100.0", "198.51.100.255", "198.51.100.1", true));
        assert!(handle.find(ip("198.51.100.9"), &freshness(1)).is_some());
        warned.lock().unwrap().extend(handle.warning());
    };
    std::thread::scope(|scope| (0..16).for_each(|_| drop(scope.spawn(one))));
    let left = aside(folder.path());
    assert_eq!(left.len(), 1, "{left:?}");
    let warned = warned.into_inner().unwrap();
    // Others may have had the old file open when it went, and say so; that costs them only speed. A process reports
    // only its first failure, so even the notice that it set the file aside may be missing.
    let aside = warned.iter().filter(|warning| warning.contains("it was moved to")).count();
    assert!(aside <= 1, "{warned:?}");
    assert!(
        SqliteCache::open(&path, at(0)).unwrap().find(ip("198.51.100.9"), &freshness(1)).unwrap().is_some()
    );
}

#[test]
fn the_schema_is_what_the_code_asks_for() {
    // A name that is only in one of them would show as "no such table" again and again.
    for table in ["extent1", "network1", "decision1", "claim1", "server1"] {
        assert!(SCHEMA.contains(&format!("CREATE TABLE {table} ")), "{table}");
    }
    assert!(location::file(Path::new("/tmp/")).ends_with("cache.db"));
}

#[test]
fn a_schema_with_views_or_triggers_is_no_cache_of_ours() {
    let folder = tempfile::tempdir().unwrap();
    let trigger = "CREATE TRIGGER t AFTER INSERT ON extent1 BEGIN DELETE FROM server1; END";
    for (name, planted) in [("view.db", "CREATE VIEW v AS SELECT * FROM extent1"), ("trigger.db", trigger)] {
        let path = folder.path().join(name);
        good(&path);
        Connection::open(&path).unwrap().execute_batch(planted).unwrap();
        let before = fs::read(&path).unwrap();
        let warning = use_it(&path).unwrap();
        assert!(warning.contains("whodunit did not make it") && warning.contains(name), "{warning}");
        assert_eq!(fs::read(&path).unwrap(), before, "nothing in it was touched");
    }
}
