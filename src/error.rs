//! Errors that stop a run. A failure for one address is not an error but a value in its verdict
//! ([`crate::registry::Unknown`]).

use crate::exit::Exit;
use std::{fmt, io, path::Path};

/// An error that stops the run. It has one sentence for the admin, in lower case, with file, line and remedy, and the
/// exit code.
#[derive(Debug)]
pub struct Error {
    exit: Exit,
    message: String,
}

/// The result of an operation that may stop the run.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// The command line is wrong (exit 64).
    pub fn usage(message: impl Into<String>) -> Self {
        Self { exit: Exit::Usage, message: message.into() }
    }

    /// A file has no known format (exit 65).
    pub fn data(message: impl Into<String>) -> Self {
        Self { exit: Exit::DataErr, message: message.into() }
    }

    /// An input cannot be read (exit 66).
    pub fn input(path: &Path, error: &io::Error) -> Self {
        Self { exit: Exit::NoInput, message: format!("cannot read {}: {}", path.display(), reason(error)) }
    }

    /// An input cannot be read (exit 66), with a message of its own.
    pub fn unreadable(message: impl Into<String>) -> Self {
        Self { exit: Exit::NoInput, message: message.into() }
    }

    /// A fault of this program or of the machine (exit 70).
    pub fn software(message: impl Into<String>) -> Self {
        Self { exit: Exit::Software, message: message.into() }
    }

    /// An output cannot be written (exit 74), or its reader went away (141, no message).
    pub fn output(what: &str, error: &io::Error) -> Self {
        let exit = if error.kind() == io::ErrorKind::BrokenPipe { Exit::BrokenPipe } else { Exit::IoErr };
        Self { exit, message: format!("cannot write {what}: {}", reason(error)) }
    }

    /// Standard output cannot be written, or its reader went away, as for [`Self::output`].
    pub fn stdout(error: io::Error) -> Self {
        Self::output("stdout", &error)
    }

    /// An output cannot be written (exit 74), with a message of its own.
    pub fn unwritable(message: impl Into<String>) -> Self {
        Self { exit: Exit::IoErr, message: message.into() }
    }

    /// A pattern or configuration file is wrong (exit 78).
    pub fn config(message: impl Into<String>) -> Self {
        Self { exit: Exit::Config, message: message.into() }
    }

    /// The exit code of the process.
    #[must_use]
    pub fn exit(&self) -> Exit {
        self.exit
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

/// The operating system's reason, in lower case as in all our messages, without Rust's "(os error 2)".
#[must_use]
pub fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut chars = text.chars();
    chars.next().map(|c| c.to_lowercase().chain(chars).collect()).unwrap_or_default()
}
