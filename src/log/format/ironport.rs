//! Cisco's Email Security Appliance (IronPort): `New SMTP ICID 5 interface Data1 (LOCAL) address ADDRESS reverse dns
//! host NAME verified no`. An incoming connection has an injection ID (ICID), an outgoing one a delivery ID (DCID).

use super::{LineReading, general, pieces};
use crate::log::token;

/// Reads a line known by the ID of its connection.
pub(super) fn by_shape(line: &[u8]) -> LineReading {
    // `Mon Nov 23 10:34:34 2026 Info: `; through syslog the date is missing.
    let dated =
        matches!(line, [b'A'..=b'Z', _, _, b' ', b'A'..=b'Z', _, _, b' ', _, _, b' ', _, _, b':', ..]);
    let text = if dated { line.get(25..).unwrap_or_default() } else { line };
    let levels = [&b"Info: "[..], b"Warning: ", b"Critical: ", b"Debug: "];
    if !levels.iter().any(|level| text.starts_with(level)) {
        return LineReading::Foreign;
    }
    let near = line.get(..160).unwrap_or(line);
    if has_id(near, b"DCID ") || has_id(near, b"DCID: ") {
        return LineReading::Outgoing;
    }
    if !has_id(near, b"ICID ") {
        return LineReading::Foreign;
    }
    // Text about a mail quotes it.
    if has_id(near, b"MID ") {
        return LineReading::Nobody;
    }
    // Our own interface comes before it, the name from DNS after it.
    if let Some(peer) = pieces::behind(line, b" address ") {
        return LineReading::incoming(token::leading(peer));
    }
    if pieces::has(line, b" HAT ") && line.ends_with(b")") {
        let open = memchr::memrchr(b'(', line).and_then(|open| line.get(open + 1..line.len() - 1));
        return LineReading::incoming(open.and_then(token::bare));
    }
    LineReading::incoming(general::find(line).named)
}

/// Whether a text begins with this word and a number.
fn has_id(text: &[u8], word: &[u8]) -> bool {
    pieces::behind(text, word).is_some_and(|rest| rest.first().is_some_and(u8::is_ascii_digit))
}
