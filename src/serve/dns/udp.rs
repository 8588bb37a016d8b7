//! Queries in datagrams. Several threads receive from one socket, so that a burst of one client is shared among them.

use super::{
    route::ReplyRoute,
    server::{DecisionSource, DnsServer},
};
use std::{io, net::UdpSocket, sync::Arc, thread, time::Duration};

/// Octets of a datagram that are read. No query of one question has so many; what is cut off makes it malformed.
const DATAGRAM: usize = 4096;
/// A response is written, and nothing is looked up, on these threads.
const STACK: usize = 256 * 1024;
/// Threads for each socket.
const RECEIVERS: std::ops::RangeInclusive<usize> = 2..=8;
/// A socket that fails (no memory) is tried again after this.
const BREATH: Duration = Duration::from_millis(100);

/// Starts to answer what arrives at the socket.
///
/// # Errors
/// When no thread can be started.
pub(super) fn serve<F: DecisionSource>(server: &Arc<DnsServer<F>>, socket: UdpSocket) -> io::Result<()> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let socket = Arc::new(socket);
    for _ in 0..cores.clamp(*RECEIVERS.start(), *RECEIVERS.end()) {
        let (server, socket) = (Arc::clone(server), Arc::clone(&socket));
        thread::Builder::new().name("dns-udp".into()).stack_size(STACK).spawn(move || {
            loop {
                receive(&server, &socket);
            }
        })?;
    }
    Ok(())
}

/// Answers until the socket fails, and pauses then. It fails where memory is short, or where a client's machine said
/// that nobody waits for an earlier response any more.
fn receive<F: DecisionSource>(server: &DnsServer<F>, socket: &Arc<UdpSocket>) {
    let (mut datagram, mut response) = ([0; DATAGRAM], Vec::with_capacity(DATAGRAM));
    loop {
        let (length, client) = match socket.recv_from(&mut datagram) {
            Ok(received) => received,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => continue,
            Err(_) => return thread::sleep(BREATH),
        };
        if !server.serves(client.ip()) {
            continue;
        }
        let route = ReplyRoute::Udp(Arc::clone(socket), client);
        server.receive(datagram.get(..length).unwrap_or_default(), &route, &mut response);
        route.send(&response);
    }
}
