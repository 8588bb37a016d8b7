//! The classes of replies: denials, cuts and placeholders, which must never pass for a record.

use super::*;
use Provenance::{Network, Saved};

macro_rules! reply {
    ($name:literal) => {
        include_str!(concat!("../../../tests/data/replies/", $name, ".txt"))
    };
}

fn address(text: &str) -> Option<IpAddr> {
    Some(text.parse().unwrap())
}

/// A reply in a few words: its kind, and the servers that it names.
fn short(reply: &WhoisReply) -> String {
    let hosts = |next: &[Referral]| next.iter().map(|r| format!(" {}", r.host)).collect::<String>();
    match reply {
        WhoisReply::Failure { kind, .. } => format!("failure {}", kind.as_str()),
        WhoisReply::Empty { kind, .. } => format!("empty {}", kind.as_str()),
        WhoisReply::Placeholder { next, .. } => format!("placeholder{}", hosts(next)),
        WhoisReply::Record(record, next) => format!("record {}{}", record.network, hosts(next)),
    }
}

#[test]
fn whole_replies() {
    for (text, registry, ip, expected) in [
        (reply!("arin"), Registry::Arin, "192.0.2.70", "record 192.0.2.64/26 rwhois.shoes.example"),
        (reply!("arin-erx"), Registry::Arin, "192.0.2.70", "placeholder whois.ripe.net"),
        (reply!("ripe"), Registry::Ripe, "203.0.113.7", "record 203.0.112.0/22"),
        (
            reply!("ripe-not-managed"),
            Registry::Ripe,
            "192.0.2.7",
            "placeholder whois.arin.net whois.apnic.net whois.lacnic.net whois.afrinic.net",
        ),
        (reply!("ripe-denied-late"), Registry::Ripe, "203.0.113.7", "failure denied"),
        (reply!("apnic-mirrored"), Registry::Apnic, "198.51.100.1", "record 198.51.96.0/19 whois.kisa.or.kr"),
        (reply!("apnic-stub"), Registry::Apnic, "198.51.100.1", "placeholder whois.ripe.net"),
        (reply!("afrinic"), Registry::Afrinic, "2001:db8:4abc::1", "record 2001:db8:4000::/36"),
        (reply!("lacnic"), Registry::Lacnic, "198.18.0.1", "record 198.18.0.0/15"),
        (reply!("lacnic-joint"), Registry::Lacnic, "198.51.100.1", "record 198.51.96.0/19 whois.kisa.or.kr"),
        (reply!("registrobr"), Registry::Lacnic, "203.0.113.7", "record 203.0.112.0/22"),
        (reply!("jpnic"), Registry::Jpnic, "192.0.2.7", "record 192.0.2.0/25"),
        (
            "\n% Joint Whois - whois.lacnic.net\n\n% Brazilian resource: whois.registro.br\n\n",
            Registry::Lacnic,
            "203.0.113.7",
            "placeholder whois.registro.br",
        ),
        (
            "\n% Joint Whois - whois.lacnic.net\n\n% Brazilian resource: whois.registro.br\n\n% No match\n",
            Registry::Lacnic,
            "203.0.113.7",
            "empty not-found",
        ),
        (reply!("jpnic-none"), Registry::Jpnic, "192.0.2.7", "empty not-found"),
        (reply!("krnic"), Registry::Krnic, "203.0.113.50", "record 203.0.113.48/29"),
        (reply!("twnic"), Registry::Twnic, "198.51.100.1", "record 198.51.100.0/24"),
        (reply!("rwhois"), Registry::Rwhois, "198.51.100.18", "record 198.51.100.16/29"),
        (reply!("rwhois"), Registry::Rwhois, "192.0.2.1", "empty not-found"),
        (reply!("iana"), Registry::Iana, "2001:db8::1", "placeholder whois.apnic.net"),
    ] {
        assert_eq!(short(&classify(text, registry, address(ip), Network)), expected, "{registry} {ip}");
        assert!(!classify(text, registry, address(ip), Network).explain().is_empty());
    }
}

#[test]
fn what_opened_must_close_in_saved_text_too_but_an_excerpt_has_neither() {
    for (text, expected) in [
        ("inetnum:  192.0.2.0 - 192.0.2.255\nnetname:  EXAMPLE\n", "record 192.0.2.0/24"),
        ("inetnum:  192.0.2.0 - 192.0.2.255\nnetname:  EXAMPLE", "record 192.0.2.0/24"),
        ("inetnum:  192.0.2.0 - 192.0.2.255\nnetna", "failure incomplete"),
        ("inetnum:  192.0.2.0 - 192.0.2.25", "failure incomplete"),
        ("inetnum:  192.0.2.0 - 192.0.2.255", "record 192.0.2.0/24"),
        ("inet6num:  2001:db8::/4", "failure incomplete"),
        ("inet6num:  2001:db8::/48", "record 2001:db8::/48"),
        ("network:Org-Name:Example\nnetwork:IP-Network:192.0.2.0/2", "failure incomplete"),
        ("network:Org-Name:Example\nnetwork:IP-Network:192.0.2.0/28", "record 192.0.2.0/28"),
        ("Example Inc. EX (NET-192-0-2-0-1) 192.0.2.0 - 192.0.2.25", "failure incomplete"),
        ("Example Inc. EX (NET-192-0-2-0-1) 192.0.2.0 - 192.0.2.63", "record 192.0.2.0/26"),
        ("% [whois.apnic.net]\n\ninetnum:  192.0.2.0 - 192.0.2.255\nsource: APNIC\n\n", "failure incomplete"),
        (
            "% [whois.apnic.net node-2]\n\ninetnum:  192.0.2.0 - 192.0.2.255\nsource: APNIC\n",
            "record 192.0.2.0/24",
        ),
        (
            "% This is the RIPE Whois query server #2.\n\ninetnum:  192.0.2.0 - 192.0.2.255\nsource: RIPE\n",
            "record 192.0.2.0/24",
        ),
        (
            "% This is the RIPE Database query service.\n\n% Note: This output has been filtered.\n\ninetnum:  192.0.2.0 - 192.0.2.255\nsource: RIPE\n",
            "record 192.0.2.0/24",
        ),
        ("# start\n\nNetRange:  192.0.2.0 - 192.0.2.255\nNetName:  EXAMPLE\n", "record 192.0.2.0/24"),
        ("network:IP-Network:192.0.2.0/24\nnetwork:Org-Name:Example", "record 192.0.2.0/24"),
        ("", "empty incomplete"),
        ("\r\n \n", "empty incomplete"),
        ("% This is the RIPE Database query service.\n", "empty incomplete"),
        ("<html>Service Unavailable</html>\n", "empty incomplete"),
    ] {
        assert_eq!(short(&classify(text, detect(text), None, Saved)), expected, "{text}");
    }
}

/// registro.br's answers closed with "accepts only direct match queries" once, and LACNIC's still do.
#[test]
fn a_closing_line_may_be_worded_anew() {
    let old = "% whois.registro.br accepts only direct match queries.";
    let new = "% whois.registro.br only accepts exact match queries for domains,";
    let text = reply!("registrobr").replace(old, new);
    let (whole, _) = text.split_once("% Security").unwrap();
    for provenance in [Network, Saved] {
        for end in [new, "% Security and mail abuse issues should also be addressed to cert.br,"] {
            let judged = short(&classify(&format!("{whole}{end}\n"), Registry::RegistroBr, None, provenance));
            assert_eq!(judged, "record 203.0.112.0/22", "{end}");
        }
        let cut = short(&classify(whole, Registry::RegistroBr, None, provenance));
        assert_eq!(cut, "failure incomplete");
        // Above the record it closes nothing.
        let above = format!("{new}\n{whole}");
        assert_eq!(short(&classify(&above, Registry::RegistroBr, None, provenance)), "failure incomplete");
    }
}

/// registro.br sends a reduced answer to clients that ask too much. Its parts look complete.
#[test]
fn a_reduced_answer_is_a_denial() {
    let text = reply!("registrobr")
        .replace("inetnum:", "% Query rate limit exceeded. Reduced information.\n\ninetnum:");
    assert_eq!(short(&classify(&text, Registry::RegistroBr, None, Network)), "failure denied");
}

#[test]
#[expect(clippy::too_many_lines, reason = "one table of what registries and customers write")]
fn kept_places_of_every_registry() {
    let ripe =
        |fields: &str| format!("inetnum:  {fields}source:  RIPE\n\n% This query was served by the RIPE X\n");
    for (fields, expected) in [
        ("0.0.0.0 - 255.255.255.255\nnetname:  EXAMPLE\n", "placeholder"),
        ("192.0.2.0 - 192.0.2.255\nnetname:  IANA-BLK\ndescr: The whole IPv4 address space\n", "placeholder"),
        (
            "192.0.0.0 - 192.255.255.255\nnetname:  IANA-NETBLOCK-192\nmnt-by:  APNIC-HM\n",
            "placeholder whois.arin.net",
        ),
        ("192.0.2.0 - 192.0.2.255\nnetname:  EU-ZZ-192-0-2\nmnt-by:  RIPE-NCC-HM-MNT\n", "placeholder"),
        (
            "192.0.2.0 - 192.0.2.255\nnetname:  AFRINIC-NET-TRANSFERRED-20180101\nremarks:  transferred to RIPE NCC\n",
            "placeholder",
        ),
        (
            "192.0.2.0 - 192.0.2.255\nnetname:  X\ncountry:  EU # Worldwide\nmnt-by:  RIPE-NCC-HM-MNT\n",
            "placeholder whois.arin.net",
        ),
        (
            "10.0.0.0 - 10.255.255.255\nnetname:  APNIC-10\ndescr:  Asia Pacific Network Information Centre\n",
            "placeholder whois.apnic.net",
        ),
        (
            "192.0.2.0 - 192.0.2.255\nnetname:  ERX-NETBLOCK\nmnt-by:  OTHER-MNT\n",
            "placeholder whois.arin.net",
        ),
        // Lines that holders write are theirs, and so is a block that a registry allocated to them.
        (
            "192.0.2.0 - 192.0.2.255\nnetname:  ERX-NETBLOCK\nmnt-by:  APNIC-HM\nmnt-lower:  EXAMPLE-MNT\n",
            "record 192.0.2.0/24",
        ),
        (
            "192.0.2.0 - 192.0.2.255\nnetname:  STUB-1\ndescr:  Transferred to the ARIN region\nmnt-by:  APNIC-HM\nmnt-routes:  APNIC-HM, EXAMPLE-MNT\n",
            "record 192.0.2.0/24",
        ),
        (
            "192.0.2.0 - 192.0.2.255\nnetname:  IANA-BLK\norg:  ORG-EX1\nstatus:  ALLOCATED PA\nmnt-by:  RIPE-NCC-HM-MNT\nsource:  RIPE\n\norganisation:  ORG-EX1\norg-name:  Example Ltd.\n",
            "record 192.0.2.0/24",
        ),
        (
            "192.0.2.0 - 192.0.2.255\nnetname:  IANA-BLK\norg:  ORG-IANA1\nmnt-by:  RIPE-NCC-HM-MNT\nmnt-lower:  RIPE-NCC-HM-MNT\nsource:  RIPE\n\norganisation:  ORG-IANA1\norg-name:  Internet Assigned Numbers Authority\n",
            "placeholder",
        ),
        (
            "192.0.2.0 - 192.0.2.255\nnetname:  IANA-BLK\nstatus:  ASSIGNED PA\nmnt-by:  EXAMPLE-MNT\n",
            "record 192.0.2.0/24",
        ),
        (
            "192.0.2.0 - 192.0.2.255\nnetname:  NON-RIPE-NCC-MANAGED-ADDRESS-BLOCK\nstatus:  ASSIGNED PA\nmnt-by:  RIPE-NCC-HM-MNT\n",
            "record 192.0.2.0/24",
        ),
        (
            "194.0.2.0 - 194.0.2.255\nnetname:  ERX-NETBLOCK\nmnt-by:  RIPE-NCC-FAKE-MNT\n",
            "record 194.0.2.0/24",
        ),
        (
            "194.0.2.0 - 194.0.2.255\nnetname:  X\ndescr:  Transferred to the ARIN region\nmnt-by:  APNIC-EVIL-MNT\n",
            "record 194.0.2.0/24",
        ),
        (
            "194.0.2.0 - 194.0.2.255\nnetname:  X\nmnt-by:  EXAMPLE-MNT\nmnt-by:  APNIC-STUB\n",
            "record 194.0.2.0/24",
        ),
        ("192.0.2.0 - 192.0.2.255\nnetname:  ROOTSCOMM-SG\nmnt-by:  EXAMPLE-MNT\n", "record 192.0.2.0/24"),
        (
            "192.0.2.0 - 192.0.2.255\nnetname:  X\ndescr:  Transferred to the ARIN region\nmnt-by:  EXAMPLE-MNT\n",
            "record 192.0.2.0/24",
        ),
        (
            "192.0.2.0 - 192.0.2.255\nnetname:  X\ndescr:  Ours: not allocated by APNIC\nmnt-by:  APNIC-HM\n",
            "record 192.0.2.0/24",
        ),
        (
            "192.0.2.0 - 192.0.2.255\nnetname:  X\ncountry:  EU # Worldwide\nmnt-by:  EXAMPLE-MNT\n",
            "record 192.0.2.0/24",
        ),
    ] {
        assert_eq!(short(&classify(&ripe(fields), Registry::Ripe, None, Network)), expected, "{fields}");
    }
    let arin =
        |fields: &str| format!("NetRange: 192.0.2.0 - 192.0.2.255\n{fields}\n# ARIN WHOIS data and so on\n");
    for (fields, expected) in [
        ("NetType: Allocated to APNIC\n", "placeholder whois.apnic.net"),
        ("NetType: Early Registrations, Maintained by RIPE NCC\n", "placeholder whois.ripe.net"),
        ("NetType: Transferred to AfriNIC\n", "placeholder whois.afrinic.net"),
        (
            "NetType: Reassigned\nCustomer: RIPE NCC (C01234567)\n\nCustName: RIPE NCC\n",
            "record 192.0.2.0/24",
        ),
        ("NetType: Allocated to ARIN\n", "placeholder"),
        ("NetName: APNIC-ERX-192-0-2-0\n", "placeholder whois.apnic.net"),
        (
            "NetType: Direct Allocation\n\nOrgName: Some Registry\nOrgId: LACNIC\n",
            "placeholder whois.lacnic.net",
        ),
        ("NetName: RIPE-FRUIT\n\nOrgName: Ripe Fruit Inc.\nOrgId: RIPEF\n", "record 192.0.2.0/24"),
        (
            "NetType: IANA Special Use\n\nOrgName: Internet Assigned Numbers Authority\nOrgId: IANA\n",
            "record 192.0.2.0/24",
        ),
    ] {
        assert_eq!(short(&classify(&arin(fields), Registry::Arin, None, Network)), expected, "{fields}");
    }
    let six = "inet6num:  ::/0\nnetname:  ROOT\ndescr:  Root inet6num object\nsource:  RIPE\n";
    assert_eq!(short(&classify(six, Registry::Ripe, None, Saved)), "placeholder");
}

#[test]
fn a_place_that_somebody_holds_is_not_kept() {
    for (fields, expected) in [
        ("192.0.2.0 - 192.0.2.255\nnetname:  ROOT\nmnt-by:  EXAMPLE-MNT\n", "record 192.0.2.0/24"),
        (
            "192.0.2.0 - 192.0.2.255\ndescr: Example Air\ncountry: EU # worldwide\nstatus: ALLOCATED PA\nmnt-by: RIPE-NCC-HM-MNT\n",
            "record 192.0.2.0/24",
        ),
        (
            "192.0.2.0 - 192.0.2.255\ndescr: Internet Assigned Numbers Authority\ncountry: EU # worldwide\nstatus: ALLOCATED PA\nmnt-by: RIPE-NCC-HM-MNT\n",
            "placeholder whois.arin.net",
        ),
        (
            "192.0.2.0 - 192.0.2.255\ndescr: Example Air\ncountry: EU # worldwide\nstatus: ALLOCATED UNSPECIFIED\nmnt-by: RIPE-NCC-HM-MNT\n",
            "placeholder whois.arin.net",
        ),
        (
            "102.0.0.0 - 102.255.255.255\ndescr: African Network Information Center - (AfriNIC Ltd)\nmnt-by: AFRINIC-HM-MNT\n",
            "placeholder whois.afrinic.net",
        ),
        (
            "102.0.0.0 - 102.255.255.255\ndescr: Ripe (Fruit) Inc.\nmnt-by: EXAMPLE-MNT\n",
            "record 102.0.0.0/8",
        ),
    ] {
        let text = format!("inetnum:  {fields}source:  RIPE\n\n% This query was served by the RIPE X\n");
        assert_eq!(short(&classify(&text, Registry::Ripe, None, Network)), expected, "{fields}");
    }
}

/// The output of whois clients that follow a referral: the last server's word counts.
#[test]
fn a_saved_chain_of_answers() {
    let ripe = reply!("ripe").replace("203.0.11", "192.0.");
    for (text, expected, registry) in [
        (
            format!("{}\nFound a referral to whois.ripe.net.\n\n{}", reply!("arin-erx"), reply!("ripe")),
            "record 203.0.112.0/22",
            Registry::Ripe,
        ),
        (
            format!(
                "{}\nFound a referral to whois.ripe.net.\n\n{}",
                reply!("arin-erx"),
                reply!("ripe-denied-late")
            ),
            "failure denied",
            Registry::Ripe,
        ),
        (
            format!("# whois.arin.net\n{}# whois.ripe.net\n\n{ripe}", reply!("arin-erx")),
            "failure incomplete",
            Registry::Ripe,
        ),
        // Who copies from a terminal copies blanks, too.
        (
            format!("{}# whois.arin.net  \n\n{}", reply!("iana"), reply!("arin-customer")),
            "record 198.51.100.0/26",
            Registry::Arin,
        ),
        (
            format!("{}\nFound a referral to rwhois.shoes.example:4321.\n\nTimeout.\n", reply!("arin")),
            "record 192.0.2.64/26 rwhois.shoes.example",
            Registry::Rwhois,
        ),
        (
            format!(
                "[Querying whois.arin.net]\n[Redirected to vault.example:4321]\n[Querying vault.example]\n[vault.example]\n{}",
                reply!("rwhois")
            ),
            "record 198.51.100.16/29",
            Registry::Rwhois,
        ),
    ] {
        let text = if expected == "failure incomplete" { text.replace("% This query was", "") } else { text };
        assert_eq!(detect(&text), registry);
        assert_eq!(short(&classify(&text, registry, None, Saved)), expected);
    }
}

#[test]
fn an_operators_own_server_cannot_speak_for_a_registry() {
    let text = format!("network:IP-Network:198.51.100.0/24\n{}%ok\n", reply!("ripe"));
    assert_eq!(short(&classify(&text, Registry::Rwhois, None, Network)), "record 198.51.100.0/24");
}

#[test]
fn a_record_that_does_not_hold_the_address_is_not_its_own() {
    let text =
        "inetnum:  192.0.2.0/24\nsource:  LACNIC\n\n% whois.lacnic.net accepts only direct match queries.\n";
    for provenance in [Saved, Network] {
        let judged = |ip| short(&classify(text, Registry::Lacnic, address(ip), provenance));
        assert_eq!(judged("192.0.2.9"), "record 192.0.2.0/24");
        assert_eq!(judged("203.0.113.1"), "empty not-found");
        assert_eq!(judged("2001:db8::1"), "empty not-found");
    }
}

#[test]
fn of_saved_answers_the_one_that_holds_the_address_counts() {
    let text = "[Querying whois.lacnic.net]\ninetnum:  192.0.2.0/24\n[Querying whois.ripe.net]\n\
                inetnum:  198.51.100.0 - 198.51.100.255\nsource: RIPE\n";
    let judged = |text: &str, ip| short(&classify(text, detect(text), address(ip), Saved));
    assert_eq!(judged(text, "192.0.2.9"), "record 192.0.2.0/24");
    assert_eq!(judged(text, "198.51.100.9"), "record 198.51.100.0/24");
    assert_eq!(judged(text, "203.0.113.1"), "empty not-found");
    // An operator's own server is taken at its word, but not against a registry's.
    let own = "network:IP-Network:203.0.113.0/29\nnetwork:Org-Name:Example\n";
    assert_eq!(judged(own, "203.0.113.99"), "record 203.0.113.0/29");
    let both = format!("{text}[Querying rwhois.example.net]\n%rwhois V-1.5\n{own}%ok\n");
    assert_eq!(judged(&both, "203.0.113.99"), "record 203.0.113.0/29");
    assert_eq!(judged(&both, "198.51.100.9"), "record 198.51.100.0/24");
}
