//! Addresses for complaints in records that do not name one in the usual field.

use crate::whois::reply::{Provenance, WhoisReply, classify, detect};

fn abuse(text: &str) -> String {
    match classify(text, detect(text), None, Provenance::Saved) {
        WhoisReply::Record(record, _) => record.abuse.join(" "),
        other => panic!("{text}: {}", other.explain()),
    }
}

#[test]
fn arins_other_contacts_of_that_name() {
    for (fields, expected) in [
        ("OrgTechEmail:  abuse@example.net\n", "abuse@example.net"),
        ("RTechEmail:  Abuse-Desk@example.net\n", "abuse-desk@example.net"),
        ("OrgTechEmail:  noc@example.net\n", ""),
        ("OrgTechEmail:  abuse@example.net\nOrgAbuseEmail:  desk@example.net\n", "desk@example.net"),
        ("Comment:  security incidents: cert@example.net\n", "cert@example.net"),
    ] {
        assert_eq!(abuse(&format!("NetRange:  192.0.2.0 - 192.0.2.255\n{fields}")), expected, "{fields}");
    }
}

#[test]
fn a_role_that_is_called_so() {
    for (role, expected) in [
        ("role:  Example Abuse Team\ne-mail:  reports@example.net\n", "reports@example.net"),
        ("person:  Spam Desk\ne-mail:  reports@example.net\n", "reports@example.net"),
        ("role:  Example NOC\ne-mail:  noc@example.net\n", ""),
        (
            "role:  Example Abuse Team\ne-mail:  reports@example.net\nabuse-mailbox:  desk@example.net\n",
            "desk@example.net",
        ),
    ] {
        let text = format!(
            "inetnum:  192.0.2.0/24\nadmin-c:  EX1-RIPE\nsource:  RIPE\n\n{role}nic-hdl:  EX1-RIPE\n"
        );
        assert_eq!(abuse(&text), expected, "{role}");
    }
}

#[test]
fn prose_about_attacks_comes_last() {
    let text = "inetnum:  192.0.2.0/24\nremarks:  Network security issues: cert@example.net\nsource:  RIPE\n";
    assert_eq!(abuse(text), "cert@example.net");
    let text = format!("{text}\nirt:  IRT-EXAMPLE\ne-mail:  irt@example.net\n");
    assert_eq!(abuse(&text), "irt@example.net");
}

#[test]
fn lacnics_contacts_that_lost_the_blank_lines_between_them() {
    let text = "inetnum:  192.0.2.0/24\nowner:  Ejemplo\nabuse-c:  AB1\nnic-hdl:  EX1\ne-mail:  noc@example.net\n\
                nic-hdl:  AB1\ne-mail:  desk@example.net\n";
    assert_eq!(abuse(text), "desk@example.net");
    let br = text.replace("nic-hdl", "nic-hdl-br");
    assert_eq!(abuse(&br), "desk@example.net");
}

#[test]
fn words_are_better_than_an_address_that_only_looks_like_it() {
    let text = "inetnum:  192.0.2.0/24\nadmin-c:  EX1-RIPE\nsource:  RIPE\n\nrole:  Example NOC\ne-mail:  anti-spam@example.net\n\
                nic-hdl:  EX1-RIPE\n";
    assert_eq!(abuse(text), "anti-spam@example.net");
    for said in [
        "remarks:  Send abuse reports to desk@example.net\n",
        "remarks:  Abuse: desk@example.net\n",
        "remarks:  ABUSE REPORTS: DESK@EXAMPLE.NET\n",
        "remarks:  For spam and abuse write to <desk@example.net>, please\n",
        "remarks:  In case of abuse contact:\nremarks:  desk@example.net\n",
        "\nroute:  192.0.2.0/24\nremarks:  abuse: desk@example.net\norigin:  AS64500\n",
        "\nroute:  192.0.2.0/24\ndescr:  Example\ndescr:  Abuse reports to:\ndescr:  desk@example.net\norigin:  AS64500\n",
    ] {
        assert_eq!(abuse(&format!("{text}{said}")), "desk@example.net anti-spam@example.net", "{said}");
    }
}
