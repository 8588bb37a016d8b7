//! One query to one server: resolved, checked, sent through whois-rust, and repeated once after a reset.

use super::{
    resolve::resolve,
    socket::{self, LONGEST},
};
use crate::{
    deadline::Deadline,
    registry::{AskFailure, Registry, Server, UnknownKind},
};
use std::{
    io,
    net::{IpAddr, SocketAddr},
};
use whois_rust::{WhoIs, WhoIsError, WhoIsLookupOptions, WhoIsServerValue};

/// Asks one server about one address, and returns its reply, byte for byte.
///
/// A refused or reset connection is tried once more, if the deadline allows. The second try also keeps text that the
/// server sends before it hangs up, which whois-rust drops: some servers refuse so.
///
/// # Errors
/// [`AskFailure`] has the reason why no reply, or only part of one, came back.
pub fn ask(server: &Server, address: IpAddr, full: bool, deadline: Deadline) -> Result<Vec<u8>, AskFailure> {
    let sockets = resolve(server, deadline)?;
    let question = server.question(full).replace("$addr", &address.to_string());
    let rwhois = server.registry == Registry::Rwhois;
    let bare = |socket, deadline| {
        let answer = socket::ask(socket, &question, !rwhois, deadline);
        answer.map_err(|(error, received)| failed(server, &error, received))
    };
    let first = if rwhois {
        any(server, &sockets, deadline, bare)
    } else {
        any(server, &sockets, deadline, |socket, deadline| whois(server, socket, address, full, deadline))
    };
    match first {
        Err(AskFailure { kind: UnknownKind::Network, .. }) if deadline.remaining().is_some() => {
            any(server, &sockets, deadline, bare)
        }
        other => other,
    }
}

/// Tries a server's addresses until one answers.
fn any(
    server: &Server,
    sockets: &[SocketAddr],
    deadline: Deadline,
    ask: impl Fn(SocketAddr, Deadline) -> Result<Vec<u8>, AskFailure>,
) -> Result<Vec<u8>, AskFailure> {
    let mut last = AskFailure::new(UnknownKind::Network, format!("{} has no address", server.name));
    for (tried, socket) in sockets.iter().enumerate() {
        // If a server's first address swallows connections, it must not use up all the time.
        let others = sockets.len() - tried - 1;
        let slice = match (deadline.remaining(), others) {
            (Some(left), 1..) => deadline.at_most(left / 2),
            (Some(_), 0) => deadline,
            (None, _) => return Err(timed_out(server)),
        };
        match ask(*socket, slice) {
            Err(failed) if matches!(failed.kind, UnknownKind::Network | UnknownKind::Timeout) => {
                last = failed;
            }
            done => return done,
        }
    }
    Err(last)
}

fn timed_out(server: &Server) -> AskFailure {
    AskFailure::new(UnknownKind::Timeout, format!("{} did not answer in time", server.name))
}

/// One query through whois-rust, which limits the time and size of one connection.
fn whois(
    server: &Server,
    socket: SocketAddr,
    address: IpAddr,
    full: bool,
    deadline: Deadline,
) -> Result<Vec<u8>, AskFailure> {
    let Some(timeout) = deadline.remaining() else { return Err(timed_out(server)) };
    let ours = |error: WhoIsError| match error {
        WhoIsError::IOError(error) => failed(server, &error, Vec::new()),
        other => AskFailure::new(UnknownKind::Network, format!("{}: {other}", server.name)),
    };
    let client = WhoIs::from_host(socket.to_string()).map_err(ours)?;
    let mut value = WhoIsServerValue::from_string(socket.to_string()).map_err(ours)?;
    value.query = Some(server.question(full).to_owned());
    let mut options = WhoIsLookupOptions::from_string(address.to_string()).map_err(ours)?;
    options.server = Some(value);
    options.follow = 0;
    options.timeout = Some(timeout);
    options.max_response_size = Some(LONGEST);
    client.lookup_raw(options).map_err(ours)
}

fn failed(server: &Server, error: &io::Error, received: Vec<u8>) -> AskFailure {
    let name = &server.name;
    let (kind, message) = match error.kind() {
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => return timed_out(server),
        io::ErrorKind::InvalidData => {
            (UnknownKind::TooLarge, format!("{name} sent more than {LONGEST} bytes"))
        }
        _ => (UnknownKind::Network, format!("{name}: {}", crate::error::reason(error))),
    };
    AskFailure { kind, message, received }
}
