//! Parses the fields of a row.

use crate::address::{Network, Prefix};
use encoding_rs::mem::decode_latin1;
use std::{
    borrow::Cow,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

/// The range between the ends of a row.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum RowRange {
    /// A network.
    Network(Network),
    /// The first address is above the last.
    Inverted,
}

/// The text if it is ASCII; valid fields always are.
fn ascii(field: &[u8]) -> Option<&str> {
    std::str::from_utf8(field.trim_ascii()).ok()
}

/// An address, dotted or as a decimal number: IPv4 up to 32 bits, IPv6 above.
pub(super) fn address(field: &[u8]) -> Option<IpAddr> {
    let text = ascii(field)?;
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        let bits: u128 = text.parse().ok()?;
        return Some(match u32::try_from(bits) {
            Ok(bits) => Ipv4Addr::from_bits(bits).into(),
            Err(_) => Ipv6Addr::from_bits(bits).into(),
        });
    }
    text.parse().ok()
}

/// An address as text, never a decimal number.
pub(super) fn written_address(field: &[u8]) -> Option<IpAddr> {
    ascii(field)?.parse().ok()
}

/// The range between two addresses. None if they are not addresses, or of two families. A small decimal number beside
/// an IPv6 address is IPv6 too: 0 is `::`.
pub(super) fn range(first: &[u8], last: &[u8]) -> Option<RowRange> {
    let six = |v4: Ipv4Addr| IpAddr::V6(Ipv6Addr::from_bits(v4.to_bits().into()));
    let ends = match (address(first)?, address(last)?) {
        (IpAddr::V4(v4), last @ IpAddr::V6(_)) if written_address(first).is_none() => (six(v4), last),
        (first @ IpAddr::V6(_), IpAddr::V4(v4)) if written_address(last).is_none() => (first, six(v4)),
        (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => return None,
        ends => ends,
    };
    Some(Network::new(ends.0, ends.1).map_or(RowRange::Inverted, RowRange::Network))
}

/// `prefix/length`. Bits after the length are cleared, as routers do.
pub(super) fn prefix(field: &[u8]) -> Option<Network> {
    ascii(field)?.parse::<Prefix>().ok().map(Network::from)
}

/// A prefix from an address and its length.
pub(super) fn prefix_of(address: &[u8], length: &[u8]) -> Option<Network> {
    let digits = ascii(length).filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))?;
    Prefix::new(written_address(address)?, digits.parse().ok()?).map(Network::from)
}

/// AS numbers: `64500`, `AS64500`, `1.10` (RFC 5396's asdot); several origins separated by `_`, AS sets by `,`, perhaps
/// in braces. An empty field and `-` stand for none. None for any other text.
pub(super) fn numbers(field: &[u8], numbers: &mut Vec<u32>) -> Option<()> {
    numbers.clear();
    let text = ascii(field)?;
    if text.is_empty() || text == "-" {
        return Some(());
    }
    for part in text.split(['_', ',', ' ']) {
        let number = number(part.trim_start_matches('{').trim_end_matches('}'))?;
        if !numbers.contains(&number) {
            numbers.push(number);
        }
    }
    Some(())
}

/// One AS number.
fn number(text: &str) -> Option<u32> {
    let digits =
        text.get(..2).filter(|two| two.eq_ignore_ascii_case("as")).and(text.get(2..)).unwrap_or(text);
    let plain = |digits: &str| {
        digits
            .bytes()
            .all(|byte| byte.is_ascii_digit())
            .then_some(())
            .and_then(|()| digits.parse::<u32>().ok())
    };
    match digits.split_once('.') {
        None => plain(digits),
        Some((high, low)) => {
            let (high, low) = (plain(high)?, plain(low)?);
            (high <= 0xffff && low <= 0xffff).then_some(high << 16 | low)
        }
    }
}

/// A name in UTF-8, else Latin-1, as one line. An empty name and `-` are none.
pub(super) fn name(field: &[u8]) -> Option<Cow<'_, str>> {
    let field = field.trim_ascii();
    if field.is_empty() || field == b"-" {
        return None;
    }
    let text = std::str::from_utf8(field).map_or_else(|_| decode_latin1(field), Cow::Borrowed);
    Some(if text.contains(['\n', '\r']) { text.replace(['\n', '\r'], " ").into() } else { text })
}
