//! One layer of settings: a configuration file, or the environment. The keys are the long options' names.

use super::words::{self, plain};
use crate::{
    cli::{
        Age, AtLeastOne, ColorChoice, Flag, LeastCount, QueryRate, RdapUse, ShareLimits, TimeoutSeconds,
        TopCount, TrustedProxy,
    },
    error::{Error, Result, reason},
    log::Extract,
    report::Grouping,
    serve::{
        ListenAddress,
        dns::{DnsClients, ZoneName},
        policy::{OnBlocked, RejectText},
    },
    verdict::OnUnknown,
};
use serde::{Deserialize, Deserializer, de};
use std::{
    ffi::OsString,
    io,
    path::{Path, PathBuf},
};

/// Declares the keys of a layer, and with them how one layer is put over another.
macro_rules! layer {
    ($($(#[$attribute:meta])* $key:ident: $value:ty,)*) => {
        /// The settings of one layer; None if it does not set them.
        #[derive(Clone, Debug, Default, Deserialize)]
        #[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
        pub struct ConfigLayer {
            $($(#[$attribute])* pub $key: Option<$value>,)*
            /// Warnings about this layer that do not stop the run.
            #[serde(skip)]
            pub notes: Vec<String>,
        }

        impl ConfigLayer {
            fn with(self, mut other: Self) -> Self {
                let mut notes = self.notes;
                notes.append(&mut other.notes);
                Self { notes, $($key: self.$key.or(other.$key),)* }
            }
        }
    };
}

layer! {
    block: StringList,
    allow: StringList,
    regexp: StringList,
    ignore_case: Flag,
    extract: Extract,
    #[serde(deserialize_with = "trusted_proxies")]
    trusted_proxy: Vec<TrustedProxy>,
    json: Flag,
    csv: Flag,
    count: Flag,
    quiet: Flag,
    whois: Flag,
    color: ColorChoice,
    on_unknown: OnUnknown,
    timeout: TimeoutSeconds,
    jobs: AtLeastOne,
    per_server: AtLeastOne,
    rate: QueryRate,
    servers: String,
    rdap: RdapUse,
    full: Flag,
    offline: Flag,
    refresh: Flag,
    cache: String,
    max_age: Age,
    share: ShareLimits,
    #[serde(deserialize_with = "listen_addresses")]
    listen: Vec<ListenAddress>,
    #[serde(deserialize_with = "reject_text")]
    reject_text: RejectText,
    on_blocked: OnBlocked,
    header: Flag,
    #[serde(deserialize_with = "zone")]
    zone: ZoneName,
    #[serde(deserialize_with = "dns_clients")]
    dns_allow: DnsClients,
    metrics: PathBuf,
    dry_run: Flag,
    syslog: Flag,
    top: TopCount,
    since: String,
    until: String,
    grep: String,
    ham: StringList,
    by: Grouping,
    min_hits: LeastCount,
    min_addresses: LeastCount,
    lines: LeastCount,
    max_addresses: LeastCount,
}

/// A list of strings, or one string.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct StringList(pub Vec<String>);

impl<'de> Deserialize<'de> for StringList {
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

/// Parsed here and not where they are used, so that an error has its file and line.
fn listen_addresses<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> std::result::Result<Option<Vec<ListenAddress>>, D::Error> {
    let StringList(addresses) = StringList::deserialize(deserializer)?;
    addresses
        .iter()
        .map(|address| address.parse())
        .collect::<Result<_>>()
        .map(Some)
        .map_err(de::Error::custom)
}

/// In the environment they are in one string, separated by commas or blanks.
fn trusted_proxies<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> std::result::Result<Option<Vec<TrustedProxy>>, D::Error> {
    let StringList(lists) = StringList::deserialize(deserializer)?;
    let texts = lists.iter().flat_map(|list| list.split([',', ' ']).filter(|text| !text.is_empty()));
    texts.map(str::parse).collect::<std::result::Result<_, _>>().map(Some).map_err(de::Error::custom)
}

fn reject_text<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> std::result::Result<Option<RejectText>, D::Error> {
    let text = String::deserialize(deserializer)?;
    RejectText::parse(&text).map(Some).map_err(de::Error::custom)
}

fn zone<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Option<ZoneName>, D::Error> {
    String::deserialize(deserializer)?.parse().map(Some).map_err(de::Error::custom)
}

fn dns_clients<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> std::result::Result<Option<DnsClients>, D::Error> {
    let StringList(networks) = StringList::deserialize(deserializer)?;
    DnsClients::parse(&networks).map(Some).map_err(de::Error::custom)
}

impl ConfigLayer {
    /// Reads a configuration file; None if there is none.
    ///
    /// # Errors
    /// The file exists and cannot be read (66), or is wrong (78, with file, line and column).
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
        let wrong = |offset: usize, why: &str| {
            let (line, column) = position(&text, offset);
            Error::config(format!("{}:{line}:{column}: {why}", path.display()))
        };
        let layer: Self = toml::from_str(&text)
            .map_err(|error| wrong(error.span().map_or(0, |span| span.start), &plain(error.message())))?;
        match layer.clash() {
            Some((one, other)) => Err(wrong(words::offset(&text, other), &words::clash(one, other))),
            None => Ok(Some(layer)),
        }
    }

    /// Reads the variables whose names start with `WHODUNIT_`. Lists of files are separated by colons, as in
    /// PATH; other lists have one value, since addresses contain colons. An empty value is ignored.
    ///
    /// # Errors
    /// A variable whose name is nearly a key's, or whose value its option would refuse (78). Any other name may belong
    /// to another program, and is only noted.
    pub fn from_environment(variables: impl Iterator<Item = (OsString, OsString)>) -> Result<Self> {
        let mut layer = Self::default();
        for (name, value) in variables.filter(|(_, value)| !value.is_empty()) {
            let Some(key) = name.to_str().and_then(|name| name.strip_prefix("WHODUNIT_")) else { continue };
            let key = key.to_ascii_lowercase().replace('_', "-");
            let name = name.to_string_lossy();
            if key == "config" {
                continue;
            }
            if !words::KEYS.contains(&key.as_str()) {
                layer.stranger(&name, &key)?;
                continue;
            }
            let value = value
                .into_string()
                .map_err(|_| Error::config(format!("environment: {name} is not UTF-8")))?;
            let value = match key.as_str() {
                "block" | "allow" | "ham" => {
                    value.split(':').filter(|v| !v.is_empty()).collect::<Vec<_>>().into()
                }
                _ => toml::Value::from(value),
            };
            layer
                .set(key, value)
                .map_err(|why| Error::config(format!("environment: {name}: {}", plain(&why))))?;
        }
        match layer.clash() {
            Some((one, other)) => {
                let (one, other) = (words::variable(one), words::variable(other));
                Err(Error::config(format!("environment: {}", words::clash(&one, &other))))
            }
            None => Ok(layer),
        }
    }

    /// Handles a variable that matches no key.
    fn stranger(&mut self, name: &str, key: &str) -> Result<()> {
        if words::TYPED.contains(&key) {
            self.notes
                .push(format!("environment: {name} is not read: `--{key}` is for the command line only"));
        } else if let Some(nearest) = words::nearest(key) {
            let nearest = words::variable(nearest);
            return Err(Error::config(format!(
                "environment: {name} is not a setting of whodunit: did you mean {nearest}?"
            )));
        } else {
            self.notes.push(format!("environment: {name} is not a setting of whodunit, and is not read"));
        }
        Ok(())
    }

    fn set(&mut self, key: String, value: toml::Value) -> std::result::Result<(), String> {
        let table = toml::Table::from_iter([(key, value)]);
        let one: Self = table.try_into().map_err(|error: toml::de::Error| error.message().to_owned())?;
        *self = std::mem::take(self).with(one);
        Ok(())
    }

    /// The output forms that are switched on here, by their keys.
    fn forms(&self) -> impl Iterator<Item = &'static str> {
        let forms = [
            ("json", self.json),
            ("csv", self.csv),
            ("count", self.count),
            ("quiet", self.quiet),
            ("whois", self.whois),
        ];
        forms.into_iter().filter(|(_, flag)| is_on(*flag)).map(|(key, _)| key)
    }

    /// Two keys of this layer that exclude each other.
    fn clash(&self) -> Option<(&'static str, &'static str)> {
        let mut forms = self.forms();
        let asking = (is_on(self.offline) && is_on(self.refresh)).then_some(("offline", "refresh"));
        forms.next().zip(forms.next()).or(asking)
    }

    /// The settings of a lower layer that still apply.
    fn leaves(&self, mut other: Self) -> Self {
        if self.forms().next().is_some() {
            (other.json, other.csv, other.count, other.quiet, other.whois) = (None, None, None, None, None);
        }
        if is_on(self.offline) {
            other.refresh = None;
        }
        if is_on(self.refresh) {
            other.offline = None;
        }
        other
    }

    /// This layer's settings, completed by those of the layer below.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        let other = self.leaves(other);
        self.with(other)
    }
}

/// Line and column, from 1, of a byte offset.
fn position(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.bytes().filter(|b| *b == b'\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |tail| tail.chars().count()) + 1;
    (line, column)
}

fn is_on(flag: Option<Flag>) -> bool {
    flag.is_some_and(|flag| flag.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(variables: &[(&str, &str)]) -> Result<ConfigLayer> {
        ConfigLayer::from_environment(variables.iter().map(|(n, v)| (OsString::from(n), OsString::from(v))))
    }

    #[test]
    fn every_key_can_be_set_in_the_environment() {
        for &key in words::KEYS {
            let name = format!("WHODUNIT_{}", key.replace('-', "_").to_uppercase());
            let value = match key {
                "color" => "never",
                "extract" => "all",
                "on-unknown" => "pass",
                "by" => "asn",
                "rdap" => "never",
                "timeout" | "jobs" | "per-server" | "rate" | "max-age" | "top" | "min-hits"
                | "min-addresses" | "lines" | "max-addresses" => "7",
                "share" => "24,48",
                "trusted-proxy" => "10.0.0.0/8, 2001:db8::1",
                "listen" => "inet:127.0.0.1:10045",
                "on-blocked" => "tag",
                "dns-allow" => "192.0.2.0/24",
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
        assert_eq!(layer.block, Some(StringList(vec!["/a".into(), "/b".into()])));
        assert_eq!(layer.timeout, Some("0.5".parse().unwrap()));
        for (name, value) in [
            ("WHODUNIT_TIMEOUT", "soon"),
            ("WHODUNIT_TIMOUT", "4"),
            ("WHODUNIT_JSON", "perhaps"),
            ("WHODUNIT_LISTEN", "10045"),
            ("WHODUNIT_REJECT_TEXT", "{owner}"),
        ] {
            let error = environment(&[(name, value)]).unwrap_err();
            assert!(error.to_string().contains(name), "{error}");
        }
    }

    #[test]
    fn an_empty_variable_is_not_set_and_a_strangers_is_noted() {
        let empty = environment(&[("WHODUNIT_TIMEOUT", ""), ("WHODUNIT_TIMOUT", "")]).unwrap();
        assert!(empty.timeout.is_none() && empty.notes.is_empty());
        let notes = environment(&[("WHODUNIT_LOG", "x"), ("WHODUNIT_HOME_BREW", "/opt")]).unwrap().notes;
        assert!(notes[0].contains("WHODUNIT_LOG") && notes[0].contains("command line only"), "{notes:?}");
        assert!(notes[1].contains("WHODUNIT_HOME_BREW") && notes[1].contains("not read"), "{notes:?}");
    }

    #[test]
    fn a_form_of_the_layer_above_hides_those_below_it() {
        let flag = |on| Some(Flag(on));
        let json = ConfigLayer { json: flag(true), offline: flag(true), ..ConfigLayer::default() };
        let both = environment(&[("WHODUNIT_CSV", "1"), ("WHODUNIT_REFRESH", "1")]).unwrap().or(json.clone());
        assert_eq!(both.forms().collect::<Vec<_>>(), ["csv"]);
        assert!(!is_on(both.offline));
        let off = environment(&[("WHODUNIT_JSON", "0")]).unwrap().or(json.clone());
        assert_eq!(off.forms().next(), None);
        assert!(is_on(off.offline));
        assert_eq!(environment(&[("WHODUNIT_CSV", "0")]).unwrap().or(json).forms().next(), Some("json"));
    }

    #[test]
    fn forms_exclude_each_other_in_one_layer_as_on_the_command_line() {
        let error = environment(&[("WHODUNIT_CSV", "1"), ("WHODUNIT_COUNT", "1")]).unwrap_err().to_string();
        assert!(error.contains("WHODUNIT_CSV and WHODUNIT_COUNT exclude each other"), "{error}");
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        std::fs::write(&path, "timeout = 4\noffline = true\n  refresh=true\n").unwrap();
        let error = ConfigLayer::from_file(&path).unwrap_err().to_string();
        assert!(error.ends_with(":3:3: offline and refresh exclude each other: keep one"), "{error}");
    }

    #[test]
    fn a_file_that_is_wrong_says_where() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        assert!(ConfigLayer::from_file(&path).unwrap().is_none());
        std::fs::write(&path, "timeout = 4\nblock = \"/x\"\njson = true\nmax-age = \"2d\"\n").unwrap();
        let layer = ConfigLayer::from_file(&path).unwrap().unwrap();
        assert_eq!(layer.block, Some(StringList(vec!["/x".into()])));
        for (text, position) in [
            ("timeout = 4\nblok = 1\n", ":2:1: "),
            ("timeout = \"soon\"\n", ":1:11: "),
            ("x = [", ":1:"),
            ("timeout = 4\nreject-text = \"{foo}\"\n", ":2:15: the reject text knows no {foo}"),
            ("zone = \"a b\"\n", ":1:8: \"a b\" is no zone"),
            ("dns-allow = [\"all\"]\n", ":1:13: \"all\" is no network"),
            ("listen = [\"inet:127.0.0.1:0\", \"bogus\"]\n", ":1:10: cannot listen at \"bogus\""),
        ] {
            std::fs::write(&path, text).unwrap();
            let error = ConfigLayer::from_file(&path).unwrap_err();
            assert_eq!(error.exit(), crate::exit::Exit::Config);
            assert!(error.to_string().contains(position), "{error}");
        }
    }
}
