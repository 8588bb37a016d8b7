//! The direction of the connection on a line of unknown format, judged by its words. Known formats give the direction
//! themselves ([`LineReading`](super::LineReading)).

/// The direction of a connection.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Direction {
    /// The writer connected to another machine, or names one that it sends to.
    Outgoing,
    /// No word says that it is outgoing.
    Unsaid,
}

/// Words that only occur on lines about outgoing connections.
const OUT: [&[u8]; 17] = [
    b"deliver",
    b"delivers",
    b"delivered",
    b"delivering",
    b"delivery",
    b"redelivery",
    b"outbound",
    b"outgoing",
    b"egress",
    b"nexthop",
    b"smarthost",
    b"smtp-out",
    b"smtp_out",
    b"smtpout",
    b"mta-out",
    b"mail-out",
    b"lmtp-out",
];

/// Pairs of words that only occur on lines about outgoing connections.
const PAIRS: [(&[u8], &[u8]); 18] = [
    (b"remote", b"server"),
    (b"remote", b"mta"),
    (b"remote", b"mx"),
    (b"relayed", b"to"),
    (b"relaying", b"to"),
    (b"sent", b"to"),
    (b"sending", b"to"),
    (b"status", b"sent"),
    (b"status", b"deferred"),
    (b"status", b"bounced"),
    (b"stat", b"sent"),
    (b"stat", b"deferred"),
    (b"direction", b"out"),
    (b"dir", b"out"),
    (b"out", b"via"),
    (b"message", b"sent"),
    (b"next", b"hop"),
    (b"smart", b"host"),
];

/// Keys that only occur on lines about outgoing connections: a mail exchanger, a packet without an interface it came in by.
const KEYED: [&[u8]; 2] = [b"mx=", b"IN= OUT="];

/// Keys whose value is written by the program itself, even in quotes.
const KEYS: [&[u8]; 15] = [
    b"msg",
    b"message",
    b"m",
    b"event",
    b"action",
    b"type",
    b"kind",
    b"direction",
    b"component",
    b"module",
    b"logger",
    b"pkg",
    b"status",
    b"stat",
    b"source",
];

/// The length of the longest word above.
const LONGEST: usize = 10;

/// The longest quotation that is recognised, in bytes.
const FAR: usize = 1024;

/// The direction of a line of text.
pub(super) fn of(line: &[u8]) -> Direction {
    if to_recipient(line) {
        return Direction::Outgoing;
    }
    let mut last: ([u8; LONGEST], usize) = ([0; LONGEST], 0);
    let mut at = 0;
    while let Some(rest) = line.get(at..).filter(|rest| !rest.is_empty()) {
        match rest.first() {
            // Quoted text and mail addresses were written by others.
            Some(b'"') if !is_own(line.get(..at).unwrap_or_default()) => at += behind(rest, b'"'),
            Some(b'<') => at += behind(rest, b'>'),
            Some(byte) if is_word(*byte) => {
                let length = rest.iter().position(|b| !is_word(*b)).unwrap_or(rest.len());
                let word = lower(rest.get(..length).unwrap_or_default());
                let text = word.0.get(..word.1).unwrap_or_default();
                let before = last.0.get(..last.1).unwrap_or_default();
                let key = at > 0 && KEYED.iter().any(|key| rest.starts_with(key));
                if key || OUT.contains(&text) || PAIRS.contains(&(before, text)) {
                    return Direction::Outgoing;
                }
                last = word;
                at += length;
            }
            _ => at += 1,
        }
    }
    Direction::Unsaid
}

/// `QUEUEID: to=<b@example.com>, ...`: the form in which Postfix, Sendmail and similar programs report a delivery.
fn to_recipient(line: &[u8]) -> bool {
    line.starts_with(b"to=<")
        || memchr::memmem::find_iter(line, b": to=").take(4).any(|at| {
            let id = line.get(..at).unwrap_or_default();
            if memchr::memchr2(b'"', b'<', id).is_some() {
                return false;
            }
            let length = id.iter().rev().take_while(|b| b.is_ascii_alphanumeric()).count();
            length > 0 && (length == id.len() || id.get(id.len() - length - 1) == Some(&b' '))
        })
}

/// The length of a quotation, including the mark that ends it; only the opening mark if it never ends.
fn behind(text: &[u8], end: u8) -> usize {
    let mut from = 1;
    let text = text.get(..FAR).unwrap_or(text);
    while let Some(at) = text.get(from..).and_then(|rest| memchr::memchr(end, rest)) {
        if !super::pieces::is_escaped(text, from + at) {
            return from + at + 1;
        }
        from += at + 1;
    }
    1
}

/// Whether a quote follows one of the program's own keys.
fn is_own(before: &[u8]) -> bool {
    let Some(before) = before.strip_suffix(b"=") else { return false };
    let length = before.iter().rev().take(12).take_while(|b| b.is_ascii_alphanumeric()).count();
    before.get(before.len() - length..).is_some_and(|key| KEYS.contains(&key))
}

/// A host name, a path or a mail address counts as one word, and is none of the words above.
fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'@' | b'/' | b'%' | b'+')
}

/// A word in lower case, without a full stop; empty if it is too long to matter.
fn lower(word: &[u8]) -> ([u8; LONGEST], usize) {
    let word = word.strip_suffix(b".").unwrap_or(word);
    let mut small = [0; LONGEST];
    let Some(room) = small.get_mut(..word.len()) else { return (small, 0) };
    room.copy_from_slice(word);
    room.make_ascii_lowercase();
    (small, word.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_for_going_out_are_told_from_names_and_quotes() {
        for line in [
            "delivered to mx",
            "x: [outbound] host",
            "Relayed to mx.example.net",
            "queue 1: status=sent (250 ok)",
            "4XyZ123abcz: to=<b@example.com>, host",
            "level=info msg=\"connecting to remote server\" ip=x",
            "Message sent #1",
            "The remote server. said no",
            "IN= OUT=eth0 SRC=x",
            "[UFW BLOCK] IN= OUT=eth0 SRC=x",
        ] {
            let expected = if line.starts_with("IN=") { Direction::Unsaid } else { Direction::Outgoing };
            assert_eq!(of(line.as_bytes()), expected, "{line}");
        }
        for line in [
            "connect from outbound.example.net",
            "from=<delivery@example.net> to=<outbound>",
            "HELO \"outbound\"",
            "GET /delivery/ HTTP/1.1",
            "proto=ESMTP to=<b@example.com>",
            "undeliverable",
            "a pre-delivery check",
            "",
        ] {
            assert_eq!(of(line.as_bytes()), Direction::Unsaid, "{line}");
        }
    }
}
