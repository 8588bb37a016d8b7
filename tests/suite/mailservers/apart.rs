//! A network namespace for a test. Its clients have their real addresses, its resolver is the one in /etc/resolv.conf,
//! and nothing in it reaches any other machine. Everything that a test starts there ends with it.

use super::*;
use rustix::net::{AddressFamily, SocketType, bind, connect, socket};
use std::{net::SocketAddr, os::fd::OwnedFd};

/// Set for the test inside.
const APART: &str = "WHODUNIT_APART";
/// The time limit in seconds: longer than any of these tests takes on a busy machine.
const SECONDS: &str = "120";
/// `$1` becomes /etc/resolv.conf. Sendmail needs a machine with a full name.
const ENTER: &str = "hostname mx.test.invalid; ip link set lo up; \
    for client in 193.0.20.9 193.0.24.9 193.0.30.9 2a00:db8:77::25; do ip address add $client dev lo; done; \
    mount --bind \"$1\" /etc/resolv.conf; shift; exec \"$@\"";
const NAMESPACES: [&str; 8] =
    ["--mount", "--net", "--uts", "--pid", "--fork", "--kill-child", "--mount-proc", "--"];

/// Runs the calling test function again in such a network; there its body runs.
pub(super) fn apart<F: FnOnce()>(body: F) {
    if std::env::var_os(APART).is_some() {
        return body();
    }
    let needed = [("unshare", "/usr/bin/unshare"), ("ip", "/usr/sbin/ip"), ("unbound", "/usr/sbin/unbound")];
    if needed.iter().any(|(what, path)| installed(what, &[path.into()]).is_none()) {
        return;
    }
    if !is_root() || !unshared(Command::new("unshare"), &["true".into()]).status.success() {
        assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "no namespaces, or not root");
        let _ = writeln!(std::io::stderr(), "SKIPPED: only root may make namespaces, where they are allowed");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let resolver = folder.path().join("resolv.conf");
    fs::write(&resolver, "nameserver 127.0.0.1\n").unwrap();
    let name = std::any::type_name::<F>().trim_end_matches("::{{closure}}");
    let name = name.split_once("::").unwrap().1;
    let tests = std::env::current_exe().unwrap();
    let words = ["sh", "-ec", ENTER, "sh", path(&resolver), path(&tests), "--exact", name, "--nocapture"]
        .map(String::from);
    let mut command = Command::new("timeout");
    command.args(["--kill-after=5", SECONDS, "unshare"]).env(APART, "1");
    let output = unshared(command, &words);
    let (said, told) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && said.contains("1 passed"), "{name}: {}\n{said}{told}", output.status);
    for skipped in told.lines().filter(|line| line.contains("SKIPPED")) {
        let _ = writeln!(std::io::stderr(), "{skipped}");
    }
}

fn unshared(mut command: Command, words: &[String]) -> std::process::Output {
    command.args(NAMESPACES).args(words).stdin(Stdio::null()).output().unwrap()
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// The resolver, with the zone as the README shows it. It knows no other, and asks no other server: the root server is
/// a port without a listener. It validates signatures as an installed one does.
pub(super) fn resolver(world: &World) -> Running {
    let folder = world.text("");
    let config = format!(
        "server:\n interface: 127.0.0.1\n directory: \"{folder}\"\n chroot: \"\"\n username: \"\"\n pidfile: \"\"\n \
         use-syslog: no\n do-daemonize: no\n verbosity: 1\n local-zone: \".\" static\n local-zone: \"whodunit.\" transparent\n \
         trust-anchor: \". DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D\"\n\
         stub-zone:\n name: \".\"\n stub-addr: 127.0.0.1@1\nremote-control:\n control-enable: no\n{}",
        block("dns/README.md", "unbound", 0)
    );
    let config = world.write("unbound.conf", &config);
    let mut command = Command::new("/usr/sbin/unbound");
    command.arg("-d").arg("-c").arg(config).stdin(Stdio::null()).stdout(Stdio::null());
    let running = Running::start(&mut command);
    running.says("start of service");
    running
}

/// A connection from a client's own address.
pub(super) fn from(client: &str, server: SocketAddr) -> TcpStream {
    let family = if server.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let stream: OwnedFd = socket(family, SocketType::STREAM, None).unwrap();
    bind(&stream, &SocketAddr::new(client.parse().unwrap(), 0)).unwrap();
    connect(&stream, &server).unwrap();
    stream.into()
}
