//! Clients of logs: reads the inputs, with warnings about them.

use super::input_warnings;
use crate::{
    error::{Error, Result},
    log::{self, ClientSource, LogClients, ReadSpec, SeenClient},
    output::progress,
    resolver::Client,
};
use std::{
    io::{self, IsTerminal},
    path::PathBuf,
};

/// The logs given to a command; stdin if there are none, and for `-`.
///
/// # Errors
/// None was given, and stdin is a terminal (64).
pub(super) fn sources<'a>(paths: &'a [PathBuf], command: &str) -> Result<Vec<ClientSource<'a>>> {
    if !paths.is_empty() {
        return Ok(paths.iter().map(|path| ClientSource::named(path)).collect());
    }
    if io::stdin().is_terminal() {
        return Err(Error::usage(format!(
            "no log: name one, or pipe one into stdin (`whodunit {command} --help` says more)"
        )));
    }
    Ok(vec![ClientSource::Stdin])
}

/// Reads logs, and prints warnings about them.
///
/// # Errors
/// As for [`log::read`].
pub(super) fn read(sources: &[ClientSource<'_>], spec: &ReadSpec) -> Result<LogClients> {
    let read = log::read(sources, spec, &progress::bytes())?;
    input_warnings::tell(&read, sources, spec);
    Ok(read)
}

/// The clients to be judged.
pub(super) fn clients(seen: &[SeenClient]) -> Vec<Client> {
    seen.iter().map(|seen| Client { address: seen.address(), hits: seen.hits }).collect()
}
