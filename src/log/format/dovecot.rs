//! Dovecot: `user=<name>, rip=ADDRESS, lip=local, session=<...>`, and the auth process's
//! `passdb(user,ADDRESS,<session>): ...`. The user's name precedes the address, and the client chose it.

use super::{LineReading, general, login, pieces};
use crate::log::token;
use std::net::IpAddr;

/// The client of a message of `program`, which is Dovecot or one of its services.
pub(super) fn client(program: &[u8], message: &[u8]) -> LineReading {
    if PAM.iter().any(|start| message.starts_with(start)) {
        let reading = login::pam(message);
        if reading.is_known() {
            return reading;
        }
    }
    if let Some(reading) = delivery(message) {
        return reading;
    }
    // In lines of the authentication process the name may hold any text: `sql(rip=192.0.2.1,ADDRESS)`.
    let auth = program.starts_with(b"auth") || message.starts_with(b"auth");
    if auth && let Some(call) = in_own_call(message) {
        return LineReading::incoming(call);
    }
    if is_own_call(message) {
        return LineReading::Outgoing;
    }
    // The typed name precedes it. An `id=`, which some configurations log after it, is the client's text too.
    if let Some(own) = own_address(message).filter(|_| !auth || !pieces::has(message, PASSWORD)) {
        return LineReading::incoming(own);
    }
    let reading = login::pam(message);
    if reading.is_known() {
        return reading;
    }
    // A login line without an address has no client: its name may hold text that resembles one.
    if pieces::has(message, b": user=<") || message.starts_with(b"user=<") {
        return LineReading::Nobody;
    }
    match in_call(message) {
        Some(address) => LineReading::Incoming(address),
        None if auth || message.starts_with(b"Dovecot v") || message.starts_with(b"master: Dovecot v") => {
            LineReading::Nobody
        }
        None => LineReading::incoming(general::client(message)),
    }
}

/// Since 2.4 the authentication process may write its name as a call, and a file of its own has nothing before it:
/// `auth(NAME,ADDRESS,sasl:login)<SESSION>: Info: sql: unknown user`.
pub(super) fn by_shape(line: &[u8]) -> LineReading {
    let own = [&b"auth("[..], b"auth-worker("].iter().any(|start| line.starts_with(start));
    if own { client(b"auth", line) } else { LineReading::Foreign }
}

/// The mark before a typed password, if the administrator has them logged.
const PASSWORD: &[u8] = b"iven password: ";

/// The starts of PAM's lines.
const PAM: [&[u8]; 3] = [b"pam_", b"PAM ", b"(pam_"];

/// The address after the last `rip=` that precedes `, id=("name"="TEXT")`, which holds the client's own words. A typed
/// name can contain both marks. None if there is no such key, Some(None) if the address is ambiguous.
fn own_address(message: &[u8]) -> Option<Option<IpAddr>> {
    let last = |text: &[u8]| {
        let rest = pieces::behind_last(text, b", rip=").or_else(|| pieces::behind_last(text, b" rip="))?;
        token::leading(rest)
    };
    let ids = || memchr::memmem::find_iter(message, b", id=(");
    if !message.ends_with(b")") || ids().next().is_none() {
        return last(message).map(Some);
    }
    let mut readings = ids().take(32).filter_map(|at| last(message.get(..at)?));
    let first = readings.next()?;
    Some(Some(first).filter(|first| readings.all(|reading| reading == *first)))
}

/// `auth-worker(4711): Error: mysql(192.0.2.8): Connect failed`, `doveadm: Error: connect(192.0.2.8:12345) failed`:
/// servers that Dovecot itself connects to.
fn is_own_call(message: &[u8]) -> bool {
    let calls = [&b"mysql("[..], b"pgsql(", b"cassandra(", b"connect(", b"net_connect_ip("];
    let processes = [&b"doveadm: "[..], b"replicator: ", b"dsync-local(", b"dsync-remote("];
    let mut text = message;
    // A process and a level come first, each a word with a colon.
    for _ in 0..3 {
        if calls.iter().any(|call| text.starts_with(call)) {
            return true;
        }
        match pieces::cut_blank(text) {
            Some((word, rest)) if word.ends_with(b":") => text = rest,
            _ => break,
        }
    }
    processes.iter().any(|process| message.starts_with(process)) && !pieces::has(message, b" rip=")
}

/// `imap(user)<4711><session>: TEXT`, `lmtp(4711): Connect from ADDRESS`: processes that work for a logged-in user.
/// Their text about a mail (its subject, its ID) was written by its sender.
fn delivery(message: &[u8]) -> Option<LineReading> {
    let services =
        [&b"imap("[..], b"pop3(", b"lmtp(", b"lda(", b"managesieve(", b"submission(", b"indexer-worker("];
    let rest = services.iter().find_map(|service| message.strip_prefix(*service))?;
    let inside = pieces::before(rest, b")");
    // Some configurations put the client's address after the name.
    if let Some(address) = pieces::behind_last(inside, b",").and_then(token::bare) {
        return Some(LineReading::Incoming(address));
    }
    let text = pieces::behind(rest, b": ").unwrap_or_default();
    let peer = [&b"Connect from "[..], b"Disconnect from "].iter().find_map(|mark| text.strip_prefix(*mark));
    Some(LineReading::incoming(peer.and_then(token::leading)))
}

/// The address in the call at the start of a line of the authentication process. None if there is no call, Some(None)
/// if the typed name and password make it ambiguous.
fn in_own_call(message: &[u8]) -> Option<Option<IpAddr>> {
    // `auth: login(?,203.0.113.7): Username character disallowed by auth_username_chars: 0x28 (username: TEXT)`
    if let Some(rest) = message.strip_prefix(b"auth: ").unwrap_or(message).strip_prefix(b"login(?,") {
        return token::leading(rest).map(Some);
    }
    let own = message.ends_with(b")") && !message.ends_with(b"(Password mismatch?)");
    // The name may contain the mark too, but then no call precedes it.
    let passwords = memchr::memmem::find_iter(message, PASSWORD).filter(|_| own).take(32);
    let mut calls = passwords.filter_map(|at| message.get(..at).and_then(in_call));
    match calls.next() {
        Some(address) => Some(Some(address).filter(|_| calls.next().is_none())),
        None => in_call(message).map(Some),
    }
}

/// `sql(user,203.0.113.7,<session>): `, `pam(user,203.0.113.7): `, `auth(user,203.0.113.7,sasl:login)<session>: `: the
/// address that only the session and the mechanism follow. The name may hold any text, even such a call, so the last
/// one is Dovecot's own. A process ID in brackets may come before.
fn in_call(message: &[u8]) -> Option<IpAddr> {
    let own = message;
    let mut fields = memchr::memrchr_iter(b',', own).take(64);
    fields.find_map(|comma| {
        let rest = own.get(comma + 1..)?;
        let end = memchr::memchr2(b',', b')', rest.get(..48).unwrap_or(rest))?;
        let address = token::bare(rest.get(..end)?)?;
        let tail = rest.get(end..)?;
        let close = memchr::memchr(b')', tail.get(..160).unwrap_or(tail))?;
        let plain = |b: &u8| b.is_ascii_alphanumeric() || b"<>,:+/=_.-".contains(b);
        let ends = matches!(tail.get(close + 1), None | Some(b':' | b'<' | b' '));
        let opens = memchr::memchr(b'(', own.get(..comma)?).is_some();
        (opens && ends && tail.get(..close)?.iter().all(plain)).then_some(address)
    })
}
