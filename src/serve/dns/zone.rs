//! The names of the zone: the list that a name belongs to, and the address that it stands for.
//!
//! Addresses are written as in RFC 5782 (and RFC 1035 3.5, RFC 3596 2.5 before it): IPv4 as four decimal labels, IPv6
//! as 32 hexadecimal ones, in either case the last part first.

use crate::{
    address,
    error::{Error, Result},
};
use domain::base::{
    Name,
    name::{Label, ToLabelIter},
};
use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

/// One of the lists below the zone's name.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ListName {
    /// `bl`: the addresses that patterns block are listed.
    Block,
    /// `asn`: the origin AS. `asn6` is the same for IPv6 alone, as rspamd asks for it.
    Asn,
    /// `owner`: the owner of the network.
    Owner,
}

/// The meaning of a name in the zone.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ZoneNode {
    /// The zone's own name, with SOA and NS.
    Apex,
    /// `ns.ZONE`, the name server in the NS record.
    NameServer,
    /// The name of a list, or part of an address in it. It has no records, but names below it. NXDOMAIN would deny
    /// these too (RFC 8020), and resolvers that minimise names (RFC 9156) ask for it.
    Branch,
    /// An address in a list.
    Entry(ListName, IpAddr),
    /// RFC 5782 5: an address that is always listed (127.0.0.2, `::ffff:127.0.0.2`).
    Listed(IpAddr),
    /// RFC 5782 5: an address that is never listed (127.0.0.1, `::ffff:127.0.0.1`).
    NeverListed,
    /// Inside the zone, without such a meaning.
    Nothing,
    /// Not in the zone.
    Outside,
}

/// The zone's name.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ZoneName {
    name: Name<Vec<u8>>,
    labels: usize,
}

impl ZoneName {
    /// The name, absolute.
    #[must_use]
    pub fn name(&self) -> &Name<Vec<u8>> {
        &self.name
    }

    /// The name of a host in the zone.
    pub(super) fn host(&self, label: &[u8]) -> Option<Name<Vec<u8>>> {
        let mut wire = Vec::with_capacity(self.name.len() + 1 + label.len());
        wire.push(u8::try_from(label.len()).ok()?);
        wire.extend_from_slice(label);
        wire.extend_from_slice(self.name.as_slice());
        Name::from_octets(wire).ok()
    }

    /// The meaning of a name. Case does not matter.
    #[must_use]
    pub fn locate(&self, asked: &impl ToLabelIter) -> ZoneNode {
        if !asked.ends_with(&self.name) {
            return ZoneNode::Outside;
        }
        let labels = asked.iter_labels().count().saturating_sub(self.labels);
        let Some(below) = labels.checked_sub(1) else { return ZoneNode::Apex };
        let mut address = ReversedAddress::default();
        let mut asked = asked.iter_labels();
        asked.by_ref().take(below).for_each(|label| address.push(label));
        let Some(list) = asked.next() else { return ZoneNode::Nothing };
        match list.as_slice().to_ascii_lowercase().as_slice() {
            b"bl" => address.node(ListName::Block),
            b"asn" => address.node(ListName::Asn),
            b"asn6" => ReversedAddress { octets: None, ..address }.node(ListName::Asn),
            b"owner" => address.node(ListName::Owner),
            b"ns" if below == 0 => ZoneNode::NameServer,
            _ => ZoneNode::Nothing,
        }
    }
}

impl FromStr for ZoneName {
    type Err = Error;

    /// Parses a zone's name; a dot at its end is optional.
    ///
    /// # Errors
    /// A usage error if it is no name, is the root, or is so long that no IPv6 address fits before it.
    fn from_str(text: &str) -> Result<Self> {
        // 255 octets (RFC 1035 2.3.4), minus 32 labels of a nibble and the longest list's name.
        const LONGEST: usize = 255 - 32 * 2 - "?owner".len();
        let bad = |why: &str| Error::usage(format!("{text:?} is no zone: {why}"));
        let plain = |c: u8| c.is_ascii_alphanumeric() || b"-_.".contains(&c);
        if !text.bytes().all(plain) {
            return Err(bad("write a name of letters, digits, hyphens and dots, such as whodunit"));
        }
        let name: Name<Vec<u8>> = text.parse().map_err(|_| bad("it is no name in DNS"))?;
        if name.as_slice() == [0] {
            return Err(bad("the root is not ours to answer for"));
        }
        if name.len() > LONGEST {
            return Err(bad("it is so long that no IPv6 address fits before it"));
        }
        Ok(Self { labels: name.label_count(), name })
    }
}

impl Default for ZoneName {
    fn default() -> Self {
        let name = Name::from_octets(b"\x08whodunit\0".to_vec()).unwrap_or_else(|_| Name::root_vec());
        Self { labels: name.label_count(), name }
    }
}

impl fmt::Display for ZoneName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.name)
    }
}

/// An address, parsed label by label from its last part. `1.2.3.4` may be IPv4 or the start of IPv6, so both are parsed
/// until it is clear.
struct ReversedAddress {
    count: u32,
    /// Set while all labels are decimal octets, and no more than four.
    octets: Option<u32>,
    /// Set while all labels are single hexadecimal digits, and no more than 32.
    nibbles: Option<u128>,
}

impl Default for ReversedAddress {
    fn default() -> Self {
        Self { count: 0, octets: Some(0), nibbles: Some(0) }
    }
}

impl ReversedAddress {
    fn push(&mut self, label: &Label) {
        let label = label.as_slice();
        let octet = decimal_octet(label).filter(|_| self.count < 4);
        let nibble = hexadecimal_digit(label).filter(|_| self.count < 32);
        self.octets = self.octets.zip(octet).map(|(read, octet)| read | u32::from(octet) << (8 * self.count));
        self.nibbles = self.nibbles.zip(nibble).map(|(read, nibble)| read | nibble << (4 * self.count));
        self.count += 1;
    }

    fn node(&self, list: ListName) -> ZoneNode {
        match (self.count, self.octets, self.nibbles) {
            (4, Some(bits), _) => entry(list, Ipv4Addr::from_bits(bits).into()),
            (32, _, Some(bits)) => entry(list, Ipv6Addr::from_bits(bits).into()),
            (0..4, Some(_), _) | (0..32, _, Some(_)) => ZoneNode::Branch,
            _ => ZoneNode::Nothing,
        }
    }
}

fn entry(list: ListName, written: IpAddr) -> ZoneNode {
    const LISTED: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));
    const NEVER_LISTED: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let address = address::unwrap(written);
    match list {
        ListName::Block if address == LISTED => ZoneNode::Listed(written),
        ListName::Block if address == NEVER_LISTED => ZoneNode::NeverListed,
        _ => ZoneNode::Entry(list, address),
    }
}

/// A number from 0 to 255 without leading zeros.
fn decimal_octet(label: &[u8]) -> Option<u8> {
    match label {
        [b'0'..=b'9'] | [b'1'..=b'9', b'0'..=b'9'] | [b'1' | b'2', b'0'..=b'9', b'0'..=b'9'] => {
            std::str::from_utf8(label).ok()?.parse().ok()
        }
        _ => None,
    }
}

fn hexadecimal_digit(label: &[u8]) -> Option<u128> {
    let [digit] = label else { return None };
    char::from(*digit).to_digit(16).map(u128::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn locate(zone: &str, name: &str) -> ZoneNode {
        let name: Name<Vec<u8>> = name.parse().unwrap();
        zone.parse::<ZoneName>().unwrap().locate(&name)
    }

    fn entry(list: ListName, address: &str) -> ZoneNode {
        ZoneNode::Entry(list, address.parse().unwrap())
    }

    const NIBBLES: &str = "5.2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.7.7.0.0.0.0.0.0.8.B.d.0.0.0.a.2";

    #[test]
    fn every_name_of_the_contract() {
        assert_eq!(locate("whodunit", "7.113.0.203.bl.whodunit"), entry(ListName::Block, "203.0.113.7"));
        assert_eq!(
            locate("whodunit", &format!("{NIBBLES}.BL.WhoDunIt")),
            entry(ListName::Block, "2a00:db8:0:77::25")
        );
        assert_eq!(
            locate("a.b.example", "7.113.0.203.asn.a.B.EXAMPLE."),
            entry(ListName::Asn, "203.0.113.7")
        );
        assert_eq!(
            locate("whodunit", &format!("{NIBBLES}.asn6.whodunit")),
            entry(ListName::Asn, "2a00:db8:0:77::25")
        );
        assert_eq!(locate("whodunit.", "255.0.9.10.owner.whodunit"), entry(ListName::Owner, "10.9.0.255"));
        assert_eq!(locate("whodunit", "whodunit"), ZoneNode::Apex);
        assert_eq!(locate("whodunit", "ns.whodunit"), ZoneNode::NameServer);
    }

    #[test]
    fn the_test_points_of_rfc_5782() {
        let mapped = |last: u8| format!("{last}.0.0.0.0.0.f.7.f.f.f.f.{}bl.whodunit", "0.".repeat(20));
        assert_eq!(locate("whodunit", "2.0.0.127.bl.whodunit"), ZoneNode::Listed([127, 0, 0, 2].into()));
        assert_eq!(locate("whodunit", "1.0.0.127.bl.whodunit"), ZoneNode::NeverListed);
        assert_eq!(locate("whodunit", &mapped(2)), ZoneNode::Listed("::ffff:127.0.0.2".parse().unwrap()));
        assert_eq!(locate("whodunit", &mapped(1)), ZoneNode::NeverListed);
        assert_eq!(locate("whodunit", "2.0.0.127.owner.whodunit"), entry(ListName::Owner, "127.0.0.2"));
    }

    #[test]
    fn parts_of_an_address_are_branches() {
        for name in [
            "bl",
            "asn",
            "asn6",
            "owner",
            "203.bl",
            "0.203.bl",
            "113.0.203.bl",
            "2.bl",
            "a.2.bl",
            "f.f.f.f.f.bl",
            "1.1.1.1.1.bl",
            "1.2.3.4.asn6",
        ] {
            assert_eq!(locate("whodunit", &format!("{name}.whodunit")), ZoneNode::Branch, "{name}");
        }
        let all_but_one = NIBBLES.split_once('.').unwrap().1;
        assert_eq!(locate("whodunit", &format!("{all_but_one}.owner.whodunit")), ZoneNode::Branch);
    }

    #[test]
    fn other_names_are_none() {
        for name in [
            "x",
            "example.com.bl",
            "256.0.0.1.bl",
            "07.113.0.203.bl",
            "9.7.113.0.203.bl",
            "g.bl",
            "a.203.bl",
            "-1.bl",
            "7.113.0.203",
            "7.113.0.203.asn6",
            "203.asn6",
            "a.ns",
            "bl.bl",
            "1000.bl",
            "+1.bl",
        ] {
            assert_eq!(locate("whodunit", &format!("{name}.whodunit")), ZoneNode::Nothing, "{name}");
        }
        assert_eq!(locate("whodunit", &format!("0.{NIBBLES}.bl.whodunit")), ZoneNode::Nothing);
        for name in ["example.com", ".", "7.113.0.203.bl.whodunit2", "bl.xwhodunit", "whodunit.example"] {
            assert_eq!(locate("whodunit", name), ZoneNode::Outside, "{name}");
        }
        assert_eq!(locate("dnsbl.example", "example"), ZoneNode::Outside);
    }

    #[test]
    fn a_zone_is_a_name_with_room_before_it() {
        for bad in ["", ".", "a..b", "a b", "zone\0", "näme", &"x".repeat(64), &"abcdefg.".repeat(24)] {
            assert_eq!(bad.parse::<ZoneName>().unwrap_err().exit().code(), 64, "{bad:?}");
        }
        let longest = "abcdefg.".repeat(23);
        let zone: ZoneName = longest.parse().unwrap();
        let name: Name<Vec<u8>> = format!("{NIBBLES}.owner.{zone}").parse().unwrap();
        assert_eq!(zone.locate(&name), entry(ListName::Owner, "2a00:db8:0:77::25"));
        assert_eq!(ZoneName::default().to_string(), "whodunit");
    }
}
