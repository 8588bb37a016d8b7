//! One mail server's connection: it reads a request and writes an answer, until the peer closes it.

use super::{
    reply::{DUNNO, ReplyPolicy},
    request::{PolicyRequest, RequestClient, RequestReader, RequestTrouble},
    verdict_reply::verdict_reply,
};
use crate::serve::{
    decision::{ClientDecision, Decider},
    decision_log::{DecisionLog, fields},
    dispatcher::Dispatcher,
    metrics::ServiceProtocol,
};
use std::{
    collections::HashMap,
    fs::File,
    io::{self, Read, Write},
    net::{IpAddr, Shutdown, TcpStream},
    os::unix::net::UnixStream,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// A connection without requests is closed after this time. Postfix closes its own after 300 s
/// (`smtpd_policy_service_max_idle`), but a peer that has vanished never does.
const IDLE: Duration = Duration::from_secs(3600);
/// The longest wait for a peer that does not read its answer.
const UNREAD: Duration = Duration::from_secs(30);

/// The mail server's end.
pub(in crate::serve) enum Peer {
    Tcp(TcpStream),
    Unix(UnixStream),
    /// Requests come from the first file, answers go to the second.
    Stdio(File, File),
}

impl Peer {
    /// Sets the limits: no read waits for ever, and no answer is delayed to be sent with the next (Nagle).
    pub(in crate::serve) fn prepare(&self) -> io::Result<()> {
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

    /// Ends the input after the data that has already arrived.
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

/// The shared state of all connections.
pub(in crate::serve) struct PolicyService<O> {
    pub(in crate::serve) dispatcher: Arc<Dispatcher<O>>,
    pub(in crate::serve) reply_policy: ReplyPolicy,
    pub(in crate::serve) decision_log: DecisionLog,
}

impl<O: Decider> PolicyService<O> {
    /// Answers until the peer closes. This returns whatever the peer sends.
    pub(in crate::serve) fn converse(&self, peer: &Peer) {
        let mut requests = RequestReader::new(peer);
        let mut answers = peer;
        // The number of the message that already has a header.
        let mut with_header = None;
        loop {
            let request = match requests.next_request() {
                Ok(Some(request)) => request,
                Ok(None) => return,
                Err(RequestTrouble::Io(error)) if is_silence(&error) => return,
                Err(trouble) => {
                    return self.decision_log.warn(&format!("a policy connection is dropped: {trouble}"));
                }
            };
            let _unanswered = self.dispatcher.begin();
            let written = match &request.client {
                RequestClient::Is(address) => self.answer(*address, &request, &mut with_header, &mut answers),
                RequestClient::Missing => {
                    self.decision_log.warn("a policy request without client_address: answered DUNNO");
                    answers.write_all(DUNNO)
                }
                RequestClient::Unreadable(text) => {
                    let warning = format!("client_address is no address: {text:?}: answered DUNNO");
                    self.decision_log.warn(&warning);
                    answers.write_all(DUNNO)
                }
            };
            if written.is_err() {
                return;
            }
        }
    }

    fn answer(
        &self,
        address: IpAddr,
        request: &PolicyRequest,
        with_header: &mut Option<u64>,
        answers: &mut impl Write,
    ) -> io::Result<()> {
        let asked = Instant::now();
        let (decision, remembered) = self.decide(address, request.offline);
        let (word, written) = if request.wants_verdict {
            ("VERDICT", answers.write_all(&verdict_reply(address, &decision)))
        } else {
            let repeated = request.message.is_some() && request.message == *with_header;
            let takes_header = !request.at_end_of_message && !repeated;
            let reply = self.reply_policy.reply(address, &decision, takes_header);
            if reply.word == "PREPEND" {
                *with_header = request.message;
            }
            (reply.word, answers.write_all(&reply.bytes))
        };
        let took = asked.elapsed();
        self.dispatcher.metrics.answered(ServiceProtocol::Policy, decision.verdict, remembered, took);
        let source =
            if remembered { "memory" } else { decision.source.map_or("-", |source| source.as_str()) };
        self.decision_log.decision(&fields(address, word, &decision), source, took);
        written
    }

    fn decide(&self, address: IpAddr, offline: bool) -> (Arc<ClientDecision>, bool) {
        if !offline {
            return self.dispatcher.decide(address);
        }
        let nobody = || Arc::new(ClientDecision::unknown("offline", "no query was allowed"));
        self.dispatcher.recalled(address).unwrap_or_else(|| (nobody(), false))
    }
}

/// Whether the idle time is over, or the peer has closed normally.
fn is_silence(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionReset, TimedOut, WouldBlock};
    matches!(error.kind(), WouldBlock | TimedOut | ConnectionReset | BrokenPipe)
}

/// The open connections, to count them and to ask them to end.
#[derive(Clone, Default)]
pub(in crate::serve) struct OpenConnections(Arc<Mutex<HashMap<u64, Arc<Peer>>>>);

/// An open connection in the count; dropping it removes it.
pub(in crate::serve) struct ConnectionGuard {
    open: OpenConnections,
    number: u64,
    pub(in crate::serve) peer: Arc<Peer>,
}

impl OpenConnections {
    fn lock(&self) -> MutexGuard<'_, HashMap<u64, Arc<Peer>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts the connection under this number, which must be unique; None if there are `most` already.
    pub(in crate::serve) fn admit(&self, number: u64, peer: Peer, most: usize) -> Option<ConnectionGuard> {
        let mut open = self.lock();
        if open.len() >= most {
            return None;
        }
        let peer = Arc::new(peer);
        open.insert(number, Arc::clone(&peer));
        Some(ConnectionGuard { open: self.clone(), number, peer })
    }

    /// The number of connections.
    pub(in crate::serve) fn count(&self) -> usize {
        self.lock().len()
    }

    /// Asks all to end after they have answered the requests that they have read.
    pub(in crate::serve) fn stop_reading(&self) {
        self.lock().values().for_each(|peer| peer.stop_reading());
    }
}

impl Drop for ConnectionGuard {
    fn drop(&mut self) {
        self.open.lock().remove(&self.number);
    }
}
