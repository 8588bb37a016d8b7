//! The times at the start of a head, read only to recognise them and find their end. [`crate::log::time`] reads their
//! meaning.

use crate::log::format::pieces;

/// The length of `Nov 23 10:34:34 `. The day may be padded with a blank or a zero or not at all, and a year or a
/// fraction of the second may follow.
pub(super) fn bsd_time(text: &[u8]) -> Option<usize> {
    let [b'A'..=b'Z', b'a'..=b'z', b'a'..=b'z', b' ', rest @ ..] = text else { return None };
    let clock = match rest {
        [b' ' | b'0'..=b'3', b'0'..=b'9', b' ', clock @ ..] | [b'1'..=b'9', b' ', clock @ ..] => clock,
        _ => return None,
    };
    let clock = match clock {
        [b'1' | b'2', b'0' | b'9', b'0'..=b'9', b'0'..=b'9', b' ', clock @ ..] => clock,
        _ => clock,
    };
    let [_, _, b':', _, _, b':', _, _, behind @ ..] = clock else { return None };
    let fraction = behind.first() == Some(&b'.');
    let end = if fraction { memchr::memchr(b' ', behind.get(..12).unwrap_or(behind))? } else { 0 };
    (behind.get(end) == Some(&b' ')).then(|| text.len() - behind.len() + end + 1)
}

/// `2026-11-23T10:34`
pub(crate) fn is_iso_time(text: &[u8]) -> bool {
    matches!(text, [b'0'..=b'9', _, _, b'0'..=b'9', b'-', _, _, b'-', _, _, b'T', _, _, b':', ..])
}

/// `@` and 24 hexadecimal digits: TAI64N, as multilog and s6-log write it.
pub(crate) fn is_tai64n(text: &[u8]) -> bool {
    text.first() == Some(&b'@')
        && text.get(1..25).is_some_and(|label| label.iter().all(u8::is_ascii_hexdigit))
        && text.get(25) == Some(&b' ')
}

/// The length of `2026-11-23 10:34:34 `, with a fraction and a zone, or of svlogd's `2026-11-23_10:34:34.48507 `.
pub(in crate::log::format) fn iso_time_with_blank(text: &[u8]) -> Option<usize> {
    let [b'0'..=b'9', _, _, b'0'..=b'9', b'-', _, _, b'-', _, _, b' ' | b'_', clock @ ..] = text else {
        return None;
    };
    behind_clock(clock).map(|behind| text.len() - behind.len())
}

/// The length of a time that no syslog writes, but other programs put before a line: `Mon Nov 23 10:34:34 2026 ` of
/// OpenWrt, `Mon 2026-11-23 10:34:34 ` and `1795430074.123456 ` of journalctl, `23-Nov-2026 10:34:34 `.
pub(in crate::log::format) fn unusual(text: &[u8]) -> Option<usize> {
    match text {
        [b'M' | b'T' | b'W' | b'F' | b'S', b'a'..=b'z', b'a'..=b'z', b' ', rest @ ..] => {
            let length = bsd_time(rest).or_else(|| iso_time_with_blank(rest))?;
            let year = match rest.get(length..)? {
                [b'1' | b'2', b'0'..=b'9', b'0'..=b'9', b'0'..=b'9', b' ', ..] => 5,
                _ => 0,
            };
            Some(4 + length + year)
        }
        [b'0'..=b'3', b'0'..=b'9', b'-', b'A'..=b'Z', _, _, b'-', b'1' | b'2', _, _, _, b' ', clock @ ..] => {
            behind_clock(clock).map(|behind| text.len() - behind.len())
        }
        [b'1'..=b'9', ..] => epoch(text),
        _ => None,
    }
}

/// The length of `1795430074.123456 `.
pub(in crate::log::format) fn epoch(text: &[u8]) -> Option<usize> {
    text.get(10).filter(|dot| **dot == b'.')?;
    let (stamp, _) = pieces::cut_blank(text.get(..24).unwrap_or(text))?;
    let (seconds, rest) = stamp.split_at_checked(10)?;
    let fraction = rest.strip_prefix(b".")?;
    seconds.iter().chain(fraction).all(u8::is_ascii_digit).then_some(stamp.len() + 1)
}

/// The text after `10:34:34.123 +0100 `.
fn behind_clock(clock: &[u8]) -> Option<&[u8]> {
    let [b'0'..=b'2', b'0'..=b'9', b':', _, _, b':', _, _, rest @ ..] = clock else { return None };
    let near = rest.get(..24).unwrap_or(rest);
    let end = memchr::memchr(b' ', near)?;
    let exact = |b: &u8| b.is_ascii_digit() || matches!(b, b'.' | b',' | b'+' | b'-' | b':' | b'Z');
    let joined = near.get(..end)?;
    let rest =
        (joined.iter().all(exact) && !joined.ends_with(b":")).then(|| rest.get(end + 1..)).flatten()?;
    let zone = matches!(rest, [b'+' | b'-', b'0'..=b'9', b'0'..=b'9', b'0'..=b'9', b'0'..=b'9', b' ', ..]);
    Some(rest.get(if zone { 6 } else { 0 }..)?.trim_ascii_start())
}
