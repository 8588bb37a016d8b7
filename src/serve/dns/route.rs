//! The way back to a client, for a response that may come later from another thread.

use super::query::DnsQuery;
use rustix::net::{SendFlags, send};
use std::{
    net::{Shutdown, SocketAddr, TcpStream, UdpSocket},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
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

/// The count of a connection, until it is dropped.
pub(super) struct OpenConnection(Arc<AtomicUsize>);

impl OpenConnection {
    /// Counts one more connection, unless `most` are open.
    pub(super) fn admit(open: &Arc<AtomicUsize>, most: usize) -> Option<Self> {
        let before = open.fetch_add(1, Ordering::SeqCst);
        let counted = Self(Arc::clone(open));
        (before < most).then_some(counted)
    }
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// The client's end of a connection, for responses.
pub(super) struct TcpReplies {
    stream: TcpStream,
    /// Held while a response is written, so that responses never mix.
    writing: Mutex<()>,
    /// A connection that the client has half closed still counts until its responses are sent.
    _open: OpenConnection,
}

impl TcpReplies {
    pub(super) fn new(stream: TcpStream, open: OpenConnection) -> Self {
        Self { stream, writing: Mutex::default(), _open: open }
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
