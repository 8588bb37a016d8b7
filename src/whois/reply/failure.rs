//! Servers' own words that they give no answer: denials, errors, and that there is no such network.

use crate::{
    answer::Kind,
    whois::record::{
        Form,
        block::{field, is_comment, lines},
    },
};

/// Phrases of a denial, in lower case. They count in a server's own lines alone; a customer may write them too.
const DENIALS: [&str; 22] = [
    "query rate limit exceeded",
    "rate limit exceeded",
    "query limit exceeded",
    "quota exceeded",
    "limit exceeded",
    "exceeded max client sessions",
    "access control limit",
    "passed the daily limit",
    "passed the limit of",
    "excessive querying",
    "access denied",
    "temporarily denied",
    "permanently denied",
    "temporarily blocked",
    "permanently blocked",
    "access from your host has been",
    "permission denied",
    "permissão negada",
    "connections exceeded",
    "too many queries",
    "too many connections",
    "too many requests",
];

/// Phrases that there is no such network, in lower case.
const ABSENCES: [&str; 16] = [
    "no match found for",
    "no match!!",
    "no match for",
    "no entries found",
    "no objects found",
    "no data found",
    "no records found",
    "not found",
    "returned 0 objects",
    "error: invalid query",
    "% not assigned",
    "not assigned to lacnic",
    "unallocated and unassigned",
    "not belong to twnic",
    "invalid ip or cidr block",
    "該当するデータがありません",
];

/// What clients write where an answer should be.
const CLIENTS: [(&str, Kind); 12] = [
    ("timeout.", Kind::Timeout),
    ("connect: connection timed out", Kind::Timeout),
    ("interrupted by signal", Kind::Timeout),
    ("connect: ", Kind::Network),
    ("connect(): ", Kind::Network),
    ("getaddrinfo(", Kind::Network),
    ("getaddrinfo: ", Kind::Network),
    ("fgets: ", Kind::Network),
    ("whois: connect(): ", Kind::Network),
    ("whois: ", Kind::Network),
    ("[unable to connect", Kind::Network),
    ("error: connection", Kind::Network),
];

/// What a server refuses or breaks down over, anywhere in its answer: a denial can come behind valid objects. None
/// where it does neither.
pub(super) fn refusal(text: &str) -> Option<(Kind, String)> {
    let mut refused: Option<(Kind, String)> = None;
    // Blank lines and comments stand between objects; a line that begins a paragraph and has no key is the server's.
    let mut between = true;
    for line in lines(text) {
        let found = if is_comment(line) {
            between = true;
            by_server(line)
        } else {
            // Of ARIN's lists, too, a customer's name begins the line.
            let own = between
                && field(line).is_none()
                && !line.starts_with([' ', '\t', '+'])
                && Form::of_line(line).is_none();
            between = line.trim().is_empty();
            if own || bare_code(line) { by_server(line).or_else(|| by_client(line)) } else { None }
        };
        // A denial says more than the error around it, and the first one says most.
        if let Some(found) = found
            && refused.as_ref().is_none_or(|(kind, _)| *kind != Kind::Denied && found == Kind::Denied)
        {
            refused = Some((found, said(line)));
        }
    }
    refused
}

/// `ERROR:201: access denied` without the sign in front, as old servers wrote it.
fn bare_code(line: &str) -> bool {
    line.starts_with("ERROR:")
}

fn by_server(line: &str) -> Option<Kind> {
    let words = line.trim_start_matches(['%', '#', ' ', '\t']);
    if let Some(kind) = code(line, words) {
        return kind;
    }
    // Most lines of servers are bare signs.
    if words.len() < 10 {
        return None;
    }
    let lower = words.to_lowercase();
    if DENIALS.iter().any(|phrase| lower.contains(phrase))
        || (lower.starts_with("your host") && lower.contains("blocked"))
    {
        return Some(Kind::Denied);
    }
    // AFRINIC asks ARIN on our behalf.
    lower.contains("temporary unable to query").then_some(Kind::Network)
}

/// The kind of a numbered error: `%ERROR:201:` (RIPE and its descendants), `%201 access` (their ancestor, and ARIN's
/// `#201`), `%error 230 ` (RFC 2167). The inner None is a number that says only that there is nothing.
#[expect(clippy::option_option, reason = "no number at all, or a number that is no failure")]
fn code(line: &str, words: &str) -> Option<Option<Kind>> {
    let digits = |text: &str| text.get(..3).and_then(|digits| digits.parse::<u16>().ok());
    if let Some(rest) = words.strip_prefix("ERROR:") {
        return Some(match digits(rest.trim_start())? {
            101 => None,
            200..=299 | 306 => Some(Kind::Denied),
            _ => Some(Kind::Network),
        });
    }
    if let Some(rest) = line.strip_prefix("%error ") {
        let lower = rest.to_ascii_lowercase();
        return Some(match digits(rest.trim_start())? {
            230 | 336 => None,
            _ if DENIALS.iter().any(|phrase| lower.contains(phrase)) => Some(Kind::Denied),
            401 | 501 => Some(Kind::Denied),
            _ => Some(Kind::Network),
        });
    }
    let numbered = line.strip_prefix(['%', '#']).filter(|rest| rest.as_bytes().get(3) == Some(&b' '));
    let number = numbered.and_then(digits)?;
    (200..=299).contains(&number).then_some(Some(Kind::Denied))
}

fn by_client(line: &str) -> Option<Kind> {
    let lower = line.to_ascii_lowercase();
    CLIENTS.iter().find(|(of, _)| lower.starts_with(of)).map(|(_, kind)| *kind)
}

/// The server's words that there is no such network. They mean that only where it names none.
pub(super) fn absence(text: &str) -> Option<String> {
    let lines = lines(text).filter(|line| line.len() >= 8);
    lines.map(|line| (line, line.to_lowercase())).find_map(|(line, lower)| {
        let unallocated = lower.starts_with("% unallocated") || lower.starts_with("% reserved:");
        (unallocated || ABSENCES.iter().any(|phrase| lower.contains(phrase))).then(|| said(line))
    })
}

/// A server's line as part of a message: without its sign, and not longer than a line should be.
pub(super) fn said(line: &str) -> String {
    let line = line.trim_start_matches(['%', '#', ' ', '\t']).trim_end();
    line.chars().take(160).collect()
}
