//! Old forms of registries, and networks beside others.

use super::*;
use crate::whois::reply::{Provenance, WhoisReply, classify, detect};

/// Network, name, organisation, country and registry, as one line.
fn told(text: &str, ip: &str) -> String {
    let or = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
    match classify(text, detect(text), ip.parse().ok(), Provenance::Saved) {
        WhoisReply::Record(record, _) => {
            let Record { network, name, org, country, registry, .. } = *record;
            format!("{network} | {} | {} | {} | {registry}", or(name), or(org), or(country))
        }
        other => panic!("{text}: {}", other.explain()),
    }
}

#[test]
fn arin_before_2002() {
    let network = |handle: &str, range: &str| {
        format!(
            "Example University ({handle})\n   1 Example Street\n   Example, EX 00000\n   US\n\n   Netname: EXAMPLE-U\n   \
             {range}\n\n   Coordinator:\n      Doe, Jane  (JD0-ARIN)  jane@example.edu\n\n   \
             Record last updated on 01-Jan-1999.\n\nThe ARIN Registration Services Host contains ONLY Internet\n"
        )
    };
    for (handle, range, expected) in [
        ("NET-EXAMPLE-U", "Netblock: 192.0.2.0 - 192.0.2.255", "192.0.2.0/24"),
        ("NETBLK-EXAMPLE-U", "Netblock: 192.0.2.0 - 192.0.2.63", "192.0.2.0/26"),
        ("NET-EXAMPLE-U", "Netnumber: 192.0.2.0", "192.0.2.0/24"),
    ] {
        let told = told(&network(handle, range), "192.0.2.1");
        assert_eq!(told, format!("{expected} | EXAMPLE-U | Example University | US | arin"));
    }
    let list = "Example Hosting (NETBLK-EXAMPLE) EXAMPLE       192.0.2.0 - 192.0.2.255\n\
                Example Shop (NETBLK-EX-77) EX-77        192.0.2.48 - 192.0.2.63\n\n\
                To single out one record, look it up with \"!xxx\", where xxx is the\nhandle.\n";
    assert_eq!(told(list, "192.0.2.50"), "192.0.2.48/28 | EX-77 | Example Shop | - | arin");
    assert_eq!(told(list, "192.0.2.1"), "192.0.2.0/24 | EXAMPLE | Example Hosting | - | arin");
}

#[test]
fn twnics_customer_stands_below_the_provider() {
    let network = |holder: &str, name: &str, range: &str| {
        format!(
            "\n   {holder}\n   No. 1, Example Rd.\n   TW\n\n   Netname: {name}\n   Netblock: {range}\n\n   \
             Administrator contact:\n      Example (EX1-TW) adm@example.net\n      TEL:  +886-2-5550100\n"
        )
    };
    let text = network("Example Telecom", "EXNET", "198.51.0.0/16")
        + &network("Example Shop", "SHOP", "198.51.100.0/24");
    assert_eq!(told(&text, "198.51.100.9"), "198.51.100.0/24 | SHOP | Example Shop | TW | twnic");
    assert_eq!(told(&text, "198.51.1.9"), "198.51.0.0/16 | EXNET | Example Telecom | TW | twnic");
}

#[test]
fn jpnics_range_ends_with_a_network() {
    let text = "a. [Network Number]  192.0.2.0-192.0.3.0\ng. [Organization]  Example Inc.\n";
    assert_eq!(told(text, "192.0.3.9"), "192.0.2.0/23 | - | Example Inc. | JP | jpnic");
}
