//! Programs that write one element, or one row of quoted columns, on each line: Oracle's messaging server, hMailServer.

use super::{LineReading, pieces};
use crate::log::token;

/// Reads a line known by its start.
pub(super) fn by_shape(line: &[u8]) -> LineReading {
    if let Some(element) = line.strip_prefix(b"<co ") {
        return oracle(element);
    }
    if ["\"SMTPD\"\t", "\"POP3D\"\t", "\"IMAPD\"\t", "\"TCPIP\"\t", "\"DEBUG\"\t", "\"APPLICATION\"\t"]
        .iter()
        .any(|start| line.starts_with(start.as_bytes()))
    {
        return hmailserver(line);
    }
    if line.starts_with(b"\"SMTPC\"\t") {
        return LineReading::Outgoing;
    }
    // MailEnable: `11/23/26 10:34:34<TAB>SMTP-IN<TAB>...<TAB>ADDRESS<TAB>...`; SMTP-OU is outgoing mail.
    let near = line.get(..64).unwrap_or(line);
    if pieces::has(near, b"\tSMTP-OU\t") {
        return LineReading::Outgoing;
    }
    if pieces::has(near, b"\tSMTP-IN\t") {
        return LineReading::incoming(line.split(|b| *b == b'\t').take(6).find_map(token::bare));
    }
    // SmarterMail: `[2026.11.23] 10:34:34.123 [ADDRESS][12345678] cmd: EHLO TEXT`
    if let [b'[', b'0'..=b'9', _, _, _, b'.', _, _, b'.', _, _, b']', b' ', rest @ ..] = line
        && let Some((_, session)) = pieces::cut_blank(rest)
        && session.starts_with(b"[")
        && let Some(client) = pieces::bracketed(session, 0)
    {
        return LineReading::Incoming(client);
    }
    // MIMEDefang: `MDLOG,QUEUEID,event,value,ADDRESS,<sender>,<recipient>,subject`
    if let Some(row) = line.strip_prefix(b"MDLOG,") {
        let client = row.split(|b| *b == b',').take(4).find_map(token::bare);
        return LineReading::incoming_or_foreign(client);
    }
    LineReading::Foreign
}

/// `<co ... tr="TCP|server|25|client|59762" ap="SMTP" .../>`
fn oracle(element: &[u8]) -> LineReading {
    let transport = pieces::behind(element, b" tr=\"").unwrap_or_default();
    let mut parts = pieces::before(transport, b"\"").split(|b| *b == b'|');
    LineReading::incoming(parts.nth(3).and_then(token::bare))
}

/// `"SMTPD"<TAB>1828<TAB>5273<TAB>"2026-11-23 10:34:34.123"<TAB>"203.0.113.7"<TAB>"RECEIVED: EHLO ..."`, and
/// `"TCPIP"<TAB>1828<TAB>"2026-..."<TAB>"TCP - 203.0.113.7 connected to 192.0.2.1:25."`
fn hmailserver(line: &[u8]) -> LineReading {
    let mut columns = line.split(|b| *b == b'\t').map(|column| column.trim_ascii());
    let found = columns.find_map(|column| {
        let inside = column.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
        let start =
            [&b"TCP - "[..], b"Client connection from "].iter().find_map(|mark| inside.strip_prefix(*mark));
        token::bare(inside).or_else(|| token::leading(start?))
    });
    LineReading::incoming(found)
}
