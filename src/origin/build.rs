//! Builds a table: collects the rows of all files of one import, and makes the bytes of the table's file.

use super::{
    Origin,
    layout::{
        EndKey, HEAD, LONGEST_NAME, MAGIC, MOST_NUMBERS, PAGE, StoredRow, VERSION, checksum, short_checksum,
    },
    nesting::{AddressBits, ImportedRow, nest, parents},
};
use crate::{
    address::Network,
    error::{Error, Result},
};
use jiff::Timestamp;
use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
};

/// The most rows. All routers of the internet together hold fewer, so a larger table is no routing data.
const MOST_ROWS: usize = 16_000_000;

/// The most bytes of all origins.
const MOST_ORIGINS: usize = 256 << 20;

/// Collects the rows of a table.
#[derive(Default)]
pub struct TableBuilder {
    v4: Vec<ImportedRow<u32>>,
    v6: Vec<ImportedRow<u128>>,
    origins: OriginPool,
    files: Vec<String>,
}

/// Distinct origins as stored in the file; each is identified by its offset there.
#[derive(Default)]
struct OriginPool {
    bytes: Vec<u8>,
    offsets: HashMap<Box<[u8]>, u32, foldhash::fast::RandomState>,
    scratch: Vec<u8>,
}

impl OriginPool {
    fn intern(&mut self, asn: &[u32], name: Option<&str>) -> Result<u32> {
        let name = name.unwrap_or_default();
        let Ok(count) = u16::try_from(asn.len().min(MOST_NUMBERS)) else { return Err(too_large()) };
        self.scratch.clear();
        self.scratch.extend_from_slice(&count.to_be_bytes());
        for number in asn.iter().take(count.into()) {
            self.scratch.extend_from_slice(&number.to_be_bytes());
        }
        self.scratch.extend_from_slice(cut(name).as_bytes());
        if let Some(offset) = self.offsets.get(self.scratch.as_slice()) {
            return Ok(*offset);
        }
        let offset = u32::try_from(self.bytes.len()).map_err(|_| too_large())?;
        let length = u16::try_from(self.scratch.len()).map_err(|_| too_large())?;
        if self.bytes.len() > MOST_ORIGINS {
            return Err(too_large());
        }
        self.bytes.extend_from_slice(&short_checksum(&self.scratch).to_be_bytes());
        self.bytes.extend_from_slice(&length.to_be_bytes());
        self.bytes.extend_from_slice(&self.scratch);
        self.offsets.insert(self.scratch.as_slice().into(), offset);
        Ok(offset)
    }

    fn at(&self, offset: u32) -> Origin {
        let bytes = usize::try_from(offset).ok().and_then(|offset| self.bytes.get(offset..));
        bytes.and_then(super::decode::origin).unwrap_or_default()
    }

    /// The combined origin for a range that has both.
    fn join(&mut self, first: u32, second: u32) -> Result<u32> {
        let (mut joined, more) = (self.at(first), self.at(second));
        for number in more.asn {
            if joined.asn.len() < MOST_NUMBERS && !joined.asn.contains(&number) {
                joined.asn.push(number);
            }
        }
        joined.name = match (joined.name, more.name) {
            // A name that does not fit is left out entirely.
            (Some(name), Some(more)) if name.len() + more.len() + 2 > LONGEST_NAME => Some(name),
            (Some(name), Some(more)) if name.split("; ").all(|part| part != more) => {
                Some(format!("{name}; {more}"))
            }
            (name, more) => name.or(more),
        };
        self.intern(&joined.asn, joined.name.as_deref())
    }
}

/// The part of a name that is kept.
fn cut(name: &str) -> &str {
    // Nearly all names are short, and there are half a million of them.
    if name.len() <= LONGEST_NAME {
        return name;
    }
    (0..=LONGEST_NAME).rev().find_map(|end| name.get(..end)).unwrap_or_default()
}

fn too_large() -> Error {
    Error::data("the table of origins is too large: more than 16 million ranges, or 256 MiB of names")
}

impl TableBuilder {
    /// An empty table.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes the name of a file whose rows follow.
    pub fn begin_file(&mut self, name: String) {
        self.files.push(name);
    }

    /// The number of ranges so far.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.v4.len() + self.v6.len()
    }

    /// Adds a row. AS 0 means "not routed" (RFC 7607) and is left out; a row with only that is dropped.
    ///
    /// # Errors
    /// There are more rows than can be real (65).
    pub fn add(&mut self, network: Network, asn: &[u32], name: Option<&str>) -> Result<()> {
        if asn.iter().all(|number| *number == 0) {
            return Ok(());
        }
        let origin = if asn.contains(&0) {
            let routed: Vec<u32> = asn.iter().copied().filter(|number| *number != 0).collect();
            self.origins.intern(&routed, name)?
        } else {
            self.origins.intern(asn, name)?
        };
        self.add_known(network, origin)
    }

    /// The number of an origin, for [`Self::add_known`]. None if it is not routed.
    ///
    /// # Errors
    /// There are more origins than can be real (65).
    pub(super) fn origin(&mut self, asn: &[u32], name: Option<&str>) -> Result<Option<u32>> {
        if asn.is_empty() || asn.contains(&0) {
            return Ok(None);
        }
        self.origins.intern(asn, name).map(Some)
    }

    /// Adds a row whose origin is in this table.
    pub(super) fn add_known(&mut self, network: Network, origin: u32) -> Result<()> {
        if self.rows() >= MOST_ROWS {
            return Err(too_large());
        }
        match (unmapped(network.first()), unmapped(network.last())) {
            (IpAddr::V4(first), IpAddr::V4(last)) => {
                self.v4.push(ImportedRow { first: first.to_bits(), last: last.to_bits(), origin });
            }
            _ => {
                let (first, last) = (v6_bits(network.first()), v6_bits(network.last()));
                self.v6.push(ImportedRow { first, last, origin });
            }
        }
        Ok(())
    }

    /// The bytes of the file, and its number of ranges.
    ///
    /// # Errors
    /// There is more data than can be real (65).
    pub fn finish(self, now: Timestamp) -> Result<(Vec<u8>, u64)> {
        let Self { v4, v6, mut origins, files } = self;
        let mut join = |first, second| origins.join(first, second);
        let v4 = nest(v4, &mut join)?;
        let v6 = nest(v6, &mut join)?;
        let (upper, whole) = by_halves(&v6);
        drop(v6);
        let sections = [section(&v4), section(&upper), section(&whole)];
        let counts = [v4.len(), upper.len(), whole.len()];
        let mut about = serde_json::to_vec(&files).unwrap_or_default();
        about.splice(0..0, checksum(&about).to_be_bytes());
        let number = |length: usize| u32::try_from(length).map_err(|_| too_large());

        let mut file = Vec::new();
        file.extend_from_slice(MAGIC);
        file.extend_from_slice(&VERSION.to_be_bytes());
        let head = HEAD + sections.iter().map(|section| section.index.len()).sum::<usize>();
        file.extend_from_slice(&number(head)?.to_be_bytes());
        // The checksum is filled in later.
        file.extend_from_slice(&0_u64.to_be_bytes());
        file.extend_from_slice(&now.as_microsecond().to_be_bytes());
        for length in [counts[0], counts[1], counts[2], origins.bytes.len(), about.len()] {
            file.extend_from_slice(&number(length)?.to_be_bytes());
        }
        file.resize(HEAD, 0);
        sections.iter().for_each(|section| file.extend_from_slice(&section.index));
        let sum = checksum(file.get(32..).unwrap_or_default());
        if let Some(to) = file.get_mut(24..32) {
            to.copy_from_slice(&sum.to_be_bytes());
        }
        sections.into_iter().for_each(|section| file.extend_from_slice(&section.rows));
        file.extend_from_slice(&origins.bytes);
        file.extend_from_slice(&about);
        Ok((file, counts.iter().sum::<usize>() as u64))
    }
}

/// The bytes of a section.
struct SectionBytes {
    index: Vec<u8>,
    rows: Vec<u8>,
}

fn section<K: EndKey + AddressBits>(rows: &[ImportedRow<K>]) -> SectionBytes {
    let mut bytes = SectionBytes { index: Vec::new(), rows: Vec::new() };
    let parents = parents(rows);
    for (page, parents) in rows.chunks(PAGE).zip(parents.chunks(PAGE)) {
        let start = bytes.rows.len();
        for (row, parent) in page.iter().zip(parents) {
            let ImportedRow { first, last, origin } = *row;
            StoredRow { first, last, origin, parent: *parent }.write(&mut bytes.rows);
        }
        if let (Some(row), Some(written)) = (page.first(), bytes.rows.get(start..)) {
            row.first.write(&mut bytes.index);
            bytes.index.extend_from_slice(&checksum(written).to_be_bytes());
        }
    }
    bytes
}

/// Nearly all IPv6 ranges consist of whole /64, and need only the upper halves of their ends.
fn by_halves(rows: &[ImportedRow<u128>]) -> (Vec<ImportedRow<u64>>, Vec<ImportedRow<u128>>) {
    let (mut upper, mut whole) = (Vec::new(), Vec::new());
    for row in rows {
        #[expect(clippy::cast_possible_truncation, reason = "halves of an address")]
        let halves = |bits: u128| ((bits >> 64) as u64, bits as u64);
        match (halves(row.first), halves(row.last)) {
            ((first, 0), (last, u64::MAX)) => upper.push(ImportedRow { first, last, origin: row.origin }),
            _ => whole.push(*row),
        }
    }
    (upper, whole)
}

/// An IPv4 address that is wrapped in IPv6, unwrapped, because addresses are looked up unwrapped.
fn unmapped(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or(address, IpAddr::V4),
        IpAddr::V4(_) => address,
    }
}

fn v6_bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().to_bits(),
        IpAddr::V6(v6) => Ipv6Addr::to_bits(v6),
    }
}
