//! Texts that people saved over the years: answers of servers that are gone, and answers changed by clients and mail
//! programs.

use super::*;
use Provenance::{Network, Saved};

/// The class of a saved text, in a few words.
fn saved(text: &str, ip: &str) -> String {
    match classify(text, detect(text), ip.parse().ok(), Saved) {
        WhoisReply::Failure { kind, .. } => format!("failure {}", kind.as_str()),
        WhoisReply::Empty { kind, .. } => format!("empty {}", kind.as_str()),
        WhoisReply::Placeholder { .. } => "placeholder".to_owned(),
        WhoisReply::Record(record, _) => format!("{} {}", record.network, record.org.unwrap_or_default()),
    }
}

#[test]
fn a_head_of_before_the_closing_line_asks_for_none() {
    let object = "inetnum:  192.0.2.0 - 192.0.2.255\ndescr:  Example SA\n";
    let dated = "changed:  hostmaster@example.net 20010203\n";
    for (head, more, whole) in [
        ("% This is the RIPE Whois server.", "", true),
        ("% This is the RIPE Whois secondary server.", "", true),
        ("% This is the RIPE Database reference server.", "", true),
        ("% This is the RIPE Database query service.", dated, true),
        ("% This is the RIPE Database query service.", "", false),
        ("% This is the RIPE Database query service.", "changed:  hostmaster@example.net\n", false),
        (
            "% This is the RIPE Database query service.",
            "changed:  a@example.net 20010203\nlast-modified:  2014-01-01T00:00:00Z\n",
            false,
        ),
        ("% [whois.apnic.net]\n% How to use this server        http://www.apnic.net/db/", "", true),
        ("% [whois.apnic.net]", dated, false),
    ] {
        let text = format!("{head}\n\n{object}{more}source:  RIPE\n\n");
        let expected = if whole { "192.0.2.0/24 Example SA" } else { "failure incomplete" };
        assert_eq!(saved(&text, "192.0.2.1"), expected, "{text}");
        // No server that still answers begins so.
        let asked = classify(&text, detect(&text), None, Network);
        assert!(matches!(asked, WhoisReply::Failure { kind: UnknownKind::Incomplete, .. }), "{text}");
    }
}

#[test]
fn krnic_of_old_in_either_order_and_without_an_end() {
    let english = "# ENGLISH\n\nKRNIC is not an ISP\n\nIPv4 Address       : 192.0.2.0-192.0.2.255\n\
                   Network Name       : EXAMPLE-SCHOOL\n\n[ Organization Information ]\n\
                   Org Name           : Example School\n";
    let korean = "# KOREAN\n\nIPv4 주소          : 192.0.2.0-192.0.2.255\n네트워크 이름      : EXAMPLE\n\n\
                  [ 기관 정보 ]\n기관명             : 예시중학교\n";
    let named = "# KOREAN(UTF8)";
    for text in [
        format!("query: 192.0.2.1\n\n{english}\n{korean}"),
        format!("query: 192.0.2.1\n\n{korean}\n{english}"),
        format!("query : 192.0.2.1\n\n{english}\n{korean}\n- KISA/KRNIC Whois Service -\n")
            .replace("# KOREAN", named),
    ] {
        assert_eq!(saved(&text, "192.0.2.1"), "192.0.2.0/24 Example School", "{text}");
    }
    assert_eq!(saved(korean, "192.0.2.1"), "192.0.2.0/24 예시중학교");
    for head in [named, "query : 192.0.2.1\n\n# KOREAN(UTF8)"] {
        let text = format!("{}\n{english}", korean.replace("# KOREAN", head));
        assert_eq!(saved(&text, "192.0.2.1"), "failure incomplete", "{text}");
    }
    let asked = classify(&format!("{korean}\n{english}"), Registry::Krnic, None, Network);
    assert!(matches!(asked, WhoisReply::Failure { kind: UnknownKind::Incomplete, .. }));
}

/// The last server that was asked counts, even if it sent only a remark.
#[test]
fn a_last_answer_of_remarks_is_an_answer() {
    let iana = "% IANA WHOIS server\n\nrefer:  whois.example.net\n\ninetnum:  192.0.0.0 - 192.255.255.255\nsource:  IANA\n\n";
    for (host, answer, expected) in [
        (
            "lacnic.net",
            "% Joint Whois - whois.lacnic.net\n\n% Unallocated and unassigned in LACNIC block: 192.0/16\n",
            "empty not-found",
        ),
        (
            "ripe.net",
            "% This is the RIPE Database query service.\n\n%ERROR:101: no entries found\n%\n",
            "empty not-found",
        ),
        ("ripe.net", "% This is the RIPE Database query service.\n", "placeholder"),
    ] {
        let text = format!("{iana}# whois.{host}\n\n{answer}");
        assert_eq!(saved(&text, "192.0.2.1"), expected, "{text}");
    }
}

#[test]
fn a_national_registry_that_gives_no_answer_leaves_apnics() {
    let parent = "[Querying whois.apnic.net]\n% [whois.apnic.net]\n\ninetnum:  192.0.2.0 - 192.0.2.255\n\
                  descr:  Example Telecom\nsource:  APNIC\n\n% This query was served by the APNIC Whois Service\n\n";
    for (host, answer, expected) in [
        ("whois.krnic.net", "[Unable to connect to remote host]\n", "192.0.2.0/24 Example Telecom"),
        ("whois.nic.ad.jp", "No match!!\n", "192.0.2.0/24 Example Telecom"),
        ("whois.nic.ad.jp", "Query rate limit exceeded\n", "failure denied"),
        (
            "whois.krnic.net",
            "# KOREAN(UTF8)\n\nIPv4 Address : 192.0.2.0 - 192.0.2.15 (/28)\n",
            "failure incomplete",
        ),
        ("whois.ripe.net", "[Unable to connect to remote host]\n", "failure network"),
    ] {
        let text = format!("{parent}[Querying {host}]\n{answer}");
        assert_eq!(saved(&text, "192.0.2.1"), expected, "{text}");
    }
}

/// CNNIC, IDNIC, VNNIC and IRINN keep their networks in APNIC's database, and write objects as APNIC does.
#[test]
fn national_registries_below_apnic_in_files() {
    for (host, source, country) in [
        ("whois.cnnic.cn", "CNNIC", "CN"),
        ("ipwhois.cnnic.net.cn", "CNNIC", "CN"),
        ("whois.idnic.net", "IDNIC", "ID"),
        ("whois.vnnic.vn", "VNNIC", "VN"),
        ("whois.irinn.in", "IRINN", "IN"),
    ] {
        let object = format!(
            "inetnum:  192.0.2.0 - 192.0.2.255\nnetname:  EXAMPLE\ndescr:  Example Telecom\ncountry:  {country}\n\
             mnt-irt:  IRT-EX\nstatus:  ASSIGNED NON-PORTABLE\nsource:  {source}\n\nirt:  IRT-EX\n\
             abuse-mailbox:  abuse@example.net\nsource:  {source}\n"
        );
        for head in [String::new(), format!("[Querying {host}]\n[{host}]\n"), format!("# {host}\n\n")] {
            let text = format!("{head}{object}");
            match classify(&text, detect(&text), "192.0.2.1".parse().ok(), Saved) {
                WhoisReply::Record(record, _) => {
                    let said = (record.registry, record.org.as_deref(), record.country.as_deref());
                    assert_eq!(said, (Registry::Apnic, Some("Example Telecom"), Some(country)), "{text}");
                    assert_eq!(record.abuse, ["abuse@example.net"], "{text}");
                    assert!(crate::registry::is_leaf(&record), "{text}");
                }
                other => panic!("{text}: {}", other.explain()),
            }
        }
        let none = format!("[Querying {host}]\n[{host}]\n%ERROR:101: no entries found\n");
        assert_eq!(saved(&none, "192.0.2.1"), "empty not-found");
        let denied =
            format!("[Querying {host}]\n[{host}]\nYour access is too fast,please try again later.\n");
        assert_eq!(saved(&denied, "192.0.2.1"), "failure denied");
    }
}

/// AFRINIC asked with `-r` leaves out the objects that the network names. Our own query gets them.
#[test]
fn afrinic_without_the_organisation() {
    let text = "% This is the AfriNIC Whois server.\n\ninetnum:  192.0.2.0 - 192.0.2.255\ndescr:  Example\n\
                org:  ORG-EX1-AFRINIC\nadmin-c:  EX2-AFRINIC\nsource:  AFRINIC # Filtered\n";
    let route = "\nroute:  192.0.2.0/24\nsource:  AFRINIC # Filtered\n";
    let person = "\nperson:  Example\nnic-hdl:  EX2-AFRINIC\nsource:  AFRINIC # Filtered\n";
    for (more, file, asked) in
        [("", true, false), (route, true, true), (person, false, false), ("\nroute:  192.0\n", false, false)]
    {
        let text = format!("{text}{more}");
        let is_record = |provenance| {
            matches!(classify(&text, Registry::Afrinic, None, provenance), WhoisReply::Record(..))
        };
        assert_eq!((is_record(Saved), is_record(Network)), (file, asked), "{text}");
    }
}

#[test]
fn what_was_done_to_a_text_is_undone() {
    let ripe = "% This is the RIPE Database query service.\n\n% Information\n\ninetnum:  192.0.2.0 - 192.0.2.255\n\
                netname:  EXAMPLE\norg:  ORG-EX1-RIPE\nadmin-c:  EX1-RIPE\nsource:  RIPE\n\n\
                organisation:  ORG-EX1-RIPE\norg-name:  Example SA\nsource:  RIPE\n\n% This query was served by the X\n";
    let marked = |mark: &str| -> String {
        ripe.lines()
            .flat_map(|line| [if line.is_empty() { mark.trim_end() } else { mark }, line, "\n"])
            .collect()
    };
    let cut = |text: &str| text.split("% This query").next().unwrap().to_owned();
    for text in [
        ripe.replace('\n', "\r"),
        ripe.replace('\n', "\n\n"),
        ripe.replace('\n', "\r\n\r\n"),
        marked(" "),
        marked("\t"),
        marked("> "),
        marked(">> "),
        format!("On Monday somebody wrote:\n\n{}\nThat is all.\n", marked("> ")),
        format!("<html><body><pre>{ripe}</pre></body></html>\n"),
    ] {
        assert_eq!(saved(&text, "192.0.2.1"), "192.0.2.0/24 Example SA", "{text}");
    }
    for text in [cut(&marked("> ")), cut(&ripe.replace('\n', "\n\n"))] {
        assert_eq!(saved(&text, "192.0.2.1"), "failure incomplete", "{text}");
    }
    // Text from the network is taken as it is.
    let asked = classify(&marked(" "), Registry::Ripe, None, Network);
    assert!(matches!(asked, WhoisReply::Empty { kind: UnknownKind::Incomplete, .. }));
    let denied = format!("Access denied\n\n{}", marked("> "));
    assert_eq!(saved(&denied, "192.0.2.1"), "failure denied");
}

#[test]
fn a_quoted_record_may_look_like_a_list() {
    let text = "> NetRange:  192.0.2.0 - 192.0.2.255\n> Parent:  NET192 (NET-192-0-0-0-0)\n> OrgName:  Example Inc.\n";
    assert_eq!(saved(text, "192.0.2.1"), "192.0.2.0/24 Example Inc.");
}

/// A person who saves an answer may note the query above it.
#[test]
fn a_line_above_an_answer_is_not_the_answer() {
    let arin = "NetRange:  192.0.2.0 - 192.0.2.255\nNetName:  EXAMPLE\n\nOrgName:  Example Inc.\n";
    for above in [
        "IP Address: 192.0.2.7",
        "IP Address: 192.0.2.0/24",
        "Network: 192.0.2.0/24",
        "network: 2001:db8::/32",
    ] {
        let text = format!("{above}\n\n{arin}");
        assert_eq!(saved(&text, "192.0.2.7"), "192.0.2.0/24 Example Inc.", "{text}");
        assert_eq!(detect(&text), Registry::Arin, "{text}");
    }
    let list = "Example Inc. EXAMPLE (NET-192-0-2-0-1) 192.0.2.0 - 192.0.2.255\n";
    assert_eq!(saved(list, "192.0.2.7"), "192.0.2.0/24 Example Inc.");
    let full = "CustName:  Example Shop\n\nNetRange:  192.0.2.0 - 192.0.2.15\nNetName:  SHOP\n";
    assert_eq!(saved(&format!("{list}\n{full}"), "192.0.2.7"), "192.0.2.0/28 Example Shop");
    assert_eq!(
        saved(&arin.replace("NetRange:  192.0.2.0 - 192.0.2.255", "CIDR:  192.0.2.0/24"), "192.0.2.7"),
        "192.0.2.0/24 Example Inc."
    );
}
