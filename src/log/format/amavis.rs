//! amavis: `(04711-01) Passed CLEAN {RelayedInbound}, LOCAL [CLIENT]:51234 [HELO or first hop] <sender> ->
//! <recipient>`. The names of attachments precede the client; other text of the sender follows it.

use super::{LineReading, pieces};

/// The client of a message of the program `amavis`.
pub(super) fn client(message: &[u8]) -> LineReading {
    let own = pieces::behind_near(message, 64, b") ").unwrap_or_default();
    let verdict = [&b"Passed "[..], b"Blocked "].iter().find_map(|mark| own.strip_prefix(*mark));
    let Some(text) = verdict else { return LineReading::Foreign };
    // Since 2.7 a block with the action precedes the client. If a file name before it or the sender after it looks the
    // same, the client is ambiguous.
    let peer = |text: &[u8]| pieces::first_bracketed(pieces::before(text, b"<"), |_| true);
    let banned = text.starts_with(b"BANNED (");
    let own = if banned { text } else { pieces::before(text, b"[") };
    let done = memchr::memmem::find_iter(own, b"}, ").take(32);
    let mut peers = done.filter_map(|at| peer(text.get(at + 3..)?));
    match peers.next() {
        Some(first) => LineReading::incoming(Some(first).filter(|first| peers.all(|other| other == *first))),
        None => LineReading::incoming(pieces::behind(text, b", ").and_then(peer)),
    }
}
