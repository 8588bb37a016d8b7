//! Postfix: `NAME[ADDRESS]` of smtpd and `[ADDRESS]:PORT` of postscreen. The client comes first. The text after it
//! (HELO, sender, the texts of lists and policies) was written by others. The queue manager and the delivery agents
//! know no client: their `relay=` is the destination.

use super::{LineReading, general, pieces};
use crate::log::token;
use std::net::IpAddr;

/// The client of a message of `service`, such as `smtpd`.
pub(super) fn client(service: &[u8], message: &[u8]) -> LineReading {
    match service {
        b"smtpd" | b"smtps" | b"submission" | b"submissions" => LineReading::incoming(smtpd(message)),
        b"qmgr" | b"smtp" | b"lmtp" | b"error" | b"local" | b"virtual" | b"pipe" | b"discard" | b"retry"
        | b"bounce" | b"trace" | b"defer" | b"master" | b"pickup" | b"scache" | b"oqmgr" | b"nqmgr"
        | b"relay" | b"verify" | b"proxymap" | b"trivial-rewrite" | b"tlsmgr" | b"postfix-script"
        | b"sendmail" | b"flush" | b"spawn" | b"postqueue" | b"postsuper" | b"postlog" | b"script"
        | b"showq" => LineReading::Nobody,
        b"cleanup" => LineReading::incoming(cleanup(message)),
        // `weighted check: ...; <client=ADDRESS> <helo=TEXT> <from=TEXT> <to=TEXT>; rate: -1.5`
        b"policyd-weight" => {
            LineReading::incoming_or_foreign(pieces::behind(message, b" <client=").and_then(token::leading))
        }
        b"postscreen" | b"tlsproxy" => LineReading::incoming(first_bracket(message)),
        b"anvil" => LineReading::incoming(anvil(message)),
        // `addr 203.0.113.7 listed by domain list.example as 127.0.0.4`
        b"dnsblog" => LineReading::incoming(message.strip_prefix(b"addr ").and_then(token::leading)),
        // A policy server that spawn(8) started.
        b"policy-spf" | b"policyd-spf" => spf(message),
        _ => LineReading::Foreign,
    }
}

/// A message of smtpd that has lost its tag, as in an envelope without room for it.
pub(super) fn by_shape(message: &[u8]) -> LineReading {
    let starts = [
        &b"connect from "[..],
        b"disconnect from ",
        b"lost connection after ",
        b"timeout after ",
        b"too many errors after ",
        b"improper command pipelining after ",
        b"NOQUEUE: ",
        b"SSL_accept error from ",
    ];
    let warning = || message.starts_with(b"warning: ") && pieces::has(message, b"]: SASL ");
    if warning() || starts.iter().any(|start| message.starts_with(start)) {
        return LineReading::incoming_or_foreign(smtpd(message));
    }
    LineReading::Foreign
}

/// policyd-spf: `... Received-SPF: Fail (...) client-ip=ADDRESS; helo=...`, or only the page with the reason:
/// `http://www.openspf.net/Why?s=mfrom;id=SENDER;ip=ADDRESS;r=...`
pub(super) fn spf(message: &[u8]) -> LineReading {
    // If the address of a page comes first, its sender's name may hold ` client-ip=`.
    let page = pieces::before(message, b"?s=").len() < pieces::before(message, b" client-ip=").len();
    if let Some(client) = pieces::behind(message, b" client-ip=").filter(|_| !page) {
        return LineReading::incoming_or_foreign(token::leading(client));
    }
    let client = pieces::behind_last(message, b";ip=").and_then(token::leading);
    LineReading::incoming_or_foreign(client)
}

/// postgrey: `action=greylist, reason=new, client_name=NAME, client_address=ADDRESS, sender=TEXT, recipient=TEXT`
pub(super) fn greylist(message: &[u8]) -> LineReading {
    let own = pieces::before(pieces::before(message, b", sender="), b", recipient=");
    LineReading::incoming_or_foreign(general::find(own).named)
}

/// milter-greylist: `QUEUEID: addr NAME[ADDRESS] from <TEXT> to <TEXT> delayed for 00:05:00`
pub(super) fn milter_greylist(message: &[u8]) -> LineReading {
    let client = pieces::behind_near(message, 40, b": addr ").and_then(first_bracket);
    LineReading::incoming_or_foreign(client)
}

/// The first brackets of a message, if they hold an address. `unknown[unknown]` disconnected before its address was
/// read, and no later bracket is its address.
fn first_bracket(message: &[u8]) -> Option<IpAddr> {
    pieces::bracketed(message, memchr::memchr(b'[', message)?)
}

/// The address in brackets after a host's name. A bracket after other text is not the client: it belongs to a filter, a
/// Milter or a policy server, or is a literal in the HELO or the sender. A host to which smtpd itself connects is not the
/// client either.
fn behind_name(message: &[u8], open: usize) -> Option<IpAddr> {
    let before = message.get(..open)?;
    let word = memchr::memrchr(b' ', before).map_or(0, |at| at + 1);
    let named = before.get(word..)?.last().is_some_and(|last| !b"=:;,<>@()\"".contains(last));
    (named && !before.get(..word)?.ends_with(b"connect to ")).then(|| pieces::bracketed(message, open))?
}

fn smtpd(message: &[u8]) -> Option<IpAddr> {
    // The ends of lines about a client's action.
    let ends = [&b"; from=<"[..], b"; to=<", b"; proto=", b"; helo=<"];
    // The first bracket is near the start. An end behind it makes no difference, and is not searched for: that would take
    // a third of the time of a whole scan.
    let open = memchr::memchr(b'[', message);
    let near = open.and_then(|open| message.get(..open)).unwrap_or(message);
    let end = memchr::memchr_iter(b';', near)
        .find(|at| message.get(*at..).is_some_and(|rest| ends.iter().any(|mark| rest.starts_with(mark))));
    if let Some(open) = open.filter(|_| end.is_none()) {
        return behind_name(message, open);
    }
    let message = end.and_then(|end| message.get(..end)).unwrap_or(message);
    let warning = message.strip_prefix(b"warning: ")?;
    // `hostname mail.example.net does not resolve to address 203.0.113.7: ...`
    if let Some(rest) = pieces::behind(warning, b" does not resolve to address ") {
        return token::leading(rest);
    }
    let warning = warning.strip_prefix(b"smtpd_peer_init: ").unwrap_or(warning);
    // `203.0.113.7: hostname mail.example.net verification failed: ...`, `203.0.113.7: address not listed for ...`
    let address = warning.get(..memchr::memmem::find(warning, b": ")?)?;
    token::bare(address)
}

/// cleanup names the client of a message that it rejects, holds or warns about.
fn cleanup(message: &[u8]) -> Option<IpAddr> {
    let near = message.get(..40).unwrap_or(message);
    // Nearly all lines of cleanup: `QUEUEID: message-id=<...>`
    if pieces::has(near, b": message-id=") {
        return None;
    }
    // `QUEUEID: milter-reject: END-OF-MESSAGE from NAME[ADDRESS]: ...`
    if pieces::has(near, b": milter-") {
        return first_bracket(message);
    }
    // `QUEUEID: reject: header Subject: TEXT from NAME[ADDRESS]; from=<...> to=<...>`: the sender wrote the text. The
    // replacement of a header comes last, and may quote the text.
    let replaced = pieces::has(near, b": replace: ");
    let own = if replaced { message.get(..memchr::memmem::rfind(message, b" proto=")?)? } else { message };
    // The header's text before it and the HELO after it may both imitate it. The right one is followed by a sender and
    // a recipient. If two are, the client is ambiguous.
    let mut ends = memchr::memmem::find_iter(own, b"; from=<").take(64).filter(|end| {
        let rest = own.get(end + 8..).unwrap_or_default();
        let host = own.get(..*end).unwrap_or_default();
        let named = host.ends_with(b"]") || host.ends_with(b" from local");
        let recipient = |rest: &[u8]| match rest.strip_prefix(b" to=<") {
            Some(recipient) => behind_address(recipient).is_some_and(|rest| {
                rest.is_empty() || rest.starts_with(b" proto=") || rest.starts_with(b": ")
            }),
            None => rest.is_empty() || rest.starts_with(b" proto=") || rest.starts_with(b": "),
        };
        named && behind_address(rest).is_some_and(recipient)
    });
    let (end, None) = (ends.next()?, ends.next()) else { return None };
    behind_name(message, memchr::memrchr(b'[', own.get(..end)?.strip_suffix(b"]")?)?)
}

/// The text after a mail address in angle brackets. Since 3.5 an address with a blank is quoted.
fn behind_address(address: &[u8]) -> Option<&[u8]> {
    let from = match address.first() {
        Some(b'"') => memchr::memchr_iter(b'"', address)
            .find(|at| *at > 0 && !pieces::is_escaped(address, *at))
            .map(|at| at + 1)?,
        _ => 0,
    };
    let end = from + address.get(from..)?.iter().position(|b| b" <>".contains(b))?;
    address.get(end..)?.strip_prefix(b">")
}

/// `statistics: max connection rate 1/60s for (smtp:203.0.113.7) at Nov 23 10:34:34`
fn anvil(message: &[u8]) -> Option<IpAddr> {
    let destination = pieces::behind(message, b" for (")?;
    let destination = destination.get(..memchr::memchr(b')', destination)?)?;
    // If a service has addresses of its own, they come first: `192.0.2.1:smtp:203.0.113.7`.
    let service = match destination.strip_prefix(b"[") {
        Some(inside) => inside.get(memchr::memchr(b']', inside)? + 2..)?,
        None => destination.get(token::quad(destination).map_or(0, |(_, length)| length + 1)..)?,
    };
    token::bare(service.get(memchr::memchr(b':', service)? + 1..)?)
}
