//! CSV (RFC 4180): a header, then one row for each address. Lists are joined by a blank.

use crate::{
    sanitize::{csv_cell, safe},
    verdict::Judged,
};
use std::io::{self, Write};

const HEADER: [&str; 17] = [
    "ip", "verdict", "count", "hits", "owner", "country", "first", "last", "name", "registry", "asn",
    "abuse", "file", "line", "source", "error", "asname",
];

pub(super) fn head(out: &mut impl Write) -> io::Result<()> {
    write(out, HEADER.iter().map(|name| (*name).to_owned()))
}

pub(super) fn row(judged: &Judged, out: &mut impl Write) -> io::Result<()> {
    let answer = judged.answer();
    let record = answer.map(|answer| &answer.record);
    let network = record
        .map(|record| record.network)
        .or_else(|| judged.reserved().map(|special| special.prefix.into()))
        .or_else(|| judged.announced().copied());
    let text = |value: Option<&str>| value.map(|value| csv_cell(value).into_owned()).unwrap_or_default();
    // An unknown address has no AS numbers here, unless no query was allowed.
    let numbers = if network.is_some() { judged.numbers().0 } else { &[] };
    let as_name = judged.as_name().filter(|_| network.is_some());
    let decisive = judged.decisive();
    let fields = [
        judged.address.map(|address| address.to_string()).unwrap_or_default(),
        judged.verdict.as_str().to_owned(),
        judged.count.to_string(),
        judged.hits.to_string(),
        text(record.and_then(|record| record.org.as_deref())),
        text(record.and_then(|record| record.country.as_deref())),
        network.map(|network| network.first().to_string()).unwrap_or_default(),
        network.map(|network| network.last().to_string()).unwrap_or_default(),
        text(
            record.and_then(|r| r.name.as_deref()).or_else(|| judged.reserved().map(|special| special.name)),
        ),
        text(record.map(|r| r.registry.as_str()).or_else(|| judged.reserved().map(|_| "iana"))),
        numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
        record.map(|record| csv_cell(&record.abuse.join(" ")).into_owned()).unwrap_or_default(),
        // The user's own name for the file, which may be `-e`.
        decisive.map(|found| safe(&found.file).into_owned()).unwrap_or_default(),
        decisive.map(|found| found.line.to_string()).unwrap_or_default(),
        judged.source().as_str().to_owned(),
        judged.unknown().map(|unknown| unknown.kind.as_str().to_owned()).unwrap_or_default(),
        text(as_name),
    ];
    write(out, fields.into_iter())
}

pub(super) fn write(out: &mut impl Write, fields: impl Iterator<Item = String>) -> io::Result<()> {
    let mut row = csv::WriterBuilder::new().from_writer(Vec::new());
    row.write_record(fields.collect::<Vec<_>>()).map_err(io::Error::other)?;
    out.write_all(&row.into_inner().map_err(|error| io::Error::other(error.to_string()))?)
}
