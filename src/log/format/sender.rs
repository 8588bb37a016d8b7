//! Programs that connect to others, and to which nobody connects.

use super::{LineReading, login, pieces};
use crate::log::token;
use std::net::IpAddr;

/// Their names.
const NAMES: [&[u8]; 25] = [
    b"msmtp",
    b"ssmtp",
    b"sSMTP",
    b"nullmailer",
    b"nullmailer-send",
    b"dma",
    b"esmtp",
    b"fetchmail",
    b"getmail",
    b"mpop",
    b"mbsync",
    b"offlineimap",
    b"imapsync",
    b"freshclam",
    b"sa-update",
    b"ddclient",
    b"ntpd",
    b"ntpdate",
    b"chronyd",
    b"systemd-timesyncd",
    b"systemd-resolved",
    b"dhclient",
    b"dhcpcd",
    b"NetworkManager",
    b"avahi-daemon",
];

/// The reading of a message of such a program, or of a server program on lines where it is a client.
pub(super) fn client(program: &[u8], message: &[u8]) -> LineReading {
    if NAMES.contains(&program) {
        return LineReading::Outgoing;
    }
    let asks = match program {
        b"zone-mta" => pieces::has(message, b" Sender/") || pieces::has(message, b" mx="),
        b"named" => {
            if let Some(client) = asks_named(message) {
                return LineReading::Incoming(client);
            }
            is_resolver(message)
        }
        b"dnsmasq" if message.starts_with(b"query[") => {
            return LineReading::incoming(login::last_from(message));
        }
        b"dnsmasq" => true,
        _ => false,
    };
    if asks { LineReading::Outgoing } else { LineReading::Foreign }
}

/// `client @0x7f8b6c0a1b2c 203.0.113.7#53211 (NAME): query (cache) 'NAME/A/IN' denied`
fn asks_named(message: &[u8]) -> Option<IpAddr> {
    let rest = pieces::behind_near(message, 64, b"client ")?;
    let rest = if rest.starts_with(b"@") { pieces::cut_blank(rest)?.1 } else { rest };
    token::leading(rest)
}

/// Whether BIND asks other servers here.
fn is_resolver(message: &[u8]) -> bool {
    let marks = [&b" resolving '"[..], b"transfer of '", b": refresh: ", b": Transfer ", b"lame server"];
    marks.iter().any(|mark| pieces::has(message, mark)) && !pieces::has(message, b"client ")
}

/// Whether a line begins with a level of ZoneMTA's and its sender.
fn is_sender(line: &[u8]) -> bool {
    let levels = [&b"info"[..], b"verbose", b"error", b"warn", b"notice", b"silly", b"debug"];
    pieces::cut_blank(line)
        .is_some_and(|(level, rest)| levels.contains(&level) && rest.starts_with(b"Sender/"))
}

/// The text after a date and a session's number: MDaemon's `Mon 2026-11-23 10:34:34.123: [04711:1] ` and SmarterMail's
/// `[2026.11.23] 10:34:34.123 [4711] `.
fn behind_session(line: &[u8]) -> Option<&[u8]> {
    let rest = line.strip_prefix(b"[").or_else(|| line.get(4..).filter(|_| line.get(3) == Some(&b' ')))?;
    let time = |b: &u8| b.is_ascii_digit() || b"-.: ]".contains(b);
    let open = memchr::memchr(b'[', rest.get(..48).unwrap_or(rest))?;
    let (before, session) = rest.split_at_checked(open)?;
    let number = |b: &u8| b.is_ascii_digit() || *b == b':';
    let close = memchr::memmem::find(session.get(..24).unwrap_or(session), b"] ")?;
    let own = before.iter().all(time) && session.get(1..close)?.iter().all(number);
    own.then(|| session.get(close + 2..))?
}

/// Reads lines of files that such programs write, known by their shape.
pub(super) fn by_shape(line: &[u8]) -> LineReading {
    let near = line.get(..160).unwrap_or(line);
    // ZoneMTA: `info Sender/default/4711[3] 166874ba640000c923.001 DELIVERED from=... to=... src=LOCAL mx=name[ADDRESS]`
    if is_sender(near) {
        return LineReading::Outgoing;
    }
    // msmtp's own file, with or without a time: `host=... from=... recipients=... exitcode=EX_OK`
    if pieces::has(near, b"host=")
        && pieces::has(line, b" recipients=")
        && pieces::has(line, b" exitcode=EX_")
    {
        return LineReading::Outgoing;
    }
    if let Some(text) = behind_session(line) {
        let calls = text.starts_with(b"Connection established")
            && (pieces::has(text, b" -> ") || pieces::has(text, b" --> "));
        let tries = text.starts_with(b"Waiting for socket connection") && pieces::has(text, b" --> ");
        if calls || tries || text.starts_with(b"Connection to ") && pieces::has(text, b" succeeded") {
            return LineReading::Outgoing;
        }
    }
    // PowerMTA: rows of mail that was delivered, bounced or deferred.
    let rows = [&b"d,20"[..], b"b,20", b"t,20", b"tq,20", b"rb,20", b"rs,20"];
    if rows.iter().any(|start| line.starts_with(start)) && memchr::memchr_iter(b',', line).count() > 8 {
        return LineReading::Outgoing;
    }
    LineReading::Foreign
}
