//! `serve --stdio`, as spawn(8) starts it: standard input, output and error are one socket.

use super::*;
use std::os::{fd::OwnedFd, unix::net::UnixStream};

fn spawned(world: &World, config: &str, args: &[&str]) -> (Child, UnixStream) {
    let (ours, theirs) = UnixStream::pair().unwrap();
    let end = || Stdio::from(OwnedFd::from(theirs.try_clone().unwrap()));
    let mut command = Command::new(PROGRAM);
    command.args(["serve", "--stdio", "--config", config]).args(args);
    // The environment that spawn(8) leaves.
    command.env_clear().env("PATH", "/usr/bin:/bin").env("LANG", "C").current_dir(world.folder.path());
    let child = command.stdin(end()).stdout(end()).stderr(end()).spawn().unwrap();
    ours.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    (child, ours)
}

#[test]
fn answers_and_ends_with_its_client() {
    let world = World::new();
    let (mut child, stream) = spawned(&world, &world.text("config.toml"), &[]);
    let mut asking = Asking::new(stream);
    assert_eq!(asking.ask(BLOCKED), rejected());
    assert_eq!(asking.ask(CLEAR), "DUNNO");
    drop(asking);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn term_ends_an_idle_one_at_once() {
    let world = World::new();
    let (mut child, stream) = spawned(&world, &world.text("config.toml"), &[]);
    let mut asking = Asking::new(stream);
    assert_eq!(asking.ask(CLEAR), "DUNNO");
    let begun = Instant::now();
    Command::new("kill").arg(child.id().to_string()).status().unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
}

#[test]
fn nothing_but_the_protocol_is_ever_written() {
    let world = World::new();
    world.write("bad.toml", "block = 7\n");
    world.write("broken", "(\n");
    // Each of these would normally print a message on standard error.
    let cases: [(&str, &[&str], i32); 6] = [
        (&world.text("config.toml"), &["--cache", &world.text("blocked/cache.db")], 0),
        (&world.text("config.toml"), &["-f", "/nonexistent"], 66),
        (&world.text("config.toml"), &["-f", &world.text("broken")], 78),
        (&world.text("config.toml"), &["--no-such-option"], 64),
        (&world.text("bad.toml"), &[], 78),
        ("/nonexistent.toml", &[], 66),
    ];
    for (config, args, code) in cases {
        let (mut child, mut stream) = spawned(&world, config, args);
        let _ = stream.write_all(b"client_address=unknown\n\nclient_address=193.0.20.9\n\n");
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        // A program that ends without reading all that was sent resets the connection.
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes);
        let text = String::from_utf8(bytes).unwrap();
        let wanted =
            if code == 0 { format!("action=DUNNO\n\naction={}\n\n", rejected()) } else { String::new() };
        assert_eq!(text, wanted, "{config} {args:?}");
        assert_eq!(child.wait().unwrap().code(), Some(code), "{config} {args:?}");
    }
}

#[test]
fn a_lookup_that_comes_too_late_for_its_client_fills_the_cache() {
    let world = World::new();
    let late = format!("REJECT {}", refusal("Contoso GmbH", "193.0.32.0/24"));
    for (round, wanted) in ["DUNNO".to_owned(), late].into_iter().enumerate() {
        let (mut child, stream) = spawned(&world, &world.text("config.toml"), &["--timeout", "0.5"]);
        let mut asking = Asking::new(stream);
        assert_eq!(asking.ask(LATE), wanted, "round {round}");
        drop(asking);
        assert_eq!(child.wait().unwrap().code(), Some(0));
        assert_eq!(world.farm.questions(), 1);
    }
}

#[test]
fn nothing_is_written_when_the_arguments_or_the_machine_are_wrong() {
    let world = World::new();
    for (line, code) in [
        ("exec \"$0\" serve --stdio=true", 64),
        ("exec \"$0\" serve --stdio --listen inet:127.0.0.1:0", 64),
        ("exec \"$0\" serve --stdio --help", 0),
        // No descriptor is left to replace these three. A test that runs beside this one may have left some open.
        ("exec 3>&- 4>&- 5>&-; ulimit -n 4; exec \"$0\" serve --stdio", 70),
        ("exec 3>&- 4>&- 5>&-; ulimit -n 5; exec \"$0\" serve --stdio", 70),
    ] {
        let (mut ours, theirs) = UnixStream::pair().unwrap();
        let end = || Stdio::from(OwnedFd::from(theirs.try_clone().unwrap()));
        let mut command = Command::new("/bin/sh");
        command.args(["-c", line, PROGRAM]).env_clear().env("PATH", "/usr/bin:/bin");
        command.current_dir(world.folder.path());
        let mut child = command.stdin(end()).stdout(end()).stderr(end()).spawn().unwrap();
        drop((command, theirs));
        let mut text = String::new();
        ours.read_to_string(&mut text).unwrap();
        assert_eq!((text.as_str(), child.wait().unwrap().code()), ("", Some(code)), "{line}");
    }
}

#[test]
fn a_person_who_types_it_is_told_what_is_wrong() {
    let world = World::new();
    for (args, code, told) in [
        (&["--stdio", "--listen", "inet:127.0.0.1:0"][..], 64, "exclude each other"),
        (&["--stdio", "-f", "/nonexistent"][..], 66, "/nonexistent"),
        (&["--stdio"][..], 0, ""),
    ] {
        let mut command = Command::new(PROGRAM);
        command.arg("serve").args(args).args(["--config", &world.text("config.toml")]);
        let output = command.stdin(Stdio::null()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{said}");
        assert!(said.contains(told) && (code > 0 || said.is_empty()), "{args:?}: {said}");
    }
}

#[test]
fn with_syslog_standard_error_stays_silent() {
    let world = World::new();
    let path = world.text("policy");
    let mut command = Command::new(PROGRAM);
    command.args([
        "serve",
        "--config",
        &world.text("config.toml"),
        "--syslog",
        "--listen",
        &format!("unix:{path}"),
    ]);
    let running = Running::start(command.stdin(Stdio::null()).stdout(Stdio::null()));
    until("the socket", || UnixStream::connect(&path).is_ok());
    let mut asking = Asking::new(UnixStream::connect(&path).unwrap());
    assert_eq!(asking.ask(BLOCKED), rejected());
    thread::sleep(Duration::from_millis(100));
    assert_eq!(running.said(), "");
}
