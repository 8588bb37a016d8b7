//! Dovecot: `user=<name>, rip=ADDRESS, lip=local, session=<...>`, and the auth process's
//! `passdb(user,ADDRESS,<session>): ...`. The user's name comes before the address and is the client's own text.

use super::{LineReading, general, login, pieces};
use crate::log::token;
use std::net::IpAddr;

/// The client of a message of `program`, which may be Dovecot as a whole or one of its services.
pub(super) fn client(program: &[u8], message: &[u8]) -> LineReading {
    // In the authentication process's own lines the name may be anything: `sql(rip=192.0.2.1,ADDRESS)`.
    let auth = program.starts_with(b"auth") || message.starts_with(b"auth");
    if auth && let Some(address) = in_call(message) {
        return LineReading::Incoming(address);
    }
    if is_own_call(message) {
        return LineReading::Outgoing;
    }
    // The name that was typed comes before it, and an `id=` that some have logged behind it is the client's, too.
    let own = before_id(message);
    let own = pieces::behind_last(own, b", rip=").or_else(|| pieces::behind_last(own, b" rip="));
    if let Some(rest) = own.filter(|_| !auth || !pieces::has(message, PASSWORD)) {
        return LineReading::incoming(token::leading(rest));
    }
    let reading = login::pam(message);
    if reading.is_known() {
        return reading;
    }
    if let Some(reading) = delivery(message) {
        return reading;
    }
    match in_call(message) {
        Some(address) => LineReading::Incoming(address),
        None if auth || message.starts_with(b"Dovecot v") || message.starts_with(b"master: Dovecot v") => {
            LineReading::Nobody
        }
        None => LineReading::incoming(general::client(message)),
    }
}

/// Since 2.4 the authentication process may write its name as a call, in a file of its own with nothing before it:
/// `auth(NAME,ADDRESS,sasl:login)<SESSION>: Info: sql: unknown user`.
pub(super) fn by_shape(line: &[u8]) -> LineReading {
    let own = [&b"auth("[..], b"auth-worker("].iter().any(|start| line.starts_with(start));
    if own { client(b"auth", line) } else { LineReading::Foreign }
}

/// What stands before a password that was typed, if the administrator has it logged.
const PASSWORD: &[u8] = b"iven password: ";

/// What stands before `, id=("name"="TEXT")`, the client's own words. A name that was typed can hold the like, but does
/// not end the line; and of words that hold it, only the last are cut off, since a name is always logged, but they are not.
fn before_id(message: &[u8]) -> &[u8] {
    let cut = || message.get(..memchr::memmem::rfind(message, b", id=(")?);
    let own = if message.ends_with(b")") { cut() } else { None };
    own.filter(|own| pieces::has(own, b"rip=")).unwrap_or(message)
}

/// `auth-worker(4711): Error: mysql(192.0.2.8): Connect failed`, `doveadm: Error: connect(192.0.2.8:12345) failed`: what
/// Dovecot itself connects to.
fn is_own_call(message: &[u8]) -> bool {
    let calls = [&b"mysql("[..], b"pgsql(", b"cassandra(", b"connect(", b"net_connect_ip("];
    let processes = [&b"doveadm: "[..], b"replicator: ", b"dsync-local(", b"dsync-remote("];
    let mut text = message;
    // A process, a level: each a word with a colon.
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

/// `imap(user)<4711><session>: TEXT`, `lmtp(4711): Connect from ADDRESS`: processes that work for a user who is
/// in. What they say of a mail (its subject, its id) was written by its sender.
fn delivery(message: &[u8]) -> Option<LineReading> {
    let services =
        [&b"imap("[..], b"pop3(", b"lmtp(", b"lda(", b"managesieve(", b"submission(", b"indexer-worker("];
    let rest = services.iter().find_map(|service| message.strip_prefix(*service))?;
    let inside = pieces::before(rest, b")");
    // Some have the client's address put behind the name.
    if let Some(address) = inside.rsplit(|b| *b == b',').next().and_then(token::bare) {
        return Some(LineReading::Incoming(address));
    }
    let text = pieces::behind(rest, b": ").unwrap_or_default();
    let peer = [&b"Connect from "[..], b"Disconnect from "].iter().find_map(|mark| text.strip_prefix(*mark));
    Some(LineReading::incoming(peer.and_then(token::leading)))
}

/// `sql(user,203.0.113.7,<session>): `, `pam(user,203.0.113.7): `, `auth(user,203.0.113.7,sasl:login)<session>: `: the
/// address that is followed by nothing but the session and the mechanism. The name may hold what it likes, even the like:
/// the last is Dovecot's own. A process id in brackets may come before.
fn in_call(message: &[u8]) -> Option<IpAddr> {
    let own = pieces::before(message, PASSWORD);
    let mut fields = memchr::memrchr_iter(b',', own).take(16);
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
