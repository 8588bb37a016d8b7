//! Suggestions, each fed back to the engine.

use super::*;
use crate::{
    pattern::{PatternSpec, Patterns},
    report::{
        Grouping, Sightings,
        tests::{Made, of, patterns, sightings, span},
    },
    verdict::judge,
};

pub(super) fn lines(advice: &Advice) -> Vec<String> {
    advice.suggested.iter().map(|suggestion| suggestion.line.to_string()).collect()
}

/// The clients that the suggested lines alone would block.
pub(super) fn blocked(advice: &Advice, seen: &Sightings) -> Vec<String> {
    let inline = lines(advice).into_iter().map(Into::into).collect();
    let patterns = Patterns::read(&PatternSpec { inline, ..PatternSpec::default() }).unwrap();
    patterns.check().unwrap();
    let judged =
        seen.iter().map(|(_, s)| judge(Some(s.address()), 1, s.judged.known.clone(), None, &patterns));
    judged.filter(|j| j.verdict == Verdict::Blocked).map(|j| j.address.unwrap().to_string()).collect()
}

pub(super) fn ham(made: &[Made]) -> WantedClients {
    let (patterns, mut wanted) = (patterns(&[]), WantedClients::default());
    made.iter().for_each(|made| wanted.add(made.judged(&patterns), SeenIn::Ham));
    wanted
}

/// Any stopped client is worth a line.
const ANY: SuggestBounds = SuggestBounds { hits: 0, addresses: 0, only: None };

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
    let advice = suggest(&report, &ham(&[]), ANY).unwrap();
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
            of("8.11.1.1", 1, "Contoso", "8.11.0.0/16"),
        ],
        &patterns(&[]),
    );
    let report = Report::new(&seen, Some(span()), Grouping::Owner);
    let advice = suggest(&report, &ham(&[]), ANY).unwrap();
    assert_eq!(
        lines(&advice),
        ["@netname ^NET-1$", "@cidr 8.9.0.0/16", "@org ^Contoso$", "@netname ^CONTOSO$"],
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
    let advice = suggest(&report, &ham(&[]), ANY).unwrap();
    assert_eq!(lines(&advice), ["@cidr 8.8.0.0/16", "@org ^Contoso$"]);

    let seen = sightings(&made, &patterns(&[]));
    let report = Report::new(&seen, Some(span()), Grouping::Owner);
    let advice = suggest(&report, &ham(&[]), ANY).unwrap();
    assert_eq!(lines(&advice), ["@org ^Contoso$", "@org ^Inside$"]);
    let spared: Vec<_> = advice.spared.iter().map(|(owner, why)| (owner.by(), why.clone())).collect();
    assert_eq!(spared, [(Some("LAN"), SparedReason::Inseparable)]);
    // With lines of a single field, some records may lack that field.
    let by_asn = SuggestBounds { only: Some(Grouping::Asn), ..ANY };
    let advice = suggest(&report, &ham(&[]), by_asn).unwrap();
    assert!(advice.suggested.is_empty());
    assert!(
        advice.spared.iter().all(|(_, why)| *why == SparedReason::Unnamed(Grouping::Asn)),
        "{:?}",
        advice.spared
    );
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
    let advice = suggest(&report, &ham, ANY).unwrap();
    assert_eq!(
        lines(&advice),
        ["@org ^Fabrikam$", "@cidr 8.10.0.0/16", "@org ^Tailspin$"],
        "a network's name that wanted mail has too gives way to the network"
    );
    let spared: Vec<_> =
        advice.spared.iter().map(|(owner, why)| (owner.by().unwrap(), why.clone())).collect();
    let address = |text: &str| text.parse().unwrap();
    assert_eq!(
        spared,
        [
            ("Contoso", SparedReason::Ham(address("9.1.1.1"))),
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
    let advice = suggest(&report, &ham(&[]), ANY).unwrap();
    assert_eq!(advice.suggested.len(), 1);
    assert!(lines(&advice).iter().all(|line| line.starts_with('@') && !line.contains(char::is_control)));
    assert_eq!(blocked(&advice, &seen), ["8.8.1.1"]);
}

#[test]
fn a_name_too_long_for_an_expression_is_no_trouble() {
    let long: &'static str = "x".repeat(300_000).leak();
    let seen = sightings(&[of("8.8.1.1", 9, long, "8.8.0.0/16")], &patterns(&[]));
    let report = Report::new(&seen, Some(span()), Grouping::Owner);
    let advice = suggest(&report, &ham(&[]), ANY).unwrap();
    assert_eq!(blocked(&advice, &seen), ["8.8.1.1"]);
}

/// A spam run of three names at one host, in two AS.
const RUN: [Made; 3] = [
    Made {
        name: "N-1",
        maintainer: "RIPE-NCC-HM-MNT HOST-MNT",
        abuse: "abuse@host.example",
        asn: &[64500],
        ..of("8.8.1.1", 4, "Alpha", "8.8.0.0/16")
    },
    Made {
        name: "N-2",
        maintainer: "HOST-MNT",
        abuse: "abuse@host.example",
        asn: &[64500],
        ..of("8.9.1.1", 3, "Beta", "8.9.0.0/16")
    },
    Made {
        name: "N-3",
        maintainer: "host-mnt",
        abuse: "noc@host.example",
        asn: &[64501],
        ..of("8.10.1.1", 2, "Gamma", "8.10.0.0/16")
    },
];

/// The lines for a run, if this mail is wanted.
fn lines_for(run: &[Made], wanted: &[Made], bounds: SuggestBounds) -> Vec<String> {
    let seen = sightings(run, &patterns(&[]));
    let report = Report::new(&seen, Some(span()), Grouping::Owner);
    let advice = suggest(&report, &ham(wanted), bounds).unwrap();
    let lines = lines(&advice);
    let stopped = blocked(&advice, &seen).len();
    assert!(bounds.addresses > 0 || stopped + advice.spared.len() >= run.len(), "{lines:?}");
    let seen = sightings(wanted, &patterns(&[]));
    assert_eq!(blocked(&advice, &seen), [] as [&str; 0], "{lines:?}");
    lines
}

#[test]
fn a_run_of_many_names_is_stopped_by_what_they_share() {
    assert_eq!(lines_for(&RUN, &[], ANY), ["@mnt ^HOST-MNT$"]);
    let at_host = of("8.20.1.1", 1, "Wanted", "8.20.0.0/16");
    let wanted = Made { maintainer: "HOST-MNT", ..at_host };
    assert_eq!(lines_for(&RUN, &[wanted], ANY), [r"@abuse @host\.example$"]);
    let wanted = Made { maintainer: "HOST-MNT", abuse: "x@HOST.example", ..at_host };
    assert_eq!(lines_for(&RUN, &[wanted], ANY), ["@asn AS64500", "@org ^Gamma$"]);
    let wanted = Made { maintainer: "HOST-MNT", abuse: "x@HOST.example", asn: &[64500, 7], ..at_host };
    assert_eq!(lines_for(&RUN, &[wanted], ANY), ["@org ^Alpha$", "@org ^Beta$", "@org ^Gamma$"]);
}

#[test]
fn an_owner_of_wanted_mail_is_spared_by_the_lines_for_others_too() {
    // Beta's mail from elsewhere is wanted: no line that would stop its network may stand for the run.
    let wanted = of("9.1.1.1", 1, "BETA", "9.1.0.0/16");
    assert_eq!(lines_for(&RUN, &[wanted], ANY), ["@org ^Alpha$", "@org ^Gamma$"]);
}

#[test]
fn an_as_without_any_wanted_mail_known_must_save_two_lines() {
    let two: Vec<Made> = RUN.iter().map(|made| Made { maintainer: "", abuse: "", ..*made }).collect();
    assert_eq!(lines_for(&two, &[], ANY), ["@org ^Alpha$", "@org ^Beta$", "@org ^Gamma$"]);
    let three: Vec<Made> = two.iter().map(|made| Made { asn: &[64500], ..*made }).collect();
    assert_eq!(lines_for(&three, &[], ANY), ["@asn AS64500"]);
}

#[test]
fn a_line_is_worth_its_hits_and_addresses() {
    let worth = |hits, addresses| lines_for(&RUN, &[], SuggestBounds { hits, addresses, only: None });
    assert_eq!(worth(9, 3), ["@mnt ^HOST-MNT$"], "what counts is what the line stops, not each owner");
    assert_eq!(worth(10, 1), [] as [&str; 0]);
    assert_eq!(worth(1, 4), [] as [&str; 0]);
    let seen = sightings(&RUN, &patterns(&[]));
    let report = Report::new(&seen, Some(span()), Grouping::Owner);
    let advice = suggest(&report, &ham(&[]), SuggestBounds { hits: 10, addresses: 1, only: None }).unwrap();
    assert_eq!((advice.small.rows, advice.small.hits, advice.spared.len()), (3, 9, 0));
}

#[test]
fn lines_of_one_field_alone_may_be_asked_for() {
    let only = |grouping| lines_for(&RUN, &[], SuggestBounds { only: Some(grouping), ..ANY });
    assert_eq!(only(Grouping::Owner), ["@org ^Alpha$", "@org ^Beta$", "@org ^Gamma$"]);
    assert_eq!(only(Grouping::Asn), ["@asn AS64500", "@asn AS64501"]);
    assert_eq!(only(Grouping::Abuse), [r"@abuse @host\.example$"]);
    assert_eq!(only(Grouping::Network)[0], "@cidr 8.8.0.0/16");
    assert_eq!(only(Grouping::Registry), ["@registry ^ripe$"]);
}
