//! The life of the service: it listens, accepts connections, reloads on SIGHUP, and ends on SIGTERM when the open
//! requests are answered.

use super::{
    decision::Decider,
    decision_log::DecisionLog,
    dispatcher::Dispatcher,
    dns::{DnsClients, DnsServer, ZoneName, ZoneServer},
    dns_decisions::DnsDecisions,
    listen::{BoundAddress, BoundListener, ListenAddress, SocketFile, inherited},
    metrics::MetricsWriter,
    policy::{OpenConnections, Peer, PolicyService, ReplyPolicy, Stdio},
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

/// The most connections. Postfix has as many smtpd processes as its `default_process_limit` (100), each with one.
const CONNECTIONS: usize = 1000;
/// The stack in bytes of a connection's thread, which reads requests, searches the cache and matches patterns. Only the
/// used part takes memory.
const STACK: usize = 1024 * 1024;
/// The time after SIGTERM, beyond the deadline of an answer.
const GRACE: Duration = Duration::from_secs(1);
/// The pause after a listener fails (no descriptors left).
const BREATH: Duration = Duration::from_millis(100);

/// Reads the patterns again, and returns the new decider.
pub type Reload<O> = Arc<dyn Fn() -> Result<O> + Send + Sync>;

/// The zone of the DNS list, and its clients.
#[derive(Clone, Debug)]
pub struct DnsSettings {
    /// Its name.
    pub zone: ZoneName,
    /// The clients that are answered; others get no answer.
    pub allowed: DnsClients,
}

/// The service, ready to run.
pub struct MailService<O> {
    policy: Arc<PolicyService<O>>,
    dns: DnsSettings,
    metrics: Option<MetricsWriter>,
    timeout: Duration,
    open: OpenConnections,
}

/// The listening sockets, by protocol.
#[derive(Default)]
struct BoundAddresses {
    policy: Vec<BoundListener>,
    dns: Vec<(UdpSocket, TcpListener)>,
    files: Vec<SocketFile>,
}

impl<O: Decider> MailService<O> {
    /// A service that uses `dispatcher`, answers within `timeout`, and logs to `decision_log`.
    pub fn new(
        dispatcher: Arc<Dispatcher<O>>,
        reply_policy: ReplyPolicy,
        dns: DnsSettings,
        decision_log: DecisionLog,
        timeout: Duration,
    ) -> Self {
        let policy = PolicyService { dispatcher, reply_policy, decision_log };
        Self { policy: Arc::new(policy), dns, metrics: None, timeout, open: OpenConnections::default() }
    }

    /// Writes metrics while it runs.
    #[must_use]
    pub fn writing(mut self, metrics: Option<MetricsWriter>) -> Self {
        self.metrics = metrics;
        self
    }

    fn log(&self) -> &DecisionLog {
        &self.policy.decision_log
    }

    /// Listens at `addresses` and at the sockets from systemd, until SIGTERM or SIGINT. On SIGHUP it calls `reload` for
    /// a new decider. If that fails, the error is logged and nothing changes.
    ///
    /// # Errors
    /// There is no address to listen at, or one of them cannot be used.
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
                "serve needs an address to listen at: --listen inet:127.0.0.1:10045, --listen unix:PATH, \
                 --listen dns:127.0.0.1:5354, or --stdio",
            ));
        }
        let stopping = Arc::new(AtomicBool::new(false));
        self.accept(bound.policy, &stopping)?;
        let dns = self.answer_dns(bound.dns)?;
        self.start_metrics()?;
        // A service that systemd did not start has no socket to notify; that is no failure.
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
                policy: Arc::clone(&self.policy),
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
            dispatcher: Arc::clone(&self.policy.dispatcher),
            decision_log: self.policy.decision_log.clone(),
        };
        let (metrics, allowed) = (Arc::clone(&self.policy.dispatcher.metrics), self.dns.allowed.clone());
        let server = DnsServer::new(zone, decisions, metrics, allowed, self.timeout);
        server.start(sockets)?;
        Ok(Some(server))
    }

    fn start_metrics(&mut self) -> Result<()> {
        let Some(writer) = self.metrics.take() else { return Ok(()) };
        let (metrics, log) = (Arc::clone(&self.policy.dispatcher.metrics), self.log().clone());
        spawn("metrics", move || writer.run(&metrics, |warning| log.warn(warning))).map(drop)
    }

    /// Answers requests from one descriptor until it ends, or SIGTERM. Only answers are written, and only to the other
    /// descriptor. When the peer has gone, queries under way have `linger` to end. Their answers go into the cache for
    /// the next process.
    ///
    /// # Errors
    /// No thread can be started.
    pub fn run_stdio(self, stdio: Stdio, reload: &Reload<O>, linger: Duration) -> Result<()> {
        let signals = signals()?;
        let (policy, handle) = (Arc::clone(&self.policy), signals.handle());
        let peer = Peer::Stdio(stdio.requests, stdio.answers);
        let conversation = spawn("stdio", move || {
            let _end = OnDrop(|| handle.close());
            policy.converse(&peer);
        })?;
        let told_to_stop = self.heed(signals, reload);
        // After SIGTERM the request in work has until its deadline; an idle connection is not waited for.
        let dispatcher = &self.policy.dispatcher;
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

    /// Returns true on SIGTERM and SIGINT, or false when the signals' handle is closed.
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

    /// Reads the patterns again on a thread of its own: a file on a hanging disk must not block SIGTERM. `wanted`
    /// counts the signals since the last reload began; only one runs at a time.
    fn reload(&self, reload: &Reload<O>, wanted: &Arc<AtomicU64>) {
        if wanted.fetch_add(1, Ordering::SeqCst) > 0 {
            return;
        }
        let (policy, reload, count) = (Arc::clone(&self.policy), Arc::clone(reload), Arc::clone(wanted));
        let spawned = spawn("reload", move || {
            loop {
                let seen = count.load(Ordering::SeqCst);
                match reload() {
                    Ok(decider) => {
                        policy.dispatcher.replace(decider);
                        policy.decision_log.line("reloaded=patterns");
                    }
                    Err(error) => {
                        policy.decision_log.warn(&format!("not reloaded, all stays as it was: {error}"));
                    }
                }
                // A signal that came meanwhile may be about a file that was read before it.
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

    /// Answers every request that has arrived, within the deadline of an answer.
    fn finish(self, is_busy: impl Fn() -> bool) {
        self.open.stop_reading();
        let until = Instant::now() + self.timeout + GRACE;
        while (self.open.count() > 0 || is_busy()) && Instant::now() < until {
            thread::sleep(Duration::from_millis(5));
        }
        self.log().flush(GRACE);
    }
}

/// Runs its closure however a thread ends.
struct OnDrop<F: Fn()>(F);

impl<F: Fn()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

/// Accepts the connections of one listener.
struct Acceptor<O> {
    listener: BoundListener,
    policy: Arc<PolicyService<O>>,
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
                    self.policy.decision_log.warn(&warning);
                    thread::sleep(BREATH);
                }
            }
        }
    }

    fn take(&self, peer: Peer) {
        let number = self.numbers.fetch_add(1, Ordering::Relaxed);
        let Some(connection) = self.open.admit(number, peer, CONNECTIONS) else {
            let warning = format!("a connection is refused: {CONNECTIONS} are open already");
            return self.policy.decision_log.warn(&warning);
        };
        let policy = Arc::clone(&self.policy);
        let spawned = spawn("policy", move || policy.converse(&connection.peer));
        if let Err(error) = spawned {
            self.policy.decision_log.warn(&format!("a connection is refused: {error}"));
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
