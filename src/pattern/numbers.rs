//! Finds the `@cidr` and `@asn` lines that match, by look-up, however many there are.

use crate::address::Prefix;
use std::net::IpAddr;

/// The prefixes of all `@cidr` lines.
#[derive(Debug, Default)]
pub(super) struct PrefixRules {
    /// Sorted once [`PrefixRules::sort`] has run.
    prefixes: Vec<(Prefix, u32)>,
    /// The prefix lengths that occur, for each family.
    v4: Vec<u8>,
    v6: Vec<u8>,
}

impl PrefixRules {
    /// Adds a rule.
    pub(super) fn add(&mut self, prefix: Prefix, rule: u32) {
        self.prefixes.push((prefix, rule));
    }

    /// Prepares for [`PrefixRules::holding`].
    pub(super) fn sort(&mut self) {
        self.prefixes.sort_unstable();
        let lengths = |v4: bool| {
            let mut lengths: Vec<u8> = self
                .prefixes
                .iter()
                .map(|(prefix, _)| *prefix)
                .filter(|prefix| prefix.first().is_ipv4() == v4)
                .map(Prefix::length)
                .collect();
            lengths.sort_unstable();
            lengths.dedup();
            lengths
        };
        (self.v4, self.v6) = (lengths(true), lengths(false));
    }

    /// Every prefix with its rule.
    pub(super) fn all(&self) -> impl Iterator<Item = (Prefix, u32)> {
        self.prefixes.iter().copied()
    }

    /// The widest prefix around the address that no line's prefix divides.
    pub(super) fn scope(&self, address: IpAddr) -> Prefix {
        let above = self.prefixes.partition_point(|(known, _)| *known <= Prefix::around(address, 32, 128));
        let neighbours = [above.checked_sub(1), Some(above)].into_iter().flatten();
        Prefix::scope(address, neighbours.filter_map(|place| self.prefixes.get(place)).map(|known| known.0))
    }

    /// The rules whose prefix contains the address.
    pub(super) fn holding(&self, address: IpAddr) -> impl Iterator<Item = u32> {
        let lengths = if address.is_ipv4() { &self.v4 } else { &self.v6 };
        lengths.iter().filter_map(move |length| Prefix::new(address, *length)).flat_map(|prefix| {
            let from = self.prefixes.partition_point(|(known, _)| *known < prefix);
            let rest = self.prefixes.get(from..).unwrap_or_default();
            rest.iter().take_while(move |(known, _)| *known == prefix).map(|(_, rule)| *rule)
        })
    }
}

/// The numbers of all `@asn` lines.
#[derive(Debug, Default)]
pub(super) struct AsnRules {
    numbers: Vec<(u32, u32)>,
}

impl AsnRules {
    /// Adds a rule.
    pub(super) fn add(&mut self, asn: u32, rule: u32) {
        self.numbers.push((asn, rule));
    }

    /// Prepares for [`AsnRules::of`].
    pub(super) fn sort(&mut self) {
        self.numbers.sort_unstable();
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.numbers.is_empty()
    }

    /// The rules for this AS.
    pub(super) fn of(&self, asn: u32) -> impl Iterator<Item = u32> {
        let from = self.numbers.partition_point(|(known, _)| *known < asn);
        let rest = self.numbers.get(from..).unwrap_or_default();
        rest.iter().take_while(move |(known, _)| *known == asn).map(|(_, rule)| *rule)
    }
}
