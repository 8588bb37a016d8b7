//! The registry that is responsible for an address, by IANA's tables.

use super::Registry;
use crate::address::Prefix;
use std::{net::IpAddr, sync::LazyLock};

/// One row of IANA's tables.
#[derive(Clone, Copy, Debug)]
pub struct Responsible {
    /// The block.
    pub block: Prefix,
    /// The registry to ask first.
    pub registry: Registry,
    /// The date of IANA's allocation: `1993-05` or `2003-07-01`.
    pub date: &'static str,
    /// IANA's name for the holder, such as "Administered by ARIN".
    pub designation: &'static str,
}

/// IPv4 by its first octet, since IANA allocates /8s; IPv6 most specific first.
struct IanaTable {
    v4: [Option<Responsible>; 256],
    v6: Vec<Responsible>,
}

static TABLE: LazyLock<IanaTable> = LazyLock::new(|| {
    let mut table = IanaTable { v4: [None; 256], v6: Vec::new() };
    for row in include_str!("responsible.txt").lines().filter_map(read_line) {
        match row.block.first() {
            IpAddr::V4(first) => {
                if let Some(slot) = first.octets().first().and_then(|n| table.v4.get_mut(usize::from(*n))) {
                    *slot = Some(row);
                }
            }
            IpAddr::V6(_) => table.v6.push(row),
        }
    }
    table.v6.sort_by_key(|row| std::cmp::Reverse(row.block.length()));
    table
});

fn read_line(line: &'static str) -> Option<Responsible> {
    let mut parts = line.split('|');
    let block = parts.next()?.parse().ok()?;
    let registry = Registry::of_server(parts.next()?);
    Some(Responsible { block, registry, date: parts.next()?, designation: parts.next()? })
}

/// The row that decides which registry is asked first about an address. None if IANA's tables have no row; then IANA
/// itself is asked, which knows later allocations.
#[must_use]
pub fn responsible(address: IpAddr) -> Option<Responsible> {
    match address {
        IpAddr::V4(v4) => v4.octets().first().and_then(|n| TABLE.v4.get(usize::from(*n)).copied().flatten()),
        IpAddr::V6(_) => TABLE.v6.iter().find(|row| row.block.contains(address)).copied(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn registry(address: &str) -> Option<Registry> {
        responsible(address.parse().unwrap()).map(|row| row.registry)
    }

    #[test]
    fn every_row_is_read_and_names_a_registry() {
        let rows =
            include_str!("responsible.txt").lines().filter(|l| !l.starts_with('#') && !l.is_empty()).count();
        let read = TABLE.v4.iter().flatten().count() + TABLE.v6.len();
        assert_eq!(rows, read);
        assert!(TABLE.v4.iter().flatten().chain(&TABLE.v6).all(|row| row.registry != Registry::Other));
    }

    #[test]
    fn iana_says_where_to_start() {
        assert_eq!(registry("193.0.6.135"), Some(Registry::Ripe));
        assert_eq!(registry("8.8.8.8"), Some(Registry::Arin));
        assert_eq!(registry("1.1.1.1"), Some(Registry::Apnic));
        assert_eq!(registry("200.160.2.3"), Some(Registry::Lacnic));
        assert_eq!(registry("41.0.0.1"), Some(Registry::Afrinic));
        assert_eq!(registry("133.1.1.1"), Some(Registry::Apnic));
        assert_eq!(registry("10.0.0.1"), None);
        assert_eq!(registry("2001:67c::1"), Some(Registry::Ripe));
        assert_eq!(registry("2001:4860::1"), Some(Registry::Arin));
        assert_eq!(registry("2a00:1450::1"), Some(Registry::Ripe));
        assert_eq!(registry("3000::1"), Some(Registry::Iana));
        assert_eq!(registry("2f00::1"), Some(Registry::Iana));
    }

    #[test]
    fn the_most_specific_row_wins() {
        // 2001::/23 is IANA's own, and 2001:200::/23 beside it APNIC's. The compressed form is the same address.
        assert_eq!(registry("2001:1::1"), Some(Registry::Iana));
        assert_eq!(registry("2001:0200::1"), Some(Registry::Apnic));
    }
}
