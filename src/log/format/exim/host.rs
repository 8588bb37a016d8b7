//! The host that a message of Exim's names: `H=name (HELO) [ADDRESS]:port`. With `helo_accept_junk_hosts` a HELO may be
//! any text, and imitate the end of its field and all that follows. Text after the host may imitate the field.

use super::behind_sender;
use crate::log::format::pieces;
use std::net::IpAddr;

/// The host that a message names.
pub(super) enum NamedHost {
    Known(IpAddr),
    /// There are two candidates, and the client may have typed either.
    Ambiguous,
    /// There is no such host; other rules may find one.
    Unsaid,
}

impl NamedHost {
    pub(super) fn address(self) -> Option<IpAddr> {
        if let Self::Known(address) = self { Some(address) } else { None }
    }
}

/// Marks, after the host, before text that a client typed or that may quote a client.
const TYPED: [&[u8]; 13] = [
    // A sender that is not quoted has no blank.
    b" F=<\"",
    b" rejected ",
    b" sender verify ",
    b" Warning: ",
    b" ACL",
    b": 535 ",
    b": 435 ",
    b" input=\"",
    b" set_id=",
    b" T=\"",
    b" (last ",
    b" from <",
    b" for <",
];

/// Beginnings of messages that have no text after the host that could imitate one. Quoted text before the host was typed.
const ENDS: [&[u8]; 12] = [
    b"SMTP connection lost ",
    b"SMTP syntax error in \"",
    b"SMTP protocol error in \"",
    b"SMTP data timeout ",
    b"SMTP command timeout ",
    b"SMTP connection from ",
    b"TLS error on connection ",
    b"unexpected disconnection ",
    b"no MAIL in ",
    b"incomplete transaction ",
    b"unqualified ",
    b"refused connection ",
];

/// Finds the host of a message of any kind.
pub(super) fn read(text: &[u8]) -> NamedHost {
    let early = text.strip_prefix(b"SMTP protocol synchronization error ");
    let text = early.and_then(|text| pieces::behind(text, b"): rejected ")).unwrap_or(text);
    // `"TEXT" H=(HELO) [ADDRESS] next input="TEXT"`: each text may imitate what is between them.
    if early.is_some() && text.starts_with(b"\"") {
        let input = |behind: &[u8]| {
            // Exim's own address may come first.
            let own = behind.strip_prefix(b" I=[").and_then(|own| pieces::behind_near(own, 64, b" "));
            let next = own.or_else(|| behind.strip_prefix(b" ")).unwrap_or_default();
            next.starts_with(b"next input=\"") || next.starts_with(b"input=\"")
        };
        let mut hosts = fields(text).filter(|(_, _, behind)| input(behind)).map(|(_, address, _)| address);
        let first = hosts.next();
        return match first.filter(|first| hosts.all(|other| other == *first)) {
            Some(address) => NamedHost::Known(address),
            None => NamedHost::Ambiguous,
        };
    }
    let last = || fields(text).last().map(|(_, address, _)| NamedHost::Known(address));
    let ends = ENDS.iter().any(|start| text.starts_with(start));
    if ends && let Some(host) = last() { host } else { address(text) }
}

/// Finds the host of a mail that arrived. After the host only the subject may have several words.
pub(super) fn arrived(text: &[u8]) -> NamedHost {
    address_before(text, &[b" T=\""])
}

/// The address of a host with a HELO in round brackets before it; else the first address in square brackets that is not in
/// a mail address, not Exim's own (`I=`) and not quoted.
fn address(text: &[u8]) -> NamedHost {
    address_before(text, &TYPED)
}

fn address_before(text: &[u8], typed: &[&[u8]]) -> NamedHost {
    let text = text.strip_prefix(b"F=<").map_or(Some(text), behind_sender).unwrap_or(text);
    let helo = memchr::memchr2(b'(', b'[', text).and_then(|at| text.get(at)) == Some(&b'(');
    if let Some(host) = if helo { behind_helo(text, typed) } else { None } {
        return host;
    }
    match outermost(text, true).or_else(|| outermost(text, false)) {
        Some(address) => NamedHost::Known(address),
        None => NamedHost::Unsaid,
    }
}

/// The last of several possible ends of the field may always be Exim's, because the text before it may be the HELO. An
/// earlier one may be Exim's too, if typed text begins between it and the next one.
fn behind_helo(text: &[u8], typed: &[&[u8]]) -> Option<NamedHost> {
    let mut ends =
        fields(text).filter(|(at, ..)| text.get(..*at).is_some_and(|text| text.ends_with(b") "))).peekable();
    let mut found = None;
    while let Some((at, address, _)) = ends.next() {
        let next = ends.peek().map(|(next, ..)| *next);
        let between = text.get(at..next.unwrap_or(text.len())).unwrap_or_default();
        if next.is_some() && !typed.iter().any(|mark| pieces::has(between, mark)) {
            continue;
        }
        if found.is_some_and(|found| found != address) {
            return Some(NamedHost::Ambiguous);
        }
        found = Some(address);
    }
    found.map(NamedHost::Known)
}

/// The possible ends of a host's field: the bracket's offset, the address in it, and the text after it and its port. A
/// blank or the key comes before the bracket, and only text that Exim writes after it.
fn fields(text: &[u8]) -> impl Iterator<Item = (usize, IpAddr, &[u8])> {
    memchr::memchr_iter(b'[', text).filter_map(|open| {
        let before = text.get(..open)?;
        if !before.ends_with(b" ") && !before.ends_with(b"H=") {
            return None;
        }
        let address = pieces::bracketed(text, open)?;
        let behind = pieces::behind(text.get(open..)?, b"]")?;
        let digits = behind.iter().skip(1).take(5).take_while(|b| b.is_ascii_digit()).count();
        let port = if behind.starts_with(b":") && digits > 0 { digits + 1 } else { 0 };
        let behind = behind.get(port..)?;
        let own = matches!(behind, [] | [b' ', b'a'..=b'z' | b'A'..=b'Z' | b'(', ..] | [b':', b' ', ..]);
        own.then_some((open, address, behind))
    })
}

fn outermost(text: &[u8], nested: bool) -> Option<IpAddr> {
    let (mut quoted, mut round, mut angle) = (false, 0_usize, 0_usize);
    let closes = memchr::memrchr(b'"', text).unwrap_or(0);
    for (at, byte) in text.iter().enumerate() {
        match byte {
            // A HELO may hold a quote. A quote without a second one does not start a quotation.
            b'"' if round == 0 && (quoted || at < closes) => quoted = !quoted,
            b'(' if nested && !quoted => round += 1,
            b')' if nested && !quoted => round = round.saturating_sub(1),
            b'<' if nested && !quoted => angle += 1,
            b'>' if nested && !quoted => angle = angle.saturating_sub(1),
            _ => {}
        }
        if *byte != b'[' || round > 0 || angle > 0 || quoted {
            continue;
        }
        let before = text.get(at.saturating_sub(2)..at).unwrap_or_default();
        let host = before.is_empty() || before.ends_with(b" ") || before == b"H=";
        if host && let Some(address) = pieces::bracketed(text, at) {
            return Some(address);
        }
    }
    None
}
