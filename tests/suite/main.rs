//! Whole runs of the program, each in a room of its own, against a whois farm on loopback.
//!
//! | module | its tests |
//! | --- | --- |
//! | `mailservers` | qpsmtpd, Postfix, Exim, systemd and fail2ban with the files of integrations/ |
//! | `jig` | starts the program with nothing inherited, and checks stdout, stderr and code at once |
//! | `bad_input` | wrong arguments, files and patterns: the exit code, the message, and no query |
//! | `cache` | one query, then remembered and shared, and a file that breaks |
//! | `caretaking` | `cache stats` and similar commands with a faulty cache |
//! | `completions` | completions and the manual page: current, and read by real shells |
//! | `config` | configuration files, variables, and their precedence |
//! | `demo` | the arguments of the demo |
//! | `egrep` | patterns are read as GNU grep reads them, over thousands of generated cases |
//! | `farm_itself` | the farm notices the faults that it should |
//! | `hooks` | the conditions under which mail servers start programs |
//! | `hostile` | hostile servers |
//! | `house` | the source itself: imports that run one way, small rooms |
//! | `logs` | logs, plain and compressed |
//! | `many` | many addresses: width, pace, order |
//! | `matching` | `match`, and the promise that counts equal egrep's |
//! | `networks` | the set of networks that patterns block |
//! | `origins` | the table of the AS that announces an address: imported, and used in a look-up |
//! | `output` | streams: terminals, closed pipes, full disks, progress |
//! | `package` | the published files: package, example configuration, and documents that keep their promises |
//! | `patterns` | the lint, patterns against the cache, and the lists to start from |
//! | `pictures` | README's pictures of a terminal |
//! | `play` | runs described in scenario files: anything that a server may answer, and the expected result |
//! | `rdap` | one query over HTTPS, and the possible answers |
//! | `registries` | registries that change their words or refuse in new ones, farms with all of them |
//! | `readme` | every command and every output in README.md |
//! | `seeds` | fuzzing's seeds, cut after every byte |
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
