//! One question over a bare socket, where whois-rust cannot ask it. An answer of rwhois (RFC 2167) ends in `%ok` or
//! `%error`, and many servers keep the connection open behind that, so that waiting for the end of the stream would
//! wait for nothing. And a whois server that resets the connection may have said why before.

use crate::deadline::Deadline;
use std::{
    io::{self, ErrorKind, Read, Write},
    net::{SocketAddr, TcpStream},
};

/// More than any registry says about one address: ARIN's longest answers, 256 networks, stay under it.
pub(super) const LONGEST: usize = 1024 * 1024;

/// Asks one server, and hands over all that it said. `to_the_end` reads to the end of the stream, as whois does; else to
/// rwhois' last line.
///
/// # Errors
/// `TimedOut` when the deadline passed, `InvalidData` when the answer grew past the bound, and what the socket says;
/// with it what was heard before.
pub(super) fn ask(
    socket: SocketAddr,
    question: &str,
    to_the_end: bool,
    deadline: Deadline,
) -> Result<Vec<u8>, (io::Error, Vec<u8>)> {
    let mut answer = Vec::new();
    let read = converse(socket, question, to_the_end, deadline, &mut answer);
    read.map_err(|error| (error, std::mem::take(&mut answer)))?;
    Ok(answer)
}

fn converse(
    socket: SocketAddr,
    question: &str,
    to_the_end: bool,
    deadline: Deadline,
    answer: &mut Vec<u8>,
) -> io::Result<()> {
    let left = || deadline.remaining().ok_or_else(|| io::Error::from(ErrorKind::TimedOut));
    let mut stream = TcpStream::connect_timeout(&socket, left()?)?;
    stream.set_write_timeout(Some(left()?))?;
    // Whoever hangs up before the question has said why already.
    let asked = stream.write_all(format!("{}\r\n", question.trim_end()).as_bytes());
    let mut buffer = [0; 4096];
    let mut lines = 0;
    loop {
        stream.set_read_timeout(Some(left()?))?;
        let read = match stream.read(&mut buffer) {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            read => read?,
        };
        answer.extend_from_slice(buffer.get(..read).unwrap_or_default());
        if answer.len() > LONGEST {
            return Err(ErrorKind::InvalidData.into());
        }
        // Only whole lines are looked at, and each once: the answer may come a byte at a time.
        while let Some(length) = answer.get(lines..).and_then(|rest| memchr::memchr(b'\n', rest)) {
            let line = answer.get(lines..lines + length).unwrap_or_default();
            if !to_the_end && (line.starts_with(b"%ok") || line.starts_with(b"%error")) {
                return Ok(());
            }
            lines += length + 1;
        }
        if read == 0 {
            return asked;
        }
    }
}
