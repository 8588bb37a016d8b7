//! Sets of addresses, stored as ascending ranges, and the fewest prefixes that make one up (RFC 4632).

use crate::address::{Prefix, from_bits};
use std::net::IpAddr;

/// A set of addresses of both families.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct NetworkSet {
    /// IPv4 addresses.
    pub v4: RangeList<u32>,
    /// IPv6 addresses.
    pub v6: RangeList<u128>,
}

/// A set of addresses of one family: inclusive ranges, ascending, with a gap between any two. `u32` is IPv4, and takes
/// a quarter of the memory; `u128` is IPv6.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RangeList<N> {
    ranges: Vec<(N, N)>,
}

impl<N> Default for RangeList<N> {
    fn default() -> Self {
        Self { ranges: Vec::new() }
    }
}

impl NetworkSet {
    /// The set of all addresses in these prefixes, which may come in any order and overlap.
    #[must_use]
    pub fn of_prefixes(prefixes: impl IntoIterator<Item = Prefix>) -> Self {
        let (mut v4, mut v6) = (Vec::new(), Vec::new());
        for prefix in prefixes {
            match (prefix.first(), prefix.last()) {
                (IpAddr::V4(first), IpAddr::V4(last)) => v4.push((first.to_bits(), last.to_bits())),
                (IpAddr::V6(first), IpAddr::V6(last)) => v6.push((first.to_bits(), last.to_bits())),
                _ => {}
            }
        }
        Self { v4: RangeList::of_ranges(v4), v6: RangeList::of_ranges(v6) }
    }

    /// Whether the address is in the set.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match address {
            IpAddr::V4(address) => self.v4.contains(address.to_bits()),
            IpAddr::V6(address) => self.v6.contains(address.to_bits()),
        }
    }

    /// Whether it is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.v4.ranges.is_empty() && self.v6.ranges.is_empty()
    }

    /// The fewest prefixes that make up the set: disjoint, IPv4 before IPv6, ascending.
    pub fn prefixes(&self) -> impl Iterator<Item = Prefix> {
        self.v4.prefixes(IpAddr::from([0; 4])).chain(self.v6.prefixes(IpAddr::from([0; 16])))
    }

    /// This set without the addresses of another.
    #[must_use]
    pub fn subtract(&self, other: &Self) -> Self {
        Self { v4: self.v4.subtract(&other.v4), v6: self.v6.subtract(&other.v6) }
    }

    /// Whether no address is in both sets.
    #[must_use]
    pub fn is_disjoint(&self, other: &Self) -> bool {
        self.subtract(other) == *self
    }
}

impl<N: Copy + Ord + Into<u128> + TryFrom<u128>> RangeList<N> {
    /// The addresses of these ranges, which may come in any order and overlap.
    #[must_use]
    pub fn of_ranges(mut ranges: Vec<(N, N)>) -> Self {
        ranges.sort_unstable();
        let mut list = Self::default();
        for (first, last) in ranges {
            list.push(first, last);
        }
        list
    }

    /// Adds a range. It may not begin before the last one that was added.
    pub fn push(&mut self, first: N, last: N) {
        match self.ranges.last_mut() {
            Some((_, end)) if first <= *end || (*end).into().checked_add(1) == Some(first.into()) => {
                *end = last.max(*end);
            }
            _ => self.ranges.push((first, last)),
        }
    }

    /// Whether the address is in the set.
    #[must_use]
    pub fn contains(&self, address: N) -> bool {
        let after = self.ranges.partition_point(|(first, _)| *first <= address);
        after.checked_sub(1).and_then(|at| self.ranges.get(at)).is_some_and(|(_, last)| address <= *last)
    }

    /// The number of addresses; one less for the whole of IPv6, as there is no larger number.
    #[must_use]
    pub fn addresses(&self) -> u128 {
        let counts = self.ranges.iter().map(|&(first, last)| span(first, last));
        counts.fold(0, u128::saturating_add)
    }

    /// This set without the addresses of another.
    #[must_use]
    pub fn subtract(&self, other: &Self) -> Self {
        let mut left = Self::default();
        let mut holes = other.ranges.iter().peekable();
        for &(first, last) in &self.ranges {
            let mut next = Some(first);
            while let Some(&&(from, to)) = holes.peek() {
                let Some(start) = next.filter(|_| from <= last) else { break };
                if start < from {
                    left.ranges.extend(before(from).map(|end| (start, end)));
                }
                if to >= start {
                    next = after(to).filter(|after| *after <= last);
                }
                if to > last {
                    // The hole may continue in the next range.
                    break;
                }
                holes.next();
            }
            left.ranges.extend(next.map(|start| (start, last)));
        }
        left
    }

    /// The fewest prefixes that make up the set, ascending. `family` is any address of the family.
    pub fn prefixes(&self, family: IpAddr) -> impl Iterator<Item = Prefix> {
        self.ranges.iter().flat_map(move |&(first, last)| RangePrefixes {
            next: Some(first.into()),
            last: last.into(),
            family,
        })
    }
}

/// The number of addresses in a range.
pub(super) fn span<N: Into<u128>>(first: N, last: N) -> u128 {
    (last.into() - first.into()).saturating_add(1)
}

fn before<N: Into<u128> + TryFrom<u128>>(address: N) -> Option<N> {
    address.into().checked_sub(1).and_then(|bits| N::try_from(bits).ok())
}

fn after<N: Into<u128> + TryFrom<u128>>(address: N) -> Option<N> {
    address.into().checked_add(1).and_then(|bits| N::try_from(bits).ok())
}

/// The fewest prefixes of one range, made on demand.
struct RangePrefixes {
    next: Option<u128>,
    last: u128,
    family: IpAddr,
}

impl Iterator for RangePrefixes {
    type Item = Prefix;

    fn next(&mut self) -> Option<Prefix> {
        let first = self.next?;
        let width: u32 = if self.family.is_ipv4() { 32 } else { 128 };
        // The largest block that begins here: as its alignment allows, and not past the end.
        let aligned = first.trailing_zeros().min(width);
        let room = (self.last - first).checked_add(1).map_or(128, u128::ilog2);
        let host = aligned.min(room);
        let end = if host >= 128 { u128::MAX } else { first | ((1_u128 << host) - 1) };
        self.next = end.checked_add(1).filter(|next| *next <= self.last);
        Prefix::new(from_bits(first, self.family), u8::try_from(width - host).unwrap_or(u8::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::{Draw, Network};
    use std::collections::BTreeSet;

    fn set(prefixes: &[&str]) -> NetworkSet {
        NetworkSet::of_prefixes(prefixes.iter().map(|text| text.parse().unwrap()))
    }

    fn told(set: &NetworkSet) -> String {
        set.prefixes().map(|prefix| prefix.to_string()).collect::<Vec<_>>().join(" ")
    }

    fn numbers(seed: u64) -> impl FnMut() -> u64 {
        let mut draw = Draw::new(seed);
        move || draw.wide() >> 16
    }

    #[test]
    fn the_list_is_disjoint_minimal_and_ascending() {
        for (given, listed) in [
            (&["203.0.113.128/25", "203.0.113.0/25"][..], "203.0.113.0/24"),
            (&["10.0.0.0/8", "10.1.0.0/16", "10.0.0.0/8"], "10.0.0.0/8"),
            (&["192.0.2.1/32", "192.0.2.2/32", "192.0.2.3/32"], "192.0.2.1/32 192.0.2.2/31"),
            (&["2001:db8::/33", "203.0.113.0/24", "2001:db8:8000::/33"], "203.0.113.0/24 2001:db8::/32"),
            (&["0.0.0.0/1", "128.0.0.0/1", "::/1", "8000::/1"], "0.0.0.0/0 ::/0"),
            (
                &["255.255.255.255/32", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128"],
                "255.255.255.255/32 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128",
            ),
            (&[], ""),
        ] {
            assert_eq!(told(&set(given)), listed, "{given:?}");
        }
        assert_eq!(set(&["0.0.0.0/0"]).v4.addresses(), 1 << 32);
        assert_eq!(set(&["::/0"]).v6.addresses(), u128::MAX);
    }

    #[test]
    fn what_is_taken_away_leaves_holes() {
        let all = set(&["203.0.112.0/22", "2001:db8::/32", "255.255.255.0/24"]);
        for (less, left) in [
            (&["203.0.113.0/24"][..], "203.0.112.0/24 203.0.114.0/23 255.255.255.0/24 2001:db8::/32"),
            (
                &["203.0.112.0/32", "203.0.115.255/32", "255.255.255.255/32", "2001:db8::/33"],
                "203.0.112.1/32 203.0.112.2/31 203.0.112.4/30 203.0.112.8/29 203.0.112.16/28 203.0.112.32/27 203.0.112.64/26 \
              203.0.112.128/25 203.0.113.0/24 203.0.114.0/24 203.0.115.0/25 203.0.115.128/26 203.0.115.192/27 \
              203.0.115.224/28 203.0.115.240/29 203.0.115.248/30 203.0.115.252/31 203.0.115.254/32 255.255.255.0/25 \
              255.255.255.128/26 255.255.255.192/27 255.255.255.224/28 255.255.255.240/29 255.255.255.248/30 \
              255.255.255.252/31 255.255.255.254/32 2001:db8:8000::/33",
            ),
            (&["0.0.0.0/0", "::/0"], ""),
            (&["198.51.100.0/24"], "203.0.112.0/22 255.255.255.0/24 2001:db8::/32"),
        ] {
            let rest = all.subtract(&set(less));
            assert_eq!(told(&rest), left, "{less:?}");
            assert!(rest.is_disjoint(&set(less)));
        }
        assert!(!all.is_disjoint(&set(&["203.0.112.7/32"])) && all.is_disjoint(&NetworkSet::default()));
    }

    #[test]
    fn agrees_with_counting_each_address() {
        let mut next = numbers(3);
        for _ in 0..300 {
            let mut random = |most: u64| -> Vec<Prefix> {
                let count = next() % most;
                (0..count)
                    .map(|_| {
                        let address = std::net::Ipv4Addr::from_bits(0xFFFF_FF00 | (next() & 0xFF) as u32);
                        Prefix::new(address.into(), 25 + (next() % 8) as u8).unwrap()
                    })
                    .collect()
            };
            let (a, b) = (random(24), random(24));
            let addresses = |prefixes: &[Prefix]| -> BTreeSet<u32> {
                (0xFFFF_FF00..=u32::MAX)
                    .filter(|bits| {
                        prefixes.iter().any(|p| p.contains(std::net::Ipv4Addr::from_bits(*bits).into()))
                    })
                    .collect()
            };
            let left: BTreeSet<u32> = addresses(&a).difference(&addresses(&b)).copied().collect();
            let rest = NetworkSet::of_prefixes(a).subtract(&NetworkSet::of_prefixes(b));
            let listed: Vec<Prefix> = rest.prefixes().collect();
            assert_eq!(addresses(&listed), left);
            assert_eq!(rest.v4.addresses(), left.len() as u128);
            assert!(listed.is_sorted());
            for bits in 0xFFFF_FF00..=u32::MAX {
                let address = std::net::Ipv4Addr::from_bits(bits).into();
                assert_eq!(rest.contains(address), left.contains(&bits));
            }
            let span = |prefix: Prefix| Network::from(prefix).span();
            // No two adjacent prefixes form one, so no shorter list says the same.
            for pair in listed.windows(2) {
                let both = Network::new(pair[0].first(), pair[1].last()).unwrap();
                let beside = both.span() == span(pair[0]) + span(pair[1]) + 1;
                assert!(!beside || both.prefixes().len() != 1, "{pair:?}");
            }
        }
    }
}
