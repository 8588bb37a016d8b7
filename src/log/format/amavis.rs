//! amavis: `(04711-01) Passed CLEAN {RelayedInbound}, LOCAL [CLIENT]:51234 [HELO or first hop] <sender> -> <recipient>`.
//! The names of attachments stand before the client, what else the sender wrote stands behind it.

use super::{LineReading, pieces};

/// The client of a message of the program `amavis`.
pub(super) fn client(message: &[u8]) -> LineReading {
    let verdict =
        [&b") Passed "[..], b") Blocked "].iter().find_map(|mark| pieces::behind_near(message, 64, mark));
    let Some(text) = verdict else { return LineReading::Foreign };
    // What was done with it is said since 2.7.
    let peer = pieces::behind(text, b"}, ").or_else(|| pieces::behind(text, b", ")).unwrap_or_default();
    LineReading::incoming(pieces::first_bracketed(pieces::before(peer, b"<"), |_| true))
}
