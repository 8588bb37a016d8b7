//! The DNS list, queried by spam filters as Debian ships them, through a resolver, with the settings in
//! integrations/dns/README.md.

use super::{
    apart::apart,
    dns_lists::{README, list},
    *,
};

/// A message from this client.
fn message(client: &str) -> String {
    format!(
        "Received: from mail.elsewhere.test (mail.elsewhere.test [{client}])\n\tby mx.test.invalid (Postfix) with ESMTP id 1A2B3C\n\t\
         for <b@example.test>; Fri, 27 Nov 2026 10:00:00 +0000\nFrom: <a@elsewhere.test>\nTo: <b@example.test>\n\
         Subject: Minutes\nDate: Fri, 27 Nov 2026 10:00:00 +0000\nMessage-ID: <1@elsewhere.test>\n\nThe minutes of our meeting.\n"
    )
}

#[test]
fn spamassassin_counts_who_is_listed_and_names_the_as() {
    apart(|| {
        let program = "/usr/bin/spamassassin";
        if installed("spamassassin", &[program.into()]).is_none() {
            return;
        }
        let world = World::new();
        let _list = list(&world);
        // Debian's own settings, and the README's beside them.
        for entry in fs::read_dir("/etc/spamassassin").unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|end| end == "pre") {
                let name = path.file_name().unwrap().to_str().unwrap();
                let text = fs::read_to_string(&path).unwrap();
                let plugin = "loadplugin Mail::SpamAssassin::Plugin::ASN";
                assert!(name != "v320.pre" || text.contains(plugin));
                world.write(&format!("site/{name}"), &text.replace(&format!("# {plugin}"), plugin));
            }
        }
        let local = [0, 1].map(|which| block(README, "local.cf", which)).concat();
        world.write("site/local.cf", &local);
        let checked = |client: &str| {
            let mail = world.write(&format!("mail-{client}"), &message(client));
            let mut command = Command::new(program);
            command.arg(format!("--siteconfigpath={}", world.text("site"))).args([
                "-p",
                "/dev/null",
                "-x",
                "-t",
            ]);
            command.arg(mail).env("HOME", world.folder.path()).stdin(Stdio::null());
            let output = command.output().unwrap();
            format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
        };
        let hit = "5.0 RCVD_IN_WHODUNIT";
        let blocked = checked(BLOCKED);
        assert!(blocked.contains(hit), "{blocked}");
        assert!(blocked.contains("X-Spam-ASN: AS64500 193.0.20.0/24"), "{blocked}");
        let silent = checked(SILENT);
        assert!(!silent.contains("RCVD_IN_WHODUNIT") && silent.contains("pts rule name"), "{silent}");
        let clear = checked(CLEAR);
        assert!(!clear.contains("RCVD_IN_WHODUNIT") && clear.contains("X-Spam-ASN: AS64500"), "{clear}");
    });
}

/// The result of the rspamd on its own port for a message from this client.
fn scan(client: &str) -> serde_json::Value {
    let mail = message(client);
    let mut stream = TcpStream::connect("127.0.0.1:11333").unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    write!(
        stream,
        "POST /checkv2 HTTP/1.1\r\nHost: x\r\nConnection: close\r\nIP: {client}\r\nFrom: a@elsewhere.test\r\n\
         Content-Length: {}\r\n\r\n{mail}",
        mail.len()
    )
    .unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).unwrap();
    let body = reply.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {reply}")).1;
    serde_json::from_str(body).unwrap_or_else(|e| panic!("{e}: {body}"))
}

#[test]
fn rspamd_scores_who_is_listed_and_names_the_as() {
    apart(|| {
        let program = "/usr/bin/rspamd";
        if installed("rspamd", &[program.into()]).is_none() {
            return;
        }
        let world = World::new();
        let _list = list(&world);
        for name in ["rbl.conf", "rbl_group.conf", "asn.conf"] {
            world.write(&format!("rspamd/local.d/{name}"), &block(README, name, 0));
        }
        world.write("rspamd/local.d/logging.inc", "type = \"console\";\n");
        fs::create_dir(world.path("rspamd/run")).unwrap();
        open_to_all(&world.path("rspamd/run"));
        let run = world.text("rspamd/run");
        let mut command = Command::new(program);
        command.args(["-f", "-u", "_rspamd", "-g", "_rspamd", "-c", "/etc/rspamd/rspamd.conf"]);
        command.arg(format!("--var=LOCAL_CONFDIR={}", world.text("rspamd")));
        for name in ["DBDIR", "RUNDIR", "LOGDIR"] {
            command.arg(format!("--var={name}={run}"));
        }
        let rspamd = Running::start(command.stdin(Stdio::null()).stdout(Stdio::null()));
        let begun = Instant::now();
        while TcpStream::connect("127.0.0.1:11333").is_err() {
            assert!(begun.elapsed() < Duration::from_secs(40), "it does not listen\n{}", rspamd.said());
            thread::sleep(Duration::from_millis(20));
        }
        for (client, score, asn) in [
            (BLOCKED, Some(8.0), Some("193.0.20.0/24")),
            (BLOCKED6, Some(8.0), Some("2a00:db8::/32")),
            (CLEAR, None, Some("193.0.24.0/24")),
            (SILENT, None, None),
        ] {
            let said = scan(client);
            let symbols = &said["symbols"];
            assert_eq!(symbols["WHODUNIT_BLOCKED"]["score"].as_f64(), score, "{client}: {said}");
            let options = symbols["ASN"]["options"].to_string();
            match asn {
                Some(network) => {
                    assert!(options.contains("asn:64500") && options.contains(network), "{said}");
                }
                None => assert!(symbols["ASN"].is_null(), "{said}"),
            }
        }
    });
}
