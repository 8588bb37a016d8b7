//! Finds the client of a log line: the machine that connected, and no other address in the line.
//!
//! Each mail program has its own format, with a file here that starts with an example. Lines of unknown formats are
//! read by the rules in [`general`]. To add a format, write a file with one function that takes a message and returns a
//! [`LineReading`]. Then name it in [`by_program`] (the program is known from its syslog tag) or in [`by_shape`] (the
//! line shows it).

mod amavis;
mod assp;
mod asterisk;
mod axigen;
mod courier;
mod cyrus;
mod direction;
mod domino;
mod dovecot;
mod event;
mod exim;
mod fields;
mod forwarded;
mod front;
mod general;
mod haraka;
mod head;
mod ims;
mod ironport;
mod kerio;
mod login;
mod maddy;
mod object;
mod opensmtpd;
mod pieces;
mod postal;
mod postfix;
mod qmail;
mod qpsmtpd;
mod rspamd;
mod sender;
mod sendmail;
mod ssh;
mod stalwart;
#[cfg(test)]
pub(in crate::log) mod tests;
mod web;
mod webmail;
mod wrapped;

use crate::log::token;
use direction::Direction;
pub(crate) use fields::FieldColumns;
use head::SyslogHead;
use std::{borrow::Cow, net::IpAddr};

/// The bytes of a line that are searched: no mail program writes its client after 64 KiB.
pub(crate) const LONGEST: usize = 64 << 10;

/// The most envelopes around a line.
const DEEPEST: u8 = 3;

/// The reading of a line by a format. It names the direction, so that no reader can return an address without saying
/// that its machine connected to this one. On a line about a delivery, the address is a recipient's server.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum LineReading {
    /// This machine connected to the program that wrote the line.
    Incoming(IpAddr),
    /// The program connected to another: to deliver, to look something up, or to pass a request on.
    Outgoing,
    /// The line is known, and is not about a connection.
    Nobody,
    /// Not a line of this format.
    Foreign,
}

impl LineReading {
    /// An incoming connection, with its client if the line names one.
    fn incoming(client: Option<IpAddr>) -> Self {
        client.map_or(Self::Nobody, Self::Incoming)
    }

    /// An incoming connection if the line names a client; else it may be another format's.
    fn incoming_or_foreign(client: Option<IpAddr>) -> Self {
        client.map_or(Self::Foreign, Self::Incoming)
    }

    /// This reading, or `other` if the line is not of this format.
    fn or_else(self, other: impl FnOnce() -> Self) -> Self {
        match self {
            Self::Foreign => other(),
            reading => reading,
        }
    }

    /// Whether the format of the line is known.
    fn is_known(self) -> bool {
        self != Self::Foreign
    }
}

/// The connecting client of a log line, unwrapped; None if the line is about no client. Only the first 64 KiB are
/// searched. The columns of Exchange and IIS are guessed from the shape of the line. In a whole file they are known
/// from its header ([`FieldColumns`]).
#[must_use]
pub fn client(line: &[u8]) -> Option<IpAddr> {
    client_with(line, None)
}

/// The client of a message whose program is known from elsewhere.
pub(crate) fn client_of_program(program: &[u8], message: &[u8]) -> Option<IpAddr> {
    let message = message.get(..LONGEST).unwrap_or(message);
    match by_program(program, message).or_else(|| by_shape(message)) {
        LineReading::Foreign => without_front(message, 1),
        reading => settle(reading, message, 1),
    }
}

/// [`client`] for a file whose `#Fields:` header is known.
pub(crate) fn client_with(line: &[u8], fields: Option<&FieldColumns>) -> Option<IpAddr> {
    let line = line.get(..LONGEST).unwrap_or(line);
    if let Some(head) = head::read(line) {
        return client_of(head, 0);
    }
    if line.first() == Some(&b'#') {
        return None;
    }
    if let Some(reading) = fields.map(|fields| fields.client(line)).filter(|reading| reading.is_known()) {
        return settle(reading, line, 0);
    }
    // Most lines without a syslog head are Exim's, so they are tried first.
    let reading = exim::at_a_glance(line);
    if reading.is_known() {
        return settle(reading, line, 0);
    }
    let line = front::colourless(line);
    let whole = line.first() == Some(&b'{');
    match if whole { None } else { front::behind(&line) } {
        Some(rest) => without_front(rest, 0),
        None if matches!(line, Cow::Owned(_)) => without_front(&line, 0),
        None => headless(&line, 0),
    }
}

/// The client that a proxy forwarded: the last entry of the line's forwarded-for list that is not a trusted proxy. None
/// if there is no such list, or all of it is trusted.
pub(crate) fn forwarded_client(
    line: &[u8],
    fields: Option<&FieldColumns>,
    is_trusted: impl Fn(IpAddr) -> bool,
) -> Option<IpAddr> {
    let line = line.get(..LONGEST).unwrap_or(line);
    let column = fields.and_then(|fields| fields.forwarded(line));
    let line = match memchr::memchr(b'{', line) {
        // An object may follow a syslog head.
        Some(open) if line.get(open..open + 2) == Some(b"{\"") => line.get(open..)?,
        _ => line,
    };
    forwarded::list(line, column).into_iter().rev().find(|address| !is_trusted(*address))
}

/// The client of a line without a prefix. `depth` counts the envelopes around it.
fn without_front(line: &[u8], depth: u8) -> Option<IpAddr> {
    head::read(line).map_or_else(|| headless(line, depth), |head| client_of(head, depth))
}

/// The client of a line that does not begin with a syslog time.
fn headless(line: &[u8], depth: u8) -> Option<IpAddr> {
    if line.first().is_some_and(u8::is_ascii_alphabetic)
        && let Some(head) = head::sure(line, 1)
    {
        return client_of(head, depth);
    }
    if line.first() == Some(&b'{') && depth < DEEPEST {
        return in_object(line, depth);
    }
    let program =
        head::bare_tag(line).map_or(LineReading::Foreign, |head| by_program(head.program, head.message));
    settle(program.or_else(|| by_shape(line)), line, depth)
}

/// The client of a line that is a JSON object. If its program is known, the program's format decides. If not, an
/// address that a member calls the client's is better than any in a text.
fn in_object(object: &[u8], depth: u8) -> Option<IpAddr> {
    let members = || object::by_members(object);
    let Some(wrapped) = wrapped::read(object) else { return settle(members(), b"", depth) };
    let line = &*wrapped.line;
    if !wrapped.program.is_empty() {
        let reading = by_program(&wrapped.program, line).or_else(|| by_shape(line)).or_else(members);
        return settle(reading, line, depth);
    }
    if let Some(rest) = Some(line).filter(|line| front::begins(line)).or_else(|| front::behind(line)) {
        return without_front(rest, depth + 1);
    }
    match by_shape(line).or_else(members) {
        LineReading::Foreign => without_front(line, depth + 1),
        reading => settle(reading, line, depth),
    }
}

/// The client of a line with a syslog head.
fn client_of(head: SyslogHead, depth: u8) -> Option<IpAddr> {
    let message = qmail::behind_stamp(head.message);
    if message.len() < head.message.len() {
        let reading = qmail::by_shape(message);
        if reading.is_known() {
            return settle(reading, message, depth);
        }
    }
    // The word in the host's position may be the program's own.
    let whole = if head.program.is_empty() { by_shape(head.behind_time) } else { LineReading::Foreign };
    match whole.or_else(|| by_program(head.program, message)).or_else(|| by_shape(message)) {
        LineReading::Foreign if message.starts_with(b"{\"") && depth < DEEPEST => in_object(message, depth),
        LineReading::Foreign if head.stands_free => settle(leading(message), head.text, depth),
        reading => settle(reading, head.text, depth),
    }
}

fn settle(reading: LineReading, line: &[u8], depth: u8) -> Option<IpAddr> {
    match reading {
        LineReading::Incoming(address) => Some(address).filter(|a| !general::is_nobody(*a)),
        LineReading::Outgoing | LineReading::Nobody => None,
        LineReading::Foreign => foreign(line, depth),
    }
}

/// The object at the end of a line, after a time and a tag. Fluentd writes records this way: `[1795430074.1, {...}]`,
/// `TIME<TAB>TAG<TAB>{...}`, `TIME TAG: {...}`.
fn record(line: &[u8]) -> Option<&[u8]> {
    let line = line.trim_ascii_end();
    let open = memchr::memmem::find(line.get(..128).unwrap_or(line), b"{\"")?;
    let before = line.get(..open)?;
    let timed = before.strip_prefix(b"[").unwrap_or(before).first().is_some_and(u8::is_ascii_digit);
    let word = |b: &u8| b.is_ascii_alphanumeric() || b" \t.:,+-/_[".contains(b);
    let ends = line.ends_with(b"}") || line.ends_with(b"}]");
    (timed && ends && before.iter().all(word)).then(|| line.get(open..))?
}

/// The client of a line of unknown format. First choice is the client of a quoted message, if the program of the
/// message is known. Next is an address that a key calls the client's, and then the first address that no rule
/// excludes.
fn foreign(line: &[u8], depth: u8) -> Option<IpAddr> {
    if depth < DEEPEST
        && let Some(object) = record(line).filter(|object| wrapped::read(object).is_some())
    {
        return in_object(object, depth + 1);
    }
    let wrapped = if depth < DEEPEST { wrapped::message(line) } else { None };
    if let Some(wrapped) = &wrapped {
        let reading = by_program(&wrapped.program, &wrapped.line).or_else(|| by_shape(&wrapped.line));
        if reading.is_known() {
            return settle(reading, b"", depth + 1);
        }
    }
    if direction::of(line) == Direction::Outgoing {
        return None;
    }
    if let reading @ (LineReading::Incoming(_) | LineReading::Nobody) = object::by_member(line) {
        return settle(reading, b"", depth);
    }
    let found = general::find(line);
    match wrapped {
        Some(wrapped) if found.named.is_none() => without_front(&wrapped.line, depth + 1),
        _ => found.named.or(found.unnamed),
    }
}

/// `tag: ADDRESS: TEXT`: a message that begins with an address is about it, whatever the text quotes.
fn leading(message: &[u8]) -> LineReading {
    let word = message.split(|b| matches!(b, b' ' | b',')).next().unwrap_or_default();
    let word = word.strip_suffix(b":").unwrap_or(word);
    LineReading::incoming_or_foreign(token::bare(word).filter(|a| !general::is_nobody(*a)))
}

/// The reader of a program's messages, by the name in its syslog tag: `postfix/smtpd`, `sm-mta`, `imapd-ssl`.
fn by_program(program: &[u8], message: &[u8]) -> LineReading {
    if let Some(slash) = memchr::memrchr(b'/', program) {
        let (suite, service) = (program.get(..slash), program.get(slash + 1..));
        let (suite, service) = (suite.unwrap_or_default(), service.unwrap_or_default());
        return match suite {
            // The target that a mailbox is copied to.
            b"cyrus" if service == b"sync_client" => LineReading::Nobody,
            b"cyrus" | b"master" => LineReading::Foreign,
            b"courier" => courier::client(service, message),
            _ => postfix::client(service, message),
        };
    }
    match program {
        b"sendmail" | b"sm-mta" | b"sm-msp-queue" | b"sm-acceptingconnections" | b"newaliases" => {
            sendmail::client(message)
        }
        b"dovecot" | b"dovecot-auth" | b"auth" | b"auth-worker" | b"imap-login" | b"pop3-login"
        | b"managesieve-login" | b"submission-login" => dovecot::client(program, message),
        b"smtpd" => opensmtpd::client(message),
        b"sshd" | b"sshd-session" | b"sshd-auth" => ssh::server(message),
        b"dropbear" => ssh::dropbear(message),
        b"NOTICE" | b"SECURITY" => asterisk::client(message),
        b"tcpserver" | b"rblsmtpd" => qmail::client(program, message),
        b"policyd-spf" => postfix::spf(message),
        b"postgrey" => postfix::greylist(message),
        // `grey: new: ADDRESS(ADDRESS), SENDER -> RECIPIENT`
        b"sqlgrey" => {
            LineReading::incoming_or_foreign(token::tokens(message).next().map(|first| first.address))
        }
        // `DENIED_RDNS_MISSING from: SENDER to: RECIPIENT origin_ip: ADDRESS origin_rdns: NAME`
        b"spamdyke" => LineReading::incoming_or_foreign(
            pieces::behind(message, b" origin_ip: ").and_then(token::leading),
        ),
        b"milter-greylist" => postfix::milter_greylist(message),
        b"amavis" | b"amavisd" => amavis::client(message),
        b"proftpd" => {
            pieces::first_bracketed(message, |_| true).map_or(LineReading::Foreign, LineReading::Incoming)
        }
        b"pure-ftpd" => login::pure_ftpd(message),
        // `ALERT - TEXT (attacker 'ADDRESS', file '/x.php')`
        b"suhosin" => LineReading::incoming_or_foreign(
            pieces::behind_last(message, b" (attacker '").and_then(token::leading),
        ),
        b"phpMyAdmin" => login::last_from(message).map_or(LineReading::Foreign, LineReading::Incoming),
        b"spamd" if pieces::has(message, b"server started on ") => LineReading::Nobody,
        // This milter only quotes the sender and subject of a mail.
        b"clamav-milter" if pieces::has(message, b" with subject '") => LineReading::Nobody,
        b"simscan" => qmail::scanned(message).map_or(LineReading::Foreign, LineReading::Incoming),
        b"haproxy" => web::haproxy(message),
        b"rspamd" => rspamd::client(message),
        b"qpsmtpd" | b"qpsmtpd-forkserver" | b"qpsmtpd-prefork" | b"logterse" => qpsmtpd::client(message),
        b"vpopmail" | b"vchkpw" => login::vpopmail(message),
        b"solid-pop3d" | b"ipop3d" => login::at_the_end(message),
        b"imapd" if message.ends_with(b"]") && pieces::has(message, b" host=") => login::at_the_end(message),
        b"danted" | b"sockd" => login::dante(message),
        _ if program.starts_with(b"exim") => exim::client(message),
        _ if program.starts_with(b"sendmail") || program.starts_with(b"sm-mta") => sendmail::client(message),
        _ if program.starts_with(b"stunnel") => web::stunnel(message),
        _ => sender::client(program, message)
            .or_else(|| login::pam(message))
            .or_else(|| courier::client(program, message))
            .or_else(|| webmail::by_program(program, message)),
    }
}

/// The reader of a line without a syslog tag, chosen by its shape.
fn by_shape(line: &[u8]) -> LineReading {
    let readers = [
        qpsmtpd::by_shape,
        haraka::by_shape,
        rspamd::by_shape,
        web::by_shape,
        ims::by_shape,
        fields::by_shape,
        axigen::by_shape,
        exim::by_shape,
        assp::by_shape,
        cyrus::by_shape,
        postfix::by_shape,
        domino::by_shape,
        qmail::by_shape,
        webmail::by_shape,
        dovecot::by_shape,
        stalwart::by_shape,
        ironport::by_shape,
        kerio::by_shape,
        postal::by_shape,
        asterisk::by_shape,
        event::by_shape,
        maddy::by_shape,
        sender::by_shape,
        // Marks that any program may write, so all others are tried first.
        login::by_shape,
    ];
    readers
        .iter()
        .map(|read| read(line))
        .find(|reading| *reading != LineReading::Foreign)
        .unwrap_or(LineReading::Foreign)
}
