//! Lines for the inside of nginx' `geo` block (ngx_http_geo_module): a prefix, and 1.

use super::{ListEntry, ListFormat, ListHead, comments};
use std::io::{self, Write};

pub(super) struct GeoLines;

impl ListFormat for GeoLines {
    fn head(&mut self, head: &ListHead, out: &mut dyn Write) -> io::Result<()> {
        comments("#", head, out)
    }

    fn entry(&mut self, entry: &ListEntry<'_>, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{} 1;", entry.prefix)
    }
}
