//! What watches the service: logcheck's rules for its log.

use super::*;

/// What logcheck would mail to the admin, of lines with syslog's time and with rsyslog's ISO time before them.
fn mailed(world: &World, lines: &[String], before: &str) -> Vec<String> {
    let log: String = lines.iter().map(|line| format!("{before}{line}\n")).collect();
    let log = world.write("mail.log", &log);
    let rules = integrations("logcheck/whodunit");
    let mut left = vec![];
    for locale in ["C", "C.UTF-8"] {
        // As /usr/sbin/logcheck calls it.
        let mut grep = Command::new("grep");
        grep.args(["-E", "--text", "-v", "-f"]).args([&rules, &log]).env("LC_ALL", locale);
        let output = grep.output().unwrap();
        assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
        let kept = String::from_utf8(output.stdout).unwrap();
        let kept: Vec<String> =
            kept.lines().map(|line| line.strip_prefix(before).unwrap().to_owned()).collect();
        assert!(left.is_empty() || left == kept, "the locale decides: {left:?}, {kept:?}");
        left = kept;
    }
    left
}

/// The log of a service that was started so, asked by a mail server and by a resolver, told to read its patterns again,
/// and ended.
fn log_of(world: &World, options: &[&str]) -> Vec<String> {
    let socket = format!("unix:{}", world.text("a socket"));
    let places = ["--listen", "dns:127.0.0.1:0", "--listen", &socket, "--timeout", "1"];
    let mut serve = Serve::start(world, &[&places, options].concat());
    for address in ["193.0.20.77", "193.0.24.77", "193.0.40.77"] {
        dns::ask(serve.dns(), &dns::listed(address, "bl.whodunit"), domain::base::Rtype::A);
    }
    let mut connection = serve.connect();
    for address in [BLOCKED, BLOCKED, BLOCKED6, MAPPED, CLEAR, HOSTILE, SILENT, "127.0.0.1", "unknown"] {
        connection.ask(address);
    }
    let mut verdict = TcpStream::connect(("127.0.0.1", serve.port)).unwrap();
    write!(verdict, "request=whodunit\nclient_address={CLEAR}\n\n").unwrap();
    serve.running.says("action=VERDICT");
    serve.running.signal("HUP");
    serve.running.says("reloaded=patterns");
    let patterns = fs::read_to_string(world.path("blocked")).unwrap();
    world.write("blocked", "(\n");
    serve.running.signal("HUP");
    serve.running.says("not reloaded");
    world.write("blocked", &patterns);
    serve.running.signal("TERM");
    assert_eq!(serve.running.code(), 0);
    serve.running.says("stopping=signal");
    serve.running.said().lines().map(str::to_owned).collect()
}

#[test]
fn logcheck_is_silent_about_all_but_warnings() {
    let mut lines = vec![];
    for options in [&[][..], &["--dry-run"], &["--on-unknown", "defer", "--header"], &["--on-blocked", "tag"]]
    {
        lines.extend(log_of(&World::new(), options));
    }
    let all = lines.join("\n");
    for word in ["LISTED", "UNLISTED", "SERVFAIL", "REJECT", "DUNNO", "WARN", "DEFER_IF_PERMIT", "PREPEND"] {
        assert!(all.contains(&format!("action={word} ")), "no {word} in\n{all}");
    }
    let world = World::new();
    let warnings: Vec<String> = lines.iter().filter(|line| line.starts_with("warning=")).cloned().collect();
    assert!(warnings.iter().any(|line| line.contains("not reloaded")), "{warnings:?}");
    for before in [
        "Nov 27 10:00:00 host whodunit[123]: ",
        "2026-11-27T10:00:00.123456+01:00 mx-1.example.org whodunit[4194304]: ",
    ] {
        assert_eq!(mailed(&world, &lines, before), warnings, "behind {before:?}");
    }
    // Another program's lines are not ours to hide.
    assert_eq!(mailed(&world, &lines, "Nov 27 10:00:00 host smtpd[123]: "), lines);
}
