//! OpenSMTPD: `0123456789abcdef smtp connected address=ADDRESS host=NAME`. Later lines of the session have only its ID.
//! Lines with `mta` are about outgoing mail.

use super::{LineReading, general, pieces};
use crate::log::token;

/// The client of a message of the program `smtpd`.
pub(super) fn client(message: &[u8]) -> LineReading {
    let text = match pieces::cut_blank(message) {
        Some((id, rest)) if id.len() > 2 && id.iter().all(u8::is_ascii_hexdigit) => rest,
        _ => message,
    };
    if [&b"mta "[..], b"relay: ", b"mta: ", b"smtp-out: "].iter().any(|start| text.starts_with(start)) {
        return LineReading::Outgoing;
    }
    // `smtp-in: New session 0123456789abcdef from host NAME [ADDRESS]`, the form before version 6.
    if text.starts_with(b"smtp-in: New session ") && pieces::has(text, b" from host ") {
        return LineReading::incoming(
            memchr::memrchr(b'[', text).and_then(|open| pieces::bracketed(text, open)),
        );
    }
    // `smtp connected address=...`, `smtp event=connected address=...`; the text after other keys was typed by the
    // client.
    let words = text.splitn(3, |b| *b == b' ').collect::<Vec<_>>();
    match words.as_slice() {
        [b"smtp", event, rest] if is_event(event) => {
            LineReading::incoming(rest.strip_prefix(b"address=").and_then(token::leading))
        }
        _ => LineReading::incoming(general::client(text)),
    }
}

/// `connected`, `event=connected`
fn is_event(word: &[u8]) -> bool {
    let name = word.strip_prefix(b"event=").unwrap_or(word);
    name.iter().all(|b| b.is_ascii_lowercase() || *b == b'-')
}
