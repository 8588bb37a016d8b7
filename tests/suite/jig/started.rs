//! A run that was started, and its outcome.

use std::{
    fs,
    io::Read,
    path::Path,
    process::{Child, ChildStdin, Command},
    thread,
    time::{Duration, Instant},
};

type Stream = thread::JoinHandle<Vec<u8>>;

fn collect(mut pipe: impl Read + Send + 'static) -> Stream {
    thread::spawn(move || {
        let mut bytes = vec![];
        drop(pipe.read_to_end(&mut bytes));
        bytes
    })
}

/// A program that is running.
pub(crate) struct Started {
    child: Child,
    begun: Instant,
    timeout: Duration,
    stdout: Option<Stream>,
    stderr: Option<Stream>,
}

impl Started {
    pub(super) fn new(command: &mut Command, timeout: Duration) -> Self {
        let begun = Instant::now();
        let mut child = command.spawn().unwrap_or_else(|e| panic!("{:?}: {e}", command.get_program()));
        let stdout = collect(child.stdout.take().unwrap());
        let stderr = collect(child.stderr.take().unwrap());
        Self { child, begun, timeout, stdout: Some(stdout), stderr: Some(stderr) }
    }

    pub(super) fn stdin(&mut self) -> ChildStdin {
        self.child.stdin.take().unwrap()
    }

    /// kill -9.
    pub(crate) fn kill(&mut self) {
        drop(self.child.kill());
    }

    /// Waits for its end, or kills it when its time is up.
    pub(crate) fn finish(mut self) -> Outcome {
        let (mut killed, mut peak_kb, mut threads) = (false, 0, 0);
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            if self.begun.elapsed() > self.timeout {
                killed = true;
                drop(self.child.kill());
            }
            peak_kb = peak_kb.max(self.proc_number("VmHWM:"));
            threads = threads.max(self.proc_number("Threads:"));
            thread::sleep(Duration::from_millis(2));
        };
        let took = self.begun.elapsed();
        let text = |stream: Option<Stream>| {
            let bytes = stream.unwrap().join().unwrap();
            String::from_utf8_lossy(&bytes).replace("\r\n", "\n")
        };
        Outcome {
            code: std::os::unix::process::ExitStatusExt::signal(&status)
                .map_or_else(|| status.code().unwrap(), |signal| 128 + signal),
            stdout: text(self.stdout.take()),
            stderr: text(self.stderr.take()),
            took,
            killed,
            peak_kb,
            threads,
        }
    }

    /// A line of /proc/PID/status; zero if there is none (it may just have ended).
    fn proc_number(&self, key: &str) -> u64 {
        let status = Path::new("/proc").join(self.child.id().to_string()).join("status");
        let text = fs::read_to_string(status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix(key)).unwrap_or_default();
        line.split_ascii_whitespace().next().and_then(|number| number.parse().ok()).unwrap_or(0)
    }
}

/// The outcome of a run.
pub(crate) struct Outcome {
    /// The exit code; 128 plus the signal's number if a signal ended it.
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) took: Duration,
    /// Its time was up.
    pub(crate) killed: bool,
    /// The most resident memory seen, in kilobytes.
    pub(crate) peak_kb: u64,
    /// The most threads seen, including main.
    pub(crate) threads: u64,
}

impl Outcome {
    /// Stdout as JSON Lines.
    pub(crate) fn json(&self) -> Vec<serde_json::Value> {
        let read = |line| serde_json::from_str(line).unwrap_or_else(|e| panic!("no JSON: {e}: {line}"));
        self.stdout.lines().map(read).collect()
    }

    /// Lines of stdout, split at tabs.
    pub(crate) fn rows(&self) -> Vec<Vec<&str>> {
        self.stdout.lines().map(|line| line.split('\t').collect()).collect()
    }
}
