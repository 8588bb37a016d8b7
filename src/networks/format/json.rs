//! JSON Lines: an object for each network of the data, or for each of its prefixes if it is no prefix itself or has
//! holes.

use super::{ListEntry, ListFormat, ListHead, ListedSource};
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

    fn entry(&mut self, entry: &ListEntry<'_>, out: &mut dyn Write) -> io::Result<()> {
        let Some(ListedSource { network, file, line }) = entry.source else { return Ok(()) };
        let line = NetworkLine {
            cidr: entry.prefix.to_string(),
            owner: network.owner.as_deref(),
            country: network.country.as_deref(),
            registry: network.registry,
            asn: &network.asn,
            file,
            line,
        };
        object(&line, &mut &mut *out)
    }
}
