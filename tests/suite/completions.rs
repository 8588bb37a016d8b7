//! Completions and the manual page: what is checked in is what the program prints, and the shells can read it.

use crate::jig::{PROGRAM, Room};
use std::{fs, io::Write, path::PathBuf, process::Command};

/// What makes each checked-in file.
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

/// Runs a script in a real shell, and gives what it prints; None where the shell is not installed, which CI does not
/// bear.
fn shell(shell: &str, args: &[&str], script: &str) -> Option<String> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    if !std::env::split_paths(&path).any(|folder| folder.join(shell).exists()) {
        assert!(std::env::var_os("CI").is_none(), "{shell} is not installed here, and CI has to have it");
        // Said past the test harness, which keeps what a passing test prints to itself.
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
    // Whole completions need a terminal of their own there: that the function is taken, and parses, must do.
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

#[test]
fn the_manual_reads_well_and_names_every_exit_code() {
    let page = fs::read_to_string(file("whodunit.1")).unwrap();
    for code in [0, 1, 64, 65, 66, 70, 74, 75, 78, 141] {
        assert!(page.contains(&format!("\n.TP\n.B {code}\n")), "the manual does not say what {code} means");
    }
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
