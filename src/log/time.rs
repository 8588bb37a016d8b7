//! The time of a log line.

mod shape;

use jiff::{
    SignedDuration, Timestamp,
    civil::DateTime,
    tz::{Offset, TimeZone},
};
pub(crate) use shape::{DateEvidence, DateOrder, evidence};
use shape::{LineTime, WallTime};

/// The time of a log line, to the second; None if it has none.
///
/// These forms are read: syslog with and without a year, ISO 8601 and RFC 5424, Exim, the Common Log Format, TAI64N,
/// Exchange and IIS, and a few of single programs. A time without a zone is in `zone`, except for IIS, which writes
/// UTC. A missing year is the last one in which the line is at most a day ahead of `now`. If day and month are
/// ambiguous, the month is taken to come first; the reader of a whole file knows better from its other lines
/// ([`read`](super::read)).
#[must_use]
pub fn time(line: &[u8], now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    LogClock::new(now, zone.clone()).time(line, DateOrder::default())
}

/// The time that a date without a year may be ahead of `now`: the clock that wrote it was fast, or its zone is not the
/// given one. An error of a whole year would be worse.
const AHEAD: SignedDuration = SignedDuration::from_hours(24);

/// The time of a date without a year: the latest that is not too far ahead of `now`. `at` is the time in a given year, and
/// None if that year has no such day; February 29 may be up to eight years ago.
pub fn without_year(
    now: Timestamp,
    zone: &TimeZone,
    at: impl Fn(i16) -> Option<Timestamp>,
) -> Option<Timestamp> {
    // In another zone the new year may begin a day before ours.
    let year = zone.to_datetime(now).year() + 1;
    let latest = now.checked_add(AHEAD).ok()?;
    (0..=9).find_map(|back| at(year - back).filter(|at| *at <= latest))
}

/// Reads the times of many lines: most are in the same minute as the line before.
pub(crate) struct LogClock {
    now: i64,
    zone: TimeZone,
    /// A wall-clock minute, and the second since 1970 at which it began.
    minute: Option<(WallTime, i64)>,
}

impl LogClock {
    pub(crate) fn new(now: Timestamp, zone: TimeZone) -> Self {
        Self { now: now.as_second(), zone, minute: None }
    }

    /// Sets the current time, which advances while a stream is read.
    pub(crate) fn set_now(&mut self, now: Timestamp) {
        if self.now != now.as_second() {
            (self.now, self.minute) = (now.as_second(), None);
        }
    }

    /// See [`time`]; `order` is that of the file's dates.
    pub(crate) fn time(&mut self, line: &[u8], order: DateOrder) -> Option<Timestamp> {
        let second = match shape::find(line, order)? {
            LineTime::Unix(second) => second,
            LineTime::Civil(stamp, Some(offset)) => {
                let civil = civil(stamp.year?, stamp)?;
                return Offset::from_seconds(offset).ok()?.to_timestamp(civil).ok();
            }
            LineTime::Civil(stamp, None) => self.on_the_wall(stamp)?,
        };
        Timestamp::from_second(second).ok()
    }

    fn on_the_wall(&mut self, stamp: WallTime) -> Option<i64> {
        let second = i64::from(stamp.second.min(59));
        let minute = WallTime { second: 0, ..stamp };
        if let Some((_, began)) = self.minute.filter(|(known, _)| *known == minute) {
            return Some(began + second);
        }
        let at = |stamp: WallTime| match stamp.year {
            Some(year) => self.local(year, stamp),
            None => self.without_year(stamp),
        };
        let (began, ended) = (at(minute)?, at(WallTime { second: 59, ..stamp })?);
        if began + 59 == ended {
            self.minute = Some((minute, began));
            return Some(began + second);
        }
        // If `now` plus a day falls in this minute, earlier times are of this year and later ones of the last.
        at(stamp)
    }

    fn without_year(&self, stamp: WallTime) -> Option<i64> {
        let at = |year| Timestamp::from_second(self.local(year, stamp)?).ok();
        without_year(Timestamp::from_second(self.now).ok()?, &self.zone, at).map(|at| at.as_second())
    }

    fn local(&self, year: i16, stamp: WallTime) -> Option<i64> {
        self.zone.to_timestamp(civil(year, stamp)?).ok().map(|at| at.as_second())
    }
}

/// The date and time; None if there is no such day.
fn civil(year: i16, stamp: WallTime) -> Option<DateTime> {
    let [month, day, hour, minute] =
        [stamp.month, stamp.day, stamp.hour, stamp.minute].map(|part| i8::try_from(part).unwrap_or(i8::MAX));
    // For everything that counts from 1970, a leap second is the second before it.
    let second = i8::try_from(stamp.second.min(59)).ok()?;
    DateTime::new(year, month, day, hour, minute, second, 0).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str, now: &str, zone: &str) -> String {
        let zone = if zone == "Z" {
            TimeZone::UTC
        } else {
            TimeZone::fixed(jiff::tz::offset(zone.parse::<i8>().unwrap()))
        };
        time(line.as_bytes(), now.parse().unwrap(), &zone).map_or_else(|| "-".to_owned(), |at| at.to_string())
    }

    #[test]
    fn reads_every_program_s_way_of_writing_it() {
        for line in [
            "Nov 23 10:34:34 mx postfix/smtpd[1]: x",
            "Nov 23 2026 10:34:34 mx x",
            "<22>Nov 23 10:34:34 mx x",
            "mail.log.1:Nov 23 10:34:34 mx x",
            "2026-11-23T10:34:34.123456+00:00 mx x",
            "2026-11-23T11:34:34+0100 mx x",
            "2026-11-23T10:34:34Z x",
            "<22>1 2026-11-23T10:34:34.003Z mx app 1 - - x",
            "2026-11-23 10:34:34 H=x",
            "2026-11-23 10:34:34.123 [4711] H=x",
            "2026-11-23 04:34:34 -0600 H=x",
            "203.0.113.7 - - [23/Nov/2026:10:34:34 +0000] \"GET /?t=2001-01-01T01:01:01Z HTTP/1.1\"",
            "mail.example.com:443 2001:db8::1 - - [23/Nov/2026:12:34:34 +0200] \"x\"",
            "2026/11/23 10:34:34 [error] 1#0: x",
            "[Mon Nov 23 10:34:34.123456 2026] [error] x",
            "[Mon Nov 23 10:34:34 2026] x",
            "Mon Nov 23 10:34:34 2026 mail.info postfix/smtpd[1]: x",
            "Mon Nov 23 10:34:34 2026 - [1] x",
            "Mon 2026-11-23 10:34:34: [1] x",
            "Mon, 23 Nov 2026 10:34:34 +0000 x",
            "[23/Nov/2026 10:34:34] x",
            "[23-Nov-2026 10:34:34 +0000]: x",
            "11-23-2026 10:34:34   x",
            "[04711:00010-3735542592] 23-11-2026 10:34:34   x",
            "11/23/2026 10:34:34 [LOGIN_ERROR] x",
            "23.11.2026 10:34:34 x",
            "Nov-23-26 10:34:34 x",
            "2026-11-23T10:34:34.123Z,MX\\Default,08D8,2,192.0.2.1:25,203.0.113.7:1,<,,",
            "<co ts=\"2026-11-23T10:34:34.99\" pi=\"72aa\"/>",
            "\"SMTPD\"\t1828\t5273\t\"2026-11-23 10:34:34.123\"\t\"203.0.113.7\"\t\"x\"",
            "{\"time\":\"2026-11-23T10:34:34Z\"}",
            "{\"message\":\"a date in a text that is long enough to be beyond what is searched: 2001-01-01T01:01:01Z, and more\",\
             \"time\":\"2026-11-23T10:34:34Z\"}",
            "{\"MESSAGE\":\"2001-01-01T01:01:01Z\",\"__REALTIME_TIMESTAMP\" : \"1795430074123456\"}",
            "{\"level\":\"info\",\"ts\":1795430074.5}",
            "{\"timestamp\":1795430074123,\"msg\":\"x\"}",
            "2026-11-23_10:34:34.48507 tcpserver: x",
            "2026.11.23 10:34:34 LOG5[1]: x",
            "11/23/26 10:34:34\tSMTP-IN\tx",
            "11/23/2026 10:34:34 AM  SMTP Server: x",
            "1795430074 mx x",
            "1795430074.123456 mx x",
            "1795430074123 mx x",
        ] {
            assert_eq!(read(line, "2026-12-01T00:00:00Z", "Z"), "2026-11-23T10:34:34Z", "{line}");
        }
    }

    #[test]
    fn a_missing_year_never_puts_a_line_more_than_a_day_into_the_future() {
        for (line, now, zone, want) in [
            ("Nov 23 10:34:34 mx x", "2026-11-23T10:34:34Z", "Z", "2026-11-23T10:34:34Z"),
            ("Nov 3 10:34:35 mx x", "2026-11-23T10:34:34Z", "Z", "2026-11-03T10:34:35Z"),
            // A log's machine may have a fast clock, or write the time of another zone.
            ("Nov 23 10:34:35 mx x", "2026-11-23T10:34:34Z", "Z", "2026-11-23T10:34:35Z"),
            ("Nov 24 10:34:34 mx x", "2026-11-23T10:34:34Z", "Z", "2026-11-24T10:34:34Z"),
            ("Nov 24 10:34:35 mx x", "2026-11-23T10:34:34Z", "Z", "2025-11-24T10:34:35Z"),
            ("Dec 31 23:59:59 mx x", "2027-01-01T00:00:05Z", "Z", "2026-12-31T23:59:59Z"),
            ("Jan  1 00:30:00 mx x", "2026-12-31T23:45:00Z", "1", "2026-12-31T23:30:00Z"),
            ("Dec 31 23:30:00 mx x", "2027-01-01T00:00:00Z", "-1", "2027-01-01T00:30:00Z"),
            ("Jan  2 00:30:00 mx x", "2026-12-31T23:45:00Z", "Z", "2026-01-02T00:30:00Z"),
            ("Feb 29 12:00:00 mx x", "2027-03-01T00:00:00Z", "Z", "2024-02-29T12:00:00Z"),
            ("Feb 29 12:00:00 mx x", "1907-03-01T00:00:00Z", "Z", "1904-02-29T12:00:00Z"),
            ("Feb 29 12:00:00 mx x", "1903-03-01T00:00:00Z", "Z", "1896-02-29T12:00:00Z"),
        ] {
            assert_eq!(read(line, now, zone), want, "{line} read at {now}");
        }
    }

    #[test]
    fn reads_the_halves_of_a_day() {
        for (line, want) in [
            ("11/23/2026 03:34:34 PM SMTP Server: x", "2026-11-23T15:34:34Z"),
            ("11/23/2026 1:34:34 PM SMTP Server: x", "2026-11-23T13:34:34Z"),
            ("1/3/2026 12:04:34 AM SMTP Server: x", "2026-01-03T00:04:34Z"),
            ("11/23/2026 12:04:34 pm SMTP Server: x", "2026-11-23T12:04:34Z"),
            ("11/23/2026 13:04:34 PM SMTP Server: x", "-"),
            ("11/23/2026 10:34:34 PMX x", "2026-11-23T10:34:34Z"),
        ] {
            assert_eq!(read(line, "2026-12-01T00:00:00Z", "Z"), want, "{line}");
        }
    }

    #[test]
    fn takes_the_zone_that_it_is_given_and_iis_as_utc() {
        let now = "2026-12-01T00:00:00Z";
        assert_eq!(read("Nov 23 10:34:34 mx x", now, "1"), "2026-11-23T09:34:34Z");
        assert_eq!(read("2026-11-23 10:34:34 H=x", now, "1"), "2026-11-23T09:34:34Z");
        assert_eq!(
            read("2026-11-23 10:34:34 192.0.2.1 GET / - 443 - 203.0.113.7", now, "1"),
            "2026-11-23T10:34:34Z"
        );
    }

    #[test]
    fn says_nothing_where_there_is_no_time() {
        for line in [
            "",
            "4711 Connection from x [203.0.113.7]",
            "Nov 31 10:34:34 x",
            "Nov 23 25:34:34 x",
            "203.0.113.7",
            "2026-13-23 10:34:34 x",
            "Xyz 23 10:34:34 x",
            "@4000000000000000 x",
            "10:34:34",
        ] {
            assert_eq!(read(line, "2026-12-01T00:00:00Z", "Z"), "-", "{line}");
        }
    }

    #[test]
    fn many_lines_read_as_one_by_one() {
        let now: Timestamp = "2026-03-29T12:00:00Z".parse().unwrap();
        let mut clock = LogClock::new(now, TimeZone::UTC);
        for line in [
            "Mar 29 11:59:59 x",
            "Mar 29 12:00:00 x",
            "Mar 29 12:00:01 x",
            "Mar 29 12:00:00 x",
            "Mar 29 11:59:01 x",
            "Mar 30 11:59:59 x",
            "Mar 30 12:00:00 x",
            "Mar 30 12:00:01 x",
            "Mar 30 12:00:00 x",
        ] {
            assert_eq!(
                clock.time(line.as_bytes(), DateOrder::default()),
                time(line.as_bytes(), now, &TimeZone::UTC),
                "{line}"
            );
        }
    }
}
