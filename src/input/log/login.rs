//! Programs that write a name which the client typed before they write the client: the last "from" is their own.

use super::{Reading, general, pieces};
use crate::input::token;
use std::net::IpAddr;

/// OpenSSH: `Failed password for invalid user NAME from ADDRESS port 4711 ssh2`.
pub(super) fn secure_shell(message: &[u8]) -> Reading {
    if message.starts_with(b"Server listening") {
        return Reading::Nobody;
    }
    // `Connection from ADDRESS port 4711 on LOCAL port 22` holds no text of the client.
    if message.starts_with(b"Connection ") || pieces::has(message, b"rhost=") {
        return general::client(message).into();
    }
    last_from(message).or_else(|| general::client(message)).into()
}

/// Roundcube: `Login failed for NAME from ADDRESS(X-Forwarded-For: ...). AUTHENTICATE ...`
pub(super) fn roundcube(message: &[u8]) -> Reading {
    let own = pieces::before(message, b". AUTHENTICATE");
    last_from(own).or_else(|| general::client(own)).into()
}

/// Dante's SOCKS server puts the port behind another dot: `203.0.113.7.51234 192.0.2.1.1080`.
pub(super) fn dante(message: &[u8]) -> Reading {
    let mut words = message.split(|b| matches!(b, b' ' | b']' | b'@'));
    let peer = words.find_map(|word| {
        let (address, length) = token::quad(word)?;
        let port = word.get(length..)?.strip_prefix(b".")?;
        let port = port.strip_suffix(b":").unwrap_or(port);
        (!port.is_empty() && port.iter().all(u8::is_ascii_digit)).then_some(IpAddr::V4(address))
    });
    peer.map_or(Reading::Foreign, Reading::Client)
}

fn last_from(text: &[u8]) -> Option<IpAddr> {
    let mut end = text.len();
    // A name may hold " from " a few times, but no honest line holds it often.
    for _ in 0..8 {
        let at = memchr::memmem::rfind(text.get(..end)?, b" from ")?;
        if let Some(address) = token::leading(text.get(at + 6..)?) {
            return Some(address);
        }
        end = at;
    }
    None
}
