//! Chooses as few lines as possible. It repeatedly takes the line that stops most of the rest (the greedy set cover,
//! which is within a logarithm of the optimum, and mostly reaches it).

use super::LineField;
use std::{cmp::Reverse, collections::BinaryHeap};

/// The networks that one line would stop.
#[derive(Clone, Debug)]
pub(super) struct CoverLine {
    /// The field that it matches.
    pub(super) field: LineField,
    /// Indexes of the networks that it matches.
    pub(super) networks: Vec<usize>,
}

/// The mail of one network.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct SentCount {
    pub(super) hits: u64,
    pub(super) addresses: u64,
}

/// Chooses lines. Returns the index of each, and the networks that no earlier line stops. `factor` is the weight of a
/// field's gain. `suffices` decides whether the additional hits and addresses are worth a line.
pub(super) fn cover(
    lines: &[Option<CoverLine>],
    sent: &[SentCount],
    factor: impl Fn(LineField) -> usize,
    suffices: impl Fn(SentCount) -> bool,
) -> Vec<(usize, Vec<usize>)> {
    let mut open = vec![true; sent.len()];
    let gain = |reached: &CoverLine, open: &[bool]| {
        let mut all = SentCount::default();
        let mut count = 0;
        for network in &reached.networks {
            if open.get(*network) == Some(&true) {
                count += 1;
                let more = sent.get(*network).copied().unwrap_or_default();
                all = SentCount { hits: all.hits + more.hits, addresses: all.addresses + more.addresses };
            }
        }
        (count * factor(reached.field), Reverse(reached.field), all.hits, all)
    };
    let rank = |index: usize, reached: &CoverLine, open: &[bool]| {
        let (count, field, hits, all) = gain(reached, open);
        suffices(all).then_some((count, field, hits, Reverse(index)))
    };
    let entry = |(index, reached): (usize, &Option<CoverLine>)| rank(index, reached.as_ref()?, &open);
    let mut heap: BinaryHeap<_> = lines.iter().enumerate().filter_map(entry).collect();
    let mut chosen = Vec::new();
    while let Some(top) = heap.pop() {
        let (.., Reverse(index)) = top;
        let Some(Some(reached)) = lines.get(index) else { continue };
        // The gain in the heap may be outdated; it can only have become less.
        let Some(now) = rank(index, reached, &open) else { continue };
        if now < top {
            heap.push(now);
            continue;
        }
        let fresh: Vec<usize> =
            reached.networks.iter().copied().filter(|network| open.get(*network) == Some(&true)).collect();
        for network in &fresh {
            if let Some(slot) = open.get_mut(*network) {
                *slot = false;
            }
        }
        chosen.push((index, fresh));
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(lines: &[(LineField, &[usize])], factor: impl Fn(LineField) -> usize) -> Vec<usize> {
        let lines: Vec<Option<CoverLine>> = lines
            .iter()
            .map(|(field, networks)| Some(CoverLine { field: *field, networks: networks.to_vec() }))
            .collect();
        let sent = [SentCount { hits: 5, addresses: 2 }; 6];
        cover(&lines, &sent, factor, |sent| sent.hits >= 5).into_iter().map(|(index, _)| index).collect()
    }

    #[test]
    fn one_line_for_all_comes_before_one_for_each_and_the_nearest_of_equals_first() {
        use LineField::{Asn, Maintainer, Org};
        let lines: [(LineField, &[usize]); 5] =
            [(Org, &[0]), (Org, &[1]), (Org, &[2]), (Maintainer, &[0, 1]), (Asn, &[0, 1])];
        assert_eq!(chosen(&lines, |_| 1), [3, 2]);
        let lines: [(LineField, &[usize]); 3] = [(Asn, &[0, 1]), (Org, &[0]), (Org, &[1])];
        assert_eq!(
            chosen(&lines, |field| if field == Asn { 2 } else { 5 }),
            [1, 2],
            "an AS for two is too wide"
        );
        assert_eq!(chosen(&[(Org, &[]), (Org, &[0])], |_| 1), [1]);
    }
}
