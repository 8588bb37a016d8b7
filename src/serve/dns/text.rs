//! The TXT records about an address. Registries' text is made safe here.

use crate::{address::Prefix, registry::Registry, sanitize::acts, serve::decision::ClientDecision};
use std::{borrow::Cow, net::IpAddr};

/// The most octets of one value, so that a long name cannot displace the rest.
const VALUE: usize = 120;
/// The most octets of all contacts.
const CONTACTS: usize = 600;
/// The most origins of one address; more than two are a mistake in the routing data.
const ORIGINS: usize = 8;

/// The TXT of a blocked address: `ADDRESS blocked: OWNER (NETWORK) FILE:LINE`, in ASCII, since mail servers put it into
/// their replies.
pub(super) fn listed_text(decision: &ClientDecision, address: IpAddr) -> String {
    let network = decision.network.map_or(Cow::Borrowed("-"), |network| network.to_string().into());
    let rule = decision.rule.as_ref().map(|rule| format!("{}:{}", value(Some(&rule.file)), rule.line));
    let (owner, rule) = (ascii(value(decision.org.as_deref())), ascii(rule.unwrap_or_else(|| "-".into())));
    format!("{address} blocked: {owner} ({network}) {rule}")
}

/// The TXT of the origin: `ASN | PREFIX | COUNTRY | REGISTRY |`, one for each AS that announces it, since rspamd splits
/// at blanks too. Empty if no AS is known.
pub(super) fn origin_texts(decision: &ClientDecision, address: IpAddr) -> Vec<String> {
    let announced = decision.announced.or(decision.network).filter(|_| !decision.asn.is_empty());
    let Some(network) = announced else { return vec![] };
    let prefix: Option<Prefix> = network.prefixes().into_iter().find(|prefix| prefix.contains(address));
    let prefix = prefix.map(|prefix| prefix.to_string()).unwrap_or_default();
    let (country, registry) = (country(decision), registry(decision));
    let text = |asn: &u32| format!("{asn} | {prefix} | {country} | {registry} |");
    decision.asn.iter().take(ORIGINS).map(text).collect()
}

/// The TXT of the owner: `OWNER | NETWORK | COUNTRY | REGISTRY | ABUSE`, several contacts separated by blanks. None if
/// no network is known.
pub(super) fn owner_text(decision: &ClientDecision) -> Option<String> {
    let network = decision.network?;
    let mut contacts = String::new();
    for contact in &decision.abuse {
        let contact = value(Some(contact)).replace(' ', "");
        if contacts.len() + 1 + contact.len() > CONTACTS {
            break;
        }
        if !contacts.is_empty() {
            contacts.push(' ');
        }
        contacts.push_str(&contact);
    }
    let (owner, country, registry) = (value(decision.org.as_deref()), country(decision), registry(decision));
    Some(format!("{owner} | {network} | {country} | {registry} | {contacts}"))
}

fn country(decision: &ClientDecision) -> String {
    decision.country.as_deref().map(|country| value(Some(country))).unwrap_or_default()
}

fn registry(decision: &ClientDecision) -> &'static str {
    decision.registry.map_or("", Registry::as_str)
}

/// Untrusted text as one of several values: no control character, no bar, no run of blanks, and `-` if it is empty.
fn value(text: Option<&str>) -> String {
    let mut plain = String::new();
    for c in text.unwrap_or_default().chars() {
        let c = match c {
            '|' => '/',
            c if c.is_whitespace() || acts(c) => ' ',
            c => c,
        };
        if plain.len() + c.len_utf8() > VALUE {
            break;
        }
        if c != ' ' || !(plain.is_empty() || plain.ends_with(' ')) {
            plain.push(c);
        }
    }
    plain.truncate(plain.trim_end().len());
    if plain.is_empty() { "-".into() } else { plain }
}

fn ascii(text: String) -> String {
    if text.is_ascii() { text } else { text.chars().map(|c| if c.is_ascii() { c } else { '?' }).collect() }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::{address::Network, serve::decision::DecisiveRule, verdict::Verdict};

    /// A blocked address with the owner that every test uses.
    pub(in super::super) fn blocked() -> ClientDecision {
        ClientDecision {
            verdict: Verdict::Blocked,
            rule: Some(DecisiveRule { file: "blocked_registrars".into(), line: 3 }),
            org: Some("Contoso GmbH".into()),
            network: Network::new("203.0.112.0".parse().unwrap(), "203.0.115.255".parse().unwrap()),
            country: Some("DE".into()),
            registry: Some(Registry::Ripe),
            asn: vec![64500, 64501],
            abuse: vec!["abuse@contoso.example".into(), "noc@contoso.example".into()],
            reason: None,
            ..ClientDecision::unknown("", "")
        }
    }

    #[test]
    fn the_texts_of_the_contract() {
        let (facts, address) = (blocked(), "203.0.113.7".parse().unwrap());
        assert_eq!(
            listed_text(&facts, address),
            "203.0.113.7 blocked: Contoso GmbH (203.0.112.0/22) blocked_registrars:3"
        );
        assert_eq!(
            origin_texts(&facts, address),
            ["64500 | 203.0.112.0/22 | DE | ripe |", "64501 | 203.0.112.0/22 | DE | ripe |"]
        );
        assert_eq!(
            owner_text(&facts).unwrap(),
            "Contoso GmbH | 203.0.112.0/22 | DE | ripe | abuse@contoso.example noc@contoso.example"
        );
    }

    #[test]
    fn what_is_not_known_is_not_made_up() {
        let bare = ClientDecision {
            org: None,
            country: None,
            abuse: vec![],
            asn: vec![],
            network: Network::new("192.0.2.1".parse().unwrap(), "192.0.2.4".parse().unwrap()),
            ..blocked()
        };
        assert!(origin_texts(&bare, "192.0.2.2".parse().unwrap()).is_empty());
        assert_eq!(owner_text(&bare).unwrap(), "- | 192.0.2.1 - 192.0.2.4 |  | ripe | ");
        let announced = ClientDecision { asn: vec![64500], ..bare };
        assert_eq!(
            origin_texts(&announced, "192.0.2.2".parse().unwrap()),
            ["64500 | 192.0.2.2/31 |  | ripe |"],
            "of a range that is no prefix, the one that holds the address"
        );
        let nothing = ClientDecision { network: None, ..announced };
        assert!(origin_texts(&nothing, "192.0.2.2".parse().unwrap()).is_empty());
        assert_eq!(owner_text(&nothing), None);
    }

    #[test]
    fn no_owner_breaks_a_text() {
        for owner in [
            "a | 10.0.0.0/8 | XX",
            "a\r\n b\u{1b}[2J\u{202e}c\0\u{9b}",
            &"é".repeat(10_000),
            &"|".repeat(1000),
            &"\n".repeat(1000),
        ] {
            let facts = ClientDecision {
                org: Some(owner.into()),
                abuse: (0..1000).map(|n| format!("a | b{n} \u{7}@{owner}")).collect(),
                country: Some(owner.into()),
                rule: Some(DecisiveRule { file: owner.into(), line: 1 }),
                ..blocked()
            };
            let text = owner_text(&facts).unwrap();
            assert_eq!(text.split(" | ").count(), 5, "{text:?}");
            assert!(text.len() < 1000 && !text.contains(acts), "{text:?}");
            let listed = listed_text(&facts, "203.0.113.7".parse().unwrap());
            assert!(listed.len() < 400 && listed.bytes().all(|b| (b' '..=b'~').contains(&b)), "{listed:?}");
        }
    }
}
