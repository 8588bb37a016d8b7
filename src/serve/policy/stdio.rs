//! The descriptors that spawn(8) starts a program with: standard input, output and error are one and the same socket,
//! and whatever is written to any of them is taken for an answer.

use std::{
    fs::{File, OpenOptions},
    io,
    os::{
        fd::{AsFd, OwnedFd},
        unix::{fs::FileTypeExt, net::UnixStream},
    },
    path::Path,
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
    /// Whether a mail server may be at the other end of standard input: it is a socket or a pipe, or nobody can tell.
    /// A person at a terminal is none, and may be told what is wrong.
    #[must_use]
    pub fn is_spoken_to() -> bool {
        let input = io::stdin().as_fd().try_clone_to_owned().and_then(|input| File::from(input).metadata());
        input.map_or(true, |input| input.file_type().is_socket() || input.file_type().is_fifo())
    }

    /// Takes standard input and output for the protocol alone, and leaves /dev/null in the place of all three. From
    /// then on nothing can reach the mail server by accident: no warning, no panic's message, no library's.
    ///
    /// # Errors
    /// When a descriptor is closed, or no more can be had.
    pub fn take() -> io::Result<Self> {
        let requests = File::from(io::stdin().as_fd().try_clone_to_owned()?);
        let answers = File::from(io::stdout().as_fd().try_clone_to_owned()?);
        let null = null(Path::new("/dev/null"))?;
        rustix::stdio::dup2_stdin(&null)?;
        rustix::stdio::dup2_stdout(&null)?;
        rustix::stdio::dup2_stderr(&null)?;
        Ok(Self { requests, answers })
    }
}

/// What takes everything and gives nothing. Postfix's chroot has no /dev/null; there a socket whose other end is closed
/// stands in for it.
fn null(device: &Path) -> io::Result<OwnedFd> {
    match OpenOptions::new().read(true).write(true).open(device) {
        Ok(device) => Ok(device.into()),
        Err(_) => UnixStream::pair().map(|(end, _closed)| end.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};

    #[test]
    fn nothing_comes_from_it_and_nothing_arrives_in_a_chroot_too() {
        for device in ["/dev/null", "/nonexistent/null"] {
            let mut null = File::from(null(Path::new(device)).unwrap());
            let written = null.write(b"text");
            assert_eq!(written.is_ok(), device == "/dev/null", "{written:?}");
            assert_eq!(null.read(&mut [0; 9]).unwrap(), 0, "{device}");
        }
    }
}
