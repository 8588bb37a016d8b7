//! A file for `nft -f`: the table `inet whodunit` with the sets `blocked4` and `blocked6`. Missing tables and sets are
//! created. New elements replace the old ones in one transaction, whatever rules use the sets.

use super::{ListEntry, ListFormat, ListHead, comments};
use std::io::{self, Write};

/// The elements in one command: nft reads a command whole.
const BATCH: usize = 4096;

#[derive(Default)]
pub(super) struct NftFile {
    /// Whether the current command is for IPv6, and its number of elements; None between commands.
    open: Option<(bool, usize)>,
}

impl ListFormat for NftFile {
    fn head(&mut self, head: &ListHead, out: &mut dyn Write) -> io::Result<()> {
        comments("#", head, out)?;
        let sets = [(head.families.v4, "blocked4", "ipv4_addr"), (head.families.v6, "blocked6", "ipv6_addr")];
        let sets = sets.iter().filter(|(wanted, ..)| *wanted);
        writeln!(out, "table inet whodunit {{")?;
        for (_, name, kind) in sets.clone() {
            writeln!(out, "\tset {name} {{\n\t\ttype {kind}\n\t\tflags interval\n\t}}")?;
        }
        writeln!(out, "}}")?;
        sets.clone().try_for_each(|(_, name, _)| writeln!(out, "flush set inet whodunit {name}"))
    }

    fn entry(&mut self, entry: &ListEntry<'_>, out: &mut dyn Write) -> io::Result<()> {
        let v6 = entry.prefix.first().is_ipv6();
        let count = match self.open {
            Some((family, count)) if family == v6 && count < BATCH => {
                writeln!(out, ",")?;
                count
            }
            _ => {
                self.tail(out)?;
                let name = if v6 { "blocked6" } else { "blocked4" };
                writeln!(out, "add element inet whodunit {name} {{")?;
                0
            }
        };
        self.open = Some((v6, count + 1));
        write!(out, "\t{}", entry.prefix)
    }

    fn tail(&mut self, out: &mut dyn Write) -> io::Result<()> {
        if self.open.take().is_some() { writeln!(out, "\n}}") } else { Ok(()) }
    }
}
