//! A number under which decisions made with these patterns are remembered.

use super::{Action, source::PatternSource};
use xxhash_rust::xxh3::Xxh3;

/// Changes whenever the same files would be read to another meaning, so that older decisions are forgotten.
const ENGINE: u64 = 3;

/// Everything that a decision depends on, in 128 bits.
pub(super) fn of(sources: &[PatternSource], folds: bool) -> [u8; 16] {
    let mut hash = Xxh3::new();
    hash.update(&ENGINE.to_le_bytes());
    hash.update(&[u8::from(folds)]);
    for source in sources {
        hash.update(&[u8::from(source.action == Action::Block), u8::from(source.inline)]);
        // With their lengths, so that no two lists of files run together to the same bytes.
        for part in [source.name.as_bytes(), &source.bytes] {
            hash.update(&(part.len() as u64).to_le_bytes());
            hash.update(part);
        }
    }
    hash.digest128().to_le_bytes()
}
