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
    logs: Vec<ReadableLog>,
    /// They have no name, and are removed when the run ends.
    _kept: Vec<File>,
}

struct ReadableLog {
    path: PathBuf,
    /// The name of the input that this is a copy of.
    copy_of: Option<PathBuf>,
}

impl Copies {
    /// Copies every input that is no regular file.
    ///
    /// # Errors
    /// A log cannot be read (66), or the copy cannot be written (74).
    pub(super) fn of(sources: &[ClientSource<'_>]) -> Result<Self> {
        let (mut logs, mut kept) = (Vec::new(), Vec::new());
        for source in sources {
            let (copy, name) = match source {
                // A folder or a missing file is reported by the reading.
                ClientSource::File(path) | ClientSource::Copy { path, .. }
                    if fs::metadata(path).map_or(true, |meta| meta.is_file() || meta.is_dir()) =>
                {
                    logs.push(ReadableLog { path: path.to_path_buf(), copy_of: None });
                    continue;
                }
                ClientSource::File(path) | ClientSource::Copy { path, .. } => {
                    let mut input = File::open(path).map_err(|error| Error::input(path, &error))?;
                    (copied(&mut input, path)?, *path)
                }
                ClientSource::Stdin => {
                    let name = Path::new("standard input");
                    (copied(&mut io::stdin().lock(), name)?, name)
                }
            };
            let path = PathBuf::from(format!("/proc/self/fd/{}", copy.as_raw_fd()));
            logs.push(ReadableLog { path, copy_of: Some(name.to_path_buf()) });
            kept.push(copy);
        }
        Ok(Self { logs, _kept: kept })
    }

    /// The logs for the first reading.
    pub(super) fn sources(&self) -> Vec<ClientSource<'_>> {
        fn source(log: &ReadableLog) -> ClientSource<'_> {
            match &log.copy_of {
                Some(of) => ClientSource::Copy { path: &log.path, of },
                None => ClientSource::File(&log.path),
            }
        }
        self.logs.iter().map(source).collect()
    }

    /// The logs for the second one.
    pub(super) fn paths(&self) -> Vec<&Path> {
        self.logs.iter().map(|log| log.path.as_path()).collect()
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
