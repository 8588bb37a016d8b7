//! A server's own messages that it gives no answer: denials, errors, and that there is no such network.

use crate::registry::{
    UnknownKind,
    record::{
        RecordForm,
        block::{field, is_comment, lines},
    },
};

/// Phrases of a denial, in lower case. They count only in a server's own lines; a customer may write them too.
const DENIALS: [&str; 24] = [
    "rate limit exceeded",
    "limit exceeded",
    "quota exceeded",
    "exceeded max client sessions",
    "access control limit",
    "passed the daily limit",
    "passed the limit of",
    "excessive querying",
    "grace period",
    "rate limited",
    "too busy",
    "temporarily denied",
    "permanently denied",
    "temporarily blocked",
    "permanently blocked",
    "access from your host has been",
    "access denied",
    "permission denied",
    "permissão negada",
    "connections exceeded",
    "too many queries",
    "too many requests",
    "too many connections",
    "requests of this client",
];

/// Phrases that say that there is no such network, in lower case.
const ABSENCES: [&str; 22] = [
    "no match",
    "no entries found",
    "no found",
    "nothing found",
    "no such",
    "no whois information",
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
    "not allocated",
    "not registered",
    "not managed by",
    "관리하지 않",
];

/// Messages of clients in the position of an answer.
const CLIENTS: [(&str, UnknownKind); 6] = [
    ("timeout.", UnknownKind::Timeout),
    ("interrupted by signal", UnknownKind::Timeout),
    ("connect(): ", UnknownKind::Network),
    ("getaddrinfo(", UnknownKind::Network),
    ("[unable to connect", UnknownKind::Network),
    ("error: connection", UnknownKind::Network),
];

/// Words before the colon of a client's failure: the failed call, or the client. A field may have the same name (IANA's
/// `whois:`), so one of the reasons below must follow.
const CALLS: [&str; 11] = [
    "connect",
    "fgets",
    "read",
    "recv",
    "write",
    "send",
    "socket",
    "whois",
    "getaddrinfo",
    "gethostbyname",
    "error",
];

/// The system's reasons (strerror(3), gai_strerror(3)), in lower case.
const REASONS: [(&str, UnknownKind); 16] = [
    ("timed out", UnknownKind::Timeout),
    ("connection refused", UnknownKind::Network),
    ("connection reset", UnknownKind::Network),
    ("connection closed", UnknownKind::Network),
    ("connection abort", UnknownKind::Network),
    ("no route to host", UnknownKind::Network),
    ("unreachable", UnknownKind::Network),
    ("host is down", UnknownKind::Network),
    ("name or service not known", UnknownKind::Network),
    ("nodename nor servname", UnknownKind::Network),
    ("name resolution", UnknownKind::Network),
    ("no address associated", UnknownKind::Network),
    ("unknown host", UnknownKind::Network),
    ("host not found", UnknownKind::Network),
    ("broken pipe", UnknownKind::Network),
    ("input/output error", UnknownKind::Network),
];

/// A refusal or an error of the server, anywhere in its answer: a denial may follow valid objects. None if there is
/// neither.
pub(super) fn refusal(text: &str) -> Option<(UnknownKind, String)> {
    let mut refused: Option<(UnknownKind, String)> = None;
    // Blank lines and comments separate objects. A line that begins a paragraph and has no key is the server's.
    let mut between = true;
    for line in lines(text) {
        let found = if is_comment(line) {
            by_server(line)
        } else {
            let spoken = (begins_own(line, between) || is_error(line)).then_some(line);
            spoken.and_then(by_server).or_else(|| failed_call(line)).or_else(|| spoken.and_then(by_client))
        };
        between = is_comment(line) || line.trim().is_empty();
        // A denial is more precise than an error near it, and the first denial is the most precise.
        if let Some(found) = found
            && refused
                .as_ref()
                .is_none_or(|(kind, _)| *kind != UnknownKind::Denied && found == UnknownKind::Denied)
        {
            refused = Some((found, said(line)));
        }
    }
    refused
}

/// Whether a line that is no comment is the server's, by its form: no customer can begin a paragraph without a key or an
/// indent.
pub(super) fn begins_own(line: &str, between: bool) -> bool {
    // In ARIN's lists too, a customer's name begins the line. KRNIC writes a blank before a label's colon.
    between
        && !line.trim().is_empty()
        && field(line).is_none()
        && !line.starts_with([' ', '\t', '+'])
        && !line.contains(" : ")
        && RecordForm::of_line(line).is_none()
}

/// The text before a client's message that its connection failed.
pub(super) fn broken_off(text: &str) -> Option<&str> {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let end = line.trim_end();
        let spoken = (field(end).is_none() || is_error(end)).then_some(end);
        if failed_call(end).or_else(|| spoken.and_then(by_client)).is_some() {
            return text.get(..at);
        }
        at += line.len();
    }
    None
}

/// `ERROR:201: access denied` without the percent sign, as old servers wrote it; no field has this name.
pub(super) fn is_error(line: &str) -> bool {
    line.get(..6).is_some_and(|head| head.eq_ignore_ascii_case("error:"))
}

fn by_server(line: &str) -> Option<UnknownKind> {
    let words = line.trim_start_matches(['%', '#', ' ', '\t']);
    if let Some(kind) = code(line, words) {
        return kind;
    }
    // Most of the servers' lines are only separators.
    if words.len() < 10 {
        return None;
    }
    let lower = words.to_lowercase();
    if is_denial(&lower) {
        return Some(UnknownKind::Denied);
    }
    // AFRINIC asks ARIN for us.
    lower.contains("temporary unable to query").then_some(UnknownKind::Network)
}

/// Whether a server's line, in lower case, is a denial: by a phrase, or by words that denials contain in any order.
/// Terms of use contain the same words, but describe what may happen.
fn is_denial(lower: &str) -> bool {
    if DENIALS.iter().any(|phrase| lower.contains(phrase)) {
        return true;
    }
    let said: Vec<&str> = lower.split(|c: char| !c.is_alphanumeric()).collect();
    let any = |words: &[&str]| words.iter().any(|word| said.contains(word));
    let conditional = lower.contains("please do not")
        || any(&["if", "may", "might", "can", "could", "will", "would", "should", "must"]);
    // Terms of use permit or forbid uses of the data; a refusal is about the query.
    let of_data = any(&["data", "information", "purposes"]) || lower.contains("reproduc");
    let asking = [
        "query",
        "queries",
        "request",
        "requests",
        "connection",
        "connections",
        "access",
        "attempts",
        "lookup",
        "lookups",
        "fast",
        "frequently",
        "quickly",
    ];
    !conditional
        && ((any(&["exceeded", "reached"]) && any(&["limit", "limits", "quota", "queries", "rate"]))
            || (any(&["blocked", "blacklisted", "banned", "throttled"]) && any(&["you", "your", "ip"]))
            || (any(&["denied"]) && any(&["access"]))
            || (any(&["too"]) && any(&["many", "fast", "often", "frequently", "quickly"]) && any(&asking))
            || (any(&["not", "don", "no", "without"]) && any(&["permission"]) && any(&["you"]) && !of_data)
            || (any(&["not"])
                && any(&["authorized", "authorised", "allowed", "permitted"])
                && any(&["you", "client", "host"])
                && any(&["query", "access", "service", "server"])
                && !of_data))
}

/// The kind of a numbered error: `%ERROR:201:` (RIPE and its descendants), `%201 access` (their ancestor, and ARIN's
/// `#201`), `%error 230 ` (RFC 2167). The inner None is a number that means only that there is nothing. An answer with an
/// unknown number is incomplete.
#[expect(clippy::option_option, reason = "no number at all, or a number that is no failure")]
fn code(line: &str, words: &str) -> Option<Option<UnknownKind>> {
    let digits = |text: &str| text.get(..3).and_then(|digits| digits.parse::<u16>().ok());
    if let Some(rest) = words.strip_prefix("ERROR:") {
        return Some(match digits(rest.trim_start())? {
            101 => None,
            200..=299 | 306 => Some(UnknownKind::Denied),
            100..=399 | 900..=999 => Some(UnknownKind::Network),
            _ if is_denial(&words.to_lowercase()) => Some(UnknownKind::Denied),
            _ => Some(UnknownKind::Incomplete),
        });
    }
    if let Some(rest) = line.strip_prefix("%error ") {
        let lower = rest.to_ascii_lowercase();
        return Some(match digits(rest.trim_start())? {
            230 | 336 => None,
            _ if is_denial(&lower) => Some(UnknownKind::Denied),
            401 | 501 => Some(UnknownKind::Denied),
            _ => Some(UnknownKind::Network),
        });
    }
    let numbered = line.strip_prefix(['%', '#']).filter(|rest| rest.as_bytes().get(3) == Some(&b' '));
    let number = numbered.and_then(digits)?;
    (200..=299).contains(&number).then_some(Some(UnknownKind::Denied))
}

fn by_client(line: &str) -> Option<UnknownKind> {
    let lower = line.to_ascii_lowercase();
    CLIENTS.iter().find(|(of, _)| lower.starts_with(of)).map(|(_, kind)| *kind)
}

/// `connect: Connection refused`, `whois: connect(): Connection refused`, `getaddrinfo(whois.example.net): ...`.
fn failed_call(line: &str) -> Option<UnknownKind> {
    let (call, reason) = line.split_once(':')?;
    let call = call.split('(').next().unwrap_or_default();
    CALLS.iter().find(|of| call.eq_ignore_ascii_case(of))?;
    let reason = reason.to_ascii_lowercase();
    REASONS.iter().find(|(of, _)| reason.contains(of)).map(|(_, kind)| *kind)
}

/// The server's message that there is no such network. It counts only if the answer names none.
pub(super) fn absence(text: &str) -> Option<String> {
    let lines = lines(text).filter(|line| line.len() >= 8);
    lines.map(|line| (line, line.to_lowercase())).find_map(|(line, lower)| {
        let unallocated = lower.starts_with("% unallocated") || lower.starts_with("% reserved:");
        // It may also be us that it does not know.
        let of_us = OURSELVES.iter().any(|word| lower.contains(word));
        (unallocated || (!of_us && ABSENCES.iter().any(|phrase| lower.contains(phrase)))).then(|| said(line))
    })
}

/// Words for whoever asks, in lower case.
const OURSELVES: [&str; 8] =
    ["your ip", "your host", "your address", "your network", "client", "credential", "permission", "api key"];

/// A server's line as part of a message: without its comment mark, and cut to a sensible length.
pub(super) fn said(line: &str) -> String {
    let line = line.trim_start_matches(['%', '#', ' ', '\t']).trim_end();
    line.chars().take(160).collect()
}
