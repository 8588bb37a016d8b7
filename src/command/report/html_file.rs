//! The file of a page. It never replaces a log or a file that is not our page, and is never written in part.

use super::super::{
    replacement::{ReplacementFile, is_stdout},
    stdout, warn,
};
use crate::{
    error::{Error, Result},
    log::ClientSource,
};
use std::{
    fs::{self, File},
    io::{self, Read, Write},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

/// The bytes of a file that are searched for the marks of a page.
const HEAD: u64 = 64 << 10;
/// The marks at the start of every page.
const MARKS: [&str; 2] = ["<!doctype html>", "<p class=\"brand\">whodunit</p>"];

/// The output of a page.
#[derive(Debug)]
pub(super) enum HtmlFile {
    Stdout,
    /// A file, which the page replaces; or a device or a pipe.
    File(PathBuf),
}

impl HtmlFile {
    /// Checks the file before any query.
    ///
    /// # Errors
    /// It is one of the inputs or not our page (64), or it cannot be written (74).
    pub(super) fn new(path: &Path, logs: &[ClientSource<'_>], ham: &[PathBuf]) -> Result<Self> {
        if is_stdout(path) {
            return Ok(Self::Stdout);
        }
        let unwritable = |error: io::Error| Error::output(&path.display().to_string(), &error);
        if let Some(meta) = fs::metadata(path).ok().filter(|meta| !meta.is_dir()) {
            let inputs = logs.iter().map(input).chain(ham.iter().map(PathBuf::as_path));
            if inputs.filter_map(identity).any(|known| known == (meta.dev(), meta.ino())) {
                return Err(Error::usage(format!(
                    "--html {}: that file is a log to be read; name another",
                    path.display()
                )));
            }
            if meta.is_file() && meta.len() > 0 && !is_page(path).map_err(unwritable)? {
                return Err(Error::usage(format!(
                    "--html {}: that file is not a report of whodunit's; remove it, or name another",
                    path.display()
                )));
            }
            if !meta.is_file() {
                // Opening a pipe would wait for its reader.
                return Ok(Self::File(path.to_owned()));
            }
        }
        // A draft that is dropped at once: it shows whether one can be created, before minutes of queries.
        ReplacementFile::begin(path)?;
        Ok(Self::File(path.to_owned()))
    }

    /// Leaves the file unchanged: there is nothing to report.
    pub(super) fn spare(&self) {
        if let Self::File(path) = self {
            let what = if path.exists() { "is left as it was" } else { "is not made" };
            warn(&format!("no owner to report: {} {what}", path.display()));
        }
    }

    /// Writes the page.
    ///
    /// # Errors
    /// The file, or the draft beside it, cannot be written (74).
    pub(super) fn write(&self, page: &dyn Fn(&mut dyn Write) -> io::Result<()>) -> Result<()> {
        match self {
            Self::Stdout => page(&mut *stdout()).map_err(Error::stdout),
            Self::File(path) => {
                let mut file = ReplacementFile::begin(path)?;
                let written = page(&mut file);
                written.map_err(|error| Error::output(&path.display().to_string(), &error))?;
                file.commit()
            }
        }
    }
}

fn input<'a>(from: &ClientSource<'a>) -> &'a Path {
    match from {
        ClientSource::File(path) | ClientSource::Copy { of: path, .. } => path,
        ClientSource::Stdin => Path::new("/dev/stdin"),
    }
}

fn identity(path: &Path) -> Option<(u64, u64)> {
    let path = if path == Path::new("-") { Path::new("/dev/stdin") } else { path };
    fs::metadata(path).ok().filter(fs::Metadata::is_file).map(|meta| (meta.dev(), meta.ino()))
}

fn is_page(path: &Path) -> io::Result<bool> {
    let mut head = Vec::new();
    File::open(path)?.take(HEAD).read_to_end(&mut head)?;
    let head = String::from_utf8_lossy(&head);
    let [begin, brand] = MARKS;
    Ok(head.starts_with(begin) && head.contains(brand))
}
