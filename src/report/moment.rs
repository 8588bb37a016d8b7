//! `--since` and `--until`: a moment as people write one.

use jiff::{SignedDuration, Timestamp, civil, tz::TimeZone};

/// Reads a moment: an age before now (`12h`, `2d`), a date (`2026-11-23`: as it begins), a date and time
/// (`2026-11-23 10:00`, `2026-11-23T10:00:00Z`), or a time of today (`10:00`). What names no zone is in `zone`.
///
/// # Errors
/// The text is none of these; the sentence says what to write.
pub fn read(text: &str, now: Timestamp, zone: &TimeZone) -> Result<Timestamp, String> {
    let text = text.trim();
    age(text)
        .and_then(|age| now.checked_sub(age).ok())
        .or_else(|| text.parse::<Timestamp>().ok())
        .or_else(|| local(text, now, zone))
        .ok_or_else(|| {
            format!("`{text}` is no time: write 2026-11-23, \"2026-11-23 10:00\", 10:00, or an age such as 12h or 2d")
        })
}

fn local(text: &str, now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    let today = now.to_zoned_datetime(zone.clone()).date();
    let wall = match text {
        "today" => today.into(),
        "yesterday" => today.yesterday().ok()?.into(),
        _ if text.contains('-') => text.parse::<civil::DateTime>().ok()?,
        _ => today.to_datetime(text.parse::<civil::Time>().ok()?),
    };
    Some(wall.to_zoned_datetime(zone.clone()).ok()?.timestamp())
}

fn age(text: &str) -> Option<SignedDuration> {
    let (digits, unit) = text.split_at_checked(text.find(|c: char| !c.is_ascii_digit())?)?;
    let seconds = match unit {
        "s" => 1,
        "m" | "min" => 60,
        "h" => 3_600,
        "d" => 86_400,
        "w" => 604_800,
        _ => return None,
    };
    digits.parse::<i64>().ok()?.checked_mul(seconds).map(SignedDuration::from_secs)
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
            "9223372036854775807w",
        ] {
            assert!(read(bad, now, &zone).is_err(), "{bad}");
        }
    }
}
