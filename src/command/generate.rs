//! `whodunit completions` and `whodunit man`: made from the definitions of the command line.

use super::{flush, manual, stdout};
use crate::{
    cli::{Cli, CompletionsArgs},
    error::{Error, Result},
    exit::Exit,
};
use clap::CommandFactory;
use std::io::Write;

/// Prints a shell's completion script.
///
/// # Errors
/// Stdout cannot be written.
pub fn completions(typed: &CompletionsArgs) -> Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(typed.shell, &mut Cli::command(), "whodunit", &mut script);
    print(&script)
}

/// Prints the manual page, with all commands on it.
///
/// # Errors
/// Stdout cannot be written.
pub fn man() -> Result<Exit> {
    let page = manual::page(Cli::command()).map_err(Error::stdout)?;
    print(&page)
}

fn print(bytes: &[u8]) -> Result<Exit> {
    let mut out = stdout();
    out.write_all(bytes).map_err(Error::stdout)?;
    flush(&mut out)?;
    Ok(Exit::Clear)
}
