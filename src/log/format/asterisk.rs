//! Asterisk: `SECURITY[4711] res_security_log.c: SecurityEvent="InvalidPassword",...,AccountID="NAME",SessionID="TEXT",
//! LocalAddress="IPV4/UDP/LOCAL/5060",RemoteAddress="IPV4/UDP/ADDRESS/5060"`. Text of the client's choosing precedes
//! both addresses.

use super::{LineReading, pieces};
use crate::log::token;

/// Reads a line known by its event.
pub(super) fn by_shape(line: &[u8]) -> LineReading {
    // `Registration from 'TEXT' failed for 'ADDRESS:5061' - Wrong password`; pjsip adds `(callid: TEXT)`.
    if let Some(text) = pieces::behind_near(line, 192, b".c: ")
        && text.starts_with(b"Registration from '")
    {
        let ends = || memchr::memmem::find_iter(text, b"' failed for '").take(32);
        let client = |at: usize| token::leading(text.get(at + 14..)?);
        let last = ends().last().and_then(client);
        let open = pieces::has(text, b"(callid: ") && ends().any(|at| client(at) != last);
        return if open { LineReading::Nobody } else { LineReading::incoming(last) };
    }
    if pieces::behind_near(line, 192, b"SecurityEvent=\"").is_none() {
        return LineReading::Foreign;
    }
    let remote = pieces::behind_last(line, b",RemoteAddress=\"");
    LineReading::incoming(remote.and_then(|rest| token::bare(rest.split(|b| *b == b'/').nth(2)?)))
}
