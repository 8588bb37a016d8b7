//! The RDAP server to ask, by IANA's bootstrap registries (RFC 9224), compiled in. Their source and date are in
//! ipv4.json and ipv6.json.

use crate::{address::Prefix, registry::Registry};
use serde::Deserialize;
use std::{net::IpAddr, sync::LazyLock};

/// One of IANA's files. Its other members give its author and date.
#[derive(Deserialize)]
struct Bootstrap {
    services: Vec<(Vec<String>, Vec<String>)>,
}

/// A block, and the base URL of the server that answers for it, with a slash at its end.
#[derive(Clone, Debug)]
struct Service {
    block: Prefix,
    base: String,
}

/// Most specific first. It is empty only if a file were broken, which a test excludes.
static SERVICES: LazyLock<Vec<Service>> = LazyLock::new(|| {
    let files = [include_str!("ipv4.json"), include_str!("ipv6.json")];
    let mut services: Vec<Service> = files.into_iter().flat_map(read).collect();
    services.sort_by_key(|service| std::cmp::Reverse(service.block.length()));
    services
});

fn read(file: &str) -> Vec<Service> {
    let services = serde_json::from_str(file).map_or_else(|_| Vec::new(), |file: Bootstrap| file.services);
    let mut read = Vec::new();
    for (blocks, bases) in services {
        // Plain HTTP could be answered by anybody on the path.
        let Some(base) = bases.iter().find(|base| base.starts_with("https://")) else { continue };
        let base = format!("{}/", base.trim_end_matches('/'));
        let blocks = blocks.iter().filter_map(|block| block.parse().ok());
        read.extend(blocks.map(|block| Service { block, base: base.clone() }));
    }
    read
}

/// The base URL of the server that answers for an address by IANA's table.
pub(super) fn responsible(address: IpAddr) -> Option<&'static str> {
    SERVICES.iter().find(|service| service.block.contains(address)).map(|service| service.base.as_str())
}

/// The base URL of a registry's own server.
pub(super) fn base_of(registry: Registry) -> Option<&'static str> {
    let host = registry.rdap_server()?;
    let at = |base: &str| base.strip_prefix("https://").and_then(|rest| rest.split('/').next()) == Some(host);
    SERVICES.iter().find(|service| at(&service.base)).map(|service| service.base.as_str())
}

/// The registry of an RDAP server's host name; [`Registry::Other`] if it is none. IANA's tables do not list the
/// national registries' servers: APNIC and LACNIC redirect to them.
pub(super) fn registry_of(host: &str) -> Registry {
    match host {
        "rdap.arin.net" => Registry::Arin,
        "rdap.db.ripe.net" => Registry::Ripe,
        // IDNIC's networks are in APNIC's database.
        "rdap.apnic.net" | "idnic.rdap.apnic.net" => Registry::Apnic,
        "rdap.afrinic.net" => Registry::Afrinic,
        "rdap.lacnic.net" => Registry::Lacnic,
        "rdap.registro.br" => Registry::RegistroBr,
        "jpnic.rdap.apnic.net" | "rdap.nic.ad.jp" => Registry::Jpnic,
        "krnic.rdap.apnic.net" | "rdap.krnic.net" | "rdap.kisa.or.kr" => Registry::Krnic,
        "twnic.rdap.apnic.net" | "rdap.twnic.tw" => Registry::Twnic,
        _ => Registry::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::responsible as whois_server;

    #[test]
    fn every_row_of_both_files_is_read() {
        for file in [include_str!("ipv4.json"), include_str!("ipv6.json")] {
            let rows: usize =
                serde_json::from_str::<Bootstrap>(file).unwrap().services.iter().map(|(b, _)| b.len()).sum();
            assert_eq!(read(file).len(), rows);
            assert!(rows > 30);
        }
    }

    #[test]
    fn both_doors_of_an_address_are_the_same_registrys() {
        for address in (0..=255u8).map(|n| IpAddr::from([n, 1, 2, 3])).chain(
            ["2001:67c::1", "2001:200::1", "2600::1", "2800::1", "2a00::1", "2c00::1", "2400::1", "2a10::1"]
                .map(|a| a.parse().unwrap()),
        ) {
            let whois = whois_server(address).map(|row| row.registry).and_then(base_of);
            assert_eq!(responsible(address), whois, "{address}");
        }
        assert_eq!(responsible("10.0.0.1".parse().unwrap()), None);
        assert_eq!(responsible("2001:1::1".parse().unwrap()), None, "IANA has no RDAP server in the table");
    }

    #[test]
    fn each_host_has_its_registry() {
        for (host, registry) in [
            ("rdap.apnic.net", Registry::Apnic),
            ("jpnic.rdap.apnic.net", Registry::Jpnic),
            ("krnic.rdap.apnic.net", Registry::Krnic),
            ("twnic.rdap.apnic.net", Registry::Twnic),
            ("idnic.rdap.apnic.net", Registry::Apnic),
            ("rdap.registro.br", Registry::RegistroBr),
            ("rdap.example.net", Registry::Other),
        ] {
            assert_eq!(registry_of(host), registry, "{host}");
        }
    }

    #[test]
    fn each_registry_has_its_base() {
        for (registry, base) in [
            (Registry::Arin, Some("https://rdap.arin.net/registry/")),
            (Registry::Ripe, Some("https://rdap.db.ripe.net/")),
            (Registry::Apnic, Some("https://rdap.apnic.net/")),
            (Registry::Afrinic, Some("https://rdap.afrinic.net/rdap/")),
            (Registry::Lacnic, Some("https://rdap.lacnic.net/rdap/")),
            (Registry::Jpnic, Some("https://rdap.apnic.net/")),
            (Registry::RegistroBr, Some("https://rdap.lacnic.net/rdap/")),
            (Registry::Iana, None),
            (Registry::Rwhois, None),
        ] {
            assert_eq!(base_of(registry), base);
        }
    }
}
