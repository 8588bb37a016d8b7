//! A whois server's reply: decoded, classified, and its record parsed.
//!
//! The first byte selects the registry, the second the source of the text and whether there is an address.
use std::net::IpAddr;
use whodunit::internals::{
    registry::Registry,
    whois::{
        charset,
        reply::{Provenance, WhoisReply, classify, detect, is_same, unclosed},
    },
};

pub(crate) fn check(data: &[u8]) {
    let [whom, how, bytes @ ..] = data else { return };
    let registry = Registry::ALL[usize::from(*whom) % Registry::ALL.len()];
    let provenance = if how & 1 == 0 { Provenance::Network } else { Provenance::Saved };
    let address: Option<IpAddr> = match how >> 1 & 3 {
        0 => None,
        1 => Some([193, 0, 22, 9].into()),
        2 => Some([8, 20, 16, 44].into()),
        _ => Some([0x2001, 0x67c, 0x2e8, 0, 0, 0, 0, 1].into()),
    };
    let text = charset::decode(bytes, registry);
    let registry = if how & 8 == 0 { registry } else { detect(&text) };
    if let Some(address) = address {
        check_ending(&text, registry, address);
    }
    let reply = classify(&text, registry, address, provenance);
    assert!(!reply.explain().is_empty());
    if let WhoisReply::Record(record, referrals) = reply {
        assert!(record.network.first() <= record.network.last());
        assert!(referrals.len() <= 9);
        // A record from the network must describe a network around the address.
        if let (Provenance::Network, Some(address)) = (provenance, address) {
            assert!(record.network.contains(address));
        }
    }
}

/// A reply with another closing line than its registry's is held back until it comes twice, and is then about the
/// address.
fn check_ending(text: &str, registry: Registry, address: IpAddr) {
    assert!(is_same(text, text, registry));
    let Some(found) = unclosed(text, registry, address) else { return };
    assert!(text.ends_with('\n'));
    let judged = classify(text, registry, Some(address), Provenance::Network);
    assert!(!matches!(judged, WhoisReply::Record(..)));
    if let WhoisReply::Record(record, _) = found.reply {
        assert!(record.network.contains(address));
    }
}
