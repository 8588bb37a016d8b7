//! An answer over RDAP: written as text, and its record parsed.
//!
//! The first byte selects the registry and the address.
use std::net::IpAddr;
use whodunit::internals::{
    rdap::written,
    registry::Registry,
    whois::reply::{Provenance, WhoisReply, classify},
};

const REGISTRIES: [Registry; 7] = [
    Registry::Arin,
    Registry::Ripe,
    Registry::Apnic,
    Registry::Afrinic,
    Registry::Lacnic,
    Registry::RegistroBr,
    Registry::Other,
];

/// The attributes that may be written; every line must be one of these.
const KEYS: [&str; 11] = [
    "inetnum",
    "inet6num",
    "netname",
    "descr",
    "org-name",
    "country",
    "status",
    "aut-num",
    "mnt-by",
    "abuse-mailbox",
    "remarks",
];

pub(crate) fn check(data: &[u8]) {
    let [whom, bytes @ ..] = data else { return };
    let registry = REGISTRIES[usize::from(*whom & 7) % REGISTRIES.len()];
    let address: IpAddr = match whom >> 3 & 3 {
        0 => [193, 0, 22, 9].into(),
        1 => [8, 20, 16, 44].into(),
        2 => [200, 3, 13, 1].into(),
        _ => [0x2001, 0x67c, 0x2e8, 0, 0, 0, 0, 1].into(),
    };
    let Ok((text, registry)) = written(bytes, registry, address) else { return };
    let (record, source) = text.trim_end_matches('\n').rsplit_once('\n').expect("a network and its source");
    assert!(source.starts_with("source:"));
    for line in record.split('\n') {
        let (key, value) = line.split_once(':').expect("each line is an attribute");
        assert!(KEYS.contains(&key), "{line}");
        assert!(!value.trim().is_empty() && !value.contains(char::is_control), "{line}");
    }
    assert!(text.len() <= 1 << 20);
    if let WhoisReply::Record(record, _) = classify(&text, registry, Some(address), Provenance::Rdap) {
        assert!(record.network.contains(address));
    }
}
