//! The national registries that are asked before the regional one above them, and their blocks.

use super::Registry;
use crate::address::Prefix;
use std::{net::IpAddr, sync::LazyLock};

/// A block whose networks a national registry keeps.
#[derive(Clone, Copy, Debug)]
pub struct NationalBlock {
    /// The block.
    pub block: Prefix,
    /// The registry to ask before [`Registry::parent`].
    pub registry: Registry,
    /// The month in which it was delegated to the country: `2001-05`.
    pub date: &'static str,
}

/// The rows, in the order of their first addresses. No two overlap.
static TABLE: LazyLock<Vec<NationalBlock>> =
    LazyLock::new(|| include_str!("national.txt").lines().filter_map(read_line).collect());

fn read_line(line: &'static str) -> Option<NationalBlock> {
    let mut parts = line.split('|');
    let block = parts.next()?.parse().ok()?;
    Some(NationalBlock { block, registry: Registry::of_server(parts.next()?), date: parts.next()? })
}

/// The row of the block that holds an address. None if no national registry is asked first.
#[must_use]
pub fn national(address: IpAddr) -> Option<NationalBlock> {
    let behind = TABLE.partition_point(|row| row.block.first() <= address);
    TABLE.get(behind.checked_sub(1)?).filter(|row| row.block.contains(address)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::responsible;

    #[test]
    fn every_row_is_read_in_order_and_lies_below_its_parent() {
        let rows = include_str!("national.txt").lines().filter(|l| !l.starts_with('#') && !l.is_empty());
        assert_eq!(rows.count(), TABLE.len());
        for row in TABLE.iter() {
            let regional = responsible(row.block.first()).map(|row| row.registry);
            assert!(regional.is_some() && row.registry.parent() == regional, "{}", row.block);
            assert!(row.date.len() == 7 && row.date.as_bytes()[4] == b'-', "{}", row.block);
        }
        for pair in TABLE.windows(2) {
            assert!(pair[0].block.last() < pair[1].block.first(), "{} {}", pair[0].block, pair[1].block);
        }
    }

    #[test]
    fn the_table_says_who_is_asked_first() {
        for (address, registry) in [
            ("133.7.8.9", Some(Registry::Jpnic)),
            ("153.127.255.255", None),
            ("153.128.0.0", Some(Registry::Jpnic)),
            ("112.160.0.0", Some(Registry::Krnic)),
            ("112.191.255.255", Some(Registry::Krnic)),
            ("112.192.0.0", None),
            ("221.137.255.255", None),
            ("221.138.0.0", Some(Registry::Krnic)),
            ("218.160.0.1", Some(Registry::Twnic)),
            ("210.62.252.0", Some(Registry::Twnic)),
            ("1.1.1.1", None),
            ("58.255.255.255", None),
            ("255.255.255.254", None),
            ("2400::1", Some(Registry::Krnic)),
            ("2400:1000::1", None),
            ("::1", None),
            ("200.160.2.3", None),
        ] {
            let found = national(address.parse().unwrap()).map(|row| row.registry);
            assert_eq!(found, registry, "{address}");
        }
    }
}
