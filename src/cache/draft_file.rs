//! A file in the making, beside the one that it replaces as a whole. A reader sees the old file or the new one, never a
//! part.

use super::location;
use crate::error::{Error, Result};
use std::{
    fs::{self, File, TryLockError},
    io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

/// The draft. It has the rights of the cache's folder. Dropping it unpublished removes it.
#[derive(Debug)]
pub struct DraftFile {
    /// Locked while the draft is written, so that two imports do not overwrite each other's work.
    file: File,
    path: PathBuf,
    target: PathBuf,
}

impl DraftFile {
    /// Begins an empty draft of `target`.
    ///
    /// # Errors
    /// It cannot be made, or another import is running (74).
    pub fn begin(target: &Path) -> Result<Self> {
        let path = location::beside(target, ".new");
        let file = lock(&path).map_err(|error| Error::output(&path.display().to_string(), &error))?;
        Ok(Self { file, path, target: target.to_owned() })
    }

    /// The file itself, to be written to.
    #[must_use]
    pub fn file(&self) -> &File {
        &self.file
    }

    /// The path of the draft.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Syncs the draft to disk, and renames it to its target.
    ///
    /// # Errors
    /// It cannot be written or renamed (74). The old file is unchanged then.
    pub fn publish(self) -> Result<()> {
        self.file.sync_all().map_err(|error| Error::output(&self.path.display().to_string(), &error))?;
        let renamed = fs::rename(&self.path, &self.target);
        renamed.map_err(|error| Error::output(&self.target.display().to_string(), &error))
    }
}

impl Drop for DraftFile {
    fn drop(&mut self) {
        // After a success the draft was renamed, and another import may have begun a draft at the same path. After a
        // failure the draft is useless.
        if is_at(&self.file, &self.path) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Makes the draft's file, empty, and locks it against another import.
fn lock(path: &Path) -> io::Result<File> {
    loop {
        location::make(path)?;
        let lock = File::options().write(true).open(path)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(io::Error::other("another import is under way")),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        // Another import may have published between the two steps. Then this is the very file that readers use now.
        if is_at(&lock, path) {
            // A killed import may have left data here.
            lock.set_len(0)?;
            return Ok(lock);
        }
    }
}

/// Whether the file is still at the path where it was opened.
fn is_at(file: &File, path: &Path) -> bool {
    file.metadata().is_ok_and(|meta| location::identity(path) == Some((meta.dev(), meta.ino())))
}
