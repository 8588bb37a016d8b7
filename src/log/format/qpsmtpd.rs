//! qpsmtpd: `Connection from HOST [ADDRESS]`, `Accepted connection 0/15 from ADDRESS / HOST`, and logterse, whose first
//! field after the backtick is the client. Commands that it dispatches are the client's text.

use super::{LineReading, general, pieces};
use crate::log::token;

/// Hooks whose plugins judge or forward the client's own text.
const HOOKS: &[&[u8]] = &[b"(helo) ", b"(ehlo) ", b"(mail) ", b"(data) ", b"(data_post) ", b"(queue) "];

/// The client of a message, with or without its process ID.
pub(super) fn client(message: &[u8]) -> LineReading {
    about(behind_pid(message).unwrap_or(message))
}

fn about(message: &[u8]) -> LineReading {
    if let Some(fields) = logterse(message) {
        return fields;
    }
    if message.starts_with(b"dispatching ") || HOOKS.iter().any(|hook| message.starts_with(hook)) {
        return LineReading::Nobody;
    }
    // A reply repeats the client's text: `550 <x@[192.0.2.1]> denied`, `250-mx.example Hi HELO [ADDRESS]`.
    if let [b'2'..=b'5', b'0'..=b'9', b'0'..=b'9', b' ' | b'-', answer @ ..] = message {
        let greets = message.starts_with(b"250")
            && pieces::cut_blank(answer).is_some_and(|(_, rest)| rest.starts_with(b"Hi "));
        let host = if greets { memchr::memrchr(b'[', answer) } else { None };
        return LineReading::incoming(host.and_then(|open| pieces::bracketed(answer, open)));
    }
    if let Some(rest) = message.strip_prefix(b"Connection from ") {
        let close = memchr::memrchr(b'[', rest).and_then(|open| pieces::bracketed(rest, open));
        return LineReading::incoming(close);
    }
    if message.starts_with(b"Accepted connection ") {
        return LineReading::incoming(pieces::behind(message, b" from ").and_then(token::leading));
    }
    if message.starts_with(b"Listening on ") || message.starts_with(b"Running as ") {
        return LineReading::Nobody;
    }
    LineReading::incoming(general::client(message))
}

/// Reads a line of logging/warn, logging/file or multilog, already without its TAI64N stamp: a process ID, a message.
pub(super) fn by_shape(line: &[u8]) -> LineReading {
    let Some(message) = behind_pid(line) else {
        return logterse(line).unwrap_or(LineReading::Foreign);
    };
    about(message)
}

/// `` ` 203.0.113.7<TAB>rdns<TAB>helo<TAB>sender<TAB>... ``
fn logterse(message: &[u8]) -> Option<LineReading> {
    let near = message.get(..160).unwrap_or(message);
    let tick = memchr::memmem::find(near, b"` ")?;
    let before = near.get(..tick)?;
    let before =
        if before.starts_with(b"(") { pieces::behind(before, b") ").unwrap_or_default() } else { before };
    if !before.is_empty() && !before.starts_with(b"logging::logterse") && !before.starts_with(b"logterse") {
        return None;
    }
    let fields = message.get(tick + 2..)?;
    let field = fields.get(..memchr::memchr(b'\t', fields)?)?;
    token::leading(field).map(LineReading::Incoming)
}

fn behind_pid(text: &[u8]) -> Option<&[u8]> {
    let (pid, rest) = pieces::cut_blank(text)?;
    ((1..=10).contains(&pid.len()) && pid.iter().all(u8::is_ascii_digit)).then_some(rest)
}
