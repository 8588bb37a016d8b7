//! Postal 2: `[smtp.1:4711] [2026-11-23T10:34:34.123] DEBUG -- : [II4CFE]    Client identified as ADDRESS`. The
//! client's words follow `<=`, the replies follow `=>`. A worker's lines are about outgoing mail.

use super::{LineReading, general, pieces};
use crate::log::token;

/// Reads a line known by the mark between its level and its session.
pub(super) fn by_shape(line: &[u8]) -> LineReading {
    let Some(rest) = pieces::behind_near(line, 160, b" -- : [") else { return LineReading::Foreign };
    // Exactly two brackets and a level come before the mark.
    let before = line.get(..line.len() - rest.len() - 7).unwrap_or_default();
    let (brackets, level) = before.split_at(memchr::memrchr(b']', before).map_or(0, |close| close + 1));
    let level = level.trim_ascii();
    let two = pieces::behind(brackets, b"] [")
        .is_some_and(|second| memchr::memchr(b']', second) == Some(second.len() - 1));
    if !two || level.is_empty() || !level.iter().all(u8::is_ascii_uppercase) {
        return LineReading::Foreign;
    }
    let Some(text) = pieces::behind_near(rest, 48, b"] ") else { return LineReading::Foreign };
    let text = text.trim_ascii_start();
    if text.starts_with(b"<=") || text.starts_with(b"=>") {
        return LineReading::Nobody;
    }
    let peer = [&b"Client identified as "[..], b"Connection opened from ", b"WARN: AUTH failure for "];
    if let Some(peer) = peer.iter().find_map(|mark| text.strip_prefix(*mark)) {
        return LineReading::incoming(token::leading(peer));
    }
    let sent = [
        &b"Connected to "[..],
        b"Cannot connect to ",
        b"Connecting to ",
        b"Message sent ",
        b"Sending message ",
    ];
    if line.starts_with(b"[worker.") || sent.iter().any(|mark| text.starts_with(mark)) {
        return LineReading::Outgoing;
    }
    LineReading::incoming(general::find(text).named)
}
