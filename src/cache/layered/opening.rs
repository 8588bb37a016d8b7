//! Opens the caches that a location means.

use super::LayeredCache;
use crate::cache::{
    CacheEnv, CacheError, CacheLocation, CacheResult, CacheTrouble, RedisCache, SqliteCache,
    imported::ImportedData, layer::CacheLayer, location,
};
use jiff::Timestamp;

/// Opens the cache that `location` names. If that fails, there is a [`LayeredCache::warning`], and the process's own
/// memory serves. A cache on a server has the default file as its second layer, which answers when the server does not.
#[must_use]
pub fn open(location: &CacheLocation, env: &CacheEnv, now: Timestamp) -> LayeredCache {
    let mut handle = LayeredCache::new(None);
    let file = match location {
        CacheLocation::None => return handle,
        CacheLocation::Strange(text) => Err(CacheError::new(CacheTrouble::Unusable, strange(text))),
        CacheLocation::Path(path) => SqliteCache::open(path, now),
        CacheLocation::Default => open_default(env, now),
        CacheLocation::Redis(url) => {
            match RedisCache::new(url) {
                Ok(redis) => handle.layers.push(CacheLayer::new(Box::new(redis))),
                Err(error) => handle.lock().warn(&error),
            }
            open_default(env, now)
        }
    };
    handle.base = location::bases(location, env).pop();
    match file {
        Ok(cache) => {
            let file = cache.path().to_owned();
            handle.base = Some(file.clone());
            handle.imported = Some(ImportedData::beside(&file));
            handle.file = Some(file);
            handle.layers.push(CacheLayer::new(Box::new(cache)));
        }
        Err(error) => handle.lock().warn(&error),
    }
    handle
}

/// The message for text that is neither a path nor an address. A password may stand before an `@`, so it is not shown.
fn strange(text: &str) -> String {
    let shown = text.rsplit_once('@').map_or(text, |(_, host)| host);
    format!(
        "the cache {shown} is not a server's address: write redis://host:port/db (rediss:// with TLS), ./PATH or /PATH for a \
         file, or none"
    )
}

/// The shared file if it can be written, else the user's own.
fn open_default(env: &CacheEnv, now: Timestamp) -> CacheResult<SqliteCache> {
    let shared = SqliteCache::open(&env.shared(), now).and_then(|cache| match cache.is_read_only() {
        true => Err(cache.forbidden("cannot be written")),
        false => Ok(cache),
    });
    match (shared, env.own()) {
        (Ok(cache), _) => Ok(cache),
        (Err(_), Some(own)) => SqliteCache::open(&own, now),
        (Err(error), None) => {
            let nowhere = "neither XDG_CACHE_HOME nor HOME says where else: name one with --cache";
            Err(CacheError::new(CacheTrouble::Unusable, format!("no cache: {error}, and {nowhere}")))
        }
    }
}
