//! Reads Domino's console and Kerio's logs.

use super::{LineReading, general, pieces};
use crate::log::token;

/// Reads a line known by its shape.
pub(super) fn by_shape(line: &[u8]) -> LineReading {
    let kerio = behind_kerio_date(line).unwrap_or_default();
    if kerio.starts_with(b"Sent: ") {
        return LineReading::Outgoing;
    }
    // `[23/Nov/2026 10:34:34] Recv: ..., From: <TEXT>, To: <TEXT>, Size: 378, Sender-Host: ADDRESS, ..., Subject: TEXT`
    if kerio.starts_with(b"Recv: ") {
        let hosts = || memchr::memmem::find_iter(line, b", Sender-Host: ").take(32);
        let host = |at: usize| token::leading(line.get(at + 15..)?);
        let first = hosts().next().and_then(host);
        return LineReading::incoming(first.filter(|_| hosts().all(|at| host(at) == first)));
    }
    // Kerio: `[23/Nov/2026 10:34:34] Attempt to deliver to unknown recipient <...>, from <...>, IP address ADDRESS`
    if let Some(peer) = kerio.strip_prefix(b"Attempt to deliver to ") {
        return LineReading::incoming(pieces::behind_last(peer, b", IP address ").and_then(token::leading));
    }
    let Some(text) = behind_date(line) else { return LineReading::Foreign };
    if text.starts_with(b"Router: ") {
        return LineReading::Outgoing;
    }
    // `smtp: NAME [ADDRESS] authentication failure using internet password`: the client chose the name.
    if let Some(close) = memchr::memmem::rfind(text, b"] authentication failure using ")
        && pieces::before(text, b": ").iter().all(u8::is_ascii_alphanumeric)
    {
        let open = text.get(..close).and_then(|text| memchr::memrchr(b'[', text));
        return LineReading::incoming_or_foreign(open.and_then(|open| pieces::bracketed(text, open)));
    }
    let servers = [&b"SMTP Server"[..], b"POP3 Server", b"IMAP Server"];
    servers.iter().find_map(|server| text.strip_prefix(*server)).map_or(LineReading::Foreign, domino)
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

/// The text after a numeric date and two blanks, as Domino's console writes it, with or without its threads before it.
fn behind_date(line: &[u8]) -> Option<&[u8]> {
    // A continued line has no date.
    if line.starts_with(b"  ") || line.starts_with(b"SMTP Server") {
        return Some(line.trim_ascii_start());
    }
    let rest = match line.first()? {
        b'[' => pieces::behind_near(line, 48, b"] ")?,
        _ => line,
    };
    let near = rest.get(..32).unwrap_or(rest);
    let end = memchr::memmem::find(near, b"  ")?;
    let date = |b: &u8| b.is_ascii_digit() || b"-./: APM".contains(b);
    let dated = near.get(..end)?.iter().all(date) && near.first()?.is_ascii_digit();
    dated.then(|| rest.get(end..).map(<[u8]>::trim_ascii_start))?
}

/// The text after `[23/Nov/2026 10:34:34] `.
pub(super) fn behind_kerio_date(line: &[u8]) -> Option<&[u8]> {
    let date =
        line.strip_prefix(b"[").filter(|date| date.get(2) == Some(&b'/') && date.get(6) == Some(&b'/'));
    date.and_then(|date| date.get(20..)?.strip_prefix(b"] "))
}
