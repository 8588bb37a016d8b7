//! Parses ranges of addresses, in every form that registries write.

use crate::address::{Network, Prefix};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The range in `text`: `a - b`, `a-b`, a prefix, one address, or LACNIC's abbreviated `190.46/15`. Text after a blank
/// and a bracket or hash is a comment (KRNIC's `(/16+/18)`).
pub(crate) fn range(text: &str) -> Option<Network> {
    let text = text.split(['(', '#', ',']).next().unwrap_or_default().trim();
    if let Some((first, last)) = text.split_once('-') {
        return Network::new(address(first)?.0, address(last)?.0);
    }
    if let Some((base, length)) = text.split_once('/') {
        let length = length.trim();
        return Prefix::new(address(base)?.0, length.parse().ok().or_else(|| mask(length))?)
            .map(Network::from);
    }
    if let Some((first, last)) = text.split_once(char::is_whitespace) {
        return Network::new(address(first)?.0, address(last)?.0);
    }
    let (base, written) = address(text)?;
    // A short address may come from a reply that was cut inside it.
    Network::new(base, base).filter(|_| written >= 32)
}

/// The prefix length of a mask such as `255.255.255.240`.
fn mask(text: &str) -> Option<u8> {
    let bits = u32::from(text.parse::<Ipv4Addr>().ok()?);
    let length = bits.leading_ones();
    (bits.count_ones() == length).then(|| u8::try_from(length).ok()).flatten()
}

/// JPNIC's older networks have no length. It is that of the address's former class (RFC 791), as far as its last octets
/// are zero. The same applies to the last of several networks, at the end of a range.
pub(super) fn classful(text: &str) -> Option<Network> {
    if let Some((first, last)) = text.split_once('-') {
        return Network::new(range(first)?.first(), classful(last)?.last());
    }
    let network = range(text)?;
    let IpAddr::V4(first) = network.first() else { return Some(network) };
    if network.span() > 0 || text.contains('/') {
        return Some(network);
    }
    let length = match first.octets() {
        [0..=127, _, 0, 0] => 8,
        [128..=191, _, 0, 0] => 16,
        [_, _, _, 0] => 24,
        _ => 32,
    };
    Prefix::new(network.first(), length).map(Network::from)
}

/// An address, and the number of its bits that were written: `190.46` has 16.
fn address(text: &str) -> Option<(IpAddr, u8)> {
    let text = text.trim();
    if !text.contains(':') {
        return v4(text);
    }
    let full = || format!("{}::", text.trim_end_matches(':'));
    let v6: Ipv6Addr = text.parse().or_else(|_| full().parse()).ok()?;
    Some((IpAddr::V6(v6), 128))
}

fn v4(text: &str) -> Option<(IpAddr, u8)> {
    let mut octets = [0; 4];
    let mut written = 0;
    let mut slots = octets.iter_mut();
    for part in text.trim_end_matches('.').split('.') {
        if part.len() > 3 || !part.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        // A registry's leading zeros are decimal (`202.012.030.000`), unlike those in a mail client's text.
        *slots.next()? = part.parse::<u8>().ok()?;
        written += 8;
    }
    Some((IpAddr::V4(Ipv4Addr::from(octets)), written))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_form() {
        for (text, network) in [
            ("192.0.2.0 - 192.0.2.255", "192.0.2.0/24"),
            ("192.0.2.0-192.0.2.255", "192.0.2.0/24"),
            ("192.0.2.0 192.0.2.7", "192.0.2.0/29"),
            ("192.0.2.1 - 192.0.2.4", "192.0.2.1 - 192.0.2.4"),
            ("192.0.2.0/26", "192.0.2.0/26"),
            ("192.0.2.48/255.255.255.240", "192.0.2.48/28"),
            ("198.18/15", "198.18.0.0/15"),
            ("192.0.2/24", "192.0.2.0/24"),
            ("203.0.113.9", "203.0.113.9/32"),
            ("203.0.112.0 - 203.0.115.255 (/23+/23)", "203.0.112.0/22"),
            ("203.000.113.000/24", "203.0.113.0/24"),
            ("2001:0db8:0010::/48", "2001:db8:10::/48"),
            ("2001:db8:c000::/48", "2001:db8:c000::/48"),
            ("2001:db8:c000/48", "2001:db8:c000::/48"),
            ("2001:DB8:: - 2001:DB8:FFFF:FFFF:FFFF:FFFF:FFFF:FFFF", "2001:db8::/32"),
            ("::/0", "::/0"),
        ] {
            assert_eq!(range(text).map(|n| n.to_string()).as_deref(), Some(network), "{text}");
        }
        assert_eq!(classful("192.0.2.0").unwrap().to_string(), "192.0.2.0/24");
        assert_eq!(classful("133.1.0.0").unwrap().to_string(), "133.1.0.0/16");
        assert_eq!(classful("192.0.2.0-192.0.3.0").unwrap().to_string(), "192.0.2.0/23");
        assert_eq!(classful("192.0.2.0 - 192.0.2.7").unwrap().to_string(), "192.0.2.0/29");
        assert_eq!(classful("192.0.2.0/28").unwrap().to_string(), "192.0.2.0/28");
    }

    #[test]
    fn refuses_what_is_none() {
        for text in [
            "",
            "-",
            "/",
            "192.0.2.0 -",
            "192.0.2.9 - 192.0.2.1",
            "300.0.0.0/8",
            "192.0.2.0/33",
            "192.0.2.0/255.0.255.0",
            "10",
            "192.0.2",
            "NET-192-0-2-0",
            "x",
        ] {
            assert_eq!(range(text), None, "{text}");
        }
    }
}
