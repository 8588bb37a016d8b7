//! Every command in README.md, run unchanged against the demo's registries; the output must be the one that README
//! shows.
//!
//! `WHODUNIT_BLESS=1 cargo test readme` writes today's output into README; check the difference before you commit it.

use crate::{
    farm::{Farm, Rule, Scenario},
    jig::{PROGRAM, Room},
};
use std::{
    fs,
    io::{BufRead, BufReader, Write},
    os::unix::{fs::PermissionsExt, net::UnixStream},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

/// The reason why a block is not run, and the form that all of its commands must have.
const NOT_RUN: [(&str, &[&str]); 2] = [
    ("it installs on this machine", &["cargo install "]),
    ("it fetches a table from the internet", &["curl "]),
];

fn top() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn readme() -> String {
    fs::read_to_string(top().join("README.md")).unwrap()
}

/// A fenced block.
#[derive(Debug)]
struct Block {
    /// The line of its fence in README, from 1.
    line: usize,
    language: String,
    /// The reason why it is not run, if a comment before it gives one.
    not_run: Option<String>,
    lines: Vec<String>,
}

fn blocks(text: &str) -> Vec<Block> {
    let mut blocks = vec![];
    let mut lines = text.lines().enumerate();
    let mut not_run = None;
    while let Some((number, line)) = lines.next() {
        if let Some(language) = line.strip_prefix("```") {
            let lines =
                lines.by_ref().map(|(_, line)| line.to_owned()).take_while(|line| line != "```").collect();
            let language = language.to_owned();
            blocks.push(Block { line: number + 1, language, not_run: not_run.take(), lines });
        } else {
            not_run = line
                .strip_prefix("<!-- not run: ")
                .and_then(|rest| rest.strip_suffix(" -->"))
                .map(str::to_owned);
        }
    }
    blocks
}

/// Commands without output when all is well.
const SILENT: [&str; 2] = ["whodunit patterns ", "sudo install -d "];

/// Postfix's log line about a client that README's service would have rejected.
const WARNED: &str = "Nov 23 10:50:00 mx postfix/smtpd[4200]: NOQUEUE: warn: RCPT from mail.contoso.example[193.0.22.9]: \
    whodunit would REJECT: No access to hosts using this registrar: Contoso Bulk Mail GmbH (193.0.20.0/22); \
    from=<offers@contoso.example> to=<info@example.org> proto=ESMTP helo=<mail.contoso.example>\n";

/// A line of nginx behind a proxy.
const PROXIED: &str =
    "10.0.0.1 - - [23/Nov/2026:10:34:34 +0000] \"GET / HTTP/1.1\" 200 1 \"-\" \"x\" \"193.0.22.9\"\n";

/// The first list that README tells the admin to write.
fn first_list() -> String {
    let all = blocks(&readme());
    let list = all.iter().find(|block| block.language == "text").unwrap();
    list.lines.join("\n") + "\n"
}

/// A room with the files that README mentions, and the demo's registries.
struct Stage {
    room: Room,
    farm: Farm,
}

impl Stage {
    fn new() -> Self {
        let demo = top().join("tests/demo");
        let read = |name: &str| fs::read_to_string(demo.join(name)).unwrap();
        let (blocked, log) = (read("blocked"), read("mail.log"));
        let wanted: String =
            log.lines().filter(|line| line.contains("103.20.8.15")).map(|l| format!("{l}\n")).collect();
        let whois = fs::read_to_string(top().join("tests/farm/forms/arin-two-blocks.txt")).unwrap();
        let room = Room::with(&[
            ("blocked", &blocked),
            ("mail.log", &log),
            ("saved-whois.txt", &whois),
            ("etc/qpsmtpd/blocked_registrars", &blocked),
            ("etc/whodunit/never-block", "@org ^Lucerne University$\n"),
            ("etc/whodunit/block.d/asn", "@asn 64511\n"),
            ("etc/whodunit/blocked", &first_list()),
            ("var/log/mail.log", &(log.clone() + WARNED)),
            ("var/log/mail.log.1", &log),
            ("var/log/nginx/access.log", PROXIED),
            ("var/log/wanted.log", &wanted),
        ]);
        let mut scenario = Scenario::read(&demo.join("registries.toml"));
        // README's first command asks about one of RIPE's own addresses.
        let own = Rule {
            within: Some("193.0.0.0/21".into()),
            reply: Some("ripe".into()),
            network: Some("193.0.0.0/21".into()),
            ..Rule::default()
        };
        let ripe = scenario.server.iter_mut().find(|server| server.name == "whois.ripe.net").unwrap();
        ripe.rule.insert(0, own);
        Self { room, farm: Farm::start(&scenario) }
    }

    /// Runs a line of shell.
    fn run(&self, script: &str) -> Output {
        self.command(script).output().unwrap()
    }

    /// A line of shell, with README's absolute paths moved into the room.
    fn command(&self, script: &str) -> Command {
        let work = self.room.path("");
        let work = work.to_str().unwrap().trim_end_matches('/');
        let mut script = script.replace("cargo run --release --locked -- ", "whodunit ");
        script = script.replace("cargo run --release --locked --example demo", "demo");
        // The user who runs the tests replaces the hook's user.
        script = script.replace("sudo ", "").replace("-g qpsmtpd ", "-g \"$(id -g)\" ");
        for folder in ["/etc/", "/var/"] {
            script = script.replace(&format!(" {folder}"), &format!(" {work}{folder}"));
        }
        let beside = PathBuf::from(PROGRAM).parent().unwrap().to_owned();
        let path = format!("{}:{}:/usr/bin:/bin", beside.display(), beside.join("examples").display());
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", &script])
            .current_dir(work)
            .env_clear()
            .env("PATH", &path)
            .env("HOME", self.room.path("../home"))
            .env("WHODUNIT_SERVERS", self.farm.list())
            .env("WHODUNIT_CACHE", self.room.path("cache.db"))
            .env("WHODUNIT_RATE", "0")
            .env("WHODUNIT_TIMEOUT", "5");
        if script.starts_with("demo") {
            // Cargo builds and runs the demo, which itself ensures that it inherits nothing of ours.
            let inherited =
                ["CARGO", "CARGO_HOME", "CARGO_TARGET_DIR", "HOME", "RUSTUP_HOME", "RUSTUP_TOOLCHAIN"];
            command.envs(inherited.iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
            command.env("PATH", format!("{path}:{}", std::env::var("PATH").unwrap()));
        }
        command
    }
}

fn said(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (text(&output.stdout), text(&output.stderr))
}

#[test]
fn every_command_runs() {
    let stage = Stage::new();
    let mut ran = 0;
    for block in blocks(&readme()).iter().filter(|block| block.language == "sh") {
        for line in &block.lines {
            if let Some(reason) = &block.not_run {
                let (_, marks) =
                    NOT_RUN.iter().find(|(known, _)| known == reason).unwrap_or_else(|| panic!("{reason}"));
                assert!(
                    marks.iter().any(|mark| line.contains(mark)),
                    "README:{}: {line}: {reason}?",
                    block.line
                );
                continue;
            }
            // It runs until it is stopped: `the_service_of_the_first_evening_only_warns`.
            if line.starts_with("whodunit serve ") {
                continue;
            }
            let output = stage.run(line);
            let (stdout, stderr) = said(&output);
            let position = format!("README:{}: {line}\n{stdout}{stderr}", block.line);
            assert!(matches!(output.status.code(), Some(0 | 1)), "{position}\n{}", output.status);
            // The demo lets cargo build the program, which may print that; and `--ham` prints the owners left out.
            let said = if line.contains("--ham ") { "whodunit: left out: " } else { "" };
            let quiet = stderr.lines().all(|line| !said.is_empty() && line.starts_with(said));
            assert!(quiet || line.contains("--example demo"), "{position}");
            let silent = SILENT.iter().any(|start| line.starts_with(start));
            assert!(line.contains('>') || silent == stdout.is_empty(), "{position}\nprinted nothing");
            assert!(!silent || output.status.success(), "{position}");
            ran += 1;
        }
    }
    assert!(ran >= 12, "README has only {ran} commands that are run");
    let mode = fs::metadata(stage.room.path("var/cache/whodunit")).unwrap().permissions().mode();
    assert_eq!(mode & 0o7777, 0o2770, "the hook's user cannot write the cache");
}

#[test]
fn the_service_of_the_first_evening_only_warns() {
    let (stage, all) = (Stage::new(), blocks(&readme()));
    let serve = all.iter().flat_map(|block| &block.lines).find(|line| line.starts_with("whodunit serve "));
    let main_cf = all.iter().find(|block| block.language == "main.cf").unwrap();
    let asked = main_cf.lines.iter().find_map(|line| line.trim().strip_prefix("check_policy_service { "));
    let service = asked.unwrap().split(',').next().unwrap();
    assert_eq!(main_cf.lines.len(), 2, "two lines of main.cf are what README promises");
    assert!(
        serve.unwrap().contains(service),
        "Postfix asks at {service}, which is not where the service listens"
    );
    let socket = stage.room.path("policy");
    let script = serve.unwrap().replace(service, &format!("unix:{}", socket.display()));
    let mut command = stage.command(&format!("exec {script}"));
    let mut running =
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let begun = Instant::now();
    let mut connection = loop {
        match UnixStream::connect(&socket) {
            Ok(connection) => break Some(connection),
            Err(_) if begun.elapsed() > Duration::from_secs(20) => break None,
            Err(_) => thread::sleep(Duration::from_millis(20)),
        }
    };
    let answer = connection.as_mut().map(|connection| {
        connection.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        connection.write_all(b"request=smtpd_access_policy\nclient_address=193.0.22.9\n\n").unwrap();
        let mut line = String::new();
        BufReader::new(connection).read_line(&mut line).unwrap();
        line
    });
    running.kill().unwrap();
    running.wait().unwrap();
    let answer = answer.expect("the service of README does not listen");
    assert!(answer.starts_with("action=WARN whodunit would REJECT: "), "{answer}");
    // README's search text is in the line that Postfix logs for this.
    assert!(WARNED.contains(answer.trim_start_matches("action=WARN ").trim_end()), "{answer}");
}

#[test]
fn every_output_is_what_comes_out() {
    let text = readme();
    let mut fresh = text.clone();
    for block in blocks(&text).iter().filter(|block| block.language == "console") {
        // A stage for each block, so that no block shows another's cache.
        let stage = Stage::new();
        let mut wanted = String::new();
        for line in block.lines.iter().filter(|line| line.starts_with("$ ")) {
            let (stdout, stderr) = said(&stage.run(&line[2..]));
            assert_eq!(stderr, "", "README:{}: {line}", block.line);
            wanted.push_str(&format!("{line}\n{stdout}"));
        }
        let shown: String = block.lines.iter().map(|line| format!("{line}\n")).collect();
        assert!(!wanted.is_empty(), "README:{}: no command", block.line);
        fresh = fresh.replacen(&format!("```console\n{shown}```"), &format!("```console\n{wanted}```"), 1);
    }
    if std::env::var_os("WHODUNIT_BLESS").is_some() {
        fs::write(top().join("README.md"), fresh).unwrap();
    } else {
        let differs = text.lines().zip(fresh.lines()).find(|(kept, today)| kept != today);
        assert!(
            text == fresh,
            "README is not what comes out today; WHODUNIT_BLESS=1 cargo test readme writes it: {differs:?}"
        );
    }
}

#[test]
fn every_block_is_of_a_kind_that_is_looked_at() {
    for block in blocks(&readme()) {
        let known = ["sh", "console", "toml", "perl", "text", "main.cf"];
        assert!(known.contains(&block.language.as_str()), "README:{}: ```{}", block.line, block.language);
        assert!(block.language == "sh" || block.not_run.is_none(), "README:{}: what is not run?", block.line);
    }
}

#[test]
fn configurations_and_patterns_are_taken() {
    for block in blocks(&readme()) {
        let stage = Stage::new();
        let text = block.lines.join("\n");
        let output = match block.language.as_str() {
            "toml" => {
                let work = stage.room.path("");
                let moved =
                    text.replace("\"/", &format!("\"{}/", work.to_str().unwrap().trim_end_matches('/')));
                stage.room.write("config.toml", moved);
                stage.run("whodunit --config config.toml 193.0.22.9")
            }
            "text" => {
                stage.room.write("patterns", text);
                stage.run("whodunit -f patterns 193.0.22.9")
            }
            _ => continue,
        };
        let (stdout, stderr) = said(&output);
        assert!(stdout.starts_with("193.0.22.9\tblocked\t"), "README:{}: {stdout}{stderr}", block.line);
    }
}

#[test]
fn the_hooks_line_is_the_one_that_is_tried_in_a_hook() {
    // `a_hook_of_ones_own_needs_two_new_lines` runs it in qpsmtpd.
    let hook = fs::read_to_string(top().join("integrations/qpsmtpd/README.md")).unwrap();
    for block in blocks(&readme()).iter().filter(|block| block.language == "perl") {
        for line in &block.lines {
            assert!(hook.contains(&format!("    {line}\n")), "README:{}: {line}", block.line);
        }
    }
}

#[test]
fn what_it_links_to_is_there() {
    for name in ["README.md", "SECURITY.md", "CONTRIBUTING.md", "CHANGELOG.md"] {
        let text = fs::read_to_string(top().join(name)).unwrap();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            assert!(link.starts_with("https://") || top().join(link).exists(), "{name} links to {link}");
        }
    }
}

#[test]
fn exit_codes_are_all_named() {
    let text = readme();
    let (_, table) = text.split_once("## Exit codes").unwrap();
    let table: String = table
        .lines()
        .skip_while(|line| !line.starts_with('|'))
        .take_while(|line| line.starts_with('|'))
        .collect();
    for code in [0, 1, 64, 65, 66, 70, 74, 75, 78, 130, 141] {
        let named = table.split(|c: char| !c.is_ascii_digit()).any(|number| number == code.to_string());
        assert!(named, "README does not say what exit code {code} means");
    }
}
