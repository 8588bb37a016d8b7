//! Tests of grouping. The tests of suggestions and of output use the builder below too.

use super::*;
use crate::{
    address::{self, Network, Prefix},
    log::SeenClient,
    pattern::{PatternSpec, Patterns},
    registry::{Answer, AnswerSource, Known, Record, Registry, Unknown, UnknownKind},
    verdict::{Verdict, judge},
};
use jiff::Timestamp;
use std::sync::Arc;

/// A client to build.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Made {
    pub(crate) address: &'static str,
    pub(crate) hits: u64,
    pub(crate) org: &'static str,
    pub(crate) name: &'static str,
    pub(crate) network: &'static str,
    pub(crate) country: &'static str,
    pub(crate) abuse: &'static str,
    pub(crate) maintainer: &'static str,
    pub(crate) asn: &'static [u32],
}

/// A client of an owner.
pub(crate) const fn of(address: &'static str, hits: u64, org: &'static str, network: &'static str) -> Made {
    Made { address, hits, org, name: "", network, country: "", abuse: "", maintainer: "", asn: &[] }
}

impl Made {
    pub(crate) fn known(self) -> Known {
        let address = self.address.parse().unwrap();
        if let Some(special) = address::special(address) {
            return Known::Reserved(special);
        }
        if self.network.is_empty() {
            return Known::Unknown(Unknown { kind: UnknownKind::Timeout, message: "no answer".into() });
        }
        let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let network = Network::from(self.network.parse::<Prefix>().unwrap());
        let record = Record {
            network,
            name: given(self.name),
            org: given(self.org),
            other_orgs: Vec::new(),
            outer: Default::default(),
            country: given(self.country),
            abuse: self.abuse.split_whitespace().map(str::to_owned).collect(),
            asn: self.asn.to_vec(),
            maintainer: self.maintainer.split_whitespace().map(str::to_owned).collect(),
            descr: Vec::new(),
            status: None,
            registry: Registry::Ripe,
        };
        let text = format!("inetnum: {}\nnetname: {}\norg-name: {}\n", self.network, self.name, self.org);
        Known::Answer(Arc::new(Answer {
            record,
            text,
            servers: vec!["whois.example".into()],
            fetched: at(0),
            partial: false,
            full: false,
            rdap: false,
            source: AnswerSource::Whois,
            stale: false,
        }))
    }

    pub(crate) fn judged(self, patterns: &Patterns) -> Judged {
        judge(Some(self.address.parse().unwrap()), self.hits, self.known(), None, patterns)
    }

    pub(crate) fn seen(self, patterns: &Patterns, minutes: &[i64]) -> (SeenClient, Judged) {
        let mut client = SeenClient::new(self.address.parse().unwrap());
        for minute in minutes {
            client.add(at(*minute), u32::try_from(self.hits / minutes.len() as u64).unwrap());
        }
        client.hits = self.hits;
        (client, self.judged(patterns))
    }
}

/// A time so many minutes after the start.
pub(crate) fn at(minute: i64) -> Timestamp {
    Timestamp::from_second(1_763_000_040 + minute * 60).unwrap()
}

/// Ten minutes.
pub(crate) fn span() -> ReportSpan {
    ReportSpan::over([at(0), at(10)]).unwrap()
}

/// Block patterns, one on each line.
pub(crate) fn patterns(lines: &[&str]) -> Patterns {
    Patterns::read(&PatternSpec { inline: lines.iter().map(Into::into).collect(), ..PatternSpec::default() })
        .unwrap()
}

/// Sightings of clients that came in the first minute.
pub(crate) fn sightings(made: &[Made], patterns: &Patterns) -> Sightings {
    made.iter().map(|made| made.seen(patterns, &[0])).collect()
}

#[test]
fn names_that_differ_in_case_or_blanks_are_one_owner() {
    let made = [
        of("8.8.1.1", 2, "Contoso GmbH", "8.8.0.0/23"),
        of("9.9.9.9", 5, "Fabrikam Ltd", "9.9.9.0/24"),
        of("8.8.4.4", 4, "CONTOSO  GmbH ", "8.8.4.0/24"),
        of("8.8.0.1", 1, "Contoso GmbH", "8.8.0.0/23"),
    ];
    let sightings = sightings(&made, &patterns(&[]));
    let report = Report::new(&sightings, Some(span()), Grouping::Owner);
    let rows: Vec<_> = report.rows.iter().map(|o| (o.owner().unwrap(), o.hits, o.addresses)).collect();
    assert_eq!(rows, [("Contoso GmbH", 7, 3), ("Fabrikam Ltd", 5, 1)]);
    let networks: Vec<String> = report.rows[0].networks.iter().map(ToString::to_string).collect();
    assert_eq!(networks, ["8.8.0.0/23", "8.8.4.0/24"]);
}

#[test]
fn an_owner_without_a_name_is_called_by_its_network() {
    let made =
        [Made { name: "NET-1", ..of("8.8.1.1", 1, " ", "8.8.0.0/23") }, of("9.9.9.9", 1, "", "9.9.9.0/24")];
    let sightings = sightings(&made, &patterns(&[]));
    let report = Report::new(&sightings, Some(span()), Grouping::Owner);
    let names: Vec<_> = report.rows.iter().map(|owner| owner.owner().unwrap()).collect();
    assert_eq!(
        names,
        ["NET-1", "9.9.9.0/24"],
        "and of rows with as many hits the first in the log comes first"
    );
}

#[test]
fn unknown_and_reserved_addresses_have_rows_and_all_hits_add_up() {
    let made = [
        of("10.1.2.3", 7, "", ""),
        of("8.8.1.1", 2, "Contoso GmbH", "8.8.0.0/23"),
        of("9.9.9.9", 5, "", ""),
        of("fe80::1", 1, "", ""),
        of("9.9.9.8", 6, "", ""),
    ];
    let sightings = sightings(&made, &patterns(&["."]));
    let report = Report::new(&sightings, Some(span()), Grouping::Owner);
    assert_eq!(Report::sum(&report.rows), RowSum { hits: 21, addresses: 5, rows: 3 });
    let [unknown, reserved, known] = report.rows.as_slice() else { panic!("{report:?}") };
    assert_eq!(
        (&unknown.kind, unknown.verdict),
        (&RowKind::Unknown(vec![(UnknownKind::Timeout, 2)]), Verdict::Unknown)
    );
    assert_eq!(
        (reserved.reason().as_deref(), reserved.verdict, reserved.owner()),
        (Some("Private-Use, Link-Local Unicast"), Verdict::Clear, None)
    );
    assert_eq!(reserved.networks.len(), 2);
    assert_eq!(known.verdict, Verdict::Blocked);
}

#[test]
fn one_blocked_client_makes_the_owner_blocked() {
    let made = [
        of("8.8.1.1", 2, "Contoso GmbH", "8.8.0.0/23"),
        of("8.8.4.4", 2, "Contoso GmbH", "8.8.4.0/24"),
        of("8.8.4.5", 2, "Contoso GmbH", "8.8.4.0/24"),
    ];
    let sightings = sightings(&made, &patterns(&["nothing", "@cidr 8.8.4.0/24", "8\\.8\\.4"]));
    let report = Report::new(&sightings, Some(span()), Grouping::Owner);
    let [owner] = report.rows.as_slice() else { panic!("{report:?}") };
    let with = |verdict| owner.members.iter().filter(|seen| seen.judged.verdict == verdict).count();
    assert_eq!((owner.verdict, with(Verdict::Blocked), with(Verdict::Clear)), (Verdict::Blocked, 2, 1));
    assert_eq!(owner.matches.iter().map(|m| m.line).collect::<Vec<_>>(), [2, 3], "each pattern once");
}

#[test]
fn the_country_is_the_one_that_most_hits_came_from() {
    let from =
        |address, hits, country, abuse| Made { country, abuse, ..of(address, hits, "Contoso", "8.8.0.0/16") };
    let made = [
        from("8.8.1.1", 2, "AT", "abuse@contoso.example noc@contoso.example"),
        from("8.8.1.2", 3, "DE", "abuse@contoso.example"),
        from("8.8.1.3", 2, "AT", "cert@contoso.example"),
        from("8.8.1.4", 1, "DE", ""),
    ];
    let sightings = sightings(&made, &patterns(&[]));
    let report = Report::new(&sightings, Some(span()), Grouping::Owner);
    assert_eq!(report.rows[0].country, Some("AT"), "of two with as many hits the first in the alphabet");
    assert_eq!(
        report.rows[0].abuse,
        ["abuse@contoso.example", "noc@contoso.example", "cert@contoso.example"]
    );
}

#[test]
fn times_and_activity_are_those_of_all_its_clients() {
    let (none, made) = (patterns(&[]), of("8.8.1.1", 4, "Contoso", "8.8.0.0/16"));
    let sightings =
        [made.seen(&none, &[3, 5]), made.seen(&none, &[]), Made { hits: 2, ..made }.seen(&none, &[1, 9])];
    let sightings = Sightings::from_iter(sightings);
    let report = Report::new(&sightings, Some(span()), Grouping::Owner);
    let owner = &report.rows[0];
    assert_eq!((owner.first, owner.last), (Some(at(1)), Some(at(9))));
    assert_eq!(owner.activity, [0, 1, 0, 2, 0, 2, 0, 0, 0, 1]);
    assert_eq!(owner.hits, 10, "hits on lines without a time count, but nobody knows when they were");
    let timeless = Sightings::from_iter([made.seen(&none, &[])]);
    let report = Report::new(&timeless, None, Grouping::Owner);
    assert_eq!((report.rows[0].activity.len(), report.rows[0].first), (0, None));
}

/// Five owners: three with one abuse desk, one without any value, one at free mail; and addresses that never have an
/// owner.
const VARIED: [Made; 7] = [
    Made {
        name: "LAN-1",
        country: "DE",
        abuse: "abuse@ripe.net abuse@host.example",
        maintainer: "RIPE-NCC-HM-MNT HOST-MNT",
        asn: &[64500, 64501],
        ..of("8.8.1.1", 2, "Contoso", "8.8.0.0/23")
    },
    Made {
        name: "lan-1",
        country: "DE",
        abuse: "noc@HOST.example",
        maintainer: "host-mnt",
        asn: &[64501],
        ..of("8.9.1.1", 3, "Fabrikam", "8.9.0.0/23")
    },
    Made {
        name: "LAN-2",
        country: "NL",
        abuse: "x@gmail.com",
        asn: &[64500],
        ..of("8.10.1.1", 7, "Northwind", "8.10.0.0/23")
    },
    Made { name: "LAN-2", abuse: "y@gmail.com", ..of("8.11.1.1", 1, "Contoso", "8.11.0.0/23") },
    of("8.12.1.1", 1, "Bare", "8.12.0.0/23"),
    of("9.9.9.9", 5, "", ""),
    of("10.0.0.1", 4, "", ""),
];

#[test]
fn hits_add_up_whatever_rows_stand_for() {
    use Grouping::{Abuse, Asn, Country, Maintainer, Netname, Network, Owner, Registry};
    let sightings = sightings(&VARIED, &patterns(&[]));
    let rows = |grouping| {
        let report = Report::new(&sightings, Some(span()), grouping);
        let sum = Report::sum(&report.rows);
        assert_eq!((sum.hits, sum.addresses), (23, 7), "{grouping:?}");
        let rows: Vec<(String, u64)> = report.rows.iter().map(|r| (r.title().to_owned(), r.hits)).collect();
        assert!(rows.contains(&("(unknown)".into(), 5)) && rows.contains(&("(reserved)".into(), 4)));
        rows.into_iter().filter(|(name, _)| name != "(unknown)" && name != "(reserved)").collect::<Vec<_>>()
    };
    let wanted = |wanted: &[(&str, u64)]| {
        wanted.iter().map(|(name, hits)| ((*name).to_owned(), *hits)).collect::<Vec<_>>()
    };
    assert_eq!(rows(Owner), wanted(&[("Northwind", 7), ("Contoso", 3), ("Fabrikam", 3), ("Bare", 1)]));
    assert_eq!(rows(Asn), wanted(&[("AS64500", 9), ("AS64501", 3), ("(no AS number)", 2)]));
    let desks = [("x@gmail.com", 7), ("host.example", 5), ("y@gmail.com", 1), ("(no abuse contact)", 1)];
    assert_eq!(rows(Abuse), wanted(&desks), "free mail is no desk, and a registry nobody's");
    assert_eq!(rows(Maintainer), wanted(&[("(no maintainer)", 9), ("HOST-MNT", 5)]));
    assert_eq!(rows(Netname), wanted(&[("LAN-2", 8), ("LAN-1", 5), ("(no network name)", 1)]));
    assert_eq!(rows(Network).len(), 5);
    assert_eq!(rows(Registry), wanted(&[("ripe", 14)]));
    assert_eq!(rows(Country), wanted(&[("NL", 7), ("DE", 5), ("(no country)", 2)]));
}

#[test]
fn a_row_of_several_owners_names_the_one_with_most_hits_first() {
    let sightings = sightings(&VARIED, &patterns(&[]));
    let report = Report::new(&sightings, Some(span()), Grouping::Registry);
    let row = report.rows.iter().find(|row| row.by() == Some("ripe")).unwrap();
    assert_eq!(row.owners, ["Northwind", "Contoso", "Fabrikam", "Bare"]);
    assert_eq!(row.owner(), Some("Northwind"));
}
