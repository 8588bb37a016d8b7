//! The file that a page is put into: never a log's, never what is no page of ours, and never half of one.

use super::super::{stdout, warn};
use crate::{
    error::{Error, Result, reason},
    log::ClientSource,
};
use std::{
    fs::{self, File},
    io::{self, BufWriter, Read, Write},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

/// So much of a file is looked at for the marks of a page.
const HEAD: u64 = 64 << 10;
/// What every page begins with, and has on top.
const MARKS: [&str; 2] = ["<!doctype html>", "<p class=\"brand\">whodunit</p>"];

/// Where a page goes.
#[derive(Debug)]
pub(super) enum HtmlFile {
    Stdout,
    /// A device or a pipe, which is written to as it is.
    Device(PathBuf),
    /// A plain file: a draft beside it takes its place.
    File(PathBuf),
}

impl HtmlFile {
    /// Looks at the file before anybody is asked.
    ///
    /// # Errors
    /// It is one of the inputs or no page of ours (64), or it cannot be written (74).
    pub(super) fn new(path: &Path, logs: &[ClientSource<'_>], ham: &[PathBuf]) -> Result<Self> {
        if path == Path::new("-") {
            return Ok(Self::Stdout);
        }
        // A link stays one: what it leads to is replaced.
        let file = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let unwritable = |error: io::Error| Error::output(&path.display().to_string(), &error);
        match fs::metadata(&file) {
            Ok(meta) if meta.is_dir() => return Err(unwritable(io::ErrorKind::IsADirectory.into())),
            Ok(meta) => {
                let inputs = logs.iter().map(input).chain(ham.iter().map(PathBuf::as_path));
                if inputs.filter_map(identity).any(|known| known == (meta.dev(), meta.ino())) {
                    return Err(Error::usage(format!(
                        "--html {}: that is a log that is read; name another file",
                        path.display()
                    )));
                }
                if !meta.is_file() {
                    return Ok(Self::Device(file));
                }
                if meta.len() > 0 && !is_page(&file).map_err(unwritable)? {
                    return Err(Error::usage(format!(
                        "--html {}: there is a file that is no report of whodunit's; remove it, or name another",
                        path.display()
                    )));
                }
                File::options().append(true).open(&file).map_err(unwritable)?;
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let draft = draft(&file);
                File::create_new(&draft).and_then(|_| fs::remove_file(&draft)).map_err(unwritable)?;
            }
            Err(error) => return Err(unwritable(error)),
        }
        Ok(Self::File(file))
    }

    /// Leaves what is there: there is nothing to report.
    pub(super) fn spare(self) {
        if let Self::File(path) = self {
            let what = if path.exists() { "is left as it was" } else { "is not made" };
            warn(&format!("nobody to report: {} {what}", path.display()));
        }
    }

    /// Writes the page.
    ///
    /// # Errors
    /// The file, or the draft beside it, cannot be written (74).
    pub(super) fn write(self, page: &dyn Fn(&mut dyn Write) -> io::Result<()>) -> Result<()> {
        let (path, written) = match self {
            Self::Stdout => {
                return page(&mut *stdout()).map_err(|error| Error::output("stdout", &error));
            }
            Self::Device(path) => {
                let written = File::options().write(true).open(&path);
                let written = written.and_then(|file| page(&mut BufWriter::new(file)));
                (path, written)
            }
            Self::File(path) => {
                let written = replace(&path, page);
                (path, written)
            }
        };
        written.map_err(|error| Error::output(&path.display().to_string(), &error))
    }
}

fn input<'a>(from: &ClientSource<'a>) -> &'a Path {
    match from {
        ClientSource::File(path) => path,
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

/// A name beside the file that nobody else uses.
fn draft(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    path.with_file_name(name)
}

/// Puts a draft in the file's place, with its rights. Where nobody may make a file beside it, it is written over.
fn replace(path: &Path, page: &dyn Fn(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let draft = draft(path);
    let file = match File::create_new(&draft) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied && path.exists() => {
            return page(&mut BufWriter::new(File::create(path)?));
        }
        Err(error) => return Err(error),
    };
    let rights = fs::metadata(path).map(|meta| meta.permissions());
    let written = rights
        .map_or(Ok(()), |rights| file.set_permissions(rights))
        .and_then(|()| page(&mut BufWriter::new(file)))
        .and_then(|()| fs::rename(&draft, path));
    if let Err(error) = written {
        if let Err(left) = fs::remove_file(&draft) {
            warn(&format!("{} is left behind: {}", draft.display(), reason(&left)));
        }
        return Err(error);
    }
    Ok(())
}
