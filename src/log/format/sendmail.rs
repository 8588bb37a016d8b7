//! Sendmail: `QUEUEID: from=<...>, ..., relay=name [ADDRESS] (may be forged)`. On `to=` lines relay is where the
//! mail went. The arguments of a ruleset come before relay= and were written by the client, the text of a reject
//! comes after it and may quote them.

use super::{LineReading, pieces};
use crate::log::token;
use std::net::IpAddr;

/// How a message begins that is about mail on its way out.
const OUT: &[&[u8]] = &[b"to=", b"STARTTLS=client", b"AUTH=client", b"makeconnection "];

/// The client of a message.
pub(super) fn client(message: &[u8]) -> LineReading {
    let text = behind_queue_id(message);
    if OUT.iter().any(|start| text.starts_with(start)) || pieces::has(text, b" during client ") {
        return LineReading::Outgoing;
    }
    if text.starts_with(b"<-- ") {
        return LineReading::Nobody;
    }
    // `Milter: connect: ...` is about the client; all else that milters do is about a mail, and quotes it.
    if text.starts_with(b"Milter") && !text.starts_with(b"Milter: connect") {
        return LineReading::Nobody;
    }
    // `POSSIBLE ATTACK from [ADDRESS]: newline in string "TEXT"`
    if let Some(peer) = text.strip_prefix(b"POSSIBLE ATTACK from ") {
        return LineReading::incoming(pieces::first_bracketed(pieces::before(peer, b": "), |_| true));
    }
    // `setsender: <SENDER>: invalid or unparsable, received from name [ADDRESS]`
    if text.starts_with(b"setsender: ")
        && let Some(host) = pieces::behind_last(text, b", received from ")
    {
        return LineReading::incoming(in_relay(host));
    }
    // `AUTH=server, relay=name [ADDRESS], authid=NAME, ...`
    if text.starts_with(b"AUTH=server")
        && let Some(relay) = pieces::behind(text, b"relay=")
    {
        return LineReading::incoming(in_relay(relay));
    }
    let own = before_reject(text);
    if let Some(relay) = pieces::behind_last(own, b"relay=") {
        return LineReading::incoming(in_relay(relay));
    }
    // libwrap: `tcpwrappers (name, ADDRESS) rejection`
    if text.starts_with(b"tcpwrappers (") {
        return LineReading::Foreign;
    }
    // A line without relay= is about a host where it names one in front or behind "from". All other brackets are in mail
    // addresses, in arguments of rulesets, in the answers of other servers.
    LineReading::incoming(pieces::first_bracketed(text, names_host))
}

/// Whether what stands before a bracket is a host's name or nothing, at the beginning or behind `from`.
fn names_host(before: &[u8]) -> bool {
    if before.ends_with(b" addr=") {
        return true;
    }
    let Some(words) = before.strip_suffix(b" ") else { return before.is_empty() };
    let (rest, host) = words.split_at(memchr::memrchr(b' ', words).map_or(0, |at| at + 1));
    let clean = !host.iter().any(|b| b"<>()\"".contains(b)) && !host.ends_with(b":");
    host == b"from" || clean && (rest.is_empty() || rest.ends_with(b"from "))
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
