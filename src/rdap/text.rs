//! Writes an answer as text, with the lines that a registry's whois would have (RFC 2622). No value from outside can
//! add a line.

use super::network::NetworkObject;
use crate::registry::Registry;
use std::net::IpAddr;

/// Writes an answer about an address as text in the form of RPSL. It also returns the registry: if `registry` is
/// unknown, it is the one whose whois server the answer names.
///
/// The attributes are `inetnum` or `inet6num`, `netname`, `descr`, `org-name`, `country`, `status`, `aut-num`,
/// `mnt-by`, `abuse-mailbox`, `remarks` and `source`, each only if the answer has it.
///
/// # Errors
/// The reason why the answer says nothing about the address, as the end of a sentence.
pub fn written(answer: &[u8], registry: Registry, address: IpAddr) -> Result<(String, Registry), String> {
    let object = NetworkObject::read(answer)?;
    if !object.network.contains(address) {
        return Err(format!("its answer describes {}, which does not hold {address}", object.network));
    }
    let registry = match (registry, &object.port43) {
        (Registry::Other, Some(host)) => Registry::of_server(host),
        (registry, _) => registry,
    };
    let mut text = String::new();
    let mut write = |key: &str, value: &str| {
        text.push_str(key);
        text.push(':');
        // Values begin in column 17, as in the registries' text.
        text.extend(std::iter::repeat_n(' ', 15_usize.saturating_sub(key.len())));
        text.push_str(value);
        text.push('\n');
    };
    let network = object.network;
    match (network.first(), network.prefixes().as_slice()) {
        (IpAddr::V6(_), [prefix]) => write("inet6num", &prefix.to_string()),
        (IpAddr::V6(_), _) => write("inet6num", &format!("{} - {}", network.first(), network.last())),
        (IpAddr::V4(_), _) => write("inetnum", &format!("{} - {}", network.first(), network.last())),
    }
    let one = |value: &Option<String>| value.clone().into_iter().collect::<Vec<_>>();
    for (key, values) in [
        ("netname", one(&object.name)),
        ("descr", object.descriptions),
        ("org-name", object.contacts.holders),
        ("country", one(&object.country)),
        ("status", one(&object.status)),
        ("aut-num", object.asn),
        ("mnt-by", object.contacts.maintainers),
        ("abuse-mailbox", object.contacts.abuse),
        ("remarks", object.remarks),
        ("source", vec![registry.as_str().to_ascii_uppercase()]),
    ] {
        for value in &values {
            write(key, value);
        }
    }
    Ok((text, registry))
}

#[cfg(test)]
mod tests;
