//! The syslog head of a message: time, host, tag. It covers RFC 3164, RFC 5424, rsyslog's ISO form, and the additions
//! of BSD, Solaris, AIX and OpenWrt.

pub(super) mod clock;

use super::pieces;
use clock::{bsd_time, iso_time_with_blank};
pub(crate) use clock::{is_iso_time, is_tai64n};

/// A line's program and message.
#[derive(Clone, Copy, Debug)]
pub(super) struct SyslogHead<'a> {
    /// The tag without its process ID: `postfix/smtpd`. Empty if there is none.
    pub(super) program: &'a [u8],
    /// The text after the tag.
    pub(super) message: &'a [u8],
    /// The text after the host's name.
    pub(super) text: &'a [u8],
    /// The text after the time. If the host is left out, the word taken for its name is not one.
    pub(super) behind_time: &'a [u8],
    /// The text after the program: `[4711]: message`.
    mark: &'a [u8],
    /// Whether a blank precedes the message, so that it does not begin in the middle of a word.
    pub(super) stands_free: bool,
}

/// Programs whose name and a colon are a tag, even without a process ID.
const PROGRAMS: &[&[u8]] = &[
    b"dovecot",
    b"auth",
    b"auth-worker",
    b"imap-login",
    b"pop3-login",
    b"submission-login",
    b"managesieve-login",
    b"sendmail",
    b"sm-mta",
    b"exim",
    b"exim4",
    b"smtpd",
    b"qpsmtpd",
    b"tcpserver",
    b"rblsmtpd",
    b"imapd",
    b"imapd-ssl",
    b"pop3d",
    b"pop3d-ssl",
    b"courierd",
    b"courieresmtp",
    b"courieresmtpd",
    b"saslauthd",
    b"sshd",
    b"amavis",
    b"opendkim",
    b"opendmarc",
    b"rspamd",
    b"spamd",
    b"postgrey",
    b"policyd-spf",
    b"vpopmail",
];

/// Reads the head of a line; None if it does not begin with a syslog time.
pub(super) fn read(line: &[u8]) -> Option<SyslogHead<'_>> {
    let text = line.get(priority(line)..)?;
    if let Some(length) = bsd_time(text) {
        // `Nov 23 10:34:34 host tag[pid]: message`
        return behind_time(text.get(length..)?);
    }
    if is_iso_time(text) {
        // Exchange also writes ISO times, but followed by a comma.
        let time = memchr::memchr2(b' ', b',', text).filter(|end| text.get(*end) == Some(&b' '))?;
        let rest = text.get(time + 1..)?;
        // A container's output, which is a line in itself.
        return if rest.starts_with(b"std") && behind_stream(rest).is_some() {
            None
        } else {
            behind_time(rest)
        };
    }
    // multilog: `@400000004c91b044077a9e94 message`, where a program's name may follow as in a tag.
    if is_tai64n(text) {
        return Some(tag(text.get(26..)?));
    }
    // The same with a blank for the T, as rsyslog can be set to write it, and the times of other programs. A certain
    // tag tells it from other programs' own logs.
    if let Some(length) = iso_time_with_blank(text).or_else(|| clock::unusual(text)) {
        return sure(text.get(length..)?, 2);
    }
    // RFC 5424: `<22>1 2026-11-23T10:34:34Z host app pid msgid [sd] message`
    let text = text.strip_prefix(b"1 ").filter(|text| is_iso_time(text))?;
    let (_, rest) = pieces::cut_blank(text)?;
    structured(pieces::cut_blank(rest)?.1)
}

/// A container's output as CRI keeps it: the text after `stdout F `, which follows the time.
pub(super) fn behind_stream(text: &[u8]) -> Option<&[u8]> {
    let rest = text.strip_prefix(b"stdout ").or_else(|| text.strip_prefix(b"stderr "))?;
    rest.strip_prefix(b"F ").or_else(|| rest.strip_prefix(b"P "))
}

/// A certain tag after at most `hosts` words that can be names of hosts or zones.
pub(super) fn sure(text: &[u8], hosts: usize) -> Option<SyslogHead<'_>> {
    let mut rest = text.trim_ascii_start();
    for _ in 0..=hosts {
        let head = tag(rest);
        if is_sure(&head) {
            return Some(head);
        }
        let (word, behind) = pieces::cut_blank(rest.get(..320).unwrap_or(rest))?;
        if !is_host(word) {
            return None;
        }
        rest = rest.get(rest.len().min(320) - behind.len()..)?.trim_ascii_start();
    }
    None
}

fn is_sure(head: &SyslogHead) -> bool {
    let name =
        head.program.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'-' | b'_' | b'.'));
    let pid = || {
        let digits = head.mark.iter().skip(1).take_while(|b| b.is_ascii_digit()).count();
        digits > 0
            && head.mark.starts_with(b"[")
            && head.mark.get(digits + 1..).is_some_and(|m| m.starts_with(b"]:"))
    };
    let known = || {
        PROGRAMS.contains(&head.program)
            || head.program.starts_with(b"postfix/")
            || head.program.starts_with(b"cyrus/")
    };
    !head.program.is_empty()
        && !head.program.starts_with(b"/")
        && name
        && (pid() || head.mark.starts_with(b": ") && known())
}

/// Whether a word is the name or the address of a machine. A process ID is not.
fn is_host(word: &[u8]) -> bool {
    let clean = word.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b':'));
    clean && !word.is_empty() && !word.ends_with(b":") && !word.iter().all(u8::is_ascii_digit)
}

/// The length of a `<22>` at the start.
fn priority(line: &[u8]) -> usize {
    if line.first() != Some(&b'<') {
        return 0;
    }
    let digits = line.iter().skip(1).take_while(|b| b.is_ascii_digit()).count();
    if (1..=3).contains(&digits) && line.get(digits + 1) == Some(&b'>') { digits + 2 } else { 0 }
}

/// A tag at the start of a line whose time and host were cut off: `postfix/smtpd[4711]: message`.
pub(super) fn bare_tag(line: &[u8]) -> Option<SyslogHead<'_>> {
    Some(tag(line)).filter(|head| !head.program.is_empty())
}

fn behind_time(text: &[u8]) -> Option<SyslogHead<'_>> {
    let mut rest = text;
    // BSD's syslogd -v: `<4.6>` or `<mail.info>` before the host.
    if rest.first() == Some(&b'<') {
        rest = pieces::cut_blank(rest)?.1;
    }
    // Dovecot's name may be a call that contains a name typed by a client.
    if rest.starts_with(b"auth(") || rest.starts_with(b"auth-worker(") {
        return Some(untagged(rest));
    }
    let (host, behind) = pieces::cut_blank(rest)?;
    // Some programs write no host. Then the tag, or a level in brackets, is in its position.
    let hostless = host.ends_with(b":") || host.starts_with(b"[");
    let head = SyslogHead { behind_time: rest, ..tag(if hostless { rest } else { behind }) };
    if !head.program.is_empty() || hostless {
        return Some(head);
    }
    Some(beyond(host, rest, behind).unwrap_or(head))
}

/// Tries other forms if no tag follows the host: a relay's name before it, a line within a line, a level.
fn beyond<'a>(host: &[u8], rest: &'a [u8], behind: &'a [u8]) -> Option<SyslogHead<'a>> {
    if !is_host(host) {
        return None;
    }
    // AIX: `mx Message forwarded from mx2: postfix/smtpd[4711]: message`
    let forwarded = behind.strip_prefix(b"Message forwarded from ").and_then(pieces::cut_blank);
    if let Some((_, message)) = forwarded {
        return bare_tag(message);
    }
    // RFC 5424 without its version number: `app pid msgid [sd] message`.
    let mut words = behind.splitn(4, |b| *b == b' ').skip(1);
    let pid =
        words.next().is_some_and(|pid| pid == b"-" || !pid.is_empty() && pid.iter().all(u8::is_ascii_digit));
    let data = words.nth(1).is_some_and(|data| data.starts_with(b"- ") || data.starts_with(b"["));
    if pid && data {
        return structured(behind);
    }
    // A line that another program logged with a time of its own.
    let again = [rest, behind].into_iter().find_map(|text| {
        let time =
            bsd_time(text).or_else(|| is_iso_time(text).then(|| memchr::memchr(b' ', text)).flatten())?;
        let (host, text) = pieces::cut_blank(text.get(time..)?.trim_ascii_start())?;
        bare_tag(text).filter(|_| is_host(host))
    });
    again.or_else(|| sure(behind, 1))
}

/// Splits `tag[pid]: message`.
fn tag(text: &[u8]) -> SyslogHead<'_> {
    let mut from = text;
    // `mail.info` of BSD and OpenWrt, and `mail:info` of AIX, may precede the tag. A line may be full of them.
    for _ in 0..2 {
        let near = from.get(..64).unwrap_or(from);
        let length = memchr::memchr3(b'[', b':', b' ', near).unwrap_or(0);
        let Some(rest) = from.get(length..) else { break };
        let behind = match rest {
            [b' ', ..] if near.get(..length).is_some_and(is_level) => rest.get(1..),
            [b':', b'a'..=b'z', ..] => pieces::cut_blank(near)
                .filter(|(word, _)| is_level(word))
                .and_then(|(word, _)| from.get(word.len() + 1..)),
            _ => None,
        };
        match behind {
            Some(behind) => from = behind,
            None => return split(text, from, length),
        }
    }
    split(text, from, 0)
}

/// A text without a tag.
fn untagged(text: &[u8]) -> SyslogHead<'_> {
    SyslogHead { program: b"", message: text, text, behind_time: text, mark: b"", stands_free: true }
}

fn split<'a>(text: &'a [u8], from: &'a [u8], length: usize) -> SyslogHead<'a> {
    let none = || SyslogHead { message: from, ..untagged(text) };
    let Some((program, mark)) = from.split_at_checked(length) else { return none() };
    // `auth(NAME,ADDRESS,sasl:login)<...>: TEXT` is Dovecot's, and the client chose the name.
    let call = || program.starts_with(b"auth") && program.contains(&b'(');
    // A tag inside a mail address does not count: `to=<postfix/smtpd[1]: TEXT>`. A program's name is too short for memchr.
    let address = || program.iter().any(|b| matches!(b, b'<' | b'='));
    if matches!(program.first(), Some(b'(' | b'"' | b'{')) || address() || call() {
        return none();
    }
    let message = match mark.first() {
        Some(b'[') => match behind_pid(mark) {
            Some(rest) => rest.strip_prefix(b":").unwrap_or(rest),
            None => return none(),
        },
        // `10:34:34` is a time.
        Some(b':') if !mark.get(1).is_some_and(u8::is_ascii_digit) => mark.get(1..).unwrap_or_default(),
        _ => return none(),
    };
    let spaced = message.strip_prefix(b" ");
    let message = without_id(spaced.unwrap_or(message));
    SyslogHead {
        program,
        message: once(message),
        text,
        behind_time: text,
        mark,
        stands_free: spaced.is_some(),
    }
}

/// The text after `[4711]`, or after other text in brackets.
fn behind_pid(mark: &[u8]) -> Option<&[u8]> {
    let digits = mark.iter().skip(1).take_while(|b| b.is_ascii_digit()).count();
    let close = if mark.get(digits + 1) == Some(&b']') { digits + 1 } else { memchr::memchr(b']', mark)? };
    mark.get(close + 1..)
}

/// `mail.info`, `auth.notice`, `local0.debug`, `mail:info`
fn is_level(word: &[u8]) -> bool {
    let Some(dot) = memchr::memchr2(b'.', b':', word) else { return false };
    let levels: [&[u8]; 8] = [b"debug", b"info", b"notice", b"warning", b"warn", b"err", b"crit", b"error"];
    word.get(dot + 1..).is_some_and(|level| levels.contains(&level))
}

/// Solaris puts `[ID 801593 mail.info] ` before the message.
fn without_id(message: &[u8]) -> &[u8] {
    if !message.starts_with(b"[ID ") {
        return message;
    }
    pieces::behind(message, b"] ").unwrap_or(message)
}

/// rsyslog writes a repeated message as `message repeated 2 times: [ message]`.
fn once(message: &[u8]) -> &[u8] {
    let Some(rest) = message.strip_prefix(b"message repeated ") else { return message };
    let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    let inner = rest.get(digits..).and_then(|rest| rest.strip_prefix(b" times: [ "));
    inner.map_or(message, |inner| inner.trim_ascii_end().strip_suffix(b"]").unwrap_or(inner))
}

/// `app pid msgid [sd] message`
fn structured(text: &[u8]) -> Option<SyslogHead<'_>> {
    let mut words = text.splitn(4, |b| *b == b' ');
    let program = words.next()?;
    let rest = words.nth(2)?;
    let message = match rest.strip_prefix(b"- ") {
        Some(message) => message,
        // Structured data may hold an escaped bracket in its quotes; a bracket and a blank end it in any case.
        None => pieces::behind(rest, b"] ").unwrap_or(rest),
    };
    let message = once(message.strip_prefix(b"\xef\xbb\xbf").unwrap_or(message));
    Some(SyslogHead { program, message, text: message, behind_time: message, mark: b"", stands_free: true })
}
