//! A Postfix of its own on loopback, which gets each client's address by XCLIENT.

use super::*;

pub(super) struct Postfix {
    world: World,
    folder: tempfile::TempDir,
    pub(super) port: u16,
}

impl Postfix {
    /// A Postfix with these additions to main.cf and master.cf; None if there is none, or it cannot be started.
    pub(super) fn start(world: World, main: &str, master: &str) -> Option<Self> {
        let paths = ["/usr/sbin/postfix".into()];
        installed("postfix", &paths)?;
        if !is_root() {
            let _ = writeln!(std::io::stderr(), "SKIPPED: postfix's master(8) wants root");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        for name in ["etc", "queue", "data"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        Command::new("chown").arg("postfix").arg(folder.path().join("data")).status().unwrap();
        let port = free_port();
        let path = folder.path().to_str().unwrap();
        fs::write(folder.path().join("etc/main.cf"), main_cf(path) + main).unwrap();
        fs::write(folder.path().join("etc/master.cf"), master_cf(port) + master).unwrap();
        let postfix = Self { world, folder, port };
        assert!(postfix.control("start"), "postfix does not start: {}", postfix.log());
        until("postfix", || TcpStream::connect(("127.0.0.1", port)).is_ok());
        Some(postfix)
    }

    fn control(&self, what: &str) -> bool {
        let mut command = Command::new("/usr/sbin/postfix");
        command.arg("-c").arg(self.folder.path().join("etc")).arg(what);
        command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/bin:/sbin");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap().success()
    }

    pub(super) fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("mail.log")).unwrap_or_default()
    }

    #[track_caller]
    pub(super) fn logs(&self, part: &str) {
        let begun = Instant::now();
        while !self.log().contains(part) {
            assert!(begun.elapsed() < Duration::from_secs(20), "no `{part}` in\n{}", self.log());
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// The replies at RCPT to a client with this address, for each of the recipients.
    fn recipients(&self, address: &str, recipients: usize) -> Vec<String> {
        let tagged = if address.contains(':') { format!("IPV6:{address}") } else { address.to_owned() };
        let xclient = format!("XCLIENT ADDR={tagged} NAME=[UNAVAILABLE]");
        let mut commands = vec!["EHLO c.test", &xclient, "EHLO c.test", "MAIL FROM:<a@elsewhere.test>"];
        commands.resize(commands.len() + recipients, "RCPT TO:<b@example.test>");
        let replies = smtp(&TcpStream::connect(("127.0.0.1", self.port)).unwrap(), &commands);
        assert!(replies.len() > 5 && replies[2].starts_with("220"), "{replies:?}\n{}", self.log());
        replies[5..].to_vec()
    }

    #[track_caller]
    pub(super) fn tells(&self, address: &str, wanted: &str) {
        let reply = self.recipients(address, 1).remove(0);
        assert!(reply.contains(wanted), "{address}: {reply}, not {wanted}\n{}", self.log());
    }
}

impl Drop for Postfix {
    fn drop(&mut self) {
        // By the PID file in its own queue folder.
        self.control("stop");
    }
}

fn main_cf(path: &str) -> String {
    format!(
        "compatibility_level = 3.6\nqueue_directory = {path}/queue\ndata_directory = {path}/data\n\
         command_directory = /usr/sbin\ndaemon_directory = /usr/lib/postfix/sbin\nmail_owner = postfix\n\
         setgid_group = postdrop\nmaillog_file = {path}/mail.log\nmaillog_file_prefixes = {path}\n\
         myhostname = mx.test.invalid\nmydestination =\nmynetworks = 127.99.99.99/32\n\
         inet_interfaces = 127.0.0.1\ninet_protocols = all\nalias_maps =\nlocal_recipient_maps =\n\
         relay_domains = example.test\nrelay_transport = discard:\ndefault_transport = discard:\n\
         smtpd_peername_lookup = no\nsmtpd_tls_security_level = none\n\
         smtpd_authorized_xclient_hosts = 127.0.0.0/8\nsmtpd_relay_restrictions = reject_unauth_destination\n"
    )
}

fn master_cf(port: u16) -> String {
    format!("127.0.0.1:{port} inet n - n - - smtpd\n")
        + "cleanup unix n - n - 0 cleanup\nqmgr unix n - n 300 1 qmgr\nrewrite unix - - n - - trivial-rewrite\n\
           bounce unix - - n - 0 bounce\ndefer unix - - n - 0 bounce\ntrace unix - - n - 0 bounce\n\
           error unix - - n - - error\nretry unix - - n - - error\ndiscard unix - - n - - discard\n\
           anvil unix - - n - 1 anvil\nshowq unix n - n - - showq\nproxymap unix - - n - - proxymap\n\
           postlog unix-dgram n - n - 1 postlogd\n"
}

const README: &str = "postfix/README.md";
const OK: &str = "250 2.1.5 Ok";

#[test]
fn the_service_decides_and_its_absence_lets_mail_in() {
    let world = World::new();
    let serve = Serve::start(&world, &["--timeout", "1"]);
    let main = world.block(README, "main.cf", 0, serve.port);
    let Some(postfix) = Postfix::start(world, &main, "") else { return };
    let reject = format!("554 5.7.1 <b@example.test>: Recipient address rejected: {TEXT}");
    for (address, wanted) in [
        (CLEAR, OK),
        (BLOCKED, &reject),
        (BLOCKED6, &reject),
        (MAPPED, &reject),
        (HOSTILE, &reject),
        (SILENT, OK),
    ] {
        postfix.tells(address, wanted);
    }
    let begun = Instant::now();
    assert_eq!(postfix.recipients("193.0.30.50", 5), [OK; 5]);
    assert!(begun.elapsed() < Duration::from_secs(3), "five recipients waited {:?}", begun.elapsed());
    drop(serve);
    postfix.tells("193.0.20.77", OK);
    postfix.logs("problem talking to server");
}

#[test]
fn dry_run_shows_in_the_mail_log() {
    let world = World::new();
    let serve = Serve::start(&world, &["--dry-run"]);
    let main = world.block(README, "main.cf", 0, serve.port);
    let Some(postfix) = Postfix::start(world, &main, "") else { return };
    postfix.tells(BLOCKED, OK);
    // In the form that the README shows.
    let shown =
        block(README, "text", 0).replace("203.0.113.7", BLOCKED).replace("203.0.112.0/22", "193.0.20.0/24");
    postfix.logs(shown.trim().trim_end_matches("..."));
}

#[test]
fn the_two_lines_of_the_first_evening_only_warn() {
    let world = World::new();
    let serve = Serve::start(&world, &["--dry-run"]);
    let main = world.block("../README.md", "main.cf", 0, serve.port);
    let Some(postfix) = Postfix::start(world, &main, "") else { return };
    postfix.tells(BLOCKED, OK);
    // The text that README's grep of the next day looks for.
    postfix.logs("whodunit would REJECT");
}

#[test]
fn unknown_comes_back_later_when_asked_for() {
    let world = World::new();
    let serve = Serve::start(&world, &["--on-unknown", "defer", "--timeout", "1"]);
    let main = world.block(README, "main.cf", 0, serve.port);
    let Some(postfix) = Postfix::start(world, &main, "") else { return };
    postfix.tells(SILENT, "450 4.7.1 <b@example.test>: Recipient address rejected: Cannot find out who runs");
    postfix.tells(CLEAR, OK);
}

#[test]
fn a_socket_in_postfix_own_folder() {
    let world = World::new();
    let main = world.block(README, "main.cf", 1, 0);
    let Some(postfix) = Postfix::start(world, &main, "") else { return };
    let socket = postfix.folder.path().join("queue/private/whodunit");
    let _serve = Serve::start(&postfix.world, &["--listen", &format!("unix:{}", socket.display())]);
    postfix.tells(BLOCKED, TEXT);
    postfix.tells(CLEAR, OK);
}

#[test]
fn spawned_by_postfix_itself() {
    let world = World::new();
    let main = world.block(README, "main.cf", 2, 0);
    // The program's own path: argv of spawn(8) is no shell.
    let program = world.script_for_program();
    let master = world.block(README, "master.cf", 0, 0);
    assert!(master.contains(&program));
    let Some(postfix) = Postfix::start(world, &main, &master) else { return };
    postfix.tells(BLOCKED, TEXT);
    postfix.tells(BLOCKED6, TEXT);
    postfix.tells(CLEAR, OK);
    postfix.tells(SILENT, OK);
}
