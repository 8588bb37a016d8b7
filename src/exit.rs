//! The exit codes, each with its sentence. `main` alone ends the process with one of them.

use std::process::ExitCode;

/// What the process ends with. The numbers are sysexits(3) where that has a word for it, so that a mail server's
/// hook can tell "do not want" from "could not tell" from "is broken".
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Exit {
    /// No address is blocked and all are known.
    Clear,
    /// At least one address is blocked. Nothing but that verdict ends in 1: a script that meets 1 may reject mail. (For
    /// `whodunit patterns`, which gives no verdicts: there are problems.)
    Blocked,
    /// The command line was wrong (EX_USAGE).
    Usage,
    /// A file is not in a format that can be read (EX_DATAERR).
    DataErr,
    /// An input cannot be read (EX_NOINPUT).
    NoInput,
    /// A mistake of our own (EX_SOFTWARE), such as a panic.
    Software,
    /// An output cannot be written (EX_IOERR).
    IoErr,
    /// None is blocked and at least one is unknown (EX_TEMPFAIL): a hook can defer.
    TempFail,
    /// A pattern file or a configuration file is wrong (EX_CONFIG).
    Config,
    /// `whodunit check`: something wants an admin's eyes. Its codes are a monitoring plugin's, and no verdicts.
    Warning,
    /// `whodunit check`: the service does not answer.
    Critical,
    /// `whodunit check`: nothing could be found out.
    Unchecked,
    /// The reader of our output went away, as after `| head`: what SIGPIPE would have ended with.
    BrokenPipe,
}

impl Exit {
    /// The number that the shell sees.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Clear => 0,
            Self::Blocked | Self::Warning => 1,
            Self::Critical => 2,
            Self::Unchecked => 3,
            Self::Usage => 64,
            Self::DataErr => 65,
            Self::NoInput => 66,
            Self::Software => 70,
            Self::IoErr => 74,
            Self::TempFail => 75,
            Self::Config => 78,
            Self::BrokenPipe => 141,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
