//! The rules for lines of unknown formats. An address that a key calls the client's is taken. Else the first address is
//! taken that no key calls another machine's. Text in double quotes came from the other side, and counts only if the
//! quotes hold just the address.

use super::direction::{self, Direction};
use crate::log::token::{Token, tokens};
use foldhash::fast::RandomState;
use std::{collections::HashMap, net::IpAddr, sync::LazyLock};

/// Words before an address that mark it as the client's.
const CLIENT: &str = "\
    rip rhost client client_ip client-ip clientip client_addr client_address client-address clientaddr \
    clientaddress remote remote_ip remote-ip remoteip remote_addr remote-addr remoteaddr remote_address \
    remoteaddress remote_host remotehost raddr ip ipaddr ip_address ip-address ipaddress peer peer_ip fwd \
    peeraddr src srcip src_ip source source_ip sourceip saddr cip c-ip from attacker address addr user_ip sender-host \
    userip x-real-ip connecting clienthost sourceipaddress downstream_remote_address";

/// Words before an address that mark it as another's, or as no address at all.
const OTHER: &str = "\
    lip laddr local local_ip local-ip localip local_addr localaddr local_address localaddress lhost to dst \
    dest destination dstip dst_ip dst-ip daddr helo ehlo i server server_ip serverip s-ip listen listening \
    listener bind bound binding on as via gateway gw vhost ns nameserver resolver dns version ver release \
    build rev revision upstream backend against forwarded proxy x-forwarded-for x-originating-ip mta msgid \
    message-id id domain netmask mask subnet network oid clamav user ruser username loginname password pass realm \
    session fingerprint serial mailfrom rcptto recipient rcpt relayed forward interface iface s_ip my_ip \
    listens bounced mx dvc remote_server dest_ip destination_ip dest_addr localip my own";

/// Words that need the word before them to show whose address it is: `local address`, `server ip`.
const WEAK: &str = "\
    ip address addr ip-address ip_address ipaddress connecting";

/// Words without meaning, so that the word before them counts: `to host 192.0.2.8`.
const FILL: &[&[u8]] = &[b"host", b"hostname", b"machine", b"the"];

/// The owner of an address, as the words before it tell.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) enum AddressRole {
    Client,
    Other,
    Unsaid,
}

/// The meaning of each word, and whether it needs the word before it.
static WORDS: LazyLock<HashMap<&[u8], (AddressRole, bool), RandomState>> = LazyLock::new(|| {
    let sides = [
        (CLIENT, AddressRole::Client, false),
        (OTHER, AddressRole::Other, false),
        (WEAK, AddressRole::Client, true),
    ];
    let words = sides.into_iter().flat_map(|(list, role, weak)| {
        list.split_ascii_whitespace().map(move |word| (word.as_bytes(), (role, weak)))
    });
    words.collect()
});

/// The meaning of a word; case does not matter.
pub(super) fn said(word: &[u8]) -> (AddressRole, bool) {
    // No known word is longer, but a line may be one long word.
    let known = word.get(..28).is_none().then(|| word.to_ascii_lowercase());
    known.and_then(|word| WORDS.get(word.as_slice()).copied()).unwrap_or((AddressRole::Unsaid, false))
}

/// The addresses that the general rules find in a line.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct FoundAddresses {
    /// The address that a key calls the client's.
    pub(super) named: Option<IpAddr>,
    /// The first address that no key calls another machine's.
    pub(super) unnamed: Option<IpAddr>,
}

/// The client by the general rules; None if the connection was outgoing.
pub(super) fn client(line: &[u8]) -> Option<IpAddr> {
    if direction::of(line) == Direction::Outgoing {
        return None;
    }
    let found = find(line);
    found.named.or(found.unnamed)
}

/// The addresses in a line, for either direction.
pub(super) fn find(line: &[u8]) -> FoundAddresses {
    let quotes = QuotePairs::of(line);
    let mut first = None;
    let mut rhost = None;
    let mut outgoing = None;
    for token in tokens(line) {
        if is_nobody(token.address)
            || in_url(line, token.start)
            || in_angles(line, token)
            || in_helo(line, token)
            || is_quoted_server(line, token)
        {
            continue;
        }
        let Some(before) = quotes.before(line, token) else { continue };
        let (role, key) = role(before);
        // On a line with a recipient, relay= is the destination.
        let relayed = key == b"relay" && *outgoing.get_or_insert_with(|| has_recipient(line));
        if relayed {
            continue;
        }
        if key.eq_ignore_ascii_case(b"rhost") {
            // PAM writes the user's name before it, and the name may be `rhost=...`. So the last one is PAM's own.
            rhost = Some(token.address);
        } else if role == AddressRole::Client && rhost.is_none() {
            return FoundAddresses { named: Some(token.address), unnamed: first };
        } else if role == AddressRole::Unsaid && first.is_none() {
            first = Some(token.address);
        }
    }
    FoundAddresses { named: rhost, unnamed: first.filter(|_| !is_own(line)) }
}

/// Text that programs write about their own sockets, or about servers that they ask.
const OWN: &[&[u8]] = &[
    b"istening on ",
    b"inding to ",
    b"erver started ",
    b"lame server ",
    b"unreachable resolving ",
    b"elected source ",
    b"isten normally on ",
    b"link local",
    b" resolving '",
    b"onnect to ",
    b"onnecting to ",
    b"onnection to ",
];

/// Whether a line is about our own side. Then an address counts only if a key calls it the client's.
fn is_own(line: &[u8]) -> bool {
    let own = super::pieces::before(line, b"\"");
    OWN.iter().any(|mark| super::pieces::has(own, mark))
}

/// Whether a mail's recipient is named: `to=<b@example.com>`, and not `proto=ESMTP`.
fn has_recipient(line: &[u8]) -> bool {
    memchr::memmem::find_iter(line, b"to=").any(|at| {
        at.checked_sub(1).and_then(|before| line.get(before)).is_none_or(|b| !b.is_ascii_alphanumeric())
    })
}

/// Whether an address is in round brackets that are followed by another in square brackets: Exim and similar programs
/// write `name (HELO) [203.0.113.7]`.
fn in_helo(line: &[u8], token: Token) -> bool {
    let before = line.get(token.start.saturating_sub(256)..token.start).unwrap_or_default();
    let behind = line.get(token.end..).unwrap_or_default();
    let near = behind.get(..256).unwrap_or(behind);
    // Quoted text is handled elsewhere.
    let open = memchr::memrchr3(b'(', b')', b'"', before).and_then(|at| before.get(at)) == Some(&b'(');
    let close = memchr::memchr3(b'(', b')', b'"', near).filter(|at| open && near.get(*at) == Some(&b')'));
    let Some(host) = close.and_then(|close| behind.get(close + 1..)) else { return false };
    host.starts_with(b" [") && super::pieces::bracketed(host, 1).is_some()
}

/// Whether a server's response follows an address: `192.0.2.8 said: 450 later`.
fn is_quoted_server(line: &[u8], token: Token) -> bool {
    let behind = line.get(token.end..).unwrap_or_default();
    let behind = behind.strip_prefix(b"]").unwrap_or(behind);
    let port = behind.iter().take(6).take_while(|b| **b == b':' || b.is_ascii_digit()).count();
    let said = behind.get(port..).and_then(|rest| rest.strip_prefix(b" said: "));
    said.and_then(|answer| answer.first()).is_some_and(u8::is_ascii_digit)
}

/// Whether an address never connects: "this network" (RFC 791). Programs print it for "any", and versions look like it.
pub(super) fn is_nobody(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.octets().first() == Some(&0),
        IpAddr::V6(v6) => v6.is_unspecified(),
    }
}

/// Whether the word that an address is part of is a URL.
fn in_url(line: &[u8], start: usize) -> bool {
    let before = line.get(start.saturating_sub(256)..start).unwrap_or_default();
    // Drupal separates columns with bars.
    let word = before
        .iter()
        .rposition(|b| b.is_ascii_whitespace() || matches!(b, b'"' | b'|'))
        .map_or(0, |at| at + 1);
    before.get(word..).is_some_and(|word| super::pieces::has(word, b"://"))
}

/// Whether an address is part of a mail address or a message ID in angle brackets: `<x [192.0.2.1]>`,
/// `<client=192.0.2.1@mail.example>`. `<192.0.2.1>` and `<client=192.0.2.1>` are not.
fn in_angles(line: &[u8], token: Token) -> bool {
    let before = line.get(token.start.saturating_sub(256)..token.start).unwrap_or_default();
    let behind = line.get(token.end..).unwrap_or_default();
    let open = memchr::memrchr3(b'<', b'>', b'"', before).filter(|at| before.get(*at) == Some(&b'<'));
    let Some(left) = open.and_then(|open| before.get(open + 1..)) else { return false };
    let near = behind.get(..256).unwrap_or(behind);
    let close = memchr::memchr2(b'<', b'>', near).filter(|at| near.get(*at) == Some(&b'>'));
    let Some(right) = close.and_then(|close| near.get(..close)) else { return false };
    let foreign = |text: &[u8]| text.iter().any(|b| b.is_ascii_whitespace() || *b == b'@');
    !left.first().is_none_or(|b| matches!(b, b' ' | b'=')) && (foreign(left) || foreign(right))
}

/// The pairs of double quotes in a line.
struct QuotePairs {
    pairs: Vec<(usize, usize)>,
}

impl QuotePairs {
    fn of(line: &[u8]) -> Self {
        let mut pairs = Vec::new();
        let mut open = None;
        for at in memchr::memchr_iter(b'"', line) {
            let escaped = super::pieces::is_escaped(line, at);
            match open {
                Some(start) if !escaped => {
                    pairs.push((start, at));
                    open = None;
                }
                Some(_) => {}
                None => open = Some(at),
            }
        }
        Self { pairs }
    }

    /// The text before an address that may show whose it is; None if the address is part of quoted text.
    fn before<'a>(&self, line: &'a [u8], token: Token) -> Option<&'a [u8]> {
        let index = self.pairs.partition_point(|(_, close)| *close < token.start);
        let Some((open, close)) = self.pairs.get(index).copied().filter(|(open, _)| *open < token.start)
        else {
            return line.get(..token.start);
        };
        let alone = !line.get(open..close)?.iter().any(u8::is_ascii_whitespace);
        if alone { line.get(..open) } else { None }
    }
}

/// The owner of the address after `before`, and the word that shows it.
fn role(before: &[u8]) -> (AddressRole, &[u8]) {
    // `hostname mail.example.net does not resolve to address 203.0.113.7`: tcpd and Postfix mean the client's address.
    if before.ends_with(b" resolve to address ") || before.ends_with(b"lient identified as ") {
        return (AddressRole::Client, b"address");
    }
    let (word, rest, clothed) = last_word(before);
    let (role, weak) = said(word);
    if role != AddressRole::Unsaid && !weak {
        return (role, word);
    }
    // `local address 192.0.2.1`; or `from mail.example.net [203.0.113.7]`, where the word is a name, and the key is
    // before it.
    let (second, front, _) = last_word(rest);
    // `identity=mailfrom ip=203.0.113.7`: the value of another key says nothing about this one.
    let second = if front.ends_with(b"=") { b"" } else { second };
    // `deferred by 192.0.2.8`. A connection, however, may be closed by a client.
    let answers = [&b"deferred"[..], b"bounced", b"rejected", b"refused", b"greylisted", b"delayed"];
    if word == b"by" && answers.contains(&second) {
        return (AddressRole::Other, word);
    }
    if FILL.contains(&word) {
        return (said(second).0, second);
    }
    match said(second).0 {
        AddressRole::Other if weak => (AddressRole::Other, word),
        _ if weak => (role, word),
        second_role if clothed => (second_role, second),
        _ => (AddressRole::Unsaid, word),
    }
}

/// The last word of a text, the text before it, and whether brackets separate the word from the end. A comma, a closing
/// bracket or the like ends a clause: the text before it says nothing about the text after it.
fn last_word(text: &[u8]) -> (&[u8], &[u8], bool) {
    let near = text.get(text.len().saturating_sub(128)..).unwrap_or_default();
    let skipped = near.iter().rev().take_while(|b| is_joint(**b)).count();
    let (near, joints) = near.split_at(near.len() - skipped);
    let length = near.iter().rev().take_while(|b| !is_joint(**b) && !is_clause_end(**b)).count();
    let (rest, word) = near.split_at(near.len() - length);
    (word, rest, joints.iter().any(|b| matches!(b, b'[' | b'(' | b'<')))
}

fn is_joint(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'=' | b':' | b'[' | b'(' | b'<' | b'{' | b'"' | b'\'' | b'/')
}

fn is_clause_end(byte: u8) -> bool {
    matches!(byte, b',' | b';' | b')' | b']' | b'>' | b'}' | b'|' | b'!')
}
