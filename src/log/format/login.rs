//! Programs that write a name typed by the client before the client's address. The last "from" is their own.

use super::{LineReading, head, pieces};
use crate::log::token;
use std::net::IpAddr;

/// PAM's own line, for any program: `... ruser=NAME rhost=ADDRESS  user=NAME`.
pub(super) fn pam(message: &[u8]) -> LineReading {
    // Proxmox: `authentication failure; rhost=ADDRESS user=NAME msg=TEXT`
    if let Some(rhost) = message.strip_prefix(b"authentication failure; rhost=") {
        return LineReading::incoming(token::leading(rhost));
    }
    let starts = [&b"pam_"[..], b"(pam_", b"PAM", b"authentication failure;"];
    let more = message.first().is_some_and(u8::is_ascii_digit)
        && pieces::behind_near(message, 16, b" more auth").is_some();
    let own = more || starts.iter().any(|start| message.starts_with(start));
    if !own || pieces::behind_near(message, 160, b"; logname=").is_none() {
        return LineReading::Foreign;
    }
    // Both names may imitate the text between them, and then the client is ambiguous.
    let rhost = |text| pieces::behind_last(text, b" rhost=").and_then(token::leading);
    let ends = memchr::memmem::find_iter(message, b"  user=").take(32).chain([message.len()]);
    let mut readings = ends.map(|end| message.get(..end).and_then(rhost));
    let first = readings.next().flatten();
    LineReading::incoming(first.filter(|_| readings.all(|reading| reading == first)))
}

/// Programs that end a line with the client: `no such user: NAME - ADDRESS` of Solid POP3, `NAME@DOMAIN:ADDRESS` of
/// vpopmail, `user=NAME auth=NAME host=name [ADDRESS]` of UW imapd and ipop3d.
pub(super) fn at_the_end(message: &[u8]) -> LineReading {
    let end = message.trim_ascii_end();
    // The name may be any text, even `192.0.2.1`, but the port after an address is never an address.
    let behind = memchr::memrchr(b':', end).and_then(|colon| end.get(colon + 1..));
    if let Some((address, length)) = behind.and_then(token::quad)
        && behind.is_some_and(|behind| behind.len() == length)
    {
        return LineReading::Incoming(IpAddr::V4(address));
    }
    let end = end.get(end.len().saturating_sub(96)..).unwrap_or_default();
    let last = token::tokens(end).last().filter(|last| end.len() - last.end <= 1);
    match last {
        Some(last) => LineReading::Incoming(last.address),
        // A host's name is at the end, and the typed name precedes it.
        None if pieces::has(message, b"authentication failed: ") => LineReading::Nobody,
        None => LineReading::Foreign,
    }
}

/// vpopmail: `vchkpw-smtp: password fail NAME:ADDRESS`. The name has no colon, but an IPv6 address has.
pub(super) fn vpopmail(message: &[u8]) -> LineReading {
    let word = message.rsplit(|b| *b == b' ').next().unwrap_or_default();
    let last = memchr::memrchr(b':', word).and_then(|colon| word.get(colon + 1..)).and_then(token::bare);
    let behind = || memchr::memchr(b':', word).and_then(|colon| word.get(colon + 1..)).and_then(token::bare);
    last.or_else(behind).map_or_else(|| at_the_end(message), LineReading::Incoming)
}

/// Pure-FTPd: `(NAME@ADDRESS) [WARNING] ...`; the name is a question mark before a login.
pub(super) fn pure_ftpd(message: &[u8]) -> LineReading {
    let peer = message.strip_prefix(b"(").and_then(|rest| rest.get(..memchr::memchr(b')', rest)?));
    let client = peer.and_then(|peer| token::bare(peer.get(memchr::memrchr(b'@', peer)? + 1..)?));
    LineReading::incoming_or_foreign(client)
}

/// Reads lines that these programs write to files of their own.
pub(super) fn by_shape(line: &[u8]) -> LineReading {
    let near = line.get(..160).unwrap_or(line);
    // xrdp: `[20261123-10:34:34] [INFO ] AUTHFAIL: user=NAME ip=ADDRESS time=1795430074`
    let text =
        if line.starts_with(b"[2") { pieces::behind_near(line, 32, b"] ").unwrap_or(line) } else { line };
    if text.starts_with(b"[INFO ] AUTHFAIL: user=") {
        return LineReading::incoming(pieces::behind_last(line, b" ip=").and_then(token::leading));
    }
    let logins = [
        &b"[LOGIN_ERROR]"[..],
        b"Login failed for ",
        b"FAILED login for ",
        b"Failed login for ",
        b"Login for '",
        b"LOGIN FAILED for user: ",
    ];
    // The name follows the program's own words, and may contain another program's. The own words begin a text that is
    // neither quoted nor an address.
    let own = pieces::before(pieces::before(near, b"\""), b"=<");
    let marks = logins.iter().filter_map(|mark| {
        let at = memchr::memmem::find(own, mark)?;
        let before = own.get(..at)?;
        let time = |b: &u8| b.is_ascii_digit() || b"/:. ".contains(b);
        let begins = mark.starts_with(b"[") && before.iter().all(time)
            || before.is_empty()
            || [&b": "[..], b"]", b"] "].iter().any(|end| before.ends_with(end));
        // Text after an address was typed by a client.
        (begins && token::tokens(before).next().is_none()).then_some((at, *mark))
    });
    if let Some((at, mark)) = marks.min() {
        let roundcube = own.get(..at).is_some_and(|before| before.ends_with(b" Error: "));
        let client = match mark {
            b"LOGIN FAILED for user: " => pieces::behind_last(line, b"\" from IP: ").and_then(token::leading),
            // Roundcube quotes the server after the client.
            b"Login failed for " if roundcube => last_from(pieces::before_last(line, b". AUTHENTICATE")),
            _ => None,
        };
        return LineReading::incoming_or_foreign(client.or_else(|| last_from(line)));
    }
    // Zimbra: `2026-11-23 10:34:34,123 WARN  [...] [name=...;ip=PROXY;oip=ADDRESS;ua=...] ...`
    let zimbra = line.get(19) == Some(&b',') && head::clock::iso_time_with_blank(line).is_some();
    match pieces::behind_near(line, 512, b"oip=").filter(|_| zimbra) {
        Some(origin) => LineReading::incoming_or_foreign(token::leading(origin)),
        None => LineReading::Foreign,
    }
}

/// Dante's SOCKS server adds the port after another dot: `203.0.113.7.51234 192.0.2.1.1080`.
pub(super) fn dante(message: &[u8]) -> LineReading {
    let mut words = message.split(|b| matches!(b, b' ' | b']' | b'@'));
    let peer = words.find_map(|word| {
        let (address, length) = token::quad(word)?;
        let port = word.get(length..)?.strip_prefix(b".")?;
        let port = port.strip_suffix(b":").unwrap_or(port);
        (!port.is_empty() && port.iter().all(u8::is_ascii_digit)).then_some(IpAddr::V4(address))
    });
    LineReading::incoming_or_foreign(peer)
}

/// The address after the last "from" that has one.
pub(super) fn last_from(text: &[u8]) -> Option<IpAddr> {
    let mut end = text.len();
    // A name may hold " from " a few times, but no honest line has it often.
    for _ in 0..8 {
        let at = memchr::memmem::rfind(text.get(..end)?, b" from ")?;
        if let Some(address) = token::leading(text.get(at + 6..)?) {
            return Some(address);
        }
        end = at;
    }
    None
}
