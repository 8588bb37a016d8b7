//! Pattern files as they are named and read: nothing but bytes, cut into lines.

use super::{Action, Spec};
use crate::error::{Error, Result};
use std::{
    borrow::Cow,
    fs, io,
    path::{Path, PathBuf},
};

/// The file name that stands for `-e`.
const INLINE: &str = "-e";

/// One file, or one `-e`.
#[derive(Debug)]
pub(super) struct Source {
    /// As the user named it.
    pub(super) name: String,
    pub(super) action: Action,
    pub(super) bytes: Vec<u8>,
    /// It came from the command line.
    pub(super) inline: bool,
}

/// One line that holds a pattern.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
    /// Which source.
    pub(super) source: u32,
    /// Counted from 1; for `-e`, which `-e` it is.
    pub(super) number: u32,
    start: u32,
    end: u32,
}

impl Source {
    /// The line's bytes.
    pub(super) fn bytes_of(&self, line: Line) -> &[u8] {
        self.bytes.get(line.start as usize..line.end as usize).unwrap_or_default()
    }

    /// The line as text: UTF-8, or else Latin-1, as which any bytes can be read.
    pub(super) fn text_of(&self, line: Line) -> Cow<'_, str> {
        decoded(self.bytes_of(line))
    }
}

/// UTF-8, or else Latin-1.
pub(super) fn decoded(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(bytes.iter().map(|byte| char::from(*byte)).collect()),
    }
}

/// Reads all that the command line names, in its order.
pub(super) fn read(spec: &Spec) -> Result<Vec<Source>> {
    let mut sources = Vec::with_capacity(spec.files.len() + spec.inline.len());
    for (action, path) in &spec.files {
        match fs::read(path) {
            Ok(bytes) => sources.push(source(path, *action, bytes)?),
            Err(error) if error.kind() == io::ErrorKind::IsADirectory || path.is_dir() => {
                for path in folder(path)? {
                    let bytes = fs::read(&path).map_err(|error| Error::input(&path, &error))?;
                    sources.push(source(&path, *action, bytes)?);
                }
            }
            Err(error) => return Err(Error::input(path, &error)),
        }
    }
    for text in &spec.inline {
        let bytes = text.as_encoded_bytes().to_vec();
        sources.push(Source { name: INLINE.to_owned(), action: Action::Block, bytes, inline: true });
    }
    Ok(sources)
}

fn source(path: &Path, action: Action, bytes: Vec<u8>) -> Result<Source> {
    let name = path.display().to_string();
    if u32::try_from(bytes.len()).is_err() {
        return Err(Error::data(format!("{name} is larger than any pattern file; name a smaller one")));
    }
    Ok(Source { name, action, bytes, inline: false })
}

/// The files in a folder, by name. Hidden files and editors' copies are left out, as run-parts(8) does.
fn folder(path: &Path) -> Result<Vec<PathBuf>> {
    let failed = |error: io::Error| Error::input(path, &error);
    let mut files = Vec::new();
    for entry in fs::read_dir(path).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name();
        let name = name.as_encoded_bytes();
        if !name.starts_with(b".") && !name.ends_with(b"~") && entry.path().is_file() {
            files.push(entry.path());
        }
    }
    files.sort();
    Ok(files)
}

/// The lines that hold patterns. A blank line and one that begins with `#` hold none; of what is typed after `-e`,
/// every line is meant.
pub(super) fn lines(sources: &[Source]) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut inline = 0;
    for (index, source) in (0..).zip(sources) {
        inline += u32::from(source.inline);
        let mut start = 0;
        let mut number = 1;
        while start < source.bytes.len() || source.inline && start == 0 && number == 1 {
            let rest = source.bytes.get(start..).unwrap_or_default();
            let length = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
            if source.inline || is_pattern(rest.get(..length).unwrap_or_default()) {
                let number = if source.inline { inline } else { number };
                // A source is no longer than 4 GiB: `source` refused it, and no command line is.
                let [start, end] = [start, start + length].map(|at| u32::try_from(at).unwrap_or(u32::MAX));
                lines.push(Line { source: index, number, start, end });
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
