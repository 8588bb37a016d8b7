//! OpenSSH and Dropbear: `Failed password for invalid user NAME from ADDRESS port 4711 ssh2`, `Connection closed by
//! authenticating user NAME ADDRESS port 4711 [preauth]`. The client chooses the name, of any number of words, and it
//! precedes the address. A reason or a version that the client sent follows it.

use super::{LineReading, general, login, pieces};
use crate::log::token;
use std::net::IpAddr;

/// Beginnings of messages, and the mark after the client's address at which the client's text begins.
const REASONS: [(&[u8], &[u8]); 3] = [
    (b"Disconnecting ", b": Change of username or service not allowed: "),
    (b"Failed ", b" ssh1: ruser "),
    (b"User ", b" not allowed because "),
];

/// The starts of messages without client's text before the address.
const FIRST: [&[u8]; 8] = [
    b"Connection from ",
    b"Connection closed by ",
    b"Connection reset by ",
    b"Received disconnect from ",
    b"Disconnected from ",
    b"Unable to negotiate with ",
    b"banner exchange: Connection from ",
    b"Exit before auth from <",
];

/// The starts of messages with a name directly before the address.
const NAMED: [&[u8]; 9] = [
    b"Connection closed by ",
    b"Connection reset by ",
    b"Connection from ",
    b"Disconnected from ",
    b"Disconnecting ",
    b"ssh_dispatch_run_fatal: Connection from ",
    b"Timeout before authentication for ",
    b"Unable to negotiate with ",
    b"error: Connection from ",
];

/// The client of a message of OpenSSH's.
pub(super) fn server(message: &[u8]) -> LineReading {
    if message.starts_with(b"Server listening") {
        return LineReading::Nobody;
    }
    // `srclimit_penalise: ipv4: new 203.0.113.7/32 deferred penalty of 5 seconds`
    if message.starts_with(b"srclimit_") {
        let peer = pieces::behind(message, b" new ").unwrap_or_default();
        return LineReading::incoming(token::bare(pieces::before(pieces::before(peer, b" "), b"/")));
    }
    let own = login::pam(message);
    if own.is_known() {
        return own;
    }
    let level = [&b"error: "[..], b"fatal: "].iter().find_map(|level| message.strip_prefix(*level));
    let message = level.unwrap_or(message);
    // The client asked for a connection to be forwarded to this address.
    let forwards = [&b"connect_to "[..], b"Received request to connect to host "];
    if forwards.iter().any(|start| message.starts_with(start)) {
        return LineReading::Outgoing;
    }
    if let Some(rest) = FIRST.iter().find_map(|start| message.strip_prefix(*start))
        && let Some(address) = token::leading(rest)
    {
        return LineReading::Incoming(address);
    }
    let mark =
        REASONS.iter().find(|(start, _)| message.starts_with(start)).map_or(&b""[..], |(_, mark)| mark);
    let text = before_reason(message, mark);
    if text.len() < message.len() && memchr::memmem::find_iter(message, mark).count() > 1 {
        return LineReading::Nobody;
    }
    if NAMED.iter().any(|start| text.starts_with(start)) {
        return LineReading::incoming(last_port(text).or_else(|| general::client(text)));
    }
    match memchr::memmem::rfind(text, b" from ").and_then(|at| text.get(at + 6..)) {
        // libwrap: `refused connect from NAME@ADDRESS (ADDRESS)`
        Some(host) if text.starts_with(b"refused connect from ") => {
            let last = memchr::memrchr(b'(', host).and_then(|open| host.get(open + 1..));
            LineReading::incoming(last.and_then(token::leading).or_else(|| general::client(text)))
        }
        // A host may be given by name, and then the address after an earlier "from" was typed.
        Some(host) => LineReading::incoming(token::leading(host)),
        None => LineReading::incoming(general::client(text)),
    }
}

/// Dropbear: `Bad password attempt for 'NAME' from ADDRESS:51234`.
pub(super) fn dropbear(message: &[u8]) -> LineReading {
    if let Some(rest) = message.strip_prefix(b"Exit before auth from <") {
        return LineReading::incoming(token::leading(rest));
    }
    let own = login::pam(message);
    own.or_else(|| LineReading::incoming(login::last_from(message).or_else(|| general::client(message))))
}

/// The text before a reason. If the text after the reason ends like a line without one, the reason is part of a name.
fn before_reason<'a>(text: &'a [u8], reason: &[u8]) -> &'a [u8] {
    if reason.is_empty() {
        return text;
    }
    let before = pieces::before(text, reason);
    let behind = text.get(before.len()..).unwrap_or_default();
    let name = behind.ends_with(b" ssh2") || behind.ends_with(b" ssh2 [preauth]");
    if name { text } else { before }
}

/// The address of the last `ADDRESS port 4711`.
fn last_port(text: &[u8]) -> Option<IpAddr> {
    let mut end = text.len();
    for _ in 0..8 {
        let at = memchr::memmem::rfind(text.get(..end)?, b" port ")?;
        let before = text.get(..at)?;
        let word = before.get(memchr::memrchr(b' ', before).map_or(0, |blank| blank + 1)..)?;
        if text.get(at + 6).is_some_and(u8::is_ascii_digit)
            && let Some(address) = token::bare(word)
        {
            return Some(address);
        }
        end = at;
    }
    None
}
