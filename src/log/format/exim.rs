//! Exim's main and reject logs: `H=name (helo) [ADDRESS]:port I=[local]:port`. The HELO is in round brackets, and may
//! be a bracketed address of the client's choosing. On delivery lines (`=>`) H= is the destination. Text in double
//! quotes came over the wire.

use super::{LineReading, general, pieces};
use crate::log::token;
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
        || pieces::has(message, b"rejected HELO from")
        || pieces::has(message, b"listening for SMTP");
    if known { about(message) } else { LineReading::Foreign }
}

fn about(message: &[u8]) -> LineReading {
    if let Some(rest) = message_id(message) {
        return about_mail(rest);
    }
    if pieces::has(message, b"listening for ") || message.starts_with(b"Start queue run") {
        return LineReading::Nobody;
    }
    named(message)
}

fn named(text: &[u8]) -> LineReading {
    match read(text) {
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
        return LineReading::incoming(host.and_then(|host| host_address(host).address()));
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
    if client || pieces::has(text, b"connection from ") {
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

/// The host that a message names.
enum NamedHost {
    Known(IpAddr),
    /// There are two candidates, and the client may have typed either.
    Ambiguous,
    /// There is no such host; other rules may find one.
    Unsaid,
}

impl NamedHost {
    fn address(self) -> Option<IpAddr> {
        if let Self::Known(address) = self { Some(address) } else { None }
    }
}

fn read(text: &[u8]) -> NamedHost {
    // `SMTP syntax error in "TEXT" H=...`, `unqualified sender rejected: <TEXT> H=...`: the text may hold quotes and H=
    // itself, so the last H= is Exim's.
    let marks = [(&b"SMTP "[..], &b"\" H="[..]), (b"unqualified ", b"> H=")];
    for (start, mark) in marks {
        if text.starts_with(start) {
            let own = pieces::before(text, b" input=\"");
            if let Some(host) = pieces::behind_last(own, mark) {
                return host_address(text.get(own.len() - host.len()..).unwrap_or_default());
            }
        }
    }
    host_address(text)
}

/// The first address in square brackets that is not in round ones (HELO), not in angle brackets (a mail address), not
/// Exim's own (`I=`) and not quoted. Unclosed brackets do not count: only a client's text leaves them.
fn host_address(text: &[u8]) -> NamedHost {
    let verdict = text.starts_with(b"H=") || text.starts_with(b"F=<");
    let text = behind_mail_from(text);
    let helo = memchr::memchr2(b'(', b'[', text).and_then(|at| text.get(at)) == Some(&b'(');
    if helo {
        let own = |end: usize| behind_helo(text.get(..end).unwrap_or_default());
        // A client's text follows these marks. If it may also come before, the host is ambiguous.
        let typed = TYPED.iter().filter(|mark| pieces::has(text, mark));
        let ends = typed.flat_map(|mark| {
            let first = memchr::memmem::find(text, mark);
            first.into_iter().chain(memchr::memmem::rfind(text, mark))
        });
        let mut readings: Vec<_> = ends.map(own).collect();
        if readings.is_empty() {
            readings.push(own(text.len()));
            // A verdict may have a reason, which may be any text.
            if verdict {
                let ends = REASONS.iter().flat_map(|mark| memchr::memmem::find_iter(text, mark).take(8));
                readings.extend(ends.map(own));
            }
        }
        let mut found = readings.into_iter().flatten();
        if let Some(address) = found.next() {
            return if found.all(|other| other == address) {
                NamedHost::Known(address)
            } else {
                NamedHost::Ambiguous
            };
        }
    }
    match outermost(text, true).or_else(|| outermost(text, false)) {
        Some(address) => NamedHost::Known(address),
        None => NamedHost::Unsaid,
    }
}

/// A message without the sender at its start: `F=<a@[198.51.100.6]> H=...`.
fn behind_mail_from(text: &[u8]) -> &[u8] {
    let Some(sender) = text.strip_prefix(b"F=<") else { return text };
    behind_sender(sender).unwrap_or(text)
}

/// Marks before text that a client typed.
const TYPED: [&[u8]; 4] = [b" rejected EHLO or HELO ", b": 535 ", b": 435 ", b" input=\""];

/// Marks before a reason, which may be any text.
const REASONS: [&[u8]; 8] = [
    b" rejected RCPT <",
    b" sender verify fail for <",
    b" Warning: ",
    b" rejected after DATA: ",
    b" rejected during ",
    b" rejected by local_scan",
    b" rejected AUTH ",
    b" ACL: ",
];

/// The address of a host that gave a HELO. With `helo_accept_junk_hosts` a HELO may be any text. It may imitate the end
/// of its field and all that follows: `H=(x) [8.8.8.8]:1 F=<a@b> (y) [203.0.113.7]:51234 F=<...>`. So the last bracket
/// that is not in a quoted address or subject is Exim's own.
fn behind_helo(text: &[u8]) -> Option<IpAddr> {
    let own = text.get(..4096).unwrap_or(text);
    let mut quotes = 0;
    let mut from = own.len();
    for at in memchr::memmem::rfind_iter(own, b") [") {
        quotes += pieces::count_quotes(own, at, from);
        from = at;
        if quotes % 2 == 0
            && let Some(address) = pieces::bracketed(own, at + 2)
        {
            return Some(address);
        }
    }
    None
}

fn outermost(text: &[u8], nested: bool) -> Option<IpAddr> {
    let (mut quoted, mut round, mut angle) = (false, 0_usize, 0_usize);
    let closes = memchr::memrchr(b'"', text).unwrap_or(0);
    for (at, byte) in text.iter().enumerate() {
        match byte {
            // A HELO may hold a quote. A quote without a second one does not start a quotation.
            b'"' if round == 0 && (quoted || at < closes) => quoted = !quoted,
            b'(' if nested && !quoted => round += 1,
            b')' if nested && !quoted => round = round.saturating_sub(1),
            b'<' if nested && !quoted => angle += 1,
            b'>' if nested && !quoted => angle = angle.saturating_sub(1),
            _ => {}
        }
        if *byte != b'[' || round > 0 || angle > 0 || quoted {
            continue;
        }
        let before = text.get(at.saturating_sub(2)..at).unwrap_or_default();
        let host = before.is_empty() || before.ends_with(b" ") || before == b"H=";
        if host && let Some(address) = pieces::bracketed(text, at) {
            return Some(address);
        }
    }
    None
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
    if !shape {
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
