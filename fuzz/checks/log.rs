//! A mail log as a file, compressed or not.
use jiff::{Timestamp, tz::TimeZone};
use std::io::Write;
use whodunit::internals::log::{ClientSource, Extract, ReadSpec, read};

/// Half a kilobyte of bzip2 can hold ten megabytes. Longer files take too long here.
const PACKED: usize = 256;

pub(crate) fn check(data: &[u8]) {
    let magic: [&[u8]; 4] = [b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd"];
    if data.len() > PACKED && magic.iter().any(|magic| data.starts_with(magic)) {
        return;
    }
    // The file is read once in each mode, so it needs a name.
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(data).unwrap();
    let now = Timestamp::UNIX_EPOCH;
    for extract in [Extract::Client, Extract::All] {
        let spec = ReadSpec { extract, times: true, zone: TimeZone::UTC, ..ReadSpec::new(now) };
        // A broken compressed file is refused; every other file has its lines counted.
        let Ok(seen) = read(&[ClientSource::File(file.path())], &spec, &|_, _| {}) else { continue };
        assert!(seen.with_client <= seen.selected && seen.selected <= seen.lines);
        let hits: u64 = seen.seen.iter().map(|seen| seen.hits).sum();
        assert!(hits >= seen.with_client);
    }
}
