//! The work on one chunk: selects lines, and finds their clients and times.

use crate::log::{
    Extract, ReadSpec, context::FileContext, format, list, tally::LogTally, time::LogClock, token,
};
use jiff::Timestamp;
use std::net::IpAddr;

/// One of the threads that search a log, with its counts so far.
pub(super) struct ScanWorker<'a> {
    spec: &'a ReadSpec,
    clock: LogClock,
    pub(super) tally: LogTally,
}

impl<'a> ScanWorker<'a> {
    pub(super) fn new(spec: &'a ReadSpec) -> Self {
        Self { spec, clock: LogClock::new(spec.now, spec.zone.clone()), tally: LogTally::default() }
    }

    /// Counts the clients of a chunk of whole lines that begins `position` bytes into the whole input. `context` comes
    /// from the lines before the chunk; `now` is the current time.
    pub(super) fn chunk(&mut self, text: &[u8], position: u64, mut context: FileContext, now: Timestamp) {
        self.clock.set_now(now);
        let mut start = 0;
        for end in memchr::memchr_iter(b'\n', text).chain(Some(text.len())) {
            if let Some(line) = text.get(start..end).filter(|_| start < text.len()) {
                self.line(line, position + start as u64, &mut context);
            }
            start = end + 1;
        }
    }

    fn line(&mut self, line: &[u8], position: u64, context: &mut FileContext) {
        self.tally.lines += 1;
        let bytes = context.record.as_mut().is_some_and(|record| std::mem::take(&mut record.bytes_follow));
        // `journalctl -o export` puts the length of such a field before it, in eight bytes.
        let line = if bytes { line.get(8..).unwrap_or_default() } else { line };
        let timed = self.spec.asks_for_time();
        if !bytes && context.learn(line, timed.then_some(&mut self.clock)) {
            return;
        }
        if self.spec.grep.as_ref().is_some_and(|grep| !grep.is_match(line)) {
            return;
        }
        let mut time = None;
        if timed {
            time = context.record.map_or_else(|| self.clock.time(line, context.order), |record| record.time);
            self.tally.dated |= time.is_some();
            if !self.spec.window(time) {
                let left_out = time.is_none() && self.names_somebody(line, bytes, context);
                self.tally.undated += u64::from(left_out);
                return;
            }
        }
        self.tally.selected += 1;
        let undated = u64::from(timed && time.is_none());
        if let Some(address) = list::address(line) {
            self.tally.line(address, position, time);
            self.tally.undated += undated;
            return;
        }
        match self.spec.extract {
            Extract::Client => {
                if let Some(address) = client(line, bytes, context) {
                    let address = self.behind_proxies(address, line, context);
                    self.tally.line(address, position, time);
                    self.tally.undated += undated;
                } else if let Some(text) = list::near_address(line) {
                    self.tally.near_address(text, position);
                }
            }
            Extract::All => {
                let line = line.get(..format::LONGEST).unwrap_or(line);
                let mut tokens = token::every(line).peekable();
                if tokens.peek().is_some() {
                    self.tally.with_client += 1;
                    self.tally.undated += undated;
                }
                for found in tokens {
                    self.tally.hit(found.address, position + found.start as u64, time);
                }
            }
        }
    }
}

impl ScanWorker<'_> {
    /// The client itself. If it is a trusted proxy, the client that it forwarded.
    fn behind_proxies(&self, client: IpAddr, line: &[u8], context: &FileContext) -> IpAddr {
        let is_trusted = |address| self.spec.trusted.iter().any(|proxies| proxies.contains(address));
        if !is_trusted(client) {
            return client;
        }
        format::forwarded_client(line, context.fields.as_ref(), is_trusted).unwrap_or(client)
    }

    /// Whether a line would count if it had a time.
    fn names_somebody(&self, line: &[u8], bytes: bool, context: &FileContext) -> bool {
        list::address(line).is_some()
            || match self.spec.extract {
                Extract::Client => client(line, bytes, context).is_some(),
                Extract::All => token::every(line).next().is_some(),
            }
    }
}

/// The client of a line, given the context of its file.
pub(super) fn client(line: &[u8], bytes: bool, context: &FileContext) -> Option<IpAddr> {
    let program = context.record.as_ref().map_or(&b""[..], |record| record.program());
    let message = if bytes { Some(line) } else { line.trim_ascii_start().strip_prefix(b"MESSAGE=") };
    match message.filter(|_| context.record.is_some()) {
        Some(message) if !program.is_empty() => format::client_of_program(program, message),
        Some(message) => format::client(message),
        None => format::client_with(line, context.fields.as_ref()),
    }
}
