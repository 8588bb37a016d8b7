//! The policy service over TCP and unix sockets, without a mail server.

use super::*;
use std::{net::Shutdown, os::unix::net::UnixStream};

#[test]
fn answers_as_the_contract_says() {
    let world = World::new();
    let serve = Serve::start(&world, &[]);
    let mut connection = serve.connect();
    let reject = rejected();
    let reject6 = format!("REJECT {}", refusal("Contoso GmbH", "2a00:db8::/32"));
    for (address, wanted) in [
        (BLOCKED, reject.as_str()),
        (CLEAR, "DUNNO"),
        (BLOCKED6, &reject6),
        (BLOCKED6_LONG, &reject6),
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
    assert_eq!(
        serve.ask(BLOCKED),
        format!("WARN whodunit would REJECT: {}", refusal("Contoso GmbH", "193.0.20.0/24"))
    );
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
    let late = format!("REJECT {}", refusal("Contoso GmbH", "193.0.32.0/24"));
    assert_eq!(serve.ask(LATE), "DUNNO");
    until("the late answer", || serve.ask(LATE) == late);
    assert_eq!(world.farm.asked("whois.ripe.net").len(), 1);
    drop(serve);
    let serve = Serve::start(&world, &["--timeout", "0.5"]);
    assert_eq!(serve.ask(LATE), late, "another process finds it in the cache");
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
    // The best of several: the machine may be busy.
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
    assert_eq!(serve.ask(CLEAR), format!("REJECT {}", refusal("Northwind Traders", "193.0.24.0/24")));
    assert_eq!(serve.ask(BLOCKED), "DUNNO");
    world.write("blocked", "Northwind\n(\n");
    serve.running.signal("HUP");
    serve.running.says("not reloaded, all stays as it was: ");
    serve.running.says("blocked:2");
    assert_eq!(serve.ask(CLEAR), format!("REJECT {}", refusal("Northwind Traders", "193.0.24.0/24")));
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
    assert_eq!(asking.answer(), format!("REJECT {}", refusal("Contoso GmbH", "193.0.32.0/24")));
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
    assert_eq!(serve.ask(BLOCKED), rejected());
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
    assert_eq!(serve.ask(BLOCKED), rejected());
}

#[test]
fn listens_at_several_places_and_takes_away_what_a_dead_one_left() {
    let world = World::new();
    let path = world.path("policy");
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    let address = format!("unix:{}", path.display());
    let mut serve = Serve::start(&world, &["--listen", &address]);
    serve.running.says(&format!("listening={address}"));
    assert_eq!(Asking::new(UnixStream::connect(&path).unwrap()).ask(BLOCKED), rejected());
    assert_eq!(serve.ask(BLOCKED), rejected());
    let mut second = Command::new(PROGRAM);
    second.args(["serve", "--config", &world.text("config.toml"), "--listen", &address]);
    let mut second = Running::start(second.stdin(Stdio::null()).stdout(Stdio::null()));
    assert_eq!(second.code(), 74);
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
        (&["--listen", "unix:/nonexistent/policy"], 74, "unix:/nonexistent/policy"),
    ] {
        let mut command = Command::new(PROGRAM);
        command.args(["serve", "--config", &world.text("config.toml")]).args(args).env_clear();
        let mut running = Running::start(command.stdin(Stdio::null()).stdout(Stdio::null()));
        assert_eq!(running.code(), code, "{args:?}");
        running.says(said);
    }
}

#[test]
fn an_option_for_a_listener_that_there_is_not_is_told() {
    let world = World::new();
    let said = |listen: &[&str]| {
        let mut command = Command::new(PROGRAM);
        command.args(["serve", "--config", &world.text("config.toml"), "--dry-run", "--zone", "bl.example"]);
        let running = Running::start(command.args(listen).env_clear().stdin(Stdio::null()));
        running.says("listening=");
        running.said()
    };
    let policy = said(&["--listen", "inet:127.0.0.1:0"]);
    assert!(policy.contains("--zone has no effect without --listen dns:"), "{policy}");
    assert!(!policy.contains("--dry-run has"), "{policy}");
    let dns = said(&["--listen", "dns:127.0.0.1:0"]);
    assert!(dns.contains("--dry-run has no effect without --listen inet: or unix:"), "{dns}");
    let both = said(&["--listen", "inet:127.0.0.1:0", "--listen", "dns:127.0.0.1:0"]);
    assert!(!both.contains("no effect"), "{both}");
}

#[test]
fn tags_a_message_once() {
    let world = World::new();
    let serve = Serve::start(&world, &["--on-blocked", "tag", "--header"]);
    let mut connection = serve.connect();
    let mut ask = |address: &str, more: &str| {
        let request = format!("request=smtpd_access_policy\nclient_address={address}\n{more}\n");
        connection.0.get_mut().write_all(request.as_bytes()).unwrap();
        connection.answer()
    };
    let rule = format!("{}:2", world.text("blocked"));
    let tag =
        format!("PREPEND X-Whodunit: blocked; owner=\"Contoso GmbH\"; network=193.0.20.0/24; rule={rule}");
    assert_eq!(ask(BLOCKED, "protocol_state=RCPT\ninstance=1.2\n"), tag);
    assert_eq!(
        ask(BLOCKED, "protocol_state=RCPT\ninstance=1.2\n"),
        "DUNNO",
        "the message's second recipient"
    );
    assert_eq!(ask(BLOCKED, "protocol_state=RCPT\ninstance=1.3\n"), tag, "the next message");
    assert_eq!(
        ask(BLOCKED, "protocol_state=END-OF-MESSAGE\ninstance=1.4\n"),
        "DUNNO",
        "too late for a header"
    );
    let clear = "PREPEND X-Whodunit: clear; owner=\"Northwind Traders\"; network=193.0.24.0/24";
    assert_eq!(ask(CLEAR, "instance=1.5\n"), clear);
    let hostile = ask(HOSTILE, "");
    assert!(hostile.starts_with("PREPEND X-Whodunit: blocked; owner=\"Contoso"), "{hostile:?}");
    assert!(hostile.bytes().all(|b| (b' '..=b'~').contains(&b)), "{hostile:?}");
}

#[test]
fn writes_metrics_without_owners_or_addresses() {
    let world = World::new();
    let file = world.text("whodunit.prom");
    let table = world.write("table.tsv", "193.0.20.0\t193.0.23.255\t65010\tDE\tContoso\n");
    let mut import = Command::new(PROGRAM);
    import.args(["cache", "import", "--config", &world.text("config.toml")]).arg(table).env_clear();
    assert!(import.output().unwrap().status.success());
    let bytes = fs::metadata(world.path("cache/cache.db-origin")).unwrap().len();
    let serve = Serve::start(&world, &["--metrics", &file, "--listen", "dns:127.0.0.1:0"]);
    until("the metrics", || Path::new(&file).exists());
    let text = fs::read_to_string(&file).unwrap();
    for name in [
        "whodunit_answers_total{door=\"policy\",verdict=\"blocked\"} 0",
        "whodunit_answer_seconds_bucket{door=\"dns\",le=\"+Inf\"} 0",
        "whodunit_lookups_total{registry=\"ripe\"} 0",
        "whodunit_cache_usable 1",
        "whodunit_cache_networks ",
        "whodunit_build_info{version=",
        "whodunit_origin_usable 1",
        "whodunit_origin_ranges 1",
        &format!("whodunit_origin_bytes {bytes}"),
        "whodunit_origin_imported_seconds ",
    ] {
        assert!(text.contains(name), "no {name} in\n{text}");
    }
    assert!(!text.contains("Contoso") && !text.contains(BLOCKED));
    drop(serve);
}

#[test]
fn term_is_heard_while_patterns_cannot_be_read() {
    let world = World::new();
    let fifo = world.path("pipe");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let refused = |path: &str| {
        let mut command = Command::new(PROGRAM);
        command.args(["serve", "--config", "none", "--listen", "inet:127.0.0.1:0", "-f", path]).env_clear();
        let mut running = Running::start(command.stdin(Stdio::null()).stdout(Stdio::null()));
        assert_eq!(running.code(), 66, "{path}: {}", running.said());
        running.says(path);
    };
    refused(fifo.to_str().unwrap());
    refused("/dev/zero");
    // A pattern file that becomes a pipe later is refused by the reload, and the service continues.
    let mut serve = Serve::start(&world, &[]);
    fs::remove_file(world.path("blocked")).unwrap();
    assert!(Command::new("mkfifo").arg(world.path("blocked")).status().unwrap().success());
    serve.running.signal("HUP");
    serve.running.says("not reloaded, all stays as it was: ");
    assert_eq!(serve.ask(BLOCKED), rejected());
    serve.running.signal("TERM");
    assert_eq!(serve.running.code(), 0);
}

/// Mounts a file system at `$1` whose server never answers: opening a file there waits for ever. It ends with the
/// process that holds /dev/fuse.
const HANG: &str = "exec 3<>/dev/fuse; \
    mount -i -t fuse -o fd=3,rootmode=40000,user_id=0,group_id=0 hanging \"$1\"; echo mounted >&2; exec sleep $2";

#[test]
fn a_mount_that_hangs_stops_no_answer_and_no_signal() {
    let apart = |program: &str| {
        let mut command = Command::new(program);
        command.stdin(Stdio::null()).stdout(Stdio::null());
        command
    };
    let folder = tempfile::tempdir().unwrap();
    let mut trial = apart("unshare");
    trial.args(["--mount", "sh", "-ec", HANG, "sh"]).arg(folder.path()).arg("0").stderr(Stdio::null());
    if !trial.status().is_ok_and(|status| status.success()) {
        return crate::jig::skip("mount namespaces, or /dev/fuse in them");
    }
    let world = World::new();
    let blocked = world.write("mount/blocked", "Contoso\n");
    let mut command = apart("unshare");
    command.args(["--mount", PROGRAM, "serve", "--config", &world.text("config.toml"), "-f"]).arg(blocked);
    command.args(["--listen", "inet:127.0.0.1:0"]).env_clear().env("PATH", "/usr/bin:/bin");
    let mut serve = Serve::of(Running::start(&mut command));
    assert_eq!(serve.ask(BLOCKED), rejected());
    let process = serve.running.child.id();
    let mut command = apart("nsenter");
    command.args([
        "--mount",
        "--target",
        &process.to_string(),
        "sh",
        "-ec",
        HANG,
        "sh",
        &world.text("mount"),
        "120",
    ]);
    let mount = Running::start(&mut command);
    mount.says("mounted");
    for _ in 0..3 {
        serve.running.signal("HUP");
    }
    let reloads = || {
        let threads = fs::read_dir(format!("/proc/{process}/task")).unwrap().flatten();
        threads
            .filter(|thread| fs::read_to_string(thread.path().join("comm")).is_ok_and(|n| n == "reload\n"))
            .count()
    };
    until("a reload", || reloads() > 0);
    assert_eq!(serve.ask(BLOCKED), rejected(), "by the patterns that it has");
    assert_eq!(serve.ask(CLEAR), "DUNNO");
    assert_eq!(reloads(), 1, "it hangs, and no second one hangs beside it");
    serve.running.signal("TERM");
    assert_eq!(serve.running.code(), 0);
    assert!(!serve.running.said().contains("reloaded="), "{}", serve.running.said());
}

#[test]
fn the_monitoring_plugin_says_how_it_is() {
    let world = World::new();
    let serve = Serve::start(&world, &["--listen", "dns:127.0.0.1:0"]);
    assert_eq!(serve.ask(BLOCKED), rejected());
    let (inet, dns) = (format!("inet:127.0.0.1:{}", serve.port), format!("dns:{}", serve.dns()));
    let check = |args: &[&str]| {
        let mut command = Command::new(PROGRAM);
        command.arg("check").args(args).env_clear().env("PATH", "/usr/bin:/bin");
        let output = command.output().unwrap();
        let line = String::from_utf8(output.stdout).unwrap();
        assert_eq!(line.lines().count(), 1, "{line}");
        (output.status.code().unwrap(), line)
    };
    let config = world.text("config.toml");
    let (code, line) = check(&["--config", &config, "--listen", &inet, "--listen", &dns]);
    assert_eq!(code, 0, "{line}");
    assert!(
        line.starts_with("WHODUNIT OK - the service answers at inet:") && line.contains(" | time0="),
        "{line}"
    );
    assert!(line.contains("1 answer in the cache") || line.contains("networks=1"), "{line}");
    let (code, line) = check(&["--config", &config, "--listen", "inet:127.0.0.1:1", "--listen", &dns]);
    assert_eq!(code, 2, "{line}");
    assert!(line.starts_with("WHODUNIT CRITICAL - no answer at inet:127.0.0.1:1: "), "{line}");
    let (code, line) = check(&["--config", &config, "--listen", &dns, "--zone", "lists.example"]);
    assert!(
        code == 2 && line.contains("it refuses the zone lists.example: name the service's with --zone"),
        "{line}"
    );
    let (code, line) = check(&["--config", "none", "--cache", "none"]);
    assert!(code == 3 && line.starts_with("WHODUNIT UNKNOWN - "), "{code} {line}");
    let (code, line) = check(&["--config", &config]);
    assert!(code == 0 && line.contains(" in the cache, no service is asked without --listen"), "{line}");
    let (code, line) = check(&["--config", &config, "--listen", "bogus"]);
    assert!(code == 3 && line.contains("bogus"), "{code} {line}");
    // A plugin has no other code, and its stdout is all that people see.
    for (args, why) in
        [(["--stale", "soon"], "`soon` is not a number of days: write 45"), (["--all", "x"], "--all")]
    {
        let (code, line) = check(&args);
        assert!(code == 3 && line.starts_with("WHODUNIT UNKNOWN - ") && line.contains(why), "{code} {line}");
    }
    let dump =
        world.write("ripe.db.inetnum", "inetnum: 80.0.0.0 - 80.0.0.255\nnetname: EXAMPLE\nsource: RIPE\n");
    let mut import = Command::new(PROGRAM);
    import.args(["cache", "import", "--config", &config]).arg(dump).env_clear();
    assert!(import.output().unwrap().status.success());
    let (code, line) = check(&["--config", &config, "--listen", &inet]);
    assert!(code == 0 && line.contains("1 answer and 1 imported network in the cache"), "{line}");
    // An old import should be renewed.
    let cache = world.path("cache/cache.db");
    let imported = world.path("cache/cache.db-imported");
    fs::write(&imported, "").unwrap();
    let old = std::time::SystemTime::now() - Duration::from_secs(50 * 86_400);
    fs::File::options().write(true).open(&imported).unwrap().set_modified(old).unwrap();
    let (code, line) = check(&["--config", "none", "--cache", cache.to_str().unwrap(), "--listen", &inet]);
    assert!(code == 1 && line.contains("imported data is 50 days old"), "{code} {line}");
}

/// A service, which runs for weeks, pauses a registry that sends everybody the same text, and the log says so.
#[test]
fn a_registry_that_says_nothing_is_left_alone_and_the_log_says_so() {
    let world = World::new();
    let serve = Serve::start(&world, &[]);
    for n in 0..8 {
        assert_eq!(serve.ask(&format!("193.0.{}.9", 40 + n)), "DUNNO");
    }
    serve.running.says("whois.ripe.net answers with nothing about the networks asked");
    assert!(world.farm.questions() < 8, "{}", world.farm.questions());
    assert_eq!(serve.ask(BLOCKED), "DUNNO", "it is held off for every network");
}
