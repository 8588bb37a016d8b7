//! The context that earlier lines of a file give to a line: the columns that a header names, and the order of day and
//! month. In a record that `journalctl -o export` or `-o verbose` spreads over many lines, it is the time and the
//! program.

use crate::log::{
    format::FieldColumns,
    time::{DateEvidence, DateOrder, LogClock, evidence},
};
use jiff::Timestamp;

/// The longest program name that is remembered, in bytes.
const NAME: usize = 32;

/// The context at the start of a line. It is small, because every chunk has its own.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct FileContext {
    /// The columns of the last header.
    pub(super) fields: Option<FieldColumns>,
    /// The position of the month in a numeric date.
    pub(super) order: DateOrder,
    /// The record of the journal that the line belongs to; None if the file is no export of it.
    pub(super) record: Option<JournalRecord>,
}

/// The part of a journal record that has been read.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct JournalRecord {
    /// The time of the record.
    pub(super) time: Option<Timestamp>,
    program: [u8; NAME],
    length: usize,
    /// The next line is a field in bytes: a message that is not UTF-8 or has several lines.
    pub(super) bytes_follow: bool,
}

impl JournalRecord {
    /// The program that wrote it; empty until it is known.
    pub(super) fn program(&self) -> &[u8] {
        self.program.get(..self.length).unwrap_or_default()
    }

    fn name(&mut self, program: &[u8]) {
        if let Some(room) = self.program.get_mut(..program.len()) {
            room.copy_from_slice(program);
            self.length = program.len();
        }
    }
}

impl FileContext {
    /// Learns from a line. Returns whether it is a header instead of a line of the log.
    pub(super) fn learn(&mut self, line: &[u8], clock: Option<&mut LogClock>) -> bool {
        match line.first() {
            Some(b'#') => match FieldColumns::read(line, self.fields) {
                Some(header) => {
                    self.fields = Some(header);
                    true
                }
                None => false,
            },
            Some(b'A'..=b'Z') if is_verbose_head(line) => {
                let time = clock.and_then(|clock| clock.time(line, self.order));
                self.record = Some(JournalRecord { time, ..JournalRecord::default() });
                false
            }
            Some(b'_' | b'M' | b'S' | b' ' | b'\r') | None => {
                self.journal(line, clock);
                false
            }
            _ => false,
        }
    }

    /// `__REALTIME_TIMESTAMP=1795430074123456`, `SYSLOG_IDENTIFIER=postfix/smtpd`, and the empty line that ends a record.
    fn journal(&mut self, line: &[u8], clock: Option<&mut LogClock>) {
        let field = line.trim_ascii();
        if line.starts_with(b"__CURSOR=") {
            self.record = Some(JournalRecord::default());
        }
        let Some(record) = &mut self.record else { return };
        if field.is_empty() {
            *record = JournalRecord::default();
        } else if let Some(stamp) = field.strip_prefix(b"__REALTIME_TIMESTAMP=") {
            // Microseconds, cut to the digits that the clock reads.
            let seconds = [stamp.get(..10).unwrap_or_default(), b" "].concat();
            let known = clock.filter(|_| stamp.len() == 16);
            record.time = known.and_then(|clock| clock.time(&seconds, DateOrder::default()));
        } else if let Some(program) = field.strip_prefix(b"SYSLOG_IDENTIFIER=") {
            record.name(program);
        } else if field == b"MESSAGE" {
            record.bytes_follow = true;
        }
    }

    /// The context after a text of whole lines.
    pub(super) fn after(mut self, text: &[u8], mut clock: Option<&mut LogClock>) -> Self {
        self.fields = FieldColumns::after(text, self.fields);
        if self.record.is_some() || text.starts_with(b"__CURSOR=") || is_verbose_head(text) {
            // Only the last record continues.
            let ended = memchr::memmem::rfind(text, b"\n\n").map_or(0, |at| at + 1);
            let head = memchr::memmem::rfind(text, b" [s=").and_then(|at| text.get(..at));
            let begun = head.and_then(|before| memchr::memrchr(b'\n', before)).map_or(0, |at| at + 1);
            let mut learned = Self { record: self.record, order: self.order, fields: None };
            let rest = text.get(ended.max(begun)..).unwrap_or_default();
            for line in rest.strip_suffix(b"\n").unwrap_or(rest).split(|b| *b == b'\n') {
                learned.learn(line, clock.as_deref_mut());
            }
            self.record = learned.record;
        }
        self
    }
}

/// `Mon 2026-11-23 10:34:34.123456 CET [s=0123...;i=1;b=...]`
fn is_verbose_head(line: &[u8]) -> bool {
    matches!(line, [b'A'..=b'Z', _, _, b' ', b'0'..=b'9', _, _, _, b'-', ..])
        && memchr::memmem::find(line.get(..80).unwrap_or(line), b" [s=").is_some()
}

/// The order of dates in a text. It is Certain from the first line that can be read one way only. It is Either if there
/// are numeric dates and none of them decides.
pub(super) fn order_in(text: &[u8]) -> Option<DateEvidence> {
    let mut seen = None;
    for line in text.split(|b| *b == b'\n') {
        match evidence(line) {
            Some(DateEvidence::Certain(order)) => return Some(DateEvidence::Certain(order)),
            Some(DateEvidence::Either) => seen = Some(DateEvidence::Either),
            None => {}
        }
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::tz::TimeZone;

    fn clock() -> LogClock {
        LogClock::new("2026-12-01T00:00:00Z".parse().unwrap(), TimeZone::UTC)
    }

    #[test]
    fn a_record_of_the_journal_has_a_time_and_a_program_until_it_ends() {
        let export = "__CURSOR=s=1\n__REALTIME_TIMESTAMP=1795430074123456\nSYSLOG_IDENTIFIER=postfix/smtp\nMESSAGE=x\n";
        let verbose = "Mon 2026-11-23 10:34:34.123456 UTC [s=1;i=2]\n    SYSLOG_IDENTIFIER=postfix/smtp\n    MESSAGE=x\n";
        for text in [export, verbose] {
            let mut context = FileContext::default();
            let mut clock = clock();
            for line in text.lines() {
                assert!(!context.learn(line.as_bytes(), Some(&mut clock)));
            }
            let record = context.record.unwrap();
            assert_eq!(record.time.unwrap().to_string(), "2026-11-23T10:34:34Z", "{text}");
            assert_eq!(record.program(), b"postfix/smtp");
            // The state where a chunk ends in the middle of a record.
            let cut = text.rfind("\n    ").or(text.find("\nMESSAGE")).unwrap() + 1;
            let after = FileContext::default().after(&text.as_bytes()[..cut], Some(&mut clock));
            assert_eq!(after.record.unwrap().program(), b"postfix/smtp");
            let next = after.after(b"    MESSAGE=x\n\n", Some(&mut clock)).record.unwrap();
            assert_eq!((next.time, next.program()), (None, &b""[..]));
        }
        assert!(FileContext::default().after(b"Nov 23 10:34:34 mx x: y\n\n", None).record.is_none());
    }

    #[test]
    fn the_first_line_that_can_be_read_one_way_only_decides() {
        let either = "05-11-2026 10:34:34 x\nno date\n06-11-2026 10:34:34 x\n";
        assert_eq!(order_in(either.as_bytes()), Some(DateEvidence::Either));
        let day = format!("{either}13-11-2026 10:34:34 x\n11-14-2026 10:34:34 x\n");
        assert_eq!(order_in(day.as_bytes()), Some(DateEvidence::Certain(DateOrder::DayFirst)));
        assert_eq!(order_in(b"Nov 23 10:34:34 mx x\n"), None);
    }
}
