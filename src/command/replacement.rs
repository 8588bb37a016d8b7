//! A file that takes another's place once it is whole.

use super::warn;
use crate::error::{Error, Result, reason};
use std::{
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

/// A draft beside a file. Dropped without [`ReplacementFile::commit`], it is removed, and the file stays as it was.
pub(super) struct ReplacementFile {
    /// None for a device or a pipe, which is written to as it is.
    draft: Option<PathBuf>,
    target: PathBuf,
    out: BufWriter<File>,
}

impl ReplacementFile {
    /// Makes the draft, with the rights of the file that is there. A link stays one: what it leads to is replaced.
    ///
    /// # Errors
    /// The folder or the file cannot be written (74).
    pub(super) fn begin(path: &Path) -> Result<Self> {
        let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        Self::open(target).map_err(|error| Error::output(&path.display().to_string(), &error))
    }

    fn open(target: PathBuf) -> io::Result<Self> {
        let rights = match fs::metadata(&target) {
            Ok(meta) if meta.is_dir() => return Err(io::ErrorKind::IsADirectory.into()),
            Ok(meta) if !meta.is_file() => {
                let out = BufWriter::new(File::options().write(true).open(&target)?);
                return Ok(Self { draft: None, target, out });
            }
            Ok(meta) => Some(meta.permissions()),
            Err(_) => None,
        };
        let mut name = std::ffi::OsString::from(".");
        name.push(target.file_name().unwrap_or_default());
        name.push(format!(".{}.new", std::process::id()));
        let draft = target.with_file_name(name);
        let file = File::create_new(&draft)?;
        let made = Self { draft: Some(draft), target, out: BufWriter::new(file) };
        rights.map_or(Ok(()), |rights| made.out.get_ref().set_permissions(rights))?;
        Ok(made)
    }

    /// Puts the draft in the file's place.
    ///
    /// # Errors
    /// It cannot be written (74).
    pub(super) fn commit(mut self) -> Result<()> {
        let mut put = || -> io::Result<()> {
            self.out.flush()?;
            let Some(draft) = &self.draft else { return Ok(()) };
            self.out.get_ref().sync_all()?;
            fs::rename(draft, &self.target)
        };
        put().map_err(|error| Error::output(&self.target.display().to_string(), &error))?;
        self.draft = None;
        Ok(())
    }
}

impl Write for ReplacementFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl Drop for ReplacementFile {
    fn drop(&mut self) {
        if let Some(draft) = &self.draft
            && let Err(error) = fs::remove_file(draft)
        {
            warn(&format!("{} is left behind: {}", draft.display(), reason(&error)));
        }
    }
}
