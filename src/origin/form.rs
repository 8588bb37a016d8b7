//! Recognises the form of a file by its content, and reads its rows.

mod fields;
mod lines;
mod mmdb;
mod separated;

use super::TableBuilder;
use crate::error::{Error, Result, reason};
use std::{
    io::{self, BufRead},
    path::{Path, PathBuf},
};

/// One file of an import, already decompressed.
pub struct OriginInput {
    /// Its name, for messages.
    pub name: PathBuf,
    /// Its content, from the first byte.
    pub reader: Box<dyn BufRead + Send>,
}

/// A form in which tables of origins are published.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum OriginForm {
    /// `first<TAB>last<TAB>asn<TAB>country<TAB>name` (iptoasn.com's ip2asn).
    Ranges,
    /// `prefix<TAB>length<TAB>asn` (CAIDA's RouteViews pfx2as).
    PrefixLengths,
    /// `prefix/length<TAB>asn` (pyasn's IPASN files).
    Prefixes,
    /// Rows separated by commas.
    Separated(SeparatedColumns),
    /// A MaxMind DB. Its content is only known when it is read.
    MaxMind,
}

/// The meaning of the columns in a CSV file, counted from 0.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SeparatedColumns {
    /// The network, or the first and the last address.
    ends: SeparatedEnds,
    asn: usize,
    name: Option<usize>,
    /// The first line names the columns. Without such a line, a name that is not quoted may have commas, and extends to
    /// the line's end.
    headed: bool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum SeparatedEnds {
    Network(usize),
    Range(usize, usize),
}

/// The bytes that are searched to find the form, including comments before the first row.
pub const FORM_HEAD: usize = 64 << 10;

impl OriginForm {
    /// The form of a file that begins with these bytes, up to [`FORM_HEAD`] of them; None if it is unknown.
    #[must_use]
    pub fn of(head: &[u8]) -> Option<Self> {
        // No text has a NUL, and the search tree of a MaxMind DB begins with small numbers.
        if head.get(..head.len().min(4096)).is_some_and(|head| head.contains(&0)) {
            return Some(Self::MaxMind);
        }
        let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
        let line = head.split(|byte| *byte == b'\n').find(|line| !is_comment(line))?;
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        lines::form(line).or_else(|| separated::columns(line).map(Self::Separated))
    }

    /// Reads a file of this form into a table. `tick` is called now and then, for progress.
    ///
    /// # Errors
    /// It cannot be read (66), or is cut or broken (65).
    pub fn read(
        &self,
        input: OriginInput,
        builder: &mut TableBuilder,
        tick: &mut dyn FnMut(),
    ) -> Result<RowCounts> {
        builder.begin_file(input.name.to_string_lossy().into_owned());
        let name = input.name.clone();
        let counts = match self {
            Self::Ranges | Self::PrefixLengths | Self::Prefixes => lines::read(self, input, builder, tick),
            Self::Separated(columns) => separated::read(columns, input, builder, tick),
            Self::MaxMind => mmdb::read(input, builder, tick),
        }?;
        if counts.routed == 0 {
            return Err(refused(&name, "no row names an AS"));
        }
        Ok(counts)
    }
}

/// The row counts of a file.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct RowCounts {
    /// Rows that name an AS.
    pub routed: u64,
    /// Rows whose first address is above the last; they are left out.
    pub inverted: u64,
}

/// Whether a line cannot be a row: `#` and `;` begin comments.
fn is_comment(line: &[u8]) -> bool {
    matches!(line.trim_ascii().first(), None | Some(b'#' | b';'))
}

/// The error for a file that is refused as a whole.
fn refused(name: &Path, why: &str) -> Error {
    Error::data(format!("{}: {why}; nothing was imported", name.display()))
}

/// The error for a file that is broken at some line.
fn broken(name: &Path, line: u64, why: &str) -> Error {
    Error::data(format!("{}:{line}: {why}; nothing was imported", name.display()))
}

/// The last line of a cut file is refused, even if it looks like a row.
fn without_end(name: &Path, line: u64) -> Error {
    broken(name, line, "the last line has no end: the file is cut (or add a line end)")
}

/// A read error of the machine, or of the decompressor on a file that is cut or broken.
fn unread(name: &Path, error: &io::Error) -> Error {
    if error.raw_os_error().is_some() {
        return Error::input(name, error);
    }
    refused(name, &format!("it cannot be unpacked, and is cut or broken: {}", reason(error)))
}

#[cfg(test)]
mod tests;
