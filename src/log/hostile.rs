//! Generated lines: the table's lines, torn and spliced. Every test run includes a short run. The long one is started
//! by name: `cargo test --release --lib log::hostile -- --ignored`, with `RUNS=50000000` for more.

use super::{
    client,
    format::{FieldColumns, tests::unmarked},
    time, token,
};
use jiff::{Timestamp, tz::TimeZone};

/// Pieces to splice in: the marks that the readers look for, and characters at their borders.
const PIECES: &[&str] = &[
    "[",
    "]",
    "\"",
    "=",
    ":",
    "::",
    ".",
    ",",
    " ",
    "(",
    ")",
    "<",
    ">",
    "203.0.113.7",
    "2001:db8::7",
    "IPv6:",
    "H=",
    "rip=",
    " rhost=",
    "relay=",
    "from ",
    " from ",
    "]; from=<",
    "client: ",
    "dispatching ",
    "` ",
    "\t",
    "\0",
    "\r",
    "\u{fe}\u{fe}",
    "#Fields: ",
    "2026-02-29T23:59:60",
    "Feb 29 23:59:60 ",
    "[29/Feb/2026:23:59:60 +2359]",
    "@",
    "4000000000000000",
    "ffffffffffffffffffffffff ",
    "99",
    "0",
    "-",
    "+",
    "%",
    "/32",
    "<co tr=\"",
    "; logname=",
];

/// Marsaglia's xorshift: the same lines on every machine.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 11).unwrap() % sides.max(1)
    }

    fn spoil(&mut self, line: &mut Vec<u8>, seeds: &[Vec<u8>]) {
        let at = self.roll(line.len() + 1);
        let to = (at + self.roll(12)).min(line.len());
        match self.roll(6) {
            0 => drop(line.drain(at..to)),
            1 => {
                let piece = PIECES[self.roll(PIECES.len())].bytes();
                line.splice(at..at, piece);
            }
            2 => {
                let other = &seeds[self.roll(seeds.len())];
                line.truncate(at);
                line.extend_from_slice(&other[self.roll(other.len() + 1)..]);
            }
            3 if at < line.len() => line[at] = u8::try_from(self.roll(256)).unwrap(),
            4 => line.truncate(at),
            _ => {
                let again = line[at..to].to_vec();
                line.splice(at..at, again);
            }
        }
    }
}

fn run(runs: u64, seed: u64) {
    let rows = include_str!("format/lines.txt").lines().filter_map(|row| row.split_once('\t'));
    let seeds: Vec<Vec<u8>> = rows.map(|(_, line)| unmarked(line).into_bytes()).collect();
    let now: Timestamp = "2027-03-01T00:00:00Z".parse().unwrap();
    let zone = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
    let (mut dice, mut line) = (Dice(seed), Vec::new());
    for run in 0..runs {
        if run % 8 == 0 || line.len() > 2000 {
            line.clone_from(&seeds[dice.roll(seeds.len())]);
        }
        dice.spoil(&mut line, &seeds);
        if let Some(address) = client(&line) {
            // The address that a reader returns must be in the line. Only haproxy, Apache, Dante, tcpserver, anvil,
            // simscan, vpopmail and sshd's penalties join other text to it. JSON escapes and terminal colours may be
            // inside it.
            let glued = || {
                let names = [
                    &b"haproxy"[..],
                    b"danted",
                    b"sockd",
                    b"[pid ",
                    b"tcpserver",
                    b"anvil",
                    b"simscan",
                    b"vpopmail",
                    b"vchkpw",
                    b"srclimit_",
                    b"\\",
                    b"\x1b",
                    // Bytes written as numbers, and doubled quotes.
                    b"\":[",
                    b"\" : [",
                    b"\"\"",
                ];
                names.iter().any(|name| line.windows(name.len()).any(|w| w == *name))
            };
            let there = token::tokens(&line).any(|found| found.address == address);
            let parts = || line.split(|b| b"[](),;|=@<>\t \"".contains(b));
            let there = there || parts().any(|part| token::bare(part) == Some(address)) || glued();
            assert!(there, "{address} from {:?}", line.escape_ascii().to_string());
        }
        if let Some(at) = time(&line, now, &zone) {
            assert!(at.as_second() > -86_400, "{at} from {:?}", line.escape_ascii().to_string());
        }
        let _ = FieldColumns::read(&line, None);
    }
}

#[test]
fn spoiled_lines_are_read_or_not_but_never_fatal() {
    run(20_000, 0x9e37_79b9_7f4a_7c15);
}

#[test]
#[ignore = "ten million lines take minutes"]
fn ten_million_spoiled_lines() {
    let runs = std::env::var("RUNS").ok().and_then(|runs| runs.parse().ok()).unwrap_or(10_000_000);
    run(runs, 0x2545_f491_4f6c_dd1d);
}
