//! What is known of an address, as the lists tell it.

use crate::{
    address::{Network, Prefix},
    sanitize::acts,
    verdict::Verdict,
};
use std::{borrow::Cow, net::IpAddr};

/// What a response about an address is made of. Text from registries is as they sent it: it is made safe where it is
/// written.
#[derive(Clone, Debug)]
pub struct AddressFacts {
    /// The verdict.
    pub verdict: Verdict,
    /// `FILE:LINE` of the pattern that decided.
    pub rule: Option<String>,
    /// Who holds the network.
    pub owner: Option<String>,
    /// The network.
    pub network: Option<Network>,
    /// ISO 3166 code.
    pub country: Option<String>,
    /// Whose database it stands in.
    pub registry: Option<&'static str>,
    /// The AS that announces it, in the order of the answer.
    pub asn: Vec<u32>,
    /// Where to complain, best first.
    pub abuse: Vec<String>,
    /// Why it is unknown: the kind and the sentence.
    pub reason: Option<(&'static str, String)>,
}

/// Octets of one value, so that one long name cannot push the rest out.
const VALUE: usize = 120;
/// Octets of all contacts.
const CONTACTS: usize = 600;
/// Origins of one address; more than two are a mistake of somebody's.
const ORIGINS: usize = 8;

impl AddressFacts {
    /// TXT of a blocked address: `ADDRESS blocked: OWNER (NETWORK) FILE:LINE`, in ASCII, since mail servers put it
    /// into their replies.
    pub(super) fn listed_text(&self, address: IpAddr) -> String {
        let network = self.network.map_or(Cow::Borrowed("-"), |network| network.to_string().into());
        let (owner, rule) = (ascii(value(self.owner.as_deref())), ascii(value(self.rule.as_deref())));
        format!("{address} blocked: {owner} ({network}) {rule}")
    }

    /// TXT of the origin: `ASN | PREFIX | COUNTRY | REGISTRY |`, one for each AS that announces it, since rspamd splits
    /// at blanks too. Empty where no AS is known.
    pub(super) fn origin_texts(&self, address: IpAddr) -> Vec<String> {
        let Some(network) = self.network.filter(|_| !self.asn.is_empty()) else { return vec![] };
        let prefix: Option<Prefix> = network.prefixes().into_iter().find(|prefix| prefix.contains(address));
        let prefix = prefix.map(|prefix| prefix.to_string()).unwrap_or_default();
        let (country, registry) = (self.country_code(), self.registry.unwrap_or_default());
        let text = |asn: &u32| format!("{asn} | {prefix} | {country} | {registry} |");
        self.asn.iter().take(ORIGINS).map(text).collect()
    }

    /// TXT of the owner: `OWNER | NETWORK | COUNTRY | REGISTRY | ABUSE`, several contacts with a blank between. None
    /// where no network is known.
    pub(super) fn owner_text(&self) -> Option<String> {
        let network = self.network?;
        let mut contacts = String::new();
        for contact in &self.abuse {
            let contact = value(Some(contact)).replace(' ', "");
            if contacts.len() + 1 + contact.len() > CONTACTS {
                break;
            }
            if !contacts.is_empty() {
                contacts.push(' ');
            }
            contacts.push_str(&contact);
        }
        let (owner, country) = (value(self.owner.as_deref()), self.country_code());
        Some(format!("{owner} | {network} | {country} | {} | {contacts}", self.registry.unwrap_or_default()))
    }

    fn country_code(&self) -> String {
        self.country.as_deref().map(|country| value(Some(country))).unwrap_or_default()
    }
}

/// A stranger's text as one value among others: no control character, no bar, no run of blanks, and `-` for nothing.
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

    /// A blocked address of an owner that every test knows.
    pub(in super::super) fn blocked() -> AddressFacts {
        AddressFacts {
            verdict: Verdict::Blocked,
            rule: Some("blocked_registrars:3".into()),
            owner: Some("Contoso GmbH".into()),
            network: Network::new("203.0.112.0".parse().unwrap(), "203.0.115.255".parse().unwrap()),
            country: Some("DE".into()),
            registry: Some("ripe"),
            asn: vec![64500, 64501],
            abuse: vec!["abuse@contoso.example".into(), "noc@contoso.example".into()],
            reason: None,
        }
    }

    #[test]
    fn the_texts_of_the_contract() {
        let (facts, address) = (blocked(), "203.0.113.7".parse().unwrap());
        assert_eq!(
            facts.listed_text(address),
            "203.0.113.7 blocked: Contoso GmbH (203.0.112.0/22) blocked_registrars:3"
        );
        assert_eq!(
            facts.origin_texts(address),
            ["64500 | 203.0.112.0/22 | DE | ripe |", "64501 | 203.0.112.0/22 | DE | ripe |"]
        );
        assert_eq!(
            facts.owner_text().unwrap(),
            "Contoso GmbH | 203.0.112.0/22 | DE | ripe | abuse@contoso.example noc@contoso.example"
        );
    }

    #[test]
    fn what_is_not_known_is_not_made_up() {
        let bare = AddressFacts {
            owner: None,
            country: None,
            abuse: vec![],
            asn: vec![],
            network: Network::new("192.0.2.1".parse().unwrap(), "192.0.2.4".parse().unwrap()),
            ..blocked()
        };
        assert!(bare.origin_texts("192.0.2.2".parse().unwrap()).is_empty());
        assert_eq!(bare.owner_text().unwrap(), "- | 192.0.2.1 - 192.0.2.4 |  | ripe | ");
        let announced = AddressFacts { asn: vec![64500], ..bare };
        assert_eq!(
            announced.origin_texts("192.0.2.2".parse().unwrap()),
            ["64500 | 192.0.2.2/31 |  | ripe |"],
            "of a range that is no prefix, the one that holds the address"
        );
        let nothing = AddressFacts { network: None, ..announced };
        assert!(nothing.origin_texts("192.0.2.2".parse().unwrap()).is_empty());
        assert_eq!(nothing.owner_text(), None);
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
            let facts = AddressFacts {
                owner: Some(owner.into()),
                abuse: (0..1000).map(|n| format!("a | b{n} \u{7}@{owner}")).collect(),
                country: Some(owner.into()),
                rule: Some(format!("{owner}:1")),
                ..blocked()
            };
            let text = facts.owner_text().unwrap();
            assert_eq!(text.split(" | ").count(), 5, "{text:?}");
            assert!(text.len() < 1000 && !text.contains(acts), "{text:?}");
            let listed = facts.listed_text("203.0.113.7".parse().unwrap());
            assert!(listed.len() < 400 && listed.bytes().all(|b| (b' '..=b'~').contains(&b)), "{listed:?}");
        }
    }
}
