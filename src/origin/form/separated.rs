//! Rows separated by commas: with a header that names the columns, or as `first,last,asn,name`.

use super::{
    OriginInput, RowCounts, SeparatedColumns, SeparatedEnds, broken, fields, fields::RowRange, refused,
    unread, without_end,
};
use crate::{
    error::{Error, Result},
    origin::TableBuilder,
};
use csv::{ByteRecord, ErrorKind, ReaderBuilder, Terminator};
use std::{
    io::{self, Read},
    path::Path,
};

/// The longest row in bytes. In a longer one, an unclosed quote has swallowed the text after it.
const LONGEST: usize = 64 << 10;

/// The column names in headers: GeoLite2's and GeoIP2's, DB-IP's, IPinfo's, and synonyms of others.
const NETWORK: &[&str] = &["network", "prefix", "cidr"];
const FIRST: &[&str] = &["first", "start_ip", "range_start", "ip_range_start", "start", "ip_from"];
const LAST: &[&str] = &["last", "end_ip", "range_end", "ip_range_end", "end", "ip_to"];
const ASN: &[&str] = &["autonomous_system_number", "asn", "as_number"];
const NAME: &[&str] = &["autonomous_system_organization", "as_name", "asname", "as_organization", "name"];

/// The columns shown by a first line, as a header or as a row.
pub(super) fn columns(line: &[u8]) -> Option<SeparatedColumns> {
    let mut record = ByteRecord::new();
    let read = builder().from_reader(line).read_byte_record(&mut record);
    if !read.is_ok_and(|read| read) {
        return None;
    }
    let named = |names: &[&str]| {
        names.iter().find_map(|name| {
            record.iter().position(|field| field.trim_ascii().eq_ignore_ascii_case(name.as_bytes()))
        })
    };
    if let Some(asn) = named(ASN) {
        let range = || Some(SeparatedEnds::Range(named(FIRST)?, named(LAST)?));
        let ends = named(NETWORK).map(SeparatedEnds::Network).or_else(range)?;
        return Some(SeparatedColumns { ends, asn, name: named(NAME), headed: true });
    }
    let plain = SeparatedColumns { ends: SeparatedEnds::Range(0, 1), asn: 2, name: Some(3), headed: false };
    row(&plain, &record, &mut Vec::new()).is_some().then_some(plain)
}

fn builder() -> ReaderBuilder {
    let mut builder = ReaderBuilder::new();
    builder.has_headers(false).flexible(true).comment(Some(b'#')).terminator(Terminator::CRLF);
    builder
}

fn row(columns: &SeparatedColumns, record: &ByteRecord, numbers: &mut Vec<u32>) -> Option<RowRange> {
    let range = match columns.ends {
        SeparatedEnds::Network(at) => fields::prefix(record.get(at)?).map(RowRange::Network)?,
        SeparatedEnds::Range(first, last) => fields::range(record.get(first)?, record.get(last)?)?,
    };
    fields::numbers(record.get(columns.asn)?, numbers)?;
    Some(range)
}

/// Passes bytes on, and remembers the last one.
struct LastByte<R> {
    inner: R,
    last: u8,
}

impl<R: Read> Read for LastByte<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        if let Some(last) = count.checked_sub(1).and_then(|at| buffer.get(at)) {
            self.last = *last;
        }
        Ok(count)
    }
}

/// Reads all rows.
pub(super) fn read(
    columns: &SeparatedColumns,
    input: OriginInput,
    builder_of_table: &mut TableBuilder,
    tick: &mut dyn FnMut(),
) -> Result<RowCounts> {
    let OriginInput { name, reader } = input;
    let mut reader = builder().buffer_capacity(256 << 10).from_reader(LastByte { inner: reader, last: 0 });
    let (mut record, mut numbers) = (ByteRecord::new(), Vec::new());
    let (mut counts, mut long_name) = (RowCounts::default(), Vec::new());
    let mut headed = columns.headed;
    let (mut line, mut open) = (1, false);
    while reader.read_byte_record(&mut record).map_err(|error| failed(&name, error))? {
        line = record.position().map_or(line, csv::Position::line);
        // A quote that is open at the file's end has taken the line end into its field.
        open = record.iter().next_back().is_some_and(|field| field.ends_with(b"\n"));
        if record.as_slice().len() > LONGEST {
            return Err(broken(&name, line, "the row is too long: a quote is not closed"));
        }
        if std::mem::take(&mut headed) {
            continue;
        }
        let Some(range) = row(columns, &record, &mut numbers) else {
            return Err(broken(&name, line, "this row is not like the first line"));
        };
        let said = columns.name.and_then(|at| record.get(at)).unwrap_or_default();
        let more = if columns.headed { 0 } else { record.len().saturating_sub(4) };
        let said = if more == 0 { said } else { rest(&record, &mut long_name) };
        counts.add(builder_of_table, range, &numbers, said)?;
        if counts.routed.is_multiple_of(1024) {
            tick();
        }
    }
    if reader.get_ref().last != b'\n' || open {
        return Err(without_end(&name, line));
    }
    Ok(counts)
}

/// An unquoted name with commas: all fields from the fourth on.
fn rest<'a>(record: &ByteRecord, name: &'a mut Vec<u8>) -> &'a [u8] {
    name.clear();
    for field in record.iter().skip(3) {
        if !name.is_empty() {
            name.push(b',');
        }
        name.extend_from_slice(field);
    }
    name
}

fn failed(name: &Path, error: csv::Error) -> Error {
    match error.into_kind() {
        ErrorKind::Io(error) => unread(name, &error),
        _ => refused(name, "its rows cannot be told apart"),
    }
}
