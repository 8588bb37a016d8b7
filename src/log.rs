//! Reads addresses from lists and logs, in files and on stdin.
//!
//! A line is one address alone or a log line, and both may be mixed. Files are read as chunks of whole lines, and as
//! many threads as there are processors search them. Only the clients of a log are kept, so a log may have any size.
//! Nothing is returned before all input has been read: if one file is unreadable, no query is sent.

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
pub use time::{time, without_year};

use crate::{address::Prefix, error::Error};
use clap::ValueEnum;
use jiff::{Timestamp, tz::TimeZone};
use serde::Deserialize;
use std::{io, path::Path};

/// The addresses that are taken from a log line.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Extract {
    /// Only the connecting client
    ///
    /// See [`client`].
    #[default]
    Client,
    /// Every valid address
    ///
    /// It stands by itself, for whatever reason. No network, and no part of a longer word.
    All,
}

/// The lines that count, and what is taken from them.
#[derive(Clone, Debug)]
pub struct ReadSpec {
    /// The addresses that are taken from a line.
    pub extract: Extract,
    /// Proxies whose lists of forwarded addresses are trusted. If a line's client is one of them, the last address of
    /// its list that is not trusted is taken instead.
    pub trusted: Vec<Prefix>,
    /// Only lines of this time or later. With a bound, a line whose time cannot be read does not count.
    pub since: Option<Timestamp>,
    /// Only lines of this time or earlier.
    pub until: Option<Timestamp>,
    /// Only lines that match this.
    pub grep: Option<regex::bytes::Regex>,
    /// The current time, for logs that do not write the year. It advances while a stream is read.
    pub now: Timestamp,
    /// The time zone of times that name none.
    pub zone: TimeZone,
    /// Read the time of every line, for [`SeenClient::first`], [`SeenClient::last`] and [`SeenClient::activity`].
    /// Without it, and without bounds, no time is read, which is faster.
    pub times: bool,
}

impl ReadSpec {
    /// Takes the client of every line, whatever its time, and reads times in the machine's own zone.
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
    /// A file, a named pipe, or anything else that can be opened, plain or compressed.
    File(&'a Path),
    /// Standard input, plain or compressed.
    Stdin,
    /// A regular file with a copy of an input that cannot be read twice.
    Copy {
        /// The copy.
        path: &'a Path,
        /// The name of the input.
        of: &'a Path,
    },
}

impl<'a> ClientSource<'a> {
    /// The input of this name; `-` is standard input.
    #[must_use]
    pub fn named(path: &'a Path) -> Self {
        if path == Path::new("-") { Self::Stdin } else { Self::File(path) }
    }

    fn unreadable(&self, error: &io::Error) -> Error {
        match self {
            Self::File(path) | Self::Copy { of: path, .. } => Error::input(path, error),
            Self::Stdin => Error::input(Path::new("standard input"), error),
        }
    }
}

/// The result of reading all inputs.
#[derive(Debug, Default)]
pub struct LogClients {
    /// Every distinct address, in order of first appearance.
    pub seen: Vec<SeenClient>,
    /// Lines read.
    pub lines: u64,
    /// Lines that the time bounds and the expression let through.
    pub selected: u64,
    /// Among these, lines with a client (or, with [`Extract::All`], with any address).
    pub with_client: u64,
    /// Among these and the lines outside the time bounds, lines without a time, if others have one.
    pub undated: u64,
    /// Lines that were meant as an address and are none, such as `193.0.22.256`.
    pub near_addresses: u64,
    /// The first of these.
    pub near_address: Option<String>,
    /// The inputs that could not be read to their end, each with its error. The lines read before that count.
    pub unreadable: Vec<Error>,
}
