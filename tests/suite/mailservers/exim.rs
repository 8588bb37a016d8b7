//! Exim with a simulated client address (`-bh`), which runs its ACLs and delivers nothing.

use super::*;

/// Debian's exim4 and postfix exclude each other, so the package may also be unpacked under target/exim.
fn exim() -> Option<PathBuf> {
    let unpacked = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/exim");
    installed("exim4", &["/usr/sbin/exim4".into(), unpacked.join("usr/sbin/exim4")])
}

pub(super) struct Exim {
    world: World,
    program: PathBuf,
}

impl Exim {
    /// An Exim whose RCPT ACL is this block of the README.
    fn new(world: World, which: usize, port: u16) -> Option<Self> {
        let acl = world.block("exim/README.md", "exim", which, port);
        Self::with(world, &acl)
    }

    /// An Exim with this RCPT ACL.
    pub(super) fn with(world: World, acl: &str) -> Option<Self> {
        let program = exim()?;
        let spool = world.text("spool");
        let config = format!(
            "spool_directory = {spool}\nlog_file_path = {spool}/%slog\nprimary_hostname = mx.test.invalid\n\
             tls_advertise_hosts =\nacl_smtp_rcpt = acl_rcpt\nkeep_environment =\n\
             begin acl\nacl_rcpt:\n{acl}\n  accept\n"
        );
        world.write("exim.conf", &config);
        Some(Self { world, program })
    }

    /// The reply at RCPT, and Exim's log line about it.
    pub(super) fn rcpt(&self, address: &str) -> (String, String) {
        let mut command = Command::new(&self.program);
        command.arg("-C").arg(self.world.path("exim.conf")).arg("-bh").arg(address);
        // The libraries are beside an unpacked program.
        let root = self.program.parent().unwrap().parent().unwrap();
        command.env("LD_LIBRARY_PATH", root.join("lib/x86_64-linux-gnu"));
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let dialogue = "HELO c.test\r\nMAIL FROM:<a@elsewhere.test>\r\nRCPT TO:<b@example.test>\r\nQUIT\r\n";
        child.stdin.take().unwrap().write_all(dialogue.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let replies = String::from_utf8_lossy(&output.stdout).into_owned();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let reply = replies.lines().filter(|l| l.len() > 3 && l.as_bytes()[3] == b' ').nth(3);
        let reply = reply.unwrap_or_else(|| panic!("{replies}\n{said}")).to_owned();
        (reply, said)
    }

    #[track_caller]
    pub(super) fn tells(&self, address: &str, wanted: &str) {
        let (reply, said) = self.rcpt(address);
        assert!(reply.starts_with(wanted), "{address}: {reply}, not {wanted}\n{said}");
    }
}

#[test]
fn readsocket_asks_the_same_service() {
    let world = World::new();
    let serve = Serve::start(&world, &["--timeout", "1", "--on-unknown", "defer"]);
    let Some(exim) = Exim::new(world, 0, serve.port) else { return };
    let reject = format!("550 {TEXT}");
    exim.tells(CLEAR, "250 ");
    exim.tells(BLOCKED, &reject);
    exim.tells(BLOCKED6, &reject);
    exim.tells(BLOCKED6_LONG, &reject);
    exim.tells(HOSTILE, &reject);
    exim.tells(SILENT, "451 Cannot find out who runs your network (timeout), please try again later");
    drop(serve);
    exim.tells(BLOCKED, "250 ");
}

#[test]
fn dry_run_only_logs() {
    let world = World::new();
    let serve = Serve::start(&world, &["--dry-run"]);
    let Some(exim) = Exim::new(world, 0, serve.port) else { return };
    let (reply, said) = exim.rcpt(BLOCKED);
    assert!(reply.starts_with("250 "), "{reply}");
    assert!(said.contains(&format!("whodunit: whodunit would REJECT: {TEXT}")), "{said}");
}

#[test]
fn run_starts_a_process_a_recipient() {
    let Some(exim) = Exim::new(World::new(), 1, 0) else { return };
    exim.tells(CLEAR, "250 ");
    exim.tells(BLOCKED, &format!("550 {TEXT}"));
    exim.tells(BLOCKED6_LONG, &format!("550 {TEXT}"));
    exim.tells(SILENT, "250 ");
    fs::remove_file(exim.world.path("whodunit")).unwrap();
    exim.tells(BLOCKED, "250 ");
}
