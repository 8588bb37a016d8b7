//! Queries in datagrams. Several threads receive from one socket, so they share a burst of one client.

use super::{
    route::ReplyRoute,
    server::{DecisionSource, DnsServer},
};
use std::{io, net::UdpSocket, sync::Arc, thread, time::Duration};

/// The bytes of a datagram that are read. No query with one question is longer, and a longer one becomes malformed.
const DATAGRAM: usize = 4096;
/// The stack in bytes: these threads write responses, and look nothing up.
const STACK: usize = 256 * 1024;
/// The number of threads for each socket.
const RECEIVERS: std::ops::RangeInclusive<usize> = 2..=8;
/// The pause after a socket fails (no memory).
const BREATH: Duration = Duration::from_millis(100);

/// Starts to answer at the socket.
///
/// # Errors
/// No thread can be started.
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

/// Answers until the socket fails, and then pauses. It fails if memory is short, or if a client's machine rejected an
/// earlier response (ICMP).
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
