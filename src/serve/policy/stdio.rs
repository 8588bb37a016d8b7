//! The descriptors with which spawn(8) starts a program: standard input, output and error are the same socket, and
//! anything written to one of them counts as an answer.

use std::{
    fs::{File, OpenOptions},
    io,
    os::{
        fd::{AsFd, OwnedFd},
        unix::{fs::FileTypeExt, net::UnixStream},
    },
    path::Path,
};

/// The descriptors for requests and answers.
#[derive(Debug)]
pub struct Stdio {
    /// The source of requests.
    pub requests: File,
    /// The destination of answers.
    pub answers: File,
}

impl Stdio {
    /// Whether a mail server may be at the other end of standard input: it is a socket or a pipe, or its kind is
    /// unknown. A person at a terminal may get an error message.
    #[must_use]
    pub fn is_spoken_to() -> bool {
        let input = io::stdin().as_fd().try_clone_to_owned().and_then(|input| File::from(input).metadata());
        input.map_or(true, |input| input.file_type().is_socket() || input.file_type().is_fifo())
    }

    /// Takes standard input and output for the protocol, and replaces all three descriptors with /dev/null. From then
    /// on nothing can reach the mail server by accident: no warning, no panic message, no output of a library.
    ///
    /// # Errors
    /// A descriptor is closed, or no more descriptors are available.
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

/// A descriptor that accepts everything and returns nothing. Postfix's chroot has no /dev/null; a socket whose other
/// end is closed replaces it there.
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
