//! Reading the command line, and not building more of its definitions than it needs.

use super::{Check, Cli};
use crate::nearest::nearest;
use clap::Parser;
use std::ffi::{OsStr, OsString};

/// Names of the commands. Where none of them stands among the arguments, none is meant.
const COMMANDS: [&str; 9] =
    ["match", "report", "serve", "patterns", "cache", "warm", "completions", "man", "help"];

/// The default command alone. A mail server's hook needs no more, and the definitions of all the others would be
/// half of what the program does in that millisecond.
#[derive(Debug, Parser)]
#[command(name = "whodunit", version, disable_help_flag = true, disable_version_flag = true)]
struct Alone {
    #[command(flatten)]
    check: Check,
}

impl Cli {
    /// Reads the program's arguments.
    ///
    /// # Errors
    /// clap's own: what is wrong with them, or the help or version that was asked for.
    pub fn read(arguments: impl Iterator<Item = OsString>) -> Result<Self, clap::Error> {
        let arguments: Vec<OsString> = arguments.collect();
        if !arguments.iter().skip(1).any(|argument| is_command(argument))
            && let Ok(alone) = Alone::try_parse_from(&arguments)
        {
            return Ok(Self { command: None, check: alone.check });
        }
        // Whatever is wrong is said by the whole of the definitions.
        Self::try_parse_from(arguments)
    }
}

/// Whether a word is the name of a command.
fn is_command(argument: &OsStr) -> bool {
    COMMANDS.iter().any(|name| argument == *name)
}

/// The command that somebody who typed this probably meant.
#[must_use]
pub fn nearest_command(text: &str) -> Option<&'static str> {
    nearest(&COMMANDS, text)
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
    fn slips_of_the_finger_are_told_from_addresses() {
        assert_eq!(nearest_command("reprot"), Some("report"));
        assert_eq!(nearest_command("cache"), Some("cache"));
        assert_eq!(nearest_command("mail.log"), None);
        assert_eq!(nearest_command("x"), None);
    }

    #[test]
    fn commands_are_read_as_such() {
        assert!(read("whodunit match x").unwrap().command.is_some());
        assert!(read("whodunit cache stats --json").unwrap().command.is_some());
        // clap takes a command behind an option for an address; check says what to do about it.
        assert_eq!(read("whodunit -f x report y").unwrap().check.addresses, ["report", "y"]);
    }
}
