//! Web servers and proxies: the Common Log Format, the error logs of Apache and nginx, haproxy.

use super::{LineReading, general, pieces};
use crate::log::token;
use std::net::IpAddr;

/// A line known by its looks.
pub(super) fn by_shape(line: &[u8]) -> LineReading {
    if is_slashed_date(line) {
        return nginx_error(line);
    }
    // stunnel's own file: `2026.11.23 10:34:34 LOG5[4711]: ...`
    if line.get(19..).is_some_and(|rest| rest.starts_with(b" LOG")) {
        return stunnel(line);
    }
    if line.first() == Some(&b'[')
        && let Some(rest) = pieces::behind_near(line, 256, b"[client ")
    {
        let peer = pieces::before(rest.get(..64).unwrap_or(rest), b"]");
        // Apache writes the process since 2.4, and since then a port behind the address, without brackets.
        let ported = pieces::has(line.get(..128).unwrap_or(line), b"[pid ");
        // `[client [2001:db8::1]:51234]`
        if peer.starts_with(b"[") {
            return token::leading(rest).into();
        }
        return if ported { peer_with_port(peer).into() } else { token::leading(peer).into() };
    }
    // Lighttpd: `... (http_auth.c.4711) password doesn't match for / username: NAME IP: ADDRESS`
    if pieces::behind_near(line, 64, b"_auth.c.").is_some()
        && let Some(peer) = pieces::behind_last(line, b" IP: ")
    {
        return token::leading(peer).into();
    }
    match access(line) {
        Some(client) => client.into(),
        None => LineReading::Foreign,
    }
}

/// `203.0.113.7 - - [23/Nov/2026:10:34:34 +0000] "GET ..."`, a virtual host's name or a list of forwarders before
/// it: the first address before the date. The request is the client's own text.
fn access(line: &[u8]) -> Option<Option<IpAddr>> {
    let near = line.get(..512).unwrap_or(line);
    let date =
        memchr::memmem::find(near, b" [").filter(|at| is_clf_date(near.get(at + 2..).unwrap_or_default()))?;
    let before = line.get(..date)?;
    // host, ident and user, and one or two more that people add; a sentence is no access log.
    if before.split(|b| *b == b' ').count() > 6 {
        return None;
    }
    Some(token::tokens(before).map(|token| token.address).find(|address| !general::is_nobody(*address)))
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

/// `... *1 user "x" was not found, client: 203.0.113.7, server: mail.example, request: "..."`
fn nginx_error(line: &[u8]) -> LineReading {
    // `user "NAME": password mismatch, client: ...`: the name may hold a quote, which nginx does not escape.
    let named = [&b"\": password mismatch, "[..], b"\" was not found in "];
    let start = named.iter().filter_map(|mark| memchr::memmem::find(line, mark)).min();
    let line = start.and_then(|start| line.get(start + 1..)).unwrap_or(line);
    let mut quoted = false;
    for at in memchr::memchr2_iter(b'"', b',', line) {
        let rest = line.get(at..).unwrap_or_default();
        if rest.starts_with(b"\"") {
            quoted = !quoted;
        } else if !quoted && let Some(client) = rest.strip_prefix(b", client: ") {
            return token::leading(client).into();
        }
    }
    LineReading::Foreign
}

/// `203.0.113.7:33317 [23/Nov/2026:10:34:34.655] frontend backend/server ...`. An IPv6 address has no brackets here,
/// so that only the place of the port, which is always there, tells them apart.
pub(super) fn haproxy(message: &[u8]) -> LineReading {
    let Some((peer, rest)) = pieces::cut_blank(message).filter(|(_, rest)| rest.starts_with(b"[")) else {
        return LineReading::Foreign;
    };
    if !is_clf_date(rest.get(1..).unwrap_or_default()) {
        return LineReading::Foreign;
    }
    peer_with_port(peer).into()
}

/// `203.0.113.7:51234`, `2001:db8::7:51234`
fn peer_with_port(peer: &[u8]) -> Option<IpAddr> {
    let address = memchr::memrchr(b':', peer).and_then(|colon| peer.get(..colon));
    address.and_then(token::bare).or_else(|| token::bare(peer))
}

/// stunnel: `LOG5[4711]: Service [imaps] accepted connection from ADDRESS:51234`; what it connects to is our side.
pub(super) fn stunnel(message: &[u8]) -> LineReading {
    let ours = [&b"connected remote server from "[..], b"s_connect: ", b"connect_blocking: "];
    let nobody = ours.iter().any(|mark| pieces::has(message, mark));
    if nobody { LineReading::Nobody } else { LineReading::Foreign }
}
