//! Sends one request to a running service, as a mail server would, to check that it answers.

use super::{dns::ZoneName, listen::ListenAddress};
use domain::base::{
    Message, MessageBuilder, Name, ToName,
    iana::{Rcode, Rtype},
};
use std::{
    io::{self, BufReader, ErrorKind, Read, Write},
    net::{SocketAddr, TcpStream, ToSocketAddrs, UdpSocket},
    os::unix::net::UnixStream,
    time::Duration,
};

/// Asks about an address that needs no query.
const REQUEST: &[u8] = b"request=smtpd_access_policy\nprotocol_state=RCPT\nclient_address=127.0.0.1\n\n";
/// The most bytes of an answer that are read.
const ANSWER: u64 = 4096;

/// Asks the service at this address.
///
/// # Errors
/// It cannot be reached, does not answer in time, or gives an answer that our service never gives.
pub fn probe(address: &ListenAddress, zone: &ZoneName, timeout: Duration) -> io::Result<()> {
    ask(address, zone, timeout).map_err(|error| match (error.kind(), address) {
        // The system's own words are "resource temporarily unavailable".
        (ErrorKind::WouldBlock | ErrorKind::TimedOut, ListenAddress::Dns(_)) => {
            silent(timeout, ", as for a client that --dns-allow leaves out")
        }
        (ErrorKind::WouldBlock | ErrorKind::TimedOut, _) => silent(timeout, ""),
        _ => error,
    })
}

fn silent(timeout: Duration, remark: &str) -> io::Error {
    io::Error::new(ErrorKind::TimedOut, format!("nothing within {} s{remark}", timeout.as_secs_f64()))
}

fn ask(address: &ListenAddress, zone: &ZoneName, timeout: Duration) -> io::Result<()> {
    match address {
        ListenAddress::Inet(address) => {
            let stream = TcpStream::connect_timeout(&first(address)?, timeout)?;
            stream.set_read_timeout(Some(timeout))?;
            stream.set_write_timeout(Some(timeout))?;
            policy(stream)
        }
        ListenAddress::Unix(path) => {
            let stream = UnixStream::connect(path)?;
            stream.set_read_timeout(Some(timeout))?;
            stream.set_write_timeout(Some(timeout))?;
            policy(stream)
        }
        ListenAddress::Dns(address) => list(first(address)?, zone, timeout),
    }
}

fn first(address: &str) -> io::Result<SocketAddr> {
    address.to_socket_addrs()?.next().ok_or_else(|| io::Error::other("no such host"))
}

fn strange() -> io::Error {
    io::Error::other("something else answers there")
}

fn policy(mut stream: impl Read + Write) -> io::Result<()> {
    stream.write_all(REQUEST)?;
    let mut answer = Vec::new();
    let mut bytes = BufReader::new(stream.take(ANSWER)).bytes();
    while !answer.ends_with(b"\n\n") {
        match bytes.next() {
            Some(byte) => answer.push(byte?),
            None => return Err(strange()),
        }
    }
    if answer.starts_with(b"action=") { Ok(()) } else { Err(strange()) }
}

/// RFC 5782's test point: 127.0.0.2 is listed.
fn list(server: SocketAddr, zone: &ZoneName, timeout: Duration) -> io::Result<()> {
    let name: Name<Vec<u8>> = format!("2.0.0.127.bl.{zone}").parse().map_err(io::Error::other)?;
    let mut builder = MessageBuilder::new_vec().question();
    builder.push((&name, Rtype::A)).map_err(io::Error::other)?;
    let local = if server.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
    let socket = UdpSocket::bind(local)?;
    socket.set_read_timeout(Some(timeout))?;
    // Datagrams of other senders are ignored then.
    socket.connect(server)?;
    socket.send(&builder.finish())?;
    let mut answer = [0; 512];
    let length = socket.recv(&mut answer)?;
    let message = Message::from_octets(answer.get(..length).unwrap_or_default()).map_err(|_| strange())?;
    let header = message.header();
    let named = message.sole_question().is_ok_and(|question| question.qname().name_eq(&name));
    if header.qr() && header.rcode() == Rcode::REFUSED && named {
        return Err(io::Error::other(format!("it refuses the zone {zone}: name the service's with --zone")));
    }
    if header.qr() && header.rcode() == Rcode::NOERROR && message.header_counts().ancount() == 1 && named {
        Ok(())
    } else {
        Err(strange())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_that_says_nothing_is_reported_in_our_words() {
        let zone = ZoneName::default();
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = format!("dns:{}", socket.local_addr().unwrap()).parse().unwrap();
        let said = probe(&address, &zone, Duration::from_millis(100)).unwrap_err().to_string();
        assert_eq!(said, "nothing within 0.1 s, as for a client that --dns-allow leaves out");
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("inet:{}", listener.local_addr().unwrap()).parse().unwrap();
        let said = probe(&address, &zone, Duration::from_millis(100)).unwrap_err().to_string();
        assert_eq!(said, "nothing within 0.1 s");
    }
}
