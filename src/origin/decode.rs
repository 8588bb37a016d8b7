//! Decodes one origin.

use super::{Origin, layout::short_checksum};

/// The bytes before an origin's body: checksum and length.
pub(super) const ORIGIN_HEAD: usize = 6;

/// The length of an origin in bytes, including its head.
pub(super) fn length(bytes: &[u8]) -> Option<usize> {
    let length: &[u8; 2] = bytes.get(4..)?.first_chunk()?;
    Some(ORIGIN_HEAD + usize::from(u16::from_be_bytes(*length)))
}

/// The origin at the start of the bytes; None if they are damaged.
pub(super) fn origin(bytes: &[u8]) -> Option<Origin> {
    let body = body(bytes)?;
    let (count, rest) = body.split_first_chunk()?;
    let (numbers, name) = rest.split_at_checked(4 * usize::from(u16::from_be_bytes(*count)))?;
    let asn = numbers.as_chunks().0.iter().map(|number| u32::from_be_bytes(*number)).collect();
    let name = std::str::from_utf8(name).ok()?;
    Some(Origin { asn, name: (!name.is_empty()).then(|| name.to_owned()) })
}

/// Only the AS numbers.
pub(super) fn numbers(bytes: &[u8]) -> Option<impl Iterator<Item = u32>> {
    let (count, rest) = body(bytes)?.split_first_chunk()?;
    let numbers = rest.get(..4 * usize::from(u16::from_be_bytes(*count)))?;
    Some(numbers.as_chunks().0.iter().map(|number| u32::from_be_bytes(*number)))
}

fn body(bytes: &[u8]) -> Option<&[u8]> {
    let sum: &[u8; 4] = bytes.first_chunk()?;
    let body = bytes.get(ORIGIN_HEAD..length(bytes)?)?;
    (short_checksum(body) == u32::from_be_bytes(*sum)).then_some(body)
}
