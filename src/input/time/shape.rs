//! The shapes that programs give to a time. A line's time stands near its beginning.

/// A time as it stands on the wall.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Stamp {
    pub(super) year: Option<i16>,
    pub(super) month: u8,
    pub(super) day: u8,
    pub(super) hour: u8,
    pub(super) minute: u8,
    /// Up to 60: leap seconds are written down.
    pub(super) second: u8,
}

/// What a line says of its time.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Moment {
    /// A time on the wall, and how many seconds that wall is ahead of UTC, where it is said.
    Civil(Stamp, Option<i32>),
    /// Seconds since 1970.
    Unix(i64),
}

/// What stands before a time, at most: `"SMTPD"`, numbers, a file's name.
const NEAR: usize = 96;

/// The time in a line: at its beginning, else the first near it; else in an access log's brackets.
pub(super) fn find(line: &[u8]) -> Option<Moment> {
    if let Some(moment) = here(line) {
        return Some(moment);
    }
    let mut borders = line.windows(2).take(NEAR).enumerate().filter_map(|(at, pair)| match pair {
        [before, b'0'..=b'9' | b'A'..=b'Z'] if !before.is_ascii_alphanumeric() => line.get(at + 1..),
        _ => None,
    });
    borders.find_map(|text| here(text).filter(|moment| !matches!(moment, Moment::Unix(_)))).or_else(|| {
        // Names and forwarders may push it far to the right.
        let far = line.get(..1024).unwrap_or(line);
        let mut brackets = memchr::memchr_iter(b'[', far).filter_map(|at| line.get(at + 1..));
        brackets.find_map(|text| matches!(text, [_, _, b'/', ..]).then(|| named_month(text)).flatten())
    })
}

/// The time that a text begins with.
fn here(text: &[u8]) -> Option<Moment> {
    match text {
        [b'A'..=b'Z', b'a'..=b'z', b'a'..=b'z', b' ', ..] => match month(text) {
            Some(_) => bsd(text),
            // `Mon Nov 23 10:34:34 2026`, `Mon 2026-11-23 10:34:34`
            None if is_weekday(text) => unix_date(text.get(4..)?).or_else(|| iso(text.get(4..)?)),
            None => None,
        },
        [b'A'..=b'Z', _, _, b',', b' ', ..] if is_weekday(text) => named_month(text.get(5..)?),
        [b'A'..=b'Z', _, _, b'-', _, _, b'-', ..] => assp(text),
        [b'0'..=b'9', _, _, _, b'-' | b'/', ..] => iso(text),
        [b'0'..=b'9', _, b'/' | b'-' | b' ', b'A'..=b'Z', ..] => named_month(text),
        [b'0'..=b'9', _, b'/' | b'-' | b'.', _, _, b'/' | b'-' | b'.', ..] => numbers(text),
        [b'1'..=b'9', rest @ ..] => epoch(text, rest),
        [b'@', ..] => tai64n(text),
        _ => None,
    }
}

/// Seconds from 1970 to a time that stands on a wall in UTC; None when there is no such day.
pub(super) fn utc(stamp: &Stamp) -> Option<i64> {
    let year = i64::from(stamp.year?);
    let (month, day) = (i64::from(stamp.month), i64::from(stamp.day));
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let last = match month {
        4 | 6 | 9 | 11 => 30,
        2 => 28 + i64::from(leap),
        _ => 31,
    };
    if day > last {
        return None;
    }
    // Years that begin in March end in the leap day; then months have 30.6 days, rounded.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = 365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    let days = days + (153 * month + 2) / 5 + day - 1 - 719_468;
    let second = i64::from(stamp.second.min(59));
    Some(days * 86_400 + i64::from(stamp.hour) * 3_600 + i64::from(stamp.minute) * 60 + second)
}

/// `Nov 23 10:34:34`, `Nov  3 10:34:34`, `Nov 3 10:34:34`, `Nov 23 2026 10:34:34`
fn bsd(text: &[u8]) -> Option<Moment> {
    let month = month(text)?;
    let (day, rest) = match text.get(4..)? {
        [digit @ b'1'..=b'9', b' ', rest @ ..] => (digit - b'0', rest),
        [tens @ (b' ' | b'0'..=b'3'), ones, b' ', rest @ ..] => (padded_day(&[*tens, *ones])?, rest),
        _ => return None,
    };
    let (year, rest) = match rest {
        [b'0'..=b'9', _, _, _, b' ', after @ ..] => (Some(year(rest.get(..4)?)?), after),
        _ => (None, rest),
    };
    Some(Moment::Civil(on_clock(year, month, day, rest)?, None))
}

/// `Nov 23 10:34:34.123456 2026`
fn unix_date(text: &[u8]) -> Option<Moment> {
    let Moment::Civil(stamp, zone) = bsd(text)? else { return None };
    let seconds = memchr::memrchr(b':', text.get(..17).unwrap_or(text))?;
    let rest = behind_fraction(text.get(seconds + 3..)?).strip_prefix(b" ")?;
    let year = rest.get(..4).and_then(year).filter(|_| !rest.get(4).is_some_and(u8::is_ascii_digit));
    Some(Moment::Civil(Stamp { year, ..stamp }, zone))
}

/// `2026-11-23T10:34:34.123456+01:00`, `2026-11-23 10:34:34 +0100`, `2026/11/23 10:34:34`
fn iso(text: &[u8]) -> Option<Moment> {
    let [_, _, _, _, first, _, _, second, _, _, b'T' | b' ' | b't', clock @ ..] = text else { return None };
    if first != second {
        return None;
    }
    let (month, day) = (two(text.get(5..7)?)?, two(text.get(8..10)?)?);
    let stamp = on_clock(Some(year(text.get(..4)?)?), month, day, clock)?;
    let behind = behind_fraction(clock.get(8..)?);
    let zone = offset(behind);
    // IIS writes UTC and does not say so; its next column is an address.
    let iis = || behind.strip_prefix(b" ").is_some_and(|rest| crate::input::token::leading(rest).is_some());
    Some(Moment::Civil(stamp, zone.or_else(|| iis().then_some(0))))
}

/// `23/Nov/2026:10:34:34 +0100`, `23-Nov-2026 10:34:34`, `23 Nov 2026 10:34:34`
fn named_month(text: &[u8]) -> Option<Moment> {
    let [_, _, first, _, _, _, second, _, _, _, _, b':' | b' ', clock @ ..] = text else { return None };
    if first != second {
        return None;
    }
    let day = padded_day(text.get(..2)?)?;
    let stamp = on_clock(Some(year(text.get(7..11)?)?), month(text.get(3..)?)?, day, clock)?;
    Some(Moment::Civil(stamp, offset(behind_fraction(clock.get(8..)?))))
}

/// `11-23-2026 10:34:34`, `23.11.2026 10:34:34`. Where both could be a month the first is, as Domino and
/// SquirrelMail have it, but not before dots.
fn numbers(text: &[u8]) -> Option<Moment> {
    let [_, _, mark, _, _, _, _, _, _, _, b' ', clock @ ..] = text else { return None };
    let (first, second) = (two(text.get(..2)?)?, two(text.get(3..5)?)?);
    let (month, day) = if first > 12 || *mark == b'.' { (second, first) } else { (first, second) };
    let stamp = on_clock(Some(year(text.get(6..10)?)?), month, day, clock)?;
    Some(Moment::Civil(stamp, None))
}

/// `Nov-23-26 10:34:34`
fn assp(text: &[u8]) -> Option<Moment> {
    let day = two(text.get(4..6)?)?;
    let year = 2000 + i16::from(two(text.get(7..9)?)?);
    let clock = text.get(9..)?.strip_prefix(b" ")?;
    Some(Moment::Civil(on_clock(Some(year), month(text)?, day, clock)?, None))
}

/// `1795430074.123`, as squid writes it.
fn epoch(text: &[u8], rest: &[u8]) -> Option<Moment> {
    let [_, _, _, _, _, _, _, _, _, b'.', b'0'..=b'9', b'0'..=b'9', b'0'..=b'9', b' ', ..] = rest else {
        return None;
    };
    Some(Moment::Unix(i64::from(digits(text.get(..10)?)?)))
}

/// `@` and 2^62 + seconds + 10 in hexadecimal, as daemontools and its heirs count them, then nanoseconds.
fn tai64n(text: &[u8]) -> Option<Moment> {
    let label =
        std::str::from_utf8(text.get(1..25)?).ok().filter(|l| l.bytes().all(|b| b.is_ascii_hexdigit()))?;
    let seconds = i64::from_str_radix(label.get(..16)?, 16).ok()?;
    Some(Moment::Unix(seconds.checked_sub((1 << 62) + 10).filter(|second| *second > 0)?))
}

/// `10:34:34` behind a date.
fn on_clock(year: Option<i16>, month: u8, day: u8, clock: &[u8]) -> Option<Stamp> {
    let [_, _, b':', _, _, b':', _, _, ..] = clock else { return None };
    let hour = two(clock.get(..2)?).filter(|hour| *hour < 24)?;
    let minute = two(clock.get(3..5)?).filter(|minute| *minute < 60)?;
    let second = two(clock.get(6..8)?).filter(|second| *second <= 60)?;
    let real = (1..=12).contains(&month) && (1..=31).contains(&day);
    real.then_some(Stamp { year, month, day, hour, minute, second })
}

fn behind_fraction(text: &[u8]) -> &[u8] {
    let Some(b'.' | b',') = text.first() else { return text };
    let digits = text.iter().skip(1).take_while(|b| b.is_ascii_digit()).count();
    if digits == 0 { text } else { text.get(digits + 1..).unwrap_or_default() }
}

/// `Z`, `+01:00`, `+0100`, ` +0100`: seconds ahead of UTC.
fn offset(text: &[u8]) -> Option<i32> {
    let text = text.strip_prefix(b" ").unwrap_or(text);
    let (sign, digits, rest) = match text {
        [b'Z', rest @ ..] => (1, *b"0000", rest),
        [sign @ (b'+' | b'-'), a, b, b':', c, d, rest @ ..]
        | [sign @ (b'+' | b'-'), a, b, c, d, rest @ ..] => {
            (if *sign == b'-' { -1 } else { 1 }, [*a, *b, *c, *d], rest)
        }
        _ => return None,
    };
    let [a, b, c, d] = digits;
    let (hours, minutes) = (i32::from(two(&[a, b])?), i32::from(two(&[c, d])?));
    let ends = !rest.first().is_some_and(u8::is_ascii_alphanumeric);
    (ends && hours < 24 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

fn month(text: &[u8]) -> Option<u8> {
    const NAMES: [&[u8; 3]; 12] =
        [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];
    let name = text.get(..3)?;
    (1..).zip(NAMES).find(|(_, known)| known.as_slice() == name).map(|(number, _)| number)
}

fn is_weekday(text: &[u8]) -> bool {
    matches!(text.get(..3), Some(b"Mon" | b"Tue" | b"Wed" | b"Thu" | b"Fri" | b"Sat" | b"Sun"))
}

/// ` 3`, `03` or `23`.
fn padded_day(text: &[u8]) -> Option<u8> {
    match text {
        [b' ', digit] => two(&[b'0', *digit]),
        _ => two(text),
    }
}

fn two(text: &[u8]) -> Option<u8> {
    match text {
        [a @ b'0'..=b'9', b @ b'0'..=b'9'] => Some((a - b'0') * 10 + (b - b'0')),
        _ => None,
    }
}

/// No mail was logged before 1970.
fn year(text: &[u8]) -> Option<i16> {
    digits(text).and_then(|year| i16::try_from(year).ok()).filter(|year| *year >= 1970)
}

fn digits(text: &[u8]) -> Option<u32> {
    text.iter().try_fold(0_u32, |value, b| {
        let digit = b.is_ascii_digit().then(|| u32::from(b - b'0'))?;
        value.checked_mul(10)?.checked_add(digit)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_days_as_jiff_does() {
        for text in [
            "1970-01-01T00:00:00Z",
            "2000-02-29T23:59:59Z",
            "2100-03-01T00:00:00Z",
            "2026-11-23T10:34:34Z",
            "1999-12-31T12:00:00Z",
        ] {
            let Some(Moment::Civil(stamp, Some(0))) = here(text.as_bytes()) else { panic!("{text}") };
            assert_eq!(utc(&stamp), Some(text.parse::<jiff::Timestamp>().unwrap().as_second()), "{text}");
        }
        let Some(Moment::Civil(stamp, _)) = here(b"2026-02-29T00:00:00Z") else { panic!() };
        assert_eq!(utc(&stamp), None);
    }

    #[test]
    fn reads_what_counts_seconds() {
        // The label of 2026-11-23T10:34:34Z: 2^62 + 1795430074 + 10.
        assert_eq!(here(b"@400000006b04 x"), None);
        let label = format!("@{:016x}{:08x} 4711 x", (1_u64 << 62) + 1_795_430_074 + 10, 5);
        assert_eq!(here(label.as_bytes()), Some(Moment::Unix(1_795_430_074)));
        assert_eq!(here(b"1795430074.123 1 203.0.113.7"), Some(Moment::Unix(1_795_430_074)));
        assert_eq!(find(b"size 1795430074.123 x"), None);
    }
}
