//! Exim's iplsearch file: a key, a colon, a text. A key that contains colons is in quotation marks.

use super::{ListEntry, ListFormat, ListHead, comments, owner_text};
use std::io::{self, Write};

pub(super) struct IplsearchFile;

impl ListFormat for IplsearchFile {
    fn head(&mut self, head: &ListHead, out: &mut dyn Write) -> io::Result<()> {
        comments("#", head, out)
    }

    fn entry(&mut self, entry: &ListEntry<'_>, out: &mut dyn Write) -> io::Result<()> {
        let prefix = entry.prefix;
        if prefix.first().is_ipv4() {
            write!(out, "{prefix}:")?;
        } else {
            write!(out, "\"{prefix}\":")?;
        }
        match entry.owner.map(owner_text).filter(|owner| !owner.is_empty()) {
            Some(owner) => writeln!(out, " blocked: {owner}"),
            None => writeln!(out, " blocked"),
        }
    }
}
