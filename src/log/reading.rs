//! Reads all inputs to their end, with as many threads as there are processors.

use super::{
    ClientSource, LogClients, ReadSpec,
    context::{self, FileContext},
    scan::ScanWorker,
    source::{LineChunk, LogInput},
    tally::LogTally,
    time::{DateEvidence, DateOrder, LogClock},
};
use crate::error::{Error, Result};
use std::{
    fs, io,
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

/// Reads all inputs to their end, and counts the addresses in them. `progress` is called now and then with the bytes read
/// and their total, as they are stored; the total is 0 if it is not known.
///
/// # Errors
/// [`Error::input`] if the only input, or every one of several, cannot be read to its end. If only some of several
/// cannot, the rest still counts ([`LogClients::unreadable`]).
pub fn read(
    sources: &[ClientSource<'_>],
    spec: &ReadSpec,
    progress: &dyn Fn(u64, u64),
) -> Result<LogClients> {
    let total = total_size(sources);
    let shared = SharedScan::new(sources, spec);
    let (mut worker, mut chunk) = (shared.worker(), LineChunk::new());
    let report = || progress(shared.done.load(Ordering::Relaxed), total);
    // A few chunks are searched before threads would have started.
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
        // If no thread can be started, this one does all the work.
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

/// The total size of all files in bytes; 0 if one of them is not a regular file.
fn total_size(sources: &[ClientSource<'_>]) -> u64 {
    let mut total = Some(0);
    for source in sources {
        let size = match source {
            ClientSource::Stdin => None,
            // A missing file is reported when it is read.
            ClientSource::File(path) | ClientSource::Copy { path, .. } => match fs::metadata(path) {
                Ok(meta) => meta.is_file().then_some(meta.len()),
                Err(_) => Some(0),
            },
        };
        total = total.zip(size).map(|(total, size)| total + size);
    }
    total.unwrap_or(0)
}

/// The shared state of all threads of one reading.
struct SharedScan<'a> {
    spec: &'a ReadSpec,
    began: Instant,
    done: Arc<AtomicU64>,
    reading: Mutex<ReadPosition<'a>>,
}

/// The position in the input. The thread that holds its lock takes the next chunk.
struct ReadPosition<'a> {
    left: std::slice::Iter<'a, ClientSource<'a>>,
    current: Option<(&'a ClientSource<'a>, LogInput)>,
    /// The bytes of all chunks so far.
    position: u64,
    /// The context of the current file so far.
    context: FileContext,
    /// The file has numeric dates, and so far none that shows the order of day and month.
    unsettled: bool,
    /// Reads the times of records; None if no time is needed.
    clock: Option<LogClock>,
    unreadable: Vec<Error>,
    /// The number of inputs that could be read.
    read: usize,
}

impl<'a> SharedScan<'a> {
    fn new(sources: &'a [ClientSource<'a>], spec: &'a ReadSpec) -> Self {
        let reading = ReadPosition {
            left: sources.iter(),
            current: None,
            position: 0,
            context: FileContext::default(),
            unsettled: false,
            clock: spec.asks_for_time().then(|| LogClock::new(spec.now, spec.zone.clone())),
            unreadable: Vec::new(),
            read: 0,
        };
        Self { spec, began: Instant::now(), done: Arc::default(), reading: Mutex::new(reading) }
    }

    fn worker(&self) -> ScanWorker<'a> {
        let mut worker = ScanWorker::new(self.spec);
        worker.tally.draw = self.spec.times;
        worker
    }

    /// Takes the next chunk and searches it; false at the end.
    fn turn(&self, worker: &mut ScanWorker<'_>, chunk: &mut LineChunk) -> bool {
        let mut reading = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
        let next = reading.next(chunk, &self.done);
        drop(reading);
        let Some((position, context)) = next else { return false };
        let passed = self.began.elapsed();
        let now = self.spec.now.checked_add(passed.max(Duration::ZERO)).unwrap_or(self.spec.now);
        worker.chunk(chunk.text(), position, context, now);
        true
    }

    fn finish(
        &self,
        worker: ScanWorker<'_>,
        others: Vec<ScanWorker<'_>>,
        report: &dyn Fn(),
    ) -> Result<LogClients> {
        let mut reading = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
        let mut unreadable = std::mem::take(&mut reading.unreadable);
        if reading.read == 0 && !unreadable.is_empty() {
            return Err(unreadable.remove(0));
        }
        drop(reading);
        report();
        let mut clients = LogClients { unreadable, ..LogClients::default() };
        let tallies: Vec<LogTally> =
            std::iter::once(worker).chain(others).map(|worker| worker.tally).collect();
        for tally in &tallies {
            clients.lines += tally.lines;
            clients.selected += tally.selected;
            clients.with_client += tally.with_client;
            clients.near_addresses += tally.near_addresses;
            clients.undated += tally.undated;
        }
        if !tallies.iter().any(|tally| tally.dated) {
            clients.undated = 0;
        }
        clients.near_address =
            tallies.iter().filter_map(|tally| tally.near_address.clone()).min().map(|(_, line)| line);
        clients.seen = LogTally::together(tallies);
        Ok(clients)
    }
}

impl ReadPosition<'_> {
    /// The next chunk: its start, and the context there.
    fn next(&mut self, chunk: &mut LineChunk, done: &Arc<AtomicU64>) -> Option<(u64, FileContext)> {
        loop {
            if let Some((from, input)) = &mut self.current {
                match input.fill(chunk) {
                    Ok(true) => {
                        self.settle_order(chunk.text());
                        let here = (self.position, self.context);
                        self.position += chunk.text().len() as u64;
                        self.context = self.context.after(chunk.text(), self.clock.as_mut());
                        return Some(here);
                    }
                    Ok(false) => self.read += 1,
                    Err(error) => self.unreadable.push(from.unreadable(&error)),
                }
                self.current = None;
            }
            let from = self.left.next()?;
            let input = match from {
                ClientSource::File(path) | ClientSource::Copy { path, .. } => {
                    LogInput::open(path, Arc::clone(done))
                }
                ClientSource::Stdin => LogInput::new(io::stdin()),
            };
            (self.context, self.unsettled) = (FileContext::default(), self.clock.is_some());
            match input {
                Ok(input) => self.current = Some((from, input)),
                Err(error) => self.unreadable.push(from.unreadable(&error)),
            }
        }
    }

    /// Decides the order of day and month by the first line of the file that can be read one way only. A file is
    /// searched for one before its first line is counted. A stream is decided by the part that has arrived.
    fn settle_order(&mut self, text: &[u8]) {
        if !self.unsettled {
            return;
        }
        let mut found = context::order_in(text);
        if found == Some(DateEvidence::Either)
            && let Some((ClientSource::File(path) | ClientSource::Copy { path, .. }, _)) = &self.current
            && fs::metadata(path).is_ok_and(|meta| meta.is_file())
        {
            found = search_order(path);
            self.unsettled = false;
        }
        match found {
            Some(DateEvidence::Certain(order)) => (self.context.order, self.unsettled) = (order, false),
            Some(DateEvidence::Either) => {}
            // Most logs write the month's name, or the year first, throughout.
            None => self.unsettled = false,
        }
    }
}

/// The order of a file's dates, as [`read`] decides it.
pub(super) fn settled_order(path: &Path) -> DateOrder {
    let begins = || {
        let (mut input, mut chunk) = (LogInput::open(path, Arc::default()).ok()?, LineChunk::new());
        input.fill(&mut chunk).ok()?;
        context::order_in(chunk.text())
    };
    match begins().and_then(|_| search_order(path)) {
        Some(DateEvidence::Certain(order)) => order,
        _ => DateOrder::default(),
    }
}

/// The order of dates in a file. It is read from the start, and no further than needed.
fn search_order(path: &Path) -> Option<DateEvidence> {
    let mut input = LogInput::open(path, Arc::default()).ok()?;
    let mut chunk = LineChunk::new();
    let mut seen = None;
    while let Ok(true) = input.fill(&mut chunk) {
        match context::order_in(chunk.text()) {
            Some(DateEvidence::Either) => seen = Some(DateEvidence::Either),
            Some(certain) => return Some(certain),
            None => {}
        }
    }
    seen
}
