//! An address is in the set exactly if an offline look-up calls it blocked: random addresses over nested data.

use super::numbers;
use crate::jig::Room;
use std::{
    fmt::Write,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};
use whodunit::internals::{
    cache::{CachedAnswer, bulk::line},
    networks::NetworkSet,
    registry::{Answer, AnswerSource, Registry, is_leaf},
    whois::reply::{Provenance, WhoisReply, classify},
};

/// The addresses that are compared with the set, in each run.
const ADDRESSES: usize = 12_500;

const OWNERS: [&str; 8] = [
    "Contoso GmbH",
    "Fabrikam Ltd",
    "Litware LLC",
    "Northwind",
    "Tailspin Toys",
    "Adatum",
    "Proseware",
    "Trey Research",
];

/// The space of the made-up networks: ordinary space, and ordinary space with special-purpose ranges in it.
const V4: [u32; 6] =
    [0x2D0A_0000, 0x2D0A_4000, 0xC000_0000, 0xC612_0000 - 0x8000, 0x6440_0000 - 0x4000, 0xCB00_7000];
const V6: [u128; 4] = [
    0x2A10_0001_0000_0000 << 64,
    0x2001_0000_0000_0000 << 64,
    0x2001_0DB7_FFFF_0000 << 64,
    0x0064_FF9B_0000_0000 << 64,
];

/// Nested networks, some of which are no prefixes, with the organisations that some name.
struct MadeUp {
    next: Box<dyn FnMut() -> u64>,
    ends: Vec<IpAddr>,
}

impl MadeUp {
    fn new(seed: u64) -> Self {
        Self { next: Box::new(numbers(seed)), ends: Vec::new() }
    }

    fn below(&mut self, most: u64) -> u64 {
        (self.next)() % most
    }

    fn v4(&mut self) -> (Ipv4Addr, Ipv4Addr) {
        let base = V4[self.below(6) as usize] + self.below(0x1_0000) as u32;
        let length = self.below(14) as u32 + 2;
        let (first, last) = match self.below(3) {
            0 => (base, base.saturating_add(self.below(1 << length) as u32)),
            _ => (base & !((1 << length) - 1), base | ((1 << length) - 1)),
        };
        self.ends.extend([Ipv4Addr::from_bits(first).into(), IpAddr::from(Ipv4Addr::from_bits(last))]);
        (Ipv4Addr::from_bits(first), Ipv4Addr::from_bits(last))
    }

    fn v6(&mut self) -> (Ipv6Addr, u32) {
        let length = 20 + self.below(109) as u32;
        let bits = V6[self.below(4) as usize] | u128::from((self.next)()) << 64 >> (self.below(40) + 16);
        let first = bits & !(u128::MAX.checked_shr(length).unwrap_or(0));
        let last = first | u128::MAX.checked_shr(length).unwrap_or(0);
        self.ends.extend([IpAddr::from(Ipv6Addr::from_bits(first)), Ipv6Addr::from_bits(last).into()]);
        (Ipv6Addr::from_bits(first), length)
    }

    fn object(&mut self) -> String {
        let key = if self.below(4) == 0 {
            let (first, length) = self.v6();
            format!("inet6num: {first}/{length}")
        } else {
            let (first, last) = self.v4();
            format!("inetnum: {first} - {last}")
        };
        let owner = OWNERS[self.below(8) as usize];
        let holder = match self.below(3) {
            0 => format!("org: ORG-{}-RIPE\n", self.below(8)),
            _ => String::new(),
        };
        let country = ["DE", "NL", "AT"][self.below(3) as usize];
        let status = ["ALLOCATED PA", "ASSIGNED PA", "ASSIGNED"][self.below(3) as usize];
        format!(
            "{key}\nnetname: N{}\ndescr: {owner}\n{holder}country: {country}\nstatus: {status}\nsource: RIPE\n\n",
            self.below(1000)
        )
    }

    fn dump(&mut self, count: usize) -> String {
        let mut text: String = (0..count).map(|_| self.object()).collect();
        for (number, owner) in OWNERS.iter().enumerate() {
            let abuse = if number % 2 == 0 { "abuse-c: AB1-RIPE\n" } else { "" };
            write!(
                text,
                "organisation: ORG-{number}-RIPE\norg-name: {owner} Holding\n{abuse}source: RIPE\n\n"
            )
            .unwrap();
        }
        text.push_str("role: Desk\nnic-hdl: AB1-RIPE\nabuse-mailbox: abuse@desk.example\nsource: RIPE\n");
        text
    }

    /// Answers of look-ups, some of them too old, as lines of an export.
    fn cached(&mut self, count: usize) -> String {
        let mut lines = String::new();
        while lines.lines().count() < count {
            let before = self.ends.len();
            let text = self.object();
            let (first, last) = (self.ends[before], self.ends[before + 1]);
            let asked = if self.below(2) == 0 { first } else { last };
            let WhoisReply::Record(record, _) =
                classify(&text, Registry::Ripe, Some(asked), Provenance::Saved)
            else {
                continue;
            };
            let hours = [1, 100, 400][self.below(3) as usize];
            let leaf = is_leaf(&record);
            let answer = Answer {
                record: *record,
                text,
                servers: vec!["whois.ripe.net".into()],
                fetched: jiff::Timestamp::now() - jiff::SignedDuration::from_hours(hours),
                partial: false,
                full: false,
                rdap: false,
                source: AnswerSource::Whois,
                stale: false,
            };
            writeln!(lines, "{}", line(&CachedAnswer { answer, asked, leaf }).unwrap()).unwrap();
        }
        lines
    }

    /// Half of them anywhere among the networks, half at their edges.
    fn addresses(&mut self) -> Vec<IpAddr> {
        let mut addresses = Vec::with_capacity(ADDRESSES);
        while addresses.len() < ADDRESSES {
            let address = match self.below(8) {
                0..=2 => {
                    Ipv4Addr::from_bits(V4[self.below(6) as usize].wrapping_add(self.below(0x1_2000) as u32))
                        .into()
                }
                3 => Ipv6Addr::from_bits(
                    V6[self.below(4) as usize] | u128::from((self.next)()) << self.below(80),
                )
                .into(),
                _ => {
                    let chosen = self.below(self.ends.len() as u64) as usize;
                    let end = self.ends[chosen];
                    let step = self.below(3) as u32;
                    match end {
                        IpAddr::V4(end) => {
                            Ipv4Addr::from_bits(end.to_bits().wrapping_add(step).wrapping_sub(1)).into()
                        }
                        IpAddr::V6(end) => {
                            let bits = end.to_bits().wrapping_add(step.into()).wrapping_sub(1);
                            IpAddr::from(Ipv6Addr::from_bits(bits))
                        }
                    }
                }
            };
            // An address that only carries an IPv4 address is not looked up itself.
            if whodunit::internals::address::unwrap(address) == address {
                addresses.push(address);
            }
        }
        addresses
    }
}

/// Patterns in the files `block` and `allow`, and further options.
const RUNS: [(&str, &str, &[&str]); 8] = [
    ("Contoso\nFabrikam\n", "", &[]),
    ("Contoso\nFabrikam\n^netname: +N1[0-9]*$\n", "Holding\n", &[]),
    ("descr:.*(Contoso|Northwind)\n", "^country: +AT\n", &["--share", "28,64"]),
    ("@org Contoso\n@country NL\n", "@netname N[1-3]\n", &[]),
    (
        "Contoso\n@cidr 45.10.0.0/18\n@cidr 45.10.7.64/26\n@cidr 2a10:1::/34\n",
        "@cidr 45.10.0.0/22\n@cidr 2a10:1:400::/40\nFabrikam\n",
        &["--max-age", "30d"],
    ),
    ("@cidr 0.0.0.0/0\n@cidr ::/0\n", "@org Holding\n", &["--max-age", "2h"]),
    ("^$\n", "abuse@desk\n", &[]),
    ("contoso\n@abuse desk\n.*\n", "@mnt x\n", &["-i", "--share", "32,128"]),
];

/// Announced ranges, as ip2asn lists them, and gaps between them.
impl MadeUp {
    fn origins(&mut self, count: usize) -> String {
        let mut lines = String::new();
        for _ in 0..count {
            let (asn, owner) = (64500 + self.below(6), OWNERS[self.below(8) as usize]);
            let range = if self.below(4) == 0 {
                let (first, length) = self.v6();
                let last = first.to_bits() | u128::MAX.checked_shr(length).unwrap_or(0);
                format!("{first}\t{}", Ipv6Addr::from_bits(last))
            } else {
                let (first, last) = self.v4();
                format!("{first}\t{last}")
            };
            writeln!(lines, "{range}\t{asn}\tDE\t{}", owner.to_uppercase()).unwrap();
        }
        lines
    }
}

/// Compares the set of these patterns with the verdicts of as many look-ups; returns how many were not blocked, and how
/// many were.
fn agree(room: &Room, made_up: &mut MadeUp, options: &[&str], run: &str) -> [usize; 2] {
    let list = room.run(["networks", "--max-addresses", "0"]).args(options).cache("c.db");
    let listed = list.any_stderr().code(0).check().stdout;
    let prefixes: Vec<_> =
        listed.lines().filter(|line| !line.starts_with('#')).map(|line| line.parse().unwrap()).collect();
    let set = NetworkSet::of_prefixes(prefixes.iter().copied());
    assert_eq!(set.prefixes().collect::<Vec<_>>(), prefixes, "{run}: minimal, ascending, disjoint");
    let addresses = made_up.addresses();
    let asked: String = addresses.iter().map(|address| format!("{address}\n")).collect();
    let look = room.run(["--offline"]).args(options).cache("c.db").stdin(asked).any_stderr();
    let verdicts = look.timeout(std::time::Duration::from_secs(120)).check().stdout;
    let mut distinct = std::collections::HashSet::new();
    let told: Vec<IpAddr> = addresses.into_iter().filter(|address| distinct.insert(*address)).collect();
    assert_eq!(told.len(), verdicts.lines().count());
    let mut counts = [0, 0];
    for (address, line) in told.iter().zip(verdicts.lines()) {
        let columns: Vec<&str> = line.split('\t').collect();
        assert_eq!(columns[0], address.to_string());
        let blocked = columns[1] == "blocked";
        counts[usize::from(blocked)] += 1;
        assert_eq!(set.contains(*address), blocked, "{run}: {line}");
    }
    counts
}

#[test]
fn an_address_is_in_the_set_exactly_when_an_offline_look_up_calls_it_blocked() {
    for (number, (block, allow, options)) in RUNS.into_iter().enumerate() {
        let mut made_up = MadeUp::new(number as u64 + 1);
        let room = Room::with(&[("block", block), ("allow", allow)]);
        room.write("dump", made_up.dump(400));
        room.write("export", made_up.cached(120));
        room.run(["cache", "import", "dump", "export"]).cache("c.db").code(0).check();
        let patterns: &[&str] =
            if allow.is_empty() { &["-f", "block"] } else { &["-f", "block", "-a", "allow"] };
        let counts = agree(&room, &mut made_up, &[patterns, options].concat(), &format!("run {number}"));
        assert!(counts.iter().all(|count| *count > 100), "run {number}: {counts:?}");
    }
}

/// Patterns over origins. If all of them are, the table decides for all that it covers; otherwise it adds to the
/// record.
const ANNOUNCED: [(&str, &str, &[&str]); 8] = [
    ("@asn 64500\n@asname fabrikam\n", "", &[]),
    ("@asn AS64501\n@asn 64502\n@asname contoso|litware\n", "@asname north\n@asn 64503\n", &[]),
    ("@asn 64500\n@cidr 45.10.0.0/18\n@cidr 2a10:1::/34\n", "@cidr 45.10.0.0/22\n@asname trey\n", &[]),
    ("@asname .\n", "@asn 64501\n", &["--max-age", "30d"]),
    ("@asn 64500\n^descr: +Contoso\n", "", &["--share", "28,64"]),
    ("@asname contoso\n@org fabrikam\n", "Holding\n@asn 64504\n", &[]),
    ("@country DE\n", "@asname (adatum|tailspin)\n", &["--share", "32,128"]),
    ("Northwind\n@asn 64500\n", "@country AT\n@cidr 192.0.0.0/12\n@asname proseware\n", &["-i"]),
];

#[test]
fn so_it_is_with_a_table_of_origins() {
    for (number, (block, allow, options)) in ANNOUNCED.into_iter().enumerate() {
        let mut made_up = MadeUp::new(number as u64 + 101);
        let room = Room::with(&[("block", block), ("allow", allow)]);
        room.write("table.tsv", made_up.origins(300));
        room.write("dump", made_up.dump(250));
        room.write("export", made_up.cached(100));
        // With the table alone, with whois records as well, and with cached answers.
        for (step, files) in [&["table.tsv"][..], &["dump"], &["export"]].into_iter().enumerate() {
            room.run([&["cache", "import"], files].concat()).cache("c.db").code(0).check();
            let patterns: &[&str] =
                if allow.is_empty() { &["-f", "block"] } else { &["-f", "block", "-a", "allow"] };
            let run = format!("run {number}, step {step}");
            let counts = agree(&room, &mut made_up, &[patterns, options].concat(), &run);
            // Patterns that need a record block nothing without one.
            let none = step == 0 && number > 3;
            assert!(counts[0] > 100 && (counts[1] > 100) != none, "{run}: {counts:?}");
        }
    }
}

/// A look-up that finds a damaged network has no answer, and does not use the wider one.
#[test]
fn a_damaged_network_costs_itself_alone() {
    let mut made_up = MadeUp::new(77);
    let room = Room::with(&[("block", "Contoso\nFabrikam\n@country NL\n@cidr 45.10.0.0/17\n")]);
    room.write("dump", made_up.dump(400));
    room.write("export", made_up.cached(120));
    room.run(["cache", "import", "dump", "export"]).cache("c.db").code(0).check();
    for (file, every) in [("c.db", 3), ("c.db-imported", 7)] {
        let database = rusqlite::Connection::open(room.path(file)).unwrap();
        let tear =
            format!("UPDATE network1 SET body = substr(body, 1, length(body) / 2) WHERE id % {every} = 0");
        assert!(database.execute(&tear, []).unwrap() > 20, "{file}");
    }
    let list = || room.run(["networks", "-f", "block", "--max-addresses", "0"]).cache("c.db").code(0);
    list()
        .stderr_has("imported networks cannot be unpacked")
        .stderr_has("cache's answers cannot be unpacked")
        .check();
    let exported =
        room.run(["cache", "export"]).cache("c.db").code(0).stderr_has("cannot be unpacked").check();
    assert!(exported.stdout.lines().count() > 40, "the others are exported");
    let counts = agree(&room, &mut made_up, &["-f", "block", "--max-age", "30d"], "damaged");
    assert!(counts.iter().all(|count| *count > 100), "{counts:?}");
}
