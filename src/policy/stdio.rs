//! The descriptors that spawn(8) starts a program with: standard input, output and error are one and the same socket,
//! and whatever is written to any of them is taken for an answer.

use std::{
    fs::{File, OpenOptions},
    io,
    os::fd::AsFd,
};

/// Requests come from one descriptor, answers go to the other.
#[derive(Debug)]
pub struct Stdio {
    /// Where requests come from.
    pub requests: File,
    /// Where answers go.
    pub answers: File,
}

impl Stdio {
    /// Takes standard input and output for the protocol alone, and leaves /dev/null in the place of all three. From
    /// then on nothing can reach the mail server by accident: no warning, no panic's message, no library's.
    ///
    /// # Errors
    /// When a descriptor is closed or /dev/null cannot be opened.
    pub fn take() -> io::Result<Self> {
        let requests = File::from(io::stdin().as_fd().try_clone_to_owned()?);
        let answers = File::from(io::stdout().as_fd().try_clone_to_owned()?);
        let null = OpenOptions::new().read(true).write(true).open("/dev/null")?;
        rustix::stdio::dup2_stdin(&null)?;
        rustix::stdio::dup2_stdout(&null)?;
        rustix::stdio::dup2_stderr(&null)?;
        Ok(Self { requests, answers })
    }
}
