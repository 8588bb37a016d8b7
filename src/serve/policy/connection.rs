//! One mail server's connection: request, answer, request, answer, until it goes.

use super::{
    decision::Decider,
    decision_log::DecisionLog,
    dispatcher::Dispatcher,
    reply::DUNNO,
    request::{RequestClient, RequestReader, RequestTrouble},
};
use std::{
    collections::HashMap,
    fs::File,
    io::{self, Read, Write},
    net::{Shutdown, TcpStream},
    os::unix::net::UnixStream,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// A connection that says nothing for so long is closed. Postfix closes its own after 300 s
/// (`smtpd_policy_service_max_idle`), and a peer that has vanished never does.
const IDLE: Duration = Duration::from_secs(3600);
/// A peer that does not take its answer for so long will not take it.
const UNREAD: Duration = Duration::from_secs(30);

/// The mail server's end.
pub(super) enum Peer {
    Tcp(TcpStream),
    Unix(UnixStream),
    /// Requests come from the first, answers go to the second.
    Stdio(File, File),
}

impl Peer {
    /// No request is waited for for ever, and no answer is held back to be sent with the next.
    pub(super) fn prepare(&self) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => {
                stream.set_nodelay(true)?;
                stream.set_read_timeout(Some(IDLE))?;
                stream.set_write_timeout(Some(UNREAD))
            }
            Self::Unix(stream) => {
                stream.set_read_timeout(Some(IDLE))?;
                stream.set_write_timeout(Some(UNREAD))
            }
            Self::Stdio(..) => Ok(()),
        }
    }

    /// What has arrived can still be read; behind it is the end.
    fn stop_reading(&self) {
        let _ = match self {
            Self::Tcp(stream) => stream.shutdown(Shutdown::Read),
            Self::Unix(stream) => stream.shutdown(Shutdown::Read),
            Self::Stdio(..) => Ok(()),
        };
    }
}

impl Read for &Peer {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        match self {
            Peer::Tcp(stream) => (&*stream).read(room),
            Peer::Unix(stream) => (&*stream).read(room),
            Peer::Stdio(requests, _) => (&*requests).read(room),
        }
    }
}

impl Write for &Peer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Peer::Tcp(stream) => (&*stream).write(bytes),
            Peer::Unix(stream) => (&*stream).write(bytes),
            Peer::Stdio(_, answers) => (&*answers).write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Answers until the peer goes. Whatever it sends, this returns.
pub(super) fn converse<O: Decider>(peer: &Peer, dispatcher: &Arc<Dispatcher<O>>, decision_log: &DecisionLog) {
    let mut requests = RequestReader::new(peer);
    let mut answers = peer;
    loop {
        let client = match requests.next_client() {
            Ok(Some(client)) => client,
            Ok(None) => return,
            Err(RequestTrouble::Io(error)) if is_silence(&error) => return,
            Err(trouble) => return decision_log.warn(&format!("a policy connection is dropped: {trouble}")),
        };
        let _unanswered = dispatcher.begin();
        let asked = Instant::now();
        let written = match client {
            RequestClient::Is(address) => {
                let (reply, remembered) = dispatcher.decide(address);
                let written = answers.write_all(&reply.bytes);
                let source = if remembered { "memory" } else { reply.source };
                decision_log.decision(&reply.fields, source, asked.elapsed());
                written
            }
            RequestClient::Missing => {
                decision_log.warn("a policy request without client_address: answered DUNNO");
                answers.write_all(DUNNO)
            }
            RequestClient::Unreadable(text) => {
                decision_log.warn(&format!("client_address is no address: {text:?}: answered DUNNO"));
                answers.write_all(DUNNO)
            }
        };
        if written.is_err() {
            return;
        }
    }
}

/// The idle time is over, or the peer has gone as peers go.
fn is_silence(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionReset, TimedOut, WouldBlock};
    matches!(error.kind(), WouldBlock | TimedOut | ConnectionReset | BrokenPipe)
}

/// The connections that are open, so that they can be counted, and asked to end.
#[derive(Clone, Default)]
pub(super) struct OpenConnections(Arc<Mutex<HashMap<u64, Arc<Peer>>>>);

/// An open connection's place; dropping it gives it up.
pub(super) struct ConnectionGuard {
    open: OpenConnections,
    number: u64,
    pub(super) peer: Arc<Peer>,
}

impl OpenConnections {
    fn lock(&self) -> MutexGuard<'_, HashMap<u64, Arc<Peer>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for the connection with this number, which no other may have; None when there are `most` already.
    pub(super) fn admit(&self, number: u64, peer: Peer, most: usize) -> Option<ConnectionGuard> {
        let mut open = self.lock();
        if open.len() >= most {
            return None;
        }
        let peer = Arc::new(peer);
        open.insert(number, Arc::clone(&peer));
        Some(ConnectionGuard { open: self.clone(), number, peer })
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.lock().len()
    }

    /// Asks all to end when they have answered what they have read.
    pub(super) fn stop_reading(&self) {
        self.lock().values().for_each(|peer| peer.stop_reading());
    }
}

impl Drop for ConnectionGuard {
    fn drop(&mut self) {
        self.open.lock().remove(&self.number);
    }
}
