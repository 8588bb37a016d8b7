//! The service's life: it listens, takes connections, reloads on SIGHUP, and ends on SIGTERM when what has been
//! asked is answered.

use super::{
    connection::{OpenConnections, Peer, converse},
    decision::Decider,
    decision_log::DecisionLog,
    dispatcher::Dispatcher,
    listen::{BoundListener, ListenAddress, inherited},
    stdio::Stdio,
};
use crate::error::{Error, Result, reason};
use signal_hook::{
    consts::{SIGHUP, SIGINT, SIGTERM},
    iterator::Signals,
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
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

/// The policy service, ready to run.
pub struct PolicyService<O> {
    dispatcher: Arc<Dispatcher<O>>,
    decision_log: DecisionLog,
    timeout: Duration,
    open: OpenConnections,
}

impl<O: Decider> PolicyService<O> {
    /// A service that has `dispatcher` decide, within `timeout`, and logs to `decision_log`.
    pub fn new(dispatcher: Arc<Dispatcher<O>>, decision_log: DecisionLog, timeout: Duration) -> Self {
        Self { dispatcher, decision_log, timeout, open: OpenConnections::default() }
    }

    /// Listens at `places` and at the sockets that systemd hands over, until SIGTERM or SIGINT. On SIGHUP `reload`
    /// says who decides from now on; when it fails, the log says why and all stays as it was.
    ///
    /// # Errors
    /// When nothing is to be listened at, or one place cannot be.
    pub fn run(self, places: &[ListenAddress], reload: impl FnMut() -> Result<O>) -> Result<()> {
        let signals = signals()?;
        let mut listeners = inherited()?;
        let mut files = Vec::new();
        for place in places {
            let (listener, file) = place.bind()?;
            listeners.push(listener);
            files.extend(file);
        }
        if listeners.is_empty() {
            return Err(Error::usage(
                "serve needs a place to listen at: --listen inet:127.0.0.1:10045, --listen unix:PATH, or --stdio",
            ));
        }
        let stopping = Arc::new(AtomicBool::new(false));
        let numbers = Arc::new(AtomicU64::new(0));
        for listener in listeners {
            self.decision_log.line(&format!("listening={}", listener.describe()));
            let acceptor = Acceptor {
                listener,
                dispatcher: Arc::clone(&self.dispatcher),
                decision_log: self.decision_log.clone(),
                open: self.open.clone(),
                stopping: Arc::clone(&stopping),
                numbers: Arc::clone(&numbers),
            };
            spawn("accept", move || acceptor.accept())?;
        }
        // Who is not run by systemd has no socket to tell; that is no failure.
        let _ = sd_notify::notify(&[sd_notify::NotifyState::Ready]);
        self.heed(signals, reload);
        let _ = sd_notify::notify(&[sd_notify::NotifyState::Stopping]);
        stopping.store(true, Ordering::SeqCst);
        drop(files);
        self.finish();
        Ok(())
    }

    /// Answers what comes from one descriptor until it ends, or SIGTERM. Nothing is written to any descriptor but
    /// answers to the other. When the peer has gone, questions under way have `linger` to end: what they bring too
    /// late for it, the next process finds in the cache.
    ///
    /// # Errors
    /// When no thread can be started.
    pub fn run_stdio(self, stdio: Stdio, reload: impl FnMut() -> Result<O>, linger: Duration) -> Result<()> {
        let signals = signals()?;
        let (dispatcher, decision_log, handle) =
            (Arc::clone(&self.dispatcher), self.decision_log.clone(), signals.handle());
        let peer = Peer::Stdio(stdio.requests, stdio.answers);
        let conversation = spawn("stdio", move || {
            let _end = OnDrop(|| handle.close());
            converse(&peer, &dispatcher, &decision_log);
        })?;
        let told_to_stop = self.heed(signals, reload);
        // After SIGTERM the request that is being answered has its deadline; an idle one is not waited for.
        let until = Instant::now() + GRACE;
        while !conversation.is_finished()
            && self.dispatcher.is_busy()
            && Instant::now() < until + self.timeout
        {
            thread::sleep(Duration::from_millis(5));
        }
        while !told_to_stop && self.dispatcher.is_asking() && Instant::now() < until + linger {
            thread::sleep(Duration::from_millis(5));
        }
        self.finish();
        Ok(())
    }

    /// Returns on SIGTERM and SIGINT, and then true; or when the signals' handle is closed.
    fn heed(&self, mut signals: Signals, mut reload: impl FnMut() -> Result<O>) -> bool {
        for signal in signals.forever() {
            if signal != SIGHUP {
                self.decision_log.line("stopping=signal");
                return true;
            }
            match reload() {
                Ok(decider) => {
                    self.dispatcher.replace(decider);
                    self.decision_log.line("reloaded=patterns");
                }
                Err(error) => self.decision_log.warn(&format!("not reloaded, all stays as it was: {error}")),
            }
        }
        false
    }

    /// Every request that has arrived is answered, as far as the deadline of an answer allows.
    fn finish(self) {
        self.open.stop_reading();
        let until = Instant::now() + self.timeout + GRACE;
        while self.open.count() > 0 && Instant::now() < until {
            thread::sleep(Duration::from_millis(5));
        }
        self.decision_log.flush(GRACE);
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
    dispatcher: Arc<Dispatcher<O>>,
    decision_log: DecisionLog,
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
                    self.decision_log.warn(&format!("a connection could not be taken: {}", reason(&error)));
                    thread::sleep(BREATH);
                }
            }
        }
    }

    fn take(&self, peer: Peer) {
        let number = self.numbers.fetch_add(1, Ordering::Relaxed);
        let Some(place) = self.open.admit(number, peer, CONNECTIONS) else {
            return self
                .decision_log
                .warn(&format!("a connection is refused: {CONNECTIONS} are open already"));
        };
        let (dispatcher, decision_log) = (Arc::clone(&self.dispatcher), self.decision_log.clone());
        let spawned = spawn("policy", move || converse(&place.peer, &dispatcher, &decision_log));
        if let Err(error) = spawned {
            self.decision_log.warn(&format!("a connection is refused: {error}"));
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
