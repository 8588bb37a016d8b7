//! The servers that a reply names, to ask instead or next.

use super::Registry;
use std::net::Ipv6Addr;

/// A server that a reply names. The caller must check whether it may be asked (address, port, asked before): any
/// customer of a registry can write the text of a referral.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Referral {
    /// Host name or address, in lower case; an IPv6 address without its brackets.
    pub host: String,
    /// The port, if one is named; else 43, or 4321 for [`rwhois`](Self::rwhois).
    pub port: Option<u16>,
    /// Whether it speaks RFC 2167.
    pub rwhois: bool,
}

/// National registries that APNIC's remarks name for more specific networks.
const NATIONAL: [&str; 6] = [
    "whois.nic.ad.jp",
    "whois.krnic.net",
    "whois.kisa.or.kr",
    "whois.nic.or.kr",
    "whois.twnic.net.tw",
    "whois.twnic.net",
];

impl Referral {
    /// A whois server on its usual port.
    pub(crate) fn whois(host: &str) -> Self {
        Self { host: host.to_owned(), port: None, rwhois: false }
    }

    /// Whether both name one server, with or without the usual port. A national registry has several names.
    fn is_same_server(&self, other: &Self) -> bool {
        let port = |referral: &Self| referral.port.unwrap_or(if referral.rwhois { 4321 } else { 43 });
        let registry = Registry::of_server(&self.host);
        let same_registry = registry != Registry::Other && registry == Registry::of_server(&other.host);
        port(self) == port(other) && (self.host == other.host || same_registry)
    }

    /// Parses `whois://host:port/path`, `rwhois://...` or a bare host. None for a web address, for the root of the
    /// rwhois tree (which answers nobody), and for other text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.split_whitespace().next()?.to_ascii_lowercase();
        let (scheme, rest) = text.split_once("://").unwrap_or(("", &text));
        if !matches!(scheme, "" | "whois" | "rwhois") {
            return None;
        }
        let authority = rest.split('/').next().unwrap_or_default();
        let (host, port) = match authority.strip_prefix('[') {
            Some(literal) => {
                let (host, rest) = literal.split_once(']')?;
                (host, Some(rest.strip_prefix(':').or(rest.is_empty().then_some(""))?))
            }
            // Two colons: an IPv6 address without brackets.
            None if authority.matches(':').count() > 1 => (authority, None),
            None => authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port))),
        };
        let port = match port {
            None | Some("") => None,
            Some(port) => Some(port.parse::<u16>().ok().filter(|&port| port != 0)?),
        };
        let host = host.trim_end_matches('.');
        if !is_host(host) || host == "root.rwhois.net" {
            return None;
        }
        let rwhois =
            scheme == "rwhois" || (scheme.is_empty() && (port == Some(4321) || host.starts_with("rwhois.")));
        Some(Self { host: host.to_owned(), port, rwhois })
    }
}

/// A name with a dot in it, or an address.
fn is_host(host: &str) -> bool {
    let name = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_');
    host.parse::<Ipv6Addr>().is_ok()
        || (host.len() <= 253
            && host.contains('.')
            && !host.starts_with(['.', '-'])
            && !host.contains("..")
            && host.bytes().all(name))
}

/// The servers that the text names directly.
pub(crate) fn named(text: &str, registry: Registry) -> Vec<Referral> {
    let mut server = None;
    let mut link = None;
    let mut others = Vec::new();
    for line in text.lines() {
        if let Some(directive) = strip_prefix_ignoring_case(line, "%referral") {
            others.extend(Referral::parse(directive));
        } else if let Some(resource) = line.strip_prefix("% ").and_then(|line| line.split_once(" resource: "))
        {
            // LACNIC's joint whois names the registry whose answer it passes on.
            others.extend(Referral::parse(resource.1));
        } else if let Some((key, value)) = line.split_once(':') {
            if key.eq_ignore_ascii_case("ReferralServer") {
                server = Referral::parse(value).or(server);
            } else if key.eq_ignore_ascii_case("ResourceLink") {
                link = Referral::parse(value).or(link);
            } else if registry == Registry::Iana && matches!(key, "refer" | "whois") {
                others.extend(Referral::parse(value));
            } else if registry == Registry::Apnic {
                others.extend(national(key, value));
            }
        }
    }
    server.or(link).into_iter().chain(distinct(others)).collect()
}

/// The referrals without duplicate servers.
pub(crate) fn distinct(referrals: Vec<Referral>) -> Vec<Referral> {
    let mut seen: Vec<Referral> = Vec::new();
    for referral in referrals {
        // A hostile reply may name very many servers; only a few are kept.
        if seen.len() < 8 && !seen.iter().any(|known| known.is_same_server(&referral)) {
            seen.push(referral);
        }
    }
    seen
}

/// The national registry's server that a remark names in a word of its own, or that an object was copied from.
fn national(key: &str, value: &str) -> Option<Referral> {
    if key == "source" {
        let copied = match value.trim() {
            "JPNIC" => Registry::Jpnic.server(),
            "KRNIC" => Registry::Krnic.server(),
            "TWNIC" => Registry::Twnic.server(),
            _ => None,
        };
        return copied.map(Referral::whois);
    }
    if !matches!(key, "remarks" | "descr") || !value.contains('.') {
        return None;
    }
    let words = value.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '(' | ')' | '"' | '\''));
    words
        .map(|word| word.trim_matches('.').to_ascii_lowercase())
        .find_map(|word| NATIONAL.contains(&word.as_str()).then(|| Referral::whois(&word)))
}

/// The maintainers of APNIC and of the national registries below it, in capitals.
const MAINTAINERS: [&str; 12] = [
    "APNIC-HM",
    "MAINT-APNIC-AP",
    "MAINT-JPNIC",
    "MNT-KRNIC-AP",
    "MAINT-TW-TWNIC",
    "MAINT-CNNIC-AP",
    "MAINT-CN-CNNIC",
    "MNT-APJII-ID",
    "MAINT-ID-IDNIC",
    "MAINT-VN-VNNIC",
    "MAINT-IN-IRINN",
    "IRINN-HM-AP",
];

/// The national registries that APNIC's answer itself names as keepers of a network. Either the object was copied from
/// there, or the remark is in an object that only the registries maintain. A customer's object may name servers too
/// ([`named`]), but decides nothing.
pub(crate) fn vouched(text: &str) -> Vec<Registry> {
    let mut found = Vec::new();
    let mut object = Vec::new();
    let mut own = true;
    for line in text.lines().chain([""]) {
        let Some((key, value)) = line.split_once(':').filter(|_| !line.starts_with(['%', ' ', '\t', '+']))
        else {
            // A line of blanks goes on with the value above it.
            if line.trim_end_matches('\r').is_empty() {
                found.extend(object.drain(..).filter(|_| own));
                own = true;
            }
            continue;
        };
        match key {
            "source" => found.extend(national(key, value).map(|of| Registry::of_server(&of.host))),
            "mnt-by" | "mnt-lower" | "mnt-routes" | "mnt-domains" => {
                let is_registry = |by: &str| MAINTAINERS.iter().any(|of| by.trim().eq_ignore_ascii_case(of));
                own &= value.split(',').all(is_registry);
            }
            _ => object.extend(national(key, value).map(|of| Registry::of_server(&of.host))),
        }
        // A hostile answer may name any number of them.
        object.truncate(8);
        found.truncate(8);
    }
    found
}

fn strip_prefix_ignoring_case<'a>(line: &'a str, prefix: &str) -> Option<&'a str> {
    let (head, rest) = line.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::whois::reply::{Provenance, WhoisReply, classify};

    #[test]
    fn every_form_of_a_server() {
        for (text, host, port, rwhois) in [
            ("whois://whois.ripe.net", "whois.ripe.net", None, false),
            ("whois://WHOIS.Example.NET:43", "whois.example.net", Some(43), false),
            ("rwhois://rwhois.example.net:4321/", "rwhois.example.net", Some(4321), true),
            ("rwhois://host.example.net/auth-area=.", "host.example.net", None, true),
            (" whois.example.net. ", "whois.example.net", None, false),
            ("rwhois.example.net", "rwhois.example.net", None, true),
            ("host.example.net:4321", "host.example.net", Some(4321), true),
            ("whois://[2001:db8::1]:43/", "2001:db8::1", Some(43), false),
            ("rwhois://2001:DB8::1/", "2001:db8::1", None, true),
            ("whois://192.0.2.1", "192.0.2.1", None, false),
        ] {
            let expected = Referral { host: host.to_owned(), port, rwhois };
            assert_eq!(Referral::parse(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn only_the_registries_own_word_vouches() {
        for (text, expected) in [
            (
                "inetnum: 192.0.2.0/24\nremarks: see whois.krnic.net\nmnt-by: MNT-KRNIC-AP\n",
                vec![Registry::Krnic],
            ),
            ("inetnum: 192.0.2.0/24\nsource: JPNIC\n", vec![Registry::Jpnic]),
            ("inetnum: 192.0.2.0/24\ndescr: see whois.twnic.net.tw\nmnt-by: EXAMPLE-MNT\n", vec![]),
            (
                "inetnum: 192.0.2.0/24\ndescr: see whois.twnic.net.tw\nmnt-by: APNIC-HM\nmnt-by: EXAMPLE-MNT\n",
                vec![],
            ),
            ("person: A\nremarks: whois.krnic.net\nmnt-by: X-MNT\n\nrole: B\nmnt-by: MNT-KRNIC-AP\n", vec![]),
            ("inetnum: 192.0.2.0/24\ndescr: x\n source: JPNIC\n", vec![]),
            // The holder of an allocation writes its description.
            (
                "inetnum: 192.0.2.0/24\ndescr: whois.krnic.net\nmnt-by: APNIC-HM\nmnt-lower: EXAMPLE-MNT\n",
                vec![],
            ),
            ("inetnum: 192.0.2.0/24\ndescr: whois.krnic.net\n \nmnt-by: EXAMPLE-MNT\n", vec![]),
        ] {
            assert_eq!(vouched(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_server() {
        for text in [
            "",
            "https://whois.example.net",
            "http://www.example.net/whois",
            "ftp://example.net",
            "rwhois://root.rwhois.net:4321/auth-area=.",
            "localhost",
            "whois://host.example.net:0",
            "whois://host.example.net:65536",
            "whois://host.example.net:43x",
            "whois://-host.example.net",
            "whois://a..example.net",
            "whois://host.example.net\u{1b}[2J",
            "whois://user@host.example.net",
            "whois://[2001:db8::1",
            "whois://[2001:db8::1]whois.example.net",
            "whois://[fe80::1%eth0]",
            "whois://[]",
        ] {
            assert_eq!(Referral::parse(text), None, "{text}");
        }
    }

    #[test]
    fn where_a_reply_points() {
        for (text, registry, hosts) in [
            (
                "ReferralServer: whois://a.example\n\nReferralServer: rwhois://B.example:4321/\n",
                Registry::Arin,
                "b.example",
            ),
            (
                "ResourceLink:  https://a.example\nResourceLink:  whois.b.example\n",
                Registry::Arin,
                "whois.b.example",
            ),
            ("ReferralServer: a.example\nResourceLink: b.example\n", Registry::Arin, "a.example"),
            ("Comment: ReferralServer: whois://a.example\n", Registry::Arin, ""),
            (
                "refer:        whois.a.example\n\nwhois:        whois.b.example\n",
                Registry::Iana,
                "whois.a.example whois.b.example",
            ),
            ("refer:        whois.a.example\n", Registry::Ripe, ""),
            (
                "%referral rwhois://root.rwhois.net:4321/auth-area=.\n%referral rwhois://a.example:4321/auth-area=x\n",
                Registry::Rwhois,
                "a.example",
            ),
            (
                "remarks: please use the KRNIC whois server at WHOIS.KRNIC.NET.\nremarks: whois.nic.ad.jp/e and (whois.nic.ad.jp)\n",
                Registry::Apnic,
                "whois.krnic.net whois.nic.ad.jp",
            ),
            ("remarks: ask whois.krnic.net\n", Registry::Ripe, ""),
            ("source: JPNIC\nsource: APNIC\n", Registry::Apnic, "whois.nic.ad.jp"),
        ] {
            let found: Vec<String> = distinct(named(text, registry)).into_iter().map(|r| r.host).collect();
            assert_eq!(found.join(" "), hosts, "{text}");
        }
        let text = "inetnum: 192.0.2.0/24\ndescr: Transferred to the LACNIC region on 2020-01-01\nmnt-by: APNIC-STUB\n";
        let reply = classify(text, Registry::Apnic, None, Provenance::Saved);
        let WhoisReply::Placeholder { next, .. } = reply else { panic!("{reply:?}") };
        assert_eq!(next.first().map(|next| next.host.as_str()), Some("whois.lacnic.net"));
    }
}
