//! Addresses without an owner: IANA's special-purpose registries, multicast, and space that is not allocated.

mod table;

use super::prefix::Prefix;
use std::net::IpAddr;
use table::TABLE;

/// A range that no registry assigns to anybody, so a query about it is pointless.
#[derive(Clone, Copy, Debug)]
pub struct Special {
    /// The range.
    pub prefix: Prefix,
    /// IANA's name for it, such as "Private-Use".
    pub name: &'static str,
    /// The document that defines it.
    pub reference: &'static str,
}

/// The most specific special-purpose range that holds the address. None if IANA calls that range globally reachable:
/// such a range (AS112's, for example) has an operator and a whois record like any other.
#[must_use]
pub fn special(address: IpAddr) -> Option<Special> {
    TABLE
        .iter()
        .filter(|(special, _)| special.prefix.contains(address))
        .max_by_key(|(special, _)| special.prefix.length())
        .and_then(|(special, reachable)| (!reachable).then_some(*special))
}

/// The widest prefix around an address whose addresses have the same result of [`special`].
#[must_use]
pub fn special_scope(address: IpAddr) -> Prefix {
    Prefix::scope(address, TABLE.iter().map(|(special, _)| special.prefix))
}

/// Every range of the tables, and whether it is without an owner. A range inside another decides for itself.
pub fn special_ranges() -> impl Iterator<Item = (Prefix, bool)> {
    TABLE.iter().map(|(special, reachable)| (special.prefix, !reachable))
}

/// Whether a server at this address may be connected to because a referral names it: an address of the public internet,
/// and not inside the network that we run in.
#[must_use]
pub fn is_routable(address: IpAddr) -> bool {
    special(super::unwrap(address)).is_none() && special(address).is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(address: &str) -> Option<&'static str> {
        special(address.parse().unwrap()).map(|s| s.name)
    }

    #[test]
    fn every_range_stands_there_once_and_has_no_bits_behind_its_length() {
        for (index, (special, _)) in TABLE.iter().enumerate() {
            let prefix = special.prefix;
            assert_eq!(Prefix::new(prefix.first(), prefix.length()), Some(prefix), "{prefix}");
            assert!(TABLE.iter().skip(index + 1).all(|(other, _)| other.prefix != prefix), "{prefix} twice");
        }
    }

    #[test]
    fn knows_what_nobody_runs() {
        assert_eq!(name("10.1.2.3"), Some("Private-Use"));
        assert_eq!(name("127.0.0.1"), Some("Loopback"));
        assert_eq!(name("100.127.255.255"), Some("Shared Address Space"));
        assert_eq!(name("224.0.0.1"), Some("Multicast"));
        assert_eq!(name("255.255.255.255"), Some("Limited Broadcast"));
        assert_eq!(name("2001:db8::1"), Some("Documentation"));
        assert_eq!(name("fe80::1"), Some("Link-Local Unicast"));
        assert_eq!(name("ff02::1"), Some("Multicast"));
        assert_eq!(name("4000::1"), Some("Reserved by IETF"));
        assert_eq!(name("fec0::1"), Some("Deprecated (previously Site-Local)"));
        assert_eq!(name("::"), Some("Unspecified Address"));
    }

    #[test]
    fn the_reachable_parts_of_special_ranges_have_owners() {
        assert_eq!(name("192.0.0.9"), None, "inside 192.0.0.0/24, but globally reachable");
        assert_eq!(name("192.175.48.6"), None);
        assert_eq!(name("2620:4f:8000::1"), None);
        assert_eq!(name("8.8.8.8"), None);
        assert_eq!(name("2a00:1450::1"), None);
    }

    #[test]
    fn wrapped_inside_addresses_are_not_routable() {
        for inside in [
            "127.0.0.1",
            "::ffff:127.0.0.1",
            "64:ff9b::10.0.0.1",
            "2002:7f00:1::",
            "::1",
            "fd00::1",
            "0.0.0.0",
        ] {
            assert!(!is_routable(inside.parse().unwrap()), "{inside}");
        }
        assert!(is_routable("193.0.6.135".parse().unwrap()));
    }
}
