//! The forwarded-for list of proxies: `X-Forwarded-For: 203.0.113.7, 192.0.2.9` and RFC 7239's `Forwarded:
//! for=203.0.113.7, for="[2001:db8::7]:4711"`, wherever a log has it. Each proxy appends the address that connected to
//! it. The end of the list is true as far as the proxies are trusted; the start is the client's own text.

use super::wrapped::json::{self, Value};
use crate::log::token;
use std::net::IpAddr;

/// Names of such a list, in lower case, with hyphens for underscores.
const NAMES: [&[u8]; 9] = [
    b"x-forwarded-for",
    b"forwarded-for",
    b"http-x-forwarded-for",
    b"x-fwd-for",
    b"forwarded",
    b"xff",
    b"http-forwarded",
    b"forwarded for",
    b"cs(x-forwarded-for)",
];

/// The most entries that are read.
const MOST: usize = 64;

/// The list in a line, the last proxy's entry last; empty if there is none. `column` is the text of the column that a
/// header names for it.
pub(super) fn list(line: &[u8], column: Option<&[u8]>) -> Vec<IpAddr> {
    if let Some(column) = column {
        return entries(column);
    }
    if line.first() == Some(&b'{') {
        return in_object(line);
    }
    let named = named(line);
    if !named.is_empty() {
        return named;
    }
    let quoted = quoted_column(line).map(entries).unwrap_or_default();
    if quoted.is_empty() { captured(line) } else { quoted }
}

/// The addresses of a list. Other entries (`unknown`, `-`, an obfuscated name) are left out.
fn entries(text: &[u8]) -> Vec<IpAddr> {
    let entry = |part: &[u8]| {
        let part = part.split(|b| *b == b';').next().unwrap_or_default();
        let trimmed = trim(part);
        let named = trimmed.get(..4).is_some_and(|start| start.eq_ignore_ascii_case(b"for="));
        let entry = trim(if named { trimmed.get(4..)? } else { trimmed });
        let inside = entry.strip_prefix(b"[").and_then(|entry| entry.strip_suffix(b"]"));
        token::bare(entry).or_else(|| token::bare(inside?))
    };
    text.split(|b| *b == b',').take(MOST).filter_map(entry).collect()
}

/// IIS writes a plus for a blank.
fn trim(mut part: &[u8]) -> &[u8] {
    while let [b' ' | b'+' | b'"' | b'\'' | b'\\', rest @ ..] = part {
        part = rest;
    }
    while let [rest @ .., b' ' | b'+' | b'"' | b'\'' | b'\\' | b'\r'] = part {
        part = rest;
    }
    part
}

/// Whether a text is a list and nothing else.
fn is_list(text: &[u8]) -> bool {
    let count = text.split(|b| *b == b',').take(MOST).count();
    !text.is_empty() && entries(text).len() == count
}

/// The list in a member of an object: `"X-Forwarded-For":["203.0.113.7, 192.0.2.9"]`, `"xff":"203.0.113.7"`.
fn in_object(object: &[u8]) -> Vec<IpAddr> {
    for member in json::members(object) {
        if !is_name(member.name) {
            continue;
        }
        return match member.value {
            Value::Text(text) => entries(text),
            Value::Array(inside) => {
                let end = memchr::memchr(b']', inside).unwrap_or(inside.len());
                entries(inside.get(..end).unwrap_or_default())
            }
            Value::Other => Vec::new(),
        };
    }
    Vec::new()
}

fn is_name(name: &[u8]) -> bool {
    let small = |b: &u8| if *b == b'_' { b'-' } else { b.to_ascii_lowercase() };
    name.len() <= 24 && NAMES.contains(&name.iter().map(small).collect::<Vec<_>>().as_slice())
}

/// The list after a name in a text: `xff="203.0.113.7, 192.0.2.9"`, `(X-Forwarded-For: 203.0.113.7)`, `(forwarded for
/// [203.0.113.7])`. The name must not be quoted, because a user agent may contain it.
fn named(line: &[u8]) -> Vec<IpAddr> {
    let mut quoted = false;
    for (at, byte) in line.iter().enumerate() {
        if *byte == b'"' {
            quoted = !quoted;
        }
        let starts = matches!(byte, b'x' | b'X' | b'f' | b'F' | b'h' | b'H')
            && !at.checked_sub(1).and_then(|before| line.get(before)).is_some_and(u8::is_ascii_alphanumeric);
        if quoted || !starts {
            continue;
        }
        let rest = line.get(at..).unwrap_or_default();
        let word = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
        let mut length = rest.iter().take(24).take_while(|b| word(b)).count();
        if rest.get(..14).is_some_and(|name| name.eq_ignore_ascii_case(b"forwarded for ")) {
            length = 13;
        }
        let (name, behind) = rest.split_at_checked(length).unwrap_or_default();
        if !is_name(name) {
            continue;
        }
        let value = behind.trim_ascii_start();
        let value =
            value.strip_prefix(b"=").or_else(|| value.strip_prefix(b":")).unwrap_or(value).trim_ascii_start();
        let ends: &[u8] = match value.first() {
            Some(b'"') => b"\"",
            _ => b")|\t\"",
        };
        let inside = value.strip_prefix(b"\"").unwrap_or(value);
        let end = inside.iter().position(|b| ends.contains(b)).unwrap_or(inside.len());
        let list = inside.get(..end).unwrap_or_default();
        // Without quotes a blank ends it, unless it follows a comma.
        let end = list.windows(2).position(|pair| matches!(pair, [before, b' '] if *before != b','));
        let list =
            if ends.len() > 1 { list.get(..end.map_or(list.len(), |end| end + 1)) } else { Some(list) };
        return entries(list.unwrap_or_default());
    }
    Vec::new()
}

/// The list in a quoted column after the user agent of an access log, as in nginx's own `main` format. The columns
/// before it (request, referrer, user agent) are the client's text. A list may also come before them.
fn quoted_column(line: &[u8]) -> Option<&[u8]> {
    if let Some(inside) = line.strip_prefix(b"\"") {
        let first = inside.get(..memchr::memchr(b'"', inside)?)?;
        return is_list(first).then_some(first);
    }
    let columns = line.split(|b| *b == b'"').skip(1).step_by(2);
    columns.skip(3).take(16).filter(|column| is_list(column)).last()
}

/// The list among the request headers that haproxy has captured: `{203.0.113.7|mail.example}`.
fn captured(line: &[u8]) -> Vec<IpAddr> {
    let braces = memchr::memchr(b'{', line).and_then(|open| {
        let inside = line.get(open + 1..)?;
        inside.get(..memchr::memchr(b'}', inside)?)
    });
    let lists = braces.unwrap_or_default().split(|b| *b == b'|');
    lists.filter(|part| is_list(part)).map(entries).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_list_wherever_a_log_has_it() {
        let both = "203.0.113.7 192.0.2.9";
        for (line, want) in [
            (
                r#"192.0.2.1 - - [23/Nov/2026:10:34:34 +0000] "GET / HTTP/1.1" 200 1 "-" "Mozilla" "203.0.113.7, 192.0.2.9""#,
                both,
            ),
            (r#"192.0.2.1 - - [23/Nov/2026:10:34:34 +0000] "GET / HTTP/1.1" 200 1 "-" "198.51.100.6""#, ""),
            (
                r#"192.0.2.1 - - [23/Nov/2026:10:34:34 +0000] "GET / HTTP/1.1" 200 1 "-" "xff=198.51.100.6" xff="203.0.113.7""#,
                "203.0.113.7",
            ),
            (
                r#""203.0.113.7, 192.0.2.9" 192.0.2.1 - - [23/Nov/2026:10:34:34 +0000] "GET / HTTP/1.1" 200 1"#,
                both,
            ),
            (r#"{"remote_ip":"192.0.2.1","headers":{"X-Forwarded-For":["203.0.113.7, 192.0.2.9"]}}"#, both),
            (r#"{"remote_ip":"192.0.2.1","headers":{"X-Forwarded-For":["203.0.113.7","192.0.2.9"]}}"#, both),
            (r#"{"http_x_forwarded_for":"203.0.113.7, unknown, 192.0.2.9"}"#, both),
            (
                r#"{"Forwarded":"for=203.0.113.7;proto=https, for=\"[2001:db8::7]:4711\""}"#,
                "203.0.113.7 2001:db8::7",
            ),
            ("Login failed for x from 192.0.2.1(X-Forwarded-For: 203.0.113.7,192.0.2.9). AUTHENTICATE", both),
            ("FAILED LOGIN for x [192.0.2.1] (forwarded for [203.0.113.7]) to y", "203.0.113.7"),
            ("client=192.0.2.1 x_forwarded_for=203.0.113.7, 192.0.2.9 status=200", both),
            (
                "192.0.2.1:51234 [23/Nov/2026:10:34:34.655] web web/1 0/0 200 {203.0.113.7|x} \"GET /\"",
                "203.0.113.7",
            ),
            ("Nov 23 10:34:34 mx postfix/smtpd[4711]: connect from unknown[192.0.2.1]", ""),
            ("the host forwarded 203.0.113.7 to us", "203.0.113.7"),
        ] {
            let got: Vec<String> = list(line.as_bytes(), None).iter().map(ToString::to_string).collect();
            assert_eq!(got.join(" "), want, "{line}");
        }
        assert_eq!(list(b"x", Some(b"203.0.113.7,+192.0.2.9:80")).len(), 2);
    }
}
