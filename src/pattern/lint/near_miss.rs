//! Finds near misses: lines that are valid expressions, but were probably meant otherwise.

use crate::{
    address::Prefix,
    pattern::field::{self, NAMES},
};
use std::net::IpAddr;

/// The message for a whole-text line that was probably meant otherwise.
pub(super) fn near_miss(text: &str) -> Option<String> {
    let bare = text.trim();
    if let Some(what) = field(text, bare) {
        return Some(what);
    }
    if text != bare && bare.starts_with('#') {
        return Some("is a pattern, not a comment, because blanks precede the #; remove them".to_owned());
    }
    if bare.parse::<IpAddr>().is_ok() || bare.contains('/') && bare.parse::<Prefix>().is_ok() {
        return Some(format!("is matched as text; for the addresses in that network write: @cidr {bare}"));
    }
    let around = |mark: char| bare.len() > 2 && bare.starts_with(mark) && bare.ends_with(mark);
    if around('/') || bare.len() > 3 && bare.starts_with('/') && bare.ends_with("/i") {
        return Some("the slashes are part of the pattern; leave them out (-i ignores case)".to_owned());
    }
    if around('"') || around('\'') {
        return Some("the quotes are part of the pattern; leave them out".to_owned());
    }
    if text.starts_with("(?") {
        return Some(
            "(? is Perl's, and means something else here; for any case use -i, or a field line".to_owned(),
        );
    }
    if let Some(operator) = text.chars().next().filter(|char| matches!(char, '*' | '+' | '?')) {
        let what =
            "has nothing to repeat here, and is ignored; a pattern matches anywhere in a line without it";
        return Some(format!("{operator} {what}"));
    }
    let trailing = text.ends_with([' ', '\t']) && !text.ends_with("\\ ");
    trailing.then(|| "ends with a blank, which the line would have to hold too; remove it".to_owned())
}

/// Lines that look like field lines and are none.
fn field(text: &str, bare: &str) -> Option<String> {
    let behind = bare.strip_prefix('@')?;
    if text != bare && matches!(field::read(bare), Some(Ok(_))) {
        let what = "is not a field line, because blanks stand in front of the @; remove them";
        return Some(what.to_owned());
    }
    let (word, value) = behind.split_once([' ', '\t']).unwrap_or((behind, ""));
    let name = word.trim_end_matches(':').to_ascii_lowercase();
    if value.is_empty() {
        let known = NAMES.contains(&name.as_str());
        return known
            .then(|| format!("is not a field line: write @{name}, a blank, and what it should match"));
    }
    let like = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    if !like || text.starts_with('@') && word.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        return None;
    }
    let known = NAMES.map(|name| format!("@{name}")).join(" ");
    Some(format!("is not a field line, but an expression for the whole text; the fields are {known}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_misses_are_told_from_patterns() {
        for (text, word) in [
            ("  @org x", "in front of the @"),
            ("@org", "write @org, a blank"),
            ("@org:", "write @org, a blank"),
            ("@abuse-mailbox x", "the fields are"),
            ("@org: x", "the fields are"),
            ("193.0.20.0/22", "@cidr 193.0.20.0/22"),
            ("2001:db8::1", "@cidr 2001:db8::1"),
            ("/Contoso/i", "slashes"),
            ("/Contoso/", "slashes"),
            ("\"Contoso\"", "quotes"),
            ("'Contoso'", "quotes"),
            ("Contoso ", "blank"),
            ("  # comment", "comment"),
            ("(?i)x", "Perl"),
            ("*foo", "nothing to repeat"),
        ] {
            let said = near_miss(text).unwrap_or_default();
            assert!(said.contains(word), "{text}: {said}");
        }
        for text in [
            "@example\\.com",
            "@example.com spam",
            "@org x",
            "193.0.2",
            "a/b",
            "/",
            "\"",
            "it's",
            " Contoso",
            "a\\ ",
            "x*",
            "(x)?y",
            "AS64500",
        ] {
            assert_eq!(near_miss(text), None, "{text}");
        }
    }
}
