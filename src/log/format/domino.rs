//! Reads Domino's console and Kerio's logs.

use super::{LineReading, general, pieces};
use crate::log::token;

/// Reads a line known by its shape.
pub(super) fn by_shape(line: &[u8]) -> LineReading {
    if kerio_sent(line) {
        return LineReading::Outgoing;
    }
    // `[23/Nov/2026 10:34:34] Recv: ..., From: <TEXT>, To: <TEXT>, Size: 378, Sender-Host: ADDRESS, ..., Subject: TEXT`
    if pieces::behind_near(line, 64, b"] Recv: ").is_some() {
        let hosts = || memchr::memmem::find_iter(line, b", Sender-Host: ").take(32);
        let host = |at: usize| token::leading(line.get(at + 15..)?);
        let first = hosts().next().and_then(host);
        return LineReading::incoming(first.filter(|_| hosts().all(|at| host(at) == first)));
    }
    // Kerio: `[23/Nov/2026 10:34:34] Attempt to deliver to unknown recipient <...>, from <...>, IP address ADDRESS`
    if let Some(peer) = pieces::behind_near(line, 64, b"] Attempt to deliver to ") {
        return LineReading::incoming(pieces::behind_last(peer, b", IP address ").and_then(token::leading));
    }
    // `smtp: NAME [ADDRESS] authentication failure using internet password`: the client chose the name.
    let near = line.get(..512).unwrap_or(line);
    if let Some(close) = memchr::memmem::rfind(near, b"] authentication failure using ") {
        let open = near.get(..close).and_then(|text| memchr::memrchr(b'[', text));
        return LineReading::incoming_or_foreign(open.and_then(|open| pieces::bracketed(near, open)));
    }
    let head = line.get(..96).unwrap_or(line);
    if is_console(head) && pieces::has(head, b"  Router: ") {
        return LineReading::Outgoing;
    }
    let servers = [&b"SMTP Server"[..], b"POP3 Server", b"IMAP Server"];
    servers.iter().find_map(|server| pieces::behind(head, server)).map_or(LineReading::Foreign, |rest| {
        let message = line.get(head.len() - rest.len()..).unwrap_or_default();
        domino(message)
    })
}

/// `: Authentication failed for user NAME ; connecting host ADDRESS`, `: name (ADDRESS) connected`, after the name of
/// the server's task.
fn domino(message: &[u8]) -> LineReading {
    // The text of a rejection may contain "connecting host" too.
    if let Some(host) = pieces::behind_last(message, b"connecting host ").and_then(token::leading) {
        return LineReading::Incoming(host);
    }
    // `: ADDRESS connected`; with the colon, the task's name would count as a key.
    let message = pieces::behind(message, b": ").unwrap_or(message);
    LineReading::incoming_or_foreign(general::client(message))
}

/// Whether a line begins with a numeric date, as Domino's console writes it, with or without its threads before it.
fn is_console(head: &[u8]) -> bool {
    head.first().is_some_and(|b| b.is_ascii_digit() || *b == b'[')
}

/// `[23/Nov/2026 10:34:34] Sent: Queue-ID: ..., Remote-Host: DESTINATION`
fn kerio_sent(line: &[u8]) -> bool {
    line.first() == Some(&b'[') && line.get(21..).is_some_and(|rest| rest.starts_with(b"] Sent: "))
}
