//! What syslog puts in front of a message: time, host, tag. RFC 3164, RFC 5424, rsyslog's ISO form, and BSD's and
//! Solaris's additions.

/// A line's program and message.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head<'a> {
    /// The tag without its process id: `postfix/smtpd`. Empty when there is none.
    pub(super) program: &'a [u8],
    /// What stands behind the tag.
    pub(super) message: &'a [u8],
    /// Where the text behind the host's name begins.
    pub(super) behind_host: usize,
}

/// Reads the head of a line; None when it does not begin with syslog's time.
pub(super) fn read(line: &[u8]) -> Option<Head<'_>> {
    let start = priority(line);
    let text = line.get(start..)?;
    if let Some(length) = bsd_time(text) {
        // `Nov 23 10:34:34 host tag[pid]: message`
        return behind_time(line, start + length);
    }
    if is_iso_time(text) {
        // Exchange writes ISO time, too, but with a comma behind it.
        let time = memchr::memchr2(b' ', b',', text).filter(|end| text.get(*end) == Some(&b' '))?;
        return behind_time(line, start + time + 1);
    }
    // The same with a blank for the T, as some have rsyslog write it: the process id tells it from other logs.
    if is_iso_time_with_blank(text) {
        let host = start + 20 + memchr::memchr(b' ', text.get(19..)?)?;
        let clean = |name: &[u8]| !name.iter().any(|b| matches!(b, b'[' | b'=' | b':' | b'(' | b'"'));
        let name = line.get(host..).and_then(|rest| rest.get(..memchr::memchr(b' ', rest)?))?;
        let head = tag(line, host + name.len() + 1);
        let pid = matches!(line.get(head.behind_host + head.program.len()..), Some([b'[', b'0'..=b'9', ..]))
            && !head.program.contains(&b'=');
        return Some(head).filter(|head| clean(name) && pid && !head.program.is_empty());
    }
    // multilog: `@400000004c91b044077a9e94 message`, where a program's name may stand as in a tag
    if is_tai64n(text) {
        return Some(tag(line, start + 26));
    }
    // RFC 5424: `<22>1 2026-11-23T10:34:34Z host app pid msgid [sd] message`
    let text = text.strip_prefix(b"1 ").filter(|text| is_iso_time(text))?;
    structured(line, line.len() - text.len())
}

/// The line behind a name that `grep` put in front of it (`mail.log:Nov 23 ...`), if there a head begins.
pub(super) fn behind_file_name(line: &[u8]) -> Option<(&[u8], Head<'_>)> {
    let near = line.get(..256).unwrap_or(line);
    memchr::memchr_iter(b':', near).take(3).find_map(|colon| {
        let rest = line.get(colon + 1..)?;
        let month = rest.first().is_some_and(u8::is_ascii_uppercase);
        let year = rest.first().is_some_and(u8::is_ascii_digit);
        if month || year { Some((rest, read(rest)?)) } else { None }
    })
}

/// How long a `<22>` in front is.
fn priority(line: &[u8]) -> usize {
    if line.first() != Some(&b'<') {
        return 0;
    }
    let digits = line.iter().skip(1).take_while(|b| b.is_ascii_digit()).count();
    if (1..=3).contains(&digits) && line.get(digits + 1) == Some(&b'>') { digits + 2 } else { 0 }
}

/// How long `Nov 23 10:34:34 ` is, the day padded with a blank or a zero or not at all, the year behind it or a
/// fraction of the second.
fn bsd_time(text: &[u8]) -> Option<usize> {
    let [b'A'..=b'Z', b'a'..=b'z', b'a'..=b'z', b' ', rest @ ..] = text else { return None };
    let clock = match rest {
        [b' ' | b'0'..=b'3', b'0'..=b'9', b' ', clock @ ..] | [b'1'..=b'9', b' ', clock @ ..] => clock,
        _ => return None,
    };
    let clock = match clock {
        [b'1' | b'2', b'0' | b'9', b'0'..=b'9', b'0'..=b'9', b' ', clock @ ..] => clock,
        _ => clock,
    };
    let [_, _, b':', _, _, b':', _, _, behind @ ..] = clock else { return None };
    let fraction = behind.first() == Some(&b'.');
    let end = if fraction { memchr::memchr(b' ', behind.get(..12).unwrap_or(behind))? } else { 0 };
    (behind.get(end) == Some(&b' ')).then(|| text.len() - behind.len() + end + 1)
}

/// `2026-11-23T10:34`
pub(crate) fn is_iso_time(text: &[u8]) -> bool {
    matches!(text, [b'0'..=b'9', _, _, b'0'..=b'9', b'-', _, _, b'-', _, _, b'T', _, _, b':', ..])
}

/// `2026-11-23 10:34:34`
fn is_iso_time_with_blank(text: &[u8]) -> bool {
    matches!(
        text,
        [
            b'0'..=b'9',
            _,
            _,
            b'0'..=b'9',
            b'-',
            _,
            _,
            b'-',
            _,
            _,
            b' ',
            b'0'..=b'9',
            _,
            b':',
            _,
            _,
            b':',
            _,
            _,
            ..
        ]
    )
}

/// `@` and 24 hexadecimal digits: TAI64N, as multilog and s6-log write it.
pub(crate) fn is_tai64n(text: &[u8]) -> bool {
    text.first() == Some(&b'@')
        && text.get(1..25).is_some_and(|label| label.iter().all(u8::is_ascii_hexdigit))
        && text.get(25) == Some(&b' ')
}

/// A tag that a line begins with, its time and host cut off by somebody: `postfix/smtpd[4711]: message`.
pub(super) fn bare_tag(line: &[u8]) -> Option<Head<'_>> {
    Some(tag(line, 0)).filter(|head| !head.program.is_empty())
}

fn behind_time(line: &[u8], start: usize) -> Option<Head<'_>> {
    let mut at = start;
    // BSD's syslogd -v: `<4.6>` or `<mail.info>` before the host.
    if line.get(at) == Some(&b'<') {
        at += memchr::memchr(b' ', line.get(at..)?)? + 1;
    }
    let rest = line.get(at..)?;
    let host = memchr::memchr(b' ', rest)?;
    // Some write no host: then the tag, or a level in brackets, is where the host would be.
    let tagged = rest.get(..host)?.ends_with(b":") || rest.starts_with(b"[");
    let behind_host = if tagged { at } else { at + host + 1 };
    Some(tag(line, behind_host))
}

/// Splits `tag[pid]: message`.
fn tag(line: &[u8], behind_host: usize) -> Head<'_> {
    let text = line.get(behind_host..).unwrap_or_default();
    let length = memchr::memchr3(b'[', b':', b' ', text.get(..64).unwrap_or(text)).unwrap_or(0);
    let none = Head { program: b"", message: text, behind_host };
    let Some(rest) = text.get(length..) else { return none };
    // BSD's and OpenWrt's `mail.info` may stand before the tag.
    if rest.first() == Some(&b' ') && text.get(..length).is_some_and(is_level) {
        return tag(line, behind_host + length + 1);
    }
    let message = match rest.first() {
        Some(b'[') => match memchr::memchr(b']', rest).and_then(|close| rest.get(close + 1..)) {
            Some(rest) => rest.strip_prefix(b":").unwrap_or(rest),
            None => return none,
        },
        Some(b':') => rest.get(1..).unwrap_or_default(),
        _ => return none,
    };
    let program = text.get(..length).unwrap_or_default();
    Head { program, message: without_id(message.strip_prefix(b" ").unwrap_or(message)), behind_host }
}

/// `mail.info`, `auth.notice`, `local0.debug`
fn is_level(word: &[u8]) -> bool {
    let Some(dot) = memchr::memchr(b'.', word) else { return false };
    let levels: [&[u8]; 8] = [b"debug", b"info", b"notice", b"warning", b"warn", b"err", b"crit", b"error"];
    word.get(dot + 1..).is_some_and(|level| levels.contains(&level))
}

/// Solaris puts `[ID 801593 mail.info] ` before the message.
fn without_id(message: &[u8]) -> &[u8] {
    if !message.starts_with(b"[ID ") {
        return message;
    }
    super::pieces::behind(message, b"] ").unwrap_or(message)
}

fn structured(line: &[u8], start: usize) -> Option<Head<'_>> {
    let mut words = line.get(start..)?.splitn(6, |b| *b == b' ').skip(2);
    let program = words.next()?;
    let rest = words.nth(2)?;
    let message = match rest.strip_prefix(b"- ") {
        Some(message) => message,
        // Structured data may hold an escaped bracket in its quotes; a bracket and a blank end it all the same.
        None => super::pieces::behind(rest, b"] ").unwrap_or(rest),
    };
    let message = message.strip_prefix(b"\xef\xbb\xbf").unwrap_or(message);
    Some(Head { program, message, behind_host: line.len() - message.len() })
}
