//! Resolves names within the deadline. A name from a referral never leads to the inside of our own network.

use crate::{
    address::is_routable,
    deadline::Deadline,
    registry::{AskFailure, Server, UnknownKind},
};
use std::{
    net::{IpAddr, SocketAddr, ToSocketAddrs},
    sync::mpsc,
    thread,
};

/// The most addresses of a server that are tried.
const ADDRESSES: usize = 4;

/// The stack in bytes. The C library's resolver needs room for its buffers; 256 KiB is four times its measured use.
const STACK: usize = 256 * 1024;

/// The addresses at which a server can be asked, at most four, in the order in which to try them.
pub(crate) fn resolve(server: &Server, deadline: Deadline) -> Result<Vec<SocketAddr>, AskFailure> {
    let found = match server.host.parse::<IpAddr>() {
        Ok(address) => vec![SocketAddr::new(address, server.port)],
        Err(_) => look_up(server, deadline)?,
    };
    let mut allowed: Vec<SocketAddr> =
        found.into_iter().filter(|socket| server.listed || is_routable(socket.ip())).collect();
    allowed.truncate(ADDRESSES);
    if allowed.is_empty() {
        let message = format!("{} is at an address that is not on the public internet", server.name);
        return Err(AskFailure::new(UnknownKind::Network, message));
    }
    Ok(allowed)
}

/// The addresses of several servers, resolved in parallel; none for those that do not resolve in time. They are not
/// checked for whether they may be asked.
pub(crate) fn look_up_all<'a>(
    servers: impl Iterator<Item = &'a Server>,
    deadline: Deadline,
) -> Vec<Vec<SocketAddr>> {
    let started: Vec<_> = servers
        .map(|server| match server.host.parse::<IpAddr>() {
            Ok(address) => Ok(vec![SocketAddr::new(address, server.port)]),
            Err(_) => Err(begin(server)),
        })
        .collect();
    let wait = |look_up: std::io::Result<LookUp>| {
        let found = look_up.ok()?.recv_timeout(deadline.remaining().unwrap_or_default()).ok()?;
        found.ok()
    };
    started
        .into_iter()
        .map(|found| found.unwrap_or_else(|look_up| wait(look_up).unwrap_or_default()))
        .collect()
}

/// The pending result of a look-up.
type LookUp = mpsc::Receiver<std::io::Result<Vec<SocketAddr>>>;

/// getaddrinfo(3) has no deadline, so it runs on a thread that is abandoned if it takes too long.
fn begin(server: &Server) -> std::io::Result<LookUp> {
    let (sender, receiver) = mpsc::sync_channel(1);
    let target = (server.host.clone(), server.port);
    thread::Builder::new().name("resolve".into()).stack_size(STACK).spawn(move || {
        let found = target.to_socket_addrs().map(|found| found.take(2 * ADDRESSES).collect::<Vec<_>>());
        // After the deadline nobody is listening.
        let _ = sender.send(found);
    })?;
    Ok(receiver)
}

fn look_up(server: &Server, deadline: Deadline) -> Result<Vec<SocketAddr>, AskFailure> {
    let network = |why: &str| AskFailure::new(UnknownKind::Network, format!("{}: {why}", server.name));
    let timeout = || AskFailure::new(UnknownKind::Timeout, format!("{}: no address in time", server.name));
    let left = deadline.remaining().ok_or_else(timeout)?;
    let receiver = begin(server).map_err(|_| network("cannot start a thread to look its address up"))?;
    match receiver.recv_timeout(left) {
        Ok(Ok(found)) if !found.is_empty() => Ok(found),
        Ok(Ok(_)) => Err(network("no such host")),
        Ok(Err(error)) => Err(network(&why(&error.to_string()))),
        Err(_) => Err(timeout()),
    }
}

/// Explains a failure of getaddrinfo(3), which std gives only as words: the name does not exist, or no name server
/// answered. The words are those of the C library (glibc's, musl's). Unknown ones are shown as they are.
fn why(said: &str) -> String {
    let reason = said.rsplit(": ").next().unwrap_or_default().to_lowercase();
    let absent = ["not known", "does not resolve", "no address", "has no usable address"];
    if absent.iter().any(|words| reason.contains(words)) {
        return "no such host".to_owned();
    }
    format!("cannot be looked up ({reason}): does DNS answer on this machine (/etc/resolv.conf)?")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_not_there_is_told_from_a_resolver_that_is_not() {
        let prefix = "failed to lookup address information: ";
        for said in
            ["Name or service not known", "Name does not resolve", "No address associated with hostname"]
        {
            assert_eq!(why(&format!("{prefix}{said}")), "no such host");
        }
        let said = why(&format!("{prefix}Temporary failure in name resolution"));
        assert!(
            said.starts_with("cannot be looked up (temporary failure in name resolution): does DNS"),
            "{said}"
        );
    }
}
