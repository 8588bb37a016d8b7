//! The behaviour of a server on a connection, from polite to hostile. Every loop ends when the farm stops.

use super::scenario::{Does, Rule};
use std::{
    io::{self, ErrorKind, Read, Write},
    net::TcpStream,
    sync::atomic::{AtomicBool, Ordering::SeqCst},
    thread,
    time::{Duration, Instant},
};

/// No test lasts longer; an open connection is closed then.
const LONGEST: Duration = Duration::from_secs(60);
/// How often a waiting server checks whether it should stop.
pub(crate) const GLANCE: Duration = Duration::from_millis(20);
/// The bytes after which an endless server gives up: far more than any client should read.
const FLOOD: usize = 256 << 20;

/// Reads the query without taking it out of the socket: on Linux, closing with unread bytes sends a reset.
pub(crate) fn peek_line(stream: &TcpStream, stop: &AtomicBool) -> Option<Vec<u8>> {
    let mut bytes = [0; 1024];
    let end = Instant::now() + LONGEST;
    stream.set_read_timeout(Some(GLANCE)).ok()?;
    while !stop.load(SeqCst) && Instant::now() < end {
        match stream.peek(&mut bytes) {
            Ok(0) => return None,
            Ok(n) => {
                let seen = bytes.get(..n)?;
                if let Some(line) = seen.split(|b| *b == b'\n').next().filter(|line| line.len() < n) {
                    return Some(line.strip_suffix(b"\r").unwrap_or(line).to_vec());
                }
                thread::sleep(Duration::from_millis(1));
            }
            Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(_) => return None,
        }
    }
    None
}

/// Behaves as the rule says, over plain TCP.
pub(crate) fn conduct(
    mut stream: &TcpStream,
    rule: &Rule,
    reply: &[u8],
    stop: &AtomicBool,
) -> io::Result<()> {
    if rule.does != Does::Reset {
        // All received bytes are read, or closing would send a reset.
        let _taken = stream.read(&mut [0; 1024])?;
    }
    converse(stream, stream, rule, reply, stop)
}

/// Behaves as the rule says, over a connection that `tcp` carries.
pub(crate) fn converse<S: Read + Write>(
    mut stream: S,
    tcp: &TcpStream,
    rule: &Rule,
    reply: &[u8],
    stop: &AtomicBool,
) -> io::Result<()> {
    let delay = Instant::now() + Duration::from_millis(rule.delay_ms);
    while Instant::now() < delay && !stop.load(SeqCst) {
        thread::sleep(GLANCE.min(delay.saturating_duration_since(Instant::now())));
    }
    match rule.does {
        Does::Answer => {
            stream.write_all(reply)?;
            stream.flush()
        }
        Does::Reset if rule.cut.is_some() => stream.write_all(reply),
        Does::Empty | Does::Reset => Ok(()),
        Does::Silence => wait_for_leaving(stream, tcp, stop),
        Does::Hold => {
            stream.write_all(reply)?;
            wait_for_leaving(stream, tcp, stop)
        }
        Does::Drip => drip(stream, tcp, reply, Duration::from_millis(rule.every_ms.unwrap_or(1000)), stop),
        Does::Flood => flood(stream, tcp, reply, stop),
    }
}

fn wait_for_leaving(mut stream: impl Read, tcp: &TcpStream, stop: &AtomicBool) -> io::Result<()> {
    let end = Instant::now() + LONGEST;
    tcp.set_read_timeout(Some(GLANCE))?;
    while !stop.load(SeqCst) && Instant::now() < end {
        match stream.read(&mut [0; 256]) {
            Ok(0) => break,
            Err(e) if !matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => return Err(e),
            _ => {}
        }
    }
    Ok(())
}

fn drip(
    mut stream: impl Write,
    tcp: &TcpStream,
    reply: &[u8],
    every: Duration,
    stop: &AtomicBool,
) -> io::Result<()> {
    tcp.set_nodelay(true)?;
    for byte in reply {
        stream.write_all(&[*byte])?;
        stream.flush()?;
        let next = Instant::now() + every;
        while Instant::now() < next {
            if stop.load(SeqCst) {
                return Ok(());
            }
            thread::sleep(GLANCE.min(next.saturating_duration_since(Instant::now())));
        }
    }
    Ok(())
}

fn flood(mut stream: impl Write, tcp: &TcpStream, reply: &[u8], stop: &AtomicBool) -> io::Result<()> {
    let block = if reply.is_empty() { b"remarks: and so on\n".repeat(400) } else { reply.to_vec() };
    tcp.set_write_timeout(Some(LONGEST))?;
    let mut sent = 0;
    while sent < FLOOD && !stop.load(SeqCst) {
        stream.write_all(&block)?;
        sent += block.len();
    }
    Ok(())
}
