//! Nested ranges flattened, so that one binary search finds the most specific.

use crate::address::Prefix;
use std::net::IpAddr;

/// Flattened extents of both families.
#[derive(Debug)]
pub(super) struct FlatExtents<W> {
    pub(super) v4: FlatRanges<u32, W>,
    pub(super) v6: FlatRanges<u128, W>,
}

/// The start of each range and the extent that it belongs to, which may be none.
#[derive(Debug)]
pub(super) struct FlatRanges<N, W> {
    starts: Vec<N>,
    owners: Vec<Option<W>>,
    /// The ranges that are still open while the flat list is made: the end, the extent and its prefix length.
    open: Vec<(N, W, u8)>,
}

impl<W> Default for FlatExtents<W> {
    fn default() -> Self {
        Self { v4: FlatRanges::default(), v6: FlatRanges::default() }
    }
}

impl<N, W> Default for FlatRanges<N, W> {
    fn default() -> Self {
        Self { starts: Vec::new(), owners: Vec::new(), open: Vec::new() }
    }
}

impl<W: Copy> FlatExtents<W> {
    /// Adds an extent that serves `part`. Extents must come ordered by first address, an enclosing one before those
    /// inside it, and of equal ones the best last. `length` is that of the extent's own prefix: the longest answers, even if
    /// the extent serves only a part of it.
    pub(super) fn add(&mut self, part: Prefix, owner: W, length: u8) {
        match (part.first(), part.last()) {
            (IpAddr::V4(first), IpAddr::V4(last)) => {
                self.v4.add(first.to_bits(), last.to_bits(), owner, length);
            }
            (IpAddr::V6(first), IpAddr::V6(last)) => {
                self.v6.add(first.to_bits(), last.to_bits(), owner, length);
            }
            _ => {}
        }
    }

    /// Must follow the last extent.
    pub(super) fn end(&mut self) {
        self.v4.close(None);
        self.v6.close(None);
    }

    /// The most specific extent that holds the address.
    pub(super) fn find(&self, address: IpAddr) -> Option<W> {
        match address {
            IpAddr::V4(address) => self.v4.find(address.to_bits()),
            IpAddr::V6(address) => self.v6.find(address.to_bits()),
        }
    }
}

/// An address as a number.
pub(super) trait AddressNumber: Copy + Default + From<u8> + Ord {
    /// The sum; None after the last address.
    fn plus(self, more: Self) -> Option<Self>;
}

impl AddressNumber for u32 {
    fn plus(self, more: Self) -> Option<Self> {
        self.checked_add(more)
    }
}

impl AddressNumber for u128 {
    fn plus(self, more: Self) -> Option<Self> {
        self.checked_add(more)
    }
}

impl<N: AddressNumber, W: Copy> FlatRanges<N, W> {
    fn add(&mut self, first: N, last: N, owner: W, length: u8) {
        self.close(Some(first));
        if self.open.last().is_some_and(|&(_, _, around)| length < around) {
            return;
        }
        self.push(first, Some(owner));
        self.open.push((last, owner, length));
    }

    /// Closes the ranges that end before `first`, or all ranges.
    fn close(&mut self, first: Option<N>) {
        while let Some(&(last, ..)) = self.open.last().filter(|(last, ..)| first.is_none_or(|f| *last < f)) {
            self.open.pop();
            let below = self.open.last().map(|&(_, owner, _)| owner);
            if let Some(after) = last.plus(1.into()) {
                self.push(after, below);
            }
        }
    }

    /// Adds a range. It replaces the last one if that has the same start. Starts ascend.
    pub(super) fn push(&mut self, start: N, owner: Option<W>) {
        if self.starts.last() == Some(&start) {
            if let Some(last) = self.owners.last_mut() {
                *last = owner;
            }
            return;
        }
        self.starts.push(start);
        self.owners.push(owner);
    }

    /// Takes the ranges that no later extent changes, if there are more than `enough`.
    pub(super) fn take_settled(&mut self, enough: usize) -> Vec<(N, Option<W>)> {
        match self.starts.len() {
            // Another extent may begin where the last range begins.
            count if count > enough => self.take(count - 1),
            _ => Vec::new(),
        }
    }

    /// Takes all ranges.
    pub(super) fn take_all(&mut self) -> Vec<(N, Option<W>)> {
        self.take(self.starts.len())
    }

    fn take(&mut self, count: usize) -> Vec<(N, Option<W>)> {
        self.starts.drain(..count).zip(self.owners.drain(..count)).collect()
    }

    fn find(&self, address: N) -> Option<W> {
        let after = self.starts.partition_point(|start| *start <= address);
        self.owners.get(after.checked_sub(1)?).copied().flatten()
    }
}
