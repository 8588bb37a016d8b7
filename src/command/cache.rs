//! `whodunit cache stats|list|forget|import|export`: maintenance of the cache.

mod files;
mod import;
mod show;

use super::{each, flush, stdout, tell, unreadable, warn};
use crate::{
    address::{self, Network, Prefix},
    cache::{LayeredCache, bulk},
    cli::{CacheArgs, CacheCommand, ConfigArgs, OutputOptions},
    config::{self, CacheConfig, ConfigLayer, OutputConfig, OutputForm},
    error::{Error, Result},
    exit::Exit,
    origin,
    output::counted,
};
use jiff::Timestamp;
use std::{
    fs,
    io::{self, Write},
};

/// The cache, and the form of the output.
struct CacheSettings {
    cache: CacheConfig,
    form: OutputForm,
}

impl CacheSettings {
    fn resolve(typed: &CacheArgs, layers: &ConfigLayer) -> Self {
        let (json, csv) = match &typed.command {
            CacheCommand::Stats { json } => (*json, false),
            CacheCommand::List { json, csv } => (*json, *csv),
            CacheCommand::Forget { .. } | CacheCommand::Import { .. } | CacheCommand::Export => {
                (false, false)
            }
        };
        let output = OutputOptions { json, csv, ..OutputOptions::default() };
        let form = OutputConfig::resolve(&output, layers).form;
        Self { cache: CacheConfig::at(typed.cache.as_ref(), layers), form }
    }
}

/// Runs the command.
///
/// # Errors
/// Bad usage (64), a cache or a file that cannot be read (66), a file with wrong content (65), an output that cannot be
/// written (74).
pub fn run(typed: &CacheArgs) -> Result<Exit> {
    let layers = config::layers(&ConfigArgs { config: typed.config.clone() })?;
    let CacheSettings { cache, form } = CacheSettings::resolve(typed, &layers);
    let cache = files::open(&cache, &typed.command)?;
    let mut out = stdout();
    match &typed.command {
        CacheCommand::Stats { .. } => show::stats(&cache, form, &mut out)?,
        CacheCommand::List { .. } => show::list(&cache, form, &mut out)?,
        CacheCommand::Forget { what, all } => forget(&cache, what, *all, &mut out)?,
        CacheCommand::Import { files } => import::run(&cache, files, &mut out)?,
        CacheCommand::Export => export(&cache, &mut out)?,
    }
    flush(&mut out)?;
    tell(&cache);
    Ok(Exit::Clear)
}

fn export(cache: &LayeredCache, out: &mut impl Write) -> Result<()> {
    each(cache, |kept| writeln!(out, "{}", bulk::line(kept)?).map_err(Error::stdout))
}

fn forget(cache: &LayeredCache, what: &[String], all: bool, out: &mut impl Write) -> Result<()> {
    // All arguments are parsed before anything is removed.
    let networks: Vec<Network> = what.iter().map(|text| network(text)).collect::<Result<_>>()?;
    let mut count = 0;
    // The cache's own message names it: it may be a server instead of the file beside it.
    let forget = |network| cache.forget(network).map_err(|error| Error::unwritable(error.to_string()));
    if all {
        count = forget(None)?;
        forget_origins(cache)?;
    }
    for network in &networks {
        count += forget(Some(network))?;
    }
    writeln!(out, "forgot {}", counted(count, "network", "networks")).map_err(Error::stdout)
}

/// Removes the table of origins, which is a file of its own.
fn forget_origins(cache: &LayeredCache) -> Result<()> {
    let Some(path) = cache.file().map(origin::beside) else { return Ok(()) };
    match fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            let why = crate::error::reason(&error);
            Err(Error::unwritable(format!("cannot remove {}: {why}", path.display())))
        }
        _ => Ok(()),
    }
}

fn network(text: &str) -> Result<Network> {
    if let Ok(prefix) = text.parse::<Prefix>() {
        return Ok(prefix.into());
    }
    if text.contains('/') {
        return Err(Error::usage(format!(
            "`{text}` is not a network: write an address, a slash, and up to 32 (IPv6: 128) bits"
        )));
    }
    let address = address::parse(text)
        .map_err(|why| Error::usage(format!("`{text}` {why}; networks are written as 203.0.112.0/22")))?;
    Ok(Prefix::around(address, 32, 128).into())
}

fn seconds(time: Timestamp) -> String {
    format!("{time:.0}")
}
