//! Lines that are JSON objects: the direction of the connection, and the owner of each address, as the members tell.

use super::{
    LineReading,
    direction::{self, Direction},
    general::{self, AddressRole},
    wrapped::json::{self, Value},
};
use crate::log::token;
use std::net::IpAddr;

/// KumoMTA's record types for incoming mail. All others with a peer are about outgoing mail.
const KUMO_IN: [&[u8]; 5] = [b"Reception", b"Rejection", b"OOB", b"Feedback", b"XferIn"];

/// KumoMTA's record types that are known to be outgoing. Other types are left to the general rules.
const KUMO_OUT: [&[u8]; 8] = [
    b"Delivery",
    b"Bounce",
    b"TransientFailure",
    b"Expiration",
    b"AdminBounce",
    b"AdminRebind",
    b"XferOut",
    b"Delayed",
];

/// Members that give the subject of an object.
const SUBJECTS: [&[u8]; 18] = [
    b"type",
    b"event",
    b"event_type",
    b"eventType",
    b"direction",
    b"action",
    b"kind",
    b"logger",
    b"module",
    b"component",
    b"pkg",
    b"source",
    b"service",
    b"facility",
    b"category",
    b"message",
    b"msg",
    b"MESSAGE",
];

/// The client that members of an object name. A name that says client wins over one that only says peer, which may be a
/// proxy: Caddy's `client_ip` and `remote_ip`.
pub(super) fn by_members(object: &[u8]) -> LineReading {
    let mut peered = false;
    let mut best: Option<(u8, IpAddr)> = None;
    for member in json::members(object) {
        if let Value::Text(text) = member.value
            && SUBJECTS.contains(&member.name)
            && member.depth <= 2
        {
            // KumoMTA's type comes first, and is trusted if a peer follows it.
            if member.name == b"type" && KUMO_IN.contains(&text) {
                peered = true;
            }
            if member.name == b"type" && KUMO_OUT.contains(&text)
                || !peered && direction::of(text) == Direction::Outgoing
            {
                return LineReading::Outgoing;
            }
        }
        if member.in_request {
            continue;
        }
        if let Value::Text(text) = member.value
            && let Some(address) = alone(text)
            && let Some(rank) = rank(member.parent, member.name)
            && best.is_none_or(|(known, _)| rank < known)
        {
            best = Some((rank, address));
        }
    }
    LineReading::incoming_or_foreign(best.map(|(_, address)| address))
}

/// The client on a line that is one member of a pretty-printed object (`"remote_ip" : "203.0.113.7",`) or one field of
/// the journal (`_HOSTNAME=mx`). None if its name does not stand for a client.
pub(super) fn by_member(line: &[u8]) -> LineReading {
    let text = line.trim_ascii();
    if text.first() == Some(&b'_') {
        let name = text.iter().position(|b| !(b.is_ascii_uppercase() || b.is_ascii_digit() || *b == b'_'));
        return if name.and_then(|end| text.get(end)) == Some(&b'=') {
            LineReading::Nobody
        } else {
            LineReading::Foreign
        };
    }
    let Some(member) = json::member(text.strip_suffix(b",").unwrap_or(text)) else {
        return LineReading::Foreign;
    };
    match member.value {
        Value::Text(text) if rank(b"", member.name).is_some() => LineReading::incoming(alone(text)),
        _ if SUBJECTS.contains(&member.name) || member.name == b"log" => LineReading::Foreign,
        _ => LineReading::Nobody,
    }
}

/// The address, if the string holds nothing else.
fn alone(text: &[u8]) -> Option<IpAddr> {
    let inside = text.strip_prefix(b"[").and_then(|text| text.strip_suffix(b"]")).unwrap_or(text);
    token::bare(text).or_else(|| token::bare(inside)).filter(|address| !general::is_nobody(*address))
}

/// How strongly a member's name says that its address is the client's; 0 is the strongest. None if it does not.
fn rank(parent: &[u8], name: &[u8]) -> Option<u8> {
    let (role, weak) = general::said(name);
    let role = if weak && general::said(parent).0 == AddressRole::Other { AddressRole::Other } else { role };
    let client = name.get(..6).is_some_and(|start| start.eq_ignore_ascii_case(b"client"))
        || [&b"rip"[..], b"rhost"].contains(&name);
    (role == AddressRole::Client).then_some(if client { 0 } else { 1 })
}
