//! The exit codes, each with its meaning. `main` alone ends the process with one of them.

use std::process::ExitCode;

/// The exit code of the process. Numbers follow sysexits(3) where it has one for the case. A mail server's hook can
/// tell "do not want" from "could not tell" and from "is broken".
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Exit {
    /// No address is blocked and all are known.
    Clear,
    /// At least one address is blocked. Only that verdict ends in 1, because a script that meets 1 may reject mail.
    /// (`whodunit patterns` gives no verdicts; there 1 means problems.)
    Blocked,
    /// The command line was wrong (EX_USAGE).
    Usage,
    /// A file is not in a format that can be read (EX_DATAERR).
    DataErr,
    /// An input cannot be read (EX_NOINPUT).
    NoInput,
    /// A fault in this program (EX_SOFTWARE), such as a panic.
    Software,
    /// An output cannot be written (EX_IOERR).
    IoErr,
    /// None is blocked and at least one is unknown (EX_TEMPFAIL). A hook can defer.
    TempFail,
    /// A pattern file or a configuration file is wrong (EX_CONFIG).
    Config,
    /// `whodunit check`: an admin should look at something. Its codes are those of a monitoring plugin, not verdicts.
    Warning,
    /// `whodunit check`: the service does not answer.
    Critical,
    /// `whodunit check`: the state could not be found out.
    Unchecked,
    /// The reader of our output went away, as after `| head`. It is the code that SIGPIPE would give.
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
