use super::*;
use crate::{
    registry::{Record, is_leaf},
    whois::reply::{Provenance, WhoisReply, classify},
};
use serde_json::{Value, json};

fn text(answer: &Value, registry: Registry, address: &str) -> String {
    written(answer.to_string().as_bytes(), registry, address.parse().unwrap()).unwrap().0
}

/// The record that the parser reads from it.
fn record(answer: &Value, registry: Registry, address: &str) -> Record {
    let text = text(answer, registry, address);
    match classify(&text, registry, Some(address.parse().unwrap()), Provenance::Rdap) {
        WhoisReply::Record(record, _) => *record,
        other => panic!("{other:?}\n{text}"),
    }
}

fn card(name: &str, kind: &str, more: &[Value]) -> Value {
    let mut properties = vec![json!(["version", {}, "text", "4.0"]), json!(["fn", {}, "text", name])];
    if !kind.is_empty() {
        properties.push(json!(["kind", {}, "text", kind]));
    }
    properties.extend_from_slice(more);
    json!(["vcard", properties])
}

fn mail(address: &str) -> Value {
    json!(["email", {}, "text", address])
}

fn entity(handle: &str, roles: &[&str], card: Value) -> Value {
    json!({ "objectClassName": "entity", "handle": handle, "roles": roles, "vcardArray": card })
}

fn ripe() -> Value {
    json!({
        "objectClassName": "ip network",
        "handle": "193.0.22.0 - 193.0.23.255",
        "startAddress": "193.0.22.0",
        "endAddress": "193.0.23.255",
        "ipVersion": "v4",
        "name": "CONTOSO-NET",
        "type": "ASSIGNED PA",
        "country": "DE",
        "parentHandle": "0.0.0.0 - 255.255.255.255",
        "cidr0_cidrs": [{ "v4prefix": "193.0.22.0", "length": 23 }],
        "status": ["active"],
        "entities": [
            entity("CONTOSO-MNT", &["registrant"], card("CONTOSO-MNT", "individual", &[])),
            entity("ORG-CG1-RIPE", &["registrant"], card("Contoso GmbH", "org", &[
                json!(["adr", { "label": "Hauptstrasse 1\nBerlin\nGERMANY" }, "text", ["", "", "", "", "", "", ""]]),
                json!(["tel", { "type": "voice" }, "text", "+49 30 5550100"]),
            ])),
            entity("EP1-RIPE", &["administrative", "technical"], card("Erika Example", "individual", &[
                mail("erika@contoso.example"),
                json!(["tel", { "type": "voice" }, "text", "+49 30 5550101"]),
            ])),
            json!({
                "objectClassName": "entity", "handle": "AR1-RIPE", "roles": ["abuse"],
                "vcardArray": card("Contoso Abuse", "group", &[mail("abuse@contoso.example")]),
                "entities": [entity("OTHER-MNT", &["registrant"], card("OTHER-MNT", "individual", &[]))],
            }),
        ],
        "remarks": [{ "description": ["Contoso hosting", "Frankfurt"] }],
        "notices": [{ "title": "Terms and Conditions", "description": ["This is the RIPE Database query service."] }],
        "links": [{ "rel": "self", "href": "https://rdap.db.ripe.net/ip/193.0.22.9" }],
        "port43": "whois.ripe.net",
    })
}

#[test]
fn ripes_answer() {
    let expected = "\
inetnum:        193.0.22.0 - 193.0.23.255
netname:        CONTOSO-NET
descr:          Contoso hosting
descr:          Frankfurt
org-name:       Contoso GmbH
country:        DE
status:         ASSIGNED PA
mnt-by:         CONTOSO-MNT
abuse-mailbox:  abuse@contoso.example
source:         RIPE
";
    assert_eq!(text(&ripe(), Registry::Ripe, "193.0.22.9"), expected);
    let record = record(&ripe(), Registry::Ripe, "193.0.22.9");
    assert_eq!(record.network.to_string(), "193.0.22.0/23");
    assert_eq!(record.org.as_deref(), Some("Contoso GmbH"));
    assert_eq!(record.country.as_deref(), Some("DE"));
    assert_eq!(record.abuse, ["abuse@contoso.example"]);
    assert_eq!(record.maintainer, ["CONTOSO-MNT"]);
    assert_eq!(record.registry, Registry::Ripe);
    assert!(is_leaf(&record));
}

#[test]
fn persons_are_dropped_but_for_the_mailbox_of_an_abuse_contact() {
    let mut answer = ripe();
    let person = card(
        "Erika Example",
        "individual",
        &[mail("erika@contoso.example"), json!(["tel", {}, "text", "5550101"])],
    );
    answer["entities"] = json!([
        entity("EP1-RIPE", &["registrant", "technical"], person.clone()),
        entity("EP2-RIPE", &["abuse"], person),
        entity("ORG-1", &["technical"], card("Contoso NOC", "org", &[mail("noc@contoso.example")])),
    ]);
    let text = text(&answer, Registry::Ripe, "193.0.22.9");
    assert!(!text.contains("Erika") && !text.contains("555") && !text.contains("noc@"), "{text}");
    assert!(text.contains("abuse-mailbox:  erika@contoso.example\n"), "{text}");
    assert!(!text.contains("org-name"), "{text}");
}

/// ARIN names the country at the end of an address, and has the abuse contact inside the organisation and the AS in an
/// extension.
#[test]
fn arins_answer() {
    let answer = json!({
        "rdapConformance": ["nro_rdap_profile_0", "rdap_level_0", "cidr0", "arin_originas0"],
        "objectClassName": "ip network",
        "handle": "NET-8-20-16-0-1",
        "startAddress": "8.20.16.0",
        "endAddress": "8.20.31.255",
        "ipVersion": "v4",
        "name": "FABRIKAM-CLOUD",
        "type": "REASSIGNMENT",
        "parentHandle": "NET-8-0-0-0-1",
        "remarks": [{ "title": "Registration Comments", "description": ["Report abuse\r\nto our desk", ""] }],
        "entities": [{
            "objectClassName": "entity", "handle": "FABRI-1", "roles": ["registrant"],
            "vcardArray": card("Fabrikam, Inc.", "org", &[
                json!(["adr", { "label": "1 Main Street\nSpringfield\nOR\n97477\nUnited States" }, "text", ["", "", "", "", "", "", ""]]),
            ]),
            "entities": [
                entity("ABUSE1-ARIN", &["abuse"], card("Abuse", "group", &[mail("abuse@fabrikam.example"), mail("abuse2@fabrikam.example")])),
                entity("JD1-ARIN", &["technical"], card("John Doe", "individual", &[mail("john@fabrikam.example")])),
            ],
        }],
        "arin_originas0_originautnums": [64500, 64501, 0, "x"],
        "port43": "whois.arin.net",
        "status": ["active"],
    });
    let expected = "\
inetnum:        8.20.16.0 - 8.20.31.255
netname:        FABRIKAM-CLOUD
org-name:       Fabrikam, Inc.
country:        US
status:         Reassigned
aut-num:        AS64500
aut-num:        AS64501
abuse-mailbox:  abuse@fabrikam.example
abuse-mailbox:  abuse2@fabrikam.example
remarks:        Report abuse
remarks:        to our desk
source:         ARIN
";
    assert_eq!(text(&answer, Registry::Arin, "8.20.16.44"), expected);
    let record = record(&answer, Registry::Arin, "8.20.16.44");
    assert_eq!(record.asn, [64500, 64501]);
    assert_eq!(record.abuse, ["abuse@fabrikam.example", "abuse2@fabrikam.example"]);
    assert_eq!(record.registry, Registry::Arin);
}

/// APNIC's incident response team is the abuse contact, and its titles tell descriptions from remarks.
#[test]
fn apnics_answer() {
    let answer = json!({
        "objectClassName": "ip network",
        "handle": "2001:df0:100::/48",
        "startAddress": "2001:df0:100::",
        "endAddress": "2001:df0:100:ffff:ffff:ffff:ffff:ffff",
        "ipVersion": "v6",
        "name": "CONTOSO-AU",
        "type": "ASSIGNED PORTABLE",
        "country": "au",
        "entities": [
            entity("IRT-CONTOSO-AU", &["abuse"], card("IRT-CONTOSO-AU", "group", &[
                mail("abuse@contoso.example"),
                json!(["email", { "pref": "1" }, "text", "abuse@contoso.example"]),
            ])),
            entity("MAINT-CONTOSO-AU", &["registrant"], card("MAINT-CONTOSO-AU", "individual", &[])),
            entity("ORG-CPL1-AP", &["registrant"], card("Contoso Pty Ltd", "org", &[])),
        ],
        "remarks": [
            { "title": "description", "description": ["Contoso Pty Ltd", "hosting"] },
            { "title": "remarks", "description": ["--- send abuse reports to abuse@contoso.example ---"] },
        ],
        "port43": "whois.apnic.net",
    });
    let expected = "\
inet6num:       2001:df0:100::/48
netname:        CONTOSO-AU
descr:          Contoso Pty Ltd
descr:          hosting
org-name:       Contoso Pty Ltd
country:        AU
status:         ASSIGNED PORTABLE
mnt-by:         MAINT-CONTOSO-AU
abuse-mailbox:  abuse@contoso.example
remarks:        --- send abuse reports to abuse@contoso.example ---
source:         APNIC
";
    assert_eq!(text(&answer, Registry::Apnic, "2001:df0:100::1"), expected);
    assert!(is_leaf(&record(&answer, Registry::Apnic, "2001:df0:100::1")));
}

/// LACNIC's networks have no name, its holders no kind, and its AS numbers are in an extension of its own.
#[test]
fn lacnics_answer() {
    let answer = json!({
        "objectClassName": "ip network",
        "handle": "200.3.12.0/22",
        "startAddress": "200.3.12.0",
        "endAddress": "200.3.15.255",
        "ipVersion": "v4",
        "type": "allocated",
        "country": "UY",
        "entities": [
            entity("UY-CONT-LACNIC", &["registrant"], card("Contoso do Sul S.A. — São João", "", &[])),
            entity("ABC", &["abuse", "technical"], card("Juan Example", "individual", &[mail("abuse@contoso.example")])),
        ],
        "lacnic_originAutnum": ["AS64502"],
        "lacnic_legalRepresentative": "Maria Example",
        "nicbr_autnum": 64503,
        "port43": "whois.lacnic.net",
    });
    let expected = "\
inetnum:        200.3.12.0 - 200.3.15.255
org-name:       Contoso do Sul S.A. — São João
country:        UY
status:         allocated
aut-num:        AS64502
aut-num:        AS64503
abuse-mailbox:  abuse@contoso.example
source:         LACNIC
";
    assert_eq!(text(&answer, Registry::Lacnic, "200.3.13.1"), expected);
    assert_eq!(record(&answer, Registry::Lacnic, "200.3.13.1").asn, [64502, 64503]);
}

#[test]
fn afrinics_answer() {
    let answer = json!({
        "objectClassName": "ip network",
        "handle": "41.77.0.0 - 41.77.7.255",
        "cidr0_cidrs": [{ "v4prefix": "41.77.4.0", "length": 22 }, { "v4prefix": "41.77.0.0", "length": 22 }],
        "ipVersion": "v4",
        "name": "CONTOSO-ZA",
        "type": "ALLOCATED PA",
        "country": "ZA",
        "entities": [
            entity("ORG-CZ1-AFRINIC", &["registrant"], card("Contoso ZA (Pty) Ltd", "org", &[])),
            entity("AFRINIC-HM-MNT", &["registrant"], card("AFRINIC-HM-MNT", "", &[])),
        ],
        "port43": "whois.afrinic.net",
    });
    let record = record(&answer, Registry::Afrinic, "41.77.3.1");
    assert_eq!(record.network.to_string(), "41.77.0.0/21");
    assert_eq!(record.org.as_deref(), Some("Contoso ZA (Pty) Ltd"));
    assert_eq!(record.maintainer, ["AFRINIC-HM-MNT"]);
    assert!(!is_leaf(&record));
}

/// The registry of an answer, if a redirect led to a host that is in no table.
#[test]
fn an_unknown_host_is_known_by_the_whois_server_that_it_names() {
    let written = |port43: &str| {
        let mut answer = ripe();
        answer["port43"] = json!(port43);
        written(answer.to_string().as_bytes(), Registry::Other, "193.0.22.9".parse().unwrap()).unwrap().1
    };
    assert_eq!(written("WHOIS.nic.ad.jp"), Registry::Jpnic);
    assert_eq!(written("whois.example.net"), Registry::Other);
}

/// Each value is untrusted, and each tries to add a line or an attribute.
#[test]
fn no_value_breaks_out_of_its_line() {
    let evil = "x\r\n\norg-name: Evil\u{2028}inetnum: 0.0.0.0 - 255.255.255.255\u{85}\u{b}%ERROR:201: access denied\n% x\u{1b}[2J";
    let answer = json!({
        "objectClassName": "ip network",
        "startAddress": "193.0.22.0",
        "endAddress": "193.0.23.255",
        "name": evil,
        "type": evil,
        "country": evil,
        "port43": evil,
        "entities": [
            entity(evil, &["registrant"], card(evil, "org", &[mail(evil)])),
            entity(&format!("MNT-{evil}"), &["registrant", "abuse"], card(&format!("MNT-{evil}"), "org", &[mail(evil)])),
        ],
        "remarks": [{ "description": [evil] }, { "title": evil, "description": [evil] }],
        "lacnic_originAutnum": [evil],
    });
    let text = text(&answer, Registry::Ripe, "193.0.22.9");
    let keys =
        ["inetnum", "netname", "descr", "org-name", "status", "mnt-by", "abuse-mailbox", "remarks", "source"];
    for line in text.lines() {
        let (key, _) = line.split_once(':').unwrap_or_else(|| panic!("no attribute: {line:?}"));
        assert!(keys.contains(&key), "{line:?}");
        assert!(!line.contains(char::is_control), "{line:?}");
    }
    assert_eq!(text.lines().filter(|line| line.starts_with("inetnum:")).count(), 1);
    let record = record(&answer, Registry::Ripe, "193.0.22.9");
    assert_eq!(record.network.to_string(), "193.0.22.0/23");
}

#[test]
fn what_describes_no_network_around_the_address_is_refused() {
    let address = "193.0.22.9".parse().unwrap();
    let refused = |bytes: &[u8]| written(bytes, Registry::Ripe, address).unwrap_err();
    assert_eq!(refused(b"<html>"), "its answer is no JSON");
    assert_eq!(refused(b""), "its answer is no JSON");
    assert_eq!(refused(&[b'['; 100_000]), "its answer is no JSON");
    assert_eq!(refused(b"[]"), "its answer describes no network");
    assert_eq!(refused(br#"{"errorCode": 404}"#), "its answer describes no network");
    assert_eq!(refused(br#"{"objectClassName": "autnum"}"#), "its answer describes no network");
    for member in [
        json!({}),
        json!({ "startAddress": "193.0.22.0" }),
        json!({ "startAddress": "193.0.23.0", "endAddress": "193.0.22.0" }),
        json!({ "startAddress": "193.0.22.0", "endAddress": "2001:db8::" }),
        json!({ "cidr0_cidrs": [{ "v4prefix": "193.0.22.0", "length": 33 }] }),
        // Two blocks with a gap between them: the gap belongs to another holder.
        json!({ "cidr0_cidrs": [{ "v4prefix": "193.0.20.0", "length": 24 }, { "v4prefix": "193.0.24.0", "length": 24 }] }),
        json!({ "cidr0_cidrs": "193.0.22.0/24" }),
    ] {
        let mut answer = member;
        answer["objectClassName"] = json!("ip network");
        assert_eq!(
            refused(answer.to_string().as_bytes()),
            "its answer names no range of addresses",
            "{answer}"
        );
    }
    let elsewhere =
        json!({ "objectClassName": "ip network", "startAddress": "193.0.0.0", "endAddress": "193.0.7.255" });
    assert_eq!(
        refused(elsewhere.to_string().as_bytes()),
        "its answer describes 193.0.0.0/21, which does not hold 193.0.22.9"
    );
}

/// The root of the address space is nobody's network, over RDAP too.
#[test]
fn a_placeholder_stays_one() {
    let answer = json!({ "objectClassName": "ip network", "startAddress": "0.0.0.0", "endAddress": "255.255.255.255", "name": "IANA-BLK" });
    let text = text(&answer, Registry::Afrinic, "41.0.0.1");
    let reply = classify(&text, Registry::Afrinic, Some("41.0.0.1".parse().unwrap()), Provenance::Rdap);
    assert!(matches!(reply, WhoisReply::Placeholder { .. }), "{reply:?}");
}

/// However much a server sends, little is kept.
#[test]
fn a_holder_behind_others_is_read() {
    let mut answer = ripe();
    let contact = |n: u32| entity(&format!("P{n}"), &["abuse"], card("Somebody", "individual", &[]));
    let mut entities: Vec<Value> = (0..300).map(contact).collect();
    entities.push(entity("FAB", &["registrant"], card("Fabrikam", "org", &[])));
    entities.extend(answer["entities"].as_array().unwrap().clone());
    answer["entities"] = json!(entities);
    let record = record(&answer, Registry::Ripe, "193.0.22.9");
    assert_eq!(
        (record.org.as_deref(), &record.other_orgs[..]),
        (Some("Fabrikam"), &["Contoso GmbH".to_owned()][..])
    );
    assert_eq!(record.maintainer, ["CONTOSO-MNT"]);
}

#[test]
fn a_held_network_is_no_placeholder_whatever_its_holder_calls_it() {
    let mut answer = ripe();
    answer["name"] = json!("IANA-BLK");
    answer["type"] = json!("ALLOCATED PA");
    answer["remarks"] = json!([{ "description": ["Transferred to the ARIN region"] }]);
    let entities = answer["entities"].as_array().unwrap()[1..].to_vec();
    answer["entities"] = json!(entities);
    assert_eq!(record(&answer, Registry::Ripe, "193.0.22.9").org.as_deref(), Some("Contoso GmbH"));
}

#[test]
fn endless_lists_are_cut() {
    let many: Vec<Value> = (0..5000)
        .map(|n| entity(&format!("MNT-{n}"), &["registrant"], card(&format!("MNT-{n}"), "", &[])))
        .collect();
    let lines: Vec<String> = (0..5000).map(|n| format!("line {n}")).collect();
    let mut nested =
        json!({ "roles": ["abuse"], "vcardArray": card("deep", "group", &[mail("deep@contoso.example")]) });
    for _ in 0..20 {
        nested = json!({ "entities": [nested] });
    }
    let mut answer = ripe();
    answer["entities"] = json!(many);
    answer["remarks"] = json!(vec![json!({ "title": "x", "description": lines }); 50]);
    assert!(text(&answer, Registry::Ripe, "193.0.22.9").lines().count() < 300);
    answer["entities"] = json!([nested]);
    assert!(!text(&answer, Registry::Ripe, "193.0.22.9").contains("deep@"));
}
