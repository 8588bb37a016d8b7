//! Reads pattern files: bytes split into lines.

use super::{Action, PatternSpec, field};
use crate::error::{Error, Result};
use std::{
    borrow::Cow,
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
};

/// The file name for stdin, as for grep.
pub(super) const STDIN: &str = "-";

/// The file name shown for `-e`.
const INLINE: &str = "-e";

/// One file, or one `-e`.
#[derive(Debug)]
pub(super) struct PatternSource {
    /// The name as the user gave it.
    pub(super) name: String,
    pub(super) action: Action,
    pub(super) bytes: Vec<u8>,
    /// It came from the command line.
    pub(super) inline: bool,
}

/// A line with a pattern.
#[derive(Clone, Copy, Debug)]
pub(super) struct PatternLine {
    /// The index of its source.
    pub(super) source: u32,
    /// The line number from 1; for `-e`, the number of the option.
    pub(super) number: u32,
    start: u32,
    end: u32,
}

impl PatternSource {
    /// The line's bytes.
    pub(super) fn bytes_of(&self, line: PatternLine) -> &[u8] {
        self.bytes.get(line.start as usize..line.end as usize).unwrap_or_default()
    }

    /// The start of its first line. A byte order mark counts as part of a first line that egrep would read, so that the
    /// counts are equal. Comments, blank lines and field lines are read without it.
    fn start(&self) -> usize {
        let Some(behind) = self.bytes.strip_prefix(MARK).filter(|_| !self.inline) else { return 0 };
        let line = behind.split(|byte| *byte == b'\n').next().unwrap_or_default();
        if is_pattern(line) && field::read(&decoded(line)).is_none() { 0 } else { MARK.len() }
    }

    /// Whether a byte order mark is part of its first pattern.
    pub(super) fn is_marked(&self) -> bool {
        self.bytes.starts_with(MARK) && self.start() == 0
    }

    /// The warning for its first pattern, if that begins with a byte order mark.
    pub(super) fn mark(&self) -> Option<String> {
        let name = &self.name;
        let what = "begins with a byte order mark, so its first pattern matches no line";
        self.is_marked().then(|| format!("{name}:1: {what}: sed -i '1s/^\\xEF\\xBB\\xBF//' {name}"))
    }

    /// The warning for the first of its patterns that ends in a carriage return.
    pub(super) fn line_end(&self) -> Option<String> {
        // Most files have none at all, and a hook has no time to check each line.
        memchr::memchr(b'\r', &self.bytes).filter(|_| !self.inline)?;
        let lines = self.bytes.split(|byte| *byte == b'\n').zip(1_u32..);
        let ends = |line: &[u8]| line.ends_with(b"\r") && is_pattern(line);
        let (_, number) =
            lines.into_iter().find(|(line, _)| ends(line) && field::read(&decoded(line)).is_none())?;
        let name = &self.name;
        let what = "ends in a Windows line end (CR), so it matches no line without one";
        Some(format!("{name}:{number}: {what}: sed -i 's/\\r$//' {name}"))
    }

    /// The line as text: UTF-8, else Latin-1, which can decode any bytes.
    pub(super) fn text_of(&self, line: PatternLine) -> Cow<'_, str> {
        decoded(self.bytes_of(line))
    }
}

/// Decodes UTF-8, else Latin-1.
pub(super) fn decoded(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(bytes.iter().map(|byte| char::from(*byte)).collect()),
    }
}

/// The largest pattern file that is read, in bytes. The largest known ones have some hundred kilobytes.
const LARGEST: u64 = 64 << 20;

/// The byte order mark that some Windows editors write.
const MARK: &[u8] = b"\xEF\xBB\xBF";

/// Reads all files and options of the command line, in their order.
pub(super) fn read(spec: &PatternSpec) -> Result<Vec<PatternSource>> {
    let mut sources = Vec::with_capacity(spec.files.len() + spec.inline.len());
    for (action, path) in &spec.files {
        if path == Path::new(STDIN) {
            let mut bytes = Vec::new();
            let read = io::stdin().lock().read_to_end(&mut bytes);
            read.map_err(|error| Error::input(Path::new("stdin"), &error))?;
            sources.push(source(path, *action, bytes)?);
            continue;
        }
        if path.is_dir() {
            for path in folder(path)? {
                sources.push(source(&path, *action, bytes(&path)?)?);
            }
        } else {
            sources.push(source(path, *action, bytes(path)?)?);
        }
    }
    for text in &spec.inline {
        let bytes = text.as_encoded_bytes().to_vec();
        sources.push(PatternSource { name: INLINE.to_owned(), action: Action::Block, bytes, inline: true });
    }
    Ok(sources)
}

fn source(path: &Path, action: Action, bytes: Vec<u8>) -> Result<PatternSource> {
    let name = path.display().to_string();
    if u32::try_from(bytes.len()).is_err() {
        return Err(Error::data(format!("{name} is larger than any pattern file; name a smaller one")));
    }
    // The bytes of UTF-16 or binary data would be patterns that match nothing, or anything.
    if memchr::memchr(0, &bytes).is_some() {
        let what = if is_utf16(&bytes) {
            "is UTF-16 text: convert it with iconv -f UTF-16 -t UTF-8"
        } else {
            "is a binary file: name a text file with one pattern a line"
        };
        return Err(Error::config(format!("{name} {what}")));
    }
    Ok(PatternSource { name, action, bytes, inline: false })
}

/// Whether the bytes are UTF-16: they have a byte order mark, or every other byte of the first line is 0, as for ASCII.
fn is_utf16(bytes: &[u8]) -> bool {
    let head = bytes.get(..bytes.len().min(64)).unwrap_or_default();
    let zeros = |parity: usize| head.iter().skip(parity).step_by(2).all(|byte| *byte == 0);
    head.starts_with(b"\xFF\xFE") || head.starts_with(b"\xFE\xFF") || zeros(0) != zeros(1)
}

/// The content of a file. A named pipe would block, and a device may never end. A shell's `<(command)` is a pipe with a
/// writer, and /dev/null is an empty list.
fn bytes(path: &Path) -> Result<Vec<u8>> {
    let failed = |error: io::Error| Error::input(path, &error);
    let kind = fs::metadata(path).map_err(failed)?.file_type();
    let handed =
        ["/dev/fd", "/proc/self/fd", "/dev/stdin", "/dev/null"].iter().any(|it| path.starts_with(it));
    if !kind.is_file() && !handed {
        return Err(failed(io::Error::other("it is a pipe, a socket or a device, not a file")));
    }
    let mut bytes = Vec::new();
    File::open(path).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes)).map_err(failed)?;
    if bytes.len() as u64 > LARGEST {
        return Err(failed(io::Error::other("it is larger than 64 MiB, or has no end")));
    }
    Ok(bytes)
}

/// The files in a folder, by name. One that cannot be reached is an error: it might be an allow list.
fn folder(path: &Path) -> Result<Vec<PathBuf>> {
    let failed = |error: io::Error| Error::input(path, &error);
    let mut files = Vec::new();
    for entry in fs::read_dir(path).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name();
        if is_left_over(name.as_encoded_bytes()) {
            continue;
        }
        let path = entry.path();
        if fs::metadata(&path).map_err(|error| Error::input(&path, &error))?.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Whether a file in a folder is hidden, an editor's or a package manager's copy, or a README.
fn is_left_over(name: &[u8]) -> bool {
    const COPIES: [&[u8]; 8] =
        [b"~", b".swp", b".orig", b".dpkg-old", b".dpkg-new", b".dpkg-dist", b".rpmsave", b".rpmnew"];
    name.starts_with(b".")
        || name.starts_with(b"#") && name.ends_with(b"#")
        || matches!(name, b"README" | b"README.md" | b"README.txt")
        || COPIES.iter().any(|end| name.ends_with(end))
}

/// The lines with patterns. Blank lines and lines that begin with `#` have none; in `-e` text every line counts.
pub(super) fn lines(sources: &[PatternSource]) -> Vec<PatternLine> {
    let mut lines = Vec::new();
    let mut inline = 0;
    for (index, source) in (0..).zip(sources) {
        inline += u32::from(source.inline);
        let mut start = source.start();
        let mut number = 1;
        while start < source.bytes.len() || source.inline && start == 0 && number == 1 {
            let rest = source.bytes.get(start..).unwrap_or_default();
            let length = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
            if source.inline || is_pattern(rest.get(..length).unwrap_or_default()) {
                let number = if source.inline { inline } else { number };
                // A source is no longer than 4 GiB: `source` refused it, and no command line is so long.
                let [start, end] = [start, start + length].map(|at| u32::try_from(at).unwrap_or(u32::MAX));
                lines.push(PatternLine { source: index, number, start, end });
            }
            number += 1;
            start += length + 1;
        }
    }
    lines
}

/// Whether a line of a file holds a pattern.
pub(super) fn is_pattern(line: &[u8]) -> bool {
    line.first().is_some_and(|first| *first != b'#') && !line.iter().all(u8::is_ascii_whitespace)
}
