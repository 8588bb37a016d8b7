//! Splits a text by the server that wrote each part. A saved answer may hold several, one for each server that a client
//! asked. LACNIC passes on others' answers under its own head.

use super::Provenance;
use crate::registry::{
    Registry,
    record::{
        RecordForm, RecordPage,
        block::{field, is_comment, lines},
    },
    referral::Referral,
};

/// A part of a text that one server wrote.
#[derive(Clone, Copy, Debug)]
pub(super) struct ReplySegment<'a> {
    pub(super) registry: Registry,
    pub(super) text: &'a str,
}

/// The lines with which servers introduce themselves.
const BANNERS: [(&str, Registry); 18] = [
    ("% This is the RIPE ", Registry::Ripe),
    ("% [whois.apnic.net", Registry::Apnic),
    ("% Whois data copyright terms    http://www.apnic.net", Registry::Apnic),
    ("% This is the AfriNIC ", Registry::Afrinic),
    ("% This is the AFRINIC ", Registry::Afrinic),
    ("% Joint Whois - whois.lacnic.net", Registry::Lacnic),
    ("% Copyright LACNIC", Registry::Lacnic),
    ("% Copyright (c) Nic.br", Registry::RegistroBr),
    ("% IANA WHOIS server", Registry::Iana),
    ("# ARIN WHOIS data", Registry::Arin),
    ("# Query terms are ambiguous", Registry::Arin),
    ("[ JPNIC database provides", Registry::Jpnic),
    ("KRNIC is not a", Registry::Krnic),
    ("# KOREAN", Registry::Krnic),
    ("%rwhois V-", Registry::Rwhois),
    ("# The following results may also be", Registry::Arin),
    ("query : ", Registry::Krnic),
    ("query: ", Registry::Krnic),
];

/// The text, cut where another server's part begins. `registry` is its author until a line says otherwise. In text from
/// the network that is the registry that was asked, and only banners count, except those that an operator's own server
/// sends.
pub(super) fn segments(text: &str, registry: Registry, provenance: Provenance) -> Vec<ReplySegment<'_>> {
    let mut segments = Vec::new();
    let mut current = registry;
    let mut start = 0;
    let mut at = 0;
    let mut in_record = false;
    let may_change =
        provenance == Provenance::Saved || !matches!(registry, Registry::Rwhois | Registry::Other);
    for whole in text.split_inclusive('\n') {
        let line = whole.trim_end_matches(['\n', '\r']).trim_start_matches('\u{feff}');
        let client = (provenance == Provenance::Saved).then(|| client(line)).flatten();
        // LACNIC indents the banners that it passes on. Elsewhere, and inside a record, an indent is the customer's text.
        let passes_on = !in_record && (provenance == Provenance::Saved || registry == Registry::Lacnic);
        let banner = banner(if passes_on { line.trim_start() } else { line });
        let next = if may_change { client.or(banner) } else { None };
        if let Some(next) = next
            && (next != current || client.is_some())
        {
            segments.push(ReplySegment { registry: current, text: text.get(start..at).unwrap_or_default() });
            // A client's own line belongs to no server. A server's banner begins its part.
            start = if client.is_some() { at + whole.len() } else { at };
            current = next;
            in_record = false;
        }
        in_record |= field(line).is_some() && next.is_none();
        at += whole.len();
    }
    segments.push(ReplySegment { registry: current, text: text.get(start..).unwrap_or_default() });
    segments
}

fn banner(line: &str) -> Option<Registry> {
    if let Some((_, host)) = line.strip_prefix("% ").and_then(|line| line.split_once(" resource: ")) {
        return known(host);
    }
    BANNERS.iter().find(|(of, _)| line.starts_with(of)).map(|(_, registry)| *registry)
}

/// The server in a line of a whois client (jwhois, Debian's, FreeBSD's) that says which one it asks or follows to. A
/// line copied from a terminal may have blanks after it.
fn client(line: &str) -> Option<Registry> {
    let line = line.trim_end();
    if let Some(inside) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
        let host = inside
            .strip_prefix("Querying ")
            .or_else(|| inside.strip_prefix("Redirected to "))
            .unwrap_or(inside);
        return host_of(host);
    }
    let host = line
        .strip_prefix("Found a referral to ")
        .or_else(|| line.strip_prefix("Using server "))
        .or_else(|| line.strip_prefix("# "))?;
    host_of(host)
}

/// Servers of national registries whose networks are in APNIC's database. Their objects have APNIC's form.
const BELOW_APNIC: [&str; 8] = [
    "whois.cnnic.cn",
    "whois.cnnic.net.cn",
    "ipwhois.cnnic.cn",
    "ipwhois.cnnic.net.cn",
    "whois.idnic.net",
    "whois.idnic.id",
    "whois.vnnic.vn",
    "whois.irinn.in",
];

/// The registry of a word that is just a server's name.
fn host_of(word: &str) -> Option<Registry> {
    if word.contains(char::is_whitespace) {
        return None;
    }
    let referral = Referral::parse(word.trim_end_matches('.'))?;
    Some(match Registry::of_server(&referral.host) {
        _ if referral.rwhois => Registry::Rwhois,
        Registry::Other if BELOW_APNIC.contains(&referral.host.as_str()) => Registry::Apnic,
        registry => registry,
    })
}

fn known(host: &str) -> Option<Registry> {
    let registry = Registry::of_server(&host.trim().to_ascii_lowercase());
    (registry != Registry::Other).then_some(registry)
}

/// The registry that wrote a text without a banner, by lines that only one registry writes.
pub(super) fn guess(text: &str) -> Registry {
    match RecordPage::read(text, Registry::Other).map(|page| page.form()).or_else(|| RecordForm::of(text)) {
        Some(RecordForm::Arin | RecordForm::ArinList) => Registry::Arin,
        Some(RecordForm::Brackets) => Registry::Jpnic,
        Some(RecordForm::Krnic) => Registry::Krnic,
        Some(RecordForm::Twnic) => Registry::Twnic,
        Some(RecordForm::Rwhois) => Registry::Rwhois,
        Some(RecordForm::Rpsl) => lines(text).find_map(clue).unwrap_or(Registry::Other),
        None => comment_clue(text),
    }
}

/// The registry that an attribute of an object shows.
fn clue(line: &str) -> Option<Registry> {
    let (key, value) = field(line)?;
    let value = value.split('#').next().unwrap_or_default().trim().to_ascii_uppercase();
    let ends = |suffix: &str| value.ends_with(suffix);
    match key {
        "refer" => Some(Registry::Iana),
        "nic-hdl-br" => Some(Registry::RegistroBr),
        "ownerid" if ends("-LACNIC") => Some(Registry::Lacnic),
        "ownerid" if value.contains('/') => Some(Registry::RegistroBr),
        "source" => match value.as_str() {
            "RIPE" => Some(Registry::Ripe),
            "AFRINIC" => Some(Registry::Afrinic),
            "LACNIC" => Some(Registry::Lacnic),
            "IANA" => Some(Registry::Iana),
            "APNIC" | "JPNIC" | "KRNIC" | "TWNIC" | "IDNIC" | "CNNIC" | "VNNIC" | "IRINN" => {
                Some(Registry::Apnic)
            }
            _ => None,
        },
        "org" | "organisation" | "admin-c" | "tech-c" => match () {
            () if ends("-RIPE") => Some(Registry::Ripe),
            () if ends("-AP") => Some(Registry::Apnic),
            () if ends("-AFRINIC") => Some(Registry::Afrinic),
            () => None,
        },
        _ => None,
    }
}

/// The registry that a server's own remarks show, in a text without any record.
fn comment_clue(text: &str) -> Registry {
    let of = |line: &str| {
        [
            ("No match found for", Registry::Arin),
            ("not belong to TWNIC", Registry::Twnic),
            ("No match!!", Registry::Jpnic),
            ("RIPE Database", Registry::Ripe),
            ("APNIC Whois", Registry::Apnic),
            ("registro.br", Registry::RegistroBr),
            ("lacnic", Registry::Lacnic),
            ("%error ", Registry::Rwhois),
        ]
        .into_iter()
        .find(|(clue, _)| line.contains(clue))
    };
    lines(text).find_map(of).map_or(Registry::Other, |(_, registry)| registry)
}

/// Whether the part holds more than remarks of its server.
pub(super) fn has_content(text: &str) -> bool {
    lines(text).any(|line| !line.trim().is_empty() && !is_comment(line))
}

/// The part's network, if it names any.
pub(super) fn page<'a>(segment: &ReplySegment<'a>) -> Option<RecordPage<'a>> {
    RecordPage::read(segment.text, segment.registry)
}
