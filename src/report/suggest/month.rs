//! Made-up months of mail: twenty spam runs of many kinds among two hundred owners whose mail is wanted.

use super::{
    tests::{blocked, ham, lines},
    *,
};
use crate::{
    address::Draw,
    report::{
        Sightings,
        tests::{Made, of, patterns, span},
    },
};
use std::collections::HashSet;

/// Names that mean something in an expression, and names that begin like others.
const NAMES: [&str; 10] = [
    "Contoso (Bulk) GmbH",
    "A+B Mail [EU]",
    "Spam^2 $ales",
    "a.b*c?",
    "Net{1}",
    r"Back\slash | Pipe",
    "Contoso",
    "Contoso Ltd",
    "Contoso Ltd. & Co",
    "contoso  ltd",
];

/// One month, the same for the same seed.
struct Month {
    draw: Draw,
    networks: u32,
    runs: Vec<Made>,
    wanted: Vec<Made>,
    ham: Vec<Made>,
}

/// Texts of a test live as long as it does.
fn text(text: String) -> &'static str {
    text.leak()
}

impl Month {
    fn new(seed: u64) -> Self {
        let mut month =
            Self { draw: Draw::new(seed), networks: 0, runs: vec![], wanted: vec![], ham: vec![] };
        (0..200).for_each(|owner| month.wanted(owner));
        (0..20).for_each(|run| month.run(run));
        month
    }

    fn below(&mut self, bound: u32) -> u32 {
        self.draw.number() % bound
    }

    /// Another /24, anywhere: neighbours belong to others.
    fn network(&mut self) -> String {
        self.networks += 1;
        // A step without a common divisor: no network comes twice.
        let [_, b, c, d] = (self.networks * 40_503 % 0x0010_0000).to_be_bytes();
        format!("{}.{c}.{d}", 193 + b)
    }

    fn owner(&mut self, name: String) -> (String, Made) {
        let prefix = self.network();
        (prefix.clone(), Made { name: text(name), ..of("", 0, "", text(format!("{prefix}.0/24"))) })
    }

    fn wanted(&mut self, owner: u32) {
        let (prefix, made) = self.owner(format!("WANTED-{owner}"));
        let made = match owner {
            // Customers of a cloud that the runs use, too.
            0..20 => Made { org: text(format!("Shop {owner}")), ..in_cloud(made) },
            20..25 => Made {
                org: ["Contoso Lt", "A+B Mail", "Net{1", "abbbc", "Spam2"][owner as usize - 20],
                ..made
            },
            _ => Made { maintainer: text(format!("WANTED{owner}-MNT")), ..made },
        };
        for last in 1..=3 {
            let hits = 1 + u64::from(self.below(8));
            self.wanted.push(Made { address: text(format!("{prefix}.{last}")), hits, ..made });
        }
        self.ham.push(Made { address: text(format!("{prefix}.250")), hits: 1, ..made });
    }

    fn run(&mut self, run: u32) {
        for part in 0..3 + self.below(6) {
            let (prefix, made) = self.owner(format!("RUN{run}-{part}"));
            let own = text(format!("RUN{run}-MNT"));
            let made = match run % 8 {
                0 => Made { maintainer: own, ..made },
                1 => Made { abuse: text(format!("post{part}@run{run}.example")), ..made },
                2 => Made { asn: vec![64_800 + run].leak(), ..made },
                3 => Made { org: text(format!("Run {run} Marketing")), ..made },
                4 => {
                    Made { org: NAMES[(run / 8 * 3 + part) as usize % NAMES.len()], maintainer: own, ..made }
                }
                5 => Made { org: text(format!("Cloud customer {run}")), ..in_cloud(made) },
                6 => Made {
                    org: text(format!("{}{run}", ["Foo", "Foo Bar", "Fo", "F.o"][part as usize % 4])),
                    maintainer: own,
                    ..made
                },
                // Half of it has one maintainer, all of it one abuse desk.
                _ => Made {
                    maintainer: if part % 2 == 0 { own } else { "" },
                    abuse: text(format!("a@run{run}.example")),
                    ..made
                },
            };
            for _ in 0..2 + self.below(10) {
                let last = 1 + self.below(249);
                let hits = 2 + u64::from(self.below(20));
                self.runs.push(Made { address: text(format!("{prefix}.{last}")), hits, ..made });
            }
        }
    }
}

fn in_cloud(made: Made) -> Made {
    Made { maintainer: "CLOUD-MNT", abuse: "abuse@cloud.example", asn: &[64_700], ..made }
}

#[test]
fn few_lines_stop_any_months_runs_and_nobody_who_is_wanted() {
    for seed in 1..=10 {
        let month = Month::new(seed);
        let mut seen = HashSet::new();
        let all = month.runs.iter().chain(&month.wanted).filter(|made| seen.insert(made.address));
        let none = patterns(&[]);
        let sightings: Sightings = all.map(|made| made.seen(&none, &[0])).collect();
        let report = Report::new(&sightings, Some(span()), Grouping::Owner);
        let bounds = SuggestBounds { hits: 3, addresses: 2, only: None };
        let advice = suggest(&report, &ham(&month.ham), bounds).unwrap();
        let suggested = lines(&advice);
        assert!((1..=25).contains(&suggested.len()), "{seed}: {suggested:#?}");
        let blocked: HashSet<String> = blocked(&advice, &sightings).into_iter().collect();
        let spared = month.wanted.iter().find(|made| blocked.contains(made.address));
        assert!(spared.is_none(), "{seed}: {spared:?} is wanted: {suggested:#?}");
        let hits = |made: &Made| {
            sightings
                .iter()
                .find(|(_, s)| s.address().to_string() == made.address)
                .map_or(0, |(_, s)| s.hits())
        };
        let mut once = HashSet::new();
        let (mut sent, mut stopped) = (0, 0);
        for made in month.runs.iter().filter(|made| once.insert(made.address)) {
            sent += hits(made);
            stopped += if blocked.contains(made.address) { hits(made) } else { 0 };
        }
        assert!(stopped * 100 >= sent * 95, "{seed}: {stopped} hits of {sent}: {suggested:#?}");
    }
}

#[test]
fn hits_and_addresses_add_up_whatever_rows_stand_for() {
    use Grouping::{Abuse, Asn, Country, Maintainer, Netname, Network, Owner, Registry};
    let month = Month::new(11);
    let nobodys = [of("10.0.0.1", 7, "", ""), of("7.7.7.7", 5, "", ""), of("fe80::1", 3, "", "")];
    let mut seen = HashSet::new();
    let all = month.runs.iter().chain(&month.wanted).chain(&nobodys);
    let all: Vec<&Made> = all.filter(|made| seen.insert(made.address)).collect();
    let none = patterns(&[]);
    let sightings: Sightings = all.iter().map(|made| made.seen(&none, &[0, 3])).collect();
    let hits: u64 = all.iter().map(|made| made.hits).sum();
    for by in [Owner, Asn, Abuse, Maintainer, Netname, Network, Registry, Country] {
        let report = Report::new(&sightings, Some(span()), by);
        let sum = Report::sum(&report.rows);
        assert_eq!((sum.hits, sum.addresses), (hits, all.len() as u64), "{by:?}");
        let nobodys: Vec<(&str, u64)> = report
            .rows
            .iter()
            .filter(|row| row.reason().is_some())
            .map(|row| (row.title(), row.hits))
            .collect();
        assert_eq!(nobodys, [("(reserved)", 10), ("(unknown)", 5)], "{by:?}");
        let members: usize = report.rows.iter().map(|row| row.members.len()).sum();
        assert_eq!(members, all.len(), "{by:?}");
    }
}
