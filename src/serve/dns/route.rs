//! The way back to a client, for a response that may come later from another thread.

use super::query::DnsQuery;
use rustix::net::{SendFlags, send};
use std::{
    net::{Shutdown, SocketAddr, TcpStream, UdpSocket},
    sync::{Arc, Mutex, PoisonError},
};

/// The destination of a response.
#[derive(Clone)]
pub(super) enum ReplyRoute {
    Udp(Arc<UdpSocket>, SocketAddr),
    Tcp(Arc<TcpReplies>),
}

impl ReplyRoute {
    /// The most octets of a response on this route.
    pub(super) fn limit(&self, query: &DnsQuery<'_>) -> usize {
        match self {
            Self::Udp(..) => query.payload(),
            Self::Tcp(_) => usize::from(u16::MAX),
        }
    }

    /// Sends a response. If that fails, the client asks again.
    pub(super) fn send(&self, response: &[u8]) {
        if response.is_empty() {
            return;
        }
        match self {
            Self::Udp(socket, client) => drop(socket.send_to(response, client)),
            Self::Tcp(replies) => replies.send(response),
        }
    }
}

/// The client's end of a connection, for responses.
pub(super) struct TcpReplies {
    stream: TcpStream,
    /// Held while a response is written, so that responses never mix.
    writing: Mutex<()>,
}

impl TcpReplies {
    pub(super) fn new(stream: TcpStream) -> Self {
        Self { stream, writing: Mutex::default() }
    }

    /// The stream that queries come from.
    pub(super) fn stream(&self) -> &TcpStream {
        &self.stream
    }

    /// Writes a response. The connection of a client that does not read is closed instead of waiting.
    pub(super) fn send(&self, response: &[u8]) {
        let Ok(length) = u16::try_from(response.len()) else { return };
        let framed = [&length.to_be_bytes(), response].concat();
        let _one = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let sent = send(&self.stream, &framed, SendFlags::DONTWAIT | SendFlags::NOSIGNAL);
        if sent != Ok(framed.len()) {
            let _ = self.stream.shutdown(Shutdown::Both);
        }
    }
}
