//! What stands around qmail: ucspi-tcp's tcpserver and rblsmtpd, the CHKUSER patch, simscan.

use super::{Reading, general, pieces};
use crate::input::token;

/// A message that qmail's own tag announces: `1795430074.485077 tcpserver: ...`
pub(super) fn logged(message: &[u8]) -> Reading {
    let text = match pieces::cut_blank(message) {
        Some((stamp, rest)) if stamp.iter().all(|b| b.is_ascii_digit() || *b == b'.') => rest,
        _ => message,
    };
    for program in [&b"tcpserver"[..], b"rblsmtpd"] {
        if let Some(message) = text.strip_prefix(program).and_then(|rest| rest.strip_prefix(b": ")) {
            return client(program, message);
        }
    }
    by_shape(text)
}

/// `tcpserver: ok 4711 mx.example:192.0.2.1:25 client.example:203.0.113.7:ident:40123`: our side comes first.
pub(super) fn client(program: &[u8], message: &[u8]) -> Reading {
    if program == b"tcpserver" {
        if message.starts_with(b"status:") || message.starts_with(b"end ") {
            return Reading::Nobody;
        }
        let verdict = message.starts_with(b"ok ") || message.starts_with(b"deny ");
        if verdict && let Some(remote) = message.splitn(4, |b| *b == b' ').nth(3) {
            return token::tokens(remote).next().map(|token| token.address).into();
        }
    }
    // `rblsmtpd: 203.0.113.7 pid 4711: 451 http://list.example/?ip=203.0.113.7`
    token::leading(message).or_else(|| general::client(message)).into()
}

/// Lines of the programs that sit in qmail's SMTP service, whatever their tag.
pub(super) fn by_shape(line: &[u8]) -> Reading {
    // `CHKUSER rejected rcpt: from <SENDER:USER:> remote <HELO:name:ADDRESS> rcpt <...> : ...`
    if let Some(text) = pieces::behind_near(line, 96, b"CHKUSER ") {
        let remote = pieces::behind(text, b"> remote <").map(|rest| pieces::before(rest, b"> "));
        let client = remote.and_then(|remote| token::tokens(remote).last());
        return client.map_or(Reading::Foreign, |client| Reading::Client(client.address));
    }
    // `simscan:[4711]:CLEAN (0.00/12.00):0.5s:SUBJECT:ADDRESS:sender:recipient`
    if pieces::behind_near(line, 96, b"simscan:[").is_some() {
        let client = line.rsplit(|b| *b == b':').nth(2).and_then(token::bare);
        return client.map_or(Reading::Foreign, Reading::Client);
    }
    Reading::Foreign
}
