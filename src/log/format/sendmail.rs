//! Sendmail: `QUEUEID: from=<...>, ..., relay=name [ADDRESS] (may be forged)`. On `to=` lines relay is where the
//! mail went. The arguments of a ruleset come before relay= and were written by the client, the text of a reject
//! comes after it and may quote them.

use super::{LineReading, pieces};
use crate::log::token;
use std::net::IpAddr;

/// How a message begins that is about mail on its way out, or repeats what a client said.
const NOBODY: &[&[u8]] = &[b"to=", b"STARTTLS=client", b"AUTH=client", b"<-- ", b"makeconnection "];

/// The client of a message.
pub(super) fn client(message: &[u8]) -> LineReading {
    let text = behind_queue_id(message);
    if NOBODY.iter().any(|start| text.starts_with(start)) {
        return LineReading::Nobody;
    }
    // `Milter: connect: ...` is about the client; all else that milters do is about a mail, and quotes it.
    if text.starts_with(b"Milter") && !text.starts_with(b"Milter: connect") {
        return LineReading::Nobody;
    }
    // `POSSIBLE ATTACK from [ADDRESS]: newline in string "TEXT"`
    if let Some(peer) = text.strip_prefix(b"POSSIBLE ATTACK from ") {
        return pieces::first_bracketed(pieces::before(peer, b": "), |_| true).into();
    }
    // `setsender: <SENDER>: invalid or unparsable, received from name [ADDRESS]`
    if text.starts_with(b"setsender: ")
        && let Some(host) = pieces::behind_last(text, b", received from ")
    {
        return in_relay(host).into();
    }
    // `AUTH=server, relay=name [ADDRESS], authid=NAME, ...`
    if text.starts_with(b"AUTH=server")
        && let Some(relay) = pieces::behind(text, b"relay=")
    {
        return in_relay(relay).into();
    }
    let own = before_reject(text);
    if let Some(relay) = pieces::behind_last(own, b"relay=") {
        return in_relay(relay).into();
    }
    match pieces::first_bracketed(text, |before| !before.ends_with(b"(") && !before.ends_with(b"<")) {
        Some(address) => LineReading::Client(address),
        None => LineReading::Foreign,
    }
}

/// `name [203.0.113.7] (may be forged)`, `[203.0.113.7]`, `IDENT:user@name [IPv6:2001:db8::1]`; up to the next key.
fn in_relay(relay: &[u8]) -> Option<IpAddr> {
    let relay = pieces::before(relay, b", ");
    pieces::first_bracketed(relay, |_| true).or_else(|| token::leading(relay))
}

fn behind_queue_id(message: &[u8]) -> &[u8] {
    match pieces::cut_blank(message) {
        Some((id, rest))
            if id.len() > 5
                && id.ends_with(b":")
                && id.iter().all(|b| b.is_ascii_alphanumeric() || *b == b':') =>
        {
            rest
        }
        _ => message,
    }
}

/// What stands before `, reject=`, which does not count where a quoted address of the client's holds it.
fn before_reject(text: &[u8]) -> &[u8] {
    let mut quotes = 0;
    let mut from = 0;
    for at in memchr::memmem::find_iter(text, b", reject=") {
        quotes += memchr::memchr_iter(b'"', text.get(from..at).unwrap_or_default()).count();
        from = at;
        if quotes % 2 == 0 {
            return text.get(..at).unwrap_or(text);
        }
    }
    pieces::before(text, b", reject=")
}
