//! Reads the table: with a few positioned reads for one address, or from memory for many.

use super::layout::{EndKey, HEAD, MAGIC, PAGE, VERSION, checksum, row_width};
use crate::error::reason;
use jiff::Timestamp;
use std::{
    borrow::Cow,
    fmt,
    fs::{self, File},
    io,
    os::unix::fs::FileExt,
    path::Path,
};

/// The bytes of the first read: the whole head of a table of today's internet.
const FIRST_READ: usize = 16 << 10;
/// The largest table in bytes: 16 million ranges of 40 bytes, 256 MiB of origins, and the indexes. A file that claims
/// more may be planted.
const LARGEST: u64 = 1 << 30;
/// The largest head or list of files, in bytes.
const LARGEST_PART: usize = 4 << 20;

/// The reason why a table cannot be used: one sentence with the file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OriginError(String);

impl fmt::Display for OriginError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for OriginError {}

/// The source of the bytes.
enum TableBytes {
    File(File),
    Memory(Vec<u8>),
}

/// Rows of one kind.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct TableSection {
    /// The position of the index in the head.
    pub(super) index: usize,
    /// The position of the rows in the file.
    start: u64,
    /// The number of rows.
    pub(super) rows: u32,
}

/// An open table.
pub struct OriginTable {
    bytes: TableBytes,
    name: String,
    pub(super) head: Vec<u8>,
    pub(super) v4: TableSection,
    pub(super) v6_upper: TableSection,
    pub(super) v6_whole: TableSection,
    pub(super) origins: (u64, u32),
    about: (u64, u32),
    length: u64,
}

impl fmt::Debug for OriginTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OriginTable").field("name", &self.name).finish_non_exhaustive()
    }
}

pub(super) type TableResult<T> = Result<T, OriginError>;

impl OriginTable {
    /// Opens the table at `path`; None if there is none.
    ///
    /// # Errors
    /// The file cannot be read, is no table, is damaged, or is of another version.
    pub fn open(path: &Path) -> TableResult<Option<Self>> {
        let name = path.display().to_string();
        let failed = |error: io::Error| OriginError(format!("cannot read {name}: {}", reason(&error)));
        match fs::metadata(path) {
            // Opening a pipe at this path would block.
            Ok(meta) if !meta.is_file() => return Err(OriginError(format!("{name} is no file"))),
            Ok(_) => {}
            // If the folder is a file, the cache has reported that.
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                return Ok(None);
            }
            Err(error) => return Err(failed(error)),
        }
        let file = File::open(path).map_err(failed)?;
        let meta = file.metadata().map_err(failed)?;
        let mut head = vec![0; FIRST_READ.min(usize::try_from(meta.len()).unwrap_or(FIRST_READ))];
        file.read_exact_at(&mut head, 0).map_err(failed)?;
        Self::new(TableBytes::File(file), name, head, meta.len()).map(Some)
    }

    /// Reads the whole table into memory and verifies it, for runs over many addresses.
    ///
    /// # Errors
    /// The file cannot be read, or is damaged anywhere.
    pub fn load(&self) -> TableResult<Self> {
        let TableBytes::File(file) = &self.bytes else {
            return Err(OriginError(format!("{} is in memory already", self.name)));
        };
        let failed = |error: io::Error| OriginError(format!("cannot read {}: {}", self.name, reason(&error)));
        // Memory is allocated as the file is read: the length that it claims is not trusted.
        let mut all = Vec::new();
        let mut at = 0;
        let mut piece = vec![0; 1 << 20];
        loop {
            match file.read_at(&mut piece, at) {
                Ok(0) => break,
                Ok(count) => {
                    all.extend_from_slice(piece.get(..count).unwrap_or_default());
                    at += count as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(failed(error)),
            }
            if at > self.length {
                return Err(self.damaged());
            }
        }
        Self::from_bytes(all, &self.name)
    }

    /// A table in memory, verified.
    ///
    /// # Errors
    /// It is no table, damaged, or of another version.
    pub fn from_bytes(all: Vec<u8>, name: &str) -> TableResult<Self> {
        let head = all.get(..all.len().min(FIRST_READ)).unwrap_or_default().to_vec();
        let length = all.len() as u64;
        let table = Self::new(TableBytes::Memory(all), name.to_owned(), head, length)?;
        table.verify::<u32>(&table.v4)?;
        table.verify::<u64>(&table.v6_upper)?;
        table.verify::<u128>(&table.v6_whole)?;
        Ok(table)
    }

    fn new(bytes: TableBytes, name: String, mut head: Vec<u8>, length: u64) -> TableResult<Self> {
        let damaged = || damaged(&name);
        let u32_at = |bytes: &[u8], at: usize| bytes.get(at..).and_then(u32::read);
        if head.get(..MAGIC.len()) != Some(MAGIC) {
            return Err(OriginError(format!("{name} is not a table of origins: import one again")));
        }
        let version = u32_at(&head, 16).ok_or_else(damaged)?;
        if version != VERSION {
            return Err(OriginError(format!(
                "{name} is a table of origins of version {version}, but only {VERSION} is understood: import one again"
            )));
        }
        let size = u32_at(&head, 20).and_then(|size| usize::try_from(size).ok()).ok_or_else(damaged)?;
        if !(HEAD..=LARGEST_PART).contains(&size) || size as u64 > length || length > LARGEST {
            return Err(damaged());
        }
        if size > head.len() {
            head = bytes.read(0, size).ok_or_else(damaged)?.into_owned();
        }
        head.truncate(size);
        let sum = head.get(24..).and_then(u64::read).ok_or_else(damaged)?;
        if checksum(head.get(32..).unwrap_or_default()) != sum {
            return Err(damaged());
        }
        let number = |at: usize| u32_at(&head, at).ok_or_else(damaged);
        let mut layout = (HEAD, size as u64);
        let mut section = |rows: u32, key: usize| {
            let (index, start) = layout;
            let pages = rows.div_ceil(PAGE as u32) as usize;
            layout.0 += pages * (key + 8);
            layout.1 += u64::from(rows) * row_width(key) as u64;
            TableSection { index, start, rows }
        };
        let v4 = section(number(40)?, 4);
        let v6_upper = section(number(44)?, 8);
        let v6_whole = section(number(48)?, 16);
        let origins = (layout.1, number(52)?);
        let about = (layout.1 + u64::from(origins.1), number(56)?);
        if layout.0 != size || about.0 + u64::from(about.1) != length {
            return Err(damaged());
        }
        Ok(Self { bytes, name, head, v4, v6_upper, v6_whole, origins, about, length })
    }

    /// Whether it was read into memory.
    #[must_use]
    pub fn is_in_memory(&self) -> bool {
        matches!(self.bytes, TableBytes::Memory(_))
    }

    /// The number of ranges.
    #[must_use]
    pub fn len(&self) -> u64 {
        [&self.v4, &self.v6_upper, &self.v6_whole].iter().map(|section| u64::from(section.rows)).sum()
    }

    /// Whether it has no range at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The size of the file in bytes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.length
    }

    /// The time of import.
    #[must_use]
    pub fn imported(&self) -> Timestamp {
        let micros = self.head.get(32..).and_then(u64::read).unwrap_or_default();
        Timestamp::from_microsecond(micros.cast_signed()).unwrap_or_default()
    }

    /// The names of the files that it was made from, as they were given.
    ///
    /// # Errors
    /// The file cannot be read, or is damaged there.
    pub fn files(&self) -> TableResult<Vec<String>> {
        let length = usize::try_from(self.about.1).unwrap_or(usize::MAX).min(LARGEST_PART);
        let about = self.read(self.about.0, length)?;
        let files =
            about.split_first_chunk::<8>().filter(|(sum, text)| checksum(text).to_be_bytes() == **sum);
        files.and_then(|(_, text)| serde_json::from_slice(text).ok()).ok_or_else(|| self.damaged())
    }

    /// The bytes of a page, verified.
    pub(super) fn page<K: EndKey>(&self, section: &TableSection, page: usize) -> TableResult<Cow<'_, [u8]>> {
        let width = row_width(K::WIDTH);
        let rows = (section.rows as usize).saturating_sub(page * PAGE).min(PAGE);
        let bytes = self.read(section.start + (page * PAGE * width) as u64, rows * width)?;
        // A table in memory was verified when it was loaded.
        if matches!(self.bytes, TableBytes::File(_)) && !self.is_whole::<K>(section, page, &bytes) {
            return Err(self.damaged());
        }
        Ok(bytes)
    }

    fn is_whole<K: EndKey>(&self, section: &TableSection, page: usize, bytes: &[u8]) -> bool {
        let sum = self.head.get(section.index + page * (K::WIDTH + 8) + K::WIDTH..).and_then(u64::read);
        sum == Some(checksum(bytes))
    }

    fn verify<K: EndKey>(&self, section: &TableSection) -> TableResult<()> {
        for page in 0..section.rows.div_ceil(PAGE as u32) as usize {
            let bytes = self.page::<K>(section, page)?;
            if !self.is_whole::<K>(section, page, &bytes) {
                return Err(self.damaged());
            }
        }
        Ok(())
    }

    pub(super) fn read(&self, at: u64, length: usize) -> TableResult<Cow<'_, [u8]>> {
        self.bytes.read(at, length).ok_or_else(|| self.damaged())
    }

    pub(super) fn damaged(&self) -> OriginError {
        damaged(&self.name)
    }
}

fn damaged(name: &str) -> OriginError {
    OriginError(format!("the table of origins {name} is damaged: import one again"))
}

impl TableBytes {
    pub(super) fn read(&self, at: u64, length: usize) -> Option<Cow<'_, [u8]>> {
        match self {
            Self::Memory(all) => {
                let at = usize::try_from(at).ok()?;
                all.get(at..at.checked_add(length)?).map(Cow::Borrowed)
            }
            Self::File(file) => {
                let mut bytes = vec![0; length];
                file.read_exact_at(&mut bytes, at).ok().map(|()| Cow::Owned(bytes))
            }
        }
    }
}
