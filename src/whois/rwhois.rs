//! Referral whois (RFC 2167). Its answer ends in `%ok` or `%error`, and many servers keep the connection open behind
//! that, so that waiting for the end of the stream, as whois does, would wait for nothing.

use super::server::LONGEST;
use crate::deadline::Deadline;
use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
};

/// Asks one rwhois server, and hands over its greeting and its answer.
///
/// # Errors
/// `TimedOut` when the deadline passed, `InvalidData` when the answer grew past the bound, and what the socket says.
pub(super) fn ask(socket: SocketAddr, question: &str, deadline: Deadline) -> io::Result<Vec<u8>> {
    let left = || deadline.remaining().ok_or_else(|| io::Error::from(io::ErrorKind::TimedOut));
    let mut stream = TcpStream::connect_timeout(&socket, left()?)?;
    stream.set_write_timeout(Some(left()?))?;
    stream.write_all(question.trim_end().as_bytes())?;
    stream.write_all(b"\r\n")?;
    let mut answer = Vec::new();
    let mut buffer = [0; 4096];
    let mut lines = 0;
    loop {
        stream.set_read_timeout(Some(left()?))?;
        let read = match stream.read(&mut buffer) {
            // A signal is no failure of the network.
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            read => read?,
        };
        answer.extend_from_slice(buffer.get(..read).unwrap_or_default());
        if answer.len() > LONGEST {
            return Err(io::ErrorKind::InvalidData.into());
        }
        // Only whole lines are looked at, and each once: the answer may come a byte at a time.
        while let Some(length) = answer.get(lines..).and_then(|rest| memchr::memchr(b'\n', rest)) {
            let line = answer.get(lines..lines + length).unwrap_or_default();
            if line.starts_with(b"%ok") || line.starts_with(b"%error") {
                return Ok(answer);
            }
            lines += length + 1;
        }
        if read == 0 {
            return Ok(answer);
        }
    }
}
