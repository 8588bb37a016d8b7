//! The work on one chunk: which lines count, whose they are, and when they were written.

use crate::log::{
    Extract, ReadSpec,
    format::{self, FieldColumns},
    list,
    tally::LogTally,
    time::LogClock,
    token,
};
use jiff::Timestamp;

/// One of the threads that search a log, with what it has counted so far.
pub(super) struct ScanWorker<'a> {
    spec: &'a ReadSpec,
    clock: LogClock,
    pub(super) tally: LogTally,
}

impl<'a> ScanWorker<'a> {
    pub(super) fn new(spec: &'a ReadSpec) -> Self {
        Self { spec, clock: LogClock::new(spec.now, spec.zone.clone()), tally: LogTally::default() }
    }

    /// Counts the clients of a chunk of whole lines that begins `position` bytes into the whole input. `fields` is
    /// what a header before the chunk says; `now` is the time.
    pub(super) fn chunk(&mut self, text: &[u8], position: u64, fields: Option<FieldColumns>, now: Timestamp) {
        self.clock.set_now(now);
        let mut fields = fields;
        let mut start = 0;
        for end in memchr::memchr_iter(b'\n', text).chain(Some(text.len())) {
            if let Some(line) = text.get(start..end).filter(|_| start < text.len()) {
                self.line(line, position + start as u64, &mut fields);
            }
            start = end + 1;
        }
    }

    fn line(&mut self, line: &[u8], position: u64, fields: &mut Option<FieldColumns>) {
        self.tally.lines += 1;
        if line.first() == Some(&b'#')
            && let Some(header) = FieldColumns::read(line, *fields)
        {
            *fields = Some(header);
            return;
        }
        if self.spec.grep.as_ref().is_some_and(|grep| !grep.is_match(line)) {
            return;
        }
        let mut time = None;
        if self.spec.asks_for_time() {
            time = self.clock.time(line);
            if !self.spec.window(time) {
                return;
            }
        }
        self.tally.selected += 1;
        if let Some(address) = list::address(line) {
            self.tally.line(address, position, time);
            return;
        }
        match self.spec.extract {
            Extract::Client => {
                if let Some(address) = format::client_with(line, fields.as_ref()) {
                    self.tally.line(address, position, time);
                } else if let Some(slip) = list::slip(line) {
                    self.tally.slip(slip, position);
                }
            }
            Extract::All => {
                let line = line.get(..format::LONGEST).unwrap_or(line);
                let mut tokens = token::every(line).peekable();
                self.tally.with_client += u64::from(tokens.peek().is_some());
                for found in tokens {
                    self.tally.hit(found.address, position + found.start as u64, time);
                }
            }
        }
    }
}
