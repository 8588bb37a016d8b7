//! A file that replaces another when it is complete.

use super::warn;
use crate::error::{Error, Result, reason};
use std::{
    fs::{self, File},
    io::{self, BufWriter, Write},
    os::unix::fs::{MetadataExt, fchown},
    path::{Path, PathBuf},
};

/// The new content of a file. Dropped without [`ReplacementFile::commit`], it leaves the file unchanged.
pub(super) struct ReplacementFile {
    target: PathBuf,
    draft: Draft,
}

enum Draft {
    /// A device or a pipe, which is written directly.
    Device(BufWriter<File>),
    /// A file beside the target.
    Beside(PathBuf, BufWriter<File>),
    /// Kept in memory if no file can be created beside the target, which is then overwritten at the end.
    Held(Vec<u8>),
}

/// Whether a name means stdout.
pub(super) fn is_stdout(path: &Path) -> bool {
    path == Path::new("-") || path == Path::new("/dev/stdout")
}

fn is_descriptor(path: &Path) -> bool {
    path == Path::new("/dev/stderr") || path.starts_with("/dev/fd") || path.starts_with("/proc")
}

impl ReplacementFile {
    /// Begins a draft, with the rights and the owner of the existing file. A link stays a link; its target is replaced.
    ///
    /// # Errors
    /// The folder or the file cannot be written (74).
    pub(super) fn begin(path: &Path) -> Result<Self> {
        Self::open(path).map_err(|error| Error::output(&path.display().to_string(), &error))
    }

    fn open(path: &Path) -> io::Result<Self> {
        let there = match fs::metadata(path) {
            Ok(meta) if meta.is_dir() => return Err(io::ErrorKind::IsADirectory.into()),
            Ok(meta) => Some(meta),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        // A descriptor stays open at the file that the shell opened, and a file that replaced it would not be seen.
        if is_descriptor(path) || there.as_ref().is_some_and(|meta| !meta.is_file()) {
            let out = BufWriter::new(File::options().append(true).open(path)?);
            return Ok(Self { target: path.to_owned(), draft: Draft::Device(out) });
        }
        let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        if there.is_some() {
            // A user who may not write the file may not replace it.
            File::options().append(true).open(&target)?;
        }
        let mut name = std::ffi::OsString::from(".");
        name.push(target.file_name().unwrap_or_default());
        name.push(format!(".{}.new", std::process::id()));
        let draft = target.with_file_name(name);
        let file = match File::create_new(&draft) {
            Ok(file) => file,
            Err(error) if there.is_some() && error.kind() == io::ErrorKind::PermissionDenied => {
                return Ok(Self { target, draft: Draft::Held(Vec::new()) });
            }
            Err(error) => return Err(error),
        };
        let made = Self { target, draft: Draft::Beside(draft, BufWriter::new(file)) };
        if let (Some(meta), Draft::Beside(_, out)) = (&there, &made.draft) {
            // Only root may give a file away; its rights are copied in any case.
            let _ = fchown(out.get_ref(), Some(meta.uid()), Some(meta.gid()));
            out.get_ref().set_permissions(meta.permissions())?;
        }
        Ok(made)
    }

    /// Renames the draft to the target.
    ///
    /// # Errors
    /// It cannot be written (74).
    pub(super) fn commit(mut self) -> Result<()> {
        self.put().map_err(|error| Error::output(&self.target.display().to_string(), &error))
    }

    fn put(&mut self) -> io::Result<()> {
        match &mut self.draft {
            Draft::Device(out) => out.flush(),
            Draft::Held(bytes) => fs::write(&self.target, bytes),
            Draft::Beside(path, out) => {
                out.flush()?;
                out.get_ref().sync_all()?;
                fs::rename(path, &self.target)?;
                self.draft = Draft::Held(Vec::new());
                Ok(())
            }
        }
    }
}

impl Write for ReplacementFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.draft {
            Draft::Device(out) | Draft::Beside(_, out) => out.write(bytes),
            Draft::Held(held) => held.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.draft {
            Draft::Device(out) | Draft::Beside(_, out) => out.flush(),
            Draft::Held(_) => Ok(()),
        }
    }
}

impl Drop for ReplacementFile {
    fn drop(&mut self) {
        if let Draft::Beside(path, _) = &self.draft
            && let Err(error) = fs::remove_file(path)
        {
            warn(&format!("{} is left behind: {}", path.display(), reason(&error)));
        }
    }
}
