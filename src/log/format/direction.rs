//! Which way the connection went that a line of no known format is about, as far as its words say. A format that is known
//! says so itself ([`LineReading`](super::LineReading)).

/// Which way a connection went.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Direction {
    /// The writer connected to somebody else, or speaks of a machine that it sends to.
    Outgoing,
    /// Nothing says that it went out.
    Unsaid,
}

/// Words that are only written of what goes out.
const OUT: [&[u8]; 11] = [
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
];

/// Two words, one behind the other, that are only written of what goes out.
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

/// Keys whose value is the program's own word even between quotes.
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

/// The longest of the words above.
const LONGEST: usize = 10;

/// No quotation is longer.
const FAR: usize = 1024;

/// The direction of a line of text.
pub(super) fn of(line: &[u8]) -> Direction {
    if to_recipient(line) || super::pieces::has(line, b" IN= OUT=") || super::pieces::has(line, b" mx=") {
        return Direction::Outgoing;
    }
    let mut last: ([u8; LONGEST], usize) = ([0; LONGEST], 0);
    let mut at = 0;
    while let Some(rest) = line.get(at..).filter(|rest| !rest.is_empty()) {
        match rest.first() {
            // What is quoted, or is a mail address, was said by somebody else.
            Some(b'"') if !is_own(line.get(..at).unwrap_or_default()) => at += behind(rest, b'"'),
            Some(b'<') => at += behind(rest, b'>'),
            Some(byte) if is_word(*byte) => {
                let length = rest.iter().position(|b| !is_word(*b)).unwrap_or(rest.len());
                let word = lower(rest.get(..length).unwrap_or_default());
                let text = word.0.get(..word.1).unwrap_or_default();
                let before = last.0.get(..last.1).unwrap_or_default();
                if OUT.contains(&text) || PAIRS.contains(&(before, text)) {
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

/// `QUEUEID: to=<b@example.com>, ...`, as Postfix and Sendmail and who learned from them write of what they deliver.
fn to_recipient(line: &[u8]) -> bool {
    line.starts_with(b"to=<")
        || memchr::memmem::find_iter(line, b": to=").take(4).any(|at| {
            let id = line.get(..at).unwrap_or_default();
            let length = id.iter().rev().take_while(|b| b.is_ascii_alphanumeric()).count();
            length > 0 && (length == id.len() || id.get(id.len() - length - 1) == Some(&b' '))
        })
}

/// How long a text is that a mark of quotation begins, with the mark that ends it; only the mark where none does.
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

/// Whether a key of the program's own stands before a quote.
fn is_own(before: &[u8]) -> bool {
    let Some(before) = before.strip_suffix(b"=") else { return false };
    let length = before.iter().rev().take(12).take_while(|b| b.is_ascii_alphanumeric()).count();
    before.get(before.len() - length..).is_some_and(|key| KEYS.contains(&key))
}

/// The name of a host, a path and a mail address are one word, which is none of those above.
fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'@' | b'/' | b'%' | b'+')
}

/// A word in small letters, without the stop that ends a sentence; empty where it is too long to matter.
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
