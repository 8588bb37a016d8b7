//! RPSL values that continue on the next line (RFC 2622, section 2), and lines that do not end an object.

use super::*;
use crate::whois::reply::{Provenance, WhoisReply, classify};

const REST: &str = "netname: EXAMPLE-SHOP\ndescr: Example Shop\ncountry: IN\nstatus: ASSIGNED NON-PORTABLE\n\
    mnt-by: EXAMPLE-MNT\nsource: APNIC\n";

/// A registry's reply as it comes from the network: its head, these objects, its closing line.
fn replied(objects: &str) -> String {
    format!(
        "% [whois.apnic.net]\n\n% Information related to it\n\n{objects}\n\
         % This query was served by the APNIC Whois Service version 1.88 (WHOIS-EX1)\n"
    )
}

fn read(text: &str) -> WhoisReply {
    classify(text, Registry::Apnic, Some("203.0.113.9".parse().unwrap()), Provenance::Network)
}

fn record(text: &str) -> Record {
    match read(text) {
        WhoisReply::Record(record, _) => *record,
        other => panic!("{text}: {}", other.explain()),
    }
}

#[test]
fn a_range_that_goes_on_in_the_next_line_is_one_range() {
    for range in [
        "203.0.113.8 -\n                203.0.113.15",
        "203.0.113.8 -\n\t203.0.113.15",
        "203.0.113.8 -\n+ 203.0.113.15",
        "203.0.113.8\n+\n+ -\n+203.0.113.15",
        "\n  203.0.113.8 - 203.0.113.15",
        "203.0.113.8 - # the first\n  203.0.113.15 # the last",
        "203.0.113.8 -\n# a note in the middle\n  203.0.113.15",
        "203.0.113.8 -\n% a remark of the server\n  203.0.113.15",
        "203.0.113.8 -\n    \n  203.0.113.15",
        "203.0.113.8 -\r\n  203.0.113.15\r",
    ] {
        let text = replied(&format!("inetnum: {range}\n{REST}"));
        let record = record(&text);
        assert_eq!(record.network.to_string(), "203.0.113.8/29", "{range:?}");
        assert_eq!(
            (record.name.as_deref(), record.org.as_deref(), record.country.as_deref()),
            (Some("EXAMPLE-SHOP"), Some("Example Shop"), Some("IN")),
            "{range:?}"
        );
    }
}

#[test]
fn two_values_in_one_are_no_network() {
    for range in
        ["203.0.113.8/29\n  203.0.113.16/29", "203.0.113.8 - 203.0.113.15\n  203.0.113.16", "203.0.113.8 -"]
    {
        let reply = read(&replied(&format!("inetnum: {range}\n{REST}")));
        assert!(!matches!(reply, WhoisReply::Record(..)), "{range:?}: {}", reply.explain());
    }
}

#[test]
fn a_line_of_blanks_or_a_comment_inside_an_object_does_not_end_it() {
    for between in ["   \n", "\t\n", "# a comment\n", "% a remark\n", " \n# one\n \n"] {
        let text = replied(&format!("inetnum: 203.0.113.8/29\n{between}{REST}"));
        let record = record(&text);
        assert_eq!(record.org.as_deref(), Some("Example Shop"), "{between:?}");
        assert_eq!(record.maintainer, ["EXAMPLE-MNT"], "{between:?}");
    }
}

#[test]
fn an_object_begins_with_the_name_of_its_class_behind_a_line_of_blanks_too() {
    for between in ["   \n", "# a comment\n", "   \n% a remark\n"] {
        let text = replied(&format!(
            "inetnum: 203.0.113.0/24\nnetname: OUTER\nsource: APNIC\n{between}inetnum: 203.0.113.8/29\n{REST}{between}\
             person: Somebody Else\ncountry: ZZ\nabuse-mailbox: other@shop.example\nsource: APNIC\n"
        ));
        let record = record(&text);
        assert_eq!(record.name.as_deref(), Some("EXAMPLE-SHOP"), "{between:?}");
        assert_eq!(record.country.as_deref(), Some("IN"), "{between:?}");
    }
}

#[test]
fn single_values_are_whole_over_two_lines() {
    let record = record(&replied(
        "inetnum: 203.0.113.8/29\nnetname:\n+ EXAMPLE-SHOP\ncountry:\n  IN\nstatus: ASSIGNED # as\n  NON-PORTABLE\n\
         mnt-by: EXAMPLE-MNT,\n  OTHER-MNT\ndescr: Example Shop\nsource: APNIC\n",
    ));
    assert_eq!(
        (record.name.as_deref(), record.country.as_deref(), record.status.as_deref()),
        (Some("EXAMPLE-SHOP"), Some("IN"), Some("ASSIGNED NON-PORTABLE"))
    );
    assert_eq!(record.maintainer, ["EXAMPLE-MNT", "OTHER-MNT"]);
    assert!(is_leaf(&record));
}
