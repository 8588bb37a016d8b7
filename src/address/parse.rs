//! Parses an address as mail servers, logs and people write it, and unwraps it.

use super::prefix::Prefix;
use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

/// The reason why a text is not an address.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum BadAddress {
    /// `010.1.1.1`: some programs read the leading zero as octal, others do not.
    LeadingZero,
    /// `fe80::1%eth0`: a zone has a meaning on one machine alone (RFC 4007).
    Zone,
    /// `203.0.113.0/24`: a network, not an address.
    Prefix,
    /// `10.1`, `0x7f.1`, `2130706433`: forms of inet_aton(3) that programs read differently.
    ShortForm,
    /// A port that is not 1 to 65535.
    Port,
    /// Anything else.
    NotAnAddress,
}

impl fmt::Display for BadAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::LeadingZero => "has a leading zero, which some programs read as octal: write it without",
            Self::Zone => "has a zone (%), which means something on one machine only: leave it out",
            Self::Prefix => "is a network, not an address: give one address of it",
            Self::ShortForm => "is not a full IPv4 address: write all four numbers in decimal",
            Self::Port => "ends in something that is not a port",
            Self::NotAnAddress => "is not an IP address",
        })
    }
}

/// Parses an address in any of the forms of the command line: bare, in brackets, with `IPv6:` before it, with a port
/// after it. If it only wraps an IPv4 address (mapped, NAT64, 6to4, Teredo), that address is returned ([`unwrap`]).
///
/// # Errors
/// [`BadAddress`] names the fault.
pub fn parse(text: &str) -> Result<IpAddr, BadAddress> {
    let text = text.trim_ascii();
    let tagged = strip_tag(text);
    let bare = match tagged.strip_prefix('[') {
        Some(inside) => {
            let (address, rest) = inside.split_once(']').ok_or(BadAddress::NotAnAddress)?;
            if let Some(port) = rest.strip_prefix(':') {
                check_port(port)?;
            } else if !rest.is_empty() {
                return Err(BadAddress::NotAnAddress);
            }
            strip_tag(address)
        }
        // A port after a bare address differs from an IPv6 group only if there is just one colon.
        None => match tagged.split_once(':') {
            Some((address, port)) if !port.contains(':') && address.contains('.') => {
                let parsed = parse_bare(address)?;
                check_port(port)?;
                return Ok(parsed);
            }
            _ => tagged,
        },
    };
    parse_bare(bare)
}

/// Parses an address without brackets, tag or port, and unwraps it.
///
/// # Errors
/// [`BadAddress`] names the fault.
pub fn parse_bare(text: &str) -> Result<IpAddr, BadAddress> {
    text.parse().map(unwrap).map_err(|_| complaint(text))
}

fn strip_tag(text: &str) -> &str {
    // RFC 5321 4.1.3 writes address literals as [IPv6:...].
    match text.get(..5) {
        Some(tag) if tag.eq_ignore_ascii_case("ipv6:") => text.get(5..).unwrap_or_default(),
        _ => text,
    }
}

fn check_port(port: &str) -> Result<(), BadAddress> {
    match port.parse::<u16>() {
        Ok(1..) if port.bytes().all(|b| b.is_ascii_digit()) => Ok(()),
        _ => Err(BadAddress::Port),
    }
}

fn complaint(text: &str) -> BadAddress {
    let parts: Vec<&str> = text.split('.').collect();
    let numeric = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let hex = |part: &&str| part.len() > 2 && (part.starts_with("0x") || part.starts_with("0X"));
    if text.contains('%') {
        BadAddress::Zone
    } else if text.split_once('/').is_some_and(|(address, _)| address.parse::<IpAddr>().is_ok()) {
        BadAddress::Prefix
    } else if parts.len() == 4 && parts.iter().all(numeric) {
        if parts.iter().any(|p| p.len() > 1 && p.starts_with('0')) {
            BadAddress::LeadingZero
        } else {
            BadAddress::NotAnAddress
        }
    } else if parts.len() <= 4 && parts.iter().all(|p| numeric(p) || hex(p)) {
        BadAddress::ShortForm
    } else {
        BadAddress::NotAnAddress
    }
}

/// The IPv4 address inside an IPv6 address that only carries one: mapped (RFC 4291 2.5.5.2), NAT64's well-known prefix
/// (RFC 6052), 6to4 (RFC 3056, bits 16 to 47) and Teredo (RFC 4380: the client's address, inverted, in the last 32
/// bits). The operator of the IPv4 network runs the host. Any other address is returned unchanged.
#[must_use]
pub fn unwrap(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address else { return address };
    let bits = v6.to_bits();
    let within = |prefix: Ipv6Addr, length| {
        Prefix::new(IpAddr::V6(prefix), length).is_some_and(|prefix| prefix.contains(address))
    };
    #[expect(clippy::cast_possible_truncation, reason = "the embedded address is exactly 32 bits")]
    let at = |shift: u32| (bits >> shift) as u32;
    let embedded =
        if v6.to_ipv4_mapped().is_some() || within(Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96) {
            at(0)
        } else if within(Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16) {
            at(80)
        } else if within(Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 32) {
            !at(0)
        } else {
            return address;
        };
    IpAddr::V4(Ipv4Addr::from_bits(embedded))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_every_form_of_the_command_line() {
        for (text, address) in [
            ("203.0.113.7", "203.0.113.7"),
            ("[203.0.113.7]", "203.0.113.7"),
            ("203.0.113.7:25", "203.0.113.7"),
            ("[203.0.113.7]:25", "203.0.113.7"),
            ("2001:db8::1", "2001:db8::1"),
            ("IPv6:2001:db8::1", "2001:db8::1"),
            ("ipv6:2001:DB8::1", "2001:db8::1"),
            ("[IPv6:2001:db8::1]:25", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("2001:0db8:0000:0000:0000:0000:0000:0001", "2001:db8::1"),
            ("::ffff:203.0.113.7", "203.0.113.7"),
            ("[::ffff:203.0.113.7]:25", "203.0.113.7"),
            ("::ffff:cb00:7107", "203.0.113.7"),
            ("64:ff9b::203.0.113.7", "203.0.113.7"),
            ("2002:cb00:7107::1", "203.0.113.7"),
            ("2001:0:4136:e378:8000:63bf:34ff:8ef8", "203.0.113.7"),
            ("2001::1", "255.255.255.254"),
            (" 203.0.113.7\r", "203.0.113.7"),
        ] {
            assert_eq!(parse(text), Ok(address.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn names_what_is_wrong() {
        for (text, why) in [
            ("010.1.1.1", BadAddress::LeadingZero),
            ("192.0.2.09", BadAddress::LeadingZero),
            ("fe80::1%eth0", BadAddress::Zone),
            ("203.0.113.0/24", BadAddress::Prefix),
            ("10.1", BadAddress::ShortForm),
            ("2130706433", BadAddress::ShortForm),
            ("0x7f.0.0.1", BadAddress::ShortForm),
            ("203.0.113.7:0", BadAddress::Port),
            ("203.0.113.7:+25", BadAddress::Port),
            ("[2001:db8::1]:99999", BadAddress::Port),
            ("203.0.113.7:smtp", BadAddress::Port),
            ("[203.0.113.7", BadAddress::NotAnAddress),
            ("[203.0.113.7]x", BadAddress::NotAnAddress),
            ("1.2.3.4.5", BadAddress::NotAnAddress),
            ("256.1.1.1", BadAddress::NotAnAddress),
            ("mail.example.com", BadAddress::NotAnAddress),
            ("", BadAddress::NotAnAddress),
        ] {
            assert_eq!(parse(text), Err(why), "{text}");
        }
    }
}
