//! The bytes of one input, decompressed, as chunks of whole lines.

use crate::log::format::LONGEST;
use encoding_rs::{CoderResult, Decoder, UTF_16BE, UTF_16LE};
use std::{
    fs::File,
    io::{self, BufReader, Read},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

/// The size of a chunk in bytes: small enough to stay in a processor's cache while it is searched.
pub(super) const CHUNK: usize = 256 << 10;

/// One input, cut into chunks of whole lines.
pub(super) struct LogInput {
    reader: Box<dyn Read + Send>,
    /// The start of the line in which the last chunk ended.
    carry: Vec<u8>,
    /// The last chunk ended inside a line too long to keep; the rest of it is skipped.
    skipping: bool,
    ended: bool,
}

/// Counts the bytes read from a file, for the progress.
struct CountingReader<R> {
    inner: R,
    done: Arc<AtomicU64>,
}

impl<R: Read> Read for CountingReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.done.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

/// A file's content, decompressed if needed. `done` counts every byte read from the file itself.
///
/// # Errors
/// The file cannot be opened or read.
pub fn unpacked(path: &Path, done: Arc<AtomicU64>) -> io::Result<Box<dyn Read + Send>> {
    unpack(Box::new(CountingReader { inner: File::open(path)?, done }))
}

/// A file's text as the first reading has it: decompressed, and UTF-16 converted to UTF-8.
pub(super) fn unpacked_text(path: &Path) -> io::Result<Box<dyn Read + Send>> {
    decode(unpacked(path, Arc::default())?)
}

/// The same for a stream.
///
/// # Errors
/// The stream cannot be read.
pub fn unpacked_stream(stream: impl Read + Send + 'static) -> io::Result<Box<dyn Read + Send>> {
    unpack(Box::new(stream))
}

impl LogInput {
    /// Opens a file; `done` counts every byte read from it.
    pub(super) fn open(path: &Path, done: Arc<AtomicU64>) -> io::Result<Self> {
        Self::new(CountingReader { inner: File::open(path)?, done })
    }

    /// Reads from any stream.
    pub(super) fn new(raw: impl Read + Send + 'static) -> io::Result<Self> {
        let reader = decode(unpack(Box::new(raw))?)?;
        Ok(Self { reader, carry: Vec::new(), skipping: false, ended: false })
    }

    /// Fills `chunk` with whole lines; false at the end. A line that is longer than a chunk is cut.
    pub(super) fn fill(&mut self, chunk: &mut LineChunk) -> io::Result<bool> {
        loop {
            if self.ended && self.carry.is_empty() {
                return Ok(false);
            }
            chunk.start_with(&self.carry);
            self.carry.clear();
            while !self.ended && chunk.room() > 0 {
                if !chunk.read_from(&mut self.reader)? {
                    self.ended = true;
                }
            }
            if self.skipping {
                self.skipping = !chunk.drop_line_end();
            }
            if !self.ended {
                match memchr::memrchr(b'\n', chunk.text()) {
                    Some(end) => self.carry.extend_from_slice(chunk.cut(end + 1)),
                    None if chunk.text().is_empty() => {}
                    None => {
                        chunk.cut(LONGEST);
                        self.skipping = true;
                    }
                }
            }
            if !chunk.text().is_empty() {
                return Ok(true);
            }
        }
    }
}

/// A buffer that is refilled for each chunk.
pub(super) struct LineChunk {
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
}

impl LineChunk {
    pub(super) fn new() -> Self {
        Self { buffer: vec![0; CHUNK + LONGEST].into_boxed_slice(), start: 0, end: 0 }
    }

    /// The lines in it.
    pub(super) fn text(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }

    fn start_with(&mut self, carry: &[u8]) {
        (self.start, self.end) = (0, carry.len());
        if let Some(head) = self.buffer.get_mut(..carry.len()) {
            head.copy_from_slice(carry);
        }
    }

    fn room(&self) -> usize {
        self.buffer.len() - self.end
    }

    /// Reads once; false at the end of the input.
    fn read_from(&mut self, reader: &mut dyn Read) -> io::Result<bool> {
        let room = self.buffer.get_mut(self.end..).unwrap_or_default();
        match reader.read(room) {
            Ok(0) => Ok(false),
            Ok(count) => {
                self.end += count;
                Ok(true)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(true),
            Err(error) => Err(error),
        }
    }

    /// Ends the chunk `length` bytes after its start, and returns the rest.
    fn cut(&mut self, length: usize) -> &[u8] {
        let end = self.end;
        self.end = end.min(self.start + length);
        self.buffer.get(self.end..end).unwrap_or_default()
    }

    /// Drops everything up to the first line end, or all; returns whether there was one.
    fn drop_line_end(&mut self) -> bool {
        match memchr::memchr(b'\n', self.text()) {
            Some(at) => {
                self.start += at + 1;
                true
            }
            None => {
                self.start = self.end;
                false
            }
        }
    }
}

/// Decompresses by the content's magic number. Several members or frames are read as one, as the programs that write
/// them do.
fn unpack(mut raw: Box<dyn Read + Send>) -> io::Result<Box<dyn Read + Send>> {
    let head = peek::<10>(&mut raw)?;
    let known = Compression::of(&head);
    let whole = io::Cursor::new(head).chain(raw);
    let buffered = |whole| BufReader::with_capacity(64 << 10, whole);
    Ok(match known {
        None => Box::new(whole),
        Some(Compression::Gzip) => Box::new(flate2::bufread::MultiGzDecoder::new(buffered(whole))),
        Some(Compression::Bzip2) => Box::new(bzip2::bufread::MultiBzDecoder::new(buffered(whole))),
        Some(Compression::Xz) => Box::new(liblzma::bufread::XzDecoder::new_multi_decoder(buffered(whole))),
        Some(Compression::Zstd) => Box::new(zstd::stream::read::Decoder::with_buffer(buffered(whole))?),
    })
}

#[derive(Clone, Copy)]
enum Compression {
    Gzip,
    Bzip2,
    Xz,
    Zstd,
}

impl Compression {
    fn of(head: &[u8]) -> Option<Self> {
        match head {
            [0x1f, 0x8b, 8, ..] => Some(Self::Gzip),
            // "BZh", a level, and the digits of pi: a log line may begin with the first four characters.
            [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, 0x59, 0x26, 0x53, 0x59, ..] => Some(Self::Bzip2),
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Some(Self::Xz),
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Some(Self::Zstd),
            _ => None,
        }
    }
}

/// The first bytes of a stream; fewer if it is shorter.
fn peek<const N: usize>(reader: &mut dyn Read) -> io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(N);
    reader.take(N as u64).read_to_end(&mut head)?;
    Ok(head)
}

/// Removes a byte order mark, and converts UTF-16 to UTF-8. Other text is unchanged: addresses are ASCII in every other
/// encoding of logs.
fn decode(mut raw: Box<dyn Read + Send>) -> io::Result<Box<dyn Read + Send>> {
    let head = peek::<3>(&mut raw)?;
    Ok(match *head.as_slice() {
        [0xff, 0xfe, ..] => Box::new(Utf16Reader::new(UTF_16LE.new_decoder(), head, raw)),
        [0xfe, 0xff, ..] => Box::new(Utf16Reader::new(UTF_16BE.new_decoder(), head, raw)),
        [0xef, 0xbb, 0xbf] => raw,
        _ => Box::new(io::Cursor::new(head).chain(raw)),
    })
}

/// Reads UTF-16 as UTF-8.
struct Utf16Reader {
    decoder: Decoder,
    inner: io::Chain<io::Cursor<Vec<u8>>, Box<dyn Read + Send>>,
    input: Vec<u8>,
    ended: bool,
    output: io::Cursor<Vec<u8>>,
}

impl Utf16Reader {
    fn new(decoder: Decoder, head: Vec<u8>, rest: Box<dyn Read + Send>) -> Self {
        let inner = io::Cursor::new(head).chain(rest);
        Self { decoder, inner, input: Vec::new(), ended: false, output: io::Cursor::new(Vec::new()) }
    }

    fn refill(&mut self) -> io::Result<()> {
        let missing = (16 << 10) - self.input.len();
        let read = (&mut self.inner).take(missing as u64).read_to_end(&mut self.input)?;
        self.ended = read == 0;
        // UTF-8 needs at most three bytes for two of UTF-16, and a few for those held back.
        let mut output = vec![0; self.input.len() * 3 + 16];
        let (result, used, written, _) = self.decoder.decode_to_utf8(&self.input, &mut output, self.ended);
        debug_assert_eq!(result, CoderResult::InputEmpty, "the output has room for all");
        self.input.drain(..used);
        output.truncate(written);
        self.output = io::Cursor::new(output);
        Ok(())
    }
}

impl Read for Utf16Reader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let count = self.output.read(buffer)?;
            if count > 0 || self.ended || buffer.is_empty() {
                return Ok(count);
            }
            self.refill()?;
        }
    }
}
