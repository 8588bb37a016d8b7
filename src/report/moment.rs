//! `--since` and `--until`: parses a moment as people write it.

use crate::log;
use jiff::{SignedDuration, Timestamp, civil, tz::TimeZone};

/// Dates and times with a zone, beside RFC 3339's.
const ZONED: [&str; 4] =
    ["%Y-%m-%d %H:%M %z", "%Y-%m-%d %H:%M:%S %z", "%Y-%m-%dT%H:%M%z", "%d/%b/%Y:%H:%M:%S %z"];

/// Dates and times in the web servers' form.
const WEB: [&str; 4] = ["%d/%b/%Y", "%d/%b/%Y:%H:%M:%S", "%d/%b/%Y:%H:%M", "%d/%b/%Y %H:%M:%S"];

/// Dates and times in the syslog form, with a year before them.
const SYSLOG: [&str; 3] = ["%Y %b %d", "%Y %b %d %H:%M", "%Y %b %d %H:%M:%S"];

/// Parses a moment. These forms are accepted: `now`; an age before it (`12h`, `1d12h`, `2 days ago`); a date, which
/// means its start (`2026-11-23`, `23/Nov/2026`, `today`, `yesterday`); a date and time (`2026-11-23 10:00`,
/// `2026-11-23T10:00:00Z`, `Nov 23 10:00:00`); a time of today (`10:00`); seconds since 1970 (`@1795430074`). A text
/// without a zone is in `zone`. A missing year is the last one in which the moment is at most a day ahead, as in a log.
///
/// # Errors
/// The text has none of these forms; the sentence says what to write.
pub fn read(text: &str, now: Timestamp, zone: &TimeZone) -> Result<Timestamp, String> {
    let text = text.trim();
    absolute(text, now)
        .or_else(|| {
            let age = age(text.strip_suffix("ago").map_or(text, str::trim_end))?;
            now.checked_sub(age).ok()
        })
        .or_else(|| local(text, now, zone))
        .ok_or_else(|| {
            format!(
                "`{text}` is no time: write 2026-11-23, \"2026-11-23 10:00\", \"Nov 23 10:00\", 10:00, today, yesterday, or an age \
                 such as 12h or 2d"
            )
        })
}

fn absolute(text: &str, now: Timestamp) -> Option<Timestamp> {
    if text == "now" {
        return Some(now);
    }
    if let Some(second) = text.strip_prefix('@') {
        return Timestamp::from_second(second.parse().ok()?).ok();
    }
    let zoned = || ZONED.iter().find_map(|form| Timestamp::strptime(form, text).ok());
    text.parse().ok().or_else(zoned)
}

fn local(text: &str, now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    let today = now.to_zoned_datetime(zone.clone()).date();
    let wall = match text {
        "today" => today.into(),
        "yesterday" => today.yesterday().ok()?.into(),
        _ if text.contains('/') => WEB.iter().find_map(|form| civil::DateTime::strptime(form, text).ok())?,
        _ if text.contains('-') => text.parse::<civil::DateTime>().ok()?,
        _ if text.starts_with(|c: char| c.is_ascii_uppercase()) => return without_year(text, now, zone),
        _ => today.to_datetime(text.parse::<civil::Time>().ok()?),
    };
    Some(wall.to_zoned_datetime(zone.clone()).ok()?.timestamp())
}

/// `Nov 23`, `Nov 23 10:00:00`: the year is that of a log line at this moment.
fn without_year(text: &str, now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    log::without_year(now, zone, |year| {
        let dated = format!("{year:04} {text}");
        let wall = SYSLOG.iter().find_map(|form| civil::DateTime::strptime(form, &dated).ok())?;
        Some(wall.to_zoned_datetime(zone.clone()).ok()?.timestamp())
    })
}

/// An age: `12h`, `1d12h`, `2 days`. Each number has a unit.
#[must_use]
pub fn age(text: &str) -> Option<SignedDuration> {
    let mut rest = text;
    if rest.is_empty() {
        return None;
    }
    let mut sum = 0_i64;
    while !rest.is_empty() {
        let (digits, behind) = rest.split_at_checked(rest.find(|c: char| !c.is_ascii_digit())?)?;
        let behind = behind.trim_start();
        let (unit, behind) =
            behind.split_at(behind.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(behind.len()));
        let seconds = match unit {
            "s" | "sec" | "second" | "seconds" => 1,
            "m" | "min" | "minute" | "minutes" => 60,
            "h" | "hour" | "hours" => 3_600,
            "d" | "day" | "days" => 86_400,
            "w" | "week" | "weeks" => 604_800,
            _ => return None,
        };
        sum = sum.checked_add(digits.parse::<i64>().ok()?.checked_mul(seconds)?)?;
        rest = behind.trim_start();
    }
    Some(SignedDuration::from_secs(sum))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_may_be_an_age_a_date_or_a_time() {
        let now: Timestamp = "2026-11-23T10:00:00Z".parse().unwrap();
        let zone = TimeZone::fixed(jiff::tz::offset(2));
        for (text, moment) in [
            ("12h", "2026-11-22T22:00:00Z"),
            ("2d", "2026-11-21T10:00:00Z"),
            ("90s", "2026-11-23T09:58:30Z"),
            ("1w", "2026-11-16T10:00:00Z"),
            ("2026-11-20", "2026-11-19T22:00:00Z"),
            ("2026-11-20 06:30", "2026-11-20T04:30:00Z"),
            ("2026-11-20T06:30:15", "2026-11-20T04:30:15Z"),
            ("2026-11-20T06:30:15Z", "2026-11-20T06:30:15Z"),
            ("2026-11-20T06:30:15-05:00", "2026-11-20T11:30:15Z"),
            ("08:15", "2026-11-23T06:15:00Z"),
            ("today", "2026-11-22T22:00:00Z"),
            ("yesterday", "2026-11-21T22:00:00Z"),
            ("now", "2026-11-23T10:00:00Z"),
            ("1d12h", "2026-11-21T22:00:00Z"),
            ("1 h 30 min", "2026-11-23T08:30:00Z"),
            ("2 days ago", "2026-11-21T10:00:00Z"),
            ("12h ago", "2026-11-22T22:00:00Z"),
            ("@1794000000", "2026-11-06T21:20:00Z"),
            ("Nov 10", "2026-11-09T22:00:00Z"),
            ("Nov  3", "2026-11-02T22:00:00Z"),
            ("Nov 10 10:00", "2026-11-10T08:00:00Z"),
            ("Nov 10 10:00:05", "2026-11-10T08:00:05Z"),
            ("Nov 24", "2026-11-23T22:00:00Z"),
            ("Nov 25", "2025-11-24T22:00:00Z"),
            ("Feb 29", "2024-02-28T22:00:00Z"),
            ("10/Nov/2026", "2026-11-09T22:00:00Z"),
            ("10/Nov/2026:10:00:00", "2026-11-10T08:00:00Z"),
            ("10/Nov/2026:10:00:00 +0100", "2026-11-10T09:00:00Z"),
            ("2026-11-10 10:00 +0100", "2026-11-10T09:00:00Z"),
            ("2026-11-10 10:00:30 -0500", "2026-11-10T15:00:30Z"),
        ] {
            assert_eq!(read(text, now, &zone), Ok(moment.parse().unwrap()), "{text}");
        }
        for bad in [
            "",
            "h",
            "2x",
            "99999999999999999999d",
            "2026-13-01",
            "25:00",
            "20 Nov",
            "-1h",
            "ago",
            "@",
            "@x",
            "1d-12h",
            "Nov 31",
            "Nov 10 25:00",
            "Nov 10 10:00:00 x",
            "31/Nov/2026",
            "2026-11-10 10:00 +9900",
            "9223372036854775807s 1s",
            "9223372036854775807w",
        ] {
            assert!(read(bad, now, &zone).is_err(), "{bad}");
        }
    }
}
