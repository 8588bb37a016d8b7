//! rspamd's map of addresses, for a multimap of type `ip`: a prefix on each line, and comments after `#`. A value after
//! the prefix would be read as the name of a symbol, so there is none.

use super::{ListEntry, ListFormat, ListHead, comments};
use std::io::{self, Write};

pub(super) struct RspamdMap;

impl ListFormat for RspamdMap {
    fn head(&mut self, head: &ListHead, out: &mut dyn Write) -> io::Result<()> {
        comments("#", head, out)
    }

    fn entry(&mut self, entry: &ListEntry<'_>, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{}", entry.prefix)
    }
}
