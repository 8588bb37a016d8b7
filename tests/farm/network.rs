//! The arithmetic of networks in replies. It is separate from the program's, so that a mistake there shows.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// An address prefix.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Network {
    first: u128,
    length: u8,
    v4: bool,
}

impl Network {
    /// The network of this length around an address.
    pub(crate) fn around(address: IpAddr, length: u8) -> Self {
        let (bits, width) = bits(address);
        let host = u32::from(width - length);
        let first = bits.checked_shr(host).unwrap_or(0).checked_shl(host).unwrap_or(0);
        Self { first, length, v4: address.is_ipv4() }
    }

    /// Reads CIDR notation.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let (address, length) = text.split_once('/')?;
        Some(Self::around(address.parse().ok()?, length.parse().ok()?))
    }

    pub(crate) fn holds(self, address: IpAddr) -> bool {
        self.v4 == address.is_ipv4() && Self::around(address, self.length) == self
    }

    pub(crate) fn first(self) -> IpAddr {
        self.address(self.first)
    }

    pub(crate) fn last(self) -> IpAddr {
        let host = if self.v4 { 32 } else { 128 } - u32::from(self.length);
        let mask = 1_u128.checked_shl(host).map_or(u128::MAX, |bit| bit - 1);
        self.address(self.first | mask)
    }

    pub(crate) fn cidr(self) -> String {
        format!("{}/{}", self.first(), self.length)
    }

    fn address(self, bits: u128) -> IpAddr {
        if self.v4 {
            Ipv4Addr::from(u32::try_from(bits).unwrap_or(u32::MAX)).into()
        } else {
            Ipv6Addr::from(bits).into()
        }
    }
}

fn bits(address: IpAddr) -> (u128, u8) {
    match address {
        IpAddr::V4(v4) => (u32::from(v4).into(), 32),
        IpAddr::V6(v6) => (v6.into(), 128),
    }
}

/// The address in a query: the word that is one, without a registry's `/e` after it, or a URL's path before it.
pub(crate) fn address_of(question: &str) -> Option<IpAddr> {
    question
        .split_ascii_whitespace()
        .rev()
        .find_map(|word| word.split('/').find_map(|part| part.parse().ok()))
}
