//! What stands around qmail: ucspi-tcp's tcpserver and rblsmtpd.

use super::{Reading, general};
use crate::input::token;

/// `tcpserver: ok 4711 mx.example:192.0.2.1:25 client.example:203.0.113.7::40123`: our side comes first.
pub(super) fn client(program: &[u8], message: &[u8]) -> Reading {
    if program == b"tcpserver" {
        if message.starts_with(b"status:") || message.starts_with(b"end ") {
            return Reading::Nobody;
        }
        let verdict = message.starts_with(b"ok ") || message.starts_with(b"deny ");
        if verdict && let Some(remote) = memchr::memrchr(b' ', message).and_then(|at| message.get(at..)) {
            return crate::input::token::tokens(remote).next().map(|token| token.address).into();
        }
    }
    // `rblsmtpd: 203.0.113.7 pid 4711: 451 http://list.example/?ip=203.0.113.7`
    token::leading(message).or_else(|| general::client(message)).into()
}
