//! JSON Lines: an object for each network of the data, or for each prefix of one that is no prefix itself or has holes.

use super::{BlockingPattern, ListEntry, ListFormat, ListHead};
use crate::output::object;
use serde::Serialize;
use std::io::{self, Write};

pub(super) struct JsonLines;

#[derive(Serialize)]
struct NetworkLine<'a> {
    cidr: String,
    owner: Option<&'a str>,
    country: Option<&'a str>,
    registry: Option<&'static str>,
    asn: &'a [u32],
    file: &'a str,
    line: u32,
}

impl ListFormat for JsonLines {
    fn head(&mut self, _: &ListHead, _: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    fn entry(
        &mut self,
        entry: &ListEntry<'_>,
        pattern: BlockingPattern<'_>,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let line = NetworkLine {
            cidr: entry.prefix.to_string(),
            owner: entry.owner,
            country: entry.source.and_then(|source| source.country.as_deref()),
            registry: entry.source.and_then(|source| source.registry),
            asn: entry.source.map(|source| source.asn.as_slice()).unwrap_or_default(),
            file: pattern.file,
            line: pattern.line,
        };
        object(&line, &mut &mut *out)
    }
}
