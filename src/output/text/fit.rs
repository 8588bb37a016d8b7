//! Distributes the cells of the terminal among the columns of verdicts.

/// The width of the longest verdict.
pub(super) const VERDICT: usize = 7;
/// The width of a country code.
pub(super) const COUNTRY: usize = 2;
/// The cells between columns.
pub(super) const GAP: usize = 2;
/// The widths of the longest IPv4 prefix, and of an IPv6 /48 or a provider's block.
const NETWORK: (usize, usize) = (18, 20);
/// The width of the longest common registry name.
const REGISTRY: usize = 7;
/// The narrowest and the widest column of owners; a longer name takes more lines. If less is left, the reason goes to a
/// line of its own. If that is not enough, columns are not used.
const OWNER: (usize, usize) = (12, 60);
/// The width of the longest IPv4 address.
const V4: usize = 15;

/// Columns on a terminal.
#[derive(Clone, Copy, Debug)]
pub struct AlignedColumns {
    /// The width of the longest address.
    pub address: usize,
    /// There is a single row, which needs no alignment.
    pub alone: bool,
    /// The width of the longest pattern name, `FILE:LINE`.
    pub why: usize,
    /// The width of the terminal; None if it is unknown.
    pub width: Option<usize>,
}

/// The shape of a row.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum RowShape {
    /// As wide as it is.
    Alone,
    /// In columns, the same for all rows: the widths of owner, network and registry.
    Table([usize; 3]),
    /// In two lines, since the terminal is too narrow for columns.
    Pair,
}

impl AlignedColumns {
    /// The width of a line.
    pub(super) fn room(&self) -> usize {
        self.width.filter(|width| *width > 0).unwrap_or(usize::MAX)
    }

    /// The shape of all rows.
    pub(super) fn shape(&self) -> RowShape {
        if self.alone {
            return RowShape::Alone;
        }
        let (least, most) = OWNER;
        let network = if self.address > V4 { NETWORK.1 } else { NETWORK.0 };
        let fixed = self.address + VERDICT + COUNTRY + network + REGISTRY + 5 * GAP;
        let left = self.room().saturating_sub(fixed);
        // The reason comes after the other columns if enough is left for the owner, else in a line of its own.
        let with_reason = left.saturating_sub(GAP + self.why.max(1));
        match (with_reason >= least, left >= least) {
            (true, _) => RowShape::Table([with_reason.min(most), network, REGISTRY]),
            (_, true) => RowShape::Table([left.min(most), network, REGISTRY]),
            _ => RowShape::Pair,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(width: usize, address: usize, why: usize) -> RowShape {
        AlignedColumns { address, alone: false, why, width: Some(width) }.shape()
    }

    #[test]
    fn the_column_of_owners_gives_way_and_the_network_never() {
        assert_eq!(on(180, 15, 20), RowShape::Table([60, 18, 7]));
        assert_eq!(on(140, 15, 20), RowShape::Table([59, 18, 7]));
        assert_eq!(on(0, 15, 20), RowShape::Table([60, 18, 7]));
        assert_eq!(on(100, 13, 9), RowShape::Table([32, 18, 7]));
        assert_eq!(on(90, 13, 9), RowShape::Table([22, 18, 7]));
        // The reason goes below before the owner's column is a stump.
        assert_eq!(on(80, 13, 20), RowShape::Table([23, 18, 7]));
        assert_eq!(on(80, 15, 9), RowShape::Table([21, 18, 7]));
        assert_eq!(on(71, 15, 9), RowShape::Table([12, 18, 7]));
        assert_eq!(on(70, 15, 9), RowShape::Pair);
        assert_eq!(on(80, 39, 9), RowShape::Pair);
        assert_eq!(on(110, 39, 9), RowShape::Table([14, 20, 7]));
    }
}
