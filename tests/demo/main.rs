//! `cargo run --release --locked --example demo`: shows whodunit at work, without the internet.
//!
//! It plays the registries on loopback (registries.toml; the owners are made up), and classifies a sample mail log in
//! each output form. `demo serve [MILLISECONDS]` plays a registry that answers every query after that time, and prints
//! its ports on stdout. It ends when stdin ends, or after ten minutes.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a demonstration that cannot go on should say so and stop"
)]

#[path = "../farm/farm.rs"]
#[expect(dead_code, unused_imports, reason = "the farm's checks are for the tests")]
mod farm;

use farm::{Farm, Plan, Rule, Scenario};
use std::{
    io::{BufRead, Write},
    path::{Path, PathBuf},
    process::{Command, ExitCode},
    thread,
    time::Duration,
};

const USAGE: &str = "\
usage: cargo run --release --locked --example demo [-- serve [MILLISECONDS]]

Shows whodunit at work on registries that are played on loopback.
serve  plays one registry alone, which answers after so long, until stdin ends
";

/// EX_USAGE of sysexits(3), the same as whodunit's.
const BAD_USAGE: u8 = 64;

fn main() -> ExitCode {
    let args: Vec<_> = std::env::args_os().skip(1).map(|arg| arg.to_string_lossy().into_owned()).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] => demonstrate(&program()),
        ["serve"] => serve(0),
        ["serve", ms] if ms.parse::<u64>().is_ok() => serve(ms.parse().unwrap()),
        ["--help" | "-h"] => print!("{USAGE}"),
        _ => {
            eprint!("demo: cannot make anything of `{}`\n{USAGE}", args.join(" "));
            return ExitCode::from(BAD_USAGE);
        }
    }
    ExitCode::SUCCESS
}

/// The program that was built beside this one. Cargo does not build it for an example, so this does.
fn program() -> PathBuf {
    let here = std::env::current_exe().expect("where the demo lies");
    let folder = here.parent().and_then(Path::parent).expect("the target folder");
    let mut build = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".into()));
    build.args(["build", "--quiet", "--locked", "--bin", "whodunit"]);
    if folder.ends_with("release") {
        build.arg("--release");
    }
    build.current_dir(env!("CARGO_MANIFEST_DIR"));
    assert!(build.status().expect("cargo to run").success(), "whodunit could not be built");
    folder.join("whodunit")
}

/// The arguments to show, as a user would type them.
const SHOWN: &[&[&str]] = &[
    &["-f", "blocked", "193.0.22.9"],
    &["-f", "blocked", "-c", "193.0.22.9"],
    &["-f", "blocked", "--whois", "8.20.16.44"],
    &["-f", "blocked", "--log", "mail.log"],
    &["-f", "blocked", "--log", "mail.log", "--csv"],
    &["-f", "blocked", "--log", "mail.log", "--json"],
    &["-f", "blocked", "--log", "mail.log", "-c"],
    &["-f", "blocked", "--log", "mail.log", "-q"],
];

fn demonstrate(program: &Path) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/demo");
    let farm = Farm::start(&Scenario::read(&folder.join("registries.toml")));
    println!("The registries are played on loopback; the owners are made up.\n");
    for args in SHOWN {
        println!("$ whodunit {}", args.join(" "));
        std::io::stdout().flush().unwrap();
        let status = Command::new(program)
            .args(["--config", "none", "--cache", "none", "--rate", "0", "--timeout", "5", "--servers"])
            .arg(farm.list())
            .args(*args)
            .current_dir(&folder)
            .status()
            .expect("whodunit to run");
        println!("[exit code {}]\n", status.code().expect("no signal"));
    }
}

/// One registry that gives each address a network of its own, so that nothing is shared.
fn serve(delay_ms: u64) {
    let rule = Rule { reply: Some("ripe".into()), size: Some(32), delay_ms, ..Rule::default() };
    let plan = Plan { name: "whois.ripe.net".into(), rule: vec![rule], optional: true, ..Plan::default() };
    let farm = Farm::start(&Scenario { server: vec![plan], ..Scenario::default() });
    println!("servers {}", farm.list().display());
    println!("whois.ripe.net 127.0.0.1 {}", farm.port("whois.ripe.net"));
    let (ended, end) = std::sync::mpsc::channel();
    thread::spawn(move || {
        let lines = std::io::stdin().lock().lines().map_while(Result::ok).count();
        // If the ten minutes end first, nobody is waiting.
        let _nobody_waits = ended.send(lines);
    });
    let _ended = end.recv_timeout(Duration::from_secs(600));
    // The program that closed stdin may have closed our stdout too.
    let _unread = writeln!(std::io::stdout(), "questions {}", farm.questions());
}
