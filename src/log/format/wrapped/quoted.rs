//! Messages that an envelope has quoted.

use super::{LINE, PROGRAM, WrappedLine, bare, json};
use std::borrow::Cow;

/// The most pairs or columns before a message.
const MOST: usize = 64;

/// The message among pairs: `ts=2026-11-23T10:34:34Z level=info msg="connect from ..."`, FortiMail's
/// `date=2026-11-23,time=10:34:34,type=event,msg="..."`. All text before it must be pairs, so that nobody can insert
/// one.
pub(super) fn logfmt(text: &[u8]) -> Option<WrappedLine<'_>> {
    let mut rest = behind_priority(text);
    let mut program: &[u8] = b"";
    let mut fortinet = false;
    for _ in 0..MOST {
        // A mail address belongs to a mail server's line, and may hold pairs.
        let (name, value) = pair(rest).filter(|(_, value)| !value.starts_with(b"<"))?;
        let (content, behind) = match json::string(value) {
            Some((content, behind)) => {
                // A value without a blank is just a word.
                if LINE.contains(&name) && content.contains(&b' ') {
                    let program = Cow::Borrowed(program);
                    return Some(WrappedLine { program, line: json::unescaped(content) });
                }
                (content, behind)
            }
            None => {
                let end = value.iter().position(|b| matches!(b, b' ' | b',' | b'\t')).unwrap_or(value.len());
                value.split_at_checked(end)?
            }
        };
        fortinet |= name == b"device_id";
        if PROGRAM.contains(&name) {
            program = content;
        } else if fortinet && name == b"subtype" && content == b"smtp" {
            // FortiMail's mail server writes Sendmail's messages.
            program = b"sendmail";
        }
        rest = behind.get(1..)?.trim_ascii_start();
    }
    None
}

/// The name before `=`, and the text after it.
fn pair(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let length =
        text.iter().take(48).take_while(|b| b.is_ascii_alphanumeric() || b"_.-@".contains(b)).count();
    let (name, rest) = text.split_at_checked(length)?;
    Some((name, rest.strip_prefix(b"=").filter(|_| length > 0)?))
}

fn behind_priority(text: &[u8]) -> &[u8] {
    let behind =
        text.strip_prefix(b"<").and_then(|rest| rest.get(memchr::memchr(b'>', rest.get(..4)?)? + 1..));
    behind.unwrap_or(text)
}

/// The message in a row of CSV (RFC 4180). The row has at least three columns; the first is a time, and the message is
/// quoted. The column before the message may be its program.
pub(super) fn row(text: &[u8]) -> Option<WrappedLine<'_>> {
    let mut rest = text;
    let mut program: &[u8] = b"";
    for number in 0..MOST {
        if let Some(inside) = rest.strip_prefix(b"\"") {
            let (content, behind) = column(inside)?;
            let ends = behind.is_empty() || behind.first() == Some(&b',');
            if !ends || number == 0 && !is_time(content) {
                return None;
            }
            if number >= 2 && content.contains(&b' ') {
                return Some(WrappedLine { program: Cow::Borrowed(program), line: doubled(content) });
            }
            program = if is_program(content) { content } else { program };
            rest = behind.get(1..)?;
        } else {
            let content = rest.get(..memchr::memchr(b',', rest)?)?;
            if number == 0 && !is_time(content) || content.contains(&b'"') {
                return None;
            }
            program = if is_program(content) { content } else { program };
            rest = rest.get(content.len() + 1..)?;
        }
    }
    None
}

/// A quoted column, with its quotes doubled, and the text after it.
fn column(inside: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut from = 0;
    loop {
        let at = from + memchr::memchr(b'"', inside.get(from..)?)?;
        if inside.get(at + 1) != Some(&b'"') {
            return Some((inside.get(..at)?, inside.get(at + 1..)?));
        }
        from = at + 2;
    }
}

fn doubled(content: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memmem::find(content, b"\"\"").is_none() {
        return Cow::Borrowed(content);
    }
    let mut plain = Vec::with_capacity(content.len());
    let mut rest = content;
    while let Some(at) = memchr::memmem::find(rest, b"\"\"") {
        plain.extend_from_slice(rest.get(..=at).unwrap_or_default());
        rest = rest.get(at + 2..).unwrap_or_default();
    }
    plain.extend_from_slice(rest);
    Cow::Owned(plain)
}

/// Whether a column begins like a date.
fn is_time(column: &[u8]) -> bool {
    matches!(column, [b'0'..=b'9', b'0'..=b'9', ..] | [b'A'..=b'Z', b'a'..=b'z', b'a'..=b'z', b' ', ..])
        && memchr::memchr(b':', column).is_some()
}

/// `postfix/smtpd`, `dovecot`: one word that is neither a host's name nor a level.
fn is_program(column: &[u8]) -> bool {
    let word = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'-' | b'_');
    (3..40).contains(&column.len()) && column.iter().all(word)
}

/// A message that is quoted as a whole, after a level and a colon, or after text that cannot be a client's:
/// `WARNING[4711][C-1] Ext. s: "Rejecting unknown SIP connection from ..."` of Asterisk.
pub(super) fn whole(text: &[u8]) -> Option<WrappedLine<'_>> {
    let levels = [&b"WARNING["[..], b"NOTICE[", b"ERROR[", b"SECURITY[", b"VERBOSE["];
    let open = memchr::memchr(b'"', text)?;
    let (before, quoted) = text.split_at_checked(open)?;
    let level =
        levels.iter().any(|level| super::super::pieces::has(before.get(..96).unwrap_or(before), level));
    let inside = quoted.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    (level && before.ends_with(b": ") && !inside.contains(&b'"')).then(|| bare(Cow::Borrowed(inside)))
}
