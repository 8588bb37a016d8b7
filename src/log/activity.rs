//! Hits over time in little memory: however long a log is, a client costs no more than [`SLICES`] counters.

use jiff::Timestamp;

/// Most counters that one client may have: several for each bar that is ever drawn.
const SLICES: usize = 256;

/// The length of the narrowest slice, in seconds.
const NARROWEST: i64 = 60;

/// Hits by slice of time. Slices are as narrow as a minute; when they would become too many, each pair of neighbours
/// is put together, so that a short run is drawn sharply and a long one coarsely.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Activity {
    /// Slices are `NARROWEST << shift` seconds long and begin at multiples of that.
    shift: u32,
    /// Number of the slice and hits in it, in order of time.
    slices: Vec<(u32, u32)>,
}

impl Activity {
    /// Counts `hits` at a time.
    pub fn add(&mut self, at: Timestamp, hits: u32) {
        let narrow = u32::try_from(at.as_second().max(0) / NARROWEST).unwrap_or(u32::MAX);
        self.put(narrow >> self.shift, hits);
        while self.slices.len() > SLICES {
            self.widen();
        }
    }

    /// Counts everything that another has.
    pub fn merge(&mut self, other: &Self) {
        while self.shift < other.shift {
            self.widen();
        }
        let by = self.shift - other.shift;
        for (slice, hits) in &other.slices {
            self.put(slice >> by, *hits);
        }
        while self.slices.len() > SLICES {
            self.widen();
        }
    }

    /// The hits from `first` to `last` in `count` equal slices; the sum is the number of all hits counted, also of
    /// those beyond the ends. A counter is shared out evenly over the part of the time that it stands for, so that one
    /// which is wider than a slice leaves none empty.
    #[must_use]
    pub fn drawn(&self, first: Timestamp, last: Timestamp, count: usize) -> Vec<u64> {
        let count = count.max(1);
        let bars = i128::try_from(count).unwrap_or(i128::MAX);
        // All times are counted in parts of a second, of which a slice's border is a whole number.
        let scaled = |second: i64| i128::from(second) * bars;
        let (begin, end) = (scaled(first.as_second()), scaled(last.as_second().max(first.as_second()) + 1));
        let width = NARROWEST << self.shift;
        let mut rest = self.slices.iter().peekable();
        let mut before = 0_i128;
        let mut counted = 0;
        let mut drawn = Vec::with_capacity(count);
        for bar in 1..=bars {
            let border = begin + (end - begin) / bars * bar;
            let mut within = 0;
            while let Some((slice, hits)) = rest.peek() {
                let from = scaled(i64::from(*slice) * width).clamp(begin, end - 1);
                let to = scaled((i64::from(*slice) + 1) * width).clamp(from + 1, end);
                if to > border && bar < bars {
                    // So many of its hits lie before the border, to the nearest whole.
                    let part = (border - from).max(0) * i128::from(*hits);
                    within = (2 * part + (to - from)) / (2 * (to - from));
                    break;
                }
                before += i128::from(*hits);
                rest.next();
            }
            drawn.push(u64::try_from(before + within - counted).unwrap_or_default());
            counted = before + within;
        }
        drawn
    }

    fn put(&mut self, slice: u32, hits: u32) {
        match self.slices.last_mut() {
            Some((last, count)) if *last == slice => *count = count.saturating_add(hits),
            Some((last, _)) if *last > slice => match self.slices.binary_search_by_key(&slice, |(s, _)| *s) {
                Ok(found) => {
                    if let Some((_, count)) = self.slices.get_mut(found) {
                        *count = count.saturating_add(hits);
                    }
                }
                Err(place) => self.slices.insert(place, (slice, hits)),
            },
            _ => self.slices.push((slice, hits)),
        }
    }

    fn widen(&mut self) {
        self.shift += 1;
        let narrow = std::mem::take(&mut self.slices);
        for (slice, hits) in narrow {
            self.put(slice >> 1, hits);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn no_hit_is_lost_however_long_the_log() {
        let mut activity = Activity::default();
        for hour in 0..20_000 {
            activity.add(at(1_700_000_000 + (hour * 7919 % 20_000) * 3600), 1);
        }
        assert!(activity.slices.len() <= SLICES);
        let drawn = activity.drawn(at(1_700_000_000), at(1_700_000_000 + 20_000 * 3600), 10);
        assert_eq!(drawn.iter().sum::<u64>(), 20_000);
        assert!(drawn.iter().all(|hits| (1_000..3_500).contains(hits)), "{drawn:?}");
    }

    #[test]
    fn merging_keeps_sums_and_takes_the_coarser_slices() {
        let (mut long, mut short) = (Activity::default(), Activity::default());
        for day in 0..200 {
            long.add(at(1_700_000_000 + day * 86_400), 2);
        }
        short.add(at(1_700_000_000), 5);
        short.merge(&long);
        assert_eq!(short.shift, long.shift);
        let drawn = short.drawn(at(1_700_000_000), at(1_700_000_000 + 200 * 86_400), 4);
        assert_eq!(drawn.iter().sum::<u64>(), 405);
    }

    #[test]
    fn a_steady_client_leaves_no_slice_empty() {
        let start = 1_700_000_123;
        // Ten minutes, a day, a month, a year, each with a hit every so often.
        for (length, step) in
            [(600, 5), (86_400, 60), (86_400, 1_200), (2_592_000, 3_600), (31_536_000, 86_400)]
        {
            let mut activity = Activity::default();
            let hits = length / step;
            (0..hits).for_each(|hit| activity.add(at(start + hit * step), 1));
            for count in [8, 24, 48, 60] {
                let drawn = activity.drawn(at(start), at(start + (hits - 1) * step), count);
                assert_eq!(drawn.iter().sum::<u64>(), u64::try_from(hits).unwrap());
                assert!(drawn.iter().all(|bar| *bar > 0), "{length} s in {count}: {drawn:?}");
            }
        }
    }

    #[test]
    fn hits_beyond_the_ends_count_at_the_ends() {
        let mut activity = Activity::default();
        for minute in 0..100 {
            activity.add(at(1_700_000_000 + minute * 60), 1);
        }
        let drawn = activity.drawn(at(1_700_003_000), at(1_700_003_600), 5);
        assert_eq!(drawn.iter().sum::<u64>(), 100);
        assert!(drawn[0] > 40 && drawn[4] > 30, "{drawn:?}");
        let alone = activity.drawn(at(1_600_000_000), at(1_600_000_000), 3);
        assert_eq!(alone, [0, 0, 100]);
    }

    #[test]
    fn a_moment_without_length_is_one_bar() {
        let mut activity = Activity::default();
        activity.add(at(1_700_000_000), 3);
        assert_eq!(activity.drawn(at(1_700_000_000), at(1_700_000_000), 3).iter().sum::<u64>(), 3);
    }
}
