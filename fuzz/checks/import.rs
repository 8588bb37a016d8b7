//! Bulk data: RPSL split files, delegated statistics, exports. What cannot be read must change nothing.
use jiff::Timestamp;
use std::{io::Cursor, sync::LazyLock};
use whodunit::cache::{
    Ledger, Memory,
    import::{Input, import},
};

/// One folder for all runs; in memory, where there is such a place.
static FOLDER: LazyLock<tempfile::TempDir> = LazyLock::new(|| {
    let memory = std::path::Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory).unwrap() } else { tempfile::tempdir().unwrap() }
});

pub(crate) fn check(data: &[u8]) {
    let cache = FOLDER.path().join("cache.db");
    let kept = Memory::new();
    let input = Input { name: "bulk".into(), reader: Box::new(Cursor::new(data.to_vec())) };
    let now = Timestamp::from_second(1_795_478_400).unwrap();
    match import(&cache, &kept, vec![input], now, &mut || {}) {
        Ok(brought) => {
            let all =
                [brought.networks, brought.contacts, brought.blocks, brought.answers, brought.placeholders];
            // No line of input makes more than one of anything.
            assert!(all.iter().all(|count| *count <= data.len() as u64));
        }
        Err(error) => {
            assert!(error.to_string().contains("bulk"), "{error}");
            assert_eq!(kept.stats(now).unwrap().networks, 0);
        }
    }
}
