//! rspamd: `... #4711(normal) <4b1c2d>; task; rspamd_task_write_log: id: <...>, qid: <4Xy>, ip: ADDRESS, from: <...>`.
//! It asks many servers (fuzzy storages, lists, Redis, maps), and its lines about them use the same words as those
//! about clients.

use super::{LineReading, general, pieces};
use crate::log::token;

/// Text on lines about servers that rspamd asks.
const ASKED: [&[u8]; 12] = [
    b"server ",
    b"upstream",
    b"fuzzy",
    b"redis",
    b"retransmit",
    b"connect to ",
    b" map ",
    b"clamav",
    b"resolv",
    b"nameserver",
    b"backend",
    b"proxy; cannot",
];

/// Reads a line of rspamd's own file, known by the process and the session.
pub(super) fn by_shape(line: &[u8]) -> LineReading {
    let near = line.get(..96).unwrap_or(line);
    let process = pieces::behind_time(near, b"#").and_then(|rest| {
        let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
        rest.get(digits..)?.strip_prefix(b"(").filter(|_| digits > 0)
    });
    match process.and_then(|rest| pieces::behind(rest, b") ")) {
        Some(rest) => client(line.get(near.len() - rest.len()..).unwrap_or_default()),
        None => LineReading::Foreign,
    }
}

/// A message of the program: `<4b1c2d>; task; accepted connection from ADDRESS port 51234`.
pub(super) fn client(message: &[u8]) -> LineReading {
    if let Some(log) = pieces::behind_near(message, 160, b"rspamd_task_write_log: ") {
        // The message's ID comes first, and its sender chose it.
        let behind = pieces::behind(log, b", qid: <").and_then(|rest| pieces::behind(rest, b">, ip: "));
        let behind =
            behind.or_else(|| pieces::behind(log, b">, ip: ")).or_else(|| pieces::behind(log, b", ip: "));
        return LineReading::incoming(behind.and_then(token::leading));
    }
    if let Some(peer) = pieces::behind_near(message, 160, b"accepted connection from ") {
        return LineReading::incoming(token::leading(peer));
    }
    if ASKED.iter().any(|mark| pieces::has(message, mark)) {
        return LineReading::Outgoing;
    }
    LineReading::incoming(general::find(message).named)
}
