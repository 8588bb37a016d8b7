//! Webmail in front of the mail server: Roundcube, Horde, SquirrelMail, Open WebMail, and up-imapproxy. All of them
//! write the typed name before the client's address.

use super::{LineReading, general, login, pieces};
use crate::log::token;
use std::net::IpAddr;

/// The client of a message of such a program; Foreign for all others.
pub(super) fn by_program(program: &[u8], message: &[u8]) -> LineReading {
    match program {
        b"HORDE" | b"horde" | b"imp" => horde(message),
        b"drupal" => drupal(message),
        b"squirrelmail" => squirrelmail(message),
        b"in.imapproxyd" | b"imapproxyd" => imapproxy(message),
        _ if program.starts_with(b"roundcube") => roundcube(message),
        _ => LineReading::Foreign,
    }
}

/// Reads lines that these programs write to files of their own, or under a web server's name.
pub(super) fn by_shape(line: &[u8]) -> LineReading {
    let near = line.get(..96).unwrap_or(line);
    let logins = [&b"] FAILED LOGIN for "[..], b"] Login failed for ", b"] Login success for "];
    let horde_own = [&b"HORDE"[..], b"[horde]", b"[imp]"].iter().any(|mark| pieces::has(near, mark));
    if horde_own && logins.iter().any(|mark| pieces::has(near, mark)) {
        return horde(line);
    }
    sogo(line).or_else(|| open_webmail(near))
}

/// Roundcube: `Login failed for NAME from ADDRESS(X-Forwarded-For: ...). AUTHENTICATE ...`
fn roundcube(message: &[u8]) -> LineReading {
    let own = pieces::before_last(message, b". AUTHENTICATE");
    LineReading::incoming(login::last_from(own).or_else(|| general::client(own)))
}

/// Horde: `FAILED LOGIN for NAME [ADDRESS] (forwarded for [...]) to {mail server} [pid 4711 on line ...]`, `Login
/// failed for NAME (ADDRESS)`; in some versions the mail server precedes the address.
fn horde(message: &[u8]) -> LineReading {
    // The client is the last word that is just an address in brackets. A forwarded-for address has an extra bracket. If
    // a name imitates that, the server follows; it also precedes a client in round brackets.
    let mut words = message.trim_ascii_end().split(|b| *b == b' ').peekable();
    let mut last = None;
    while let Some(word) = words.next() {
        let (inside, end) = match word {
            [b'[', inside @ .., b']'] => (inside, false),
            [b'(', inside @ .., b')'] => (inside, true),
            _ => continue,
        };
        if let Some(address) = token::bare(inside).filter(|_| !end || words.peek() != Some(&&b"to"[..])) {
            last = Some(address);
        }
    }
    LineReading::incoming_or_foreign(last)
}

/// Drupal: `https://example.com|1795430074|user|ADDRESS|https://example.com/TEXT|REFERRER|0||TEXT`.
fn drupal(message: &[u8]) -> LineReading {
    LineReading::incoming_or_foreign(message.split(|b| *b == b'|').nth(3).and_then(token::bare))
}

/// SOGo: `SOGoRootPage Login from 'ADDRESS' for user 'NAME' might not have worked`
fn sogo(line: &[u8]) -> LineReading {
    // A process id after a blank is not part of a tag.
    let text = line.strip_prefix(b"sogod ").unwrap_or(line);
    let text =
        if text.starts_with(b"[") { pieces::behind_near(text, 16, b"]: ").unwrap_or(text) } else { text };
    let peer = text.strip_prefix(b"SOGoRootPage Login from '").and_then(token::leading);
    LineReading::incoming_or_foreign(peer)
}

/// SquirrelMail: `Failed webmail login: by NAME (DOMAIN) at ADDRESS on 11/23/2026 10:34:34: ...`
fn squirrelmail(message: &[u8]) -> LineReading {
    let client = pieces::behind_last(message, b" at ").and_then(token::leading);
    LineReading::incoming_or_foreign(client)
}

/// up-imapproxy: `LOGIN: 'NAME' (ADDRESS:51234) failed: ...`
fn imapproxy(message: &[u8]) -> LineReading {
    let client = pieces::behind_last(message, b"' (").and_then(token::leading);
    LineReading::incoming_or_foreign(client)
}

/// Open WebMail: `Mon Nov 23 10:34:34 2026 - [4711] (ADDRESS) NAME - login error - ...`
fn open_webmail(near: &[u8]) -> LineReading {
    let client = || -> Option<IpAddr> {
        let rest = near.get(..48).unwrap_or(near);
        let process = near.get(memchr::memmem::find(rest, b" - [")? + 4..)?;
        let digits = process.iter().take_while(|b| b.is_ascii_digit()).count();
        let inside = process.get(digits..)?.strip_prefix(b"] (")?;
        token::bare(inside.get(..memchr::memchr(b')', inside)?)?)
    };
    LineReading::incoming_or_foreign(client())
}
