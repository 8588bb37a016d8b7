//! A zone of rbldnsd: a set of type ip4trie, or ip6trie for a list of IPv6. The `$` in the text becomes the address in
//! the query.

use super::{ListEntry, ListFormat, ListHead, comments, owner_text};
use std::io::{self, Write};

pub(super) struct TrieZone;

impl ListFormat for TrieZone {
    fn head(&mut self, head: &ListHead, out: &mut dyn Write) -> io::Result<()> {
        comments("#", head, out)?;
        writeln!(out, ":127.0.0.2:$ blocked")
    }

    fn entry(&mut self, entry: &ListEntry<'_>, out: &mut dyn Write) -> io::Result<()> {
        match entry.owner.map(owner_text).filter(|owner| !owner.is_empty()) {
            Some(owner) => writeln!(out, "{} :127.0.0.2:$ blocked: {owner}", entry.prefix),
            None => writeln!(out, "{}", entry.prefix),
        }
    }
}
