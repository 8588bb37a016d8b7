//! Arranges rows so that the most specific one can be found: each is inside another or beside it, and none cross.

use super::layout::{DEEPEST, NO_PARENT};
use std::{
    cmp::{Ordering, Reverse},
    collections::BinaryHeap,
};

/// An address as a number.
pub(super) trait AddressBits: Copy + Ord {
    /// The next address; None after the last.
    fn next(self) -> Option<Self>;
    /// The previous address; the first has none.
    fn previous(self) -> Option<Self>;
    /// `self - first`, where `first` is not greater.
    fn above(self, first: Self) -> Self;
}

macro_rules! bits {
    ($($number:ty),*) => {$(
        impl AddressBits for $number {
            fn next(self) -> Option<Self> {
                self.checked_add(1)
            }

            fn previous(self) -> Option<Self> {
                self.checked_sub(1)
            }

            fn above(self, first: Self) -> Self {
                self.wrapping_sub(first)
            }
        }
    )*};
}

bits!(u32, u64, u128);

/// One imported row: `first` is not greater than `last`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct ImportedRow<N> {
    pub(super) first: N,
    pub(super) last: N,
    pub(super) origin: u32,
}

impl<N: AddressBits> ImportedRow<N> {
    /// The order of the file: by first address, enclosing rows first.
    fn order(&self, other: &Self) -> Ordering {
        self.first.cmp(&other.first).then(other.last.cmp(&self.last))
    }
}

/// Sorts rows, joins equal ranges (`join` makes one origin of two), and cuts those that cross others.
pub(super) fn nest<N: AddressBits, E>(
    mut rows: Vec<ImportedRow<N>>,
    join: &mut dyn FnMut(u32, u32) -> Result<u32, E>,
) -> Result<Vec<ImportedRow<N>>, E> {
    // A stable sort, so that the origins of equal ranges keep the order of the files.
    rows.sort_by(ImportedRow::order);
    let mut failed = Ok(());
    rows.dedup_by(|row, kept| {
        let same = (row.first, row.last) == (kept.first, kept.last);
        if same && row.origin != kept.origin && failed.is_ok() {
            match join(kept.origin, row.origin) {
                Ok(joined) => kept.origin = joined,
                Err(error) => failed = Err(error),
            }
        }
        same
    });
    failed?;
    let clusters = crossing_clusters(&rows);
    if clusters.is_empty() {
        return Ok(rows);
    }
    let (mut nested, mut done) = (Vec::with_capacity(rows.len()), 0);
    for (start, end) in clusters {
        nested.extend_from_slice(rows.get(done..start).unwrap_or_default());
        flatten(rows.get(start..end).unwrap_or_default(), &mut nested);
        done = end;
    }
    nested.extend_from_slice(rows.get(done..).unwrap_or_default());
    Ok(nested)
}

/// Runs of overlapping rows in which two cross, or too many enclose each other, as index ranges.
fn crossing_clusters<N: AddressBits>(rows: &[ImportedRow<N>]) -> Vec<(usize, usize)> {
    let mut clusters = Vec::new();
    let mut open: Vec<N> = Vec::new();
    let (mut start, mut end, mut crosses) = (0, None, false);
    for (index, row) in rows.iter().enumerate() {
        if end.is_none_or(|end| row.first > end) {
            if crosses {
                clusters.push((start, index));
            }
            (start, crosses) = (index, false);
            open.clear();
        }
        while open.last().is_some_and(|last| *last < row.first) {
            open.pop();
        }
        crosses |= open.last().is_some_and(|last| *last < row.last) || open.len() >= DEEPEST;
        // In a cluster that crosses, the stack is meaningless and must not grow.
        if !crosses {
            open.push(row.last);
        }
        end = end.max(Some(row.last));
    }
    if crosses {
        clusters.push((start, rows.len()));
    }
    clusters
}

/// A row that holds the sweep's position. The smallest is the greatest in this order; of equal ones it is the one that
/// begins last.
struct OpenRow<N> {
    size: N,
    row: ImportedRow<N>,
}

impl<N: AddressBits> OpenRow<N> {
    fn key(&self) -> (Reverse<N>, N) {
        (Reverse(self.size), self.row.first)
    }
}

impl<N: AddressBits> Ord for OpenRow<N> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

impl<N: AddressBits> PartialOrd for OpenRow<N> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<N: AddressBits> PartialEq for OpenRow<N> {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl<N: AddressBits> Eq for OpenRow<N> {}

/// Cuts sorted rows into disjoint pieces, each with the origin of the most specific row that holds it.
fn flatten<N: AddressBits>(rows: &[ImportedRow<N>], pieces: &mut Vec<ImportedRow<N>>) {
    let mut open: BinaryHeap<OpenRow<N>> = BinaryHeap::new();
    let mut rows = rows.iter().peekable();
    let Some(mut at) = rows.peek().map(|row| row.first) else { return };
    // The row of the last piece. The next piece is joined to it if only another row's start separated them.
    let mut before: Option<(N, N)> = None;
    loop {
        while let Some(row) = rows.next_if(|row| row.first <= at) {
            open.push(OpenRow { size: row.last.above(row.first), row: *row });
        }
        while open.peek().is_some_and(|top| top.row.last < at) {
            open.pop();
        }
        let Some(top) = open.peek().map(|top| top.row) else {
            match rows.peek() {
                Some(row) => at = row.first,
                None => return,
            }
            continue;
        };
        let bound = rows.peek().and_then(|row| row.first.previous()).unwrap_or(top.last);
        let last = top.last.min(bound);
        match pieces.last_mut() {
            Some(piece) if before == Some((top.first, top.last)) && piece.last.next() == Some(at) => {
                piece.last = last;
            }
            _ => pieces.push(ImportedRow { first: at, last, origin: top.origin }),
        }
        before = Some((top.first, top.last));
        match last.next() {
            Some(next) => at = next,
            None => return,
        }
    }
}

/// The index of each row's smallest enclosing row.
pub(super) fn parents<N: AddressBits>(rows: &[ImportedRow<N>]) -> Vec<u32> {
    let mut open: Vec<(N, u32)> = Vec::new();
    let mut parents = Vec::with_capacity(rows.len());
    for (number, row) in (0..NO_PARENT).zip(rows) {
        while open.last().is_some_and(|(last, _)| *last < row.first) {
            open.pop();
        }
        parents.push(open.last().map_or(NO_PARENT, |(_, parent)| *parent));
        open.push((row.last, number));
    }
    parents
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::Draw;

    /// The origin of the smallest row that holds the address; of equal sizes, the one that begins last.
    fn naive(rows: &[ImportedRow<u32>], address: u32) -> Option<u32> {
        rows.iter()
            .filter(|row| (row.first..=row.last).contains(&address))
            .min_by_key(|row| (row.last - row.first, Reverse(row.first)))
            .map(|row| row.origin)
    }

    /// The innermost row by the stored order and parents, as the table finds it.
    fn find(rows: &[ImportedRow<u32>], parents: &[u32], address: u32) -> Option<u32> {
        let mut at = rows.partition_point(|row| row.first <= address).checked_sub(1)?;
        while rows[at].last < address {
            at = usize::try_from(parents[at]).ok().filter(|_| parents[at] != NO_PARENT)?;
        }
        Some(rows[at].origin)
    }

    #[test]
    fn any_rows_answer_as_trying_them_all_does() {
        let mut draw = Draw::new(7);
        for round in 0..400 {
            let (count, width) = (1 + draw.number() % 40, 1 + draw.number() % 60);
            let high = if round % 2 == 0 { 0 } else { u32::MAX - 160 };
            let rows: Vec<ImportedRow<u32>> = (0..count)
                .map(|_| {
                    let first = high + draw.number() % 100;
                    let last = first.saturating_add(draw.number() % width);
                    // Equal ranges have equal origins here; joining has a test of its own.
                    ImportedRow { first, last, origin: first.wrapping_mul(1000).wrapping_add(last) }
                })
                .collect();
            let nested = nest(rows.clone(), &mut |a, _| Ok::<_, ()>(a)).unwrap();
            let parents = parents(&nested);
            for address in (high..high + 160).chain([u32::MAX, 0]) {
                assert_eq!(find(&nested, &parents, address), naive(&rows, address), "{address} of {rows:?}");
            }
        }
    }

    #[test]
    fn rows_that_only_nest_are_left_as_they_are() {
        let row = |first: u32, last, origin| ImportedRow { first, last, origin };
        let rows = vec![row(20, 29, 3), row(0, 99, 1), row(10, 49, 2), row(50, 50, 4), row(0, 9, 5)];
        let nested = nest(rows, &mut |a, _| Ok::<_, ()>(a)).unwrap();
        assert_eq!(nested, [row(0, 99, 1), row(0, 9, 5), row(10, 49, 2), row(20, 29, 3), row(50, 50, 4)]);
        assert_eq!(parents(&nested), [NO_PARENT, 0, 0, 2, 0]);
    }

    #[test]
    fn equal_ranges_are_joined_in_their_order() {
        let row = |origin| ImportedRow { first: 1_u32, last: 5, origin };
        let mut joined = vec![];
        let nested = nest(vec![row(7), row(8), row(7), row(9)], &mut |a, b| {
            joined.push((a, b));
            Ok::<_, ()>(a * 10 + b)
        });
        assert_eq!(nested.unwrap(), [row((78 * 10 + 7) * 10 + 9)]);
        assert_eq!(joined, [(7, 8), (78, 7), (787, 9)]);
    }

    #[test]
    fn rows_deeper_than_any_prefix_are_cut() {
        let rows: Vec<_> =
            (0..1000_u32).map(|n| ImportedRow { first: n, last: 5000 - n, origin: n }).collect();
        let nested = nest(rows.clone(), &mut |a, _| Ok::<_, ()>(a)).unwrap();
        assert!(parents(&nested).iter().all(|parent| *parent == NO_PARENT));
        for address in [0, 1, 999, 1000, 3000, 4001, 4002, 5000, 5001] {
            assert_eq!(find(&nested, &parents(&nested), address), naive(&rows, address));
        }
    }
}
