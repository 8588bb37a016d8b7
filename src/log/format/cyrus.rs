//! Cyrus: `badlogin: name [ADDRESS] MECHANISM USER SASL(-13): ...`. The first brackets hold the client. The user's name
//! and SASL's text follow.

use super::{LineReading, pieces};

/// The starts of messages about a login.
const MARKS: &[&[u8]] = &[b"badlogin: ", b"login: "];

/// Reads a message of one of Cyrus's services, which have many names (`imap`, `cyrus/pop3s`, `timsieved`, `sieve`).
pub(super) fn by_shape(message: &[u8]) -> LineReading {
    if !MARKS.iter().any(|mark| message.starts_with(mark)) {
        return LineReading::Foreign;
    }
    // The host's name before it comes from DNS, and may begin with brackets too.
    let near = message.get(..320).unwrap_or(message);
    let whole = |open: &usize| {
        pieces::behind(near.get(*open..).unwrap_or_default(), b"]")
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(b" "))
    };
    let open = memchr::memchr_iter(b'[', near).take(4).find(whole);
    LineReading::incoming_or_foreign(open.and_then(|open| pieces::bracketed(message, open)))
}
