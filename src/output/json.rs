//! JSON Lines: the contract's object for each address.

use crate::{
    address::{self, Prefix},
    pattern::PatternMatch,
    registry::Record,
    sanitize::acts,
    verdict::{Judged, NumbersFrom},
};
use serde::Serialize;
use serde_json::ser::{CharEscape, Formatter, Serializer};
use std::{
    io::{self, Write},
    net::IpAddr,
};

/// One address, as it is printed.
#[derive(Debug, Serialize)]
pub struct VerdictJson<'a> {
    ip: Option<IpAddr>,
    verdict: &'static str,
    count: u64,
    hits: u64,
    matches: &'a [PatternMatch],
    network: Option<NetworkJson<'a>>,
    source: &'static str,
    servers: &'a [String],
    fetched: Option<String>,
    error: Option<ErrorJson<'a>>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    partial: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    stale: bool,
}

#[derive(Debug, Serialize)]
struct NetworkJson<'a> {
    first: IpAddr,
    last: IpAddr,
    #[serde(serialize_with = "prefixes")]
    cidr: Vec<Prefix>,
    name: Option<&'a str>,
    org: Option<&'a str>,
    country: Option<&'a str>,
    asn: &'a [u32],
    abuse: &'a [String],
    maintainer: &'a [String],
    registry: Option<&'static str>,
    asname: Option<&'a str>,
    asn_from: Option<NumbersFrom>,
}

fn prefixes<S: serde::Serializer>(prefixes: &[Prefix], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(prefixes.iter().map(Shown))
}

/// A value as its text.
struct Shown<'a>(&'a Prefix);

impl Serialize for Shown<'_> {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.0.text())
    }
}

#[derive(Debug, Serialize)]
struct ErrorJson<'a> {
    kind: &'static str,
    message: &'a str,
}

impl<'a> NetworkJson<'a> {
    /// A network with only its range known.
    fn bare(network: &address::Network) -> Self {
        Self {
            first: network.first(),
            last: network.last(),
            cidr: network.prefixes(),
            name: None,
            org: None,
            country: None,
            asn: &[],
            abuse: &[],
            maintainer: &[],
            registry: None,
            asname: None,
            asn_from: None,
        }
    }

    fn recorded(record: &'a Record) -> Self {
        Self {
            name: record.name.as_deref(),
            org: record.org.as_deref(),
            country: record.country.as_deref(),
            abuse: &record.abuse,
            maintainer: &record.maintainer,
            registry: Some(record.registry.as_str()),
            ..Self::bare(&record.network)
        }
    }

    /// The network of an address with its origin; None if nothing is known.
    fn of(judged: &'a Judged) -> Option<Self> {
        if let Some(special) = judged.reserved() {
            let network = special.prefix.into();
            return Some(Self { name: Some(special.name), registry: Some("iana"), ..Self::bare(&network) });
        }
        let recorded = judged.answer().map(|answer| Self::recorded(&answer.record));
        let (asn, asn_from) = judged.numbers();
        let network = recorded.or_else(|| judged.announced().map(Self::bare))?;
        Some(Self { asn, asn_from, asname: judged.as_name(), ..network })
    }
}

impl<'a> From<&'a Judged> for VerdictJson<'a> {
    fn from(judged: &'a Judged) -> Self {
        let answer = judged.answer();
        Self {
            ip: judged.address,
            verdict: judged.verdict.as_str(),
            count: judged.count,
            hits: judged.hits,
            matches: &judged.matches,
            network: NetworkJson::of(judged),
            source: judged.source().as_str(),
            servers: answer.map(|answer| answer.servers.as_slice()).unwrap_or_default(),
            fetched: answer.map(|answer| format!("{:.0}", answer.fetched)),
            error: judged.unknown().map(|u| ErrorJson { kind: u.kind.as_str(), message: &u.message }),
            partial: answer.is_some_and(|answer| answer.partial),
            stale: answer.is_some_and(|answer| answer.stale),
        }
    }
}

/// One line: the object, without characters that act on a terminal.
pub(super) fn row(judged: &Judged, out: &mut impl Write) -> io::Result<()> {
    object(&VerdictJson::from(judged), out)
}

/// Any object as one line, with every acting character escaped, including those that JSON allows.
///
/// # Errors
/// Writing fails.
pub fn object<W: Write, T: Serialize>(value: &T, out: &mut W) -> io::Result<()> {
    value.serialize(&mut Serializer::with_formatter(&mut *out, SafeJson))?;
    out.write_all(b"\n")
}

/// serde_json's compact form escapes only C0 controls; this one also escapes the other acting characters.
struct SafeJson;

impl Formatter for SafeJson {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, out: &mut W, fragment: &str) -> io::Result<()> {
        // Most text is printable ASCII, which is seen without decoding it.
        let printable = fragment.bytes().fold(true, |all, byte| all & matches!(byte, b' '..=b'~'));
        if printable || !fragment.contains(acts) {
            return out.write_all(fragment.as_bytes());
        }
        let mut units = [0; 2];
        for c in fragment.chars() {
            if acts(c) {
                for unit in c.encode_utf16(&mut units) {
                    write!(out, "\\u{unit:04x}")?;
                }
            } else {
                write!(out, "{c}")?;
            }
        }
        Ok(())
    }

    fn write_char_escape<W: ?Sized + Write>(&mut self, out: &mut W, escape: CharEscape) -> io::Result<()> {
        serde_json::ser::CompactFormatter.write_char_escape(out, escape)
    }
}
