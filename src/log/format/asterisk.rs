//! Asterisk: `SECURITY[4711] res_security_log.c: SecurityEvent="InvalidPassword",...,AccountID="NAME",SessionID="TEXT",
//! LocalAddress="IPV4/UDP/LOCAL/5060",RemoteAddress="IPV4/UDP/ADDRESS/5060"`. Text of the client's choosing precedes
//! both addresses.

use super::{LineReading, pieces};
use crate::log::token;

/// Reads a line known by its event.
pub(super) fn by_shape(line: &[u8]) -> LineReading {
    let levels = [&b"NOTICE["[..], b"SECURITY[", b"WARNING[", b"ERROR["];
    let near = line.get(..40).unwrap_or(line);
    if !levels.iter().any(|level| behind_time(near).starts_with(level)) {
        return LineReading::Foreign;
    }
    client(line)
}

/// Reads a message after its level, which can look like a program's name.
pub(super) fn client(line: &[u8]) -> LineReading {
    // `Registration from 'TEXT' failed for 'ADDRESS:5061' - Wrong password`; pjsip adds `(callid: TEXT)`. Asterisk's own
    // words come before the first quote.
    let own = pieces::before(pieces::before(line, b"'"), b"\"");
    let quoted = line.get(own.len()..).unwrap_or_default();
    if own.ends_with(b".c: Registration from ") || own.ends_with(b": Request ") {
        let text = quoted;
        let ends = || memchr::memmem::find_iter(text, b"' failed for '").take(32);
        let client = |at: usize| token::leading(text.get(at + 14..)?);
        let last = ends().last().and_then(client);
        let called = |at: usize| {
            let tail = text.get(at + 14..).and_then(|peer| pieces::behind(peer, b"'"));
            tail.is_some_and(|tail| tail.starts_with(b" (callid: "))
        };
        let open = ends().any(called) && ends().any(|at| client(at) != last);
        return if open { LineReading::Nobody } else { LineReading::incoming(last) };
    }
    // `Call from 'NAME' (ADDRESS:5060) to extension 'TEXT' rejected because ...`; pjsip writes `(UDP:ADDRESS:5060)`.
    if own.ends_with(b": Call from ") {
        let text = quoted;
        let ends = || memchr::memmem::find_iter(text, b") to extension '").take(32);
        let client = |end: usize| {
            let peer = pieces::behind_last(text.get(..end)?, b"' (")?;
            token::leading(peer).or_else(|| token::leading(pieces::behind(peer, b":")?))
        };
        let first = ends().next().and_then(client);
        return LineReading::incoming(first.filter(|_| ends().all(|end| client(end) == first)));
    }
    if !own.ends_with(b"SecurityEvent=") {
        return LineReading::Foreign;
    }
    let remote = pieces::behind_last(line, b",RemoteAddress=\"");
    LineReading::incoming(remote.and_then(|rest| token::bare(rest.split(|b| *b == b'/').nth(2)?)))
}

/// The text after `[2026-11-23 10:34:34] ` or `[Nov 23 10:34:34] `.
fn behind_time(line: &[u8]) -> &[u8] {
    if line.first() == Some(&b'[') { pieces::behind(line, b"] ").unwrap_or_default() } else { line }
}
