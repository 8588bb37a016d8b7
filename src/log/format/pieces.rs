//! Small steps that the readers of formats share.

use crate::log::token;
use std::net::IpAddr;

/// What stands behind the first `mark`.
pub(super) fn behind<'a>(text: &'a [u8], mark: &[u8]) -> Option<&'a [u8]> {
    text.get(memchr::memmem::find(text, mark)? + mark.len()..)
}

/// What stands behind the first `mark` that lies in the first `near` bytes.
pub(super) fn behind_near<'a>(text: &'a [u8], near: usize, mark: &[u8]) -> Option<&'a [u8]> {
    let at = memchr::memmem::find(text.get(..near).unwrap_or(text), mark)?;
    text.get(at + mark.len()..)
}

/// What stands behind the last `mark`.
pub(super) fn behind_last<'a>(text: &'a [u8], mark: &[u8]) -> Option<&'a [u8]> {
    text.get(memchr::memmem::rfind(text, mark)? + mark.len()..)
}

/// What stands before the first `mark`, or all of it.
pub(super) fn before<'a>(text: &'a [u8], mark: &[u8]) -> &'a [u8] {
    memchr::memmem::find(text, mark).and_then(|at| text.get(..at)).unwrap_or(text)
}

/// What stands before the last `mark`, or all of it.
pub(super) fn before_last<'a>(text: &'a [u8], mark: &[u8]) -> &'a [u8] {
    memchr::memmem::rfind(text, mark).and_then(|at| text.get(..at)).unwrap_or(text)
}

/// Whether `mark` occurs.
pub(super) fn has(text: &[u8], mark: &[u8]) -> bool {
    memchr::memmem::find(text, mark).is_some()
}

/// Whether the byte at `at` is escaped: an odd number of backslashes stands before it.
pub(super) fn is_escaped(text: &[u8], at: usize) -> bool {
    let before = text.get(..at).unwrap_or_default();
    before.iter().rev().take_while(|b| **b == b'\\').count() % 2 == 1
}

/// How many double quotes stand between two places that are not escaped.
pub(super) fn count_quotes(text: &[u8], from: usize, end: usize) -> usize {
    let quotes = memchr::memchr_iter(b'"', text.get(from..end).unwrap_or_default());
    quotes.filter(|at| !is_escaped(text, from + at)).count()
}

/// What stands before and behind the first blank.
pub(super) fn cut_blank(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = memchr::memchr(b' ', text)?;
    Some((text.get(..at)?, text.get(at + 1..)?))
}

/// The address between the brackets that open at `open`, and nothing else between them.
pub(super) fn bracketed(text: &[u8], open: usize) -> Option<IpAddr> {
    let inside = text.get(open + 1..)?;
    // 45 bytes of address, a tag and a port.
    let near = inside.get(..64).unwrap_or(inside);
    token::bare(inside.get(..memchr::memchr(b']', near)?)?)
}

/// The first address between brackets, at whose opening `may` holds of what is before it.
pub(super) fn first_bracketed(text: &[u8], may: impl Fn(&[u8]) -> bool) -> Option<IpAddr> {
    memchr::memchr_iter(b'[', text)
        .filter(|open| text.get(..*open).is_some_and(&may))
        .find_map(|open| bracketed(text, open))
}
