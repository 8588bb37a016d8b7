//! The service's life: it listens, takes connections, reloads on SIGHUP, and ends on SIGTERM when what has been
//! asked is answered.

use super::{
    decision::Decider,
    decision_log::DecisionLog,
    dispatcher::Dispatcher,
    dns::{DnsClients, DnsServer, ZoneName, ZoneServer},
    dns_decisions::DnsDecisions,
    listen::{BoundAddress, BoundListener, ListenAddress, SocketFile, inherited},
    metrics::MetricsWriter,
    policy::{OpenConnections, Peer, PolicyDoor, ReplyPolicy, Stdio},
};
use crate::error::{Error, Result, reason};
use signal_hook::{
    consts::{SIGHUP, SIGINT, SIGTERM},
    iterator::Signals,
};
use std::{
    net::{TcpListener, UdpSocket},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant, SystemTime},
};

/// Connections at once. Postfix has as many smtpd processes as its `default_process_limit` (100) says, each with one.
const CONNECTIONS: usize = 1000;
/// A connection's thread: it reads, looks into the cache and holds patterns against text. Only what is touched of
/// it costs memory.
const STACK: usize = 1024 * 1024;
/// After SIGTERM, so long beyond the deadline of an answer.
const GRACE: Duration = Duration::from_secs(1);
/// A listener that fails (no descriptors left) is tried again after this.
const BREATH: Duration = Duration::from_millis(100);

/// Says who decides from now on, when patterns are read again.
pub type Reload<O> = Arc<dyn Fn() -> Result<O> + Send + Sync>;

/// The zone that is answered for, and who is answered.
#[derive(Clone, Debug)]
pub struct DnsSettings {
    /// Its name.
    pub zone: ZoneName,
    /// Clients outside of these hear nothing.
    pub allowed: DnsClients,
}

/// The service, ready to run.
pub struct MailService<O> {
    door: Arc<PolicyDoor<O>>,
    dns: DnsSettings,
    metrics: Option<MetricsWriter>,
    timeout: Duration,
    open: OpenConnections,
}

/// What is listened at, sorted by what is spoken there.
#[derive(Default)]
struct BoundAddresses {
    policy: Vec<BoundListener>,
    dns: Vec<(UdpSocket, TcpListener)>,
    files: Vec<SocketFile>,
}

impl<O: Decider> MailService<O> {
    /// A service that has `dispatcher` decide, within `timeout`, and logs to `decision_log`.
    pub fn new(
        dispatcher: Arc<Dispatcher<O>>,
        reply_policy: ReplyPolicy,
        dns: DnsSettings,
        decision_log: DecisionLog,
        timeout: Duration,
    ) -> Self {
        let door = PolicyDoor { dispatcher, reply_policy, decision_log };
        Self { door: Arc::new(door), dns, metrics: None, timeout, open: OpenConnections::default() }
    }

    /// Writes metrics while it runs.
    #[must_use]
    pub fn writing(mut self, metrics: Option<MetricsWriter>) -> Self {
        self.metrics = metrics;
        self
    }

    fn log(&self) -> &DecisionLog {
        &self.door.decision_log
    }

    /// Listens at `addresses` and at the sockets that systemd hands over, until SIGTERM or SIGINT. On SIGHUP `reload`
    /// says who decides from now on; when it fails, the log says why and all stays as it was.
    ///
    /// # Errors
    /// When nothing is to be listened at, or nobody can listen at one of them.
    pub fn run(mut self, addresses: &[ListenAddress], reload: &Reload<O>) -> Result<()> {
        let signals = signals()?;
        let mut bound = BoundAddresses { policy: inherited()?, ..BoundAddresses::default() };
        for address in addresses {
            match address.bind()? {
                BoundAddress::Policy(listener, file) => {
                    bound.policy.push(listener);
                    bound.files.extend(file);
                }
                BoundAddress::Dns(socket, listener) => bound.dns.push((socket, listener)),
            }
        }
        if bound.policy.is_empty() && bound.dns.is_empty() {
            return Err(Error::usage(
                "serve needs a place to listen at: --listen inet:127.0.0.1:10045, --listen unix:PATH, \
                 --listen dns:127.0.0.1:5354, or --stdio",
            ));
        }
        let stopping = Arc::new(AtomicBool::new(false));
        self.accept(bound.policy, &stopping)?;
        let dns = self.answer_dns(bound.dns)?;
        self.start_metrics()?;
        // Who is not run by systemd has no socket to tell; that is no failure.
        let _ = sd_notify::notify(&[sd_notify::NotifyState::Ready]);
        self.heed(signals, reload);
        let _ = sd_notify::notify(&[sd_notify::NotifyState::Stopping]);
        stopping.store(true, Ordering::SeqCst);
        drop(bound.files);
        self.finish(|| dns.as_ref().is_some_and(|dns| dns.is_busy()));
        Ok(())
    }

    fn accept(&self, listeners: Vec<BoundListener>, stopping: &Arc<AtomicBool>) -> Result<()> {
        let numbers = Arc::new(AtomicU64::new(0));
        for listener in listeners {
            self.log().line(&format!("listening={}", listener.describe()));
            let acceptor = Acceptor {
                listener,
                door: Arc::clone(&self.door),
                open: self.open.clone(),
                stopping: Arc::clone(stopping),
                numbers: Arc::clone(&numbers),
            };
            spawn("accept", move || acceptor.accept())?;
        }
        Ok(())
    }

    fn answer_dns(
        &self,
        sockets: Vec<(UdpSocket, TcpListener)>,
    ) -> Result<Option<Arc<DnsServer<DnsDecisions<O>>>>> {
        if sockets.is_empty() {
            return Ok(None);
        }
        let mut addresses = Vec::new();
        for (socket, _) in &sockets {
            if let Ok(address) = socket.local_addr() {
                self.log().line(&format!("listening=dns:{address}"));
                addresses.push(address.ip());
            }
        }
        // A serial number that grows from start to start, until 2106.
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let serial = u32::try_from(now.as_secs()).unwrap_or(u32::MAX);
        let zone = ZoneServer::new(self.dns.zone.clone(), addresses, serial);
        let decisions = DnsDecisions {
            dispatcher: Arc::clone(&self.door.dispatcher),
            decision_log: self.door.decision_log.clone(),
        };
        let (metrics, allowed) = (Arc::clone(&self.door.dispatcher.metrics), self.dns.allowed.clone());
        let server = DnsServer::new(zone, decisions, metrics, allowed, self.timeout);
        server.start(sockets)?;
        Ok(Some(server))
    }

    fn start_metrics(&mut self) -> Result<()> {
        let Some(writer) = self.metrics.take() else { return Ok(()) };
        let (metrics, log) = (Arc::clone(&self.door.dispatcher.metrics), self.log().clone());
        spawn("metrics", move || writer.run(&metrics, |warning| log.warn(warning))).map(drop)
    }

    /// Answers what comes from one descriptor until it ends, or SIGTERM. Nothing is written to any descriptor but
    /// answers to the other. When the peer has gone, questions under way have `linger` to end: what they bring too
    /// late for it, the next process finds in the cache.
    ///
    /// # Errors
    /// When no thread can be started.
    pub fn run_stdio(self, stdio: Stdio, reload: &Reload<O>, linger: Duration) -> Result<()> {
        let signals = signals()?;
        let (door, handle) = (Arc::clone(&self.door), signals.handle());
        let peer = Peer::Stdio(stdio.requests, stdio.answers);
        let conversation = spawn("stdio", move || {
            let _end = OnDrop(|| handle.close());
            door.converse(&peer);
        })?;
        let told_to_stop = self.heed(signals, reload);
        // After SIGTERM the request that is being answered has its deadline; an idle one is not waited for.
        let dispatcher = &self.door.dispatcher;
        let until = Instant::now() + GRACE;
        while !conversation.is_finished() && dispatcher.is_busy() && Instant::now() < until + self.timeout {
            thread::sleep(Duration::from_millis(5));
        }
        while !told_to_stop && dispatcher.is_asking() && Instant::now() < until + linger {
            thread::sleep(Duration::from_millis(5));
        }
        self.finish(|| false);
        Ok(())
    }

    /// Returns on SIGTERM and SIGINT, and then true; or when the signals' handle is closed.
    fn heed(&self, mut signals: Signals, reload: &Reload<O>) -> bool {
        let wanted = Arc::new(AtomicU64::new(0));
        for signal in signals.forever() {
            if signal != SIGHUP {
                self.log().line("stopping=signal");
                return true;
            }
            self.reload(reload, &wanted);
        }
        false
    }

    /// Reads patterns again on a thread of its own: a file on a disk that hangs must not keep SIGTERM from being heard.
    /// `wanted` counts the signals since the last reload began; one at a time runs.
    fn reload(&self, reload: &Reload<O>, wanted: &Arc<AtomicU64>) {
        if wanted.fetch_add(1, Ordering::SeqCst) > 0 {
            return;
        }
        let (door, reload, count) = (Arc::clone(&self.door), Arc::clone(reload), Arc::clone(wanted));
        let spawned = spawn("reload", move || {
            loop {
                let seen = count.load(Ordering::SeqCst);
                match reload() {
                    Ok(decider) => {
                        door.dispatcher.replace(decider);
                        door.decision_log.line("reloaded=patterns");
                    }
                    Err(error) => {
                        door.decision_log.warn(&format!("not reloaded, all stays as it was: {error}"));
                    }
                }
                // A signal that came meanwhile may speak of a file that was read before it.
                if count.compare_exchange(seen, 0, Ordering::SeqCst, Ordering::SeqCst).is_ok() {
                    return;
                }
            }
        });
        if let Err(error) = spawned {
            wanted.store(0, Ordering::SeqCst);
            self.log().warn(&format!("not reloaded: {error}"));
        }
    }

    /// Every request that has arrived is answered, as far as the deadline of an answer allows.
    fn finish(self, is_busy: impl Fn() -> bool) {
        self.open.stop_reading();
        let until = Instant::now() + self.timeout + GRACE;
        while (self.open.count() > 0 || is_busy()) && Instant::now() < until {
            thread::sleep(Duration::from_millis(5));
        }
        self.log().flush(GRACE);
    }
}

/// Runs its closure whichever way a thread ends.
struct OnDrop<F: Fn()>(F);

impl<F: Fn()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

/// Takes the connections of one listener.
struct Acceptor<O> {
    listener: BoundListener,
    door: Arc<PolicyDoor<O>>,
    open: OpenConnections,
    stopping: Arc<AtomicBool>,
    numbers: Arc<AtomicU64>,
}

impl<O: Decider> Acceptor<O> {
    fn accept(self) {
        loop {
            let peer = self.listener.accept().and_then(|peer| peer.prepare().map(|()| peer));
            if self.stopping.load(Ordering::SeqCst) {
                return;
            }
            match peer {
                Ok(peer) => self.take(peer),
                Err(error) => {
                    let warning = format!("a connection could not be taken: {}", reason(&error));
                    self.door.decision_log.warn(&warning);
                    thread::sleep(BREATH);
                }
            }
        }
    }

    fn take(&self, peer: Peer) {
        let number = self.numbers.fetch_add(1, Ordering::Relaxed);
        let Some(place) = self.open.admit(number, peer, CONNECTIONS) else {
            let warning = format!("a connection is refused: {CONNECTIONS} are open already");
            return self.door.decision_log.warn(&warning);
        };
        let door = Arc::clone(&self.door);
        let spawned = spawn("policy", move || door.converse(&place.peer));
        if let Err(error) = spawned {
            self.door.decision_log.warn(&format!("a connection is refused: {error}"));
            thread::sleep(BREATH);
        }
    }
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<thread::JoinHandle<()>> {
    thread::Builder::new()
        .name(name.into())
        .stack_size(STACK)
        .spawn(work)
        .map_err(|e| Error::software(format!("no thread can be started: {}", reason(&e))))
}

fn signals() -> Result<Signals> {
    Signals::new([SIGHUP, SIGTERM, SIGINT])
        .map_err(|e| Error::software(format!("signals cannot be caught: {}", reason(&e))))
}

#[cfg(test)]
mod tests;
