//! The policy service over TCP and unix sockets, on its own.

use super::*;
use std::{net::Shutdown, os::unix::net::UnixStream};

#[test]
fn answers_as_the_contract_says() {
    let world = World::new();
    let serve = Serve::start(&world, &[]);
    let mut connection = serve.connect();
    let reject = format!("REJECT {TEXT}");
    for (address, wanted) in [
        (BLOCKED, reject.as_str()),
        (CLEAR, "DUNNO"),
        (BLOCKED6, &reject),
        (BLOCKED6_LONG, &reject),
        (MAPPED, &reject),
        ("127.0.0.1", "DUNNO"),
        ("", "DUNNO"),
        ("unknown", "DUNNO"),
        (BLOCKED, &reject),
    ] {
        assert_eq!(connection.ask(address), wanted, "{address}");
    }
    assert_eq!(world.farm.questions(), 3, "each network once");
    let rule = format!("rule={}:2", world.text("blocked"));
    serve.running.says(&format!(
        "client_address={BLOCKED} verdict=blocked action=REJECT {rule} netblock=193.0.20.0/24"
    ));
    serve.running.says("org=\"Contoso GmbH\" server=whois.ripe.net source=whois delay=");
    serve.running.says("source=memory");
    serve.running.says("client_address is no address: \\\"unknown\\\"");
}

#[test]
fn an_unknown_address_gets_what_was_asked_for() {
    for (options, wanted) in [
        (&[][..], "DUNNO"),
        (&["--on-unknown", "defer"], "DEFER_IF_PERMIT Cannot find out who runs your network (timeout)"),
        (&["--on-unknown", "block"], "REJECT Cannot find out"),
        (&["--on-unknown", "defer", "--dry-run"], "WARN whodunit would DEFER_IF_PERMIT"),
    ] {
        let world = World::new();
        let serve = Serve::start(&world, &[options, &["--timeout", "1"]].concat());
        let begun = Instant::now();
        let answer = serve.ask(SILENT);
        assert!(answer.starts_with(wanted), "{options:?}: {answer}");
        assert!(begun.elapsed() < Duration::from_millis(1800), "{:?}", begun.elapsed());
        let again = Instant::now();
        assert_eq!(serve.ask(SILENT), answer);
        assert!(
            again.elapsed() < Duration::from_millis(700),
            "the second recipient waits {:?}",
            again.elapsed()
        );
    }
}

#[test]
fn dry_run_only_warns() {
    let world = World::new();
    let serve = Serve::start(&world, &["--dry-run"]);
    assert_eq!(serve.ask(BLOCKED), format!("WARN whodunit would REJECT: {TEXT}"));
    assert_eq!(serve.ask(CLEAR), "DUNNO");
}

#[test]
fn the_reject_text_is_filled_in_and_stays_one_line() {
    let world = World::new();
    let serve = Serve::start(&world, &["--reject-text", "{ip} of {org} in {network}: {file} line {line}"]);
    let rule = format!("{} line 2", world.text("blocked"));
    assert_eq!(serve.ask(BLOCKED), format!("REJECT 193.0.20.9 of Contoso GmbH in 193.0.20.0/24: {rule}"));
    let hostile = serve.ask(HOSTILE);
    assert!(hostile.starts_with("REJECT 193.0.28.9 of Contoso"), "{hostile:?}");
    assert!(hostile.bytes().all(|b| (b' '..=b'~').contains(&b)), "{hostile:?}");
    serve.running.says("client_address=193.0.28.9");
    assert!(!serve.running.said().contains(['\u{1b}', '\u{7}', '\u{202e}']));
}

#[test]
fn a_late_lookup_still_fills_the_cache() {
    let world = World::new();
    let serve = Serve::start(&world, &["--timeout", "0.5"]);
    assert_eq!(serve.ask(LATE), "DUNNO");
    until("the late answer", || serve.ask(LATE) == format!("REJECT {TEXT}"));
    assert_eq!(world.farm.asked("whois.ripe.net").len(), 1);
    drop(serve);
    let serve = Serve::start(&world, &["--timeout", "0.5"]);
    assert_eq!(serve.ask(LATE), format!("REJECT {TEXT}"), "another process finds it in the cache");
    serve.running.says("source=cache");
}

#[test]
fn fifteen_that_hang_hold_up_nobody_else() {
    let world = World::new();
    let serve = Serve::start(&world, &["--timeout", "3"]);
    assert_eq!(serve.ask(CLEAR), "DUNNO");
    let mut hanging: Vec<_> = (1..=15).map(|_| serve.connect()).collect();
    for (n, connection) in hanging.iter_mut().enumerate() {
        connection.send(&format!("193.0.30.{n}"));
    }
    thread::sleep(Duration::from_millis(200));
    // The best of some: the machine that runs this has other things to do.
    let waited = (70..74).map(|n| {
        let begun = Instant::now();
        assert_eq!(serve.ask(&format!("193.0.24.{n}")), "DUNNO", "its network is in the cache");
        begun.elapsed()
    });
    let took = waited.min().unwrap();
    assert!(took < Duration::from_millis(500), "{took:?}");
    for connection in &mut hanging {
        assert_eq!(connection.answer(), "DUNNO");
    }
}

#[test]
fn hup_reads_the_patterns_again_and_term_ends_with_zero() {
    let world = World::new();
    let mut serve = Serve::start(&world, &[]);
    assert_eq!(serve.ask(CLEAR), "DUNNO");
    world.write("blocked", "Northwind\n");
    serve.running.signal("HUP");
    serve.running.says("reloaded=patterns");
    assert_eq!(serve.ask(CLEAR), format!("REJECT {TEXT}"));
    assert_eq!(serve.ask(BLOCKED), "DUNNO");
    world.write("blocked", "Northwind\n(\n");
    serve.running.signal("HUP");
    serve.running.says("not reloaded, all stays as it was: ");
    serve.running.says("blocked:2");
    assert_eq!(serve.ask(CLEAR), format!("REJECT {TEXT}"));
    serve.running.signal("TERM");
    assert_eq!(serve.running.code(), 0);
}

#[test]
fn what_has_been_asked_is_answered_before_it_ends() {
    let world = World::new();
    let mut serve = Serve::start(&world, &["--timeout", "5"]);
    let mut asking = serve.connect();
    asking.send(LATE);
    until("the question", || world.farm.questions() == 1);
    serve.running.signal("TERM");
    assert_eq!(asking.answer(), format!("REJECT {TEXT}"));
    assert_eq!(asking.answer(), "", "and then the end");
    assert_eq!(serve.running.code(), 0);
}

#[test]
fn holds_many_idle_connections_in_little_memory() {
    let world = World::new();
    let serve = Serve::start(&world, &[]);
    let mut connections: Vec<_> = (0..300).map(|_| serve.connect()).collect();
    for connection in &mut connections {
        assert_eq!(connection.ask(CLEAR), "DUNNO");
    }
    let status = fs::read_to_string(format!("/proc/{}/status", serve.running.child.id())).unwrap();
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    let kilobytes: u64 = resident.trim().trim_end_matches(" kB").parse().unwrap();
    assert!(kilobytes < 64 * 1024, "{kilobytes} kB for 300 connections");
    assert_eq!(serve.ask(BLOCKED), format!("REJECT {TEXT}"));
}

#[test]
fn nothing_that_is_sent_ends_it() {
    let world = World::new();
    let serve = Serve::start(&world, &[]);
    for junk in
        [&b"\0\xff\xfe\n\n"[..], b"GET / HTTP/1.0\r\n\r\n", &[b'x'; 1_000_000], &b"a=b\n".repeat(9999)]
    {
        let mut stream = TcpStream::connect(("127.0.0.1", serve.port)).unwrap();
        let _ = stream.write_all(junk);
        let _ = stream.shutdown(Shutdown::Write);
        let _ = stream.read_to_end(&mut Vec::new());
    }
    assert_eq!(serve.ask(BLOCKED), format!("REJECT {TEXT}"));
}

#[test]
fn listens_at_several_places_and_takes_away_what_a_dead_one_left() {
    let world = World::new();
    let path = world.path("policy");
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    let place = format!("unix:{}", path.display());
    let mut serve = Serve::start(&world, &["--listen", &place]);
    serve.running.says(&format!("listening={place}"));
    assert_eq!(Asking::new(UnixStream::connect(&path).unwrap()).ask(BLOCKED), format!("REJECT {TEXT}"));
    assert_eq!(serve.ask(BLOCKED), format!("REJECT {TEXT}"));
    let mut second = Command::new(PROGRAM);
    second.args(["serve", "--config", &world.text("config.toml"), "--listen", &place]);
    let mut second = Running::start(second.stdin(Stdio::null()).stdout(Stdio::null()));
    assert_eq!(second.code(), 78);
    second.says("another service listens there already");
    serve.running.signal("TERM");
    assert_eq!(serve.running.code(), 0);
    assert!(!path.exists());
}

#[test]
fn bad_options_are_named_before_anything_is_listened_at() {
    let world = World::new();
    for (args, code, said) in [
        (&["--listen", "10045"][..], 64, "inet:HOST:PORT"),
        (&[], 64, "--listen"),
        (&["--listen", "inet:127.0.0.1:0", "--reject-text", "{owner}"], 64, "{org}"),
        (&["--listen", "inet:127.0.0.1:0", "-f", "/nonexistent"], 66, "/nonexistent"),
        (&["--listen", "unix:/nonexistent/policy"], 78, "unix:/nonexistent/policy"),
    ] {
        let mut command = Command::new(PROGRAM);
        command.args(["serve", "--config", &world.text("config.toml")]).args(args).env_clear();
        let mut running = Running::start(command.stdin(Stdio::null()).stdout(Stdio::null()));
        assert_eq!(running.code(), code, "{args:?}");
        running.says(said);
    }
}
