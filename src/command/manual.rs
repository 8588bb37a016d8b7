//! The manual page: all commands on one page, made from the command line's own definitions, plus the text that they do
//! not have.

use clap::Command;
use clap_mangen::{
    Man,
    roff::{Roff, roman},
};
use std::{collections::BTreeSet, io};

/// The text that no option has: verdicts, pattern files, exit codes, files.
const REST: &str = include_str!("manual.roff");

/// The date of the page; a release sets it.
const DATE: &str = "2026-11-27";

/// The page, in roff.
///
/// # Errors
/// None in practice: it is written to memory.
pub(super) fn page(mut command: Command) -> io::Result<Vec<u8>> {
    command.build();
    let command = explained(command);
    let usage: Vec<String> = std::iter::once(usage(&command))
        .chain(all(&command).iter().map(|(_, command)| usage(command)))
        .collect();
    let top = Man::new(command.clone().override_usage(usage.join("\n"))).date(DATE).manual("User Commands");
    let mut page = Vec::new();
    top.render_title(&mut page)?;
    top.render_name_section(&mut page)?;
    top.render_synopsis_section(&mut page)?;
    top.render_description_section(&mut page)?;
    top.render_options_section(&mut page)?;
    heading(&mut page, "SH", "COMMANDS")?;
    let mut said: BTreeSet<_> = command.get_arguments().map(meaning).collect();
    for (name, sub) in all(&command) {
        heading(&mut page, "SS", &name)?;
        own(&mut page, &said, sub)?;
        said.extend(sub.get_arguments().filter(|arg| arg.is_global_set()).map(meaning));
    }
    page.extend_from_slice(REST.as_bytes());
    Ok(tidy(&page))
}

/// The command with every option's text: clap's page leaves out the short text of options that `-h` does not show.
fn explained(command: Command) -> Command {
    command.mut_args(|arg| arg.hide_short_help(false)).mut_subcommands(explained)
}

/// Every command below this one that does something itself, with its full name.
fn all(command: &Command) -> Vec<(String, &Command)> {
    let mut found = Vec::new();
    for sub in command.get_subcommands() {
        if sub.has_subcommands() {
            found.extend(all(sub));
        } else {
            found.push((sub.get_bin_name().unwrap_or_else(|| sub.get_name()).to_owned(), sub));
        }
    }
    found
}

/// `whodunit match [OPTIONS] [FILE]...`
fn usage(command: &Command) -> String {
    let usage = command.clone().render_usage().to_string();
    let line = usage.lines().next().unwrap_or_default();
    line.trim_start_matches("Usage: ").to_owned()
}

/// A command's description and its own options; options whose meaning was said before are only named.
fn own(page: &mut Vec<u8>, said: &BTreeSet<(String, String)>, command: &Command) -> io::Result<()> {
    let mut shared = Vec::new();
    let mut rest = command.clone();
    for arg in command.get_arguments() {
        if said.contains(&meaning(arg)) {
            shared.extend(arg.get_long().filter(|name| !matches!(*name, "help" | "version")));
            rest = rest.mut_arg(arg.get_id(), |arg| arg.hide(true));
        }
    }
    rest = rest
        .disable_help_flag(true)
        .mut_args(|arg| if arg.get_id() == "help" { arg.hide(true) } else { arg });
    let (man, mut part) = (Man::new(rest), Vec::new());
    man.render_description_section(&mut part)?;
    man.render_options_section(&mut part)?;
    // Every command here has a heading of its own, and needs no further ones.
    for line in part.split_inclusive(|byte| *byte == b'\n').filter(|line| !line.starts_with(b".SH ")) {
        page.extend_from_slice(line);
    }
    // These commands accept the global options, as every command does, and do not use them.
    if !shared.is_empty() && !matches!(command.get_name(), "completions" | "man") {
        let mut roff = Roff::new();
        roff.control("PP", []);
        let names: Vec<String> = shared.iter().map(|name| format!("--{name}")).collect();
        roff.text([roman(format!("As above: {}.", names.join(", ")))]);
        roff.to_writer(page)?;
    }
    Ok(())
}

/// An option and its text: two commands may use one name for two things.
fn meaning(arg: &clap::Arg) -> (String, String) {
    (arg.get_id().to_string(), arg.get_help().map(ToString::to_string).unwrap_or_default())
}

fn heading(page: &mut Vec<u8>, kind: &str, text: &str) -> io::Result<()> {
    let mut roff = Roff::new();
    roff.control(kind, [text]);
    roff.to_writer(page)
}

/// Each piece brings roff's preamble; once at the top is enough.
fn tidy(page: &[u8]) -> Vec<u8> {
    let lines = page.split_inclusive(|byte| *byte == b'\n').enumerate();
    let preamble = |line: &[u8]| line.starts_with(b".ie ") || line.starts_with(b".el ");
    lines
        .filter(|(number, line)| *number < 2 || !preamble(line))
        .flat_map(|(_, line)| line)
        .copied()
        .collect()
}
