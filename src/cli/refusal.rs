//! Errors in a command line, in our own words: clap advises to write `-- -v`, and its values use Rust terms.

use super::{Cli, nearest_command};
use clap::{
    Command, CommandFactory,
    error::{ContextKind, ContextValue, ErrorKind},
};
use std::error::Error;

/// One sentence; None if clap's own text was asked for: help, the version, a command's list of commands.
#[must_use]
pub fn refusal(error: &clap::Error) -> Option<String> {
    let command = command(error);
    let sentence = match error.kind() {
        ErrorKind::DisplayHelp
        | ErrorKind::DisplayVersion
        | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => return None,
        ErrorKind::UnknownArgument => unknown(error, &command),
        ErrorKind::ValueValidation => {
            let why = error.source().map(ToString::to_string).unwrap_or_default();
            option(error).map(|option| format!("{option}: {why}"))
        }
        ErrorKind::InvalidValue => value(error),
        ErrorKind::TooManyValues => option(error).map(|option| format!("{option} takes no value")),
        ErrorKind::ArgumentConflict => conflict(error),
        ErrorKind::MissingRequiredArgument => {
            let lacking: Vec<String> = all(error, ContextKind::InvalidArg).into_iter().map(bare).collect();
            Some(format!("`{command}` needs {} (`{command} --help` says more)", lacking.join(" and ")))
        }
        ErrorKind::InvalidSubcommand => {
            let word = first(error, ContextKind::InvalidSubcommand)?;
            let known = all(error, ContextKind::SuggestedSubcommand);
            let hint = known.first().map_or_else(
                || format!("`{command} --help` lists them"),
                |known| format!("did you mean `{command} {known}`?"),
            );
            Some(format!("`{command}` has no command `{word}`: {hint}"))
        }
        _ => None,
    };
    Some(sentence.unwrap_or_else(|| own(error)))
}

/// clap's first line, if there is no better message here.
fn own(error: &clap::Error) -> String {
    let text = error.render().to_string();
    let line = text.lines().next().unwrap_or_default();
    line.strip_prefix("error: ").unwrap_or(line).to_owned()
}

/// All of clap's values of one kind.
fn all(error: &clap::Error, kind: ContextKind) -> Vec<String> {
    match error.get(kind) {
        Some(ContextValue::String(one)) => vec![one.clone()],
        Some(ContextValue::Strings(more)) => more.clone(),
        _ => Vec::new(),
    }
}

fn first(error: &clap::Error, kind: ContextKind) -> Option<String> {
    all(error, kind).into_iter().next()
}

/// `--timeout` for clap's `--timeout <SECONDS>`, and `SHELL` for `<SHELL>`.
fn option(error: &clap::Error) -> Option<String> {
    first(error, ContextKind::InvalidArg).map(bare)
}

fn bare(option: String) -> String {
    let word = option.split(' ').next().unwrap_or_default();
    word.trim_matches(['<', '>', '[', ']', '.']).to_owned()
}

/// `whodunit report`: the words before the first bracket of its usage.
fn command(error: &clap::Error) -> String {
    let usage = error.get(ContextKind::Usage).map(ToString::to_string).unwrap_or_default();
    let words = usage.trim_start_matches("Usage:").split_whitespace();
    let words: Vec<&str> = words.take_while(|word| word.bytes().all(|b| b.is_ascii_lowercase())).collect();
    if words.is_empty() { "whodunit".to_owned() } else { words.join(" ") }
}

fn unknown(error: &clap::Error, command: &str) -> Option<String> {
    let word = first(error, ContextKind::InvalidArg)?;
    if !word.starts_with('-') {
        let meant = nearest_command(&word).map(|meant| format!(": did you mean `{meant}`?"));
        return Some(format!("`{word}` is one argument too many{}", meant.unwrap_or_default()));
    }
    let mut others: Vec<String> = Vec::new();
    let top = Cli::command();
    if has(&top, &word) {
        others.push("whodunit".to_owned());
    }
    let below = top.get_subcommands().filter(|command| has(command, &word));
    others.extend(below.map(|command| format!("whodunit {}", command.get_name())));
    let hint = if word == "-v" {
        ": `-V` prints the version, and `--explain` says what was done".to_owned()
    } else if let [first, ..] = others.as_slice() {
        format!(": it belongs to `{first}`")
    } else if let Some(nearest) = first(error, ContextKind::SuggestedArg) {
        format!(": did you mean `{}`?", bare(nearest))
    } else {
        format!(": `{command} --help` lists them")
    };
    Some(format!("`{command}` has no option `{word}`{hint}"))
}

fn has(command: &Command, option: &str) -> bool {
    let long = option.strip_prefix("--");
    let short = option.strip_prefix('-').and_then(|rest| rest.chars().next());
    command.get_arguments().any(|arg| match long {
        Some(long) => arg.get_long() == Some(long),
        None => arg.get_short().is_some() && arg.get_short() == short,
    })
}

fn value(error: &clap::Error) -> Option<String> {
    let option = option(error)?;
    let value = first(error, ContextKind::InvalidValue).unwrap_or_default();
    if value.is_empty() {
        return Some(format!("{option} needs a value"));
    }
    let known = all(error, ContextKind::ValidValue).join(", ");
    let nearest = first(error, ContextKind::SuggestedValue).map(|meant| format!("; did you mean {meant}?"));
    Some(format!("{option}: `{value}` is not one of {known}{}", nearest.unwrap_or_default()))
}

fn conflict(error: &clap::Error) -> Option<String> {
    let option = option(error)?;
    let prior: Vec<String> = all(error, ContextKind::PriorArg).into_iter().map(bare).collect();
    match prior.as_slice() {
        [] => None,
        others => Some(format!("{option} and {} exclude each other: keep one", others.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsString;

    fn said(line: &str) -> String {
        refusal(&Cli::read(line.split(' ').map(OsString::from)).unwrap_err()).unwrap_or_default()
    }

    #[test]
    fn an_option_that_is_not_there_is_told_where_it_is() {
        for (line, want) in [
            ("whodunit -v", "`whodunit` has no option `-v`: `-V` prints the version"),
            ("whodunit --suggest", "`whodunit` has no option `--suggest`: it belongs to `whodunit report`"),
            ("whodunit --dry-run 8.8.8.8", "it belongs to `whodunit serve`"),
            ("whodunit match --log x", "`whodunit match` has no option `--log`: it belongs to `whodunit`"),
            ("whodunit --timout 4", "did you mean `--timeout`?"),
            (
                "whodunit cache statz",
                "`whodunit cache` has no command `statz`: did you mean `whodunit cache stats`?",
            ),
            ("whodunit --nonsense", "`whodunit` has no option `--nonsense`: `whodunit --help` lists them"),
            ("whodunit man x", "`x` is one argument too many"),
        ] {
            let said = said(line);
            assert!(said.contains(want), "{line}: {said}");
            assert!(!said.contains("tip:") && !said.contains('\n'), "{line}: {said}");
        }
    }

    #[test]
    fn a_wrong_value_is_named_in_plain_words() {
        for (line, want) in [
            ("whodunit --timeout -1", "--timeout: `-1` is not a number of seconds"),
            ("whodunit --jobs 0", "--jobs: `0` is not a number from 1 to 1024"),
            ("whodunit -j many", "--jobs: `many` is not a number from 1 to 1024"),
            ("whodunit report --top x", "--top: `x` is not a number of owners"),
            ("whodunit --color sometimes", "--color: `sometimes` is not one of auto, always, never"),
            ("whodunit --cache= 8.8.8.8", "--cache needs a value"),
            ("whodunit --config=", "--config needs a value"),
            ("whodunit --cache", "--cache needs a value"),
            ("whodunit --json=1", "--json takes no value"),
            ("whodunit completions csh", "SHELL: `csh` is not one of bash"),
            ("whodunit --json -c", "exclude each other: keep one"),
            ("whodunit cache import", "`whodunit cache import` needs FILE ("),
        ] {
            let said = said(line);
            assert!(said.contains(want), "{line}: {said}");
        }
    }

    #[test]
    fn what_was_asked_for_is_no_refusal() {
        assert_eq!(said("whodunit --help"), "");
        assert_eq!(said("whodunit cache"), "");
    }
}
