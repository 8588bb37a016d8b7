//! CSV (RFC 4180): a header, then a row for each network of the data, as in JSON. Lists are joined by a blank.

use super::{ListEntry, ListFormat, ListHead, ListedSource};
use crate::sanitize::{csv_cell, safe};
use std::io::{self, Write};

pub(super) struct CsvRows;

impl ListFormat for CsvRows {
    fn head(&mut self, _: &ListHead, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "cidr,owner,country,registry,asn,file,line")
    }

    fn entry(&mut self, entry: &ListEntry<'_>, out: &mut dyn Write) -> io::Result<()> {
        let Some(ListedSource { network, file, line }) = entry.source else { return Ok(()) };
        let text = |value: Option<&str>| csv_cell(value.unwrap_or_default()).into_owned();
        let fields = [
            entry.prefix.to_string(),
            text(network.owner.as_deref()),
            text(network.country.as_deref()),
            text(network.registry),
            network.asn.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
            safe(file).into_owned(),
            line.to_string(),
        ];
        let mut row = csv::Writer::from_writer(out);
        row.write_record(fields).map_err(io::Error::other)?;
        row.flush()
    }
}
