//! Suggestions, each fed back to the engine.

use super::*;
use crate::{
    pattern::{PatternSpec, Patterns},
    report::{
        Grouping, Sighting,
        tests::{Made, of, patterns, sightings, span},
    },
    verdict::judge,
};

fn lines(advice: &Advice) -> Vec<String> {
    advice.suggested.iter().flat_map(|s| &s.lines).map(ToString::to_string).collect()
}

/// What the suggested lines alone would block.
fn blocked(advice: &Advice, seen: &[Sighting]) -> Vec<String> {
    let inline = lines(advice).into_iter().map(Into::into).collect();
    let patterns = Patterns::read(&PatternSpec { inline, ..PatternSpec::default() }).unwrap();
    patterns.check().unwrap();
    let judged =
        seen.iter().map(|s| judge(s.judged.address.unwrap(), 1, s.judged.known.clone(), None, &patterns));
    judged.filter(|j| j.verdict == Verdict::Blocked).map(|j| j.address.unwrap().to_string()).collect()
}

fn ham(made: &[Made]) -> Vec<Judged> {
    sightings(made, &patterns(&[])).into_iter().map(|seen| seen.judged).collect()
}

#[test]
fn fed_back_it_blocks_exactly_the_owners_that_were_clear() {
    let seen = sightings(
        &[
            of("8.8.1.1", 2, "Contoso (DE) GmbH & Co. KG", "8.8.0.0/16"),
            of("8.9.1.1", 9, "Fabrikam", "8.9.0.0/16"),
            of("8.9.1.2", 3, "FABRIKAM", "8.10.0.0/16"),
            of("9.9.9.9", 5, "Fabrikam Mail", "9.9.9.0/24"),
            of("9.9.8.9", 5, "Blocked Ltd", "9.9.8.0/24"),
            of("9.9.8.10", 5, "Allowed Ltd", "9.9.8.0/24"),
            of("10.0.0.1", 5, "", ""),
            of("9.9.7.1", 5, "", ""),
        ],
        &patterns(&["Blocked Ltd", "Allowed Ltd"]),
    );
    let report = Report::new(&seen, Some(span()), Grouping::Owner);
    let advice = suggest(&report, &[]).unwrap();
    assert_eq!(
        lines(&advice),
        ["@org ^Fabrikam$", "@org ^Fabrikam Mail$", r"@org ^Contoso \(DE\) GmbH & Co\. KG$"],
        "most hits first"
    );
    assert_eq!(blocked(&advice, &seen), ["8.8.1.1", "8.9.1.1", "8.9.1.2", "9.9.9.9"]);
    assert!(advice.spared.is_empty());
}

#[test]
fn where_no_organisation_is_named_the_network_is() {
    let seen = sightings(
        &[
            Made { name: "NET-1", ..of("8.8.1.1", 3, "", "8.8.0.0/16") },
            of("8.9.1.1", 2, "", "8.9.0.0/16"),
            Made { name: "CONTOSO", ..of("8.10.1.1", 1, "", "8.10.0.0/16") },
            of("8.11.1.1", 0, "Contoso", "8.11.0.0/16"),
        ],
        &patterns(&[]),
    );
    let report = Report::new(&seen, Some(span()), Grouping::Owner);
    let advice = suggest(&report, &[]).unwrap();
    assert_eq!(
        lines(&advice),
        ["@netname ^NET-1$", "@cidr 8.9.0.0/16", "@netname ^CONTOSO$", "@org ^Contoso$"],
        "an owner with two kinds of names gets a line for each"
    );
    assert_eq!(blocked(&advice, &seen).len(), 4);
}

#[test]
fn a_network_name_that_others_use_too_gives_way_to_the_network() {
    let made = [
        Made { name: "LAN", ..of("8.8.1.1", 3, "", "8.8.0.0/16") },
        Made { name: "LAN", ..of("8.9.1.1", 2, "Contoso", "8.9.0.0/16") },
        Made { name: "LAN", ..of("8.8.7.1", 1, "Inside", "8.8.7.0/24") },
    ];
    let seen = sightings(&made[..2], &patterns(&[]));
    let report = Report::new(&seen, Some(span()), Grouping::Owner);
    let advice = suggest(&report, &[]).unwrap();
    assert_eq!(lines(&advice), ["@cidr 8.8.0.0/16", "@org ^Contoso$"]);

    let seen = sightings(&made, &patterns(&[]));
    let report = Report::new(&seen, Some(span()), Grouping::Owner);
    let advice = suggest(&report, &[]).unwrap();
    assert_eq!(lines(&advice), ["@org ^Contoso$", "@org ^Inside$"]);
    let spared: Vec<_> = advice.spared.iter().map(|(owner, why)| (owner.by(), why.clone())).collect();
    assert_eq!(spared, [(Some("LAN"), SparedReason::Inseparable)]);
}

#[test]
fn nobody_who_sends_wanted_mail_is_suggested() {
    let seen = sightings(
        &[
            of("8.8.1.1", 9, "Contoso", "8.8.0.0/16"),
            of("8.9.1.1", 8, "Fabrikam", "8.9.0.0/16"),
            Made { name: "LAN", ..of("8.10.1.1", 7, "", "8.10.0.0/16") },
            of("8.11.1.1", 6, "Northwind", "8.11.0.0/16"),
            of("8.12.1.1", 5, "Tailspin", "8.12.0.0/16"),
        ],
        &patterns(&[]),
    );
    let report = Report::new(&seen, Some(span()), Grouping::Owner);
    let ham = ham(&[
        of("9.1.1.1", 1, "CONTOSO", "9.1.0.0/16"),
        Made { name: "LAN", ..of("9.2.1.1", 1, "Wanted Ltd", "9.2.0.0/16") },
        of("8.11.77.1", 1, "", ""),
        of("7.7.7.7", 1, "", ""),
        of("10.1.1.1", 1, "", ""),
    ]);
    let advice = suggest(&report, &ham).unwrap();
    assert_eq!(lines(&advice), ["@org ^Fabrikam$", "@org ^Tailspin$"]);
    let spared: Vec<_> =
        advice.spared.iter().map(|(owner, why)| (owner.by().unwrap(), why.clone())).collect();
    let address = |text: &str| text.parse().unwrap();
    assert_eq!(
        spared,
        [
            ("Contoso", SparedReason::Ham(address("9.1.1.1"))),
            ("LAN", SparedReason::Ham(address("9.2.1.1"))),
            ("Northwind", SparedReason::Stranger(address("8.11.77.1"))),
        ]
    );
    assert_eq!(advice.strangers, 2);
}

#[test]
fn a_name_made_to_break_out_stays_one_line_that_matches_its_owner() {
    let evil = "Evil\n.*\r\n# @org .*\u{1b}[2J\u{202e}";
    let made = [of("8.8.1.1", 9, evil, "8.8.0.0/16"), of("8.9.1.1", 8, "Innocent", "8.9.0.0/16")];
    let seen = sightings(&made, &patterns(&["Innocent"]));
    let report = Report::new(&seen, Some(span()), Grouping::Owner);
    let advice = suggest(&report, &[]).unwrap();
    assert_eq!(advice.suggested.len(), 1);
    assert!(lines(&advice).iter().all(|line| line.starts_with('@') && !line.contains(char::is_control)));
    assert_eq!(blocked(&advice, &seen), ["8.8.1.1"]);
}

#[test]
fn a_name_too_long_for_an_expression_is_no_trouble() {
    let long: &'static str = "x".repeat(300_000).leak();
    let seen = sightings(&[of("8.8.1.1", 9, long, "8.8.0.0/16")], &patterns(&[]));
    let report = Report::new(&seen, Some(span()), Grouping::Owner);
    let advice = suggest(&report, &[]).unwrap();
    assert_eq!(blocked(&advice, &seen), ["8.8.1.1"]);
}
