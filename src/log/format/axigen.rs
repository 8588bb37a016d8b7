//! Axigen: `2026-11-23 10:34:34 +0100 08 mx SMTP-IN:0000012B: [LOCAL:25] connection accepted from [ADDRESS:51234]`. The
//! service before the session gives the direction. Lines about a login or a mail quote the client's text.

use super::{LineReading, head, pieces};
use crate::log::token;

/// Marks before the client's address. No text of the client's comes before them.
const MARKS: [&[u8]; 5] =
    [b"connection accepted from ", b"connection from ", b"session from ", b" remote ", b" connected from "];

/// Reads a line known by its zone, its two-digit level, and a service with a session after the host.
pub(super) fn by_shape(line: &[u8]) -> LineReading {
    let Some(text) = behind_head(line) else { return LineReading::Foreign };
    let Some((service, text)) = pieces::cut_blank(text) else { return LineReading::Foreign };
    let name = pieces::before(service, b":");
    let plain = |b: &u8| b.is_ascii_uppercase() || b.is_ascii_digit() || *b == b'-';
    if !service.ends_with(b":") || name.len() + 1 >= service.len() || !name.iter().all(plain) {
        return LineReading::Foreign;
    }
    if name.ends_with(b"-OUT") {
        return LineReading::Outgoing;
    }
    // A proxy gives the client's address.
    if let Some(rest) = text.strip_prefix(b"Remote address updated from '") {
        return LineReading::incoming(pieces::behind_near(rest, 64, b"' to '").and_then(token::leading));
    }
    // `SPF result for EHLO domain <TEXT> connected from <ADDRESS>: None`
    if text.starts_with(b"SPF result for ") {
        let client = pieces::behind_last(text, b" connected from <");
        return LineReading::incoming(client.and_then(token::leading));
    }
    let own = pieces::before(text.get(..96).unwrap_or(text), b"'");
    let client = MARKS.iter().find_map(|mark| pieces::behind(own, mark));
    LineReading::incoming(client.and_then(token::leading))
}

/// The text after `2026-11-23 10:34:34 +0100 08 mx `.
fn behind_head(line: &[u8]) -> Option<&[u8]> {
    let rest = line.get(head::clock::iso_time_with_blank(line)?..)?.trim_ascii_start();
    let rest = match rest {
        [b'+' | b'-', b'0'..=b'9', b'0'..=b'9', b'0'..=b'9', b'0'..=b'9', b' ', rest @ ..] => rest,
        _ => rest,
    };
    let [b'0'..=b'9', b'0'..=b'9', b' ', rest @ ..] = rest else { return None };
    pieces::cut_blank(rest).map(|(_, rest)| rest)
}
