//! Dovecot: `user=<name>, rip=ADDRESS, lip=local, session=<...>`, and the auth process's
//! `passdb(user,ADDRESS,<session>): ...`. The user's name comes before the address and is the client's own text.

use super::{Reading, general, login, pieces};
use crate::input::token;
use std::net::IpAddr;

/// The client of a message.
pub(super) fn client(message: &[u8]) -> Reading {
    if let Some(rest) = pieces::behind_last(message, b"rip=") {
        return token::leading(rest).into();
    }
    if let reading @ (Reading::Client(_) | Reading::Nobody) = login::pam(message) {
        return reading;
    }
    match in_call(message) {
        Some(address) => Reading::Client(address),
        None if message.starts_with(b"Dovecot v") || message.starts_with(b"master: Dovecot v") => {
            Reading::Nobody
        }
        None => general::client(message).into(),
    }
}

/// `sql(user,203.0.113.7,<session>)`, `pam(user,203.0.113.7)`: the last field of the brackets but the session.
/// A process id in brackets may come before.
fn in_call(message: &[u8]) -> Option<IpAddr> {
    memchr::memchr_iter(b'(', message).take(4).find_map(|open| {
        let inside = message.get(open + 1..)?;
        let end = [&b",<"[..], b"):"].iter().filter_map(|mark| memchr::memmem::find(inside, mark)).min()?;
        let inside = inside.get(..end)?;
        token::bare(inside.get(memchr::memrchr(b',', inside)? + 1..)?)
    })
}
