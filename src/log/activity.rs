//! Hits over time in little memory: however long a log is, a client costs no more than [`SLICES`] counters.

use jiff::Timestamp;

/// Most counters that one client may have.
const SLICES: usize = 64;

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
    /// those beyond the ends.
    #[must_use]
    pub fn drawn(&self, first: Timestamp, last: Timestamp, count: usize) -> Vec<u64> {
        let mut drawn = vec![0_u64; count.max(1)];
        let span = i128::from(last.as_second() - first.as_second()).max(1);
        let width = NARROWEST << self.shift;
        for (slice, hits) in &self.slices {
            // What is known of a hit is only its slice; its middle is the best guess.
            let middle = i64::from(*slice) * width + width / 2;
            let place = i128::from(middle - first.as_second()) * count as i128 / (span + 1);
            let place = usize::try_from(place.max(0)).unwrap_or(usize::MAX).min(drawn.len() - 1);
            if let Some(bar) = drawn.get_mut(place) {
                *bar += u64::from(*hits);
            }
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
    fn a_moment_without_length_is_one_bar() {
        let mut activity = Activity::default();
        activity.add(at(1_700_000_000), 3);
        assert_eq!(activity.drawn(at(1_700_000_000), at(1_700_000_000), 3).iter().sum::<u64>(), 3);
    }
}
