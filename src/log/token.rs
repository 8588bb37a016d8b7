//! Finds addresses in a line, and decides by the text around them whether they count.
//!
//! A line is full of text that resembles addresses: versions, object identifiers, names that begin with an address,
//! networks, times, MAC addresses, fingerprints, `Module::Name`. All of it is excluded here, so a format only has to
//! choose among true addresses.

use crate::address;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A true address in a line, unwrapped, with the start and end of its text.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Token {
    pub(crate) address: IpAddr,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// The role of a byte at the border of an address.
#[derive(Clone, Copy, Eq, PartialEq)]
enum ByteClass {
    /// May be part of an address.
    Part,
    /// Makes the neighbouring address part of something longer: a name, a version, a local part.
    Glue,
    /// Ends or begins anything.
    Border,
}

#[expect(clippy::indexing_slicing, reason = "a table of all bytes, made by the compiler, which checks it")]
const CLASS: [ByteClass; 256] = {
    let mut table = [ByteClass::Border; 256];
    let mut byte = 0;
    while byte < 256 {
        let at = byte as u8;
        if at.is_ascii_hexdigit() || at == b':' || at == b'.' {
            table[byte] = ByteClass::Part;
        } else if at.is_ascii_alphanumeric() || matches!(at, b'_' | b'-' | b'@' | b'+' | b'%' | b'~') {
            table[byte] = ByteClass::Glue;
        }
        byte += 1;
    }
    table
};

fn class(byte: Option<&u8>) -> ByteClass {
    byte.and_then(|b| CLASS.get(usize::from(*b))).copied().unwrap_or(ByteClass::Border)
}

/// The true addresses that count.
#[derive(Clone, Copy, Eq, PartialEq)]
enum TokenScope {
    /// Addresses that may be of a machine that is in touch with us.
    Machines,
    /// Also addresses that are only mentioned: in a URL, after the `@` of a mail address, with a netmask.
    Every,
}

/// The addresses of a line that may be of a machine, from left to right.
pub(crate) fn tokens(line: &[u8]) -> Tokens<'_> {
    Tokens { line, at: 0, wanted: TokenScope::Machines }
}

/// All addresses of a line, from left to right. A network (`192.0.2.0/24`) does not count, and neither does part of a
/// longer word (`host-192.0.2.1`, `192.0.2.1.tar.gz`, `192.0.2.1@example.net`).
pub(crate) fn every(line: &[u8]) -> Tokens<'_> {
    Tokens { line, at: 0, wanted: TokenScope::Every }
}

/// See [`tokens`] and [`every`].
pub(crate) struct Tokens<'a> {
    line: &'a [u8],
    at: usize,
    wanted: TokenScope,
}

impl Iterator for Tokens<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        loop {
            let rest = self.line.get(self.at..)?;
            let start = self.at + rest.iter().position(|b| class(Some(b)) == ByteClass::Part)?;
            let run = self.line.get(start..)?;
            let length = run.iter().position(|b| class(Some(b)) != ByteClass::Part).unwrap_or(run.len());
            self.at = start + length;
            // The text of an address has at most 45 bytes. With a port and the end of a key it stays below this.
            if (3..=64).contains(&length)
                && let Some(token) = in_run(self.line, start, start + length, self.wanted)
            {
                if self.wanted == TokenScope::Every && token.address.is_ipv4() {
                    // `192.0.2.1:25:198.51.100.1:4711`
                    self.at = token.end;
                }
                return Some(token);
            }
        }
    }
}

/// The address in a run of hexadecimal digits, colons and dots.
fn in_run(line: &[u8], start: usize, end: usize, wanted: TokenScope) -> Option<Token> {
    let run = line.get(start..end)?;
    let colons = memchr::memchr_iter(b':', run).count();
    // The rest of a run after an address is a port, or another address of the same form.
    let whole = start.checked_sub(1).is_none_or(|at| class(line.get(at)) != ByteClass::Part);
    if colons >= 2
        && whole
        && let Some(token) = v6_in_run(line, start, end, wanted)
    {
        return Some(token);
    }
    if memchr::memchr_iter(b'.', run).count() < 3 {
        return None;
    }
    let mut from = start;
    for part in run.split(|b| *b == b':') {
        let to = from + part.len();
        if let Some(token) = v4_in_part(line, from, to, wanted) {
            return Some(token);
        }
        from = to + 1;
    }
    None
}

fn v4_in_part(line: &[u8], from: usize, to: usize, wanted: TokenScope) -> Option<Token> {
    let part = line.get(from..to)?;
    let (address, length) = quad(part)?;
    // A sentence may end after an address.
    let dot = part.get(length..)? == b".";
    let (address, end) = (IpAddr::V4(address), from + length);
    if (length != part.len() && !dot)
        || !opens(line, from, wanted)
        || !closes(line, (from, if dot { end + 1 } else { end }), address, 32, wanted)
    {
        return None;
    }
    Some(Token { address, start: from, end })
}

fn v6_in_run(line: &[u8], start: usize, end: usize, wanted: TokenScope) -> Option<Token> {
    let mut from = start;
    let run = line.get(start..end)?;
    if run.starts_with(b"6:") && start >= 3 && line.get(start - 3..start)?.eq_ignore_ascii_case(b"ipv") {
        // The tag of RFC 5321 4.1.3: [IPv6:2001:db8::1].
        from += 2;
        if start > 3 && !opens(line, start - 3, wanted) {
            return None;
        }
    } else if run.starts_with(b":") && (!run.starts_with(b"::") || run.starts_with(b":::")) {
        // `key:2001:db8::1`
        from += 1;
    } else if !opens(line, start, wanted) {
        return None;
    }
    let text = line.get(from..end)?;
    let trimmed = text.strip_suffix(b".").unwrap_or(text);
    let sentence = trimmed.strip_suffix(b":").unwrap_or(trimmed);
    let (address, length) = [trimmed, sentence, without_port(sentence)]
        .into_iter()
        .find_map(|text| Some((v6(text)?, text.len())))?;
    closes(line, (from, end), address, 128, wanted).then_some(Token {
        address,
        start: from,
        end: from + length,
    })
}

/// `2001:db8::1234:58430` without a part that can only be a port: a last group of five digits.
fn without_port(text: &[u8]) -> &[u8] {
    match memchr::memrchr(b':', text).and_then(|colon| Some((text.get(..colon)?, text.get(colon + 1..)?))) {
        Some((address, port))
            if port.iter().all(u8::is_ascii_digit) && (port.len() == 5 || quad_ends(address)) =>
        {
            address
        }
        _ => text,
    }
}

fn quad_ends(text: &[u8]) -> bool {
    text.contains(&b'.')
}

/// Parses an IPv6 address without any other text, and unwraps it. Eight groups of two digits are a fingerprint or an
/// EUI-64 in a log, and eight single digits a counter. `::` is no machine.
pub(crate) fn v6(text: &[u8]) -> Option<IpAddr> {
    let address: Ipv6Addr = std::str::from_utf8(text).ok()?.parse().ok()?;
    let pairs = text.len() == 23 && text.split(|b| *b == b':').all(|group| group.len() == 2);
    let wordlike = !text.iter().any(u8::is_ascii_digit);
    let counter = text.len() == 15
        && !text.windows(2).any(|pair| matches!(pair, [b':', b':']))
        && text.iter().all(|b| b.is_ascii_digit() || *b == b':');
    (!pairs && !counter && !wordlike && !address.is_unspecified())
        .then(|| address::unwrap(IpAddr::V6(address)))
}

/// Parses an address as it stands between brackets, without any other text. A tag `IPv6:` may precede it, and a port
/// may follow. With a port, an IPv6 address needs its own brackets.
pub(crate) fn bare(text: &[u8]) -> Option<IpAddr> {
    if let Some(inside) = text.strip_prefix(b"[") {
        let close = memchr::memchr(b']', inside)?;
        let port = inside.get(close + 1..)?;
        let clean = port.is_empty() || port.strip_prefix(b":").is_some_and(is_number);
        return if clean { v6(inside.get(..close)?) } else { None };
    }
    if let Some((address, length)) = quad(text) {
        let rest = text.get(length..)?;
        let port = rest.strip_prefix(b":").is_some_and(is_number);
        return (rest.is_empty() || port).then_some(IpAddr::V4(address));
    }
    let tagged = text.get(..5).is_some_and(|tag| tag.eq_ignore_ascii_case(b"ipv6:"));
    v6(if tagged { text.get(5..)? } else { text })
}

/// The address at the start of a text, bare or in brackets.
pub(crate) fn leading(text: &[u8]) -> Option<IpAddr> {
    let near = text.get(..80).unwrap_or(text);
    let found = tokens(near).next()?;
    let before = near.get(..found.start)?;
    let tag = before.strip_prefix(b"[").unwrap_or(before);
    (found.start <= 1 || tag.eq_ignore_ascii_case(b"ipv6:")).then_some(found.address)
}

fn is_number(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(u8::is_ascii_digit)
}

/// The dotted quad at the start of a text, and its length in bytes. Leading zeros are refused, since some programs read
/// them as octal.
pub(crate) fn quad(text: &[u8]) -> Option<(Ipv4Addr, usize)> {
    let mut bits = 0_u32;
    let mut at = 0;
    for index in 0..4 {
        if index > 0 {
            if text.get(at) != Some(&b'.') {
                return None;
            }
            at += 1;
        }
        let (octet, length) = octet(text.get(at..)?)?;
        bits = bits << 8 | octet;
        at += length;
    }
    Some((Ipv4Addr::from_bits(bits), at))
}

fn octet(text: &[u8]) -> Option<(u32, usize)> {
    let digit = |at: usize| text.get(at).map(|b| u32::from(b.wrapping_sub(b'0'))).filter(|digit| *digit < 10);
    let first = digit(0)?;
    let Some(second) = digit(1) else { return Some((first, 1)) };
    if first == 0 {
        return None;
    }
    let Some(third) = digit(2) else { return Some((first * 10 + second, 2)) };
    let value = first * 100 + second * 10 + third;
    (value < 256).then_some((value, 3))
}

/// Whether an address may begin here.
fn opens(line: &[u8], start: usize, wanted: TokenScope) -> bool {
    let behind = |byte: u8| start.checked_sub(2).and_then(|at| line.get(at)) == Some(&byte);
    let before = start.checked_sub(1).and_then(|at| line.get(at));
    match before {
        // A key, a host or another number may precede the colon; all are allowed.
        Some(b':') => true,
        // In a path or a URL it is only mentioned; `host/192.0.2.1` is how Java writes a peer.
        Some(b'/') => wanted == TokenScope::Every || !behind(b'/'),
        // `user@[192.0.2.1]` is a mail address.
        Some(b'[') => wanted == TokenScope::Every || !behind(b'@'),
        Some(b'@') => wanted == TokenScope::Every,
        Some(b'.') => false,
        other => class(other) == ByteClass::Border,
    }
}

/// Whether an address may end here; `width` is its number of bits before unwrapping.
fn closes(line: &[u8], (start, end): (usize, usize), address: IpAddr, width: u8, wanted: TokenScope) -> bool {
    let before = line.get(..start).unwrap_or_default();
    let keyed = || before.ends_with(b"=") || is_banned(before);
    let rest = line.get(end..).unwrap_or_default();
    match rest.first() {
        Some(b'-') => rest.get(1) == Some(&b'>'),
        Some(b'/') => match prefix_length(rest.get(1..).unwrap_or_default(), width) {
            None => true,
            // `inet 192.0.2.1/24` is a machine's address, and so is `192.0.2.0/32`; postgrey writes
            // `client_address=192.0.2.1/32`.
            Some(length) => {
                length == width && keyed()
                    || wanted == TokenScope::Every && !is_network(address, length, width)
            }
        },
        Some(b':') => true,
        other => class(other) == ByteClass::Border,
    }
}

/// Whether a word for a ban precedes an address, as when a program bans a network of one address: `Banning
/// 192.0.2.1/32`.
fn is_banned(before: &[u8]) -> bool {
    let words = [
        &b"ban"[..],
        b"unban",
        b"banning",
        b"unbanning",
        b"banned",
        b"block",
        b"blocking",
        b"blocked",
        b"until",
    ];
    let before = before.get(before.len().saturating_sub(16)..).unwrap_or_default();
    let before = before.strip_suffix(b"\"").unwrap_or(before).trim_ascii_end();
    let length = before.iter().rev().take_while(|b| b.is_ascii_alphabetic()).count();
    let word = before.get(before.len() - length..).unwrap_or_default();
    words.iter().any(|known| word.eq_ignore_ascii_case(known))
}

/// The number after a slash, if it can be a prefix length.
fn prefix_length(text: &[u8], width: u8) -> Option<u8> {
    let digits = text.iter().take_while(|b| b.is_ascii_digit()).count();
    let number = text.get(..digits).and_then(|d| std::str::from_utf8(d).ok()).and_then(|d| d.parse().ok());
    number.filter(|length| *length <= width)
}

/// Whether an address with a prefix length stands for a whole network: no bit after the prefix is set.
fn is_network(address: IpAddr, length: u8, width: u8) -> bool {
    let rest = match address {
        // A mapped address (RFC 4291 2.5.5.2) was unwrapped, but the length still counts 128 bits.
        IpAddr::V4(v4) => {
            let length = if width == 32 { length } else { length.saturating_sub(96) };
            v4.to_bits().checked_shl(length.into()).map(u128::from)
        }
        IpAddr::V6(v6) => v6.to_bits().checked_shl(length.into()),
    };
    rest == Some(0)
}

#[cfg(test)]
mod tests;
