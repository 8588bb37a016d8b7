//! Whole runs of the program, each in a room of its own, against a whois farm on loopback.
//!
//! | module | what belongs in it |
//! | --- | --- |
//! | `jig` | starting the program with nothing inherited, and checking stdout, stderr and code at once |
//! | `completions` | completions and the manual page: current, and read by real shells |
//! | `farm_itself` | that the farm notices what it is there to notice |
//! | `house` | the source itself: imports that run one way, small rooms |
//! | `play` | runs described in scenario files: whatever a server may answer, and what must come of it |
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets what it did not expect should stop there"
)]

mod completions;
#[path = "../farm/farm.rs"]
mod farm;
mod farm_itself;
mod house;
mod jig;
mod play;
