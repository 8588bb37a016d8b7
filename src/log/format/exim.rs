//! Exim's main and reject logs: `H=name (helo) [ADDRESS]:port I=[local]:port`. The HELO is in round brackets, and may
//! be a bracketed address of the client's choosing. On delivery lines (`=>`) H= is the destination. Text in double
//! quotes came over the wire.

mod host;

use super::{LineReading, general, pieces};
use crate::log::token;
use host::NamedHost;
use std::net::IpAddr;

/// The text after the ID of a message about a delivery, or about no connection.
const DELIVERY: &[&[u8]] = &[b"=>", b"->", b">>", b"*>", b"**", b"==", b"Completed", b"Frozen", b"Unfrozen"];

/// The text after `H=name [ADDRESS]` if Exim was the client of that host.
const OUTGOING: &[&[u8]] = &[
    b"SMTP error from remote",
    b"LMTP error",
    b"Remote host closed",
    b"remote host",
    b"SMTP timeout",
    b"TLS session",
    b"a TLS session",
    b"TLS error on connection",
    b"Malformed SMTP reply",
    b"DANE ",
    b"Connection ",
    b"Network ",
    b"No route",
    b"No address",
    b"Operation timed out",
    b"Permission denied",
    b"(SSL_connect)",
];

/// The text after an ID in a message about the client that it names.
const VERDICTS: &[&[u8]] = &[b" rejected", b" Warning", b" discarded", b" temporarily"];

/// The client of a message of the program `exim`, with or without Exim's own date.
pub(super) fn client(message: &[u8]) -> LineReading {
    let message = behind_date(message).unwrap_or(message);
    about(message)
}

/// Reads a line of Exim's own log files, known by its date and by text that only Exim writes after one: a message's ID,
/// a host.
pub(super) fn at_a_glance(line: &[u8]) -> LineReading {
    if is_mail_header(line) {
        return LineReading::Nobody;
    }
    let message =
        behind_date(line).filter(|message| message.starts_with(b"H=") || message_id(message).is_some());
    message.map_or(LineReading::Foreign, about)
}

/// Reads a line of Exim's own log files, known by its date and the text after it.
pub(super) fn by_shape(line: &[u8]) -> LineReading {
    let Some(message) = behind_date(line) else {
        return LineReading::Foreign;
    };
    let known = message_id(message).is_some()
        || pieces::has(message, b"H=")
        || [
            &b"SMTP "[..],
            b"no host name found",
            b"no IP address found",
            b"ident connection to ",
            b"exim ",
            b"TLS error on connection",
            b"unexpected disconnection ",
            b"incomplete transaction ",
            b"no MAIL in ",
            b"refused connection ",
            b"unqualified ",
        ]
        .iter()
        .any(|start| message.starts_with(start))
        || pieces::has(message, b"authenticator failed for ")
        || pieces::has(message, b"rejected EHLO from")
        || pieces::has(message, b"rejected HELO from");
    if !known && is_host(message) && is_outgoing(message) {
        return LineReading::Outgoing;
    }
    if known { about(message) } else { LineReading::Foreign }
}

/// Whether a message begins with a host that Exim called: `mx.example.net [192.0.2.8] Connection timed out`.
fn is_host(message: &[u8]) -> bool {
    let name = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-');
    pieces::cut_blank(message).is_some_and(|(host, rest)| host.iter().all(name) && rest.starts_with(b"["))
}

fn about(message: &[u8]) -> LineReading {
    if let Some(rest) = message_id(message) {
        return about_mail(rest);
    }
    let daemon = message.starts_with(b"exim ") && pieces::has(message, b"listening for ");
    if daemon || message.starts_with(b"Start queue run") {
        return LineReading::Nobody;
    }
    named(message)
}

fn named(text: &[u8]) -> LineReading {
    match host::read(text) {
        NamedHost::Unsaid => LineReading::incoming(unbracketed(text)),
        host => LineReading::incoming(host.address()),
    }
}

/// Reads the text after a message's ID. It is mostly about delivery, where Exim is the client and names the host that
/// it connected to.
fn about_mail(text: &[u8]) -> LineReading {
    // The text after a host or a sender may be anything.
    let host_first = [&b"H="[..], b"<= ", b"SA: ", b"SMTP "].iter().any(|start| text.starts_with(start));
    if DELIVERY.iter().any(|mark| text.starts_with(mark)) || !host_first && pieces::has(text, b" => ") {
        return LineReading::Nobody;
    }
    // A message arrived, from a host or from a user of this machine.
    if let Some(arrived) = text.strip_prefix(b"<= ") {
        let host = behind_sender(arrived).and_then(|rest| rest.strip_prefix(b"H="));
        return LineReading::incoming(host.and_then(|host| host::arrived(host).address()));
    }
    // SA-Exim: `SA: Action: ... From <sender> (host=name [ADDRESS]) for recipient`
    if text.starts_with(b"SA: ") {
        let host = pieces::behind_last(text, b" (host=");
        return LineReading::incoming(host.and_then(|host| pieces::first_bracketed(host, |_| true)));
    }
    let judged = || {
        let named = [&b"F="[..], b"U=", b"["].iter().any(|start| text.starts_with(start));
        named && VERDICTS.iter().any(|word| pieces::has(text, word))
    };
    let client = if text.starts_with(b"H=") { !is_outgoing(text) } else { judged() };
    // `SMTP data timeout (message abandoned) on connection from name [ADDRESS]`
    let received = text.starts_with(b"SMTP ") && !text.starts_with(b"SMTP error ");
    let dropped = text.starts_with(b"SMTP connection lost after final dot ");
    if client || dropped || received && pieces::has(text, b"connection from ") {
        return named(text);
    }
    LineReading::Nobody
}

/// Whether a line is from the header of a refused mail, as the reject log keeps it: `P Received: from ...`, `  Subject:
/// ...`. All of it came from outside.
fn is_mail_header(line: &[u8]) -> bool {
    let [b'A'..=b'Z' | b'*' | b' ', b' ', rest @ ..] = line else { return false };
    let name =
        rest.get(..memchr::memchr(b':', rest.get(..48).unwrap_or(rest)).unwrap_or(0)).unwrap_or_default();
    let names: [&[u8]; 14] = [
        b"received",
        b"from",
        b"to",
        b"cc",
        b"bcc",
        b"subject",
        b"reply-to",
        b"sender",
        b"message-id",
        b"return-path",
        b"references",
        b"in-reply-to",
        b"envelope-from",
        b"envelope-to",
    ];
    let families: [&[u8]; 6] = [b"x-", b"list-", b"content-", b"dkim-", b"arc-", b"authentication-"];
    let name = name.to_ascii_lowercase();
    names.contains(&name.as_slice()) || families.iter().any(|family| name.starts_with(family))
}

/// Whether the host that a message names first is the destination. Then an error follows it, mostly after a colon.
fn is_outgoing(text: &[u8]) -> bool {
    let count = |byte: u8, text: &[u8]| memchr::memchr_iter(byte, text).count();
    let mut ends =
        memchr::memchr_iter(b']', text).take(8).filter_map(|close| text.split_at_checked(close + 1));
    // A HELO is in round brackets.
    let Some((_, behind)) = ends.find(|(host, _)| count(b'(', host) <= count(b')', host)) else {
        return false;
    };
    let port = behind.iter().take_while(|b| **b == b':' || b.is_ascii_digit()).count();
    let said = behind.get(port..).unwrap_or_default().trim_ascii_start();
    behind.get(..port).is_some_and(|port| port.ends_with(b":"))
        || OUTGOING.iter().any(|mark| said.starts_with(mark))
}

/// The text after the sender of a message that arrived; a quoted local part may hold anything.
fn behind_sender(arrived: &[u8]) -> Option<&[u8]> {
    let mut from = 0;
    if arrived.starts_with(b"\"") {
        let closes = |at: &usize| *at > 0 && !pieces::is_escaped(arrived, *at);
        from = memchr::memchr_iter(b'"', arrived).find(closes)?;
    }
    pieces::cut_blank(arrived.get(from..)?).map(|(_, rest)| rest)
}

/// `no host name found for IP address 203.0.113.7`, `host lookup did not complete for 203.0.113.7`
fn unbracketed(text: &[u8]) -> Option<IpAddr> {
    let mark = text.strip_prefix(b"ident connection to ");
    match mark.or_else(|| pieces::behind(text, b"IP address ")) {
        Some(rest) => token::leading(rest),
        None => general::client(text),
    }
}

/// The text after `2026-11-23 10:34:34`, and after milliseconds, a zone and a process ID if they are logged.
fn behind_date(line: &[u8]) -> Option<&[u8]> {
    let shape = matches!(
        line,
        [b'0'..=b'9', _, _, _, b'-', _, _, b'-', _, _, b' ', b'0'..=b'9', _, b':', _, _, b':', ..]
    );
    if !shape || !matches!(line.get(19), Some(b' ' | b'.')) {
        return None;
    }
    let (_, mut rest) = pieces::cut_blank(line.get(11..)?)?;
    if matches!(rest, [b'+' | b'-', b'0'..=b'9', b'0'..=b'9', b'0'..=b'9', b'0'..=b'9', b' ', ..]) {
        rest = rest.get(6..)?;
    }
    if rest.first() == Some(&b'[') {
        let (pid, message) = pieces::cut_blank(rest)?;
        let pid = pid.strip_prefix(b"[").and_then(|pid| pid.strip_suffix(b"]")).unwrap_or_default();
        if !pid.is_empty() && pid.iter().all(u8::is_ascii_digit) {
            rest = message;
        }
    }
    Some(rest)
}

/// The text after a message ID: `1Abcde-000123-Xy ` or, since 4.97, `1abcdE-00000001234-ABcd `.
fn message_id(message: &[u8]) -> Option<&[u8]> {
    let (id, rest) = pieces::cut_blank(message)?;
    let mut lengths =
        id.split(|b| *b == b'-').map(|part| (part.len(), part.iter().all(u8::is_ascii_alphanumeric)));
    let shape = [lengths.next(), lengths.next(), lengths.next(), lengths.next()];
    let old = [Some((6, true)), Some((6, true)), Some((2, true)), None];
    let new = [Some((6, true)), Some((11, true)), Some((4, true)), None];
    (shape == old || shape == new).then_some(rest)
}
