//! Small steps that several formats share.

use crate::log::token;
use std::net::IpAddr;

/// The text after the first `mark`.
pub(super) fn behind<'a>(text: &'a [u8], mark: &[u8]) -> Option<&'a [u8]> {
    text.get(memchr::memmem::find(text, mark)? + mark.len()..)
}

/// The text after the first `mark` within the first `near` bytes.
pub(super) fn behind_near<'a>(text: &'a [u8], near: usize, mark: &[u8]) -> Option<&'a [u8]> {
    let at = memchr::memmem::find(text.get(..near).unwrap_or(text), mark)?;
    text.get(at + mark.len()..)
}

/// The text after the last `mark`.
pub(super) fn behind_last<'a>(text: &'a [u8], mark: &[u8]) -> Option<&'a [u8]> {
    text.get(memchr::memmem::rfind(text, mark)? + mark.len()..)
}

/// The text after a mark at the start of a line, or after a time in numbers or TAI64N.
pub(super) fn behind_time<'a>(text: &'a [u8], mark: &[u8]) -> Option<&'a [u8]> {
    let at = memchr::memmem::find(text.get(..64).unwrap_or(text), mark)?;
    let time = |b: &u8| b.is_ascii_hexdigit() || b"@:.-+TZ_/ ".contains(b);
    text.get(..at)?.iter().all(time).then_some(text.get(at + mark.len()..)?)
}

/// The text before the first `mark`, or all of it.
pub(super) fn before<'a>(text: &'a [u8], mark: &[u8]) -> &'a [u8] {
    memchr::memmem::find(text, mark).and_then(|at| text.get(..at)).unwrap_or(text)
}

/// The text before the last `mark`, or all of it.
pub(super) fn before_last<'a>(text: &'a [u8], mark: &[u8]) -> &'a [u8] {
    memchr::memmem::rfind(text, mark).and_then(|at| text.get(..at)).unwrap_or(text)
}

/// Whether `mark` occurs.
pub(super) fn has(text: &[u8], mark: &[u8]) -> bool {
    memchr::memmem::find(text, mark).is_some()
}

/// Whether the byte at `at` is escaped by an odd number of backslashes.
pub(super) fn is_escaped(text: &[u8], at: usize) -> bool {
    let before = text.get(..at).unwrap_or_default();
    before.iter().rev().take_while(|b| **b == b'\\').count() % 2 == 1
}

/// The number of unescaped double quotes between two positions.
pub(super) fn count_quotes(text: &[u8], from: usize, end: usize) -> usize {
    let quotes = memchr::memchr_iter(b'"', text.get(from..end).unwrap_or_default());
    quotes.filter(|at| !is_escaped(text, from + at)).count()
}

/// The text before and after the first blank.
pub(super) fn cut_blank(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = memchr::memchr(b' ', text)?;
    Some((text.get(..at)?, text.get(at + 1..)?))
}

/// The address in the brackets that open at `open`, if they hold nothing else.
pub(super) fn bracketed(text: &[u8], open: usize) -> Option<IpAddr> {
    let inside = text.get(open + 1..)?;
    if let Some((address, length)) = token::quad(inside)
        && inside.get(length) == Some(&b']')
    {
        return Some(IpAddr::V4(address));
    }
    // 45 bytes of address, a tag and a port.
    let near = inside.get(..64).unwrap_or(inside);
    token::bare(inside.get(..memchr::memchr(b']', near)?)?)
}

/// The first address in brackets for which `may` accepts the text before the bracket.
pub(super) fn first_bracketed(text: &[u8], may: impl Fn(&[u8]) -> bool) -> Option<IpAddr> {
    memchr::memchr_iter(b'[', text)
        .filter(|open| text.get(..*open).is_some_and(&may))
        .find_map(|open| bracketed(text, open))
}
