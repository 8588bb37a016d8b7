//! Mail servers in Go that write a message and its fields. maddy: `smtp: incoming message<TAB>{"src_ip":
//! "ADDRESS:51234",...}`. mox: `l=info m="new connection" pkg=smtpserver remote=ADDRESS:51234 local=...`.

use super::{
    LineReading, general, pieces,
    wrapped::json::{self, Value},
};
use crate::log::token;

/// Packages of mox that connect to others.
const OUT: [&[u8]; 9] = [
    b"smtpclient",
    b"queue",
    b"dane",
    b"mtasts",
    b"mtastsdb",
    b"tlsrptsend",
    b"webhook",
    b"updates",
    b"autotls",
];

/// Packages of mox that others connect to.
const IN: [&[u8]; 7] =
    [b"smtpserver", b"imapserver", b"http", b"webmail", b"webapi", b"webadmin", b"webaccount"];

/// Reads a line known by its tab and object, or by its first keys.
pub(super) fn by_shape(line: &[u8]) -> LineReading {
    maddy(line).or_else(|| mox(line))
}

/// `MODULE: TEXT<TAB>{...}`: `src_ip` is a client, `remote_ip` and `remote_server` are destinations.
fn maddy(line: &[u8]) -> LineReading {
    let near = line.get(..320).unwrap_or(line);
    let Some(tab) = memchr::memchr(b'\t', near) else { return LineReading::Foreign };
    let (text, object) = (line.get(..tab).unwrap_or_default(), line.get(tab + 1..).unwrap_or_default());
    if !object.starts_with(b"{\"") || text.is_empty() {
        return LineReading::Foreign;
    }
    let mut outgoing = false;
    for member in json::members(object) {
        match (member.name, member.value) {
            (b"src_ip", Value::Text(address)) => return LineReading::incoming(token::bare(address)),
            (b"remote_server" | b"remote_ip" | b"remote_addr", _) => outgoing = true,
            _ => {}
        }
    }
    if outgoing { LineReading::Outgoing } else { LineReading::Foreign }
}

fn mox(line: &[u8]) -> LineReading {
    let own = line.starts_with(b"l=") && pieces::has(line.get(..64).unwrap_or(line), b" m=");
    let part = pieces::behind(line, b" pkg=").filter(|_| own);
    let part = part.map(|rest| pieces::before(rest, b" "));
    match part {
        Some(part) if OUT.contains(&part) => LineReading::Outgoing,
        Some(part) if IN.contains(&part) => LineReading::incoming(general::find(line).named),
        _ => LineReading::Foreign,
    }
}
