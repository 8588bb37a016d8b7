//! Programs that watch the service: logcheck's rules for its log, and Prometheus' for its metrics.

use super::*;
use std::collections::BTreeSet;

/// The lines that logcheck would mail to the admin, each with a syslog time or an ISO time of rsyslog.
fn mailed(world: &World, lines: &[String], before: &str) -> Vec<String> {
    let log: String = lines.iter().map(|line| format!("{before}{line}\n")).collect();
    let log = world.write("mail.log", &log);
    let rules = integrations("logcheck/whodunit");
    let mut left = vec![];
    for locale in ["C", "C.UTF-8"] {
        // The call is that of /usr/sbin/logcheck.
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

/// The log of a service with these options that answered a mail server and a resolver, reloaded its patterns, and
/// ended.
fn log_of(world: &World, options: &[&str]) -> Vec<String> {
    let socket = format!("unix:{}", world.text("a socket"));
    let addresses = ["--listen", "dns:127.0.0.1:0", "--listen", &socket, "--timeout", "1"];
    let mut serve = Serve::start(world, &[&addresses, options].concat());
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
    // Another program's lines must not be hidden.
    assert_eq!(mailed(&world, &lines, "Nov 27 10:00:00 host smtpd[123]: "), lines);
}

/// The names in a text that begin like the service's metrics.
fn metric_names(text: &str) -> BTreeSet<&str> {
    let words = text.split(|c: char| !c.is_ascii_lowercase() && c != '_');
    words.filter(|word| word.starts_with("whodunit_")).collect()
}

#[test]
fn the_alerts_and_the_readme_name_metrics_that_the_service_writes() {
    let world = World::new();
    let table = world.write("table.tsv", "193.0.20.0\t193.0.23.255\t65010\tDE\tContoso\n");
    for args in [&["cache", "import", &table.to_string_lossy()][..], &["--quiet", BLOCKED]] {
        let mut command = Command::new(PROGRAM);
        command.args(args).args(["--config", &world.text("config.toml")]).env_clear();
        assert!(command.output().unwrap().status.code().is_some_and(|code| code < 2), "{args:?}");
    }
    // As in the README: the reader of the file is in no group of the service's, whose unit has a strict umask.
    let line = block("metrics/README.md", "toml", 0).replace("/run/whodunit", &world.text(""));
    let config = fs::read_to_string(world.path("config.toml")).unwrap() + &line;
    let config = world.write("metrics.toml", &config);
    let script = r#"umask 077; exec "$0" serve --listen inet:127.0.0.1:0 --config "$1""#;
    let mut command = Command::new("/bin/sh");
    command.args(["-c", script, PROGRAM]).arg(config).env_clear().stdin(Stdio::null()).stdout(Stdio::null());
    let running = Running::start(&mut command);
    let file = world.path("whodunit.prom");
    until("the metrics", || file.exists());
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o644);
    let text = fs::read_to_string(&file).unwrap();
    drop(running);
    let families: BTreeSet<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE ").and_then(|rest| rest.split(' ').next()))
        .collect();
    let readme = fs::read_to_string(integrations("metrics/README.md")).unwrap();
    let table = readme.split("## What is counted").nth(1).unwrap();
    assert_eq!(metric_names(table), families, "README's table, and what is written");
    let rules = fs::read_to_string(integrations("metrics/whodunit.rules.yml")).unwrap();
    let used = metric_names(&rules);
    assert!(used.len() >= 6, "{used:?}");
    for name in used {
        let sample = |line: &str| line.split(['{', ' ']).next() == Some(name);
        let written = families.contains(name) || text.lines().any(sample);
        assert!(written, "whodunit.rules.yml watches {name}, which is not written");
    }
    // Our own words that the rules select by.
    assert!(rules.contains("verdict=\"unknown\"") && text.contains("verdict=\"unknown\"}"));
}
