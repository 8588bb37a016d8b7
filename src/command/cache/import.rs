//! `whodunit cache import`: registries' bulk data, exports, and tables of origins, each recognised by its content.

use super::warn;
use crate::{
    cache::{
        DraftFile, LayeredCache,
        bulk::{self, BulkInput, ImportSummary},
    },
    error::{Error, Result},
    log,
    origin::{self, FORM_HEAD, OriginForm, OriginInput, RowCounts, TableBuilder},
    output::{counted, progress},
};
use jiff::Timestamp;
use std::{
    cell::RefCell,
    fs,
    io::{self, BufReader, Cursor, Read, Write},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

/// The files of one import, by kind.
#[derive(Default)]
struct SortedInputs {
    bulk: Vec<BulkInput>,
    origins: Vec<(OriginForm, OriginInput)>,
    /// The total size of all files in bytes, as stored.
    total: u64,
}

/// Imports all files as one: nothing changes unless all can be read.
pub(super) fn run(cache: &LayeredCache, files: &[PathBuf], out: &mut impl Write) -> Result<()> {
    let Some(file) = cache.file() else {
        return Err(Error::usage("there is no cache file to import into: name one with --cache"));
    };
    let done = Arc::new(AtomicU64::new(0));
    let SortedInputs { bulk, origins, total } = open(files, &done)?;
    let bar = RefCell::new(progress::Progress::bytes(total));
    let mut tick = || bar.borrow_mut().reach(done.load(Ordering::Relaxed));
    let now = Timestamp::now();
    // Tables are read first, in a second or two, and published last.
    let table = if origins.is_empty() { None } else { Some(draft(file, origins, now, &mut tick)?) };
    let brought = if bulk.is_empty() && table.is_some() {
        ImportSummary::default()
    } else {
        bulk::import(file, cache.maintenance(), bulk, now, &mut tick)?
    };
    let (mut ranges, mut inverted) = (0, 0);
    if let Some(table) = table {
        (ranges, inverted) = (table.ranges, table.inverted);
        table.draft.publish()?;
    }
    drop(bar);
    if brought.lost {
        warn("data that was imported before could not be read, and is gone: import it again");
    }
    writeln!(out, "{}", summary(&brought, ranges, inverted)).map_err(Error::stdout)
}

/// Opens all files, and reads their heads.
fn open(files: &[PathBuf], done: &Arc<AtomicU64>) -> Result<SortedInputs> {
    let mut inputs = SortedInputs::default();
    for path in files {
        let unreadable = |error: io::Error| Error::input(path, &error);
        let (name, reader) = if path == Path::new("-") {
            let name = PathBuf::from("standard input");
            let reader = log::unpacked_stream(io::stdin()).map_err(|error| Error::input(&name, &error))?;
            (name, reader)
        } else {
            inputs.total += fs::metadata(path).map_err(unreadable)?.len();
            (path.clone(), log::unpacked(path, Arc::clone(done)).map_err(unreadable)?)
        };
        let (head, reader) = peek(reader);
        let reader = Box::new(BufReader::with_capacity(1 << 16, reader));
        match OriginForm::of(&head) {
            Some(form) => inputs.origins.push((form, OriginInput { name, reader })),
            None => inputs.bulk.push(BulkInput { name, reader }),
        }
    }
    Ok(inputs)
}

/// The head of a stream, and the whole stream. A read error is returned when the reader gets there.
fn peek(mut reader: Box<dyn Read + Send>) -> (Vec<u8>, Box<dyn Read + Send>) {
    let mut head = Vec::new();
    let read = (&mut reader).take(FORM_HEAD as u64).read_to_end(&mut head);
    let start = Cursor::new(head.clone());
    match read {
        Ok(_) => (head, Box::new(start.chain(reader))),
        Err(error) => (head, Box::new(start.chain(FailingReader(Some(error))))),
    }
}

/// Returns the read error of the stream that it replaces.
struct FailingReader(Option<io::Error>);

impl Read for FailingReader {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}

/// A table that is written and not yet published.
struct DraftedTable {
    draft: DraftFile,
    ranges: u64,
    inverted: u64,
}

fn draft(
    cache: &Path,
    inputs: Vec<(OriginForm, OriginInput)>,
    now: Timestamp,
    tick: &mut dyn FnMut(),
) -> Result<DraftedTable> {
    let mut builder = TableBuilder::new();
    let mut inverted = 0;
    for (form, input) in inputs {
        let counts: RowCounts = form.read(input, &mut builder, tick)?;
        inverted += counts.inverted;
    }
    let (bytes, ranges) = builder.finish(now)?;
    let draft = DraftFile::begin(&origin::beside(cache))?;
    let mut file = draft.file();
    let written = file.write_all(&bytes);
    written.map_err(|error| Error::output(&draft.path().display().to_string(), &error))?;
    Ok(DraftedTable { draft, ranges, inverted })
}

/// The result of an import, in one line.
fn summary(brought: &ImportSummary, ranges: u64, inverted: u64) -> String {
    let blocks = (
        "delegated block (it says which registry to ask, not who runs a network)",
        "delegated blocks (they say which registry to ask, not who runs a network)",
    );
    let parts = [
        (brought.networks, ("network", "networks")),
        (brought.contacts, ("organisation or contact", "organisations and contacts")),
        (brought.blocks, blocks),
        (brought.answers, ("answer", "answers")),
        (ranges, ("range with the AS that announces it", "ranges with the AS that announces them")),
        (brought.placeholders, ("placeholder left out", "placeholders left out")),
        (
            inverted,
            (
                "row left out whose first address is above its last",
                "rows left out whose first address is above their last",
            ),
        ),
    ];
    let said = parts.into_iter().filter(|(count, _)| *count > 0);
    let said: Vec<_> = said.map(|(count, (one, more))| counted(count, one, more)).collect();
    format!("imported {}", said.join(", "))
}
