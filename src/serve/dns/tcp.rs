//! Queries over TCP (RFC 7766): for responses that do not fit into a datagram, and for clients that prefer TCP. Two
//! octets with its length precede each message. Responses come in the order in which they are ready.

use super::{
    query::DnsQuery,
    response::DnsResponse,
    route::{OpenConnection, ReplyRoute, TcpReplies},
    server::{DecisionSource, DnsServer},
};
use std::{
    io::{self, Read},
    net::{TcpListener, TcpStream},
    sync::{Arc, atomic::AtomicUsize},
    thread,
    time::{Duration, Instant},
};

/// The most connections.
pub(super) const CONNECTIONS: usize = 128;
/// A connection is closed if no whole message arrives in this time (RFC 7766 6.2.3 wants some seconds).
pub(super) const IDLE: Duration = Duration::from_secs(10);
/// The queries of one connection that may wait for a look-up.
pub(super) const WAITING: usize = 64;
/// The shortest message in bytes (RFC 1035 4.1.1); a shorter one ends its connection.
const HEADER: usize = 12;
/// The longest query in bytes; a longer one ends its connection.
pub(super) const MESSAGE: usize = 4096;
const STACK: usize = 256 * 1024;
/// The pause after a listener fails (no descriptors left).
const BREATH: Duration = Duration::from_millis(100);

/// Starts to accept connections.
///
/// # Errors
/// No thread can be started.
pub(super) fn serve<F: DecisionSource>(server: &Arc<DnsServer<F>>, listener: TcpListener) -> io::Result<()> {
    let (server, open) = (Arc::clone(server), Arc::new(AtomicUsize::new(0)));
    let accept = move || {
        loop {
            match listener.accept() {
                Ok((stream, client)) if server.serves(client.ip()) => take(&server, stream, &open),
                // The reason is not sent: a client that is not served learns nothing.
                Ok(_) => {}
                Err(_) => thread::sleep(BREATH),
            }
        }
    };
    thread::Builder::new().name("dns-tcp".into()).stack_size(STACK).spawn(accept)?;
    Ok(())
}

fn take<F: DecisionSource>(server: &Arc<DnsServer<F>>, stream: TcpStream, open: &Arc<AtomicUsize>) {
    let Some(counted) = OpenConnection::admit(open, CONNECTIONS) else { return };
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let server = Arc::clone(server);
    // Without a thread the connection is closed, and the client asks again.
    let _ = thread::Builder::new().name("dns-client".into()).stack_size(STACK).spawn(move || {
        converse(&server, TcpReplies::new(stream, counted));
    });
}

fn converse<F: DecisionSource>(server: &DnsServer<F>, replies: TcpReplies) {
    let replies = Arc::new(replies);
    let route = ReplyRoute::Tcp(Arc::clone(&replies));
    let (mut message, mut response) = (vec![0; MESSAGE], Vec::new());
    while let Ok(length) = read_message(replies.stream(), &mut message, Instant::now() + IDLE) {
        let message = message.get(..length).unwrap_or_default();
        // Each waiting query holds another reference to the connection.
        if Arc::strong_count(&replies) >= WAITING + 2 {
            let Some(query) = DnsQuery::read(message) else { continue };
            let busy = DnsResponse::failure("timeout", "too many questions of one connection are waiting");
            server.zone.write(&query, &busy, route.limit(&query), &mut response);
        } else {
            server.receive(message, &route, &mut response);
        }
        route.send(&response);
    }
}

/// Reads the next message to the front of `message`, before that time, and returns its length.
pub(super) fn read_message(stream: &TcpStream, message: &mut [u8], until: Instant) -> io::Result<usize> {
    let mut length = [0; 2];
    read_until(stream, &mut length, until)?;
    let length = usize::from(u16::from_be_bytes(length));
    let message = message.get_mut(..length).filter(|_| length >= HEADER).ok_or(io::ErrorKind::InvalidData)?;
    read_until(stream, message, until)?;
    Ok(length)
}

/// Fills `bytes` before that time, however slowly they come.
fn read_until(mut stream: &TcpStream, mut bytes: &mut [u8], until: Instant) -> io::Result<()> {
    while !bytes.is_empty() {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        stream.set_read_timeout(Some(left))?;
        match stream.read(bytes) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(got) => bytes = bytes.get_mut(got..).unwrap_or_default(),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
