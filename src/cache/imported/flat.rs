//! The networks of a file, flattened when they are imported. A run over many addresses reads these ranges at once; it
//! took ten times as long to read the extents.

use super::{Sources, hit, number};
use crate::{
    address::Prefix,
    cache::{
        CacheHit, extent,
        flat::{AddressNumber, FlatExtents, FlatRanges},
    },
};
use jiff::Timestamp;
use rusqlite::{Connection, params};
use std::{collections::BTreeMap, net::IpAddr, num::NonZeroU8};

/// Each row holds some of the ranges of one family, in order.
pub(in crate::cache) const SCHEMA: &str = "CREATE TABLE flat1 (
    number INTEGER PRIMARY KEY, family INTEGER NOT NULL, count INTEGER NOT NULL, ranges BLOB NOT NULL);";

/// Ranges in one row.
const ROW: usize = 65_536;
/// The most ranges that are stored: these take 200 MB of memory. RIPE's whole database, four million networks, should have
/// about eight million, since most of its networks are one prefix; that was not measured.
const MOST: usize = 16_000_000;
/// Looking for one address in the file takes as long as reading this many ranges.
const WORTH: usize = 256;

/// The networks of a file, flattened.
#[derive(Debug, Default)]
pub(in crate::cache) struct FlatImports {
    flat: FlatExtents<FlatNetwork>,
    /// The lowest number of a network.
    base: i64,
    /// The time of import of each source.
    sources: Vec<Timestamp>,
}

/// The network that a range belongs to. There may be millions, so this is small.
#[derive(Clone, Copy, Debug)]
struct FlatNetwork {
    /// Its number, less the lowest.
    number: u32,
    source: u8,
    /// The length of the prefix that holds the range, and 1.
    length: NonZeroU8,
}

impl FlatImports {
    /// The most specific network that holds the address.
    pub(in crate::cache) fn find(&self, address: IpAddr) -> Option<CacheHit> {
        let FlatNetwork { number, source, length } = self.flat.find(address)?;
        let extent = Prefix::new(address, length.get() - 1)?;
        Some(hit(extent, self.base + i64::from(number), *self.sources.get(usize::from(source))?))
    }
}

/// A network, and the number of its source.
#[derive(Clone, Copy)]
struct StoredNetwork {
    id: i64,
    source: i64,
    length: u8,
}

/// Flattens the extents of a file in the making. None are written if they are too many.
pub(in crate::cache) fn write(connection: &Connection) -> rusqlite::Result<()> {
    let mut flat = FlatExtents::default();
    let mut statement =
        connection.prepare("SELECT prefix, network, source FROM extent2 ORDER BY prefix, narrow, network")?;
    let mut rows = statement.query([])?;
    let mut count = 0;
    while let Some(row) = rows.next()? {
        let Some(prefix) = row.get_ref(0)?.as_blob().ok().and_then(extent::decode) else { continue };
        let network = StoredNetwork { id: row.get(1)?, source: row.get(2)?, length: prefix.length() };
        flat.add(prefix, network, prefix.length());
        count += write_row(connection, 4, &flat.v4.take_settled(ROW))?;
        count += write_row(connection, 6, &flat.v6.take_settled(ROW))?;
        if count > MOST {
            return connection.execute("DELETE FROM flat1", []).map(drop);
        }
    }
    flat.end();
    // A row without ranges says that there are no networks.
    store(connection, 4, &flat.v4.take_all())?;
    write_row(connection, 6, &flat.v6.take_all()).map(drop)
}

fn write_row<N: Copy + Into<u128>>(
    connection: &Connection,
    family: u8,
    ranges: &[(N, Option<StoredNetwork>)],
) -> rusqlite::Result<usize> {
    if !ranges.is_empty() {
        store(connection, family, ranges)?;
    }
    Ok(ranges.len())
}

/// Each range is the distance of its start from the start before it (IPv6: the high half, then the low half), then 0 for
/// nobody, or the prefix length and 1, the difference of the network's number, and the source.
fn store<N: Copy + Into<u128>>(
    connection: &Connection,
    family: u8,
    ranges: &[(N, Option<StoredNetwork>)],
) -> rusqlite::Result<()> {
    let mut bytes = Vec::new();
    let (mut before, mut last) = (0_u128, 0_i64);
    for &(start, network) in ranges {
        let start: u128 = start.into();
        let distance = start - before;
        before = start;
        if family == 6 {
            number::push(&mut bytes, (distance >> 64) as u64);
        }
        number::push(&mut bytes, (distance & u128::from(u64::MAX)) as u64);
        let Some(StoredNetwork { id, source, length }) = network else {
            number::push(&mut bytes, 0);
            continue;
        };
        number::push(&mut bytes, u64::from(length) + 1);
        number::push(&mut bytes, zigzag(id.wrapping_sub(last)));
        number::push(&mut bytes, source.unsigned_abs());
        last = id;
    }
    connection
        .prepare_cached("INSERT INTO flat1 (family, count, ranges) VALUES (?1, ?2, ?3)")?
        .execute(params![family, ranges.len() as i64, bytes])
        .map(drop)
}

/// A difference as a number that is small if the difference is near 0.
fn zigzag(difference: i64) -> u64 {
    ((difference << 1) ^ (difference >> 63)) as u64
}

fn difference(zigzag: u64) -> i64 {
    (zigzag >> 1) as i64 ^ -((zigzag & 1) as i64)
}

/// Reads the ranges; None if the file has none (it is of an earlier version, or has too many networks), or if reading
/// them does not pay for this many `addresses`.
pub(super) fn read(
    connection: &Connection,
    sources: &Sources,
    addresses: usize,
) -> rusqlite::Result<Option<FlatImports>> {
    let number = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, Option<i64>>(0));
    if number("SELECT count(*) FROM sqlite_master WHERE name = 'flat1'")? == Some(0) {
        return Ok(None);
    }
    let Some(count) = number("SELECT sum(count) FROM flat1")? else { return Ok(None) };
    if usize::try_from(count).map_or(usize::MAX, |count| count / WORTH) > addresses {
        return Ok(None);
    }
    let base = number("SELECT min(id) FROM network1")?.unwrap_or_default();
    let imports = FlatImports { base, ..FlatImports::default() };
    let mut reader = FlatReader { indexes: BTreeMap::new(), imports };
    for (id, (imported, _)) in sources {
        let Ok(index) = u8::try_from(reader.indexes.len()) else { return Ok(None) };
        reader.indexes.insert(*id, index);
        reader.imports.sources.push(*imported);
    }
    let mut statement = connection.prepare("SELECT family, ranges FROM flat1 ORDER BY number")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let Ok(ranges) = row.get_ref(1)?.as_blob() else { return Ok(None) };
        // If they are damaged, the extents answer.
        if reader.row(row.get(0)?, ranges).is_none() {
            return Ok(None);
        }
    }
    Ok(Some(reader.imports))
}

struct FlatReader {
    /// The index of each source, by its number.
    indexes: BTreeMap<i64, u8>,
    imports: FlatImports,
}

impl FlatReader {
    /// Adds the ranges of one row; None if they are damaged.
    fn row(&mut self, family: i64, ranges: &[u8]) -> Option<()> {
        let Self { indexes, imports: FlatImports { flat, base, .. } } = self;
        match family {
            4 => read_ranges(ranges, *base, indexes, &mut flat.v4, |bytes| {
                number::take(bytes).and_then(|distance| u32::try_from(distance).ok())
            }),
            _ => read_ranges(ranges, *base, indexes, &mut flat.v6, |bytes| {
                Some(u128::from(number::take(bytes)?) << 64 | u128::from(number::take(bytes)?))
            }),
        }
    }
}

fn read_ranges<N: AddressNumber>(
    mut bytes: &[u8],
    base: i64,
    indexes: &BTreeMap<i64, u8>,
    flat: &mut FlatRanges<N, FlatNetwork>,
    distance: impl Fn(&mut &[u8]) -> Option<N>,
) -> Option<()> {
    let (mut start, mut id) = (N::default(), 0_i64);
    // Neighbours are of one source.
    let mut last = None;
    while !bytes.is_empty() {
        start = start.plus(distance(&mut bytes)?)?;
        let network = match NonZeroU8::new(u8::try_from(number::take(&mut bytes)?).ok()?) {
            None => None,
            Some(length) => {
                id = id.wrapping_add(difference(number::take(&mut bytes)?));
                let of = i64::try_from(number::take(&mut bytes)?).ok()?;
                let source = match last {
                    Some((known, source)) if known == of => source,
                    _ => *indexes.get(&of)?,
                };
                last = Some((of, source));
                Some(FlatNetwork { number: u32::try_from(id.checked_sub(base)?).ok()?, source, length })
            }
        };
        flat.push(start, network);
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::Draw;
    use std::net::{Ipv4Addr, Ipv6Addr};

    /// A file with these networks: prefix, number and source.
    fn file(networks: &[(Prefix, i64, i64)]) -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch(
                "CREATE TABLE extent2 (prefix BLOB, narrow REAL, network INTEGER, source INTEGER);
                 CREATE TABLE network1 (id INTEGER PRIMARY KEY);",
            )
            .unwrap();
        connection.execute_batch(SCHEMA).unwrap();
        let mut insert = connection.prepare("INSERT INTO extent2 VALUES (?1, 0, ?2, ?3)").unwrap();
        for (prefix, id, source) in networks {
            insert.execute(params![extent::encode(*prefix), id, source]).unwrap();
            connection.execute("INSERT OR IGNORE INTO network1 VALUES (?1)", [id]).unwrap();
        }
        drop(insert);
        connection
    }

    fn sources() -> Sources {
        (1..=3).map(|source| (source, (Timestamp::from_second(source).unwrap(), None))).collect()
    }

    impl FlatImports {
        /// These networks: prefix, number and source.
        pub(in crate::cache) fn of(networks: &[(Prefix, i64, i64)]) -> Self {
            let connection = file(networks);
            write(&connection).unwrap();
            read(&connection, &sources(), usize::MAX).unwrap().unwrap()
        }
    }

    fn network(draw: &mut Draw, id: i64) -> (Prefix, i64, i64) {
        let address: IpAddr = if !draw.number().is_multiple_of(4) {
            Ipv4Addr::from_bits(draw.number() << 1).into()
        } else {
            Ipv6Addr::from_bits(u128::from(draw.wide()) << 64 | u128::from(draw.wide())).into()
        };
        let (v4, v6) = (8 + draw.number() % 25, 1 + draw.number() % 128);
        (Prefix::around(address, v4 as u8, v6 as u8), id, i64::from(draw.number() % 3) + 1)
    }

    #[test]
    fn what_is_read_agrees_with_trying_them_all() {
        let mut draw = Draw::new(23);
        // The numbers of a file do not begin at 1, and are in no order.
        let all: Vec<_> = (0..1500).map(|n| network(&mut draw, 5_000_000_000 + n * 7 % 1500)).collect();
        let flat = FlatImports::of(&all);
        for _ in 0..4000 {
            let (near, ..) = all[draw.number() as usize % all.len()];
            let address =
                if draw.number().is_multiple_of(2) { near.first() } else { network(&mut draw, 0).0.last() };
            let best = all.iter().filter(|(prefix, ..)| prefix.contains(address));
            let best = best.max_by_key(|(prefix, id, _)| (prefix.length(), *id));
            let found = flat.find(address).map(|found| (found.extent, found.id, found.fetched.as_second()));
            let expected = best.map(|(prefix, id, source)| (*prefix, *id, *source));
            assert_eq!(found, expected, "{address}");
        }
    }

    #[test]
    fn many_ranges_take_several_rows() {
        let all: Vec<_> = (0..70_000_u32)
            .map(|n| (Prefix::new(Ipv4Addr::from_bits(n << 9).into(), 24).unwrap(), i64::from(n), 1))
            .collect();
        let connection = file(&all);
        write(&connection).unwrap();
        let rows = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
        assert_eq!(rows("SELECT count(*) FROM flat1"), 3);
        assert!(read(&connection, &sources(), 500).unwrap().is_none(), "not worth it");
        let flat = read(&connection, &sources(), 600).unwrap().unwrap();
        for n in [0, 1, 32_767, 32_768, 65_535, 69_999_u32] {
            let find = |bits: u32| flat.find(Ipv4Addr::from_bits(bits).into()).map(|found| found.id);
            assert_eq!((find(n << 9), find((n << 9) + 256)), (Some(i64::from(n)), None));
        }
    }

    #[test]
    fn a_file_without_ranges_is_no_file_without_networks() {
        let empty = file(&[]);
        assert!(read(&empty, &sources(), usize::MAX).unwrap().is_none(), "too many networks");
        write(&empty).unwrap();
        assert!(read(&empty, &sources(), usize::MAX).unwrap().is_some());
        empty.execute_batch("DROP TABLE flat1").unwrap();
        assert!(read(&empty, &sources(), usize::MAX).unwrap().is_none(), "an earlier version");
    }

    #[test]
    fn damage_is_no_panic() {
        let mut draw = Draw::new(3);
        let all: Vec<_> = (0..60).map(|n| network(&mut draw, n)).collect();
        let connection = file(&all);
        write(&connection).unwrap();
        let whole: Vec<u8> =
            connection.query_row("SELECT ranges FROM flat1 WHERE family = 6", [], |row| row.get(0)).unwrap();
        for _ in 0..3000 {
            let mut torn = whole.clone();
            let at = draw.number() as usize % torn.len();
            torn[at] = (draw.number() & 0xff) as u8;
            torn.truncate(torn.len() - draw.number() as usize % 3);
            for family in [4, 6] {
                connection
                    .execute(
                        "UPDATE flat1 SET ranges = ?1, family = ?2 WHERE number = 2",
                        params![torn, family],
                    )
                    .unwrap();
                let flat = read(&connection, &sources(), usize::MAX).unwrap();
                flat.map(|flat| flat.find([80, 0, 0, 1].into()));
            }
        }
    }
}
