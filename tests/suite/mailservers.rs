//! Real mail servers, as Debian ships them, with the files and commands of integrations/: each block of its READMEs is
//! run here.
//!
//! A server that is not installed is skipped with a message; with CI=true in the environment that is a failure.

mod apart;
mod dns;
mod dns_filters;
mod dns_lists;
mod exim;
mod fail2ban;
mod monitoring;
mod postfix;
mod qpsmtpd;
mod service;
mod stdio;
mod strangers;
mod systemd;

use crate::{
    farm::{Farm, Scenario},
    jig::PROGRAM,
};
use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, ChildStderr, Command, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

/// The owners of the networks. The pattern file blocks `Contoso`.
const REGISTRY: &str = r#"
[[server]]
name = "whois.ripe.net"
optional = true
rule = [
  { within = "193.0.20.0/24", reply = "ripe" },
  { within = "193.0.24.0/24", reply = "ripe", with = { org = "Northwind Traders", name = "NORTHWIND", mnt = "NW-MNT", abuse = "abuse@northwind.example", country = "NL" } },
  { within = "193.0.28.0/24", reply = "ripe", with = { org = "Contoso\u001b[2J\u0007 \u00e9\u202e%0d" } },
  { within = "193.0.30.0/24", does = "silence" },
  { within = "193.0.40.0/21", text = "% We are moving house.\n" },
  { within = "193.0.32.0/24", reply = "ripe", delay_ms = 1500 },
  { within = "2a00:db8::/32", reply = "ripe", network = "2a00:db8::/32" },
]
"#;

const CLEAR: &str = "193.0.24.9";
const BLOCKED: &str = "193.0.20.9";
const BLOCKED6: &str = "2a00:db8:77::25";
/// The form in which Exim writes it.
const BLOCKED6_LONG: &str = "2a00:0db8:0077:0000:0000:0000:0000:0025";
const MAPPED: &str = "::ffff:193.0.20.9";
const HOSTILE: &str = "193.0.28.9";
const SILENT: &str = "193.0.30.9";
const LATE: &str = "193.0.32.9";

const TEXT: &str = "No access to hosts using this registrar";

/// The default text of a rejection.
fn refusal(owner: &str, network: &str) -> String {
    format!("{TEXT}: {owner} ({network})")
}

/// The policy service's answer about [`BLOCKED`].
fn rejected() -> String {
    format!("REJECT {}", refusal("Contoso GmbH", "193.0.20.0/24"))
}

/// Registries on loopback, and a folder that every server's user can read, with a pattern file and a configuration.
struct World {
    farm: Farm,
    folder: tempfile::TempDir,
}

impl World {
    fn new() -> Self {
        Self::of(REGISTRY, "rate = 0\n")
    }

    /// A world with these registries; `more` is added to the configuration file.
    fn of(registries: &str, more: &str) -> Self {
        let scenario: Scenario = toml::from_str(registries).unwrap();
        let world = Self { farm: Farm::start(&scenario), folder: tempfile::tempdir().unwrap() };
        open_to_all(world.folder.path());
        let list = world.write("servers.json", &fs::read_to_string(world.farm.list()).unwrap());
        let blocked = world.write("blocked", "# not wanted\n^org-name:.*Contoso\n");
        fs::create_dir(world.path("cache")).unwrap();
        open_to_all(&world.path("cache"));
        let cache = world.path("cache/cache.db");
        let lines = [("block", &blocked), ("servers", &list), ("cache", &cache)]
            .map(|(key, path)| format!("{key} = {:?}\n", path.to_str().unwrap()));
        world.write("config.toml", &(lines.concat() + more));
        world
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    fn write(&self, name: &str, content: &str) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }

    /// A script with this content.
    fn script(&self, name: &str, content: &str) -> String {
        let path = self.write(name, content);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// A block of a README under integrations/, with the admin's paths and port replaced by this world's.
    fn block(&self, readme: &str, language: &str, which: usize, port: u16) -> String {
        block(readme, language, which)
            .replace("/usr/bin/whodunit", &self.script_for_program())
            .replace("/etc/whodunit/config.toml", &self.text("config.toml"))
            .replace("/etc/qpsmtpd/blocked_registrars", &self.text("blocked"))
            .replace("/etc/whodunit/blocked", &self.text("blocked"))
            .replace("127.0.0.1:10045", &format!("127.0.0.1:{port}"))
    }

    /// The program as if installed: it knows only the registries of this world.
    fn script_for_program(&self) -> String {
        let variables = format!(
            "WHODUNIT_SERVERS='{}' WHODUNIT_CACHE='{}' WHODUNIT_RATE=0",
            self.text("servers.json"),
            self.text("cache/cache.db")
        );
        self.script("whodunit", &format!("#!/bin/sh\nexec env {variables} '{PROGRAM}' \"$@\"\n"))
    }
}

/// Lets every user read its content, and write there.
fn open_to_all(path: &Path) {
    fs::set_permissions(path, fs::Permissions::from_mode(0o1777)).unwrap();
}

/// The block with index `which` of a language in a README under integrations/, counted from 0.
fn block(readme: &str, language: &str, which: usize) -> String {
    let text = fs::read_to_string(integrations(readme)).unwrap();
    let fence = format!("```{language}\n");
    let opened = text.split(&fence).nth(which + 1);
    let inside = opened.and_then(|rest| rest.split("```").next());
    inside.unwrap_or_else(|| panic!("{readme} has no {language} block {which}")).to_owned()
}

fn integrations(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("integrations").join(name)
}

/// The first of these paths that exists. If there is none, the test fails in CI, and is skipped elsewhere.
fn installed(what: &str, paths: &[PathBuf]) -> Option<PathBuf> {
    let found = paths.iter().find(|path| path.exists()).cloned();
    if found.is_none() {
        assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "{what} is not installed: {paths:?}");
        let _ = writeln!(std::io::stderr(), "SKIPPED: {what} is not installed, looked for {paths:?}");
    }
    found
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    fs::metadata("/proc/self").unwrap().uid() == 0
}

/// A port without a listener.
fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[track_caller]
fn until(what: &str, condition: impl Fn() -> bool) {
    let begun = Instant::now();
    while !condition() {
        assert!(begun.elapsed() < Duration::from_secs(20), "{what}: it never came");
        thread::sleep(Duration::from_millis(10));
    }
}

/// A process that is ended with the test, by its own ID, and the lines of its standard error.
struct Running {
    child: Child,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Running {
    fn start(command: &mut Command) -> Self {
        let mut child = command
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|e| panic!("{}: {e}", command.get_program().display()));
        let lines = collect(child.stderr.take().unwrap());
        Self { child, lines }
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill").args(["-s", name, &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// Waits for its end, and returns its exit code.
    fn code(&mut self) -> i32 {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code().unwrap_or(-1);
            }
            assert!(begun.elapsed() < Duration::from_secs(20), "it does not end");
            thread::sleep(Duration::from_millis(5));
        }
    }

    fn said(&self) -> String {
        self.lines.lock().unwrap().join("\n")
    }

    #[track_caller]
    fn says(&self, part: &str) {
        let begun = Instant::now();
        while !self.said().contains(part) {
            assert!(begun.elapsed() < Duration::from_secs(20), "no `{part}` in\n{}", self.said());
            thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // TERM first, so that forking servers end their children too.
        if matches!(self.child.try_wait(), Ok(None)) {
            self.signal("TERM");
            let begun = Instant::now();
            while matches!(self.child.try_wait(), Ok(None)) && begun.elapsed() < Duration::from_secs(5) {
                thread::sleep(Duration::from_millis(5));
            }
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn collect(stderr: ChildStderr) -> Arc<Mutex<Vec<String>>> {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&lines);
    thread::spawn(move || {
        let mut reader = BufReader::new(stderr);
        let mut line = Vec::new();
        while matches!(reader.read_until(b'\n', &mut line), Ok(1..)) {
            kept.lock().unwrap().push(String::from_utf8_lossy(&line).trim_end().to_owned());
            line.clear();
        }
    });
    lines
}

/// `whodunit serve` on a port of its own.
struct Serve {
    running: Running,
    port: u16,
}

impl Serve {
    fn start(world: &World, args: &[&str]) -> Self {
        let mut command = Command::new(PROGRAM);
        command.args(["serve", "--config", &world.text("config.toml"), "--listen", "inet:127.0.0.1:0"]);
        command.args(args).env_clear().env("PATH", "/usr/bin:/bin").current_dir(world.folder.path());
        Self::of(Running::start(command.stdin(Stdio::null()).stdout(Stdio::null())))
    }

    fn of(running: Running) -> Self {
        running.says("listening=inet:127.0.0.1:");
        let said = running.said();
        let port = said.split("listening=inet:127.0.0.1:").nth(1).unwrap();
        let port = port.split_whitespace().next().unwrap().parse().unwrap();
        Self { running, port }
    }

    /// Its listen address for DNS, if it has one.
    fn dns(&self) -> std::net::SocketAddr {
        self.running.says("listening=dns:");
        let said = self.running.said();
        let address = said.split("listening=dns:").nth(1).and_then(|rest| rest.split_whitespace().next());
        address.unwrap().parse().unwrap()
    }

    fn connect(&self) -> Asking<TcpStream> {
        Asking::new(TcpStream::connect(("127.0.0.1", self.port)).unwrap())
    }

    /// The answer to one request on a connection of its own.
    fn ask(&self, address: &str) -> String {
        self.connect().ask(address)
    }
}

/// A mail server's side of a connection.
struct Asking<S>(BufReader<S>);

impl<S: Read + Write> Asking<S> {
    fn new(stream: S) -> Self {
        Self(BufReader::new(stream))
    }

    fn send(&mut self, address: &str) {
        let request = format!(
            "request=smtpd_access_policy\nprotocol_state=RCPT\nprotocol_name=ESMTP\nclient_address={address}\n\
             client_name=unknown\nhelo_name=mail.example.org\nsender=a@example.org\nrecipient=b@example.net\n\n"
        );
        self.0.get_mut().write_all(request.as_bytes()).unwrap();
    }

    /// The action of the next answer; empty if the other side has closed.
    fn answer(&mut self) -> String {
        let (mut first, mut blank) = (String::new(), String::new());
        if self.0.read_line(&mut first).unwrap() == 0 {
            return String::new();
        }
        self.0.read_line(&mut blank).unwrap();
        assert_eq!(blank, "\n", "behind {first:?}");
        first.trim_end().strip_prefix("action=").unwrap_or_else(|| panic!("no action: {first:?}")).to_owned()
    }

    fn ask(&mut self, address: &str) -> String {
        self.send(address);
        self.answer()
    }
}

/// Speaks SMTP: returns the greeting, then each command's reply. The last line of a longer reply counts.
fn smtp(stream: &TcpStream, commands: &[&str]) -> Vec<String> {
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let (mut reader, mut writer) = (BufReader::new(stream), stream);
    let mut reply = || {
        let mut line = String::new();
        while reader.read_line(&mut line).is_ok_and(|n| n > 0) && line.as_bytes().get(3) == Some(&b'-') {
            line.clear();
        }
        line.trim_end().to_owned()
    };
    let mut replies = vec![reply()];
    for command in commands {
        if write!(writer, "{command}\r\n").is_err() {
            break;
        }
        replies.push(reply());
    }
    replies
}
