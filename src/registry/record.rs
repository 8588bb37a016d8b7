//! The fields of an answer, in one form for all registries.

mod arin;
pub(crate) mod block;
mod brackets;
mod mail;
mod national;
mod owner;
mod page;
mod placeholder;
mod range;
mod reading;
mod rpsl;
mod rwhois;

pub(crate) use page::{RecordForm, RecordPage};

use super::Registry;
use crate::address::Network;
use serde::{Deserialize, Serialize};
use std::{collections::HashSet, hash::Hash};

/// The owner and contacts of a network, in one form for all registries.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Record {
    /// The smallest network in the answer that holds the address.
    pub network: Network,
    /// Its name (`netname`, `NetName`).
    pub name: Option<String>,
    /// The holder: the organisation, customer or owner; a line of the description if there is nothing else.
    pub org: Option<String>,
    /// Other names that may be the holder's, best first: a firm in the description or in another object of the answer.
    /// If an operator's own server gave this record, also that of the network around. `@org` matches them too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub other_orgs: Vec<String>,
    /// ISO 3166 code in capitals, without the comment that some registries add. The national registries' records have
    /// none, so theirs is the registry's country.
    pub country: Option<String>,
    /// Addresses for complaints, best first, in lower case, without duplicates.
    pub abuse: Vec<String>,
    /// The AS numbers that the answer names as origin, in order, without duplicates.
    pub asn: Vec<u32>,
    /// The maintainers of the network's object (`mnt-by`), in the order of the answer.
    pub maintainer: Vec<String>,
    /// Description lines of the network itself.
    pub descr: Vec<String>,
    /// The registry's own status of the network, such as `ASSIGNED PA` or `Direct Allocation`.
    pub status: Option<String>,
    /// The registry whose database holds it.
    pub registry: Registry,
    /// Values of the networks around, if an operator's own server gave this record. Patterns for fields match these
    /// too. Otherwise a blocked operator could avoid a match with a server of his own.
    #[serde(default, skip_serializing_if = "OuterValues::is_empty")]
    pub outer: OuterValues,
}

/// Values of a registry's record, kept beside those of a record below it, without duplicates.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default)]
pub struct OuterValues {
    /// The networks' names.
    pub names: Vec<String>,
    /// Countries, as in [`Record::country`].
    pub countries: Vec<String>,
    /// Their addresses for complaints.
    pub abuse: Vec<String>,
    /// Their description lines.
    pub descr: Vec<String>,
    /// Their maintainers.
    pub maintainer: Vec<String>,
    /// Numbers of the autonomous systems that announce them.
    pub asn: Vec<u32>,
    /// The registries whose databases hold them.
    pub registries: Vec<Registry>,
}

impl OuterValues {
    /// Whether there is nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Adds the values of a record around it.
    pub(crate) fn add(&mut self, outer: &Record) {
        let beyond = &outer.outer;
        extend_distinct(&mut self.names, outer.name.iter().chain(&beyond.names).cloned());
        extend_distinct(&mut self.countries, outer.country.iter().chain(&beyond.countries).cloned());
        extend_distinct_many(&mut self.abuse, outer.abuse.iter().chain(&beyond.abuse).cloned());
        extend_distinct_many(&mut self.descr, outer.descr.iter().chain(&beyond.descr).cloned());
        extend_distinct_many(
            &mut self.maintainer,
            outer.maintainer.iter().chain(&beyond.maintainer).cloned(),
        );
        extend_distinct_many(&mut self.asn, outer.asn.iter().chain(&beyond.asn).copied());
        let registries = std::iter::once(outer.registry).chain(beyond.registries.iter().copied());
        extend_distinct(&mut self.registries, registries);
    }
}

impl Record {
    /// A record with only its network.
    pub(crate) fn bare(network: Network, registry: Registry) -> Self {
        Self {
            network,
            name: None,
            org: None,
            other_orgs: Vec::new(),
            country: None,
            abuse: Vec::new(),
            asn: Vec::new(),
            maintainer: Vec::new(),
            descr: Vec::new(),
            status: None,
            registry,
            outer: OuterValues::default(),
        }
    }
}

/// Whether the registry's own status says that no smaller network can be registered inside. One answer then serves all
/// of it. Such statuses are: RIPE and AFRINIC `ASSIGNED PA`, `ASSIGNED PI` and, for IPv6, `ASSIGNED`; APNIC `ASSIGNED
/// ...`; ARIN `Reassigned` and `Direct Assignment`; LACNIC `assigned` and `reassigned`. Any other status, or none,
/// promises nothing.
#[must_use]
pub fn is_leaf(record: &Record) -> bool {
    let Some(status) = &record.status else { return false };
    let status = status.to_ascii_lowercase();
    match record.registry {
        Registry::Ripe | Registry::Afrinic => {
            matches!(status.as_str(), "assigned pa" | "assigned pi")
                || (status == "assigned" && record.network.first().is_ipv6())
        }
        Registry::Apnic => status.starts_with("assigned "),
        Registry::Arin => matches!(status.as_str(), "reassigned" | "direct assignment"),
        Registry::Lacnic => matches!(status.as_str(), "assigned" | "reassigned"),
        _ => false,
    }
}

/// The AS numbers in a value such as `AS64500`, `AS64500, AS64501` or `64500`. RFC 5396's dotted form is read too.
fn systems(value: &str) -> impl Iterator<Item = u32> {
    let value = value.split('#').next().unwrap_or_default();
    value.split(|c: char| c.is_whitespace() || c == ',').filter_map(|word| {
        let digits = word.strip_prefix("AS").or_else(|| word.strip_prefix("as")).unwrap_or(word);
        match digits.split_once('.') {
            Some((high, low)) => {
                Some(u32::from(high.parse::<u16>().ok()?) << 16 | u32::from(low.parse::<u16>().ok()?))
            }
            None => digits.parse().ok(),
        }
    })
}

/// The country code at the start of the value: `NL # BE GB` is the Netherlands.
fn country(value: &str) -> Option<String> {
    let code = value.split(|c: char| c.is_whitespace() || matches!(c, '#' | ',')).next()?;
    (code.len() == 2 && code.bytes().all(|b| b.is_ascii_alphabetic())).then(|| code.to_ascii_uppercase())
}

/// Adds new elements, up to a generous limit.
fn extend_distinct<T: PartialEq>(list: &mut Vec<T>, more: impl IntoIterator<Item = T>) {
    for item in more {
        if list.len() >= 64 {
            return;
        }
        if !list.contains(&item) {
            list.push(item);
        }
    }
}

/// The same with room for many more, for long lists at once. A holder may list very many systems or maintainers before the
/// one that he is blocked by.
fn extend_distinct_many<T: Clone + Eq + Hash>(list: &mut Vec<T>, more: impl IntoIterator<Item = T>) {
    let mut seen: HashSet<T> = list.iter().cloned().collect();
    for item in more {
        if list.len() >= 4096 {
            return;
        }
        if seen.insert(item.clone()) {
            list.push(item);
        }
    }
}

#[cfg(test)]
mod contacts;
#[cfg(test)]
mod continued;
#[cfg(test)]
mod old;
#[cfg(test)]
mod tests;
