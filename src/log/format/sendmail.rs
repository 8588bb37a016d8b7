//! Sendmail: `QUEUEID: from=<...>, ..., relay=name [ADDRESS] (may be forged)`. On `to=` lines relay is the destination.
//! The arguments of a ruleset precede relay=, and the client wrote them. The text of a reject follows it, and may quote
//! them.

use super::{LineReading, pieces};
use crate::log::token;
use std::net::IpAddr;

/// The starts of messages about outgoing mail.
const OUT: &[&[u8]] = &[b"to=", b"STARTTLS=client", b"AUTH=client", b"makeconnection "];

/// The client of a message.
pub(super) fn client(message: &[u8]) -> LineReading {
    let text = behind_queue_id(message);
    let waits =
        || text.starts_with(b"timeout waiting for input from ") && pieces::has(text, b" during client ");
    if OUT.iter().any(|start| text.starts_with(start)) || waits() {
        return LineReading::Outgoing;
    }
    if text.starts_with(b"<-- ") {
        return LineReading::Nobody;
    }
    // `Milter: connect: ...` is about the client. All other milter lines are about a mail, and quote it.
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
    // libwrap: `tcpwrappers (name, ADDRESS) rejection`
    if text.starts_with(b"tcpwrappers (") {
        return LineReading::Foreign;
    }
    // `name [ADDRESS]: EXPN TEXT [rejected]`
    if let Some(open) = memchr::memchr(b'[', text.get(..320).unwrap_or(text))
        && text.get(..open).is_some_and(|name| name.is_empty() || is_name(name))
    {
        return LineReading::incoming(pieces::bracketed(text, open));
    }
    if text.starts_with(b"STARTTLS=server") {
        return LineReading::incoming(pieces::behind(text, b"relay=").and_then(in_relay));
    }
    if text.starts_with(b"ruleset=") && pieces::has(text, b", reject=") {
        return LineReading::incoming(before_reject(text));
    }
    let text = text.strip_suffix(b", discard").unwrap_or(text);
    if let Some(relay) = last_relay(text).filter(|_| !text.starts_with(b"collect: ")) {
        return LineReading::Incoming(relay);
    }
    // A line without relay= may name a host at its start or after "from". All other brackets are in mail addresses, in
    // arguments of rulesets, or in the answers of other servers.
    let milter = text.starts_with(b"Milter: connect: ");
    LineReading::incoming(pieces::first_bracketed(text, |before| {
        milter && before.ends_with(b" addr=") || names_host(before)
    }))
}

/// Whether the text before a bracket is a host's name or empty, at the start or after `from`.
fn names_host(before: &[u8]) -> bool {
    // The client's text is between such marks or after a key.
    if before.iter().any(|b| b"<>()\"=".contains(b)) {
        return false;
    }
    let Some(words) = before.strip_suffix(b" ") else { return before.is_empty() };
    let (rest, host) = words.split_at(memchr::memrchr(b' ', words).map_or(0, |at| at + 1));
    let clean = !host.ends_with(b":");
    host == b"from" || clean && (rest.is_empty() || rest.ends_with(b"from "))
}

/// `mail.example.net `: a host's name, with nothing before it.
fn is_name(text: &[u8]) -> bool {
    let name = text.strip_suffix(b" ").unwrap_or_default();
    let clean = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
    !name.is_empty() && name.iter().all(clean)
}

/// `name [203.0.113.7] (may be forged)`, `[203.0.113.7]`, `IDENT:user@name [IPv6:2001:db8::1]`; up to the next key.
fn in_relay(relay: &[u8]) -> Option<IpAddr> {
    let relay = pieces::before(relay, b", ");
    pieces::first_bracketed(relay, |_| true).or_else(|| token::leading(relay))
}

/// The relay at the end of a text. A relay elsewhere is part of an address or an argument.
fn last_relay(text: &[u8]) -> Option<IpAddr> {
    let relay = pieces::behind_last(text.trim_ascii_end(), b" relay=")?;
    let relay = relay.strip_suffix(b" (may be forged)").unwrap_or(relay);
    let ends = relay.ends_with(b"]") || token::bare(relay).is_some();
    if ends && !pieces::has(relay, b", ") { in_relay(relay) } else { None }
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

/// The relay before `, reject=`. An address of the client's may contain the same text, and occurs both before it and in
/// the text of the reject. A quoted one does not count, and if others differ, the client is ambiguous. A quote left
/// open in the first is closed in the second. So with more than two, none is known to be quoted.
fn before_reject(text: &[u8]) -> Option<IpAddr> {
    let ends = || memchr::memmem::find_iter(text, b", reject=").take(32);
    let several = ends().count() > 2;
    let mut ends = ends().peekable();
    let (mut quotes, mut from, mut found) = (0, 0, None);
    while let Some(end) = ends.next() {
        quotes += pieces::count_quotes(text, from, end);
        from = end;
        if quotes % 2 == 0 || several || ends.peek().is_none() {
            let relay = last_relay(text.get(..end)?);
            if found.is_some_and(|found| found != relay) {
                return None;
            }
            found = Some(relay);
        }
    }
    found?
}
