//! Registries' bulk data, and another machine's export: read in one stream, taken over as a whole or not at all.
//!
//! What was imported lies in a file of its own beside the cache (`...-imported`), which is written once, as a draft,
//! and then put in the old one's place. Nobody waits for an import, a broken file changes nothing, and readers may
//! take the file for granted: it never changes under them.

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
    /// What it says.
    pub reader: Box<dyn BufRead + Send>,
}

/// What an import brought.
#[derive(Clone, Debug, Default, Eq, PartialEq, serde::Serialize)]
pub struct ImportSummary {
    /// Networks of RPSL files.
    pub networks: u64,
    /// Objects that networks refer to: organisations, and contacts with an abuse mailbox.
    pub contacts: u64,
    /// Blocks of delegated statistics.
    pub blocks: u64,
    /// Answers of another machine's export.
    pub answers: u64,
    /// Objects that say themselves that they only keep a place, and networks that nobody may register.
    pub placeholders: u64,
    /// What had been imported before could not be read, and is gone.
    pub lost: bool,
}

/// What a reader takes out of a file. `source` names what a later import of the same replaces: the database and the
/// class of RPSL objects, or whose statistics they are.
pub enum BulkEntry {
    /// Comes before what is packed with its dictionary, which may be empty.
    Source {
        /// As in the others.
        source: String,
        /// Of zstd, for the bodies of this source.
        dictionary: Vec<u8>,
    },
    /// A network, packed.
    Network {
        /// Where it stands.
        source: String,
        /// What it describes.
        network: Network,
        /// Record and text.
        body: Vec<u8>,
    },
    /// What networks refer to.
    Contact {
        /// Where it stands.
        source: String,
        /// The name that networks use for it, in capitals.
        handle: String,
        /// Its text, packed.
        body: Vec<u8>,
    },
    /// A network that is nobody's.
    Placeholder,
    /// A line of delegated statistics.
    Block {
        /// Whose statistics.
        source: String,
        /// What is delegated.
        block: Network,
        /// To whom.
        registry: Registry,
    },
    /// A line of an export that can be read back.
    Answer(String),
}

/// What kind of file it is, by its first line that says anything.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum BulkForm {
    Rpsl,
    Delegated,
    Export,
}

/// So much of a file may be comments before its first line.
const HEAD: usize = 64 << 10;

/// When data was last imported beside this cache; None where none was.
#[must_use]
pub fn imported_at(cache: &Path) -> Option<Timestamp> {
    let written = std::fs::metadata(beside(cache)).and_then(|file| file.modified()).ok()?;
    written.try_into().ok()
}

/// The file beside a cache that holds what was imported.
pub(super) fn beside(cache: &Path) -> PathBuf {
    location::beside(cache, "-imported")
}

/// Imports files as one: `cache` is the cache's own file, `ledger` what an export is read into. `tick` is called
/// every so often, for progress.
///
/// # Errors
/// A file that cannot be read (66), or is in no known form or broken (65): then nothing was changed. And a draft that
/// cannot be written (74).
pub fn import(
    cache: &Path,
    ledger: &dyn Maintenance,
    inputs: Vec<BulkInput>,
    now: Timestamp,
    tick: &mut dyn FnMut(),
) -> Result<ImportSummary> {
    let inputs = sort(inputs)?;
    let mut draft = ImportDraft::begin(&beside(cache), now)?;
    read(inputs, &mut |entry| draft.take(entry), tick)?;
    draft.finish(ledger, tick)
}

/// Reads files as [`import`] does, and writes nothing.
///
/// # Errors
/// A file that cannot be read (66), or is in no known form or broken (65).
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

/// What becomes of each entry of a file.
type EntrySink<'a> = dyn FnMut(BulkEntry) -> Result<()> + 'a;

fn read(inputs: Vec<(BulkForm, BulkInput)>, sink: &mut EntrySink<'_>, tick: &mut dyn FnMut()) -> Result<()> {
    inputs.into_iter().try_for_each(|(kind, input)| match kind {
        BulkForm::Rpsl => rpsl::read(input, sink, tick),
        BulkForm::Delegated => delegated::read(input, sink, tick),
        BulkForm::Export => exported::read(input, sink, tick),
    })
}

/// Which kind each file is: a wrong one among several is refused before minutes are spent on the others.
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

/// Looks at the head of a file, and puts it back.
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

/// A file that turns out to be broken at some line.
fn broken(name: &Path, line: u64, why: &str) -> Error {
    Error::data(format!("{}:{line}: {why}; nothing was imported", name.display()))
}

#[cfg(test)]
mod tests;
