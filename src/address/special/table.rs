//! IANA's special-purpose registries, and the parts of the address space that are not allocated.

use super::super::prefix::Prefix;
use super::Special;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Each range, and whether IANA calls it globally reachable. It is a constant instead of a text to parse, because a
/// hook looks one address up and ends.
#[rustfmt::skip]
pub(super) static TABLE: [(Special, bool); 69] = [
    // Snapshot of 2026-08-15. To refresh it, fetch the three registries named below from IANA as CSV, and copy each
    // row. A row whose "Globally Reachable" is True has an operator like any other network, and is `reachable` here.
    // The exceptions are two that are identifiers and not locators (ORCHIDv2 and DETs), which no whois server knows.
    //
    // IANA IPv4 Special-Purpose Address Registry, https://www.iana.org/assignments/iana-ipv4-special-registry
    nobodys(v4([0, 0, 0, 0], 8), "This network", "RFC791, Section 3.2"),
    nobodys(v4([0, 0, 0, 0], 32), "This host on this network", "RFC1122, Section 3.2.1.3"),
    nobodys(v4([10, 0, 0, 0], 8), "Private-Use", "RFC1918"),
    nobodys(v4([100, 64, 0, 0], 10), "Shared Address Space", "RFC6598"),
    nobodys(v4([127, 0, 0, 0], 8), "Loopback", "RFC1122, Section 3.2.1.3"),
    nobodys(v4([169, 254, 0, 0], 16), "Link Local", "RFC3927"),
    nobodys(v4([172, 16, 0, 0], 12), "Private-Use", "RFC1918"),
    nobodys(v4([192, 0, 0, 0], 24), "IETF Protocol Assignments", "RFC6890, Section 2.1"),
    nobodys(v4([192, 0, 0, 0], 29), "IPv4 Service Continuity Prefix", "RFC7335"),
    nobodys(v4([192, 0, 0, 8], 32), "IPv4 dummy address", "RFC7600"),
    reachable(v4([192, 0, 0, 9], 32), "Port Control Protocol Anycast", "RFC7723"),
    reachable(v4([192, 0, 0, 10], 32), "Traversal Using Relays around NAT Anycast", "RFC8155"),
    nobodys(v4([192, 0, 0, 170], 32), "NAT64/DNS64 Discovery", "RFC8880, RFC7050, Section 2.2"),
    nobodys(v4([192, 0, 0, 171], 32), "NAT64/DNS64 Discovery", "RFC8880, RFC7050, Section 2.2"),
    nobodys(v4([192, 0, 2, 0], 24), "Documentation (TEST-NET-1)", "RFC5737"),
    reachable(v4([192, 31, 196, 0], 24), "AS112-v4", "RFC7535"),
    reachable(v4([192, 52, 193, 0], 24), "AMT", "RFC7450"),
    nobodys(v4([192, 88, 99, 0], 24), "Deprecated (6to4 Relay Anycast)", "RFC7526"),
    nobodys(v4([192, 88, 99, 2], 32), "6a44-relay anycast address", "RFC6751"),
    nobodys(v4([192, 168, 0, 0], 16), "Private-Use", "RFC1918"),
    reachable(v4([192, 175, 48, 0], 24), "Direct Delegation AS112 Service", "RFC7534"),
    nobodys(v4([198, 18, 0, 0], 15), "Benchmarking", "RFC2544"),
    nobodys(v4([198, 51, 100, 0], 24), "Documentation (TEST-NET-2)", "RFC5737"),
    nobodys(v4([203, 0, 113, 0], 24), "Documentation (TEST-NET-3)", "RFC5737"),
    nobodys(v4([240, 0, 0, 0], 4), "Reserved", "RFC1112, Section 4"),
    nobodys(v4([255, 255, 255, 255], 32), "Limited Broadcast", "RFC8190, RFC919, Section 7"),
    // Multicast: IANA IPv4 Address Space Registry, 224/8 to 239/8, https://www.iana.org/assignments/ipv4-address-space
    nobodys(v4([224, 0, 0, 0], 4), "Multicast", "RFC5771"),
    // IANA IPv6 Special-Purpose Address Registry, https://www.iana.org/assignments/iana-ipv6-special-registry
    nobodys(v6(&[0, 0, 0, 0, 0, 0, 0, 0x1], 128), "Loopback Address", "RFC4291"),
    nobodys(v6(&[0], 128), "Unspecified Address", "RFC4291"),
    nobodys(v6(&[0, 0, 0, 0, 0, 0xffff], 96), "IPv4-mapped Address", "RFC4291"),
    reachable(v6(&[0x64, 0xff9b], 96), "IPv4-IPv6 Translat.", "RFC6052"),
    nobodys(v6(&[0x64, 0xff9b, 0x1], 48), "IPv4-IPv6 Translat.", "RFC8215"),
    nobodys(v6(&[0x100], 64), "Discard-Only Address Block", "RFC6666"),
    nobodys(v6(&[0x100, 0, 0, 0x1], 64), "Dummy IPv6 Prefix", "RFC9780"),
    nobodys(v6(&[0x2001], 23), "IETF Protocol Assignments", "RFC2928"),
    nobodys(v6(&[0x2001], 32), "TEREDO", "RFC4380, RFC8190"),
    reachable(v6(&[0x2001, 0x1, 0, 0, 0, 0, 0, 0x1], 128), "Port Control Protocol Anycast", "RFC7723"),
    reachable(v6(&[0x2001, 0x1, 0, 0, 0, 0, 0, 0x2], 128), "Traversal Using Relays around NAT Anycast", "RFC8155"),
    reachable(v6(&[0x2001, 0x1, 0, 0, 0, 0, 0, 0x3], 128), "DNS-SD Service Registration Protocol Anycast", "RFC9665"),
    nobodys(v6(&[0x2001, 0x2], 48), "Benchmarking", "RFC5180, RFC5180"),
    reachable(v6(&[0x2001, 0x3], 32), "AMT", "RFC7450"),
    reachable(v6(&[0x2001, 0x4, 0x112], 48), "AS112-v6", "RFC7535"),
    nobodys(v6(&[0x2001, 0x10], 28), "Deprecated (previously ORCHID)", "RFC4843"),
    nobodys(v6(&[0x2001, 0x20], 28), "ORCHIDv2", "RFC7343"),
    nobodys(v6(&[0x2001, 0x30], 28), "Drone Remote ID Protocol Entity Tags (DETs) Prefix", "RFC9374"),
    nobodys(v6(&[0x2001, 0xdb8], 32), "Documentation", "RFC3849"),
    nobodys(v6(&[0x2002], 16), "6to4", "RFC3056"),
    reachable(v6(&[0x2620, 0x4f, 0x8000], 48), "Direct Delegation AS112 Service", "RFC7534"),
    nobodys(v6(&[0x3fff], 20), "Documentation", "RFC9637"),
    nobodys(v6(&[0x5f00], 16), "Segment Routing (SRv6) SIDs", "RFC9602"),
    nobodys(v6(&[0xfc00], 7), "Unique-Local", "RFC4193, RFC8190"),
    nobodys(v6(&[0xfe80], 10), "Link-Local Unicast", "RFC4291"),
    // IANA IPv6 address space except Global Unicast, https://www.iana.org/assignments/ipv6-address-space
    nobodys(v6(&[0], 8), "Reserved by IETF", "RFC3513, RFC4291"),
    nobodys(v6(&[0x100], 8), "Reserved by IETF", "RFC3513, RFC4291"),
    nobodys(v6(&[0x200], 7), "Reserved by IETF", "RFC4048"),
    nobodys(v6(&[0x400], 6), "Reserved by IETF", "RFC3513, RFC4291"),
    nobodys(v6(&[0x800], 5), "Reserved by IETF", "RFC3513, RFC4291"),
    nobodys(v6(&[0x1000], 4), "Reserved by IETF", "RFC3513, RFC4291"),
    nobodys(v6(&[0x4000], 3), "Reserved by IETF", "RFC3513, RFC4291"),
    nobodys(v6(&[0x6000], 3), "Reserved by IETF", "RFC3513, RFC4291"),
    nobodys(v6(&[0x8000], 3), "Reserved by IETF", "RFC3513, RFC4291"),
    nobodys(v6(&[0xa000], 3), "Reserved by IETF", "RFC3513, RFC4291"),
    nobodys(v6(&[0xc000], 3), "Reserved by IETF", "RFC3513, RFC4291"),
    nobodys(v6(&[0xe000], 4), "Reserved by IETF", "RFC3513, RFC4291"),
    nobodys(v6(&[0xf000], 5), "Reserved by IETF", "RFC3513, RFC4291"),
    nobodys(v6(&[0xf800], 6), "Reserved by IETF", "RFC3513, RFC4291"),
    nobodys(v6(&[0xfe00], 9), "Reserved by IETF", "RFC3513, RFC4291"),
    nobodys(v6(&[0xfec0], 10), "Deprecated (previously Site-Local)", "RFC3879"),
    nobodys(v6(&[0xff00], 8), "Multicast", "RFC3513, RFC4291"),
];

const fn nobodys(prefix: Prefix, name: &'static str, reference: &'static str) -> (Special, bool) {
    (Special { prefix, name, reference }, false)
}

const fn reachable(prefix: Prefix, name: &'static str, reference: &'static str) -> (Special, bool) {
    (Special { prefix, name, reference }, true)
}

const fn v4([a, b, c, d]: [u8; 4], length: u8) -> Prefix {
    Prefix::cut(IpAddr::V4(Ipv4Addr::new(a, b, c, d)), length)
}

/// The leading groups; missing ones are zero.
const fn v6(leading: &[u16], length: u8) -> Prefix {
    let mut bits = 0;
    let mut rest = leading;
    let mut shift = 128;
    while let Some((group, behind)) = rest.split_first() {
        shift -= 16;
        bits |= (*group as u128) << shift;
        rest = behind;
    }
    Prefix::cut(IpAddr::V6(Ipv6Addr::from_bits(bits)), length)
}
