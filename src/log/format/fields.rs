//! Exchange and IIS: rows whose columns a `#Fields:` header names. Exchange separates them with commas, the W3C form
//! with blanks. In both, the server's own address comes before the client's.

use super::{LineReading, pieces};
use crate::log::token;

/// Names of the client's column, best first. They are without hyphens and capitals, which differ from log to log.
const NAMES: &[&str] = &[
    "remoteendpoint",
    "cip",
    "clientipaddress",
    "enteredorgfromip",
    "clientip",
    "originalclientip",
    "remoteip",
    "remoteaddress",
    "sourceip",
    "srcip",
];

/// Names of the column with the forwarded-for list.
const FORWARDED: &[&str] = &["xforwardedfor", "cs(xforwardedfor)", "forwarded", "originalip"];

/// The column of the client's address, as a file's header gives it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct FieldColumns {
    separator: u8,
    count: usize,
    /// None: the header names no client.
    column: Option<usize>,
    forwarded: Option<usize>,
    /// The log is of sent mail, and names only other servers.
    sent: bool,
}

impl FieldColumns {
    /// Reads a header line, given the columns known before it; None if it is no header.
    pub(crate) fn read(line: &[u8], known: Option<Self>) -> Option<Self> {
        // `#Log-type: SMTP Send Protocol Log` comes before the names.
        if let Some(kind) = line.strip_prefix(b"#Log-type:") {
            let sent = pieces::has(kind.get(..64).unwrap_or(kind), b" Send ");
            return Some(Self { separator: b',', count: 0, column: None, forwarded: None, sent });
        }
        let sent = known.is_some_and(|known| known.sent);
        let names = line.strip_prefix(b"#Fields:")?.trim_ascii();
        let names = names.get(..super::LONGEST).unwrap_or(names);
        let separator = if names.contains(&b',') { b',' } else { b' ' };
        let count = names.split(|b| *b == separator).count();
        let column_of =
            |name: &&str| names.split(|b| *b == separator).position(|n| is_named(n, name.as_bytes()));
        let column = if sent { None } else { NAMES.iter().find_map(column_of) };
        let forwarded = FORWARDED.iter().find_map(column_of);
        Some(Self { separator, count, column, forwarded, sent })
    }

    /// The columns known at the end of a text of whole lines, given those at its start.
    pub(crate) fn after(text: &[u8], known: Option<Self>) -> Option<Self> {
        let first = text.starts_with(b"#").then_some(0);
        let starts = first.into_iter().chain(memchr::memmem::find_iter(text, b"\n#").map(|end| end + 1));
        starts.fold(known, |known, start| {
            let rest = text.get(start..).unwrap_or_default();
            let line = rest.get(..super::LONGEST).unwrap_or(rest);
            let line = line.get(..memchr::memchr(b'\n', line).unwrap_or(line.len())).unwrap_or(line);
            Self::read(line, known).or(known)
        })
    }

    /// The text of the column with the forwarded-for list, if the header names one.
    pub(super) fn forwarded(self, line: &[u8]) -> Option<&[u8]> {
        columns(line.trim_ascii_end(), self.separator).nth(self.forwarded?)
    }

    /// The client of a row. Foreign if it is no row of this file, as when several logs come through one pipe.
    pub(super) fn client(self, line: &[u8]) -> LineReading {
        let row = match self.separator {
            b',' => super::head::is_iso_time(line),
            // IIS writes no blank inside a column.
            _ => columns(line.trim_ascii_end(), b' ').count() == self.count,
        };
        if !row {
            return LineReading::Foreign;
        }
        if self.sent || self.separator == b' ' && is_outbound(line) {
            return LineReading::Outgoing;
        }
        if self.separator == b','
            && let Some(reading) = outgoing_row(line)
        {
            return reading;
        }
        LineReading::incoming(
            self.column.and_then(|column| columns(line, self.separator).nth(column)).and_then(token::bare),
        )
    }
}

/// Reads a row without a header (one line out of a file), with Exchange's and IIS's default columns.
pub(super) fn by_shape(line: &[u8]) -> LineReading {
    let time = |b: &u8| b.is_ascii_digit() || b"-:.TZ+".contains(b);
    let dated = super::head::is_iso_time(line) && pieces::before(line, b",").iter().all(time);
    if dated && columns(line, b',').count() >= 7 {
        if let Some(reading) = outgoing_row(line) {
            return reading;
        }
        // date-time,connector-id,session-id,sequence-number,local-endpoint,remote-endpoint,event,data,context; of two
        // adjacent endpoints, the second is the remote one.
        let ends: Vec<_> = columns(line, b',').take(7).map(token::bare).collect();
        let remote = ends.windows(2).find_map(|pair| match pair {
            [Some(_), Some(remote)] => Some(*remote),
            _ => None,
        });
        let remote = remote.or_else(|| ends.get(5).copied().flatten());
        // date-time,client-ip,... of message tracking.
        let client = remote.or_else(|| ends.get(1).copied().flatten());
        return LineReading::incoming_or_foreign(client);
    }
    w3c(line)
}

/// `date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip ...` of IIS, and `date time c-ip ...`
/// of its SMTP service.
fn w3c(line: &[u8]) -> LineReading {
    // IIS's Advanced Logging has fractions of a second, and quotes text that may hold a blank.
    let mut words = columns(line, b' ');
    let dated = matches!(words.next(), Some([_, _, _, _, b'-', _, _, b'-', _, _]))
        && matches!(
            words.next(),
            Some([_, _, b':', _, _, b':', _, _] | [_, _, b':', _, _, b':', _, _, b'.', ..])
        );
    if !dated {
        return LineReading::Foreign;
    }
    if is_outbound(line) {
        return LineReading::Nobody;
    }
    let first = match words.next() {
        // The names of the site and the server come first, if they are logged.
        Some(site) if site.starts_with(b"W3SVC") => words.nth(1).and_then(token::bare),
        word => word.and_then(token::bare),
    };
    let Some(first) = first else { return LineReading::Foreign };
    // MailEnable: `date time c-ip agent account s-ip ...`
    let agents = [&b"POP"[..], b"POP3", b"IMAP", b"HTTPMAIL", b"SMTP-IN"];
    let method = words.next().is_some_and(|word| {
        word.len() > 2 && word.iter().all(u8::is_ascii_uppercase) && !agents.contains(&word)
    });
    if !method {
        return LineReading::Incoming(first);
    }
    // The path and the user may look like addresses.
    let rest: Vec<_> = words.take(12).collect();
    match rest.as_slice() {
        [_, _, port, _, client, ..] if !port.is_empty() && port.iter().all(u8::is_ascii_digit) => {
            LineReading::incoming_or_foreign(token::bare(client))
        }
        _ => LineReading::incoming_or_foreign(rest.into_iter().find_map(token::bare)),
    }
}

/// Whether a column has this name, given in lower case and without hyphens.
fn is_named(column: &[u8], name: &[u8]) -> bool {
    let letters =
        column.iter().filter(|b| !matches!(b, b'-' | b'_' | b' ' | b'"' | b'\r')).map(u8::to_ascii_lowercase);
    letters.eq(name.iter().copied())
}

/// Whether the service connected to others: IIS's SMTP service (`date time 192.0.2.8 OutboundConnectionCommand SMTPSVC1
/// ...`), MailEnable (`date time 192.0.2.8 SMTP-OU ...`).
fn is_outbound(line: &[u8]) -> bool {
    let agent = line.split(|b| *b == b' ').nth(3).unwrap_or_default();
    agent.starts_with(b"OutboundConnection") || agent == b"SMTP-OU"
}

/// The reading of an Exchange row about its own connection, or about a mail that has already arrived.
fn outgoing_row(line: &[u8]) -> Option<LineReading> {
    let row: Vec<_> = columns(line, b',').take(9).collect();
    let column = |number: usize| row.get(number).copied().unwrap_or_default();
    // Protocol log: date-time,connector-id,session-id,sequence-number,local-endpoint,remote-endpoint,event,data,context.
    let event = matches!(column(6), b"+" | b"-" | b">" | b"<" | b"*");
    let numbered = !column(3).is_empty() && column(3).iter().all(u8::is_ascii_digit);
    if event && numbered && !column(1).is_empty() {
        return sends(&row).then_some(LineReading::Outgoing);
    }
    // Message tracking: date-time,client-ip,client-hostname,server-ip,server-hostname,source-context,connector-id,source,
    // event-id,...
    let (source, event) = (column(7), column(8));
    let sources = [
        &b"SMTP"[..],
        b"STOREDRIVER",
        b"ROUTING",
        b"AGENT",
        b"MAILBOXRULE",
        b"DSN",
        b"DNS",
        b"RESOLVER",
        b"ADMIN",
        b"QUEUE",
        b"POISONMESSAGE",
        b"REDUNDANCY",
        b"SAFETYNET",
        b"GATEWAY",
        b"PICKUP",
        b"PUBLICFOLDER",
        b"ORAR",
        b"MEETINGMESSAGEPROCESSOR",
        b"BOOTLOADER",
        b"APPROVAL",
        b"AGGREGATION",
    ];
    if !sources.contains(&source) || event.is_empty() || !event.iter().all(u8::is_ascii_uppercase) {
        return None;
    }
    match event {
        b"RECEIVE" | b"HARECEIVE" if source == b"SMTP" => None,
        _ if event.starts_with(b"SEND") => Some(LineReading::Outgoing),
        _ => Some(LineReading::Nobody),
    }
}

/// Whether a row of a protocol log is about a connection that Exchange made. The side that answers with a number is the
/// server. If that is missing, two facts help: a receive connector's name begins with its server's name and a
/// backslash, and a server's port is known.
fn sends(row: &[&[u8]]) -> bool {
    let column = |number: usize| row.get(number).copied().unwrap_or_default();
    let said = column(7);
    let answer =
        matches!(said, [b'2'..=b'5', b'0'..=b'9', b'0'..=b'9', b' ' | b'-', ..] | [b'2'..=b'5', _, _]);
    let command = said.first().is_some_and(u8::is_ascii_uppercase);
    match column(6) {
        // A client may send the same text as a server.
        _ if column(1).contains(&b'\\') => return false,
        b"<" if answer || command => return answer,
        b">" if answer || command => return command,
        _ => {}
    }
    let port = |end: &[u8]| {
        let ports = [&b"25"[..], b"465", b"587", b"475", b"717", b"2525"];
        memchr::memrchr(b':', end)
            .and_then(|colon| end.get(colon + 1..))
            .is_some_and(|port| ports.contains(&port))
    };
    port(column(5)) || !port(column(4))
}

/// The columns of a row; a quoted one may hold the separator.
fn columns(line: &[u8], separator: u8) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(line);
    std::iter::from_fn(move || {
        let text = rest?;
        if let Some(inside) = text.strip_prefix(b"\"")
            && let Some(close) = memchr::memchr(b'"', inside)
        {
            let behind = inside.get(close + 1..).unwrap_or_default();
            rest = behind.first().and_then(|_| behind.get(1..));
            return inside.get(..close);
        }
        let end = memchr::memchr(separator, text);
        rest = end.and_then(|end| text.get(end + 1..));
        let column = end.map_or(Some(text), |end| text.get(..end));
        column.map(|column| column.strip_suffix(b"\r").unwrap_or(column))
    })
}
