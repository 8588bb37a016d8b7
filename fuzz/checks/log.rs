//! A mail log, packed or not: the client of each line, and the whole file.
use jiff::{Timestamp, tz::TimeZone};
use std::io::Write;
use whodunit::{
    address::unwrap,
    input::{Extract, From, Spec, client, read},
};

pub(crate) fn check(data: &[u8]) {
    let mut clients = 0;
    for line in data.split(|b| *b == b'\n') {
        if let Some(address) = client(line) {
            assert_eq!(unwrap(address), address);
            clients += 1;
        }
    }
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
    let _ = clients;
}
