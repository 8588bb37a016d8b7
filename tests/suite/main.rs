//! Whole runs of the program, each in a room of its own, against a whois farm on loopback.
//!
//! | module | what belongs in it |
//! | --- | --- |
//! | `mailservers` | qpsmtpd, Postfix, Exim, systemd and fail2ban with what integrations/ gives them |
//! | `jig` | starting the program with nothing inherited, and checking stdout, stderr and code at once |
//! | `bad_input` | wrong arguments, files and patterns: the exit code, the message, and nobody asked |
//! | `cache` | asking once, remembering, sharing, and what happens when the file breaks |
//! | `caretaking` | `cache stats` and its like where something is amiss |
//! | `completions` | completions and the manual page: current, and read by real shells |
//! | `config` | configuration files, variables, and what wins |
//! | `demo` | the arguments of the demo |
//! | `egrep` | that patterns read as GNU grep reads them, over thousands of generated cases |
//! | `farm_itself` | that the farm notices what it is there to notice |
//! | `hooks` | the conditions that mail servers start programs under |
//! | `hostile` | servers that mean harm |
//! | `house` | the source itself: imports that run one way, small rooms |
//! | `logs` | logs, plain and compressed |
//! | `many` | many addresses: width, pace, order |
//! | `matching` | `match`, and the promise that counts equal egrep's |
//! | `networks` | the set of networks that patterns block |
//! | `origins` | the table that says which AS announces an address: imported, and in the walk |
//! | `output` | streams: terminals, closed pipes, full disks, progress |
//! | `package` | what strangers get: package, example configuration, documents that keep their word |
//! | `patterns` | the lint, patterns against the cache, and the lists to start from |
//! | `pictures` | README's pictures of a terminal |
//! | `play` | runs described in scenario files: whatever a server may answer, and what must come of it |
//! | `rdap` | one question over HTTPS, and what may come back |
//! | `registries` | registries that change their words or refuse in new ones, farms with all of them |
//! | `readme` | every command and every output in README.md |
//! | `seeds` | what fuzzing starts from, cut behind every byte |
//! | `reports` | `report`: owners ranked, drawn, and the lines that would stop them |
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets what it did not expect should stop there"
)]

#[path = "../farm/farm.rs"]
mod farm;

mod bad_input;
mod cache;
mod caretaking;
mod completions;
mod config;
mod demo;
mod egrep;
mod farm_itself;
mod hooks;
mod hostile;
mod house;
mod jig;
mod logs;
mod mailservers;
mod many;
mod matching;
mod networks;
mod origins;
mod output;
mod package;
mod patterns;
mod pictures;
mod play;
mod rdap;
mod readme;
mod registries;
mod reports;
mod seeds;
