//! The file's form, version 1. All numbers are big-endian.
//!
//! | part | content |
//! | --- | --- |
//! | head | [`HEAD`] bytes, then one index for each section |
//! | section IPv4 | rows of `first last` (4 bytes each), `origin parent` (4 bytes each): 16 bytes |
//! | section IPv6, upper halves | the same with 8-byte ends: ranges that begin and end between two /64: 24 bytes |
//! | section IPv6, whole | the same with 16-byte ends: 40 bytes |
//! | origins | each: checksum (4 bytes), length (2), count of AS numbers (2), the numbers (4 each), the name (UTF-8) |
//! | about | checksum (8 bytes), a JSON list of the imported files' names |
//!
//! Rows are sorted by their first address, enclosing ones first, and cut into pages of [`PAGE`] rows. An index has the
//! first address of each page and the page's checksum. `origin` is an offset in the part of that name. `parent` is the
//! number of the smallest row of the section that encloses the row, or [`NO_PARENT`].

use xxhash_rust::xxh3::xxh3_64;

/// The start of the file.
pub(super) const MAGIC: &[u8; 16] = b"whodunit origin\n";
/// The version that is written, and the only one that is read.
pub(super) const VERSION: u32 = 1;
/// The bytes of the head before the indexes.
pub(super) const HEAD: usize = 64;
/// The rows in a page.
pub(super) const PAGE: usize = 512;
/// The row is inside no other.
pub(super) const NO_PARENT: u32 = u32::MAX;
/// The most rows that may enclose each other. Prefixes cannot nest deeper than their bits.
pub(super) const DEEPEST: usize = 256;
/// The most AS numbers of one range: more are no routing data.
pub(super) const MOST_NUMBERS: usize = 1024;
/// The most bytes of one range's names.
pub(super) const LONGEST_NAME: usize = 8192;

/// The end of a range as a section stores it.
pub(super) trait EndKey: Copy + Ord {
    /// Its length in bytes.
    const WIDTH: usize;

    /// Reads it from the start of the slice; None if the slice is too short.
    fn read(bytes: &[u8]) -> Option<Self>;

    /// Writes it.
    fn write(self, to: &mut Vec<u8>);
}

macro_rules! key {
    ($($number:ty),*) => {$(
        impl EndKey for $number {
            const WIDTH: usize = size_of::<$number>();

            fn read(bytes: &[u8]) -> Option<Self> {
                bytes.first_chunk().map(|chunk| Self::from_be_bytes(*chunk))
            }

            fn write(self, to: &mut Vec<u8>) {
                to.extend_from_slice(&self.to_be_bytes());
            }
        }
    )*};
}

key!(u32, u64, u128);

/// The length of one row in bytes.
pub(super) const fn row_width(key: usize) -> usize {
    2 * key + 8
}

/// One row of a section.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct StoredRow<K> {
    pub(super) first: K,
    pub(super) last: K,
    pub(super) origin: u32,
    pub(super) parent: u32,
}

impl<K: EndKey> StoredRow<K> {
    /// The row with this index in the bytes of a page.
    pub(super) fn read(page: &[u8], number: usize) -> Option<Self> {
        let row = page.get(number * row_width(K::WIDTH)..)?;
        let after = |width: usize| row.get(width..);
        Some(Self {
            first: K::read(row)?,
            last: K::read(after(K::WIDTH)?)?,
            origin: u32::read(after(2 * K::WIDTH)?)?,
            parent: u32::read(after(2 * K::WIDTH + 4)?)?,
        })
    }

    pub(super) fn write(&self, to: &mut Vec<u8>) {
        self.first.write(to);
        self.last.write(to);
        self.origin.write(to);
        self.parent.write(to);
    }
}

/// The checksum of pages and of the head.
pub(super) fn checksum(bytes: &[u8]) -> u64 {
    xxh3_64(bytes)
}

/// The checksum of one origin.
#[expect(clippy::cast_possible_truncation, reason = "half of a checksum")]
pub(super) fn short_checksum(bytes: &[u8]) -> u32 {
    xxh3_64(bytes) as u32
}
