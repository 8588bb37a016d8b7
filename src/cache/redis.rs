//! One cache for many mail servers, in Redis or Valkey.
//!
//! An answer has a number, and each prefix of its extent has a key that holds that number. At most 33 (or 129) prefixes
//! hold an address, so one round trip that asks for all of them finds the most specific. Every key has an expiry, so
//! unused ones go by themselves. All keys begin with `{whodunit:1}`: the 1 is the format's version. The braces put them
//! into one slot of a cluster, where transactions over several keys are allowed.

mod connect;
mod coordination;
mod maintenance;
mod store;

use super::{Cache, CacheError, CacheResult, CacheTrouble};
use ::redis::{Connection, RedisError, RedisResult};
use connect::RedisAddress;
use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// The start of every key.
const PREFIX: &str = "{whodunit:1}";

/// Stores a value if the old one is still the one that was read: `KEYS[1]`, old, new, milliseconds to live.
const SWAP: &str = "if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return 0 end \
    redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) return 1";

/// A cache on a server.
pub struct RedisCache {
    /// The server's address as it may be shown: without a password.
    shown: String,
    inner: Mutex<RedisState>,
}

struct RedisState {
    address: RedisAddress,
    connection: Option<Connection>,
}

impl RedisCache {
    /// A cache at `redis://[user:password@]host[:port][/db]`, or `rediss://...` for TLS ([`RedisAddress`]). This does
    /// not connect.
    ///
    /// # Errors
    /// The address is invalid, or names a certificate that cannot be read.
    pub fn new(url: &str) -> CacheResult<Self> {
        let shown = shown(url);
        let address = RedisAddress::new(url)
            .map_err(|why| CacheError::new(CacheTrouble::Unusable, format!("the cache {shown} {why}")))?;
        Ok(Self { shown, inner: Mutex::new(RedisState { address, connection: None }) })
    }

    /// Sends a request. It is sent once more if the connection turns out to be closed, or if a cluster says that
    /// another node has the keys.
    fn with<T>(&self, ask: impl Fn(&mut Connection) -> RedisResult<T>) -> CacheResult<T> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        for last in [false, true] {
            let reused = inner.connection.is_some();
            let mut connection = match inner.connection.take() {
                Some(connection) => connection,
                None => inner.address.open().map_err(|why| self.failed(&why))?,
            };
            match ask(&mut connection) {
                Ok(value) => {
                    inner.connection = Some(connection);
                    return Ok(value);
                }
                Err(error) if !last && error.redirect_node().is_some() => {
                    if let Some((host, port)) = error.redirect_node() {
                        inner.address.lead_to(host, port);
                    }
                }
                Err(error) if !last && reused && error.is_io_error() && !error.is_timeout() => {}
                Err(error) => return Err(self.failed(&explain(&error))),
            }
        }
        Err(self.failed("sends us from node to node"))
    }

    fn failed(&self, why: &str) -> CacheError {
        CacheError::new(CacheTrouble::Passing, format!("the cache {} {why}", self.shown))
    }

    /// Reads a value, calls `change` on it, and stores the result unless another client was faster; then it starts
    /// again. `change` returns its result, and the new value, if any, with its time to live.
    fn swap<T>(&self, key: &str, change: impl Fn(&str) -> (T, Option<(String, Duration)>)) -> CacheResult<T> {
        for _ in 0..200 {
            let old: Option<String> = self.with(|c| ::redis::cmd("GET").arg(key).query(c))?;
            let old = old.unwrap_or_default();
            let (result, new) = change(&old);
            let Some((new, life)) = new else { return Ok(result) };
            let life = u64::try_from(life.as_millis()).unwrap_or(u64::MAX >> 16).max(1);
            let stored: bool = self.with(|connection| {
                let mut swap = ::redis::cmd("EVAL");
                swap.arg(SWAP).arg(1).arg(key).arg(&old).arg(&new).arg(life).query(connection)
            })?;
            if stored {
                return Ok(result);
            }
        }
        Err(self.failed("is too busy"))
    }
}

impl Cache for RedisCache {}

/// A key with our prefix.
fn key(kind: &str, name: impl std::fmt::Display) -> String {
    format!("{PREFIX}:{kind}:{name}")
}

/// The reason for a failure, to follow "the cache ...".
fn explain(error: &RedisError) -> String {
    if error.is_timeout() {
        return "does not answer".to_owned();
    }
    // In a transaction, the server's message follows "transaction aborted".
    let said = error.to_string();
    let says = |code: &str| error.code() == Some(code) || said.contains(&format!("\"{code}\""));
    let known = [
        ("LOADING", "is still loading its data"),
        ("READONLY", "is a read-only replica"),
        ("OOM", "is full"),
        ("NOAUTH", "does not let us in"),
        ("WRONGPASS", "does not let us in"),
        ("NOPERM", "does not let us in"),
        ("MASTERDOWN", "is a replica that has lost its primary"),
        ("CLUSTERDOWN", "is a cluster that is down"),
        ("BUSY", "is busy with a script"),
        ("MOVED", "sends us to another node"),
    ];
    match known.iter().find(|(code, _)| says(code)) {
        Some((_, why)) => (*why).to_owned(),
        None if error.is_io_error() => format!("cannot be reached: {}", said.to_lowercase()),
        None => format!("failed: {}", first_failure(&said)),
    }
}

/// The first of many similar sentences: a pipeline's error has one for each of its commands.
fn first_failure(said: &str) -> String {
    let line = said.lines().next().unwrap_or_default();
    let short: String = line.chars().take(120).collect();
    if short.len() < said.len() { format!("{short}...") } else { short }
}

/// The address without user and password, and without its parameters. It is cut at the last `@` first: a password may
/// hold a question mark, and no part of it may be shown.
fn shown(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("redis", url));
    let rest = rest.rsplit_once('@').map_or(rest, |(_, rest)| rest);
    let rest = rest.split_once('?').map_or(rest, |(rest, _)| rest);
    format!("{scheme}://{rest}")
}

#[cfg(test)]
mod explained {
    use super::*;

    #[test]
    fn an_error_of_many_commands_is_one_short_line() {
        let many = "An error was signalled by the server - ERR: ".repeat(33) + "\nand more";
        assert_eq!(first_failure(&many).len(), 123);
        assert_eq!(first_failure("short"), "short");
        let masterdown: RedisError = (::redis::ErrorKind::Extension, "x").into();
        assert!(explain(&masterdown).len() < 160);
    }
}

#[cfg(test)]
mod tests;
