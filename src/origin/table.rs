//! The table as it is read: by a few positioned reads for one address, or from memory for many.

use super::{
    AddressOrigin, Origin, OriginParts, OriginRange, OriginRanges, decode,
    layout::{EndKey, HEAD, MAGIC, NO_PARENT, PAGE, StoredRow, VERSION, checksum, row_width},
    nesting::AddressBits,
};
use crate::{address::Network, error::reason};
use jiff::Timestamp;
use std::{
    borrow::Cow,
    collections::BTreeSet,
    fmt,
    fs::{self, File},
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    os::unix::fs::{FileExt, MetadataExt},
    path::Path,
};

/// So much is read at first: the whole head of a table of today's internet.
const FIRST_READ: usize = 16 << 10;
/// So much of an origin is read at first: names are short.
const ORIGIN_READ: usize = 256;
/// No table is larger: 16 million ranges of 40 bytes, 256 MiB of origins, and what leads to them. A file that says it is
/// may be planted.
const LARGEST: u64 = 1 << 30;
/// No head is larger, and no list of files.
const LARGEST_PART: usize = 4 << 20;

/// Why a table cannot be used: one sentence that names the file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OriginError(String);

impl fmt::Display for OriginError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for OriginError {}

/// Where the bytes are.
enum TableBytes {
    File(File),
    Memory(Vec<u8>),
}

/// Rows of one kind.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct TableSection {
    /// Where the index lies in the head.
    index: usize,
    /// Where the rows lie in the file.
    start: u64,
    /// How many rows.
    pub(super) rows: u32,
}

/// An open table.
pub struct OriginTable {
    bytes: TableBytes,
    name: String,
    head: Vec<u8>,
    pub(super) v4: TableSection,
    pub(super) v6_upper: TableSection,
    pub(super) v6_whole: TableSection,
    origins: (u64, u32),
    about: (u64, u32),
    length: u64,
    identity: (u64, u64),
}

impl fmt::Debug for OriginTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OriginTable").field("name", &self.name).finish_non_exhaustive()
    }
}

type Outcome<T> = Result<T, OriginError>;

impl OriginTable {
    /// Opens the table at `path`; None where there is none.
    ///
    /// # Errors
    /// A file that cannot be read, is no table, is damaged, or is of another version.
    pub fn open(path: &Path) -> Outcome<Option<Self>> {
        let name = path.display().to_string();
        let failed = |error: io::Error| OriginError(format!("cannot read {name}: {}", reason(&error)));
        match fs::metadata(path) {
            // A pipe at its path would hold up whoever opens it.
            Ok(meta) if !meta.is_file() => return Err(OriginError(format!("{name} is no file"))),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(error)),
        }
        let file = File::open(path).map_err(failed)?;
        let meta = file.metadata().map_err(failed)?;
        let mut head = vec![0; FIRST_READ.min(usize::try_from(meta.len()).unwrap_or(FIRST_READ))];
        file.read_exact_at(&mut head, 0).map_err(failed)?;
        let identity = (meta.dev(), meta.ino());
        Self::new(TableBytes::File(file), name, head, meta.len(), identity).map(Some)
    }

    /// Reads all of the table into memory and verifies it, for runs over many addresses.
    ///
    /// # Errors
    /// A file that cannot be read, or is damaged anywhere.
    pub fn load(&self) -> Outcome<Self> {
        let TableBytes::File(file) = &self.bytes else {
            return Err(OriginError(format!("{} is in memory already", self.name)));
        };
        let failed = |error: io::Error| OriginError(format!("cannot read {}: {}", self.name, reason(&error)));
        // Room is made as it is read: what the file claims its length to be is no reason to reserve it.
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
        Self::from_bytes(all, &self.name, self.identity)
    }

    /// A table in memory, verified.
    ///
    /// # Errors
    /// It is no table, damaged, or of another version.
    pub fn from_bytes(all: Vec<u8>, name: &str, identity: (u64, u64)) -> Outcome<Self> {
        let head = all.get(..all.len().min(FIRST_READ)).unwrap_or_default().to_vec();
        let length = all.len() as u64;
        let table = Self::new(TableBytes::Memory(all), name.to_owned(), head, length, identity)?;
        table.verify::<u32>(&table.v4)?;
        table.verify::<u64>(&table.v6_upper)?;
        table.verify::<u128>(&table.v6_whole)?;
        Ok(table)
    }

    fn new(
        bytes: TableBytes,
        name: String,
        mut head: Vec<u8>,
        length: u64,
        identity: (u64, u64),
    ) -> Outcome<Self> {
        let damaged = || damaged(&name);
        let u32_at = |bytes: &[u8], at: usize| bytes.get(at..).and_then(u32::read);
        if head.get(..MAGIC.len()) != Some(MAGIC) {
            return Err(OriginError(format!("{name} is no table of origins: import one anew")));
        }
        let version = u32_at(&head, 16).ok_or_else(damaged)?;
        if version != VERSION {
            return Err(OriginError(format!(
                "{name} is a table of origins of version {version}, and only {VERSION} is understood: import one anew"
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
        Ok(Self { bytes, name, head, v4, v6_upper, v6_whole, origins, about, length, identity })
    }

    /// The range that answers for the address: the most specific one that holds it.
    ///
    /// # Errors
    /// The file cannot be read, or is damaged where the address would be.
    pub fn find(&self, address: IpAddr) -> Outcome<Option<OriginRange>> {
        let v6 = match address {
            IpAddr::V4(v4) => {
                let row = self.search(&self.v4, v4.to_bits())?;
                return row.map(|row| self.v4_range(&row)).transpose();
            }
            IpAddr::V6(v6) => v6.to_bits(),
        };
        let upper = self.search(&self.v6_upper, (v6 >> 64) as u64)?;
        let upper = upper.map(|row| self.upper_range(&row)).transpose()?;
        let whole = self.search(&self.v6_whole, v6)?;
        let whole = whole.map(|row| self.whole_range(&row)).transpose()?;
        Ok(match (upper, whole) {
            (Some(upper), Some(whole)) if upper.network.span() < whole.network.span() => Some(upper),
            (upper, whole) => whole.or(upper),
        })
    }

    /// The origin of a range of this table.
    ///
    /// # Errors
    /// The file cannot be read, or is damaged there.
    pub fn origin(&self, id: u32) -> Outcome<Origin> {
        self.with_origin(id, decode::origin)
    }

    fn with_origin<T>(&self, id: u32, read: impl Fn(&[u8]) -> Option<T>) -> Outcome<T> {
        let left = usize::try_from(self.origins.1.saturating_sub(id)).unwrap_or_default();
        let at = self.origins.0 + u64::from(id);
        let bytes = self.read(at, left.min(ORIGIN_READ))?;
        let length = decode::length(&bytes).filter(|length| *length <= left).ok_or_else(|| self.damaged())?;
        let value = if length > bytes.len() { read(&self.read(at, length)?) } else { read(&bytes) };
        value.ok_or_else(|| self.damaged())
    }

    /// What is known of an address: its range and who announces it.
    ///
    /// # Errors
    /// The file cannot be read, or is damaged there.
    pub fn look_up(&self, address: IpAddr) -> Outcome<Option<AddressOrigin>> {
        let Some(range) = self.find(address)? else { return Ok(None) };
        Ok(Some(AddressOrigin { range, origin: self.origin(range.id)? }))
    }

    /// Every AS number in the table.
    ///
    /// # Errors
    /// The file cannot be read, or is damaged.
    pub fn numbers(&self) -> Outcome<BTreeSet<u32>> {
        let mut numbers = BTreeSet::new();
        let mut at = 0;
        while at < self.origins.1 {
            let used = self.with_origin(at, |bytes| {
                numbers_of(bytes).map(|found| (found, decode::length(bytes).unwrap_or(usize::MAX)))
            })?;
            numbers.extend(used.0);
            at = u32::try_from(used.1)
                .ok()
                .and_then(|used| at.checked_add(used))
                .ok_or_else(|| self.damaged())?;
        }
        Ok(numbers)
    }

    /// Whether it was read into memory.
    #[must_use]
    pub fn is_in_memory(&self) -> bool {
        matches!(self.bytes, TableBytes::Memory(_))
    }

    /// How many ranges.
    #[must_use]
    pub fn len(&self) -> u64 {
        [&self.v4, &self.v6_upper, &self.v6_whole].iter().map(|section| u64::from(section.rows)).sum()
    }

    /// Whether it has no range at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Every range, IPv4 first, by first address, enclosing ones before what they enclose.
    #[must_use]
    pub fn ranges(&self) -> OriginRanges<'_> {
        OriginRanges::new(self)
    }

    /// The table as disjoint ascending parts, IPv4 first: each with the range that answers for all of its addresses.
    #[must_use]
    pub fn parts(&self) -> OriginParts<'_> {
        OriginParts::new(self)
    }

    /// Bytes of the file.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.length
    }

    /// When it was imported.
    #[must_use]
    pub fn imported(&self) -> Timestamp {
        let micros = self.head.get(32..).and_then(u64::read).unwrap_or_default();
        Timestamp::from_microsecond(micros.cast_signed()).unwrap_or_default()
    }

    /// The names of the files that it was made of, as they were given.
    ///
    /// # Errors
    /// The file cannot be read, or is damaged there.
    pub fn files(&self) -> Outcome<Vec<String>> {
        let length = usize::try_from(self.about.1).unwrap_or(usize::MAX).min(LARGEST_PART);
        let about = self.read(self.about.0, length)?;
        let files =
            about.split_first_chunk::<8>().filter(|(sum, text)| checksum(text).to_be_bytes() == **sum);
        files.and_then(|(_, text)| serde_json::from_slice(text).ok()).ok_or_else(|| self.damaged())
    }

    /// The file's device and inode: another table at its path has others.
    #[must_use]
    pub fn identity(&self) -> (u64, u64) {
        self.identity
    }

    /// The innermost row that holds the key.
    fn search<K: EndKey + AddressBits>(
        &self,
        section: &TableSection,
        key: K,
    ) -> Outcome<Option<StoredRow<K>>> {
        let pages = section.rows.div_ceil(PAGE as u32) as usize;
        let first_of = |page: usize| self.head.get(section.index + page * (K::WIDTH + 8)..).and_then(K::read);
        let Some(page) = partition(pages, |page| first_of(page).is_some_and(|first| first <= key)) else {
            return Ok(None);
        };
        let mut number = page;
        let mut bytes = self.page::<K>(section, page)?;
        let rows = bytes.len() / row_width(K::WIDTH);
        let starts = |row| StoredRow::<K>::read(&bytes, row).is_some_and(|row| row.first <= key);
        let Some(row) = partition(rows, starts) else { return Ok(None) };
        let mut row = page * PAGE + row;
        loop {
            if row / PAGE != number {
                number = row / PAGE;
                bytes = self.page::<K>(section, number)?;
            }
            let found = StoredRow::<K>::read(&bytes, row % PAGE).ok_or_else(|| self.damaged())?;
            if found.last >= key {
                return Ok((found.first <= key).then_some(found));
            }
            if found.parent == NO_PARENT {
                return Ok(None);
            }
            // An enclosing row stands before what it encloses, so this ends.
            let parent = found.parent as usize;
            if parent >= row {
                return Err(self.damaged());
            }
            row = parent;
        }
    }

    /// The bytes of a page, verified.
    pub(super) fn page<K: EndKey>(&self, section: &TableSection, page: usize) -> Outcome<Cow<'_, [u8]>> {
        let width = row_width(K::WIDTH);
        let rows = (section.rows as usize).saturating_sub(page * PAGE).min(PAGE);
        let bytes = self.read(section.start + (page * PAGE * width) as u64, rows * width)?;
        // In memory everything was verified when it was loaded.
        if matches!(self.bytes, TableBytes::File(_)) && !self.is_whole::<K>(section, page, &bytes) {
            return Err(self.damaged());
        }
        Ok(bytes)
    }

    fn is_whole<K: EndKey>(&self, section: &TableSection, page: usize, bytes: &[u8]) -> bool {
        let sum = self.head.get(section.index + page * (K::WIDTH + 8) + K::WIDTH..).and_then(u64::read);
        sum == Some(checksum(bytes))
    }

    fn verify<K: EndKey>(&self, section: &TableSection) -> Outcome<()> {
        for page in 0..section.rows.div_ceil(PAGE as u32) as usize {
            let bytes = self.page::<K>(section, page)?;
            if !self.is_whole::<K>(section, page, &bytes) {
                return Err(self.damaged());
            }
        }
        Ok(())
    }

    pub(super) fn v4_range(&self, row: &StoredRow<u32>) -> Outcome<OriginRange> {
        let address = |bits| IpAddr::V4(Ipv4Addr::from_bits(bits));
        self.range(address(row.first), address(row.last), row.origin)
    }

    pub(super) fn upper_range(&self, row: &StoredRow<u64>) -> Outcome<OriginRange> {
        let (first, last) = (u128::from(row.first) << 64, u128::from(row.last) << 64 | u128::from(u64::MAX));
        self.whole_range(&StoredRow { first, last, origin: row.origin, parent: row.parent })
    }

    pub(super) fn whole_range(&self, row: &StoredRow<u128>) -> Outcome<OriginRange> {
        let address = |bits| IpAddr::V6(Ipv6Addr::from_bits(bits));
        self.range(address(row.first), address(row.last), row.origin)
    }

    fn range(&self, first: IpAddr, last: IpAddr, id: u32) -> Outcome<OriginRange> {
        let network = Network::new(first, last).ok_or_else(|| self.damaged())?;
        Ok(OriginRange { network, id })
    }

    fn read(&self, at: u64, length: usize) -> Outcome<Cow<'_, [u8]>> {
        self.bytes.read(at, length).ok_or_else(|| self.damaged())
    }

    pub(super) fn damaged(&self) -> OriginError {
        damaged(&self.name)
    }
}

fn damaged(name: &str) -> OriginError {
    OriginError(format!("the table of origins {name} is damaged: import one anew"))
}

fn numbers_of(bytes: &[u8]) -> Option<Vec<u32>> {
    decode::numbers(bytes).map(Iterator::collect)
}

impl TableBytes {
    fn read(&self, at: u64, length: usize) -> Option<Cow<'_, [u8]>> {
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

/// The last of `count` items for which `holds`, which is true for the first ones only.
fn partition(count: usize, holds: impl Fn(usize) -> bool) -> Option<usize> {
    let (mut low, mut high) = (0, count);
    while low < high {
        let middle = low + (high - low) / 2;
        if holds(middle) { low = middle + 1 } else { high = middle }
    }
    low.checked_sub(1)
}
