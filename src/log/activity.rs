//! Hits over time, in little memory. However long a log is, a client has at most [`SLICES`] counters.

use jiff::Timestamp;

/// The most counters of one client: several for each bar that is ever drawn.
const SLICES: usize = 256;

/// The length of the narrowest slice, in seconds.
const NARROWEST: i64 = 60;

/// Hits by time slice. Slices start a minute long. When there are too many, each pair of neighbours is merged, so a
/// short run is drawn in detail and a long one coarsely.
///
/// Most clients of a large log came in one minute and never again. That takes sixteen bytes.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Activity {
    /// The only slice and its hits, as long as there is just one.
    only: (u32, u32),
    more: Option<Box<ActivitySlices>>,
}

/// More than one slice.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
struct ActivitySlices {
    /// Slices are `NARROWEST << shift` seconds long, and begin at multiples of that.
    shift: u32,
    /// The number of each slice and its hits, in order of time.
    slices: Vec<(u32, u32)>,
}

impl Activity {
    /// Counts `hits` at a time.
    pub fn add(&mut self, at: Timestamp, hits: u32) {
        self.put(u32::try_from(at.as_second().max(0) / NARROWEST).unwrap_or(u32::MAX), hits);
    }

    /// Adds all hits of another.
    pub fn merge(&mut self, other: &Self) {
        let Some(more) = &other.more else {
            let (slice, hits) = other.only;
            if hits > 0 {
                self.put(slice, hits);
            }
            return;
        };
        self.several().merge(more);
    }

    /// Adds hits to a slice of the current width.
    fn put(&mut self, slice: u32, hits: u32) {
        match &mut self.more {
            None if self.only.1 == 0 => self.only = (slice, hits),
            None if self.only.0 == slice => self.only.1 = self.only.1.saturating_add(hits),
            _ => self.several().add(slice, hits),
        }
    }

    fn several(&mut self) -> &mut ActivitySlices {
        let only = self.only;
        self.more.get_or_insert_with(|| {
            let slices = if only.1 > 0 { vec![only] } else { Vec::new() };
            Box::new(ActivitySlices { shift: 0, slices })
        })
    }

    /// The hits from `first` to `last` in `count` equal slices, as [`Self::draw`] adds them.
    #[cfg(test)]
    pub(super) fn drawn(&self, first: Timestamp, last: Timestamp, count: usize) -> Vec<u64> {
        let mut bars = vec![0; count.max(1)];
        self.draw(first, last, &mut bars);
        bars
    }

    /// Adds the hits from `first` to `last` to bars for equal slices. The sum is the number of all hits counted,
    /// including those outside. Each counter is spread evenly over its time span, so one that is wider than a bar
    /// leaves none empty.
    pub fn draw(&self, first: Timestamp, last: Timestamp, bars: &mut [u64]) {
        let grid = BarGrid::over(first, last, bars.len());
        let (width, slices) = match &self.more {
            None => (NARROWEST, std::slice::from_ref(&self.only)),
            Some(more) => (NARROWEST << more.shift, more.slices.as_slice()),
        };
        for (slice, hits) in slices.iter().filter(|(_, hits)| *hits > 0) {
            let from = i64::from(*slice) * width;
            grid.share(from, from + width, *hits, bars);
        }
    }
}

/// Equal parts of a time span. All times are counted in such fractions of a second that the border of a part is a whole
/// number.
struct BarGrid {
    begin: i64,
    end: i64,
    bars: i64,
    /// The length of a part.
    step: i64,
}

impl BarGrid {
    fn over(first: Timestamp, last: Timestamp, bars: usize) -> Self {
        let bars = i64::try_from(bars).unwrap_or(i64::MAX).clamp(1, 1 << 16);
        let (from, to) = (first.as_second(), last.as_second().max(first.as_second()) + 1);
        Self { begin: from * bars, end: to * bars, bars, step: to - from }
    }

    /// Spreads hits that came between two seconds over the bars, rounded at the borders between bars.
    fn share(&self, from: i64, to: i64, hits: u32, bars: &mut [u64]) {
        let from = (from * self.bars).clamp(self.begin, self.end - 1);
        let to = (to * self.bars).clamp(from + 1, self.end);
        let (first, last) = ((from - self.begin) / self.step, (to - 1 - self.begin) / self.step);
        let mut counted = 0;
        for bar in first..=last {
            let border = if bar == last { to } else { self.begin + (bar + 1) * self.step };
            let (part, whole) = (i128::from(border - from), i128::from(to - from));
            // The number of its hits that lie before the border.
            let before = (2 * part * i128::from(hits) + whole) / (2 * whole);
            let before = u64::try_from(before).unwrap_or_default();
            if let Some(sum) = usize::try_from(bar).ok().and_then(|bar| bars.get_mut(bar)) {
                *sum += before - counted;
            }
            counted = before;
        }
    }
}

impl ActivitySlices {
    /// Adds hits to a slice of the narrowest width.
    fn add(&mut self, slice: u32, hits: u32) {
        self.put(slice >> self.shift, hits);
        self.fit();
    }

    fn merge(&mut self, other: &Self) {
        while self.shift < other.shift {
            self.widen();
        }
        let by = self.shift - other.shift;
        for (slice, hits) in &other.slices {
            self.put(slice >> by, *hits);
        }
        self.fit();
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
                Err(index) => self.slices.insert(index, (slice, hits)),
            },
            _ => self.slices.push((slice, hits)),
        }
    }

    fn fit(&mut self) {
        while self.slices.len() > SLICES {
            self.widen();
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
        assert!(activity.more.as_ref().unwrap().slices.len() <= SLICES);
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
        assert_eq!(short.more.as_ref().unwrap().shift, long.more.as_ref().unwrap().shift);
        let drawn = short.drawn(at(1_700_000_000), at(1_700_000_000 + 200 * 86_400), 4);
        assert_eq!(drawn.iter().sum::<u64>(), 405);
    }

    #[test]
    fn a_steady_client_leaves_no_slice_empty() {
        let start = 1_700_000_123;
        // Ten minutes, a day, a month and a year, each with hits at regular intervals.
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
