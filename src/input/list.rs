//! A line of a list: one address alone, in any of the forms of the command line.

use crate::address;
use std::net::IpAddr;

/// No form of an address is longer: brackets, tag, 45 characters, port.
const LONGEST: usize = 60;

/// The address that is all that a line holds.
pub(super) fn address(line: &[u8]) -> Option<IpAddr> {
    if line.len() > LONGEST + 16 {
        return None;
    }
    let text = line.trim_ascii();
    let could = text.first().is_some_and(|b| b.is_ascii_hexdigit() || matches!(b, b'[' | b':' | b'i' | b'I'));
    if !could || text.len() > LONGEST || text.iter().any(u8::is_ascii_whitespace) {
        return None;
    }
    address::parse(std::str::from_utf8(text).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_an_address_alone_and_nothing_else() {
        for (line, want) in [
            ("203.0.113.7", Some("203.0.113.7")),
            ("  [IPv6:2001:db8::1]:25\t\r", Some("2001:db8::1")),
            ("::ffff:203.0.113.7", Some("203.0.113.7")),
            ("0.0.0.0", Some("0.0.0.0")),
            ("203.0.113.7 x", None),
            ("192.0.2.09", None),
            ("", None),
        ] {
            assert_eq!(address(line.as_bytes()), want.map(|w| w.parse().unwrap()), "{line}");
        }
    }
}
