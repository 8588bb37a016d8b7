//! One place that settings come from: a configuration file, or the environment. The keys are the long options'.

use crate::{
    cli::{Age, Color, Count, Extract, Flag, OnUnknown, Rate, Seconds, Share},
    error::{Error, Result, reason},
    nearest,
};
use serde::{Deserialize, Deserializer};
use std::{ffi::OsString, io, path::Path};

/// What one place says; None where it is silent.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the long option of the same name says it")]
pub struct Layer {
    pub block: Option<List>,
    pub allow: Option<List>,
    pub regexp: Option<List>,
    pub ignore_case: Option<Flag>,
    pub extract: Option<Extract>,
    pub json: Option<Flag>,
    pub csv: Option<Flag>,
    pub count: Option<Flag>,
    pub quiet: Option<Flag>,
    pub whois: Option<Flag>,
    pub color: Option<Color>,
    pub on_unknown: Option<OnUnknown>,
    pub timeout: Option<Seconds>,
    pub jobs: Option<Count>,
    pub per_server: Option<Count>,
    pub rate: Option<Rate>,
    pub servers: Option<String>,
    pub full: Option<Flag>,
    pub offline: Option<Flag>,
    pub refresh: Option<Flag>,
    pub cache: Option<String>,
    pub max_age: Option<Age>,
    pub share: Option<Share>,
    pub listen: Option<List>,
    pub reject_text: Option<String>,
    pub dry_run: Option<Flag>,
    pub syslog: Option<Flag>,
    pub top: Option<usize>,
}

/// Names that an environment variable may set: the keys above, in capitals behind `WHODUNIT_`.
const KEYS: [&str; 28] = [
    "block",
    "allow",
    "regexp",
    "ignore-case",
    "extract",
    "json",
    "csv",
    "count",
    "quiet",
    "whois",
    "color",
    "on-unknown",
    "timeout",
    "jobs",
    "per-server",
    "rate",
    "servers",
    "full",
    "offline",
    "refresh",
    "cache",
    "max-age",
    "share",
    "listen",
    "reject-text",
    "dry-run",
    "syslog",
    "top",
];

/// A list of strings, or one string.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct List(pub Vec<String>);

impl<'de> Deserialize<'de> for List {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "a string or a list of strings")]
        enum OneOrMore {
            One(String),
            More(Vec<String>),
        }
        Ok(match OneOrMore::deserialize(deserializer)? {
            OneOrMore::One(one) => Self(vec![one]),
            OneOrMore::More(more) => Self(more),
        })
    }
}

impl Layer {
    /// Reads a configuration file; None when there is none.
    ///
    /// # Errors
    /// A file that is there and cannot be read (66), or that is not as it should be (78, with file, line and column).
    pub fn from_file(path: &Path) -> Result<Option<Self>> {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                return Ok(None);
            }
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                return Err(Error::config(format!("{}: {}", path.display(), reason(&error))));
            }
            Err(error) => return Err(Error::input(path, &error)),
        };
        toml::from_str(&text).map(Some).map_err(|error| {
            let (line, column) = position(&text, error.span().map_or(0, |span| span.start));
            Error::config(format!("{}:{line}:{column}: {}", path.display(), plain(error.message())))
        })
    }

    /// Reads the variables whose names start with `WHODUNIT_`. Lists are separated by colons, as in PATH.
    ///
    /// # Errors
    /// A variable of an unknown name or with a value that its option would not take (78).
    pub fn from_environment(variables: impl Iterator<Item = (OsString, OsString)>) -> Result<Self> {
        let mut layer = Self::default();
        for (name, value) in variables {
            let Some(key) = name.to_str().and_then(|name| name.strip_prefix("WHODUNIT_")) else { continue };
            let key = key.to_ascii_lowercase().replace('_', "-");
            let name = name.to_string_lossy();
            if key == "config" {
                continue;
            }
            if !KEYS.contains(&key.as_str()) {
                let nearest = nearest(&key).map(|key| key.to_ascii_uppercase().replace('-', "_"));
                let remedy = nearest
                    .map_or_else(|| "unset it".to_owned(), |key| format!("did you mean WHODUNIT_{key}?"));
                return Err(Error::config(format!(
                    "environment: {name} is no setting of whodunit: {remedy}"
                )));
            }
            let value = value
                .into_string()
                .map_err(|_| Error::config(format!("environment: {name} is not UTF-8")))?;
            let value = match key.as_str() {
                "block" | "allow" | "listen" if value.starts_with("inet:") || value.starts_with("unix:") => {
                    toml::Value::from(value)
                }
                "block" | "allow" => value.split(':').filter(|v| !v.is_empty()).collect::<Vec<_>>().into(),
                "top" => value.parse::<i64>().map_or(toml::Value::String(value), toml::Value::from),
                _ => toml::Value::from(value),
            };
            layer
                .set(key, value)
                .map_err(|why| Error::config(format!("environment: {name}: {}", first_line(&why))))?;
        }
        Ok(layer)
    }

    fn set(&mut self, key: String, value: toml::Value) -> std::result::Result<(), String> {
        let table = toml::Table::from_iter([(key, value)]);
        let one: Self = table.try_into().map_err(|error: toml::de::Error| error.message().to_owned())?;
        *self = std::mem::take(self).or(one);
        Ok(())
    }

    /// What this place says, and the other where this is silent.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        macro_rules! either {
            ($($field:ident),*) => { Self { $($field: self.$field.or(other.$field)),* } };
        }
        either!(
            block,
            allow,
            regexp,
            ignore_case,
            extract,
            json,
            csv,
            count,
            quiet,
            whois,
            color,
            on_unknown,
            timeout,
            jobs,
            per_server,
            rate,
            servers,
            full,
            offline,
            refresh,
            cache,
            max_age,
            share,
            listen,
            reject_text,
            dry_run,
            syslog,
            top
        )
    }
}

/// Line and column, from 1, of a byte offset.
fn position(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.bytes().filter(|b| *b == b'\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |tail| tail.chars().count()) + 1;
    (line, column)
}

fn first_line(message: &str) -> &str {
    message.lines().next().unwrap_or_default()
}

/// What the file's reader says, with the key that was probably meant in place of all that there are.
fn plain(message: &str) -> String {
    let line = first_line(message);
    let Some(rest) = line.strip_prefix("unknown field `") else { return line.to_owned() };
    let key = rest.split('`').next().unwrap_or_default();
    match nearest(key) {
        Some(nearest) => format!("unknown key `{key}`: did you mean `{nearest}`?"),
        None => format!("unknown key `{key}`: the keys are {}", KEYS.join(", ")),
    }
}

/// The key that somebody who wrote this probably meant.
fn nearest(key: &str) -> Option<&'static str> {
    nearest::nearest(&KEYS, &key.to_ascii_lowercase().replace('_', "-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(variables: &[(&str, &str)]) -> Result<Layer> {
        Layer::from_environment(variables.iter().map(|(n, v)| (OsString::from(n), OsString::from(v))))
    }

    #[test]
    fn every_key_can_be_set_in_the_environment() {
        for key in KEYS {
            let name = format!("WHODUNIT_{}", key.replace('-', "_").to_uppercase());
            let value = match key {
                "color" => "never",
                "extract" => "all",
                "on-unknown" => "pass",
                "timeout" | "jobs" | "per-server" | "rate" | "max-age" | "top" => "7",
                "share" => "24,48",
                _ => "1",
            };
            assert!(environment(&[(&name, value)]).is_ok(), "{name}");
        }
    }

    #[test]
    fn the_environment_reads_as_the_command_line_does() {
        let layer =
            environment(&[("WHODUNIT_BLOCK", "/a:/b"), ("WHODUNIT_TIMEOUT", "0.5"), ("PATH", "/bin")])
                .unwrap();
        assert_eq!(layer.block, Some(List(vec!["/a".into(), "/b".into()])));
        assert_eq!(layer.timeout, Some("0.5".parse().unwrap()));
        for (name, value) in
            [("WHODUNIT_TIMEOUT", "soon"), ("WHODUNIT_TIMOUT", "4"), ("WHODUNIT_JSON", "perhaps")]
        {
            let error = environment(&[(name, value)]).unwrap_err();
            assert!(error.to_string().contains(name), "{error}");
        }
    }

    #[test]
    fn a_file_that_is_wrong_says_where() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        assert!(Layer::from_file(&path).unwrap().is_none());
        std::fs::write(&path, "timeout = 4\nblock = \"/x\"\njson = true\nmax-age = \"2d\"\n").unwrap();
        let layer = Layer::from_file(&path).unwrap().unwrap();
        assert_eq!(layer.block, Some(List(vec!["/x".into()])));
        for (text, place) in
            [("timeout = 4\nblok = 1\n", ":2:1: "), ("timeout = \"soon\"\n", ":1:11: "), ("x = [", ":1:")]
        {
            std::fs::write(&path, text).unwrap();
            let error = Layer::from_file(&path).unwrap_err();
            assert_eq!(error.exit(), crate::exit::Exit::Config);
            assert!(error.to_string().contains(place), "{error}");
        }
    }
}
