//! Postfix's cidr_table(5), for check_client_access and postscreen_access_list.

use super::{ListEntry, ListFormat, ListHead, comments, owner_text};
use std::io::{self, Write};

pub(super) struct CidrTable;

impl ListFormat for CidrTable {
    fn head(&mut self, head: &ListHead, out: &mut dyn Write) -> io::Result<()> {
        comments("#", head, out)
    }

    fn entry(&mut self, entry: &ListEntry<'_>, out: &mut dyn Write) -> io::Result<()> {
        write!(out, "{} REJECT No access to hosts using this registrar", entry.prefix)?;
        match entry.owner.map(owner_text).filter(|owner| !owner.is_empty()) {
            Some(owner) => writeln!(out, ": {owner}"),
            None => writeln!(out),
        }
    }
}
