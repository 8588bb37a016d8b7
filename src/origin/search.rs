//! Finds the range that answers for an address, and its origin.

use super::{
    AddressOrigin, Origin, OriginRange, OriginTable, decode,
    layout::{EndKey, NO_PARENT, PAGE, StoredRow, row_width},
    nesting::AddressBits,
    table::{TableResult, TableSection},
};
use crate::address::{Network, Prefix};
use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

/// The bytes of an origin that are read first: names are short.
const ORIGIN_READ: usize = 256;

impl OriginTable {
    /// The range that answers for the address: the most specific one that holds it.
    ///
    /// # Errors
    /// The file cannot be read, or is damaged where the address would be.
    pub fn find(&self, address: IpAddr) -> TableResult<Option<OriginRange>> {
        Ok(match self.candidates(address, &mut |_| ())? {
            (Some(upper), Some(whole)) if upper.network.span() < whole.network.span() => Some(upper),
            (upper, whole) => whole.or(upper),
        })
    }

    /// A prefix around the address that has one result of [`OriginTable::find`].
    ///
    /// # Errors
    /// The file cannot be read, or is damaged where the address would be.
    pub fn scope(&self, address: IpAddr) -> TableResult<Prefix> {
        let mut beside = Vec::new();
        let (upper, whole) = self.candidates(address, &mut |edge| beside.push(edge))?;
        let holding = upper.iter().chain(&whole).flat_map(|range| range.network.prefixes());
        let holding = holding.filter(|prefix| prefix.contains(address));
        let beside = beside.into_iter().map(|edge| Prefix::around(edge, 32, 128));
        Ok(Prefix::scope(address, holding.chain(beside)))
    }

    /// The innermost range by the first 64 bits of an IPv6 address, and by the whole address. `edge` gets the nearest ends
    /// of the ranges that do not contain it.
    fn candidates(
        &self,
        address: IpAddr,
        edge: &mut dyn FnMut(IpAddr),
    ) -> TableResult<(Option<OriginRange>, Option<OriginRange>)> {
        let v6 = match address {
            IpAddr::V4(v4) => {
                let row =
                    self.search(&self.v4, v4.to_bits(), |bits| edge(Ipv4Addr::from_bits(bits).into()))?;
                return Ok((None, row.map(|row| self.v4_range(&row)).transpose()?));
            }
            IpAddr::V6(v6) => v6.to_bits(),
        };
        let mut edge = |bits| edge(Ipv6Addr::from_bits(bits).into());
        let upper = self.search(&self.v6_upper, (v6 >> 64) as u64, |half| edge(u128::from(half) << 64))?;
        let whole = self.search(&self.v6_whole, v6, edge)?;
        Ok((
            upper.map(|row| self.upper_range(&row)).transpose()?,
            whole.map(|row| self.whole_range(&row)).transpose()?,
        ))
    }

    /// The origin of a range of this table.
    ///
    /// # Errors
    /// The file cannot be read, or is damaged there.
    pub fn origin(&self, id: u32) -> TableResult<Origin> {
        self.with_origin(id, decode::origin)
    }

    fn with_origin<T>(&self, id: u32, read: impl Fn(&[u8]) -> Option<T>) -> TableResult<T> {
        let left = usize::try_from(self.origins.1.saturating_sub(id)).unwrap_or_default();
        let at = self.origins.0 + u64::from(id);
        let bytes = self.read(at, left.min(ORIGIN_READ))?;
        let length = decode::length(&bytes).filter(|length| *length <= left).ok_or_else(|| self.damaged())?;
        let value = if length > bytes.len() { read(&self.read(at, length)?) } else { read(&bytes) };
        value.ok_or_else(|| self.damaged())
    }

    /// The entry for an address: its range and origin.
    ///
    /// # Errors
    /// The file cannot be read, or is damaged there.
    pub fn look_up(&self, address: IpAddr) -> TableResult<Option<AddressOrigin>> {
        let Some(range) = self.find(address)? else { return Ok(None) };
        Ok(Some(AddressOrigin { range, origin: self.origin(range.id)? }))
    }

    /// Every AS number in the table.
    ///
    /// # Errors
    /// The file cannot be read, or is damaged.
    pub fn numbers(&self) -> TableResult<BTreeSet<u32>> {
        let mut numbers = BTreeSet::new();
        let mut at = 0;
        while at < self.origins.1 {
            let used = self.with_origin(at, |bytes| {
                numbers_of(bytes).map(|found| (found, decode::length(bytes).unwrap_or(usize::MAX)))
            })?;
            numbers.extend(used.0);
            at = u32::try_from(used.1)
                .ok()
                .and_then(|used| at.checked_add(used))
                .ok_or_else(|| self.damaged())?;
        }
        Ok(numbers)
    }

    /// The innermost row that contains the key. `edge` gets the start of the next row, and the ends of the rows that end
    /// before the key, if the search passes them.
    fn search<K: EndKey + AddressBits>(
        &self,
        section: &TableSection,
        key: K,
        mut edge: impl FnMut(K),
    ) -> TableResult<Option<StoredRow<K>>> {
        let pages = section.rows.div_ceil(PAGE as u32) as usize;
        let first_of = |page: usize| self.head.get(section.index + page * (K::WIDTH + 8)..).and_then(K::read);
        let Some(page) = partition(pages, |page| first_of(page).is_some_and(|first| first <= key)) else {
            first_of(0).filter(|_| pages > 0).into_iter().for_each(edge);
            return Ok(None);
        };
        let mut number = page;
        let mut bytes = self.page::<K>(section, page)?;
        let rows = bytes.len() / row_width(K::WIDTH);
        let starts = |row| StoredRow::<K>::read(&bytes, row).is_some_and(|row| row.first <= key);
        let Some(row) = partition(rows, starts) else { return Ok(None) };
        let next = StoredRow::<K>::read(&bytes, row + 1).map(|next| next.first);
        let next = next.or_else(|| first_of(page + 1).filter(|_| page + 1 < pages));
        next.into_iter().for_each(&mut edge);
        let mut row = page * PAGE + row;
        loop {
            if row / PAGE != number {
                number = row / PAGE;
                bytes = self.page::<K>(section, number)?;
            }
            let found = StoredRow::<K>::read(&bytes, row % PAGE).ok_or_else(|| self.damaged())?;
            if found.last >= key {
                return Ok((found.first <= key).then_some(found));
            }
            edge(found.last);
            if found.parent == NO_PARENT {
                return Ok(None);
            }
            // An enclosing row comes before those inside it, so this loop ends.
            let parent = found.parent as usize;
            if parent >= row {
                return Err(self.damaged());
            }
            row = parent;
        }
    }

    pub(super) fn v4_range(&self, row: &StoredRow<u32>) -> TableResult<OriginRange> {
        let address = |bits| IpAddr::V4(Ipv4Addr::from_bits(bits));
        self.range(address(row.first), address(row.last), row.origin)
    }

    pub(super) fn upper_range(&self, row: &StoredRow<u64>) -> TableResult<OriginRange> {
        let (first, last) = (u128::from(row.first) << 64, u128::from(row.last) << 64 | u128::from(u64::MAX));
        self.whole_range(&StoredRow { first, last, origin: row.origin, parent: row.parent })
    }

    pub(super) fn whole_range(&self, row: &StoredRow<u128>) -> TableResult<OriginRange> {
        let address = |bits| IpAddr::V6(Ipv6Addr::from_bits(bits));
        self.range(address(row.first), address(row.last), row.origin)
    }

    fn range(&self, first: IpAddr, last: IpAddr, id: u32) -> TableResult<OriginRange> {
        let network = Network::new(first, last).ok_or_else(|| self.damaged())?;
        Ok(OriginRange { network, id })
    }
}

fn numbers_of(bytes: &[u8]) -> Option<Vec<u32>> {
    decode::numbers(bytes).map(Iterator::collect)
}

/// The last of `count` items for which `holds` is true. It is true only for the first items.
fn partition(count: usize, holds: impl Fn(usize) -> bool) -> Option<usize> {
    let (mut low, mut high) = (0, count);
    while low < high {
        let middle = low + (high - low) / 2;
        if holds(middle) { low = middle + 1 } else { high = middle }
    }
    low.checked_sub(1)
}
