//! The digest under which decisions of these patterns are stored.

use super::{Action, source::PatternSource};
use xxhash_rust::xxh3::Xxh3;

/// Changed whenever the same files would be read differently, so that older decisions are dropped.
const ENGINE: u64 = 3;

/// A hash of everything that a decision depends on, in 128 bits.
pub(super) fn of(sources: &[PatternSource], folds: bool) -> [u8; 16] {
    let mut hash = Xxh3::new();
    hash.update(&ENGINE.to_le_bytes());
    hash.update(&[u8::from(folds)]);
    for source in sources {
        hash.update(&[u8::from(source.action == Action::Block), u8::from(source.inline)]);
        // The lengths are included, so that two lists of files never give the same bytes.
        for part in [source.name.as_bytes(), &source.bytes] {
            hash.update(&(part.len() as u64).to_le_bytes());
            hash.update(part);
        }
    }
    hash.digest128().to_le_bytes()
}
