//! Iterates over the whole table, row by row or as disjoint parts.

use super::{
    OriginError, OriginRange, OriginTable,
    layout::{EndKey, PAGE, StoredRow},
    table::TableSection,
};
use crate::address::Network;
use std::{
    borrow::Cow,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

impl OriginTable {
    /// Every range, IPv4 first, by first address, an enclosing one before those inside it.
    #[must_use]
    pub fn ranges(&self) -> OriginRanges<'_> {
        OriginRanges::new(self)
    }

    /// The table as disjoint ascending parts, IPv4 first, each with the range that answers for all of its addresses.
    #[must_use]
    pub fn parts(&self) -> OriginParts<'_> {
        OriginParts::new(self)
    }
}

/// The rows of one section.
struct SectionRows<'t> {
    section: TableSection,
    next: usize,
    page: Cow<'t, [u8]>,
}

impl<'t> SectionRows<'t> {
    fn new(section: TableSection) -> Self {
        Self { section, next: 0, page: Cow::Borrowed(&[]) }
    }

    fn row<K: EndKey>(&mut self, table: &'t OriginTable) -> Option<Result<StoredRow<K>, OriginError>> {
        if self.next >= self.section.rows as usize {
            return None;
        }
        if self.next.is_multiple_of(PAGE) {
            match table.page::<K>(&self.section, self.next / PAGE) {
                Ok(page) => self.page = page,
                Err(error) => {
                    self.next = usize::MAX;
                    return Some(Err(error));
                }
            }
        }
        let row = StoredRow::read(&self.page, self.next % PAGE).ok_or_else(|| table.damaged());
        self.next += 1;
        Some(row)
    }
}

/// Every range of a table: [`OriginTable::ranges`]. It ends after an error.
pub struct OriginRanges<'t> {
    table: &'t OriginTable,
    v4: SectionRows<'t>,
    upper: SectionRows<'t>,
    whole: SectionRows<'t>,
    /// The next row of either kind of IPv6 section; the lower one is returned first.
    next_upper: Option<OriginRange>,
    next_whole: Option<OriginRange>,
}

impl<'t> OriginRanges<'t> {
    pub(super) fn new(table: &'t OriginTable) -> Self {
        Self {
            table,
            v4: SectionRows::new(table.v4),
            upper: SectionRows::new(table.v6_upper),
            whole: SectionRows::new(table.v6_whole),
            next_upper: None,
            next_whole: None,
        }
    }

    fn v6(&mut self) -> Result<Option<OriginRange>, OriginError> {
        if self.next_upper.is_none()
            && let Some(row) = self.upper.row(self.table)
        {
            self.next_upper = Some(self.table.upper_range(&row?)?);
        }
        if self.next_whole.is_none()
            && let Some(row) = self.whole.row(self.table)
        {
            self.next_whole = Some(self.table.whole_range(&row?)?);
        }
        Ok(match (self.next_upper, self.next_whole) {
            (Some(upper), Some(whole)) if is_before(&whole.network, &upper.network) => self.next_whole.take(),
            (Some(_), _) => self.next_upper.take(),
            (None, _) => self.next_whole.take(),
        })
    }
}

/// The table's order: by first address, enclosing ranges first.
fn is_before(a: &Network, b: &Network) -> bool {
    (a.first(), b.last()) < (b.first(), a.last())
}

impl Iterator for OriginRanges<'_> {
    type Item = Result<OriginRange, OriginError>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(row) = self.v4.row(self.table) {
            return Some(row.and_then(|row| self.table.v4_range(&row)));
        }
        self.v6().transpose()
    }
}

/// A part of a range that holds nothing more specific.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct OriginPart {
    /// The addresses of the part.
    pub part: Network,
    /// The range that answers for it.
    pub range: OriginRange,
}

/// The table as disjoint parts: [`OriginTable::parts`]. It ends after an error.
pub struct OriginParts<'t> {
    ranges: std::iter::Peekable<OriginRanges<'t>>,
    /// The ranges around the current part, innermost last.
    open: Vec<OriginRange>,
    /// The address where the innermost range continues; None after the last address of its family.
    at: Option<IpAddr>,
    failed: bool,
}

impl<'t> OriginParts<'t> {
    pub(super) fn new(table: &'t OriginTable) -> Self {
        Self { ranges: OriginRanges::new(table).peekable(), open: Vec::new(), at: None, failed: false }
    }

    fn part(&mut self) -> Result<Option<OriginPart>, OriginError> {
        loop {
            let next = match self.ranges.peek() {
                Some(Ok(range)) => Some(*range),
                Some(Err(error)) => return Err(error.clone()),
                None => None,
            };
            let Some(range) = self.open.last().copied() else {
                let Some(next) = next else { return Ok(None) };
                self.enter(next);
                continue;
            };
            let inner = next.filter(|next| range.network.covers(&next.network));
            let end = match inner {
                Some(inner) => before(inner.network.first()),
                None => Some(range.network.last()),
            };
            let part = self.at.zip(end).and_then(|(at, end)| Network::new(at, end));
            match inner {
                Some(inner) => self.enter(inner),
                None => {
                    self.open.pop();
                    self.at = after(range.network.last());
                }
            }
            // The address after the last one of a family is in none.
            if let Some(part) = part.filter(|part| range.network.covers(part)) {
                return Ok(Some(OriginPart { part, range }));
            }
        }
    }

    fn enter(&mut self, range: OriginRange) {
        self.ranges.next();
        self.at = Some(range.network.first());
        self.open.push(range);
    }
}

impl Iterator for OriginParts<'_> {
    type Item = Result<OriginPart, OriginError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let part = self.part();
        self.failed = part.is_err();
        part.transpose()
    }
}

fn before(address: IpAddr) -> Option<IpAddr> {
    Some(match address {
        IpAddr::V4(v4) => IpAddr::V4(Ipv4Addr::from_bits(v4.to_bits().checked_sub(1)?)),
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits().checked_sub(1)?)),
    })
}

fn after(address: IpAddr) -> Option<IpAddr> {
    Some(match address {
        IpAddr::V4(v4) => IpAddr::V4(Ipv4Addr::from_bits(v4.to_bits().checked_add(1)?)),
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits().checked_add(1)?)),
    })
}
