//! One query over a bare socket, for cases that whois-rust does not cover. An rwhois answer (RFC 2167) ends in `%ok` or
//! `%error`, and many servers then keep the connection open, so waiting for the end of the stream would waste the time.
//! And a whois server that resets the connection may have given the reason before.

use crate::deadline::Deadline;
use std::{
    io::{self, ErrorKind, Read, Write},
    net::{SocketAddr, TcpStream},
};

/// The longest answer in bytes. ARIN's longest, with 256 networks, stay below it.
pub(super) const LONGEST: usize = 1024 * 1024;

/// Asks one server, and returns all that it sent. `to_the_end` reads to the end of the stream, as for whois; else to
/// the last line of rwhois.
///
/// # Errors
/// `TimedOut` if the deadline passed, `InvalidData` if the answer exceeded the limit, or the socket's error; each with
/// the text received so far.
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
    // A server that hangs up before the query has sent its reason already.
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
        // Only whole lines are checked, and each only once: the answer may come a byte at a time.
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
