//! Programs that connect to others, and to which nobody connects.

use super::{LineReading, login, pieces};
use crate::log::token;
use std::net::IpAddr;

/// Their names.
const NAMES: [&[u8]; 16] = [
    b"msmtp",
    b"ssmtp",
    b"sSMTP",
    b"nullmailer",
    b"nullmailer-send",
    b"dma",
    b"esmtp",
    b"fetchmail",
    b"getmail",
    b"mpop",
    b"mbsync",
    b"offlineimap",
    b"imapsync",
    b"freshclam",
    b"sa-update",
    b"ddclient",
];

/// The reading of a message of such a program, or of a server program on lines where it is a client.
pub(super) fn client(program: &[u8], message: &[u8]) -> LineReading {
    if NAMES.contains(&program) {
        return LineReading::Outgoing;
    }
    let asks = match program {
        b"zone-mta" => pieces::has(message, b" Sender/") || pieces::has(message, b" mx="),
        b"named" => {
            if let Some(client) = asks_named(message) {
                return LineReading::Incoming(client);
            }
            is_resolver(message)
        }
        b"dnsmasq" if message.starts_with(b"query[") => {
            return LineReading::incoming(login::last_from(message));
        }
        b"dnsmasq" => true,
        _ => false,
    };
    if asks { LineReading::Outgoing } else { LineReading::Foreign }
}

/// `client @0x7f8b6c0a1b2c 203.0.113.7#53211 (NAME): query (cache) 'NAME/A/IN' denied`
fn asks_named(message: &[u8]) -> Option<IpAddr> {
    let rest = pieces::behind_near(message, 64, b"client ")?;
    let rest = if rest.starts_with(b"@") { pieces::cut_blank(rest)?.1 } else { rest };
    token::leading(rest)
}

/// Whether BIND asks other servers here.
fn is_resolver(message: &[u8]) -> bool {
    let marks = [&b" resolving '"[..], b"transfer of '", b": refresh: ", b": Transfer ", b"lame server"];
    marks.iter().any(|mark| pieces::has(message, mark)) && !pieces::has(message, b"client ")
}

/// Reads lines of files that such programs write, known by their shape.
pub(super) fn by_shape(line: &[u8]) -> LineReading {
    let near = line.get(..160).unwrap_or(line);
    // ZoneMTA: `info Sender/default/4711[3] 166874ba640000c923.001 DELIVERED from=... to=... src=LOCAL mx=name[ADDRESS]`
    if pieces::has(near, b" Sender/") && pieces::has(line, b" mx=") {
        return LineReading::Outgoing;
    }
    // MDaemon: `Connection established (LOCAL:51234 -> ADDRESS:25)`; SmarterMail: `Connection to ADDRESS:25 from LOCAL:51234
    // succeeded`
    if pieces::behind_near(line, 160, b"Connection established (")
        .is_some_and(|rest| pieces::has(rest, b" -> "))
        || pieces::behind_near(line, 96, b"] Connection to ")
            .is_some_and(|rest| pieces::has(rest, b" succeeded"))
    {
        return LineReading::Outgoing;
    }
    // PowerMTA: rows of mail that was delivered, bounced or deferred.
    let rows = [&b"d,20"[..], b"b,20", b"t,20", b"tq,20", b"rb,20", b"rs,20"];
    if rows.iter().any(|start| line.starts_with(start)) && memchr::memchr_iter(b',', line).count() > 8 {
        return LineReading::Outgoing;
    }
    LineReading::Foreign
}
