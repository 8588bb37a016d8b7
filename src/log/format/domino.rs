//! Domino's console and Kerio's logs.

use super::{LineReading, general, pieces};
use crate::log::token;

/// A line known by its looks.
pub(super) fn by_shape(line: &[u8]) -> LineReading {
    if kerio_sent(line) {
        return LineReading::Nobody;
    }
    // `smtp: NAME [ADDRESS] authentication failure using internet password`: the name is the client's text.
    let near = line.get(..512).unwrap_or(line);
    if let Some(close) = memchr::memmem::rfind(near, b"] authentication failure using ") {
        let open = near.get(..close).and_then(|text| memchr::memrchr(b'[', text));
        return open
            .and_then(|open| pieces::bracketed(near, open))
            .map_or(LineReading::Foreign, LineReading::Client);
    }
    let head = line.get(..96).unwrap_or(line);
    let servers = [&b" SMTP Server"[..], b" POP3 Server", b" IMAP Server"];
    servers.iter().find_map(|server| pieces::behind(head, server)).map_or(LineReading::Foreign, |rest| {
        let message = line.get(head.len() - rest.len()..).unwrap_or_default();
        domino(message)
    })
}

/// `: Authentication failed for user NAME ; connecting host ADDRESS`, `: name (ADDRESS) connected`, behind the name
/// of the server's task.
fn domino(message: &[u8]) -> LineReading {
    if let Some(host) = pieces::behind_last(message, b"connecting host ") {
        return token::leading(host).into();
    }
    // `: ADDRESS connected`; the colon would make the task's name a key.
    let message = pieces::behind(message, b": ").unwrap_or(message);
    general::client(message).map_or(LineReading::Foreign, LineReading::Client)
}

/// `[23/Nov/2026 10:34:34] Sent: Queue-ID: ..., Remote-Host: DESTINATION`
fn kerio_sent(line: &[u8]) -> bool {
    line.first() == Some(&b'[') && line.get(21..).is_some_and(|rest| rest.starts_with(b"] Sent: "))
}
