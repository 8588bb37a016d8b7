//! The remedy for an argument that is no address.

use crate::{address, cli::nearest_command};
use std::path::Path;

/// The message about it.
pub(super) fn sentence(text: &str, why: address::BadAddress) -> String {
    match remedy(text, why) {
        Some(remedy) => format!("`{text}` is not an address: {remedy}"),
        None => format!("`{text}` {why}"),
    }
}

/// Its probable meaning, and the remedy.
fn remedy(text: &str, why: address::BadAddress) -> Option<String> {
    if text.split([',', ';', ' ', '\t', '\n']).filter(|word| !word.is_empty()).nth(1).is_some() {
        return Some("write each address as an argument of its own".to_owned());
    }
    if why != address::BadAddress::NotAnAddress && !Path::new(text).is_file() {
        return None;
    }
    if let Some(number) =
        text.get(..2).filter(|head| head.eq_ignore_ascii_case("as")).and_then(|_| text.get(2..))
        && number.parse::<u32>().is_ok()
    {
        return Some(format!("AS numbers are not looked up; the pattern `@asn {number}` matches one"));
    }
    if matches!(text, "whois" | "lookup" | "check" | "query") {
        return Some("no command is needed: `whodunit 8.8.8.8`".to_owned());
    }
    if let Some(command) = nearest_command(text) {
        return Some(if command == format!("whodunit {text}") {
            format!("write the command first: `{command}`")
        } else {
            format!("did you mean `{command}`?")
        });
    }
    if Path::new(text).exists() {
        return Some(format!(
            "it is a file: `whodunit --log {text}` reads the addresses in it, and -f takes a pattern file"
        ));
    }
    if let Some(part) = too_large(text) {
        return Some(format!("{part} is above 255"));
    }
    is_domain(text).then(|| format!("names are not resolved; `dig +short {text} | whodunit` does that"))
}

/// The number above 255 in a dotted quad.
fn too_large(text: &str) -> Option<&str> {
    let parts: Vec<&str> = text.split('.').collect();
    let number = |part: &&str| part.parse::<u32>().is_ok();
    if parts.len() != 4 || !parts.iter().all(number) {
        return None;
    }
    parts.into_iter().find(|part| part.parse::<u32>().is_ok_and(|number| number > 255))
}

/// Whether it looks like a host's name: labels of letters, digits and hyphens, the last of them letters.
fn is_domain(text: &str) -> bool {
    let name = text.trim_end_matches('.');
    let label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    let Some((_, last)) = name.rsplit_once('.') else { return false };
    name.split('.').all(label) && last.len() > 1 && last.bytes().all(|b| b.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_address_is_told_what_to_write() {
        for (text, want) in [
            ("AS3333", "the pattern `@asn 3333` matches one"),
            ("mail.example.com", "`dig +short mail.example.com | whodunit`"),
            ("193.0.6.256", "256 is above 255"),
            ("193.0.22.9,193.0.22.10", "an argument of its own"),
            ("193.0.22.9 193.0.22.10", "an argument of its own"),
            ("reprot", "did you mean `whodunit report`?"),
            ("report", "write the command first: `whodunit report`"),
            ("import", "did you mean `whodunit cache import`?"),
            ("lookup", "no command is needed: `whodunit 8.8.8.8`"),
            (
                "/etc/passwd",
                "`whodunit --log /etc/passwd` reads the addresses in it, and -f takes a pattern file",
            ),
            ("8.8.8.0/24", "is a network, not an address"),
            ("1.2.3.4.5", "is not an IP address"),
            ("", "is not an IP address"),
        ] {
            let said = sentence(text, address::parse(text).unwrap_err());
            assert!(said.contains(want) && said.contains(text), "{text}: {said}");
        }
    }
}
