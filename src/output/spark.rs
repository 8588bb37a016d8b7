//! Draws hits over time in one line of text.

/// The characters of the bars, from the lowest to the highest, and the one for an empty slice.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Ink {
    /// Block elements.
    Blocks,
    /// ASCII, for terminals without them.
    Ascii,
}

impl Ink {
    fn bars(self) -> (char, [char; 8]) {
        match self {
            Self::Blocks => ('·', ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█']),
            Self::Ascii => (' ', ['_', '.', '-', '=', '+', '*', '#', '@']),
        }
    }
}

/// The sums of an activity in at most `cells` slices.
pub(super) fn squeeze(activity: &[u64], cells: usize) -> Vec<u64> {
    let cells = cells.min(activity.len());
    let mut sums = vec![0; cells];
    for (at, hits) in activity.iter().enumerate() {
        if let Some(sum) = sums.get_mut(at * cells / activity.len()) {
            *sum += hits;
        }
    }
    sums
}

/// One character for each slice, scaled to the highest. A slice with any hit is never empty.
pub(super) fn spark(activity: &[u64], cells: usize, ink: Ink) -> String {
    let sums = squeeze(activity, cells);
    let most = sums.iter().max().copied().unwrap_or_default();
    let (nothing, bars) = ink.bars();
    let bar = |hits: u64| {
        let height = (u128::from(hits) * 8).div_ceil(u128::from(most.max(1)));
        usize::try_from(height).ok()?.checked_sub(1).and_then(|height| bars.get(height)).copied()
    };
    sums.into_iter().map(|hits| bar(hits).unwrap_or(nothing)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_scaled_to_its_highest_bar() {
        assert_eq!(spark(&[0, 1, 2, 3, 4, 5, 6, 7, 8], 99, Ink::Blocks), "·▁▂▃▄▅▆▇█");
        assert_eq!(spark(&[0, 1, 1_000_000], 3, Ink::Ascii), " _@", "one hit among a million is seen");
        assert_eq!(spark(&[u64::MAX, 0], 2, Ink::Blocks), "█·");
        assert_eq!(spark(&[0, 0], 2, Ink::Blocks), "··");
        assert_eq!(spark(&[], 9, Ink::Blocks), "");
    }

    #[test]
    fn slices_are_put_together_and_no_hit_is_lost() {
        assert_eq!(squeeze(&[1, 2, 3, 4], 2), [3, 7]);
        assert_eq!(squeeze(&[1, 2, 3, 4, 5], 2), [6, 9]);
        assert_eq!(squeeze(&[1, 2], 0), [] as [u64; 0]);
    }
}
