//! The order of extents in a cache, and the search for the most specific one that holds an address.
//!
//! An extent is cut into prefixes, ordered by first address, then by length. Take the greatest prefix that is not above
//! (address, full length). If it holds the address, no more specific one does. If it does not, a prefix that holds the
//! address can have at most the leading bits that the two share. So a few index seeks find the holder among any number
//! of nested networks.

use crate::address::{Network, Prefix};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The prefix where the search for an address starts: the address at full length.
pub(super) fn start(address: IpAddr) -> Prefix {
    Prefix::around(address, 32, 128)
}

/// The next bound of the search, when `below` does not hold the address. `below` is the greatest prefix up to the last
/// bound. None when no remaining prefix can hold it.
pub(super) fn next(below: Prefix, address: IpAddr) -> Option<Prefix> {
    let shared = match (below.first(), address) {
        (IpAddr::V4(a), IpAddr::V4(b)) => (a.to_bits() ^ b.to_bits()).leading_zeros(),
        (IpAddr::V6(a), IpAddr::V6(b)) => (a.to_bits() ^ b.to_bits()).leading_zeros(),
        _ => return None,
    };
    u8::try_from(shared).ok().and_then(|shared| Prefix::new(address, shared))
}

/// A prefix as bytes that sort as prefixes do: family, address, length.
pub(super) fn encode(prefix: Prefix) -> Vec<u8> {
    let mut bytes = encode_address(prefix.first());
    bytes.push(prefix.length());
    bytes
}

/// Reads [`encode`]'s bytes.
pub(super) fn decode(bytes: &[u8]) -> Option<Prefix> {
    let (length, address) = bytes.split_last()?;
    Prefix::new(decode_address(address)?, *length)
}

/// An address as bytes that sort as addresses do.
pub(super) fn encode_address(address: IpAddr) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(18);
    match address {
        IpAddr::V4(v4) => {
            bytes.push(4);
            bytes.extend(v4.octets());
        }
        IpAddr::V6(v6) => {
            bytes.push(6);
            bytes.extend(v6.octets());
        }
    }
    bytes
}

/// Reads [`encode_address`]'s bytes.
pub(super) fn decode_address(bytes: &[u8]) -> Option<IpAddr> {
    match bytes.split_first()? {
        (4, octets) => Some(Ipv4Addr::from(<[u8; 4]>::try_from(octets).ok()?).into()),
        (6, octets) => Some(Ipv6Addr::from(<[u8; 16]>::try_from(octets).ok()?).into()),
        _ => None,
    }
}

/// The extent of an answer: the whole network for a leaf, else its part within the /24 or /48 around the address that
/// was asked about. None when that address is not in the network.
pub(super) fn reach(network: Network, asked: IpAddr, leaf: bool) -> Option<Network> {
    let around = network.contains(asked).then(|| Prefix::around(asked, 24, 48))?;
    if leaf { Some(network) } else { network.overlap(&around.into()) }
}

/// The prefix of this extent that holds the address; None if none does.
pub(super) fn part(extent: &Network, address: IpAddr) -> Option<Prefix> {
    extent.prefixes().into_iter().find(|prefix| prefix.contains(address))
}

/// How narrow a network is: the greater, the fewer addresses. A network that is not a prefix is cut into several, and
/// one of them may also be a piece of a narrower network. This number tells which of the two is more specific.
#[expect(clippy::cast_precision_loss, reason = "two ranges that differ in the 53rd bit alone do not nest")]
pub(super) fn narrow(network: &Network) -> f64 {
    -(network.span() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::Draw;
    use std::collections::BTreeSet;

    fn find(all: &BTreeSet<Prefix>, address: IpAddr) -> (Option<Prefix>, usize) {
        let mut bound = start(address);
        for seeks in 1.. {
            let Some(&below) = all.range(..=bound).next_back() else { return (None, seeks) };
            if below.contains(address) {
                return (Some(below), seeks);
            }
            let Some(lower) = next(below, address) else { return (None, seeks) };
            assert!(lower < bound, "the walk goes down");
            bound = lower;
        }
        (None, 0)
    }

    #[test]
    fn the_walk_agrees_with_trying_them_all() {
        // Crowded blocks, so that they nest.
        let mut draw = Draw::new(7);
        let mut next = || draw.number();
        let all: BTreeSet<Prefix> = (0..600)
            .map(|_| {
                let address = Ipv4Addr::from_bits(0x0A00_0000 | (next() & 0xFFFF));
                Prefix::new(address.into(), 14 + (next() % 19) as u8).unwrap()
            })
            .chain(["2001:db8::/32".parse().unwrap(), "2001:db8:1::/48".parse().unwrap()])
            .collect();
        let mut most = 0;
        for _ in 0..20_000 {
            let address = Ipv4Addr::from_bits(0x0A00_0000 | (next() & 0x1_FFFF)).into();
            let plain = all.iter().filter(|p| p.contains(address)).max_by_key(|p| p.length()).copied();
            let (found, seeks) = find(&all, address);
            assert_eq!(found, plain, "{address}");
            most = most.max(seeks);
        }
        assert!(most <= 20, "{most} seeks");
        assert_eq!(find(&all, "2001:db8:2::1".parse().unwrap()).0, Some("2001:db8::/32".parse().unwrap()));
        assert_eq!(find(&all, "2001:db7::".parse().unwrap()).0, None);
        assert_eq!(find(&all, "::".parse().unwrap()).0, None, "never one of the other family");
    }

    #[test]
    fn bytes_sort_as_prefixes_do_and_read_back() {
        let list =
            ["0.0.0.0/0", "10.0.0.0/8", "10.0.0.0/24", "10.0.1.0/24", "::/0", "2001:db8::/32", "ffff::/16"];
        let prefixes: Vec<Prefix> = list.iter().map(|p| p.parse().unwrap()).collect();
        assert!(prefixes.is_sorted());
        let bytes: Vec<Vec<u8>> = prefixes.iter().map(|&p| encode(p)).collect();
        assert!(bytes.is_sorted());
        assert_eq!(bytes.iter().map(|b| decode(b).unwrap()).collect::<Vec<_>>(), prefixes);
        assert_eq!(decode(&[4, 1, 2, 3, 33]), None);
        assert_eq!(decode(&[]), None);
    }
}
