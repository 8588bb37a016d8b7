//! A prefix on each line.

use super::{ListEntry, ListFormat, ListHead, comments};
use std::io::{self, Write};

pub(super) struct CidrList;

impl ListFormat for CidrList {
    fn head(&mut self, head: &ListHead, out: &mut dyn Write) -> io::Result<()> {
        comments("#", head, out)
    }

    fn entry(&mut self, entry: &ListEntry<'_>, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{}", entry.prefix)
    }
}
