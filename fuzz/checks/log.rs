//! A mail log as a file, packed or not.
use jiff::{Timestamp, tz::TimeZone};
use std::io::Write;
use whodunit::input::{Extract, From, Spec, read};

pub(crate) fn check(data: &[u8]) {
    // The file is read once for each way; a name is enough for that.
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(data).unwrap();
    let now = Timestamp::UNIX_EPOCH;
    for extract in [Extract::Client, Extract::All] {
        let spec = Spec { extract, times: true, zone: TimeZone::UTC, ..Spec::new(now) };
        // What is packed and broken is refused; everything else has its lines counted.
        let Ok(seen) = read(&[From::File(file.path())], &spec, &|_, _| {}) else { continue };
        assert!(seen.with_client <= seen.selected && seen.selected <= seen.lines);
        let hits: u64 = seen.seen.iter().map(|seen| seen.hits).sum();
        assert!(hits >= seen.with_client);
    }
}
