//! Programs around qmail: ucspi-tcp's tcpserver and rblsmtpd, the CHKUSER patch, simscan.

use super::{LineReading, general, pieces};
use crate::log::token;
use std::net::IpAddr;

/// The message after the time that splogger adds: `1795430074.485077 tcpserver: ...`
pub(super) fn behind_stamp(message: &[u8]) -> &[u8] {
    let stamped = message.first().is_some_and(u8::is_ascii_digit);
    let stamp = if stamped { super::head::clock::epoch(message) } else { None };
    stamp.and_then(|length| message.get(length..)).unwrap_or(message)
}

/// `tcpserver: ok 4711 mx.example:192.0.2.1:25 client.example:203.0.113.7:ident:40123`: our side comes first.
pub(super) fn client(program: &[u8], message: &[u8]) -> LineReading {
    if program == b"tcpserver" {
        if message.starts_with(b"status:") || message.starts_with(b"end ") {
            return LineReading::Nobody;
        }
        let verdict = message.starts_with(b"ok ") || message.starts_with(b"deny ");
        if verdict && let Some(remote) = message.splitn(4, |b| *b == b' ').nth(3) {
            return LineReading::incoming(remote_address(remote));
        }
    }
    // `rblsmtpd: 203.0.113.7 pid 4711: 451 http://list.example/?ip=203.0.113.7`
    LineReading::incoming(token::leading(message).or_else(|| general::client(message)))
}

/// `name:ADDRESS:ident:port`: the name may be empty, and the address may have colons of its own. The client chooses the
/// ident, which has no colon.
fn remote_address(remote: &[u8]) -> Option<IpAddr> {
    let (_, behind_name) = remote.split_at_checked(memchr::memchr(b':', remote)? + 1)?;
    if let Some((address, _)) = token::quad(behind_name) {
        return Some(IpAddr::V4(address));
    }
    let own = pieces::cut_blank(behind_name).map_or(behind_name, |(own, _)| own);
    let mut ends = memchr::memrchr_iter(b':', own).filter_map(|at| own.get(..at));
    ends.find_map(token::v6).or_else(|| token::tokens(remote).next().map(|token| token.address))
}

/// Reads lines of the programs inside qmail's SMTP service, whatever their tag.
pub(super) fn by_shape(line: &[u8]) -> LineReading {
    for program in [&b"tcpserver"[..], b"rblsmtpd"] {
        if let Some(message) = line.strip_prefix(program).and_then(|rest| rest.strip_prefix(b": ")) {
            return client(program, message);
        }
    }
    // `CHKUSER rejected rcpt: from <SENDER:USER:> remote <HELO:name:ADDRESS> rcpt <...> : ...`
    if let Some(text) = pieces::behind_time(line, b"CHKUSER ") {
        // The HELO before it and the recipient after it may imitate it, and then the client is ambiguous.
        let remote = pieces::behind(text, b"> remote <").unwrap_or_default();
        let ends = || memchr::memmem::find_iter(remote, b"> rcpt <").take(32);
        let before = |end| Some(token::tokens(remote.get(..end)?).last()?.address);
        let first = ends().next().and_then(before);
        let alike = ends().all(|end| before(end) == first);
        return if alike { LineReading::incoming_or_foreign(first) } else { LineReading::Nobody };
    }
    // `simscan:[4711]:CLEAN (0.00/12.00):0.5s:SUBJECT:ADDRESS:sender:recipient`
    if pieces::behind_time(line, b"simscan:[").is_some() {
        let client = scanned(line);
        return LineReading::incoming_or_foreign(client);
    }
    LineReading::Foreign
}

/// `SUBJECT:ADDRESS:sender:recipient`: sender and recipient have no colon, but an IPv6 address has. If the end of the
/// subject could be part of such an address, the client is ambiguous.
pub(super) fn scanned(line: &[u8]) -> Option<IpAddr> {
    let end = memchr::memrchr_iter(b':', line).nth(1)?;
    let own = line.get(..end)?;
    let mut starts = memchr::memrchr_iter(b':', own).filter_map(|at| own.get(at + 1..)).take(8).peekable();
    match starts.peek().copied().and_then(token::bare) {
        Some(address @ IpAddr::V4(_)) => Some(address),
        _ => starts.filter_map(token::bare).last(),
    }
}
