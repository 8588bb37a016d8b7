//! Parses the command line, and builds no more of its definitions than it needs.

use super::{CheckArgs, Cli};
use crate::nearest::nearest;
use clap::{CommandFactory, Parser, error::ErrorKind};
use std::ffi::{OsStr, OsString};

/// Names of the commands. If none of them is among the arguments, no command is meant.
const COMMANDS: [&str; 11] = [
    "match",
    "report",
    "serve",
    "check",
    "networks",
    "patterns",
    "cache",
    "warm",
    "completions",
    "man",
    "help",
];

/// Only the default command. A mail server's hook needs no more. The definitions of all other commands would take half
/// of the program's time in that millisecond.
#[derive(Debug, Parser)]
#[command(
    name = "whodunit",
    version,
    args_override_self = true,
    disable_help_flag = true,
    disable_version_flag = true
)]
struct CheckAlone {
    #[command(flatten)]
    check: CheckArgs,
}

impl Cli {
    /// Parses the program's arguments.
    ///
    /// # Errors
    /// clap's own: a fault in the arguments, or a request for help or the version.
    pub fn read(arguments: impl Iterator<Item = OsString>) -> Result<Self, clap::Error> {
        let arguments = plainly(arguments.collect());
        let mut words = arguments.iter().skip(1);
        if !words.any(|word| is_command(word))
            && let Ok(alone) = CheckAlone::try_parse_from(&arguments)
        {
            return Ok(Self { command: None, check: alone.check });
        }
        let arguments = command_first(&arguments).unwrap_or(arguments);
        // Errors are reported by the full definitions.
        Self::try_parse_from(&arguments).map_err(|error| match garbled(&arguments) {
            Some(word) if error.kind() == ErrorKind::InvalidUtf8 => {
                Self::command().error(ErrorKind::InvalidUtf8, format!("the argument `{word}` is not UTF-8"))
            }
            _ => error,
        })
    }
}

/// `whodunit help report` as `whodunit report --help`, and `whodunit version` as `whodunit --version`. A misspelt
/// command is left alone behind `help`, and refused with the nearest one.
fn plainly(mut arguments: Vec<OsString>) -> Vec<OsString> {
    let asks = |word: &str| arguments.get(1).is_some_and(|first| first == word);
    if asks("help") {
        arguments.remove(1);
        let misspelt = arguments
            .get(1)
            .is_some_and(|word| !is_command(word) && word.to_str().and_then(nearest_command).is_some());
        if !misspelt {
            arguments.push("--help".into());
        }
    } else if asks("version") && arguments.len() == 2 {
        arguments.truncate(1);
        arguments.push("--version".into());
    }
    arguments
}

/// The same words in clap's order, if a command follows options: `whodunit --cache x cache stats`. Only a word that
/// would be taken for an address is moved; the name of a command never is an address.
fn command_first(arguments: &[OsString]) -> Option<Vec<OsString>> {
    let first = arguments.iter().skip(1).position(|word| is_command(word) || word == "--")? + 1;
    let indexes =
        (first..arguments.len()).take_while(|at| arguments.get(*at).is_some_and(|word| word != "--"));
    for at in indexes.filter(|at| arguments.get(*at).is_some_and(|word| is_command(word))) {
        let (before, behind) = arguments.split_at_checked(at)?;
        if at == 1 {
            return None;
        }
        // It is not the value of an option: the arguments before it are complete.
        if CheckAlone::try_parse_from(before).is_ok_and(|alone| alone.check.addresses.is_empty()) {
            let (program, options) = before.split_first()?;
            let (command, rest) = behind.split_first()?;
            let words = [program, command].into_iter().chain(options).chain(rest);
            return Some(words.cloned().collect());
        }
    }
    None
}

/// The first argument that is not UTF-8, escaped.
fn garbled(arguments: &[OsString]) -> Option<String> {
    let word = arguments.iter().find(|word| word.to_str().is_none())?;
    Some(word.as_encoded_bytes().escape_ascii().to_string())
}

/// Whether a word is the name of a command.
fn is_command(argument: &OsStr) -> bool {
    COMMANDS.iter().any(|name| argument == *name)
}

/// The subcommands of `whodunit cache`, which people also type without `cache`.
const CACHE: [&str; 5] = ["stats", "list", "forget", "import", "export"];

/// The command line that was probably meant by this word.
#[must_use]
pub fn nearest_command(text: &str) -> Option<String> {
    let words: Vec<&'static str> = COMMANDS.into_iter().chain(CACHE).collect();
    let word = nearest(&words, text)?;
    Some(format!("whodunit {}{word}", if CACHE.contains(&word) { "cache " } else { "" }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    fn read(line: &str) -> Result<Cli, clap::Error> {
        Cli::read(line.split(' ').map(OsString::from))
    }

    #[test]
    fn every_command_is_known_to_be_one() {
        for command in Cli::command().get_subcommands() {
            assert!(is_command(OsStr::new(command.get_name())), "{}", command.get_name());
            assert!(command.get_all_aliases().next().is_none(), "an alias would have to stand there too");
        }
    }

    #[test]
    fn the_short_way_reads_what_the_long_way_reads() {
        for line in [
            "whodunit 203.0.113.7",
            "whodunit -c -f a -f b -a c -e x -i 203.0.113.7 203.0.113.8",
            "whodunit --log x --log y --json --timeout 2 -j 4 --cache none --config none -",
            "whodunit --share 24,48 --max-age 2d --on-unknown pass -q --explain",
            "whodunit --nonsense",
            "whodunit --help",
            "whodunit -V",
            "whodunit -e -x",
        ] {
            let long = Cli::try_parse_from(line.split(' '));
            match (read(line), long) {
                (Ok(short), Ok(long)) => assert_eq!(format!("{short:?}"), format!("{long:?}"), "{line}"),
                (Err(short), Err(long)) => assert_eq!(short.to_string(), long.to_string(), "{line}"),
                (short, long) => panic!("{line}: {short:?} or {long:?}"),
            }
        }
    }

    #[test]
    fn misspelt_commands_are_told_from_addresses() {
        let nearest = |text| nearest_command(text).unwrap_or_default();
        assert_eq!(nearest("reprot"), "whodunit report");
        assert_eq!(nearest("wram"), "whodunit warm");
        assert_eq!(nearest("cache"), "whodunit cache");
        assert_eq!(nearest("import"), "whodunit cache import");
        assert_eq!(nearest("stast"), "whodunit cache stats");
        assert_eq!(nearest("mail.log"), "");
        assert_eq!(nearest("x"), "");
    }

    #[test]
    fn commands_are_read_as_such() {
        assert!(read("whodunit match x").unwrap().command.is_some());
        assert!(read("whodunit cache stats --json").unwrap().command.is_some());
        let report = |line| matches!(read(line).unwrap().command, Some(super::super::Command::Report(_)));
        assert!(report("whodunit -f x report y"));
        assert!(report("whodunit -f report report y"), "the first is a file's name");
        assert!(report("whodunit --config none -i report --top 3"));
        assert!(read("whodunit --cache x cache stats").unwrap().command.is_some());
        // A word that a hook passes after `--` is an address or nothing.
        assert_eq!(read("whodunit -c -- report").unwrap().check.addresses, ["report"]);
        assert_eq!(read("whodunit 8.8.8.8 report").unwrap().check.addresses, ["8.8.8.8", "report"]);
    }

    #[test]
    fn help_and_version_may_be_asked_for_as_commands() {
        for (line, same) in [
            ("whodunit help", "whodunit --help"),
            ("whodunit help report", "whodunit report --help"),
            ("whodunit help cache import", "whodunit cache import --help"),
            ("whodunit version", "whodunit --version"),
            ("whodunit help 8.8.8.8", "whodunit --help"),
        ] {
            assert_eq!(read(line).unwrap_err().to_string(), read(same).unwrap_err().to_string(), "{line}");
        }
        // This word is refused later, as no address and nearly a command.
        assert_eq!(read("whodunit help reprot").unwrap().check.addresses, ["reprot"]);
    }

    #[test]
    fn the_last_of_an_option_counts_and_lists_stay_lists() {
        let check =
            read("whodunit -c -c --timeout 4 --timeout 5 --cache a --cache b -f x -f y").unwrap().check;
        assert_eq!(check.querying.timeout, Some("5".parse().unwrap()));
        assert_eq!((check.caching.cache.as_deref(), check.patterns.block.len()), (Some("b"), 2));
        assert!(read("whodunit report --top 1 --top 2 --log").is_err());
        assert!(read("whodunit report --top 1 --top 2 --json --json").is_ok());
    }
}
