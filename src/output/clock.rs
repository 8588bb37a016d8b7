//! Times for people, in their own zone.

use jiff::{Timestamp, Unit, tz::TimeZone};

/// A zone to show times in.
#[derive(Clone, Debug)]
pub struct DisplayZone {
    /// The zone.
    pub zone: TimeZone,
}

impl DisplayZone {
    /// `20 Nov 10:02`; another year than this one comes before the time.
    pub(super) fn moment(&self, time: Timestamp, now: Timestamp) -> String {
        let year = |time: Timestamp| time.to_zoned_datetime(self.zone.clone()).year();
        let form = if year(time) == year(now) { "%-d %b %H:%M" } else { "%-d %b %Y %H:%M" };
        self.show(time, form)
    }

    /// A time range, without repeating the day.
    pub(super) fn range(&self, first: Timestamp, last: Timestamp, now: Timestamp) -> String {
        let day = |time: Timestamp| time.to_zoned_datetime(self.zone.clone()).date();
        let from = self.moment(first, now);
        let to = if day(first) == day(last) { self.show(last, "%H:%M") } else { self.moment(last, now) };
        if from.ends_with(&to) { from } else { format!("{from} – {to}") }
    }

    /// A time range with year and zone: `20 Nov 2026 10:02 – 21 Nov 2026 09:00 UTC`.
    pub(super) fn zoned_range(&self, first: Timestamp, last: Timestamp) -> String {
        let (from, to) = (self.show(first, "%-d %b %Y %H:%M"), self.show(last, "%-d %b %Y %H:%M %Z"));
        if to.starts_with(&from) { to } else { format!("{from} – {to}") }
    }

    /// The day and the time with the zone's name, for a page that is read elsewhere.
    pub(super) fn full(&self, time: Timestamp) -> String {
        self.show(time, "%-d %B %Y, %H:%M %Z")
    }

    fn show(&self, time: Timestamp, form: &str) -> String {
        time.to_zoned_datetime(self.zone.clone()).strftime(form).to_string()
    }
}

/// RFC 3339, to the second, in UTC.
pub(super) fn rfc3339(time: Timestamp) -> String {
    format!("{:.0}", time.round(Unit::Second).unwrap_or(time))
}

/// A duration in its two largest units: `3 h 12 min`.
pub(super) fn length(length: jiff::SignedDuration) -> String {
    let exact = length.as_secs().max(0);
    // Rounded to the smaller of the two units that are shown.
    let unit = match exact {
        ..3_600 => 1,
        3_600..86_400 => 60,
        _ => 3_600,
    };
    let seconds = (exact + unit / 2) / unit * unit;
    let parts = [
        (seconds / 86_400, "d"),
        (seconds / 3_600 % 24, "h"),
        (seconds / 60 % 60, "min"),
        (seconds % 60, "s"),
    ];
    let shown = parts.into_iter().skip_while(|(n, _)| *n == 0).take(2).filter(|(n, _)| *n > 0);
    let shown: Vec<String> = shown.map(|(n, unit)| format!("{n} {unit}")).collect();
    if shown.is_empty() { "a moment".to_owned() } else { shown.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::SignedDuration;

    #[test]
    fn a_range_says_no_day_twice() {
        let clock = DisplayZone { zone: TimeZone::UTC };
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let now = at("2026-11-23T10:00:00Z");
        let range = |first, last| clock.range(at(first), at(last), now);
        assert_eq!(range("2026-11-20T10:02:00Z", "2026-11-20T11:00:59Z"), "20 Nov 10:02 – 11:00");
        assert_eq!(range("2026-11-20T10:02:00Z", "2026-11-21T09:00:00Z"), "20 Nov 10:02 – 21 Nov 09:00");
        assert_eq!(range("2026-11-20T10:02:00Z", "2026-11-20T10:02:30Z"), "20 Nov 10:02");
        assert_eq!(range("2025-12-31T23:02:00Z", "2026-01-01T00:02:30Z"), "31 Dec 2025 23:02 – 1 Jan 00:02");
    }

    #[test]
    fn lengths_have_two_units() {
        let show = |seconds| length(SignedDuration::from_secs(seconds));
        assert_eq!(
            [0, 5, 60, 3_700, 11_515, 90_000, 86_460].map(show),
            ["a moment", "5 s", "1 min", "1 h 2 min", "3 h 12 min", "1 d 1 h", "1 d"]
        );
    }
}
