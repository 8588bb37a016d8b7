//! Removes prefixes that other programs add to a line: `grep` the name of a file, Docker and Kubernetes the name of a
//! container, `journalctl` and `tai64nlocal` a time, a terminal its colours, a mail program a quotation mark. Each has
//! a known form, and counts only if a known line follows it. A client's text is never a prefix.

use super::{head, pieces};
use std::borrow::Cow;

/// The most bytes by which one name may move a line to the right.
const NEAR: usize = 160;

/// The line after all prefixes; None if there are none.
pub(super) fn behind(line: &[u8]) -> Option<&[u8]> {
    let mut text = line;
    for _ in 0..6 {
        let timed = text.first().is_some_and(u8::is_ascii_digit);
        text = layer(text)?;
        if begins(text) || timed && has_pid(text) {
            return Some(text);
        }
    }
    None
}

/// Whether a line begins here.
pub(super) fn begins(text: &[u8]) -> bool {
    let starts = matches!(text.first(), Some(b'<' | b'@' | b'_' | b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9'));
    starts && (begins_with_time(text) || head::sure(text, 1).is_some()) || text.starts_with(b"{\"")
}

fn begins_with_time(text: &[u8]) -> bool {
    head::read(text).is_some() || head::clock::iso_time_with_blank(text).is_some()
}

/// qpsmtpd's process id: `4711 dispatching EHLO mail.example`
fn has_pid(text: &[u8]) -> bool {
    let digits = text.iter().take(8).take_while(|b| b.is_ascii_digit()).count();
    (2..=7).contains(&digits)
        && text.first() != Some(&b'0')
        && matches!(text.get(digits..), Some([b' ', b'a'..=b'z' | b'A'..=b'Z' | b'(' | b'`', ..]))
}

/// The text after one prefix.
fn layer(text: &[u8]) -> Option<&[u8]> {
    match text.first()? {
        b' ' | b'\t' | b'>' | b'+' | b'|' => {
            let marks = text.iter().take_while(|b| matches!(b, b' ' | b'\t' | b'>' | b'+' | b'|')).count();
            text.get(marks..)
        }
        // A file may have been joined from others that begin with a byte order mark.
        0xef => text.strip_prefix(b"\xef\xbb\xbf"),
        b'[' => behind_bracket(text),
        b'0'..=b'9' => {
            let time = head::clock::iso_time_with_blank(text).or_else(|| head::clock::epoch(text));
            match time {
                Some(time) => text.get(time..),
                None if head::is_iso_time(text) => head::behind_stream(pieces::cut_blank(text)?.1),
                None => behind_name(text),
            }
        }
        _ => behind_name(text),
    }
}

/// `[pod/mail-0/postfix] `, `[1234.567890] `, `[2026-11-23 10:34:34] `
fn behind_bracket(text: &[u8]) -> Option<&[u8]> {
    let near = text.get(1..NEAR).or_else(|| text.get(1..))?;
    let close = memchr::memchr(b']', near)?;
    let inside = near.get(..close)?.trim_ascii_start();
    // A pod has a path, and a time has no letters. Haraka's brackets have neither, and its client's words follow them.
    let time = inside
        .iter()
        .all(|b| b.is_ascii_digit() || matches!(b, b'.' | b':' | b'-' | b'+' | b' ' | b'T' | b'Z'));
    let pod = inside.contains(&b'/') && memchr::memchr2(b' ', b'[', inside).is_none();
    text.get(close + 2..)?.strip_prefix(b" ").filter(|_| time || pod)
}

/// One word: `postfix-1  | `, `mail.log:`, `mail.log:12:`, `mail.log-12-`, `mx: `. The name of a file may hold anything
/// but a blank, so a line is looked for after each of its colons and dashes. After a dash or a blank, a line must begin
/// with a time.
fn behind_name(text: &[u8]) -> Option<&[u8]> {
    let near = text.get(..NEAR).unwrap_or(text);
    let (word, _) = pieces::cut_blank(near).unwrap_or((near, b""));
    let rest = text.get(word.len()..)?;
    if let Some(line) = rest.trim_ascii_start().strip_prefix(b"|") {
        return Some(line);
    }
    // A word with other marks is a row, an object or a mail address.
    if word.iter().any(|b| b"\t|<>\"={}".contains(b)) {
        return None;
    }
    let borders = memchr::memchr2_iter(b':', b'-', word).take(12);
    let mut rests = borders.filter_map(|at| Some((word.get(at)?, text.get(at + 1..)?)));
    let line = |mark: u8, rest: &[u8]| {
        let joined = mark == b':' && rest.first() != Some(&b' ');
        if joined { begins(rest) } else { begins_with_time(rest.trim_ascii_start()) }
    };
    rests.find(|(mark, rest)| line(**mark, rest)).map(|(_, rest)| rest.trim_ascii_start())
}

/// A line without terminal colours, if there are any near its start.
pub(super) fn colourless(line: &[u8]) -> Cow<'_, [u8]> {
    let near = line.get(..NEAR).unwrap_or(line);
    if memchr::memchr(0x1b, near).is_none() {
        return Cow::Borrowed(line);
    }
    let mut clean = Vec::with_capacity(line.len());
    for (index, part) in line.split(|b| *b == 0x1b).enumerate() {
        let colour = part.strip_prefix(b"[").filter(|_| index > 0).and_then(|code| {
            let digits = code.iter().take_while(|b| b.is_ascii_digit() || **b == b';').count();
            code.get(digits).filter(|b| b.is_ascii_alphabetic()).and_then(|_| code.get(digits + 1..))
        });
        clean.extend_from_slice(colour.unwrap_or(part));
    }
    Cow::Owned(clean)
}
