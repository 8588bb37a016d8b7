//! A registry's message that another one is responsible, and that it could not ask that one for us.

use super::failure::{begins_own, is_error, said};
use crate::registry::{
    Registry,
    record::block::{is_comment, lines},
};

/// Phrases about a query that came to nothing, and about who should be asked, in lower case.
const ELSEWHERE: [&str; 33] = [
    "unable to",
    "cannot",
    "can not",
    "could not",
    "couldn't",
    "did not",
    "fail",
    "error",
    "timeout",
    "timed out",
    "time out",
    "not respond",
    "no response",
    "no answer",
    "not available",
    "unavailable",
    "unreachable",
    "is down",
    "without success",
    "refused",
    "fehlgeschlagen",
    "no se pud",
    "não foi poss",
    "impossible",
    "managed by",
    "maintained by",
    "administered by",
    "responsib",
    "please query",
    "please ask",
    "query whois",
    "ask whois",
    "refer to",
];

/// The registry that a registry's server names as responsible but could not ask for us, and its message. `own` is the
/// server's registry, which it may name too.
pub(super) fn named(text: &str, own: Registry) -> Option<(Registry, String)> {
    let mut between = true;
    lines(text).find_map(|line| {
        let spoken = is_comment(line) || is_error(line) || begins_own(line, between);
        between = is_comment(line) || line.trim().is_empty();
        if !spoken {
            return None;
        }
        let lower = line.to_lowercase();
        let other = other_than(own, &lower)?;
        let points = ELSEWHERE.iter().any(|of| lower.contains(of)) && !lower.contains("not managed by");
        points.then(|| (other, said(line)))
    })
}

/// The first registry but this one that a text in lower case names.
fn other_than(own: Registry, lower: &str) -> Option<Registry> {
    let names = [
        ("arin", Registry::Arin),
        ("ripe", Registry::Ripe),
        ("apnic", Registry::Apnic),
        ("lacnic", Registry::Lacnic),
        ("afrinic", Registry::Afrinic),
        ("registro", Registry::RegistroBr),
        ("jpnic", Registry::Jpnic),
        ("krnic", Registry::Krnic),
        ("kisa", Registry::Krnic),
        ("twnic", Registry::Twnic),
    ];
    let words = lower.split(|c: char| !c.is_alphanumeric());
    let mut named = words.filter_map(|word| names.iter().find(|(of, _)| *of == word).map(|(_, of)| *of));
    named.find(|named| *named != own)
}
