//! Logs that can be read twice: an input that is no regular file is copied to an unnamed one.

use crate::{
    error::{Error, Result},
    log::ClientSource,
};
use std::{
    env,
    fs::{self, File},
    io,
    os::{fd::AsRawFd, unix::fs::OpenOptionsExt},
    path::{Path, PathBuf},
    process,
};

/// The logs as regular files.
pub(super) struct Copies {
    paths: Vec<PathBuf>,
    /// They have no name, and are removed when the run ends.
    _kept: Vec<File>,
}

impl Copies {
    /// Copies every input that is no regular file.
    ///
    /// # Errors
    /// A log cannot be read (66), or the copy cannot be written (74).
    pub(super) fn of(logs: &[ClientSource<'_>]) -> Result<Self> {
        let (mut paths, mut kept) = (Vec::new(), Vec::new());
        for log in logs {
            let copy = match log {
                ClientSource::File(path) if fs::metadata(path).is_ok_and(|meta| !meta.is_file()) => {
                    let mut input = File::open(path).map_err(|error| Error::input(path, &error))?;
                    copied(&mut input, path)?
                }
                ClientSource::File(path) => {
                    paths.push(path.to_path_buf());
                    continue;
                }
                ClientSource::Stdin => copied(&mut io::stdin().lock(), Path::new("standard input"))?,
            };
            paths.push(PathBuf::from(format!("/proc/self/fd/{}", copy.as_raw_fd())));
            kept.push(copy);
        }
        Ok(Self { paths, _kept: kept })
    }

    /// The logs for the first reading.
    pub(super) fn sources(&self) -> Vec<ClientSource<'_>> {
        self.paths.iter().map(|path| ClientSource::File(path)).collect()
    }

    /// The logs for the second one.
    pub(super) fn paths(&self) -> Vec<&Path> {
        self.paths.iter().map(PathBuf::as_path).collect()
    }
}

fn copied(input: &mut impl io::Read, name: &Path) -> Result<File> {
    let path = env::temp_dir().join(format!("whodunit-log.{}.{}", process::id(), name.as_os_str().len()));
    let unwritable = |error: io::Error| Error::output(&path.display().to_string(), &error);
    let mut copy = File::options()
        .read(true)
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&path)
        .map_err(unwritable)?;
    fs::remove_file(&path).map_err(unwritable)?;
    io::copy(input, &mut copy).map_err(|error| Error::input(name, &error))?;
    Ok(copy)
}
