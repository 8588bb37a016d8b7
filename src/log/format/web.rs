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
    let levels = [&b"[WARNING]"[..], b"[ALERT]", b"[NOTICE]"];
    if let Some(rest) =
        levels.iter().find_map(|level| line.strip_prefix(*level)).map(<[u8]>::trim_ascii_start)
        && rest.first() == Some(&b'(')
        && let Some(text) = pieces::behind_near(rest, 16, b") : ")
        && is_backend(text)
    {
        return LineReading::Outgoing;
    }
    // stunnel's own file: `2026.11.23 10:34:34 LOG5[4711]: ...`
    if line.get(19..).is_some_and(|rest| rest.starts_with(b" LOG")) {
        return stunnel(line);
    }
    if is_apache_error(line)
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
    if pieces::behind_time(line, b" (")
        .is_some_and(|rest| pieces::behind_near(rest, 24, b"_auth.c.").is_some())
        && let Some(peer) = pieces::behind_last(line, b" IP: ")
    {
        return LineReading::incoming(token::leading(peer));
    }
    if let Some(client) = envoy(line).or_else(|| squid(line)).or_else(|| in_front(line)) {
        return LineReading::Incoming(client);
    }
    match access(line) {
        Some(client) => LineReading::incoming(client),
        None => LineReading::Foreign,
    }
}

/// `203.0.113.7 - - [23/Nov/2026:10:34:34 +0000] "GET ..."`, with a virtual host's name or a list of forwarders before
/// it. The user's name between the address and the date is the client's own text, and so is the request.
fn access(line: &[u8]) -> Option<Option<IpAddr>> {
    let near = line.get(..4096).unwrap_or(line);
    // A user's name may hold brackets too.
    let mut brackets = memchr::memmem::find_iter(near, b" [");
    let date = brackets.find(|at| is_clf_date(near.get(at + 2..).unwrap_or_default()))?;
    let before = line.get(..date)?;
    // The identd's answer, mostly a dash, follows the client. The virtual host before the client may be an address that the
    // client chose.
    let own = pieces::before(before, b" - ");
    let words = |text| <[u8]>::split(text, |b| *b == b' ').filter(|word: &&[u8]| !word.is_empty());
    let last = words(own).next_back()?;
    // An identd's answer has no dot.
    let named = match words(own).count() {
        2 => address_of(last).is_some(),
        3 => words(own).all(is_host),
        _ => false,
    };
    if own.len() < before.len() && !own.contains(&b',') && named {
        return Some(address_of(last).filter(|address| !general::is_nobody(*address)));
    }
    let mut words = words(before);
    for _ in 0..3 {
        let word = words.next()?;
        if let Some(address) = address_of(word) {
            return Some(Some(address).filter(|address| !general::is_nobody(*address)));
        }
        // The name of a virtual host, or of the client if it is logged instead of the address.
        if !is_host(word) {
            return if word == b"-" { Some(None) } else { None };
        }
    }
    None
}

/// An address in an access log, also in quotes or with the comma of a list after it.
fn address_of(word: &[u8]) -> Option<IpAddr> {
    let word = word.strip_prefix(b"\"").unwrap_or(word);
    token::bare(word.strip_suffix(b"\"").or_else(|| word.strip_suffix(b",")).unwrap_or(word))
}

/// A host's name with a dot in it, or an address.
fn is_host(word: &[u8]) -> bool {
    let name = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b':');
    word.iter().all(name) && word.contains(&b'.') && !word.ends_with(b":") || address_of(word).is_some()
}

/// Envoy with Istio's columns: `[TIME] "REQUEST" 200 - ... "HOST" "UPSTREAM" inbound|80||NAME LOCAL:40012 LOCAL:80
/// ADDRESS:51234 SNI default`. The client may have typed parts of the text before them.
fn envoy(line: &[u8]) -> Option<IpAddr> {
    line.strip_prefix(b"[").filter(|time| super::head::is_iso_time(time))?;
    let cluster =
        [&b"\" inbound|"[..], b"\" outbound|"].iter().find_map(|mark| pieces::behind_last(line, mark))?;
    token::bare(cluster.split(|b| *b == b' ').nth(3)?)
}

/// Squid: `1795430074.123     12 ADDRESS TCP_DENIED/407 3812 CONNECT TEXT - HIER_NONE/- text/html`
fn squid(line: &[u8]) -> Option<IpAddr> {
    line.first().filter(|b| b.is_ascii_digit())?;
    let mut words = line.get(..96).unwrap_or(line).split(|b| *b == b' ').filter(|word| !word.is_empty());
    let number = |word: &[u8]| word.iter().all(|b| b.is_ascii_digit() || *b == b'.');
    let (time, elapsed, client, result) = (words.next()?, words.next()?, words.next()?, words.next()?);
    let status = |b: &u8| b.is_ascii_uppercase() || b.is_ascii_digit() || matches!(b, b'_' | b'/');
    let own = number(time) && number(elapsed) && result.contains(&b'/') && result.iter().all(status);
    own.then(|| token::bare(client))?
}

/// cPanel: `[2026-11-23 10:34:34 +0100] info [cpsrvd] ADDRESS - NAME "REQUEST" ...`; Heroku's router: `at=info method=GET
/// path="TEXT" host=NAME ... fwd="ADDRESS"`.
fn in_front(line: &[u8]) -> Option<IpAddr> {
    if line.starts_with(b"[2") {
        let text = pieces::behind_near(line, 40, b"] info [")?;
        let (peer, rest) = pieces::cut_blank(pieces::behind_near(text, 24, b"] ")?)?;
        return token::bare(peer).filter(|_| rest.starts_with(b"- ") || rest.starts_with(b"PURGE "));
    }
    let own = line.starts_with(b"at=") && pieces::behind_near(line, 64, b" method=").is_some();
    pieces::behind(line, b" fwd=\"").filter(|_| own).and_then(token::leading)
}

/// `[Mon Nov 23 10:34:34.1 2026] [core:error] [pid 4711] `; through syslog the date is missing.
fn is_apache_error(line: &[u8]) -> bool {
    if matches!(line, [b'[', b'A'..=b'Z', _, _, b' ', b'A'..=b'Z', _, _, b' ', b' ' | b'0'..=b'9', ..]) {
        return true;
    }
    let module = line.strip_prefix(b"[").map(|inside| pieces::before(inside, b"]")).unwrap_or_default();
    let word = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b':');
    line.starts_with(b"[client ") || module.len() < 48 && module.iter().all(word) && module.contains(&b':')
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
    // A client that only the cut makes the end of a line is none.
    let cut = if quoted { pieces::before_last(line, b", request: \"").len() } else { line.len() };
    let behind = clients(line.get(cut..).unwrap_or_default()).len();
    LineReading::incoming(all.get(..all.len() - behind).and_then(|own| own.last()).copied())
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
    let mut rest = line.get(super::head::clock::iso_time_with_blank(line)?..)?.trim_ascii_start();
    while let Some(inside) = rest.strip_prefix(b"[") {
        let inside = inside.get(..256).unwrap_or(inside);
        let open = inside.strip_prefix(b"[").unwrap_or(inside);
        let peer = pieces::before(open, b"#");
        let plain = |b: &u8| b.is_ascii_hexdigit() || b":.-]HTP".contains(b);
        if peer.len() < open.len() && peer.iter().all(plain) {
            let peer = pieces::before(peer, b":HTTP");
            let peer = peer.get(..memchr::memrchr(b'-', peer).unwrap_or(peer.len()))?;
            return match pieces::before(peer, b"]") {
                address if address.len() < peer.len() => token::bare(address),
                _ => peer_with_port(peer),
            };
        }
        rest = rest.get(memchr::memmem::find(inside, b"] ")? + 3..)?;
    }
    None
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
    let moved = || pieces::behind_near(message, 96, b" changed its IP from ").is_some();
    starts.iter().any(|start| message.starts_with(start)) || moved()
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
