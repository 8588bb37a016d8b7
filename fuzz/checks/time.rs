//! The time of a log line.
use jiff::{Timestamp, tz::TimeZone};
use whodunit::internals::log::time;

pub(crate) fn check(data: &[u8]) {
    let now = Timestamp::from_second(1_795_478_400).unwrap();
    let fixed = TimeZone::fixed(jiff::tz::offset(-9));
    for zone in [TimeZone::UTC, fixed] {
        for line in data.split(|b| *b == b'\n') {
            let first = time(line, now, &zone);
            assert_eq!(first, time(line, now, &zone), "the same line says the same");
        }
    }
}
