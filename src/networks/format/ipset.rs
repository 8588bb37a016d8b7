//! Commands for `ipset restore`: the sets `whodunit4` and `whodunit6`, each filled under another name and swapped in.

use super::{ListEntry, ListFormat, ListHead, comments};
use std::io::{self, Write};

/// The options of both sets. `maxelem` is always the same, because `create -exist` accepts an existing set only with
/// equal options. Memory is only taken for elements that exist.
const OPTIONS: &str = "hashsize 4096 maxelem 16777216 -exist";

#[derive(Default)]
pub(super) struct IpsetRestore {
    /// The sets that are being filled.
    names: Vec<&'static str>,
}

impl ListFormat for IpsetRestore {
    fn head(&mut self, head: &ListHead, out: &mut dyn Write) -> io::Result<()> {
        comments("#", head, out)?;
        let sets = [(head.families.v4, "whodunit4", "inet"), (head.families.v6, "whodunit6", "inet6")];
        for (_, name, family) in sets.iter().filter(|(wanted, ..)| *wanted) {
            writeln!(out, "create {name} hash:net family {family} {OPTIONS}")?;
            writeln!(out, "create {name}-new hash:net family {family} {OPTIONS}")?;
            writeln!(out, "flush {name}-new")?;
            self.names.push(name);
        }
        Ok(())
    }

    fn entry(&mut self, entry: &ListEntry<'_>, out: &mut dyn Write) -> io::Result<()> {
        let name = if entry.prefix.first().is_ipv4() { "whodunit4" } else { "whodunit6" };
        writeln!(out, "add {name}-new {}", entry.prefix)
    }

    fn tail(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.names.iter().try_for_each(|name| writeln!(out, "swap {name} {name}-new\ndestroy {name}-new"))
    }
}
