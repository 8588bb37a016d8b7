//! Opens the cache for maintenance. For a look-up, a cache that cannot be opened costs a warning; here it is an error.

use crate::{
    cache::{CacheEnv, CacheLocation, LayeredCache},
    cli::CacheCommand,
    command::{env, opened, warn},
    config::CacheConfig,
    error::{Error, Result, reason},
};
use std::{
    fs::{self, File},
    io,
    path::Path,
};

/// Opens the cache. It is created only for commands that store something.
pub(super) fn open(config: &CacheConfig, command: &CacheCommand) -> Result<LayeredCache> {
    config.notes.iter().for_each(|note| warn(note));
    let fills = matches!(command, CacheCommand::Import { .. });
    let location = config.location.as_deref().map_or(CacheLocation::Default, CacheLocation::from);
    let named = match &location {
        CacheLocation::Path(path) if path.is_dir() => Some(path.join("cache.db")),
        CacheLocation::Path(path) => Some(path.clone()),
        _ => None,
    };
    if !fills && let Some(path) = named.as_deref().filter(|path| is_missing(path)) {
        // It may be a typing error, or no query was made yet: reading does not create it.
        warn(&format!("there is no cache at {}", path.display()));
        return Ok(LayeredCache::new(None));
    }
    if !fills && location == CacheLocation::Default && was_never_used(&env()) {
        // Nothing was ever cached. That is no failure, and reading must not create a file.
        return Ok(LayeredCache::new(None));
    }
    let cache = opened(config);
    let server = matches!(location, CacheLocation::Redis(_));
    match cache.warning() {
        // This machine's file only replaces a server that fails.
        Some(warning) if server && !warning.contains("redis") => warn(&warning),
        Some(warning) => return Err(refused(&warning, named.as_deref(), command)),
        None => {}
    }
    Ok(cache)
}

fn is_missing(path: &Path) -> bool {
    fs::metadata(path).is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
}

/// Whether nothing was ever cached at the default location.
fn was_never_used(env: &CacheEnv) -> bool {
    [Some(env.shared()), env.own()].into_iter().flatten().all(|path| is_missing(&path))
}

/// The cache's own message, with the system's reason if it is known.
fn refused(warning: &str, path: Option<&Path>, command: &CacheCommand) -> Error {
    let mut sentence = warning.trim_end_matches("; going on without it").to_owned();
    if let Some(error) = path.and_then(|path| File::open(path).err())
        && !sentence.contains(&reason(&error))
    {
        sentence = format!("{sentence}: {}", reason(&error));
    }
    match command {
        CacheCommand::Forget { .. } | CacheCommand::Import { .. } => Error::unwritable(sentence),
        _ => Error::unreadable(sentence),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_location_is_unused_until_either_of_its_files_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let env = CacheEnv { home: Some(at("home")), xdg_cache_home: None, shared: at("shared") };
        for file in ["shared/cache.db", "home/.cache/whodunit/cache.db"] {
            assert!(was_never_used(&env));
            fs::create_dir_all(at(file).parent().unwrap()).unwrap();
            fs::write(at(file), "").unwrap();
            assert!(!was_never_used(&env), "{file}");
            fs::remove_file(at(file)).unwrap();
        }
    }
}
