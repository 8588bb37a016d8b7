//! Bulk data: RPSL split files, delegated statistics, exports. A file that cannot be read must change nothing.
use jiff::Timestamp;
use std::{io::Cursor, sync::LazyLock};
use whodunit::internals::cache::{
    Maintenance, MemoryCache,
    bulk::{BulkInput, ImportSummary, import, survey},
};

/// The number of inputs that are only read for each one that is imported.
const DISK: u8 = 64;

/// One folder for all runs; in memory, if the system has such a folder.
static FOLDER: LazyLock<tempfile::TempDir> = LazyLock::new(|| {
    let memory = std::path::Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory).unwrap() } else { tempfile::tempdir().unwrap() }
});

fn input(data: &[u8]) -> Vec<BulkInput> {
    vec![BulkInput { name: "bulk".into(), reader: Box::new(Cursor::new(data.to_vec())) }]
}

pub(crate) fn check(data: &[u8]) {
    let read = survey(input(data));
    if let Ok(brought) = &read {
        // No line of input makes more than one of anything.
        let all = [brought.networks, brought.contacts, brought.blocks, brought.answers, brought.placeholders];
        assert!(all.iter().all(|count| *count <= data.len() as u64));
    }
    if let Err(error) = &read {
        assert!(error.to_string().contains("bulk"), "{error}");
    }
    // The disk is fifty times slower than the readers: it gets one in so many, chosen by their results.
    if data.iter().fold(0, |sum: u8, byte| sum.wrapping_add(*byte)) % DISK == 0 {
        write(data, read.ok());
    }
}

/// A readable file can be imported with the same result; another one changes nothing.
fn write(data: &[u8], read: Option<ImportSummary>) {
    let cache = FOLDER.path().join("cache.db");
    let kept = MemoryCache::new();
    let now = Timestamp::from_second(1_795_478_400).unwrap();
    let brought = import(&cache, &kept, input(data), now, &mut || {}).ok();
    assert_eq!(brought, read);
    if brought.is_none() {
        assert_eq!(kept.stats(now).unwrap().networks, 0);
    }
}
