//! The log of decisions: one `key=value` line for each. A separate thread writes it, so that a slow log never delays an
//! answer.

use super::decision::ClientDecision;
use crate::sanitize::safe;
use std::{
    io::{self, Write},
    net::IpAddr,
    os::unix::net::UnixDatagram,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

/// The bytes that may wait for a slow log; further lines are dropped and counted.
const BACKLOG: usize = 1024 * 1024;
/// The time for which lines are collected, so that a busy service writes a hundred times a second instead of sixty
/// thousand times.
const GATHER: Duration = Duration::from_millis(10);
/// The stack in bytes: reading the time zone's file needs more than a small one.
const STACK: usize = 1024 * 1024;
/// The most characters of one value.
const VALUE: usize = 200;

/// Takes lines, and writes them soon.
#[derive(Clone)]
pub struct DecisionLog(Arc<SharedLog>);

struct SharedLog {
    state: Mutex<LogState>,
    changed: Condvar,
}

#[derive(Default)]
struct LogState {
    pending: Vec<u8>,
    lost: u64,
    writing: bool,
}

impl SharedLog {
    fn lock(&self) -> MutexGuard<'_, LogState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The output for lines: it gets any number of whole lines at a time.
pub type LogSink = Box<dyn Write + Send>;

impl DecisionLog {
    /// Starts the thread that writes to `sink`.
    ///
    /// # Errors
    /// The thread cannot be started.
    pub fn start(mut sink: LogSink) -> io::Result<Self> {
        let shared = Arc::new(SharedLog { state: Mutex::default(), changed: Condvar::new() });
        let writer = Arc::clone(&shared);
        thread::Builder::new().name("log".into()).stack_size(STACK).spawn(move || {
            loop {
                write_pending(&writer, &mut sink);
            }
        })?;
        Ok(Self(shared))
    }

    /// Adds a line. It must not hold a line feed.
    pub fn line(&self, line: &str) {
        self.append(|pending| {
            pending.extend_from_slice(line.as_bytes());
        });
    }

    /// Adds a warning: `warning="..."`.
    pub fn warn(&self, warning: &str) {
        let mut line = String::from("warning=");
        push_value(&mut line, warning);
        self.line(&line);
    }

    /// Adds a decision's line: its fields, its source, and the time that the mail server waited.
    pub(super) fn decision(&self, fields: &str, source: &str, delay: Duration) {
        self.append(|pending| {
            let _ = write!(pending, "{fields} source={source} delay={:.4}", delay.as_secs_f64());
        });
    }

    fn append(&self, add: impl FnOnce(&mut Vec<u8>)) {
        let mut state = self.0.lock();
        if state.pending.len() >= BACKLOG {
            state.lost += 1;
            return;
        }
        let first = state.pending.is_empty();
        add(&mut state.pending);
        state.pending.push(b'\n');
        drop(state);
        if first {
            self.0.changed.notify_all();
        }
    }

    /// Waits until everything is written, but no longer than `timeout`.
    pub fn flush(&self, timeout: Duration) {
        let until = Instant::now() + timeout;
        while Instant::now() < until {
            let state = self.0.lock();
            if state.pending.is_empty() && !state.writing {
                return;
            }
            drop(state);
            thread::sleep(Duration::from_millis(2));
        }
    }
}

fn write_pending(shared: &SharedLog, sink: &mut LogSink) {
    let mut state = shared.lock();
    while state.pending.is_empty() {
        state = shared.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
    }
    let mut lines = std::mem::take(&mut state.pending);
    if state.lost > 0 {
        let were = if state.lost == 1 { "log line was" } else { "log lines were" };
        let _ = writeln!(lines, "warning=\"{} {were} lost: the log takes them too slowly\"", state.lost);
        state.lost = 0;
    }
    state.writing = true;
    drop(state);
    // A log that cannot be written must not stop the service, and the failure cannot be reported anywhere else.
    let _ = sink.write_all(&lines).and_then(|()| sink.flush());
    shared.lock().writing = false;
    thread::sleep(GATHER);
}

/// The fields of a decision's line, without its source and delay.
pub(super) fn fields(address: IpAddr, word: &str, decision: &ClientDecision) -> String {
    let mut line = format!("client_address={address} verdict={} action={word}", decision.verdict.as_str());
    let mut field = |key: &str, value: Option<&str>| {
        if let Some(value) = value {
            line.push(' ');
            line.push_str(key);
            line.push('=');
            push_value(&mut line, value);
        }
    };
    let rule = decision.rule.as_ref().map(|rule| format!("{}:{}", rule.file, rule.line));
    let network = decision.network.map(|network| network.to_string().replace(' ', ""));
    field("rule", rule.as_deref());
    field("netblock", network.as_deref());
    field("org", decision.org.as_deref());
    field("server", decision.server.as_deref());
    let reason = decision.reason.as_ref();
    field("reason", reason.map(|(kind, _)| *kind));
    field("message", reason.map(|(_, sentence)| sentence.as_str()));
    line
}

/// Writes a value: bare if it is unambiguous, else in quotes, with `"` and `\` after a `\`. Control characters, and
/// those that turn a terminal's reading direction, are spelled out as in all output.
fn push_value(line: &mut String, value: &str) {
    let bare = |b: u8| b.is_ascii_alphanumeric() || b"._:/@+-,".contains(&b);
    if !value.is_empty() && value.len() <= VALUE && value.bytes().all(bare) {
        line.push_str(value);
        return;
    }
    line.push('"');
    let kept = value.char_indices().nth(VALUE).and_then(|(end, _)| value.get(..end)).unwrap_or(value);
    line.push_str(&safe(&kept.replace('\\', "\\\\").replace('"', "\\\"")));
    line.push('"');
}

/// Sends each line as a datagram to the syslog socket, facility mail. Without a syslog daemon lines are lost; after its
/// restart they arrive again.
pub struct SyslogSink {
    path: std::path::PathBuf,
    socket: Option<UnixDatagram>,
}

impl SyslogSink {
    /// Uses the socket at `path`, which is `/dev/log` except in tests.
    pub fn new(path: impl Into<std::path::PathBuf>) -> Self {
        Self { path: path.into(), socket: None }
    }

    fn send(&mut self, datagram: &[u8]) {
        // Two attempts: if the daemon was restarted, the first one fails.
        for _ in 0..2 {
            if self.socket.is_none() {
                let socket = UnixDatagram::unbound().and_then(|s| s.connect(&self.path).map(|()| s));
                let Ok(socket) = socket else { return };
                let _ = socket.set_write_timeout(Some(Duration::from_secs(1)));
                self.socket = Some(socket);
            }
            match self.socket.as_ref().map(|socket| socket.send(datagram)) {
                Some(Ok(_)) => return,
                _ => self.socket = None,
            }
        }
    }
}

impl Write for SyslogSink {
    fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
        // <22> is mail.info (RFC 3164 4.1.1); the time is local and without a year, as syslog(3) sends it.
        let now = jiff::ZonedDateTime::now().strftime("%b %e %H:%M:%S").to_string();
        let head = format!("<22>{now} whodunit[{}]: ", std::process::id());
        for line in lines.split(|b| *b == b'\n').filter(|line| !line.is_empty()) {
            self.send(&[head.as_bytes(), line].concat());
        }
        Ok(lines.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
