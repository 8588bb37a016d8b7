//! Lines for the inside of Apache's `<RequireAll>`, beside a `Require all granted` (mod_authz_host).

use super::{ListEntry, ListFormat, ListHead, comments};
use std::io::{self, Write};

pub(super) struct RequireLines;

impl ListFormat for RequireLines {
    fn head(&mut self, head: &ListHead, out: &mut dyn Write) -> io::Result<()> {
        comments("#", head, out)
    }

    fn entry(&mut self, entry: &ListEntry<'_>, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "Require not ip {}", entry.prefix)
    }
}
