//! The program: parse the command line, resolve its settings, run, and end with the exit code.

use clap::error::ErrorKind;
use std::process::ExitCode;
use whodunit::{
    cli::{self, Cli, Command},
    command::{
        self, cache, check, generate, matching, networks, patterns, probe, report,
        serve::{self, Stdio},
        warm,
    },
    error::{Error, Result},
    exit::Exit,
};

fn main() -> ExitCode {
    command::outlive_size_limits();
    let stdio = match serve::descriptors(std::env::args_os()) {
        Ok(stdio) => stdio,
        Err(error) => {
            serve::complain(&error.to_string());
            return error.exit().into();
        }
    };
    let silent = stdio.is_some();
    let exit = match Cli::read(std::env::args_os()) {
        Ok(cli) => run(&cli, stdio).unwrap_or_else(|error| {
            if silent {
                serve::complain(&error.to_string());
            }
            tell(&error)
        }),
        Err(error) => {
            let sentence = cli::refusal(&error);
            if silent {
                serve::complain(&sentence.clone().unwrap_or_else(|| error.to_string()));
            }
            refuse(&error, sentence)
        }
    };
    exit.into()
}

fn run(cli: &Cli, stdio: Option<Stdio>) -> Result<Exit> {
    match &cli.command {
        None => check::run(&cli.check),
        Some(Command::Match(typed)) => matching::run(typed),
        Some(Command::Report(typed)) => report::run(typed),
        Some(Command::Completions(typed)) => generate::completions(typed),
        Some(Command::Serve(typed)) => serve::run(typed, stdio),
        Some(Command::Man) => generate::man(),
        Some(Command::Cache(typed)) => cache::run(typed),
        Some(Command::Warm(typed)) => warm::run(typed),
        Some(Command::Networks(typed)) => networks::run(typed),
        Some(Command::Patterns(typed)) => patterns::run(typed),
        Some(Command::Check(typed)) => probe::run(typed),
    }
}

/// Prints the error that stopped the run. If the reader of our output went away, nothing is printed.
fn tell(error: &Error) -> Exit {
    if error.exit() != Exit::BrokenPipe {
        command::warn(&error.to_string());
    }
    error.exit()
}

/// `--help` and `--version` are not errors; everything else is bad usage, which `check` reports as a plugin does.
fn refuse(error: &clap::Error, sentence: Option<String>) -> Exit {
    if let Some(sentence) = sentence {
        if std::env::args_os().nth(1).is_some_and(|word| word == "check") {
            return probe::unchecked(&sentence).unwrap_or_else(|error| tell(&error));
        }
        return tell(&Error::usage(sentence));
    }
    let printed = error.print();
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => match printed {
            Ok(()) => Exit::Clear,
            Err(error) => tell(&Error::stdout(error)),
        },
        _ => Exit::Usage,
    }
}
