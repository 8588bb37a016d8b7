//! A network as registries write it: a range from a first to a last address, not always a prefix.

use super::prefix::{Prefix, from_bits, to_bits, width};
use serde::{Deserialize, Serialize};
use std::{fmt, net::IpAddr};

/// An inclusive range of addresses of one family; `first` is never above `last`.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(try_from = "Ends", into = "Ends")]
pub struct Network {
    first: IpAddr,
    last: IpAddr,
}

/// The range as it is serialised, not yet checked.
#[derive(Deserialize, Serialize)]
struct Ends {
    first: IpAddr,
    last: IpAddr,
}

impl TryFrom<Ends> for Network {
    type Error = &'static str;

    fn try_from(ends: Ends) -> Result<Self, Self::Error> {
        Self::new(ends.first, ends.last)
            .ok_or("the ends are not of one family, or the first is above the last")
    }
}

impl From<Network> for Ends {
    fn from(Network { first, last }: Network) -> Self {
        Self { first, last }
    }
}

impl Network {
    /// The range from `first` to `last`; None if the families differ or the order is wrong.
    #[must_use]
    pub fn new(first: IpAddr, last: IpAddr) -> Option<Self> {
        (first.is_ipv4() == last.is_ipv4() && to_bits(first) <= to_bits(last)).then_some(Self { first, last })
    }

    /// The lowest address.
    #[must_use]
    pub fn first(&self) -> IpAddr {
        self.first
    }

    /// The highest address.
    #[must_use]
    pub fn last(&self) -> IpAddr {
        self.last
    }

    /// Whether the address lies inside.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        address.is_ipv4() == self.first.is_ipv4()
            && (to_bits(self.first)..=to_bits(self.last)).contains(&to_bits(address))
    }

    /// Whether all of `other` lies inside.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        self.contains(other.first) && self.contains(other.last)
    }

    /// The number of its addresses minus one (so that ::/0 has a number).
    #[must_use]
    pub fn span(&self) -> u128 {
        to_bits(self.last) - to_bits(self.first)
    }

    /// Whether it is the whole address space of its family: a registry's root object, nobody's network.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        Prefix::new(self.first, 0).is_some_and(|all| Self::from(all) == *self)
    }

    /// The addresses that are in both.
    #[must_use]
    pub fn overlap(&self, other: &Self) -> Option<Self> {
        if self.first.is_ipv4() != other.first.is_ipv4() {
            return None;
        }
        let first = to_bits(self.first).max(to_bits(other.first));
        let last = to_bits(self.last).min(to_bits(other.last));
        Self::new(from_bits(first, self.first), from_bits(last, self.first))
    }

    /// The smallest list of prefixes that makes up exactly this range, in order (RFC 4632; at most 2 x width - 2).
    #[must_use]
    pub fn prefixes(&self) -> Vec<Prefix> {
        let width = u32::from(width(self.first));
        let last = to_bits(self.last);
        let mut next = to_bits(self.first);
        let mut prefixes = Vec::new();
        loop {
            // The largest block that starts at `next`: as its alignment allows, and not past the end.
            let mut host = next.trailing_zeros().min(width);
            while host > 0 && next | (u128::MAX >> (128 - host)) > last {
                host -= 1;
            }
            #[expect(clippy::cast_possible_truncation, reason = "a width is at most 128")]
            let length = (width - host) as u8;
            prefixes.extend(Prefix::new(from_bits(next, self.first), length));
            let end = if host == 0 { next } else { next | (u128::MAX >> (128 - host)) };
            if end >= last {
                return prefixes;
            }
            next = end + 1;
        }
    }
}

impl From<Prefix> for Network {
    fn from(prefix: Prefix) -> Self {
        Self { first: prefix.first(), last: prefix.last() }
    }
}

impl fmt::Display for Network {
    /// The prefix if it is one, else `first - last`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.prefixes().as_slice() {
            [one] => write!(f, "{one}"),
            _ => write!(f, "{} - {}", self.first, self.last),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(first: &str, last: &str) -> Network {
        Network::new(first.parse().unwrap(), last.parse().unwrap()).unwrap()
    }

    #[test]
    fn a_range_falls_into_the_fewest_prefixes() {
        let show = |n: Network| n.prefixes().iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        assert_eq!(show(network("203.0.112.0", "203.0.115.255")), "203.0.112.0/22");
        assert_eq!(show(network("192.0.2.1", "192.0.2.4")), "192.0.2.1/32 192.0.2.2/31 192.0.2.4/32");
        assert_eq!(show(network("0.0.0.0", "255.255.255.255")), "0.0.0.0/0");
        assert_eq!(show(network("::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")), "::/0");
        assert_eq!(show(network("2001:db8::", "2001:db8:0:1::")), "2001:db8::/64 2001:db8:0:1::/128");
    }

    #[test]
    fn a_range_is_one_family_and_in_order() {
        assert!(Network::new("10.0.0.2".parse().unwrap(), "10.0.0.1".parse().unwrap()).is_none());
        assert!(Network::new("10.0.0.2".parse().unwrap(), "::1".parse().unwrap()).is_none());
        assert!(network("::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff").is_everything());
    }
}
