//! systemd's features: passed sockets, the notification when ready, and the unit itself.

use super::*;
use std::os::{
    fd::OwnedFd,
    unix::net::{UnixDatagram, UnixListener, UnixStream},
};

#[test]
fn takes_the_socket_that_is_handed_over_and_says_when_it_is_ready() {
    let world = World::new();
    let notified = UnixDatagram::bind(world.path("notify")).unwrap();
    notified.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let listener = UnixListener::bind(world.path("handed")).unwrap();
    // Descriptor 3, and LISTEN_PID must be the program's own: a shell that becomes the program knows it.
    let script = format!(
        "exec 3<&0 </dev/null; LISTEN_FDS=1 LISTEN_PID=$$ exec '{PROGRAM}' serve --config '{}'",
        world.text("config.toml")
    );
    let mut command = Command::new("/bin/sh");
    command.args(["-c", &script]).env("NOTIFY_SOCKET", world.path("notify"));
    let mut running = Running::start(command.stdin(OwnedFd::from(listener)).stdout(Stdio::null()));
    let heard = || {
        let mut room = [0; 200];
        let got = notified.recv(&mut room).unwrap();
        String::from_utf8_lossy(&room[..got]).into_owned()
    };
    assert!(heard().contains("READY=1"));
    let mut asking = Asking::new(UnixStream::connect(world.path("handed")).unwrap());
    assert_eq!(asking.ask(BLOCKED), rejected());
    running.signal("TERM");
    assert!(heard().contains("STOPPING=1"));
    assert_eq!(running.code(), 0);
    assert!(world.path("handed").exists(), "the socket is systemd's");
}

#[test]
fn the_unit_is_sound_and_gives_little_away() {
    let program = "/usr/bin/systemd-analyze";
    let Some(_) = installed("systemd-analyze", &[program.into()]) else { return };
    let unit = integrations("systemd/whodunit.service");
    let analyze = |args: &[&str]| {
        let output = Command::new(program).args(args).arg(&unit).env("SYSTEMD_PAGER", "").output().unwrap();
        String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
    };
    // The program and its manual page need not be installed here.
    let complaints = analyze(&["verify", "--man=no"]);
    let other = complaints.lines().filter(|line| !line.contains("is not executable")).collect::<Vec<_>>();
    assert!(other.iter().all(|line| !line.contains("whodunit")), "{other:?}");
    let exposure = analyze(&["security", "--offline=yes", "--no-pager"]);
    let level = exposure.split("Overall exposure level for whodunit.service: ").nth(1).unwrap();
    let level: f64 = level.split_whitespace().next().unwrap().parse().unwrap();
    assert!(level <= 2.0, "{exposure}");
}

#[test]
fn the_unit_starts_what_there_is_with_the_readmes_configuration() {
    let world = World::new();
    let unit = fs::read_to_string(integrations("systemd/whodunit.service")).unwrap();
    let start = unit.lines().find_map(|line| line.strip_prefix("ExecStart=")).unwrap();
    let port = free_port();
    // The address that the DNS list's README gives the resolver.
    let list =
        block("dns/README.md", "sh", 1).split(' ').find(|word| word.starts_with("dns:")).unwrap().to_owned();
    let start = &start.replace(&list, "dns:127.0.0.1:0");
    let line =
        start.replace("/usr/bin/whodunit", &world.script_for_program()).replace("10045", &port.to_string());
    let config = world.write("readme.toml", &world.block("systemd/README.md", "toml", 0, port));
    let mut words = line.split(' ');
    let mut command = Command::new(words.next().unwrap());
    command.args(words).env("WHODUNIT_CONFIG", config);
    let running = Running::start(command.stdin(Stdio::null()).stdout(Stdio::null()));
    running.says(&format!("listening=inet:127.0.0.1:{port}"));
    running.says("listening=dns:127.0.0.1:");
    let mut asking = Asking::new(TcpStream::connect(("127.0.0.1", port)).unwrap());
    assert_eq!(asking.ask(BLOCKED), format!("WARN whodunit would {}", rejected().replacen(' ', ": ", 1)));
    // In the form that the README shows, except for the numbers.
    let shown = block("systemd/README.md", "text", 0)
        .replace("203.0.113.7", BLOCKED)
        .replace("203.0.112.0/22", "193.0.20.0/24")
        .replace("action=REJECT", "action=WARN")
        .replace("/etc/whodunit/blocked:3", &format!("{}:2", world.text("blocked")));
    running.says(shown.split(" delay=").next().unwrap());
}
