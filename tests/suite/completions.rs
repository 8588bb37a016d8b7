//! Completions and the manual page: the checked-in files are what the program prints, and the shells can read them.

use crate::jig::{PROGRAM, Room};
use clap::CommandFactory;
use std::{collections::BTreeMap, fs, io::Write, path::PathBuf, process::Command};
use whodunit::{
    cli::Cli,
    internals::registry::{AnswerSource, UnknownKind},
};

/// The command that makes each checked-in file.
const FILES: [(&str, &[&str]); 6] = [
    ("whodunit.bash", &["completions", "bash"]),
    ("_whodunit", &["completions", "zsh"]),
    ("whodunit.fish", &["completions", "fish"]),
    ("whodunit.elv", &["completions", "elvish"]),
    ("_whodunit.ps1", &["completions", "powershell"]),
    ("whodunit.1", &["man"]),
];

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("completions").join(name)
}

#[test]
fn what_is_checked_in_is_current() {
    let room = Room::new();
    for (name, args) in FILES {
        let printed = room.run(args.iter().copied()).code(0).check().stdout;
        let kept = fs::read_to_string(file(name)).unwrap_or_default();
        let remedy = format!("cargo run --locked -- {} >completions/{name}", args.join(" "));
        assert!(printed == kept, "completions/{name} is stale; make it anew: {remedy}");
    }
}

/// Runs a script in a real shell, and returns its output; None if the shell is not installed, which fails in CI.
fn shell(shell: &str, args: &[&str], script: &str) -> Option<String> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    if !std::env::split_paths(&path).any(|folder| folder.join(shell).exists()) {
        assert!(std::env::var_os("CI").is_none(), "{shell} is not installed here, and CI has to have it");
        // Written past the test harness, which hides the output of a passing test.
        drop(writeln!(
            std::io::stderr(),
            "SKIPPED: {shell} is not installed, so its completions were not tried"
        ));
        return None;
    }
    let room = Room::new();
    let home = room.path("home");
    let mut command = Command::new(shell);
    command.args(args).arg(script).env("HOME", &home).env("XDG_CONFIG_HOME", home.join("c"));
    Some(run(&mut command))
}

fn run(command: &mut Command) -> String {
    let program = PathBuf::from(PROGRAM);
    let folders = std::env::join_paths(
        std::iter::once(program.parent().unwrap().to_owned())
            .chain(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())),
    );
    let output = command.env("PATH", folders.unwrap()).output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && stderr.is_empty(), "{command:?}: {}\n{stderr}", output.status);
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn bash_completes() {
    let script = format!(
        "source {}; words() {{ COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); \
         _whodunit whodunit \"${{@: -1}}\" \"${{@: -2:1}}\"; echo \"${{COMPREPLY[*]}}\"; }}; \
         complete -p whodunit >/dev/null && words whodunit --js; words whodunit cache st; words whodunit cache stats --j",
        file("whodunit.bash").display()
    );
    let Some(said) = shell("bash", &["--norc", "-c"], &script) else { return };
    assert_eq!(said, "--json\nstats\n--json\n");
}

#[test]
fn zsh_completes() {
    // Whole completions need a terminal of their own there. It must do that the function is accepted and parses.
    let script = format!(
        "autoload -Uz compinit && compinit -D -u && source {} && print ${{_comps[whodunit]}} && \
         autoload +X _arguments && print ${{+functions[_whodunit]}} ${{+functions[_whodunit__cache_commands]}}",
        file("_whodunit").display()
    );
    let Some(said) = shell("zsh", &["-f", "-c"], &script) else { return };
    assert!(said.starts_with("_whodunit\n1 "), "{said}");
}

#[test]
fn fish_completes() {
    let script = format!(
        "source {}; complete -C 'whodunit --js'; complete -C 'whodunit cache st'; complete -C 'whodunit report --color al'",
        file("whodunit.fish").display()
    );
    let Some(said) = shell("fish", &["--no-config", "-c"], &script) else { return };
    let words: Vec<&str> = said.lines().map(|line| line.split('\t').next().unwrap()).collect();
    assert_eq!(words, ["--json", "stats", "always"]);
}

/// The manual without roff's escapes.
fn manual() -> String {
    let page = fs::read_to_string(file("whodunit.1")).unwrap();
    page.replace("\\-", "-")
        .replace("\\(aq", "'")
        .replace("\\*(Aq", "'")
        .replace("\\fB", "")
        .replace("\\fR", "")
}

/// A part of the manual, from a heading to the next of its kind or a higher one.
fn part<'a>(page: &'a str, heading: &str) -> &'a str {
    let (_, rest) = page.split_once(&format!("\n{heading}\n")).unwrap_or_else(|| panic!("no {heading}"));
    let deeper = if heading.starts_with(".SS") { "\n.SS " } else { "\n.SH " };
    let ends = [rest.find(deeper), rest.find("\n.SH COMMANDS"), rest.find("\n.SH VERDICTS")];
    &rest[..ends.into_iter().flatten().min().unwrap_or(rest.len())]
}

/// The text of each option in a part of the manual, by the option's long name.
fn texts(part: &str) -> BTreeMap<String, String> {
    let part = format!("\n{part}");
    let items = part.split("\n.TP\n").skip(1).filter_map(|item| {
        let (head, text) = item.split_once('\n')?;
        let name = head.split("--").nth(1)?.split(['\\', ' ']).next()?;
        Some((name.to_owned(), text.split("\n.").next()?.trim().to_owned()))
    });
    items.collect()
}

#[test]
fn every_option_of_every_command_has_a_text_in_the_manual() {
    let page = manual();
    let (_, options) = page.split_once("\n.SH OPTIONS\n").unwrap();
    let top = texts(options.split("\n.SH COMMANDS\n").next().unwrap());
    let mut command = Cli::command();
    command.build();
    let mut seen = 0;
    let mut all: Vec<(String, &clap::Command)> = vec![(String::new(), &command)];
    while let Some((name, command)) = all.pop() {
        let below = command.get_subcommands();
        all.extend(below.map(|sub| (format!("{name} {}", sub.get_name()).trim().to_owned(), sub)));
        if command.has_subcommands() && !name.is_empty() || ["man", "completions"].contains(&name.as_str()) {
            continue;
        }
        let own = if name.is_empty() { options } else { part(&page, &format!(".SS \"whodunit {name}\"")) };
        let (here, shared) = (texts(own), own.rsplit("As above: ").next().unwrap_or_default());
        let visible = command.get_arguments().filter(|arg| !arg.is_hide_set());
        for option in visible.filter_map(clap::Arg::get_long) {
            let text = here.get(option).or_else(|| {
                let named = shared.split([' ', ',', '.', '\n']).any(|word| word == format!("--{option}"));
                top.get(option).filter(|_| named || ["help", "version"].contains(&option))
            });
            assert!(text.is_some_and(|text| text.len() > 8), "{name}: --{option} has no text: {text:?}");
            seen += 1;
        }
    }
    assert!(seen > 150, "{seen}");
}

#[test]
fn help_says_nothing_twice() {
    fn look(command: &clap::Command) {
        for arg in command.get_arguments() {
            let (Some(short), Some(long)) = (arg.get_help(), arg.get_long_help()) else { continue };
            let (short, long) = (short.to_string(), long.to_string());
            assert!(!long.contains("\n\n"), "{}: {long}", arg.get_id());
            assert!(short != long, "{}: {long}", arg.get_id());
        }
        command.get_subcommands().for_each(look);
    }
    look(&Cli::command());
}

/// The lines of README's table of exit codes: a code and its meaning.
fn codes() -> Vec<(String, String)> {
    let readme = fs::read_to_string(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let (_, table) = readme.split_once("| code | meaning |\n| --- | --- |\n").unwrap();
    let rows = table.lines().take_while(|line| line.starts_with('|'));
    rows.flat_map(|row| {
        let cells: Vec<&str> = row.trim_matches(['|', ' ']).split(" | ").collect();
        let [codes, meanings] = cells.as_slice() else { panic!("{row}") };
        let (codes, meanings): (Vec<_>, Vec<_>) =
            (codes.split(" · ").collect(), meanings.split(" · ").collect());
        assert_eq!(codes.len(), meanings.len(), "{row}");
        codes.into_iter().map(str::to_owned).zip(meanings.into_iter().map(str::to_owned)).collect::<Vec<_>>()
    })
    .collect()
}

#[test]
fn the_manual_gives_each_exit_code_the_meaning_that_readme_gives_it() {
    let (page, codes) = (manual(), codes());
    let known: Vec<&str> = codes.iter().map(|(code, _)| code.as_str()).collect();
    assert_eq!(known, ["0", "1", "75", "64", "65", "66", "70", "74", "78", "141", "130"]);
    let status = part(&page, ".SH EXIT STATUS").to_lowercase();
    for (code, meaning) in &codes {
        let wanted = format!(".tp\n.b {code}\n{}.\n", meaning.to_lowercase());
        assert!(format!("{status}\n").contains(&wanted), "{code} is not `{meaning}` in the manual: {status}");
    }
    let readme = fs::read_to_string(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    for (command, ends) in [("warm", "75"), ("patterns", "1"), ("check", "0 to 3")] {
        let said = status.contains(&format!(".b {command}\nends in {ends}"));
        assert!(said, "{command}: {status}");
        assert!(readme.contains(&format!("`{command}` ends in {ends}")), "README: {command}");
    }
}

#[test]
fn readme_and_manual_name_every_log_format_that_is_read() {
    let top = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let formats = fs::read_to_string(top.join("src/log/format.rs")).unwrap();
    let page = manual();
    let logs = part(&page, ".SH LOGS").to_lowercase();
    // Files that are named by something else than their program's name.
    const OTHERS: [(&str, &str); 7] = [
        ("event", "cef"),
        ("fields", "exchange"),
        ("ims", "hmailserver"),
        ("ironport", "cisco esa"),
        ("login", "proftpd"),
        ("web", "nginx"),
        ("webmail", "roundcube"),
    ];
    /// Files that belong to no program.
    const PARTS: [&str; 11] = [
        "direction",
        "forwarded",
        "front",
        "general",
        "head",
        "object",
        "pieces",
        "sender",
        "ssh",
        "wrapped",
        "tests",
    ];
    let modules = formats.lines().filter_map(|line| line.strip_prefix("mod ")?.strip_suffix(';'));
    for module in modules.filter(|module| !PARTS.contains(module)) {
        let name = OTHERS.iter().find(|(file, _)| *file == module).map_or(module, |(_, name)| *name);
        assert!(logs.contains(name), "the manual does not say that logs of {name} are read");
    }
    let readme = fs::read_to_string(top.join("README.md")).unwrap();
    for kind in ["mail servers", "web servers", "proxies", "OpenSSH", "journald", "nginx"] {
        assert!(readme.contains(kind), "README does not say that {kind} are read");
        assert!(logs.contains(&kind.to_lowercase()), "the manual does not say that {kind} are read");
    }
}

#[test]
fn what_json_names_is_documented() {
    use AnswerSource::{Cache, Import, Origin, Rdap, Reserved, Text, Whois};
    use UnknownKind::{Denied, Incomplete, Network, NotFound, Offline, Placeholder, Timeout, TooLarge};
    let page = manual();
    let output = part(&page, ".SH OUTPUT COLUMNS").replace('\\', "");
    let sources = [Whois, Rdap, Cache, Import, Origin, Reserved, Text].map(AnswerSource::as_str);
    let kinds = [Timeout, Denied, NotFound, Placeholder, Incomplete, TooLarge, Network, Offline];
    for word in sources.into_iter().chain(kinds.map(UnknownKind::as_str)) {
        let named = output.lines().any(|line| line.starts_with(".B") && line.contains(&format!(" {word}")));
        assert!(named, "the manual does not name {word}");
    }
}

/// `--json` once stood among the options for querying.
#[test]
fn an_option_stands_under_its_own_heading() {
    let help = Room::new().run(["patterns", "--help"]).code(0).check().stdout;
    let (own, _) = help.split_once("\nQuerying:\n").unwrap();
    assert!(own.contains("--json\n"), "{own}");
}

#[test]
fn what_a_pipe_gets_has_its_columns_documented() {
    let page = manual();
    let output = part(&page, ".SH OUTPUT COLUMNS");
    let room = Room::with(&[("log", "10.0.0.1\n")]);
    let report = room.run(["report", "log"]).code(0).check().stdout;
    let columns = |command: &str| {
        let (_, rest) = output.split_once(&format!(".B whodunit {command}\n")).unwrap();
        let upper = |word: &&str| word.len() > 2 && word.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
        rest.lines().next().unwrap().split([' ', '.']).take_while(upper).count()
    };
    assert_eq!(columns("report"), report.trim_end().split('\t').count(), "{report}");
    assert_eq!(columns("cache list"), 9);
}

#[test]
fn the_manual_reads_well() {
    let page = fs::read_to_string(file("whodunit.1")).unwrap();
    let title = page.lines().find(|line| line.starts_with(".TH ")).unwrap();
    let date = title.split_whitespace().nth(3).unwrap();
    assert!(date.len() == 10 && date.split('-').count() == 3 && date.starts_with("20"), "{title}");
    for command in ["match", "report", "serve", "patterns", "cache import", "warm", "completions", "man"] {
        assert!(page.contains(&format!("\n.SS \"whodunit {command}\"\n")), "the manual lacks {command}");
    }
    let script = format!(
        "LC_ALL=C.UTF-8 MANWIDTH=100 man -l --warnings {} 2>&1 >/dev/null",
        file("whodunit.1").display()
    );
    if let Some(warnings) = shell("man", &["--version"], "--version").and(shell("sh", &["-c"], &script)) {
        assert_eq!(warnings, "");
    }
}
