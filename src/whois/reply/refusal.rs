//! Refusals in the broad sense: words that are too short, or too common, to count in an answer that has a record.

use super::failure::{begins_own, is_error, said};
use crate::registry::record::block::{field, is_comment, lines};
use std::net::IpAddr;

/// Parts of refusals in lower case. They are too short to count in an answer that has a record: terms of use and customers
/// say such things too.
const REFUSALS: [&str; 48] = [
    "denied",
    "refused",
    "rejected",
    "forbidden",
    "restricted",
    "suspended",
    "disabled",
    "limiting",
    "limited",
    "throttl",
    "block list",
    "blocklist",
    "barred",
    "overload",
    "busy",
    "slow down",
    "excessive",
    "exceed",
    "unauthori",
    "not authori",
    "not allowed",
    "not welcome",
    "authentication",
    "captcha",
    "try again",
    "try later",
    "used up",
    "surpassed",
    "too high",
    "too short",
    "too much",
    "too many",
    "quota",
    "403 ",
    "between queries",
    "before the next query",
    "blocked",
    "banned",
    "blacklist",
    "greylist",
    "grey list",
    "whitelist",
    "revoked",
    "not permitted",
    "fair use",
    "fair usage",
    "retry after",
    "please wait",
];

/// Parts of refusals in the languages of registries and of their members, in lower case.
const FOREIGN_REFUSALS: [&str; 50] = [
    "excedid",
    "denegad",
    "negado",
    "negada",
    "demasiad",
    "muitas consultas",
    "bloquead",
    "restringid",
    "refusé",
    "dépassé",
    "trop de",
    "bloqué",
    "verweigert",
    "zu viele",
    "gesperrt",
    "превышен",
    "запрещ",
    "заблокир",
    "отказано",
    "초과",
    "차단",
    "거부",
    "제한",
    "上限",
    "制限",
    "拒否",
    "しばらく",
    "过多",
    "過多",
    "頻繁",
    "频繁",
    "拒絕",
    "拒绝",
    "封",
    "限制",
    "rechazad",
    "lista negra",
    "alcanzado",
    "atingido",
    "bannie",
    "limit erreicht",
    "слишком",
    "ограничен",
    "رفض",
    "từ chối",
    "quá nhiều",
    "diblokir",
    "ditolak",
    "超出",
    "混雑",
];

/// A server's message that it refuses an answer, in the broad sense in which only an answer without any network is read. A
/// line with a key, or with an indent, may be a customer's. JPNIC's remarks are in brackets.
pub(super) fn alone(text: &str) -> Option<String> {
    let own = |line: &&str| {
        is_comment(line)
            || (field(line).is_none() && !line.starts_with([' ', '\t', '+', '[']) && !line.contains(" : "))
            || (line.starts_with("[ ") && line.trim_end().ends_with(']'))
            || is_error(line)
    };
    lines(text).filter(own).find(|line| refuses(&line.to_lowercase())).map(said)
}

/// Whether a server's line below objects refuses. Descriptions of a service say such things too, but at greater length, and
/// not to whoever asks.
fn refuses_the_rest(line: &str) -> bool {
    let lower = line.to_lowercase();
    let words = || lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let short = words().count() <= 4;
    let to_us = words().any(|word| matches!(word, "you" | "your"))
        || line
            .split_whitespace()
            .any(|word| word.trim_end_matches(['.', ',', ':']).parse::<IpAddr>().is_ok());
    let foreign = FOREIGN_REFUSALS.iter().any(|part| lower.contains(part));
    let policy = POLICIES.iter().any(|part| lower.contains(part));
    let of_use =
        words().any(|word| matches!(word, "use" | "usage" | "abuse" | "misuse" | "copying" | "commercial"));
    refuses(&lower) && (foreign || !of_use && (short || to_us && !policy))
}

/// Parts of refusals that describe a service as well.
const POLICIES: [&str; 5] = ["limited", "limiting", "restricted", "excessive", "authentication"];

/// Whether a line in lower case refuses. Terms of use say what may be done, and with what.
fn refuses(lower: &str) -> bool {
    let mut words = lower.split(|c: char| !c.is_alphanumeric());
    let has_status = words.clone().any(|word| word == "429");
    let terms =
        ["if", "may", "might", "can", "could", "would", "should", "shall", "data", "information", "purposes"];
    let of_terms = words.any(|word| terms.contains(&word));
    let has = |parts: &[&str]| parts.iter().any(|part| lower.contains(part));
    !of_terms && (has_status || has(&REFUSALS) || has(&FOREIGN_REFUSALS))
}

/// A server's message below all objects that it refuses the rest, in words that no list of denials has.
pub(super) fn below(text: &str) -> Option<String> {
    let (mut between, mut found) = (true, None);
    for line in lines(text) {
        let own = is_comment(line) || begins_own(line, between);
        if own && found.is_none() && refuses_the_rest(line) {
            found = Some(line);
        } else if !own && !line.trim().is_empty() {
            found = None;
        }
        between = is_comment(line) || line.trim().is_empty();
    }
    found.map(said)
}
