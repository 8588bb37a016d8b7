//! Which caches a location means.

use super::Handle;
use crate::cache::{
    CacheError, Env, Location, Outcome, Redis, Sqlite, Trouble, imported::Imported, layer::Tier,
};
use jiff::Timestamp;

/// Opens the cache that `location` names. Where that fails there is a [`Handle::warning`], and the process's own
/// memory serves. A cache on a server has the default file behind it, which answers while the server does not.
#[must_use]
pub fn open(location: &Location, env: &Env, now: Timestamp) -> Handle {
    let mut handle = Handle::new(None);
    let file = match location {
        Location::None => return handle,
        Location::Strange(text) => Err(CacheError::new(
            Trouble::Unusable,
            format!(
                "the cache {text} is of no kind that is known: name a path, redis://host:port/db, or none"
            ),
        )),
        Location::Path(path) => Sqlite::open(path, now),
        Location::Default => open_default(env, now),
        Location::Redis(url) => {
            match Redis::new(url) {
                Ok(redis) => handle.tiers.push(Tier::new(Box::new(redis))),
                Err(error) => handle.lock().warn(&error),
            }
            open_default(env, now)
        }
    };
    match file {
        Ok(cache) => {
            let file = cache.path().to_owned();
            handle.imported = Some(Imported::beside(&file));
            handle.file = Some(file);
            handle.tiers.push(Tier::new(Box::new(cache)));
        }
        Err(error) => handle.lock().warn(&error),
    }
    handle
}

/// The shared file when it can be written, else the user's own.
fn open_default(env: &Env, now: Timestamp) -> Outcome<Sqlite> {
    let shared = Sqlite::open(&env.shared(), now).and_then(|cache| match cache.is_read_only() {
        true => Err(cache.forbidden("cannot be written")),
        false => Ok(cache),
    });
    match (shared, env.own()) {
        (Ok(cache), _) => Ok(cache),
        (Err(_), Some(own)) => Sqlite::open(&own, now),
        (Err(error), None) => {
            let nowhere = "neither XDG_CACHE_HOME nor HOME says where else: name one with --cache";
            Err(CacheError::new(Trouble::Unusable, format!("no cache: {error}, and {nowhere}")))
        }
    }
}
