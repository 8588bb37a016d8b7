//! An address prefix, such as 203.0.112.0/22.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

/// A block of addresses that share their leading bits. Bits after the prefix length are always zero.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Prefix {
    address: IpAddr,
    length: u8,
}

/// Bits of an address of this family: 32 or 128.
pub(crate) fn width(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

/// An address as a number, in the low 32 bits for IPv4.
pub(crate) fn to_bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => u128::from(v4.to_bits()),
        IpAddr::V6(v6) => v6.to_bits(),
    }
}

/// The address with these bits, of the family of `like`. Bits above an IPv4 address are ignored.
pub(crate) fn from_bits(bits: u128, like: IpAddr) -> IpAddr {
    if like.is_ipv4() {
        #[expect(clippy::cast_possible_truncation, reason = "an IPv4 address keeps its low 32 bits")]
        IpAddr::V4(Ipv4Addr::from_bits(bits as u32))
    } else {
        IpAddr::V6(Ipv6Addr::from_bits(bits))
    }
}

impl Prefix {
    /// The prefix of `length` bits around `address`; None if the family has no such length.
    #[must_use]
    pub fn new(address: IpAddr, length: u8) -> Option<Self> {
        let width = width(address);
        if length > width {
            return None;
        }
        let mask = host_mask(width, length);
        Some(Self { address: from_bits(to_bits(address) & !mask, address), length })
    }

    /// A prefix of the tables, whose bits after the length are zero already.
    pub(super) const fn cut(address: IpAddr, length: u8) -> Self {
        Self { address, length }
    }

    /// The prefix around `address`: `v4` bits long for IPv4, `v6` for IPv6, each capped at the family's width.
    #[must_use]
    pub fn around(address: IpAddr, v4: u8, v6: u8) -> Self {
        let width = width(address);
        let length = if address.is_ipv4() { v4 } else { v6 }.min(width);
        let mask = host_mask(width, length);
        Self { address: from_bits(to_bits(address) & !mask, address), length }
    }

    /// The prefix length: 0 to 32 or 0 to 128.
    #[must_use]
    pub fn length(self) -> u8 {
        self.length
    }

    /// The lowest address in it.
    #[must_use]
    pub fn first(self) -> IpAddr {
        self.address
    }

    /// The highest address in it.
    #[must_use]
    pub fn last(self) -> IpAddr {
        from_bits(to_bits(self.address) | host_mask(width(self.address), self.length), self.address)
    }

    /// The widest prefix around `address` that is either part of this one or apart from it.
    #[must_use]
    pub fn undivided(self, address: IpAddr) -> Self {
        if self.contains(address) {
            return self;
        }
        if self.address.is_ipv4() != address.is_ipv4() {
            return Self::around(address, 0, 0);
        }
        let shared = (to_bits(self.address) ^ to_bits(address)).leading_zeros();
        // One bit more than the two share.
        let length = (shared + u32::from(width(address)) + 1).saturating_sub(128);
        let length = u8::try_from(length).unwrap_or(u8::MAX);
        Self::around(address, length, length)
    }

    /// The widest prefix around `address` that is either part of each other prefix or apart from it. For a sorted list two
    /// of its prefixes are enough: the greatest one up to (address, full length), and the next one.
    #[must_use]
    pub fn scope(address: IpAddr, others: impl IntoIterator<Item = Self>) -> Self {
        let scopes = others.into_iter().map(|other| other.undivided(address));
        scopes.max_by_key(|scope| scope.length).unwrap_or_else(|| Self::around(address, 0, 0))
    }

    /// Whether the address lies inside. An address of the other family never does.
    #[must_use]
    pub fn contains(self, address: IpAddr) -> bool {
        let differ = match (self.address, address) {
            (IpAddr::V4(own), IpAddr::V4(address)) => u128::from(own.to_bits() ^ address.to_bits()),
            (IpAddr::V6(own), IpAddr::V6(address)) => own.to_bits() ^ address.to_bits(),
            _ => return false,
        };
        let host = u32::from(width(address) - self.length);
        differ.checked_shr(host).unwrap_or(0) == 0
    }

    /// The prefix as it is printed. A large part of JSON Lines is prefixes, and the standard formatting of their numbers
    /// takes five times as long.
    #[must_use]
    pub fn text(self) -> String {
        let IpAddr::V4(address) = self.address else {
            return format!("{}/{}", self.address, self.length);
        };
        let mut text = String::with_capacity("255.255.255.255/32".len());
        let [a, b, c, d] = address.octets();
        for (number, end) in [(a, "."), (b, "."), (c, "."), (d, "/"), (self.length, "")] {
            push_number(&mut text, number);
            text.push_str(end);
        }
        text
    }
}

/// The bits after a prefix of `length`, in an address of `width` bits.
pub(crate) fn host_mask(width: u8, length: u8) -> u128 {
    let host = u32::from(width.saturating_sub(length));
    if host == 0 { 0 } else { u128::MAX >> (128 - host) }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}

fn push_number(text: &mut String, number: u8) {
    let digit = |number| char::from(b'0' + number % 10);
    if number >= 100 {
        text.push(digit(number / 100));
    }
    if number >= 10 {
        text.push(digit(number / 10));
    }
    text.push(digit(number));
}

impl FromStr for Prefix {
    type Err = ();

    /// `203.0.112.0/22` or `2001:db8::/32`; a bare address is a prefix of its full width. Bits after the length are
    /// cleared, as routers do.
    fn from_str(text: &str) -> Result<Self, ()> {
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| ())?;
        let length = match length {
            Some(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => digits.parse().map_err(|_| ())?,
            Some(_) => return Err(()),
            None => width(address),
        };
        Self::new(address, length).ok_or(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::Draw;

    #[test]
    fn holds_what_lies_inside_and_nothing_of_the_other_family() {
        let prefix: Prefix = "203.0.112.0/22".parse().unwrap();
        assert!(prefix.contains("203.0.115.255".parse().unwrap()));
        assert!(!prefix.contains("203.0.116.0".parse().unwrap()));
        assert!(!prefix.contains("::".parse().unwrap()));
        assert_eq!(prefix.last(), "203.0.115.255".parse::<IpAddr>().unwrap());
        let all: Prefix = "::/0".parse().unwrap();
        assert!(all.contains("ffff::1".parse().unwrap()));
    }

    #[test]
    fn a_scope_is_cut_by_no_other_prefix_and_two_neighbours_show_it() {
        let mut draw = Draw::new(3);
        let mut next = || draw.number();
        let all: std::collections::BTreeSet<Prefix> = (0..300)
            .map(|_| {
                Prefix::around(
                    Ipv4Addr::from_bits(0x0A00_0000 | (next() & 0xFFFF)).into(),
                    14 + (next() % 19) as u8,
                    0,
                )
            })
            .chain(["2001:db8::/32", "2001:db8:1::/48", "::/0"].map(|prefix| prefix.parse().unwrap()))
            .collect();
        let holders = |address: IpAddr| all.iter().filter(move |prefix| prefix.contains(address)).count();
        for _ in 0..5000 {
            let address = IpAddr::from(Ipv4Addr::from_bits(0x0A00_0000 | (next() & 0x1_FFFF)));
            let whole = Prefix::around(address, 32, 128);
            let neighbours =
                all.range(..=whole).next_back().into_iter().chain(all.range(whole..).find(|p| **p != whole));
            let scope = Prefix::scope(address, neighbours.copied());
            assert_eq!(scope, Prefix::scope(address, all.iter().copied()), "{address}");
            let outer = Prefix::new(address, scope.length().saturating_sub(1)).unwrap();
            let cuts = |scope: Prefix| {
                all.iter().any(|p| {
                    p.contains(scope.first()) != p.contains(scope.last())
                        || scope.contains(p.first()) && scope.length() < p.length()
                })
            };
            assert!(!cuts(scope) && (cuts(outer) || outer == scope), "{scope} around {address}");
            assert_eq!(holders(scope.first()), holders(address));
        }
        assert_eq!(
            Prefix::scope("2001:db8:2::1".parse().unwrap(), all.iter().copied()).to_string(),
            "2001:db8:2::/47"
        );
        assert_eq!(Prefix::scope("::1".parse().unwrap(), []).to_string(), "::/0");
    }

    #[test]
    fn refuses_lengths_that_the_family_has_not() {
        for bad in ["203.0.113.0/33", "2001:db8::/129", "203.0.113.0/+8", "203.0.113.0/", "x/8", "10.0/8"] {
            assert!(bad.parse::<Prefix>().is_err(), "{bad}");
        }
        assert_eq!("203.0.113.7/24".parse::<Prefix>().unwrap().to_string(), "203.0.113.0/24");
    }
}
