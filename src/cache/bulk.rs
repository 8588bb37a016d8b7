//! Imports of registries' bulk data and of another machine's export. A file is read in one stream, and imported as a
//! whole or not at all.
//!
//! Imported data is a file of its own beside the cache (`...-imported`). It is written once, as a draft, and then
//! replaces the old file. Nobody waits for an import, and a broken file changes nothing. Readers can rely on a file
//! that never changes while they have it open.

mod delegated;
mod draft;
mod exported;
mod line;
mod rpsl;

pub use line::line;

use super::{Maintenance, location};
use crate::{
    address::Network,
    error::{Error, Result},
    registry::Registry,
};
use draft::ImportDraft;
use jiff::Timestamp;
use std::{
    io::{self, BufRead, Cursor, Read},
    path::{Path, PathBuf},
};

/// One file to import, already unpacked.
pub struct BulkInput {
    /// Its name, for messages.
    pub name: PathBuf,
    /// The content.
    pub reader: Box<dyn BufRead + Send>,
}

/// The counts of an import.
#[derive(Clone, Debug, Default, Eq, PartialEq, serde::Serialize)]
pub struct ImportSummary {
    /// Networks in RPSL files.
    pub networks: u64,
    /// Objects that networks refer to: organisations, and contacts with an abuse mailbox.
    pub contacts: u64,
    /// Blocks in delegated statistics.
    pub blocks: u64,
    /// Answers in another machine's export.
    pub answers: u64,
    /// Objects that call themselves placeholders, and networks that cannot be registered.
    pub placeholders: u64,
    /// True if earlier imported data could not be read, and is lost.
    pub lost: bool,
}

/// One entry that a reader finds in a file. `source` is the unit that a later import replaces: the database and class
/// of RPSL objects, or the registry of statistics.
pub enum BulkEntry {
    /// Starts a source; precedes everything that is packed with its dictionary.
    Source {
        /// The name of the source.
        source: String,
        /// The zstd dictionary for the bodies of this source; may be empty.
        dictionary: Vec<u8>,
    },
    /// A network, packed.
    Network {
        /// The source it belongs to.
        source: String,
        /// The network that it describes.
        network: Network,
        /// Record and text, packed.
        body: Vec<u8>,
    },
    /// An object that networks refer to.
    Contact {
        /// The source it belongs to.
        source: String,
        /// The name that networks use for it, in capitals.
        handle: String,
        /// Its text, packed.
        body: Vec<u8>,
    },
    /// A network that belongs to nobody.
    Placeholder,
    /// A line of delegated statistics.
    Block {
        /// The statistics that hold it.
        source: String,
        /// The delegated block.
        block: Network,
        /// The registry that holds the block.
        registry: Registry,
    },
    /// A line of an export that parses.
    Answer(String),
}

/// The kind of a file, told by its first line that is not a comment.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum BulkForm {
    Rpsl,
    Delegated,
    Export,
}

/// Comments before the first line may fill at most this many bytes.
const HEAD: usize = 64 << 10;

/// The time of the last import beside this cache; None if there was none.
#[must_use]
pub fn imported_at(cache: &Path) -> Option<Timestamp> {
    let written = std::fs::metadata(beside(cache)).and_then(|file| file.modified()).ok()?;
    written.try_into().ok()
}

/// The file beside a cache that holds imported data.
pub(super) fn beside(cache: &Path) -> PathBuf {
    location::beside(cache, "-imported")
}

/// Imports all files as one. `cache` is the cache's own file; answers of an export go into `maintenance`. `tick` is called
/// now and then, to show progress.
///
/// # Errors
/// A file cannot be read (66), or is broken or of no known form (65); nothing is changed then. The draft cannot be
/// written (74).
pub fn import(
    cache: &Path,
    maintenance: &dyn Maintenance,
    inputs: Vec<BulkInput>,
    now: Timestamp,
    tick: &mut dyn FnMut(),
) -> Result<ImportSummary> {
    let inputs = sort(inputs)?;
    let mut draft = ImportDraft::begin(&beside(cache), now)?;
    read(inputs, &mut |entry| draft.take(entry), tick)?;
    draft.finish(maintenance, tick)
}

/// Reads files as [`import`] does, and writes nothing.
///
/// # Errors
/// A file cannot be read (66), or is broken or of no known form (65).
pub fn survey(inputs: Vec<BulkInput>) -> Result<ImportSummary> {
    let mut brought = ImportSummary::default();
    read(
        sort(inputs)?,
        &mut |entry| {
            brought.count(&entry);
            Ok(())
        },
        &mut || (),
    )?;
    Ok(brought)
}

/// Receives each entry of a file.
type EntrySink<'a> = dyn FnMut(BulkEntry) -> Result<()> + 'a;

fn read(inputs: Vec<(BulkForm, BulkInput)>, sink: &mut EntrySink<'_>, tick: &mut dyn FnMut()) -> Result<()> {
    inputs.into_iter().try_for_each(|(kind, input)| match kind {
        BulkForm::Rpsl => rpsl::read(input, sink, tick),
        BulkForm::Delegated => delegated::read(input, sink, tick),
        BulkForm::Export => exported::read(input, sink, tick),
    })
}

/// Finds the kind of every file first, so that a wrong one is refused before minutes go into the others.
fn sort(inputs: Vec<BulkInput>) -> Result<Vec<(BulkForm, BulkInput)>> {
    inputs.into_iter().map(|mut input| Ok((kind(&mut input)?, input))).collect()
}

impl ImportSummary {
    fn count(&mut self, entry: &BulkEntry) {
        match entry {
            BulkEntry::Source { .. } => {}
            BulkEntry::Network { .. } => self.networks += 1,
            BulkEntry::Contact { .. } => self.contacts += 1,
            BulkEntry::Placeholder => self.placeholders += 1,
            BulkEntry::Block { .. } => self.blocks += 1,
            BulkEntry::Answer(_) => self.answers += 1,
        }
    }
}

/// Reads the head of a file to find its kind, and puts it back.
fn kind(input: &mut BulkInput) -> Result<BulkForm> {
    let BulkInput { name, reader } = input;
    let mut head = Vec::new();
    let mut kind = None;
    while kind.is_none() && head.len() < HEAD {
        let start = head.len();
        let read = Read::take(&mut *reader, HEAD as u64).read_until(b'\n', &mut head);
        if read.map_err(|error| Error::input(name, &error))? == 0 {
            break;
        }
        let line = head.get(start..).unwrap_or_default().trim_ascii();
        if !line.is_empty() && !matches!(line.first(), Some(b'#' | b'%')) {
            kind = Some(kind_of(line));
        }
    }
    if head.is_empty() {
        return Err(Error::data(format!("{}: it is empty; nothing was imported", name.display())));
    }
    let rest = std::mem::replace(reader, Box::new(io::empty()));
    *reader = Box::new(Cursor::new(head).chain(rest));
    kind.flatten().ok_or_else(|| refuse(name))
}

fn kind_of(line: &[u8]) -> Option<BulkForm> {
    let bars = line.iter().filter(|&&b| b == b'|').count();
    let colon = line.iter().position(|&b| b == b':');
    let is_word =
        |word: &[u8]| !word.is_empty() && word.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'-');
    if line.starts_with(b"{\"whodunit\"") {
        Some(BulkForm::Export)
    } else if bars >= 5 {
        Some(BulkForm::Delegated)
    } else if colon.and_then(|at| line.get(..at)).is_some_and(is_word) {
        Some(BulkForm::Rpsl)
    } else {
        None
    }
}

fn refuse(name: &Path) -> Error {
    Error::data(format!(
        "{}: neither a registry's RPSL file, nor delegated statistics, nor an export of whodunit's cache, nor a table \
         that says which AS announces an address; nothing was imported",
        name.display()
    ))
}

/// The error for a file that is broken at some line.
fn broken(name: &Path, line: u64, why: &str) -> Error {
    Error::data(format!("{}:{line}: {why}; nothing was imported", name.display()))
}

#[cfg(test)]
mod tests;
