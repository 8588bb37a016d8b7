//! One server of the farm: a listener, a thread for each connection, and the record of its queries.

use super::{
    conduct, https,
    network::{Network, address_of},
    reply,
    scenario::{Plan, Rule},
};
use std::{
    collections::HashMap,
    io::Write,
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// More than any test opens; further connections are refused.
const MOST_CONNECTIONS: usize = 400;
/// Nothing listens there on any machine that runs tests.
const CLOSED_PORT: u16 = 1;

/// One query.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// The time of arrival.
    pub(crate) at: Instant,
    /// The line, without its end.
    pub(crate) line: String,
}

type Ports = Arc<OnceLock<HashMap<String, u16>>>;

pub(crate) struct Server {
    port: u16,
    book: Arc<Book>,
    listener: Option<JoinHandle<()>>,
}

struct Book {
    plan: Plan,
    folder: Option<PathBuf>,
    ports: Ports,
    stop: AtomicBool,
    open: AtomicUsize,
    widest: AtomicUsize,
    asked: Mutex<Vec<Asked>>,
    used: Mutex<Vec<usize>>,
    secure: Option<Arc<rustls::ServerConfig>>,
    strange: Mutex<Vec<String>>,
}

impl Server {
    pub(crate) fn start(plan: Plan, folder: Option<PathBuf>, ports: Ports) -> Self {
        let used = Mutex::new(vec![0; plan.rule.len()]);
        let refuse = plan.refuse;
        let name = plan.certificate.as_ref().unwrap_or(&plan.name);
        let secure = plan.https.then(|| https::config(name, plan.strange));
        let book = Arc::new(Book {
            plan,
            folder,
            ports,
            used,
            secure,
            stop: AtomicBool::new(false),
            open: AtomicUsize::new(0),
            widest: AtomicUsize::new(0),
            asked: Mutex::default(),
            strange: Mutex::default(),
        });
        if refuse {
            return Self { port: CLOSED_PORT, book, listener: None };
        }
        let socket = TcpListener::bind("127.0.0.1:0").expect("a port on loopback");
        let port = socket.local_addr().expect("the port's number").port();
        let listener = thread::spawn({
            let book = Arc::clone(&book);
            move || book.listen(&socket)
        });
        Self { port, book, listener: Some(listener) }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn is_listed(&self) -> bool {
        !self.book.plan.unlisted
    }

    pub(crate) fn is_secure(&self) -> bool {
        self.book.plan.https
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.book.asked.lock().unwrap().clone()
    }

    pub(crate) fn widest(&self) -> usize {
        self.book.widest.load(SeqCst)
    }

    pub(crate) fn complaints(&self) -> Vec<String> {
        let (plan, asked) = (&self.book.plan, self.asked());
        let mut all = self.book.strange.lock().unwrap().clone();
        let lines: Vec<&str> = asked.iter().map(|asked| asked.line.as_str()).collect();
        let exactly = plan.asked.or(plan.unlisted.then_some(0));
        if let Some(wanted) = exactly.filter(|wanted| *wanted != lines.len()) {
            all.push(format!("asked {} times, not {wanted}: {lines:?}", lines.len()));
        }
        if exactly.is_none() && !plan.optional && !plan.refuse && lines.is_empty() {
            all.push("never asked".to_owned());
        }
        if plan.at_most.is_some_and(|most| lines.len() > most) {
            all.push(format!("asked {} times: {lines:?}", lines.len()));
        }
        if plan.lines.as_ref().is_some_and(|wanted| *wanted != lines) {
            all.push(format!("asked {lines:?}, not {:?}", plan.lines));
        }
        for line in &lines {
            let words = |part: &&String| !line.contains(part.as_str());
            all.extend(plan.line_has.iter().filter(words).map(|part| format!("no `{part}` in `{line}`")));
            all.extend(plan.line_lacks.iter().filter(|p| !words(p)).map(|p| format!("`{p}` in `{line}`")));
        }
        all.into_iter().map(|complaint| format!("{}: {complaint}", plan.name)).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.book.stop.store(true, SeqCst);
        if let Some(listener) = self.listener.take() {
            // The listener blocks in accept: one more connection wakes it.
            drop(TcpStream::connect(("127.0.0.1", self.port)));
            drop(listener.join());
        }
        let timeout = Instant::now() + Duration::from_secs(2);
        while self.book.open.load(SeqCst) > 0 && Instant::now() < timeout {
            thread::sleep(Duration::from_millis(2));
        }
    }
}

impl Book {
    fn listen(self: &Arc<Self>, socket: &TcpListener) {
        for stream in socket.incoming() {
            if self.stop.load(SeqCst) {
                return;
            }
            let Ok(stream) = stream else { continue };
            let open = self.open.fetch_add(1, SeqCst) + 1;
            self.widest.fetch_max(open, SeqCst);
            let book = Arc::clone(self);
            let visit = move || {
                if open <= MOST_CONNECTIONS {
                    book.attend(&stream);
                }
                // Counted down before the client can see the end, so that its next connection is not counted twice.
                book.open.fetch_sub(1, SeqCst);
                drop(stream);
            };
            drop(thread::Builder::new().stack_size(256 * 1024).spawn(visit));
        }
    }

    fn attend(&self, mut stream: &TcpStream) {
        if let Some(greeting) = &self.plan.greeting
            && stream.write_all(greeting.as_bytes()).is_err()
        {
            return;
        }
        if let Some(config) = &self.secure {
            let Some((secure, line)) = https::accept(config, stream, &self.stop) else { return };
            if let Some(rule) = self.note(&line) {
                let reply = self.filled(|folder, ports| reply::secure(&rule, &line, folder, ports));
                drop(conduct::converse(secure, stream, &rule, &reply, &self.stop));
            }
            return;
        }
        let Some(line) = conduct::peek_line(stream, &self.stop) else { return };
        let line = String::from_utf8_lossy(&line).into_owned();
        if let Some(rule) = self.note(&line) {
            let reply = self.filled(|folder, ports| reply::bytes(&rule, &line, folder, ports));
            // An error on the connection is ignored; the client may have left.
            drop(conduct::conduct(stream, &rule, &reply, &self.stop));
        }
    }

    /// Notes a query, and finds the rule for it.
    fn note(&self, line: &str) -> Option<Rule> {
        self.asked.lock().unwrap().push(Asked { at: Instant::now(), line: line.to_owned() });
        let rule = self.rule_for(line);
        if rule.is_none() {
            self.strange.lock().unwrap().push(format!("no rule answers `{line}`"));
        }
        rule
    }

    fn filled(&self, reply: impl Fn(Option<&Path>, &HashMap<String, u16>) -> Vec<u8>) -> Vec<u8> {
        let none = HashMap::new();
        reply(self.folder.as_deref(), self.ports.get().unwrap_or(&none))
    }

    fn rule_for(&self, line: &str) -> Option<Rule> {
        let address = address_of(line);
        let fits = |rule: &Rule| {
            rule.when.as_ref().is_none_or(|part| line.contains(part.as_str()))
                && rule.within.as_ref().is_none_or(|network| {
                    let network = Network::read(network).expect("a network in CIDR notation");
                    address.is_some_and(|address| network.holds(address))
                })
        };
        let mut used = self.used.lock().unwrap();
        let (rule, count) = self
            .plan
            .rule
            .iter()
            .zip(used.iter_mut())
            .find(|(rule, used)| fits(rule) && rule.times.is_none_or(|times| **used < times))?;
        *count += 1;
        Some(rule.clone())
    }
}
