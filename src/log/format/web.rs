//! Web servers and proxies: the Common Log Format, the error logs of Apache and nginx, haproxy.

use super::{LineReading, general, pieces};
use crate::log::token;
use std::net::IpAddr;

/// Reads a line known by its shape.
pub(super) fn by_shape(line: &[u8]) -> LineReading {
    if is_slashed_date(line) {
        return nginx_error(line);
    }
    if line.first().is_some_and(u8::is_ascii_digit)
        && pieces::behind_near(line, 64, b" [").is_some()
        && let Some(client) = litespeed(line)
    {
        return LineReading::Incoming(client);
    }
    // haproxy's own messages on standard error: `[WARNING]  (4711) : Server smtp/mx1 is DOWN, reason: ...`
    if line.first() == Some(&b'[')
        && let Some(text) = pieces::behind_near(line, 64, b") : ")
        && is_backend(text)
    {
        return LineReading::Outgoing;
    }
    // stunnel's own file: `2026.11.23 10:34:34 LOG5[4711]: ...`
    if line.get(19..).is_some_and(|rest| rest.starts_with(b" LOG")) {
        return stunnel(line);
    }
    if line.first() == Some(&b'[')
        && let Some(rest) = pieces::behind_near(line, 256, b"[client ")
    {
        let peer = pieces::before(rest.get(..64).unwrap_or(rest), b"]");
        // Since 2.4 Apache writes the process, and a port after the address, without brackets.
        let ported = pieces::has(line.get(..128).unwrap_or(line), b"[pid ");
        // `[client [2001:db8::1]:51234]`
        if peer.starts_with(b"[") {
            return LineReading::incoming(token::leading(rest));
        }
        return if ported {
            LineReading::incoming(peer_with_port(peer))
        } else {
            LineReading::incoming(token::leading(peer))
        };
    }
    // Lighttpd: `... (http_auth.c.4711) password doesn't match for / username: NAME IP: ADDRESS`
    if pieces::behind_near(line, 64, b"_auth.c.").is_some()
        && let Some(peer) = pieces::behind_last(line, b" IP: ")
    {
        return LineReading::incoming(token::leading(peer));
    }
    match access(line) {
        Some(client) => LineReading::incoming(client),
        None => LineReading::Foreign,
    }
}

/// `203.0.113.7 - - [23/Nov/2026:10:34:34 +0000] "GET ..."`, with a virtual host's name or a list of forwarders before
/// it. The user's name between the address and the date is the client's own text, and so is the request.
fn access(line: &[u8]) -> Option<Option<IpAddr>> {
    let near = line.get(..512).unwrap_or(line);
    // A user's name may hold brackets too.
    let mut brackets = memchr::memmem::find_iter(near, b" [");
    let date = brackets.find(|at| is_clf_date(near.get(at + 2..).unwrap_or_default()))?;
    let mut words = line.get(..date)?.split(|b| *b == b' ').filter(|word| !word.is_empty());
    let client = |word: &[u8]| {
        let word = word.strip_prefix(b"\"").unwrap_or(word);
        token::bare(word.strip_suffix(b"\"").or_else(|| word.strip_suffix(b",")).unwrap_or(word))
    };
    for _ in 0..3 {
        let word = words.next()?;
        if let Some(address) = client(word) {
            return Some(Some(address).filter(|address| !general::is_nobody(*address)));
        }
        // The name of a virtual host, or of the client if it is logged instead of the address.
        let name = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b':');
        if !word.iter().all(name) || !word.contains(&b'.') || word.ends_with(b":") {
            return if word == b"-" { Some(None) } else { None };
        }
    }
    None
}

/// `23/Nov/2026:10:`
fn is_clf_date(text: &[u8]) -> bool {
    matches!(text, [b'0'..=b'9', b'0'..=b'9', b'/', b'A'..=b'Z', _, _, b'/', b'0'..=b'9', _, _, _, b':', ..])
}

/// `2026/11/23 10:34:34 [`
fn is_slashed_date(text: &[u8]) -> bool {
    matches!(
        text,
        [
            b'0'..=b'9',
            _,
            _,
            _,
            b'/',
            _,
            _,
            b'/',
            _,
            _,
            b' ',
            b'0'..=b'9',
            _,
            b':',
            _,
            _,
            b':',
            _,
            _,
            b' ',
            b'[',
            ..
        ]
    )
}

/// `... *1 open() "/TEXT" failed, client: 203.0.113.7, server: mail.example, request: "GET /TEXT HTTP/1.1", referrer:
/// "TEXT"`. nginx escapes nothing. The text before the client (a user's name, a path, a match of ModSecurity) may
/// imitate the text after it. A request cannot, since it ends at a blank. The last field can, and then the client is
/// ambiguous.
fn nginx_error(line: &[u8]) -> LineReading {
    let clients = |text: &[u8]| {
        let found = memchr::memmem::find_iter(text, b", client: ");
        let own = found.filter_map(|at| text.get(at + 10..).filter(|rest| has_server(rest)));
        own.filter_map(token::leading).collect::<Vec<_>>()
    };
    let all = clients(line);
    let Some(first) = all.first() else { return LineReading::Foreign };
    if all.iter().all(|client| client == first) {
        return LineReading::Incoming(*first);
    }
    // Either is quoted, comes last, and follows a client. A line that does not end with a quote has no request either.
    let quoted = line.trim_ascii_end().ends_with(b"\"");
    let own = pieces::behind(line, b", client: ").filter(|_| quoted);
    let tails = [&b", referrer: \""[..], b", login: \""];
    let tail = |mark| own.and_then(|own| pieces::behind(own, mark));
    if tails.iter().filter_map(|mark| tail(mark)).any(|tail| !clients(tail).is_empty()) {
        return LineReading::Nobody;
    }
    let own = if quoted { pieces::before_last(line, b", request: \"") } else { line };
    LineReading::incoming(clients(own).last().copied())
}

/// Whether `, server: NAME` follows an address, as nginx writes it, or nothing if no server is known.
fn has_server(text: &[u8]) -> bool {
    let near = text.get(..64).unwrap_or(text);
    match memchr::memchr(b',', near) {
        Some(end) => near.get(end..).is_some_and(|rest| rest.starts_with(b", server: ")),
        None => token::bare(near.trim_ascii_end()).is_some(),
    }
}

/// LiteSpeed: `2026-11-23 10:34:34.123 [INFO] [4711] [T0] [203.0.113.7:51234-0#APVH_mail.example] TEXT`: the client,
/// its port and the number of its request. The virtual host follows the mark, and may be an address of ours.
fn litespeed(line: &[u8]) -> Option<IpAddr> {
    let near = line.get(..256).unwrap_or(line);
    memchr::memchr_iter(b'[', near).take(6).find_map(|open| {
        let inside = near.get(open + 1..)?;
        let inside = inside.strip_prefix(b"[").unwrap_or(inside);
        let peer = inside.get(..memchr::memchr(b'#', inside)?)?;
        let peer = pieces::before(peer, b":HTTP");
        let peer = peer.get(..memchr::memrchr(b'-', peer).unwrap_or(peer.len()))?;
        match pieces::before(peer, b"]") {
            address if address.len() < peer.len() => token::bare(address),
            _ => peer_with_port(peer),
        }
    })
}

/// `203.0.113.7:33317 [23/Nov/2026:10:34:34.655] frontend backend/server ...`. An IPv6 address has no brackets here.
/// The port is always there, so its position tells them apart.
pub(super) fn haproxy(message: &[u8]) -> LineReading {
    if is_backend(message) {
        return LineReading::Outgoing;
    }
    let Some((peer, rest)) = pieces::cut_blank(message).filter(|(_, rest)| rest.starts_with(b"[")) else {
        return LineReading::Foreign;
    };
    if !is_clf_date(rest.get(1..).unwrap_or_default()) {
        return LineReading::Foreign;
    }
    LineReading::incoming(peer_with_port(peer))
}

/// Whether a message is about the servers that haproxy passes connections on to.
fn is_backend(message: &[u8]) -> bool {
    let starts =
        [&b"Server "[..], b"Backup Server ", b"Health check for ", b"Proxy ", b"backend ", b"Backup "];
    starts.iter().any(|start| message.starts_with(start))
}

/// `203.0.113.7:51234`, `2001:db8::7:51234`
fn peer_with_port(peer: &[u8]) -> Option<IpAddr> {
    let address = memchr::memrchr(b':', peer).and_then(|colon| peer.get(..colon));
    address.and_then(token::bare).or_else(|| token::bare(peer))
}

/// stunnel: `LOG5[4711]: Service [imaps] accepted connection from ADDRESS:51234`; connections that it makes are to our
/// side.
pub(super) fn stunnel(message: &[u8]) -> LineReading {
    let ours = [&b"connected remote server from "[..], b"s_connect: ", b"connect_blocking: "];
    let outgoing = ours.iter().any(|mark| pieces::has(message, mark));
    if outgoing { LineReading::Outgoing } else { LineReading::Foreign }
}
