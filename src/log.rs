//! Where addresses come from: lists and logs, from files and stdin.
//!
//! A line is one address alone or a log line, and both may be mixed. Files are read as chunks of whole lines, and
//! the chunks are searched by as many threads as there are processors; what is kept of a log is its clients, so that
//! a log may be of any size. Nothing comes back before all input has been read: one unreadable file, and no question
//! is asked.

mod activity;
mod context;
pub mod evidence;
mod format;
#[cfg(test)]
mod hostile;
mod list;
mod reading;
mod scan;
mod seen;
mod source;
mod tally;
#[cfg(test)]
mod tests;
mod time;
mod token;

pub use activity::Activity;
pub use format::client;
pub use reading::read;
pub use seen::SeenClient;
pub use source::{unpacked, unpacked_stream};
pub use time::time;

use crate::{address::Prefix, error::Error};
use jiff::{Timestamp, tz::TimeZone};
use std::{io, path::Path};

/// Which addresses of a log line are taken.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Extract {
    /// The connecting client's alone ([`client`]).
    #[default]
    Client,
    /// Every valid address that stands by itself, whatever it is there for; no network, and no part of a longer word.
    All,
}

/// Which lines count, and what is taken from them.
#[derive(Clone, Debug)]
pub struct ReadSpec {
    /// Which addresses of a line are taken.
    pub extract: Extract,
    /// Proxies whose lists of forwarded addresses are believed: a line whose client is one of them is about the last address
    /// of its list that is none.
    pub trusted: Vec<Prefix>,
    /// Only lines of this time or later. A line whose time cannot be read does not count when there is a bound.
    pub since: Option<Timestamp>,
    /// Only lines of this time or earlier.
    pub until: Option<Timestamp>,
    /// Only lines that this matches.
    pub grep: Option<regex::bytes::Regex>,
    /// The time, for logs that do not write the year. It goes on while a stream is read.
    pub now: Timestamp,
    /// The zone of times that name none.
    pub zone: TimeZone,
    /// Read the time of every line, for [`SeenClient::first`], [`SeenClient::last`] and [`SeenClient::activity`]. Without it (and
    /// without bounds) no time is read, which is faster.
    pub times: bool,
}

impl ReadSpec {
    /// The client of every line, whenever it was written, read in the machine's own zone.
    #[must_use]
    pub fn new(now: Timestamp) -> Self {
        let zone = TimeZone::system();
        let extract = Extract::Client;
        Self { extract, trusted: Vec::new(), since: None, until: None, grep: None, now, zone, times: false }
    }

    fn asks_for_time(&self) -> bool {
        self.times || self.since.is_some() || self.until.is_some()
    }

    fn window(&self, time: Option<Timestamp>) -> bool {
        match time {
            Some(time) => {
                self.since.is_none_or(|since| time >= since) && self.until.is_none_or(|until| time <= until)
            }
            None => self.since.is_none() && self.until.is_none(),
        }
    }
}

/// An input.
#[derive(Clone, Copy, Debug)]
pub enum ClientSource<'a> {
    /// A file, a pipe with a name, anything that can be opened: plain or packed.
    File(&'a Path),
    /// Standard input, plain or packed.
    Stdin,
}

impl ClientSource<'_> {
    fn unreadable(&self, error: &io::Error) -> Error {
        match self {
            Self::File(path) => Error::input(path, error),
            Self::Stdin => Error::input(Path::new("standard input"), error),
        }
    }
}

/// What was seen in all inputs.
#[derive(Debug, Default)]
pub struct LogClients {
    /// Every distinct address, in order of first appearance.
    pub seen: Vec<SeenClient>,
    /// Lines read.
    pub lines: u64,
    /// Lines that the bounds of time and the expression let through.
    pub selected: u64,
    /// Of these, lines with a client (or, with [`Extract::All`], with any address).
    pub with_client: u64,
    /// Of these, and of those that the bounds of time left out, lines that have no time, though others have one.
    pub undated: u64,
    /// Lines that were surely meant as an address and are none, such as `193.0.22.256`.
    pub slips: u64,
    /// The first of these.
    pub slip: Option<String>,
    /// The inputs that could not be read, or not to their end, each with its error. What was read of one counts.
    pub unreadable: Vec<Error>,
}
