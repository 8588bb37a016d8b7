//! Where addresses come from: lists and logs, from files and stdin.
//!
//! A line is one address alone or a log line, and both may be mixed. Files are read as chunks of whole lines, and
//! the chunks are searched by as many threads as there are processors; what is kept of a log is its clients, so that
//! a log may be of any size. Nothing comes back before all input has been read: one unreadable file, and no question
//! is asked.

mod activity;
mod format;
#[cfg(test)]
mod hostile;
mod list;
mod scan;
mod source;
mod tally;
#[cfg(test)]
mod tests;
mod time;
mod token;

pub use activity::Activity;
pub use format::client;
pub use source::{unpacked, unpacked_stream};
pub use time::time;

use crate::error::{Error, Result};
use format::FieldColumns;
use jiff::{Timestamp, tz::TimeZone};
use scan::ScanWorker;
use source::{LineChunk, LogInput};
use std::{
    fs, io,
    net::IpAddr,
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};
use tally::LogTally;

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
        Self { extract: Extract::Client, since: None, until: None, grep: None, now, zone, times: false }
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

/// An address that was seen.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SeenClient {
    /// The address, unwrapped ([`crate::address::unwrap`]).
    pub address: IpAddr,
    /// How many lines named it (with [`Extract::All`]: how often it was named).
    pub hits: u64,
    /// The earliest time of a line that named it; None when none was read.
    pub first: Option<Timestamp>,
    /// The latest.
    pub last: Option<Timestamp>,
    /// Its hits over time; empty unless [`ReadSpec::times`]. Hits without a time are not in it.
    pub activity: Activity,
    /// Where it was first named, in bytes from the beginning of all input.
    position: u64,
}

impl SeenClient {
    fn merge(&mut self, other: &Self) {
        self.hits += other.hits;
        self.position = self.position.min(other.position);
        self.first = [self.first, other.first].into_iter().flatten().min();
        self.last = self.last.max(other.last);
        self.activity.merge(&other.activity);
    }
}

/// What was seen in all inputs.
#[derive(Clone, Debug, Default)]
pub struct LogClients {
    /// Every distinct address, in order of first appearance.
    pub seen: Vec<SeenClient>,
    /// Lines read.
    pub lines: u64,
    /// Lines that the bounds of time and the expression let through.
    pub selected: u64,
    /// Of these, lines with a client (or, with [`Extract::All`], with any address).
    pub with_client: u64,
    /// Lines that were surely meant as an address and are none, such as `193.0.22.256`.
    pub slips: u64,
    /// The first of these.
    pub slip: Option<String>,
}

/// Reads all inputs to their end, and counts the addresses in them. `progress` is told now and then how many bytes of
/// how many have been read (as they are stored; the second is 0 where it cannot be known).
///
/// # Errors
/// [`Error::input`] for the first input that cannot be read, also when it is packed and cut short or damaged: what
/// was read of it up to there is thrown away, since a verdict on half a log would pass for one on all of it.
pub fn read(
    sources: &[ClientSource<'_>],
    spec: &ReadSpec,
    progress: &dyn Fn(u64, u64),
) -> Result<LogClients> {
    let total = total_size(sources)?;
    let shared = SharedScan::new(sources, spec);
    let (mut worker, mut chunk) = (shared.worker(), LineChunk::new());
    let report = || progress(shared.done.load(Ordering::Relaxed), total);
    // What a few chunks hold is searched sooner than threads are started.
    for _ in 0..4 {
        if !shared.turn(&mut worker, &mut chunk) {
            return shared.finish(worker, Vec::new(), &report);
        }
    }
    let helpers = thread::available_parallelism().map_or(1, usize::from).min(8) - 1;
    thread::scope(|scope| {
        let help = || {
            let (mut worker, mut chunk) = (shared.worker(), LineChunk::new());
            while shared.turn(&mut worker, &mut chunk) {}
            worker
        };
        // Where no thread may be started, this one does all the work.
        let started = (0..helpers).map_while(|_| thread::Builder::new().spawn_scoped(scope, help).ok());
        let started: Vec<_> = started.collect();
        while shared.turn(&mut worker, &mut chunk) {
            report();
        }
        let done = started.into_iter().map(|thread| thread.join()).collect::<thread::Result<Vec<_>>>();
        let done = done.map_err(|_| Error::software("a thread that searched the log panicked"))?;
        shared.finish(worker, done, &report)
    })
}

/// The size of all files; 0 where one is no plain file. A file that is not there is found before any is read.
fn total_size(sources: &[ClientSource<'_>]) -> Result<u64> {
    let mut total = Some(0);
    for source in sources {
        let size = match source {
            ClientSource::Stdin => None,
            ClientSource::File(path) => {
                let meta = fs::metadata(path).map_err(|error| Error::input(path, &error))?;
                // Opening a pipe twice would tell its writer that the reader has gone.
                if meta.is_file() {
                    fs::File::open(path).map_err(|error| Error::input(path, &error))?;
                }
                meta.is_file().then_some(meta.len())
            }
        };
        total = total.zip(size).map(|(total, size)| total + size);
    }
    Ok(total.unwrap_or(0))
}

/// What all threads of one reading have in common.
struct SharedScan<'a> {
    spec: &'a ReadSpec,
    began: Instant,
    done: Arc<AtomicU64>,
    reading: Mutex<ReadPosition<'a>>,
}

/// Where the reading is. Whoever holds it takes the next chunk.
struct ReadPosition<'a> {
    left: std::slice::Iter<'a, ClientSource<'a>>,
    current: Option<(&'a ClientSource<'a>, LogInput)>,
    /// Bytes of all chunks so far.
    position: u64,
    /// The last header of the current file.
    fields: Option<FieldColumns>,
    failed: Option<Error>,
}

impl<'a> SharedScan<'a> {
    fn new(sources: &'a [ClientSource<'a>], spec: &'a ReadSpec) -> Self {
        let reading =
            ReadPosition { left: sources.iter(), current: None, position: 0, fields: None, failed: None };
        Self { spec, began: Instant::now(), done: Arc::default(), reading: Mutex::new(reading) }
    }

    fn worker(&self) -> ScanWorker<'a> {
        let mut worker = ScanWorker::new(self.spec);
        worker.tally.draw = self.spec.times;
        worker
    }

    /// Takes the next chunk and searches it; false when there is none.
    fn turn(&self, worker: &mut ScanWorker<'_>, chunk: &mut LineChunk) -> bool {
        let mut reading = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
        let next = reading.next(chunk, &self.done);
        drop(reading);
        let Some((position, fields)) = next else { return false };
        let passed = self.began.elapsed();
        let now = self.spec.now.checked_add(passed.max(Duration::ZERO)).unwrap_or(self.spec.now);
        worker.chunk(chunk.text(), position, fields, now);
        true
    }

    fn finish(
        &self,
        worker: ScanWorker<'_>,
        others: Vec<ScanWorker<'_>>,
        report: &dyn Fn(),
    ) -> Result<LogClients> {
        let failed = self.reading.lock().unwrap_or_else(PoisonError::into_inner).failed.take();
        if let Some(error) = failed {
            return Err(error);
        }
        report();
        let mut clients = LogClients::default();
        let tallies: Vec<LogTally> =
            std::iter::once(worker).chain(others).map(|worker| worker.tally).collect();
        for tally in &tallies {
            clients.lines += tally.lines;
            clients.selected += tally.selected;
            clients.with_client += tally.with_client;
            clients.slips += tally.slips;
        }
        clients.slip = tallies.iter().filter_map(|tally| tally.slip.clone()).min().map(|(_, line)| line);
        clients.seen = LogTally::together(tallies);
        Ok(clients)
    }
}

impl ReadPosition<'_> {
    /// The next chunk: where it begins, and what header holds there.
    fn next(&mut self, chunk: &mut LineChunk, done: &Arc<AtomicU64>) -> Option<(u64, Option<FieldColumns>)> {
        match self.try_next(chunk, done) {
            Ok(next) => next,
            Err(error) => {
                (self.current, self.left) = (None, [].iter());
                self.failed = Some(error);
                None
            }
        }
    }

    fn try_next(
        &mut self,
        chunk: &mut LineChunk,
        done: &Arc<AtomicU64>,
    ) -> Result<Option<(u64, Option<FieldColumns>)>> {
        loop {
            if let Some((from, source)) = &mut self.current {
                if source.fill(chunk).map_err(|error| from.unreadable(&error))? {
                    let here = (self.position, self.fields);
                    self.position += chunk.text().len() as u64;
                    self.fields = FieldColumns::after(chunk.text(), self.fields);
                    return Ok(Some(here));
                }
                self.current = None;
            }
            let Some(from) = self.left.next() else { return Ok(None) };
            let source = match from {
                ClientSource::File(path) => LogInput::open(path, Arc::clone(done)),
                ClientSource::Stdin => LogInput::new(io::stdin()),
            };
            self.fields = None;
            self.current = Some((from, source.map_err(|error| from.unreadable(&error))?));
        }
    }
}
