//! Every registry's form, on replies with made-up owners.

use super::*;
use crate::whois::reply::{Provenance, WhoisReply, classify, detect};

/// The record of a saved reply for an address.
fn record(text: &str, address: &str) -> Record {
    match classify(text, detect(text), Some(address.parse().unwrap()), Provenance::Saved) {
        WhoisReply::Record(record, _) => *record,
        other => panic!("{address}: {}", other.explain()),
    }
}

/// Network, name, organisation, country, abuse contacts, AS numbers, maintainers, status and registry, as one line.
fn told(record: &Record) -> String {
    let or = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
    let asn: Vec<String> = record.asn.iter().map(ToString::to_string).collect();
    format!(
        "{} | {} | {} | {} | {} | {} | {} | {} | {}",
        record.network,
        or(&record.name),
        or(&record.org),
        or(&record.country),
        record.abuse.join(" "),
        asn.join(" "),
        record.maintainer.join(" "),
        or(&record.status),
        record.registry
    )
}

macro_rules! reply {
    ($name:literal) => {
        include_str!(concat!("../../../tests/data/replies/", $name, ".txt"))
    };
}

#[test]
#[expect(clippy::too_many_lines, reason = "one table, a row for each registry")]
fn every_registry_in_its_own_form() {
    for (text, address, expected) in [
        (
            reply!("arin"),
            "192.0.2.70",
            "192.0.2.64/26 | EXAMPLE-SHOES | Example Shoes (of Springfield) LLC | CA | abuse@shoes.example postmaster@shoes.example |  |  | Reallocated | arin",
        ),
        (
            reply!("arin"),
            "192.0.2.1",
            "192.0.2.0/24 | EXAMPLE-PARENT | Example Carrier, Inc. | US | abuse@carrier.example | 64496 64497 |  | Direct Allocation | arin",
        ),
        (
            reply!("arin-customer"),
            "198.51.100.7",
            "198.51.100.0/26 | EXC-SMALL-SHOP | Small Shop | US | abuse@carrier.example |  |  | Reassigned | arin",
        ),
        (
            reply!("arin-old"),
            "192.0.3.9",
            "192.0.2.0 - 192.0.3.191 | EXAMPLE-OLD | Example Carrier, Inc. | US | abuse@carrier.example |  |  | Direct Assignment | arin",
        ),
        (
            reply!("arin-list"),
            "192.0.2.20",
            "192.0.2.16/28 | EXC-DOORS | Access Denied Doors Ltd. | - |  |  |  | - | arin",
        ),
        (
            reply!("ripe"),
            "203.0.113.7",
            "203.0.112.0/22 | CONTOSO-NET | Contoso GmbH | NL | abuse@contoso.example | 64500 65546 | CONTOSO-MNT EXAMPLE-MNT | ASSIGNED PA | ripe",
        ),
        (
            reply!("apnic-mirrored"),
            "198.51.100.1",
            "198.51.96.0/19 | EXAMPLENET-KR | Example Telecom Co., Ltd. | KR | irt@nir.example |  | MNT-KRNIC-AP | ALLOCATED PORTABLE | apnic",
        ),
        (
            reply!("lacnic-joint"),
            "198.51.100.1",
            "198.51.96.0/19 | EXAMPLENET-KR | Example Telecom Co., Ltd. | KR | irt@nir.example |  | MNT-KRNIC-AP | ALLOCATED PORTABLE | apnic",
        ),
        (
            reply!("afrinic"),
            "2001:db8:4abc::1",
            "2001:db8:4000::/36 | EXAMPLE-V6 | University of Example | ZA | csirt@university.example |  | AFRINIC-HM-MNT | ALLOCATED-BY-RIR | afrinic",
        ),
        (
            &reply!("lacnic").replace('\n', "\r\r\n"),
            "198.19.255.1",
            "198.18.0.0/15 | - | Ejemplo Cable, S.A. de C.V. | MX | abuso@ejemplo.example |  |  | reallocated | lacnic",
        ),
        (
            reply!("registrobr"),
            "203.0.113.7",
            "203.0.112.0/22 | - | São Exemplo Telecomunicações Ltda | BR | abuso@exemplo.example | 64511 |  | - | registrobr",
        ),
        (
            reply!("jpnic"),
            "192.0.2.7",
            "192.0.2.0/25 | EXAMPLE-JP | Example University | JP | abuse@univ.example |  |  | - | jpnic",
        ),
        (
            reply!("krnic"),
            "203.0.113.50",
            "203.0.113.48/29 | - | Example Shop | KR | customer@telecom.example |  |  | CUSTOMER | krnic",
        ),
        (
            reply!("krnic"),
            "203.0.119.1",
            "203.0.112.0/21 | EXAMPLENET | Example Telecom | KR | ip@telecom.example |  |  | - | krnic",
        ),
        (
            reply!("krnic-old"),
            "203.0.113.50",
            "203.0.113.0/24 | EXAMPLENET-OLD | Example School | KR | abuse@school.example |  |  | - | krnic",
        ),
        (
            reply!("twnic"),
            "198.51.100.9",
            "198.51.100.0/24 | EXAMPLE-NET | Example Telecom Co., Ltd. | TW | network-adm@telecom.example network-tech@telecom.example |  |  | - | twnic",
        ),
        (
            reply!("rwhois"),
            "198.51.100.18",
            "198.51.100.16/29 | EXH-CUST-7 | Example Customer | CA | abuse@hosting.example |  |  | - | rwhois",
        ),
        (
            reply!("rwhois"),
            "198.51.100.1",
            "198.51.100.0/24 | EXH-198-51-100-0 | Example Hosting LLC | US |  |  |  | - | rwhois",
        ),
    ] {
        assert_eq!(told(&record(text, address)), expected);
    }
}

#[test]
fn jpnic_with_and_without_letters_in_japanese() {
    for (text, expected) in [
        (
            "Network Information: [ネットワーク情報]\na. [IPネットワークアドレス]     192.0.2.0\nb. [ネットワーク名]             EXAMPLE-JP\nf. [組織名]                     例大学\ng. [Organization]               Example University\n",
            "192.0.2.0/24 | EXAMPLE-JP | Example University | JP |  |  |  | - | jpnic",
        ),
        (
            "[IPネットワークアドレス]        2001:0db8::/32\n[ネットワーク名]\n[組織名]                        例大学\n[Abuse]                         abuse@univ.example\n",
            "2001:db8::/32 | - | 例大学 | JP | abuse@univ.example |  |  | - | jpnic",
        ),
    ] {
        let address = if text.contains("2001") { "2001:db8::1" } else { "192.0.2.1" };
        assert_eq!(told(&record(text, address)), expected);
    }
}

#[test]
fn a_capture_that_lost_its_blank_lines_is_read_all_the_same() {
    let squeezed: String =
        reply!("ripe").lines().filter(|line| !line.is_empty()).flat_map(|line| [line, "\n"]).collect();
    let record = record(&squeezed, "203.0.113.7");
    assert_eq!(
        (record.org.as_deref(), record.asn.as_slice()),
        (Some("Contoso GmbH"), [64500, 65546].as_slice())
    );
    assert_eq!(
        record.descr,
        ["Contoso customers", "in the north", "access denied without a permit; no entries found"]
    );
}

#[test]
fn without_an_address_the_smallest_network_is_meant() {
    let WhoisReply::Record(record, _) = classify(reply!("arin"), Registry::Arin, None, Provenance::Network)
    else {
        panic!("no record");
    };
    assert_eq!(record.name.as_deref(), Some("EXAMPLE-SHOES"));
}

#[test]
fn only_the_registrys_own_word_makes_a_leaf() {
    let leaf = |registry, status: &str, network: &str| {
        let network = range::range(network).unwrap();
        is_leaf(&Record { status: Some(status.to_owned()), ..Record::bare(network, registry) })
    };
    for (registry, status, network, expected) in [
        (Registry::Ripe, "ASSIGNED PA", "192.0.2.0/24", true),
        (Registry::Ripe, "ASSIGNED PI", "192.0.2.0/24", true),
        (Registry::Ripe, "Assigned", "2001:db8::/48", true),
        (Registry::Ripe, "ASSIGNED", "192.0.2.0/24", false),
        (Registry::Ripe, "ASSIGNED ANYCAST", "192.0.2.0/24", false),
        (Registry::Ripe, "SUB-ALLOCATED PA", "192.0.2.0/24", false),
        (Registry::Afrinic, "ASSIGNED PI", "192.0.2.0/24", true),
        (Registry::Afrinic, "ALLOCATED PA", "192.0.2.0/24", false),
        (Registry::Apnic, "ASSIGNED NON-PORTABLE", "192.0.2.0/24", true),
        (Registry::Apnic, "ALLOCATED PORTABLE", "192.0.2.0/24", false),
        (Registry::Arin, "Reassigned", "192.0.2.0/24", true),
        (Registry::Arin, "Direct Assignment", "192.0.2.0/24", true),
        (Registry::Arin, "Reallocated", "192.0.2.0/24", false),
        (Registry::Arin, "Direct Allocation", "192.0.2.0/24", false),
        (Registry::Lacnic, "assigned", "192.0.2.0/24", true),
        (Registry::Lacnic, "reassigned", "192.0.2.0/24", true),
        (Registry::Lacnic, "reallocated", "192.0.2.0/24", false),
        (Registry::Krnic, "ASSIGNED", "192.0.2.0/24", false),
        (Registry::Rwhois, "Reassigned", "192.0.2.0/24", false),
    ] {
        assert_eq!(leaf(registry, status, network), expected, "{registry} {status}");
    }
    assert!(!is_leaf(&Record::bare(range::range("192.0.2.0/24").unwrap(), Registry::Ripe)));
}

#[test]
fn a_country_is_a_code_and_nothing_behind_it() {
    for (value, code) in [
        ("NL # BE GB", Some("NL")),
        ("de", Some("DE")),
        ("GB, IE", Some("GB")),
        ("Germany", None),
        ("", None),
    ] {
        assert_eq!(country(value).as_deref(), code, "{value}");
    }
}

#[test]
fn operators_spell_as_they_like() {
    for (fields, expected) in [
        ("network:OrgName:Example\nnetwork:NetName:EX\nnetwork:CountryCode:us\n", "EX | Example | US | "),
        (
            "network:ORG_NAME;I:Example\nnetwork:ID:EX-1\nnetwork:Country:United States\n",
            "EX-1 | Example | US | ",
        ),
        (
            "network:Cust-Name:Customer\nnetwork:Organization:Carrier\nnetwork:AbuseEmail:a@x.example\n",
            "- | Customer | - | a@x.example",
        ),
        (
            "network:Organization;I:ORG-1\n\norganization:ID:ORG-1\norganization:Org-Name:Example\norganization:Country:USA\n",
            "- | Example | US | ",
        ),
        // Objects that the network does not refer to: with its own ID, or the only one beside the only network.
        (
            "network:ID:EX-1\nnetwork:Organization:4711\n\norganization:ID:EX-1\norganization:Org-Name:Example\n",
            "EX-1 | Example | - | ",
        ),
        (
            "network:ID:EX-1\n\norganization:ID:2\norganization:Org-Name:Example\norganization:Country:USA\n",
            "EX-1 | Example | US | ",
        ),
        (
            "network:ID:EX-1\n\norganization:ID:2\norganization:Name:Example\n\norganization:ID:3\norganization:Org-Name:Other\n\norganization:ID:4\norganization:Org-Name:Third\n",
            "EX-1 | - | - | ",
        ),
        (
            "network:ID:EX-1\nnetwork:Organization;I:4711\n\norganization:ID:4711\norganization:Org-Name:Example\n\norganization:ID:EX-1\norganization:Org-Name:Other\n",
            "EX-1 | Example | - | ",
        ),
        (
            "network:ID:EX-1\n\norganization:ID:ex-1\norganization:Org-Name:Example\norganization:Abuse-Email:a@x.example\n\norganization:ID:EX-2\norganization:Org-Name:Other\n",
            "EX-1 | Example | - | a@x.example",
        ),
        ("network:Network:192.0.2.0/24\nnetwork:Assigned-To:Example\n", "- | Example | - | "),
        ("network:Org-Name:Example\n\ncontact:Abuse-Email:a@x.example\n", "- | Example | - | a@x.example"),
    ] {
        let text = format!("network:IP-Network:192.0.2.0/24\n{fields}");
        let told = told(&record(&text, "192.0.2.1"));
        let fields: Vec<&str> = told.split(" | ").skip(1).take(4).collect();
        assert_eq!(fields.join(" | "), expected, "{text}");
    }
}

#[test]
fn operators_name_their_networks_as_they_like() {
    for (line, expected) in [
        ("network:NetRange:192.0.2.48 - 192.0.2.63", "192.0.2.48/28"),
        ("network:IPv6-Network:2001:db8::/48", "2001:db8::/48"),
        ("network:Network:192.0.2.48/28", "192.0.2.48/28"),
        ("network:IP-Network:192.0.2.48/255.255.255.240", "192.0.2.48/28"),
        ("network:Parent-Network:192.0.0.0/16\nnetwork:IP-Block:192.0.2.48/28", "192.0.2.48/28"),
        ("network:IP-Network:192.0.2.48/28\nnetwork:Customer-Block:192.0.2.48/29", "192.0.2.48/28"),
    ] {
        let text = format!("%rwhois V-1.5\nnetwork:ID:1\n{line}\nnetwork:Org-Name:Example\n%ok\n");
        let address = if line.contains("db8") { "2001:db8::1" } else { "192.0.2.49" };
        assert_eq!(record(&text, address).network.to_string(), expected, "{line}");
    }
    for line in
        ["network:Street-Address:12-14", "network:Name-Server:192.0.2.1", "network:Address:1.5/7 Example Rd"]
    {
        let text = format!("%rwhois V-1.5\nnetwork:ID:1\n{line}\nnetwork:Org-Name:Example\n%ok\n");
        let reply = classify(&text, Registry::Rwhois, None, Provenance::Network);
        assert!(!matches!(reply, WhoisReply::Record(..)), "{line}");
    }
}

#[test]
fn systems_and_maintainers_after_many_others_match() {
    let route = |asn: u32| format!("route: 192.0.2.0/24\norigin: AS{asn}\nsource: RIPE\n\n");
    let routes: String = (1..500).chain([64500]).map(route).collect();
    let maintainers: String = (1..500).map(|n| format!("mnt-by: M{n}-MNT\n")).collect();
    let text = format!(
        "inetnum: 192.0.2.0 - 192.0.2.255\nnetname: EXAMPLE\n{maintainers}mnt-by: EXAMPLE-MNT\nsource: RIPE\n\n{routes}"
    );
    let record = record(&text, "192.0.2.1");
    assert_eq!((record.asn.len(), record.asn.last()), (500, Some(&64500)));
    assert_eq!(record.maintainer.last().map(String::as_str), Some("EXAMPLE-MNT"));
}

#[test]
fn a_range_over_two_lines() {
    let text = "% Abuse contact for '192.0.2.32 - 192.0.2.47' is 'abuse@contoso.example'\n\ninetnum:        192.0.2.32 -\n                192.0.2.47\nnetname:        CONTOSO\n\
                descr:          17, Example Tower\ndescr:          Contoso\nsource:         APNIC\n";
    let expected = "192.0.2.32/28 | CONTOSO | Contoso | - | abuse@contoso.example |  |  | - | apnic";
    assert_eq!(told(&record(text, "192.0.2.33")), expected);
}

/// The holder of a network that names no organisation, by its own lines and the objects beside it.
#[test]
fn the_owner_of_a_network_without_an_organisation() {
    let owner = |descr: &str, beside: &str| {
        let text = format!(
            "inetnum:        192.0.2.0 - 192.0.2.255\nnetname:        CONTOSO-NET\n{descr}admin-c:        EX1-RIPE\n\
             source:         RIPE\n\n{beside}"
        );
        let record = record(&text, "192.0.2.1");
        [record.org.as_deref().unwrap_or("-")]
            .into_iter()
            .chain(record.other_orgs.iter().map(String::as_str))
            .collect::<Vec<_>>()
            .join(" | ")
    };
    let note = "descr:          ex-netname: CTC-DSLAM-2\ndescr:          Contoso OJSC, Northern Branch\n";
    assert_eq!(owner(note, ""), "Contoso OJSC, Northern Branch");
    let usage = "descr:          Dynamic IP Pool for Broadband Customers\n";
    assert_eq!(owner(usage, ""), "Dynamic IP Pool for Broadband Customers");
    let route =
        "route:          192.0.2.0/24\ndescr:          Contoso AG, Springfield\norigin:         AS64500\n";
    let both = "Contoso AG, Springfield";
    assert_eq!(owner(usage, route), both);
    let role =
        "role:           Contoso Telecom NOC\naddress:        Contoso S.A.\nnic-hdl:        EX1-RIPE\n";
    assert_eq!(owner(usage, role), "Contoso S.A. | Contoso Telecom NOC");
    assert_eq!(owner("descr:          Fabrikam\n", role), "Fabrikam");
    let organisation =
        "org:            ORG-EX1-RIPE\ndescr:          Fabrikam Ltd.\ndescr:          customers\n";
    let object = "organisation:   ORG-EX1-RIPE\norg-name:       Contoso GmbH\n";
    assert_eq!(owner(organisation, object), "Contoso GmbH | Fabrikam Ltd.");
}
