//! RPSL files as RIPE, APNIC and AFRINIC publish them: objects separated by empty lines.
//!
//! One thread reads and cuts, two parse and pack, and the caller's thread writes. However long the file is, only a few
//! pieces of it are in memory at any time.

mod object;

use super::{BulkEntry, BulkInput, EntrySink, broken};
use crate::{
    cache::body,
    error::{Error, Result},
};
use object::RpslObject;
use std::{
    collections::BTreeSet,
    io::Read,
    path::Path,
    sync::{
        Mutex, PoisonError,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread,
};
use zstd::dict::EncoderDictionary;

/// The file is cut into pieces of about this many bytes, at empty lines.
const PIECE: usize = 512 << 10;
/// The longest object in bytes. A file with a longer one is something else.
const LONGEST: usize = 4 << 20;
/// The size of the dictionary in bytes. It is made from the file's first objects: the names of attributes, maintainers
/// and towns that come again and again. It halves what a network takes on disk.
const DICTIONARY: usize = 16 << 10;
/// zstd's level. For such short texts with a dictionary, higher levels gain little.
const LEVEL: i32 = 3;
/// Threads that parse.
const PARSERS: usize = 2;

/// A piece of the file, and the line that it begins at.
struct ObjectRun {
    line: u64,
    bytes: Vec<u8>,
}

pub(super) fn read(input: BulkInput, sink: &mut EntrySink<'_>, tick: &mut dyn FnMut()) -> Result<()> {
    let BulkInput { name, mut reader } = input;
    let name = name.as_path();
    let mut cutter = ObjectCutter::default();
    let Some(first) = cutter.next(&mut *reader, name)? else { return Ok(()) };
    let dictionary = dictionary(&first, name)?;
    let encoder = (!dictionary.is_empty()).then(|| EncoderDictionary::copy(&dictionary, LEVEL));
    let encoder = encoder.as_ref();
    let mut writer = ObjectWriter { sources: BTreeSet::new(), dictionary: &dictionary, any: false, sink };
    if cutter.is_done() {
        // A single piece needs no threads.
        writer.write(batch(&first, &mut body::BodyPacker::new(LEVEL, encoder), name)?)?;
        return writer.finish(name);
    }
    thread::scope(|scope| {
        let (to_parsers, pieces) = sync_channel::<ObjectRun>(2);
        let (to_writer, parsed) = sync_channel::<Result<Vec<BulkEntry>>>(4);
        let pieces = std::sync::Arc::new(Mutex::new(pieces));
        for _ in 0..PARSERS {
            let (pieces, to_writer) = (std::sync::Arc::clone(&pieces), to_writer.clone());
            scope.spawn(move || parse(&pieces, &to_writer, encoder, name));
        }
        // Only the parsers hold the receiver now. If they end because the writer did, the reader ends too.
        drop(pieces);
        scope.spawn(move || {
            let mut piece = Ok(Some(first));
            while let Ok(Some(whole)) = piece {
                if to_parsers.send(whole).is_err() {
                    return;
                }
                piece = cutter.next(&mut *reader, name);
            }
            if let Err(error) = piece {
                let _ = to_writer.send(Err(error));
            }
        });
        for batch in &parsed {
            writer.write(batch?)?;
            tick();
        }
        Ok(())
    })?;
    writer.finish(name)
}

/// Hands on what was parsed, each source before its entries.
struct ObjectWriter<'a, 's> {
    sources: BTreeSet<String>,
    dictionary: &'a [u8],
    any: bool,
    sink: &'a mut EntrySink<'s>,
}

impl ObjectWriter<'_, '_> {
    fn write(&mut self, batch: Vec<BulkEntry>) -> Result<()> {
        self.any |= !batch.is_empty();
        for entry in batch {
            if let BulkEntry::Network { source, .. } | BulkEntry::Contact { source, .. } = &entry
                && !self.sources.contains(source)
            {
                self.sources.insert(source.clone());
                (self.sink)(BulkEntry::Source {
                    source: source.clone(),
                    dictionary: self.dictionary.to_vec(),
                })?;
            }
            (self.sink)(entry)?;
        }
        Ok(())
    }

    fn finish(self, name: &Path) -> Result<()> {
        if self.any {
            return Ok(());
        }
        Err(Error::data(format!(
            "{}: an RPSL file without networks (inetnum, inet6num) and organisations, as routing registries publish \
             them: who announces a block need not be who runs it; nothing was imported",
            name.display()
        )))
    }
}

/// Parses pieces until there are no more, or the receiver is gone.
fn parse(
    pieces: &Mutex<Receiver<ObjectRun>>,
    to_writer: &SyncSender<Result<Vec<BulkEntry>>>,
    encoder: Option<&EncoderDictionary<'_>>,
    name: &Path,
) {
    let mut squeeze = body::BodyPacker::new(LEVEL, encoder);
    loop {
        let piece = pieces.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(piece) = piece else { return };
        let batch = batch(&piece, &mut squeeze, name);
        let failed = batch.is_err();
        if to_writer.send(batch).is_err() || failed {
            return;
        }
    }
}

/// The entries of a piece.
fn batch(piece: &ObjectRun, squeeze: &mut body::BodyPacker<'_>, name: &Path) -> Result<Vec<BulkEntry>> {
    let mut entries = Vec::new();
    let mut before: Option<String> = None;
    for object in &objects(piece, name)? {
        let source = object.check(before.as_deref());
        let entry = source.and_then(|source| {
            let entry = object.parse(&source, squeeze);
            before = Some(source);
            entry
        });
        entries.extend(entry.map_err(|(line, why)| broken(name, line, &why))?);
    }
    Ok(entries)
}

fn objects<'a>(piece: &'a ObjectRun, name: &Path) -> Result<Vec<RpslObject<'a>>> {
    object::objects(&piece.bytes, piece.line).map_err(|(line, why)| broken(name, line, why))
}

/// A dictionary made from the objects of the first piece; empty if they are too few.
fn dictionary(first: &ObjectRun, name: &Path) -> Result<Vec<u8>> {
    let mut squeeze = body::BodyPacker::new(LEVEL, None);
    let mut samples = Vec::new();
    for object in &objects(first, name)? {
        samples.extend(object.sample(&mut squeeze));
    }
    Ok(zstd::dict::from_samples(&samples, DICTIONARY).unwrap_or_default())
}

/// Cuts a stream into pieces of whole objects.
#[derive(Default)]
struct ObjectCutter {
    rest: Vec<u8>,
    line: u64,
    ended: bool,
}

impl ObjectCutter {
    /// Whether all of the file has been handed out.
    fn is_done(&self) -> bool {
        self.ended && self.rest.is_empty()
    }

    fn next(&mut self, reader: &mut dyn Read, name: &Path) -> Result<Option<ObjectRun>> {
        while !self.ended {
            let freshness = PIECE.max(self.rest.len().min(LONGEST)) as u64;
            let read = reader.take(freshness).read_to_end(&mut self.rest);
            let read = read.map_err(|error| Error::input(name, &error))?;
            self.ended = (read as u64) < freshness;
            let end = if self.ended { Some(self.rest.len()) } else { last_gap(&self.rest) };
            if let Some(end) = end.filter(|&end| end > 0) {
                let rest = self.rest.split_off(end);
                let bytes = std::mem::replace(&mut self.rest, rest);
                let line = self.line + 1;
                self.line += memchr::memchr_iter(b'\n', &bytes).count() as u64;
                return Ok(Some(ObjectRun { line, bytes }));
            }
            if self.rest.len() > LONGEST {
                return Err(broken(name, self.line + 1, "an object without end"));
            }
        }
        Ok(None)
    }
}

/// The end of the last empty line.
fn last_gap(bytes: &[u8]) -> Option<usize> {
    let plain = memchr::memmem::rfind(bytes, b"\n\n").map(|at| at + 2);
    plain.max(memchr::memmem::rfind(bytes, b"\n\r\n").map(|at| at + 3))
}
