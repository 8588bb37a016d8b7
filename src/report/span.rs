//! The time span of a log, divided into slices.

use jiff::{SignedDuration, Timestamp};

/// The number of slices if the span is long enough. It divides well into the widths of terminals.
const MOST: i64 = 48;

/// The shortest slice in seconds: hits are counted by the minute.
const NARROWEST: i64 = 60;

/// From the first hit to the last, in equal slices.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ReportSpan {
    first: Timestamp,
    last: Timestamp,
}

impl ReportSpan {
    /// The span of all these first and last times; None if there are none.
    #[must_use]
    pub fn over(times: impl IntoIterator<Item = Timestamp>) -> Option<Self> {
        times.into_iter().fold(None, |span, time| {
            Some(span.map_or(Self { first: time, last: time }, |Self { first, last }| Self {
                first: first.min(time),
                last: last.max(time),
            }))
        })
    }

    /// Its start.
    #[must_use]
    pub fn first(self) -> Timestamp {
        self.first
    }

    /// The time of the last hit.
    #[must_use]
    pub fn last(self) -> Timestamp {
        self.last
    }

    fn seconds(self) -> i64 {
        self.last.as_second().saturating_sub(self.first.as_second()).max(0)
    }

    /// The number of slices: one for each minute, at least 1 and at most 48.
    #[must_use]
    pub fn slices(self) -> usize {
        usize::try_from((self.seconds() / NARROWEST).clamp(1, MOST)).unwrap_or(1)
    }

    /// The length of a slice if the span is drawn with this many.
    #[must_use]
    pub fn width(self, slices: usize) -> SignedDuration {
        let slices = i64::try_from(slices.max(1)).unwrap_or(i64::MAX);
        SignedDuration::from_secs(self.seconds() / slices)
    }

    /// The end of a part of the span: `part` of `of`.
    #[must_use]
    pub fn at(self, part: u32, of: u32) -> Timestamp {
        let ahead = i128::from(self.seconds()) * i128::from(part) / i128::from(of.max(1));
        let ahead = SignedDuration::from_secs(i64::try_from(ahead).unwrap_or(i64::MAX));
        self.first.checked_add(ahead).unwrap_or(self.last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(seconds: i64) -> ReportSpan {
        let at = |second| Timestamp::from_second(second).unwrap();
        ReportSpan::over([at(1_700_000_000 + seconds), at(1_700_000_000)]).unwrap()
    }

    #[test]
    fn a_span_has_as_many_slices_as_minutes_and_no_more_than_48() {
        assert_eq!([0, 59, 60, 600, 2_880, 86_400 * 365].map(|s| span(s).slices()), [1, 1, 1, 10, 48, 48]);
        assert_eq!(span(86_400 * 2).width(48), SignedDuration::from_hours(1));
        assert_eq!(ReportSpan::over([]), None);
    }

    #[test]
    fn parts_of_it_lie_in_order() {
        let day = span(86_400);
        assert_eq!(day.at(0, 4), day.first());
        assert_eq!(day.at(2, 4).as_second() - day.first().as_second(), 43_200);
        assert_eq!(day.at(4, 4), day.last());
    }
}
