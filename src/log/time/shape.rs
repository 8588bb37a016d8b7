//! The forms of time that programs write. A line's time is near its start.

/// A wall-clock time.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct WallTime {
    pub(super) year: Option<i16>,
    pub(super) month: u8,
    pub(super) day: u8,
    pub(super) hour: u8,
    pub(super) minute: u8,
    /// Up to 60: logs contain leap seconds.
    pub(super) second: u8,
}

/// The time that a line gives.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum LineTime {
    /// A wall-clock time, and the seconds that it is ahead of UTC, if given.
    Civil(WallTime, Option<i32>),
    /// Seconds since 1970.
    Unix(i64),
}

/// The order of day and month in a numeric date, where both could be either.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum DateOrder {
    /// `11/23/2026`, the default of Domino, MailEnable and SquirrelMail.
    #[default]
    MonthFirst,
    /// `23/11/2026`
    DayFirst,
}

/// The order of dates that a line's numeric date shows for its file.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum DateEvidence {
    /// One of the numbers cannot be a month.
    Certain(DateOrder),
    /// Both numbers could be a month.
    Either,
}

/// The most bytes before a time: `"SMTPD"`, numbers, a file's name.
const NEAR: usize = 96;

/// The time in a line: at its start, else the first one near it, else in an access log's brackets.
pub(super) fn find(line: &[u8], order: DateOrder) -> Option<LineTime> {
    let read = |text: &[u8]| here(text, order);
    read(line).or_else(|| member(line, order)).or_else(|| near(line, read)).or_else(|| {
        // Names and forwarders may move it far to the right.
        let far = line.get(..1024).unwrap_or(line);
        let mut brackets = memchr::memchr_iter(b'[', far).filter_map(|at| line.get(at + 1..));
        brackets.find_map(|text| matches!(text, [_, _, b'/', ..]).then(|| named_month(text)).flatten())
    })
}

/// The order of day and month that the date of a line shows. None if there is no date, if it has a month's name or the
/// year first, or if it uses dots, where the day comes first.
pub(crate) fn evidence(line: &[u8]) -> Option<DateEvidence> {
    let read = |text: &[u8]| {
        let found = here(text, DateOrder::MonthFirst)?;
        Some(numeric(text).filter(|_| matches!(found, LineTime::Civil(..))))
    };
    if line.first() == Some(&b'{') {
        return None;
    }
    read(line).or_else(|| near(line, read)).flatten()
}

/// The first result of `read` after a border near a line's start.
fn near<T>(line: &[u8], read: impl Fn(&[u8]) -> Option<T>) -> Option<T> {
    let mut borders = line.windows(2).take(NEAR).enumerate().filter_map(|(at, pair)| match pair {
        [before, b'0'..=b'9' | b'A'..=b'Z'] if !before.is_ascii_alphanumeric() => line.get(at + 1..),
        _ => None,
    });
    // A number of seconds is a time only at the start.
    borders.find_map(|text| if epoch(text).is_some() { None } else { read(text) })
}

/// `11-23-2026`, `1/3/26`: whether one of the numbers cannot be a month.
fn numeric(text: &[u8]) -> Option<DateEvidence> {
    let (first, rest) = short(text)?;
    let (mark, rest) = rest.split_first().filter(|(mark, _)| matches!(mark, b'-' | b'/'))?;
    let (second, rest) = short(rest)?;
    if rest.first() != Some(mark) {
        return None;
    }
    Some(match (first > 12, second > 12) {
        (true, _) => DateEvidence::Certain(DateOrder::DayFirst),
        (_, true) => DateEvidence::Certain(DateOrder::MonthFirst),
        _ => DateEvidence::Either,
    })
}

/// The time at the start of a text.
fn here(text: &[u8], order: DateOrder) -> Option<LineTime> {
    match text {
        [b'A'..=b'Z', b'a'..=b'z', b'a'..=b'z', b' ', ..] => match month(text) {
            Some(_) => bsd(text),
            // `Mon Nov 23 10:34:34 2026`, `Mon 2026-11-23 10:34:34`
            None if is_weekday(text) => unix_date(text.get(4..)?).or_else(|| iso(text.get(4..)?)),
            None => None,
        },
        [b'A'..=b'Z', _, _, b',', b' ', ..] if is_weekday(text) => named_month(text.get(5..)?),
        [b'A'..=b'Z', _, _, b'-', _, _, b'-', ..] => assp(text),
        [b'0'..=b'9', _, _, _, b'-' | b'/' | b'.', ..] => iso(text).or_else(|| numbers(text, order)),
        [b'0'..=b'9', _, b'/' | b'-' | b' ', b'A'..=b'Z', ..] => named_month(text),
        [b'0'..=b'9', b'/' | b'-' | b'.', b'0'..=b'9', ..]
        | [b'0'..=b'9', _, b'/' | b'-' | b'.', b'0'..=b'9', ..] => numbers(text, order),
        [b'1'..=b'9', ..] => epoch(text).filter(|(_, rest)| rest.starts_with(b" ")).map(|(moment, _)| moment),
        [b'@', ..] => tai64n(text),
        _ => None,
    }
}

/// `Nov 23 10:34:34`, `Nov  3 10:34:34`, `Nov 3 10:34:34`, `Nov 23 2026 10:34:34`
fn bsd(text: &[u8]) -> Option<LineTime> {
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
    Some(LineTime::Civil(on_clock(year, month, day, rest)?, None))
}

/// `Nov 23 10:34:34.123456 2026`
fn unix_date(text: &[u8]) -> Option<LineTime> {
    let LineTime::Civil(stamp, zone) = bsd(text)? else { return None };
    let seconds = memchr::memrchr(b':', text.get(..17).unwrap_or(text))?;
    let rest = behind_fraction(text.get(seconds + 3..)?).strip_prefix(b" ")?;
    let year = rest.get(..4).and_then(year).filter(|_| !rest.get(4).is_some_and(u8::is_ascii_digit));
    Some(LineTime::Civil(WallTime { year, ..stamp }, zone))
}

/// `2026-11-23T10:34:34.123456+01:00`, `2026-11-23 10:34:34 +0100`, `2026/11/23 10:34:34`
fn iso(text: &[u8]) -> Option<LineTime> {
    let [_, _, _, _, first, _, _, second, _, _, between @ (b'T' | b' ' | b't' | b'_'), clock @ ..] = text
    else {
        return None;
    };
    if first != second {
        return None;
    }
    let (month, day) = (two(text.get(5..7)?)?, two(text.get(8..10)?)?);
    let stamp = on_clock(Some(year(text.get(..4)?)?), month, day, clock)?;
    let behind = behind_fraction(clock.get(8..)?);
    let zone = offset(behind);
    // svlogd writes UTC. So does IIS, without saying so; its next column is an address.
    let iis = || behind.strip_prefix(b" ").is_some_and(|rest| crate::log::token::leading(rest).is_some());
    Some(LineTime::Civil(stamp, zone.or_else(|| (*between == b'_' || iis()).then_some(0))))
}

/// `23/Nov/2026:10:34:34 +0100`, `23-Nov-2026 10:34:34`, `23 Nov 2026 10:34:34`
fn named_month(text: &[u8]) -> Option<LineTime> {
    let [_, _, first, _, _, _, second, _, _, _, _, b':' | b' ', clock @ ..] = text else { return None };
    if first != second {
        return None;
    }
    let day = padded_day(text.get(..2)?)?;
    let stamp = on_clock(Some(year(text.get(7..11)?)?), month(text.get(3..)?)?, day, clock)?;
    Some(LineTime::Civil(stamp, offset(behind_fraction(clock.get(8..)?))))
}

/// `11-23-2026 10:34:34`, `23.11.2026 10:34:34`, `11/23/26 10:34:34`, `1/3/2026 1:34:34 PM`. If both numbers could be a
/// month, the file's order decides. With dots the day is always first.
fn numbers(text: &[u8], order: DateOrder) -> Option<LineTime> {
    let (first, rest) = short(text)?;
    let (mark, rest) = rest.split_first()?;
    let (second, rest) = short(rest)?;
    let (_, rest) = rest.split_first().filter(|(other, _)| *other == mark)?;
    let day_first = first > 12 || *mark == b'.' || order == DateOrder::DayFirst && second <= 12;
    let (month, day) = if day_first { (second, first) } else { (first, second) };
    let length = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    let year = match length {
        2 => 2000 + i16::from(two(rest.get(..2)?)?),
        _ => year(rest.get(..4).filter(|_| length == 4)?)?,
    };
    let clock = rest.get(length + 1..).filter(|_| matches!(rest.get(length), Some(b' ')))?;
    Some(LineTime::Civil(on_halves(Some(year), month, day, clock)?, None))
}

/// A number of one or two digits, and the text after it.
fn short(text: &[u8]) -> Option<(u8, &[u8])> {
    let length = if text.get(1)?.is_ascii_digit() { 2 } else { 1 };
    let (number, rest) = text.split_at_checked(length)?;
    Some((u8::try_from(digits(number)?).ok()?, rest))
}

/// `10:34:34`, or `1:34:34 PM` of a clock with twelve hours.
fn on_halves(year: Option<i16>, month: u8, day: u8, clock: &[u8]) -> Option<WallTime> {
    let (_, minutes) = short(clock)?;
    let early = [b"0", clock.get(..7).unwrap_or_default()].concat();
    let stamp = on_clock(year, month, day, if minutes.len() + 1 == clock.len() { &early } else { clock })?;
    let half = match minutes.get(6..) {
        Some([b' ', half @ (b'A' | b'a' | b'P' | b'p'), b'M' | b'm', rest @ ..])
            if !rest.first().is_some_and(u8::is_ascii_alphanumeric) =>
        {
            half.to_ascii_uppercase()
        }
        _ => return Some(stamp),
    };
    let real = (1..=12).contains(&stamp.hour);
    real.then_some(WallTime { hour: stamp.hour % 12 + if half == b'P' { 12 } else { 0 }, ..stamp })
}

/// The members of a JSON object that hold the time of a line, best first.
const MEMBERS: [&[u8]; 6] =
    [b"\"__REALTIME_TIMESTAMP\"", b"\"time\"", b"\"timestamp\"", b"\"@timestamp\"", b"\"ts\"", b"\"date\""];

/// The time in a member of a JSON object. Inside a string a quote has a backslash before it, so no text can contain
/// such a name.
fn member(line: &[u8], order: DateOrder) -> Option<LineTime> {
    if line.first() != Some(&b'{') {
        return None;
    }
    let near = line.get(..4096).unwrap_or(line);
    MEMBERS.iter().find_map(|name| {
        let at = memchr::memmem::find(near, name)? + name.len();
        let value = near.get(at..)?.trim_ascii_start().strip_prefix(b":")?.trim_ascii_start();
        let value = value.strip_prefix(b"\"").unwrap_or(value);
        epoch(value).map(|(moment, _)| moment).or_else(|| here(value, order))
    })
}

/// `Nov-23-26 10:34:34`
fn assp(text: &[u8]) -> Option<LineTime> {
    let day = two(text.get(4..6)?)?;
    let year = 2000 + i16::from(two(text.get(7..9)?)?);
    let clock = text.get(9..)?.strip_prefix(b" ")?;
    Some(LineTime::Civil(on_clock(Some(year), month(text)?, day, clock)?, None))
}

/// `1795430074.123`, as squid writes it, `1795430074`, and the same in milliseconds or microseconds; and the text after
/// it.
fn epoch(text: &[u8]) -> Option<(LineTime, &[u8])> {
    let length = text.iter().take(20).take_while(|b| b.is_ascii_digit()).count();
    if text.first() == Some(&b'0') || !matches!(length, 10 | 13 | 16) {
        return None;
    }
    let rest = text.get(length..)?;
    let fraction = rest
        .strip_prefix(b".")
        .map_or(0, |rest| rest.iter().take(9).take_while(|b| b.is_ascii_digit()).count());
    let rest = if fraction > 0 { rest.get(fraction + 1..)? } else { rest };
    Some((LineTime::Unix(i64::from(digits(text.get(..10)?)?)), rest))
}

/// `@` and 2^62 + seconds + 10 in hexadecimal, as daemontools and its successors write it, then nanoseconds.
fn tai64n(text: &[u8]) -> Option<LineTime> {
    let label =
        std::str::from_utf8(text.get(1..25)?).ok().filter(|l| l.bytes().all(|b| b.is_ascii_hexdigit()))?;
    let seconds = i64::from_str_radix(label.get(..16)?, 16).ok()?;
    Some(LineTime::Unix(seconds.checked_sub((1 << 62) + 10).filter(|second| *second > 0)?))
}

/// `10:34:34` after a date.
fn on_clock(year: Option<i16>, month: u8, day: u8, clock: &[u8]) -> Option<WallTime> {
    let [_, _, b':', _, _, b':', _, _, ..] = clock else { return None };
    let hour = two(clock.get(..2)?).filter(|hour| *hour < 24)?;
    let minute = two(clock.get(3..5)?).filter(|minute| *minute < 60)?;
    let second = two(clock.get(6..8)?).filter(|second| *second <= 60)?;
    let real = (1..=12).contains(&month) && (1..=31).contains(&day);
    real.then_some(WallTime { year, month, day, hour, minute, second })
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
    fn a_date_in_numbers_says_which_is_the_month_or_that_it_could_be_either() {
        let day = Some(DateEvidence::Certain(DateOrder::DayFirst));
        let month = Some(DateEvidence::Certain(DateOrder::MonthFirst));
        for (line, want) in [
            ("23-11-2026 10:34:34   x", day),
            ("11-23-2026 10:34:34   x", month),
            ("[04711:00010-3735542592] 05-11-2026 10:34:34   x", Some(DateEvidence::Either)),
            ("1/3/26 1:34:34 PM x", Some(DateEvidence::Either)),
            ("23.11.2026 10:34:34 x", None),
            ("2026-11-23 10:34:34 x 23-11-2026 10:34:34", None),
            ("Nov 23 10:34:34 mx x: 23-11-2026 10:34:34", None),
            ("{\"time\":\"23-11-2026 10:34:34\"}", None),
            ("no date", None),
        ] {
            assert_eq!(evidence(line.as_bytes()), want, "{line}");
        }
        let first = |line: &str, order| match find(line.as_bytes(), order) {
            Some(LineTime::Civil(wall, _)) => (wall.month, wall.day),
            other => panic!("{other:?}"),
        };
        assert_eq!(first("05-11-2026 10:34:34 x", DateOrder::DayFirst), (11, 5));
        assert_eq!(first("05-11-2026 10:34:34 x", DateOrder::MonthFirst), (5, 11));
        assert_eq!(first("11-23-2026 10:34:34 x", DateOrder::DayFirst), (11, 23));
    }

    #[test]
    fn reads_what_counts_seconds() {
        // The label of 2026-11-23T10:34:34Z: 2^62 + 1795430074 + 10.
        assert_eq!(here(b"@400000006b04 x", DateOrder::MonthFirst), None);
        let label = format!("@{:016x}{:08x} 4711 x", (1_u64 << 62) + 1_795_430_074 + 10, 5);
        assert_eq!(here(label.as_bytes(), DateOrder::MonthFirst), Some(LineTime::Unix(1_795_430_074)));
        assert_eq!(
            here(b"1795430074.123 1 203.0.113.7", DateOrder::MonthFirst),
            Some(LineTime::Unix(1_795_430_074))
        );
        assert_eq!(find(b"size 1795430074.123 x", DateOrder::MonthFirst), None);
    }
}
