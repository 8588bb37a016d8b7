//! The DNS list, queried by mail servers as Debian ships them, through a resolver, with the settings in
//! integrations/dns/README.md.

use super::{
    apart::{apart, from, resolver},
    exim::Exim,
    postfix::Postfix,
    qpsmtpd::Qpsmtpd,
    *,
};
use std::net::Ipv4Addr;

pub(super) const README: &str = "dns/README.md";

/// The list's text about [`BLOCKED`].
fn listed(world: &World) -> String {
    format!("193.0.20.9 blocked: Contoso GmbH (193.0.20.0/24) {}:2", world.text("blocked"))
}

/// The service, and a resolver that forwards to it. The timeout is a second for each address, so that no test waits
/// long for an answer that never comes.
pub(super) fn list(world: &World) -> (Serve, Running) {
    let shown = block(README, "sh", 1);
    let address = shown.split_once("--listen ").unwrap().1.split(' ').next().unwrap();
    let serve = Serve::start(world, &["--listen", address, "--timeout", "1"]);
    (serve, resolver(world))
}

#[test]
fn dig_finds_the_test_points_at_the_service_and_behind_the_resolver() {
    apart(|| {
        let world = World::new();
        let _list = list(&world);
        if installed("dig", &["/usr/bin/dig".into()]).is_none() {
            return;
        }
        let said = |command: &str| {
            let output = Command::new("sh").args(["-c", command]).output().unwrap();
            String::from_utf8(output.stdout).unwrap()
        };
        let shown = block(README, "sh", 2);
        let [there, not_there] = &shown.lines().collect::<Vec<_>>()[..] else { panic!("{shown}") };
        assert_eq!((said(there).as_str(), said(not_there).as_str()), ("127.0.0.2\n", ""));
        assert_eq!(said(&block(README, "sh", 3)), "127.0.0.2\n");
        let begun = Instant::now();
        let silent = said("dig +tries=1 +time=15 9.30.0.193.bl.whodunit");
        assert!(silent.contains("status: SERVFAIL"), "{silent}");
        // Each try of the resolver waits for the look-up under way; none of them waits the full time again.
        assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
    });
}

#[test]
fn postfix_rejects_with_the_lists_text() {
    apart(|| {
        let world = World::new();
        let (serve, _resolver) = list(&world);
        let main = block(README, "main.cf", 0);
        let text = listed(&world);
        let Some(postfix) = Postfix::start(world, &main, "") else { return };
        let rejected = |client: &str, text: &str| {
            format!("554 5.7.1 Service unavailable; Client host [{client}] blocked using bl.whodunit; {text}")
        };
        postfix.tells(BLOCKED, &rejected(BLOCKED, &text));
        postfix.tells(BLOCKED6, &rejected(BLOCKED6, &format!("{BLOCKED6} blocked: Contoso GmbH")));
        postfix.tells(CLEAR, "250 2.1.5 Ok");
        postfix.tells(SILENT, "250 2.1.5 Ok");
        serve.running.says(&format!("client_address={BLOCKED} verdict=blocked action=LISTED"));
        drop(serve);
        postfix.tells("193.0.20.77", "250 2.1.5 Ok");
    });
}

#[test]
fn postfix_only_warns_where_that_is_wanted() {
    apart(|| {
        let world = World::new();
        let _list = list(&world);
        let line = "reject_rbl_client bl.whodunit=127.0.0.2";
        let tried = format!("warn_if_reject {line}");
        assert!(fs::read_to_string(integrations(README)).unwrap().contains(&format!("`{tried}`")));
        let main = block(README, "main.cf", 0).replace(line, &tried);
        let Some(postfix) = Postfix::start(world, &main, "") else { return };
        postfix.tells(BLOCKED, "250 2.1.5 Ok");
        postfix.logs("reject_warning: RCPT from unknown[193.0.20.9]");
    });
}

#[test]
fn postscreen_rejects_before_smtpd_starts() {
    apart(|| {
        let world = World::new();
        let _list = list(&world);
        let port = free_port();
        let main = format!("{}postscreen_greet_wait = 3s\n", block(README, "main.cf", 1));
        let master = format!(
            "127.0.0.1:{port} inet n - n - 1 postscreen\nsmtpd pass - - n - - smtpd\n\
             dnsblog unix - - n - 0 dnsblog\ntlsproxy unix - - n - 0 tlsproxy\n"
        );
        let Some(postfix) = Postfix::start(world, &main, &master) else { return };
        let dialogue = ["EHLO c.test", "MAIL FROM:<a@elsewhere.test>", "RCPT TO:<b@example.test>"];
        let rcpt = |client: &str| {
            let mut replies = smtp(&from(client, (Ipv4Addr::LOCALHOST, port).into()), &dialogue);
            replies.pop().unwrap()
        };
        let (blocked, clear, silent) = thread::scope(|scope| {
            let [blocked, clear, silent] =
                [BLOCKED, CLEAR, SILENT].map(|client| scope.spawn(move || rcpt(client)));
            (blocked.join().unwrap(), clear.join().unwrap(), silent.join().unwrap())
        });
        let rejected = format!("550 5.7.1 Service unavailable; client [{BLOCKED}] blocked using bl.whodunit");
        assert_eq!(blocked, rejected, "{}", postfix.log());
        assert_eq!([clear, silent], ["250 2.1.5 Ok"; 2], "{}", postfix.log());
    });
}

#[test]
fn exim_denies_with_the_lists_text() {
    apart(|| {
        let world = World::new();
        let _list = list(&world);
        let text = listed(&world);
        let Some(exim) = Exim::with(world, &block(README, "exim", 0)) else { return };
        let text6 = format!("{BLOCKED6} blocked: Contoso GmbH (2a00:db8::/32) ");
        for (client, text) in [(BLOCKED, &text), (BLOCKED6_LONG, &text6)] {
            // The client reads a long text in several lines; the log has it in one.
            let (reply, said) = exim.rcpt(client);
            assert!(reply.starts_with("550 "), "{client}: {reply}");
            assert!(said.contains(&format!("rejected RCPT <b@example.test>: {text}")), "{said}");
        }
        exim.tells(CLEAR, "250 ");
        exim.tells(SILENT, "250 ");
    });
}

#[test]
fn qpsmtpd_denies_with_its_own_plugin_and_the_lists_text() {
    apart(|| {
        let line = block(README, "plugins", 0);
        let Some(qpsmtpd) = Qpsmtpd::new(|_| line.trim().to_owned()) else { return };
        qpsmtpd.world.write("config/dnsbl_zones", &block(README, "dnsbl_zones", 0));
        let _list = list(&qpsmtpd.world);
        qpsmtpd.greet(BLOCKED).is(&format!("550 {}", listed(&qpsmtpd.world)), "dnsbl: fail");
        qpsmtpd.greet(CLEAR).is("220 ", "dnsbl: pass");
        qpsmtpd.greet(SILENT).is("220 ", "bl.whodunit query failed");
        qpsmtpd.greet(BLOCKED6).is("220 ", "dnsbl: pass");
        let plugins = fs::read_to_string(qpsmtpd.world.path("config/plugins")).unwrap();
        qpsmtpd.world.write("config/plugins", &plugins.replacen("dnsbl", "dnsbl reject 0", 1));
        qpsmtpd.greet(BLOCKED).is("220 ", "dnsbl: fail, tolerated");
    });
}

/// Debian's sendmail and postfix exclude each other, so the package may also be unpacked under target/sendmail.
fn sendmail() -> Option<PathBuf> {
    let unpacked = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/sendmail");
    let roots = ["/".into(), unpacked];
    let found =
        installed("sendmail", &roots.map(|root: PathBuf| root.join("usr/libexec/sendmail/sendmail")))?;
    found.ancestors().nth(4).map(Path::to_owned)
}

/// A Sendmail on this port with this line in its sendmail.mc.
fn sendmail_with(world: &World, root: &Path, port: u16, feature: &str) -> Running {
    let macros = root.join("usr/share/sendmail/cf");
    let queue = world.text(&format!("queue{port}"));
    fs::create_dir(&queue).unwrap();
    let mc = format!(
        "divert(0)dnl\ninclude(`{}/m4/cf.m4')dnl\nOSTYPE(`linux')dnl\ndefine(`QUEUE_DIR', `{queue}')dnl\n\
         define(`confPID_FILE', `{queue}.pid')dnl\ndefine(`STATUS_FILE', `')dnl\ndefine(`ALIAS_FILE', `')dnl\n\
         FEATURE(`no_default_msa')dnl\nDAEMON_OPTIONS(`Family=inet, Port={port}, Addr=127.0.0.1')dnl\n\
         RELAY_DOMAIN(`example.test')dnl\nFEATURE(`accept_unresolvable_domains')dnl\n{feature}MAILER(`smtp')dnl\n",
        macros.display()
    );
    let mc = world.write(&format!("{port}.mc"), &mc);
    let made = Command::new("m4").arg(format!("-D_CF_DIR_={}/", macros.display())).arg(mc).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let cf = world.write(&format!("{port}.cf"), std::str::from_utf8(&made.stdout).unwrap());
    let mut command = Command::new(root.join("usr/libexec/sendmail/sendmail"));
    command.arg(format!("-C{}", cf.display())).arg("-bD");
    let running = Running::start(command.stdin(Stdio::null()).stdout(Stdio::null()));
    until("sendmail", || TcpStream::connect(("127.0.0.1", port)).is_ok());
    running
}

#[test]
fn sendmail_refuses_and_puts_off_what_nobody_can_say_only_if_told_to() {
    apart(|| {
        let Some(root) = sendmail() else { return };
        let world = World::new();
        // Sendmail refuses a configuration in a folder that others may write to.
        fs::set_permissions(world.folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let _list = list(&world);
        let feature = block(README, "m4", 0);
        let put_off = feature.replace("\"')dnl", "\"', `t')dnl");
        assert_ne!(feature, put_off);
        let refused = format!("550 5.7.1 No access to hosts using this registrar ({BLOCKED})");
        for (port, feature, unknown) in [
            (2525, feature, "250 2.1.5 "),
            (2526, put_off, "451 4.4.3 Temporary lookup failure of 193.0.30.9"),
        ] {
            let _sendmail = sendmail_with(&world, &root, port, &feature);
            let dialogue = ["EHLO c.test", "MAIL FROM:<a@elsewhere.test>", "RCPT TO:<b@example.test>"];
            for (client, wanted) in [(BLOCKED, refused.as_str()), (CLEAR, "250 2.1.5 "), (SILENT, unknown)] {
                let replies = smtp(&from(client, (Ipv4Addr::LOCALHOST, port).into()), &dialogue);
                assert!(replies[3].starts_with(wanted), "{client}: {replies:?}, not {wanted}");
            }
        }
    });
}
