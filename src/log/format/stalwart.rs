//! Stalwart: `2026-11-23T10:34:34Z INFO Network connection started (network.connection-start) listenerId = "smtp",
//! localPort = 25, remoteIp = ADDRESS, remotePort = 51234`. The event in brackets tells the direction; the same key
//! also names the server that a mail is delivered to.

use super::{LineReading, pieces};
use crate::log::token;

/// The first words of events of incoming connections. All others (`delivery`, `dane`, `mta-sts`, `dns`, `queue`) are
/// about outgoing mail or no connection.
const INCOMING: [&[u8]; 14] = [
    b"network",
    b"smtp",
    b"auth",
    b"security",
    b"imap",
    b"pop3",
    b"manage-sieve",
    b"jmap",
    b"http",
    b"limit",
    b"spam",
    b"eval",
    b"session",
    b"tls",
];

/// Reads a line known by its event.
pub(super) fn by_shape(line: &[u8]) -> LineReading {
    let Some((event, text)) = event(line) else { return LineReading::Foreign };
    let family = pieces::before(event, b".");
    // A listener is only named on an incoming connection.
    if !INCOMING.contains(&family) && !text.starts_with(b" listenerId = ") {
        return if family == b"delivery" { LineReading::Outgoing } else { LineReading::Nobody };
    }
    let mut quoted = false;
    for at in memchr::memchr2_iter(b'"', b'r', text) {
        let rest = text.get(at..).unwrap_or_default();
        if rest.starts_with(b"\"") {
            quoted ^= !pieces::is_escaped(text, at);
        } else if !quoted && let Some(address) = rest.strip_prefix(b"remoteIp = ") {
            return LineReading::incoming(token::leading(address));
        }
    }
    LineReading::Nobody
}

/// `delivery.connect` of `Connecting to remote server (delivery.connect) queueId = 1, ...`, and the text after it.
fn event(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let near = line.get(..200).unwrap_or(line);
    // `2026-11-23T10:34:34Z INFO `; the time or both may be missing.
    let text =
        if super::head::is_iso_time(near) { pieces::cut_blank(near)?.1.trim_ascii_start() } else { near };
    let starts = [&b"INFO "[..], b"WARN ", b"ERROR ", b"DEBUG ", b"TRACE ", b"Connecting to "];
    if !starts.iter().any(|start| text.starts_with(start)) {
        return None;
    }
    memchr::memchr_iter(b'(', near).take(3).find_map(|open| {
        let inside = line.get(open + 1..)?;
        let event = inside.get(..memchr::memchr(b')', inside.get(..64).unwrap_or(inside))?)?;
        let dot = memchr::memchr(b'.', event)?;
        let plain = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'.');
        let known =
            dot > 1 && event.iter().all(plain) && !event.iter().all(|b| b.is_ascii_digit() || *b == b'.');
        let text = inside.get(event.len() + 1..)?;
        // Keys follow, with a blank on both sides of their equals sign.
        let pairs = pieces::has(text.get(..48).unwrap_or(text), b" = ");
        (known && pairs).then_some((event, text))
    })
}
