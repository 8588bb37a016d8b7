//! A line of a list: one address alone, in any of the forms of the command line.

use crate::address;
use std::net::IpAddr;

/// The longest form in bytes: brackets, tag, 45 characters, port.
const LONGEST: usize = 60;

/// The address, if the line holds nothing else.
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

/// A line that was meant as an address and is none: `193.0.22.256`, `10.0.0.1/8`, `010.1.1.1`.
pub(super) fn near_address(line: &[u8]) -> Option<&str> {
    let text = line.trim_ascii();
    let all = |text: &[u8]| text.iter().all(|b| b.is_ascii_hexdigit() || matches!(b, b'.' | b':' | b'/'));
    if text.len() < 5 || text.len() > LONGEST || !all(text) {
        return None;
    }
    let count = |wanted: u8| text.iter().filter(|b| **b == wanted).count();
    let numbers = text.iter().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b':' | b'/'));
    // 10:00:00 is a time, and 1.2.3 a version.
    let meant =
        if numbers && count(b'.') == 3 { count(b':') < 2 } else { count(b'.') == 0 && count(b':') > 2 };
    if meant { std::str::from_utf8(text).ok() } else { None }
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

    #[test]
    fn what_is_nearly_an_address_is_told_from_what_is_none() {
        for line in [
            "193.0.22.256",
            " 10.0.0.1/8\r",
            "010.1.1.1",
            "192.0.2.9:99999",
            "2001:db8::1::2",
            "2001:db8::/32",
        ] {
            assert_eq!(near_address(line.as_bytes()), Some(line.trim()), "{line}");
        }
        for line in ["", "10:00:00", "1.2.3", "1.2.3.4.5", "193.0.22.256 x", "cafe", "deadbeef", "20261123"] {
            assert_eq!(near_address(line.as_bytes()), None, "{line}");
        }
    }
}
