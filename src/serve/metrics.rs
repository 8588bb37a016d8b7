//! The service's counters for Prometheus: counted without a lock, written in its text form (version 0.0.4) for
//! node_exporter's textfile collector.
//!
//! Labels are words of this program: verdicts, protocols, registries, kinds of failure. They never contain an owner, an
//! address, or the name of a server that a record named.

use crate::{error::reason, registry::Registry, verdict::Verdict};
use std::{
    fmt::Write as _,
    fs::{self, Permissions},
    io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::Duration,
};

/// How often the file is written.
pub const WRITTEN_EVERY: Duration = Duration::from_secs(15);

/// The upper bounds of the histogram of answer times: in seconds as text, and in microseconds.
const BUCKETS: [(&str, u64); 11] = [
    ("0.0001", 100),
    ("0.0005", 500),
    ("0.001", 1_000),
    ("0.005", 5_000),
    ("0.01", 10_000),
    ("0.05", 50_000),
    ("0.1", 100_000),
    ("0.5", 500_000),
    ("1", 1_000_000),
    ("2", 2_000_000),
    ("5", 5_000_000),
];

const VERDICTS: [Verdict; 4] = [Verdict::Allowed, Verdict::Blocked, Verdict::Clear, Verdict::Unknown];

/// The kinds of failure (CONTRACT's `error.kind`), and one for all others.
const KINDS: [&str; 9] = [
    "timeout",
    "denied",
    "not-found",
    "placeholder",
    "incomplete",
    "too-large",
    "network",
    "offline",
    "other",
];

/// The protocol of an answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ServiceProtocol {
    /// Postfix's protocol.
    Policy,
    /// The DNS list.
    Dns,
}

impl ServiceProtocol {
    const ALL: [Self; 2] = [Self::Policy, Self::Dns];

    fn as_str(self) -> &'static str {
        match self {
            Self::Policy => "policy",
            Self::Dns => "dns",
        }
    }
}

/// Counters; each of them only grows.
#[derive(Debug, Default)]
pub struct ServiceMetrics {
    answers: [[AtomicU64; VERDICTS.len()]; 2],
    remembered: [AtomicU64; 2],
    /// One more than there are bounds: the last counts times above all of them.
    times: [[AtomicU64; BUCKETS.len() + 1]; 2],
    microseconds: [AtomicU64; 2],
    questions: [AtomicU64; Registry::ALL.len()],
    failures: [[AtomicU64; KINDS.len()]; Registry::ALL.len()],
}

fn add(counter: Option<&AtomicU64>, by: u64) {
    if let Some(counter) = counter {
        counter.fetch_add(by, Ordering::Relaxed);
    }
}

fn position<T: PartialEq>(all: &[T], one: &T) -> usize {
    all.iter().position(|each| each == one).unwrap_or(all.len().saturating_sub(1))
}

impl ServiceMetrics {
    /// Counts an answer, given after this time, from memory or not.
    pub fn answered(&self, protocol: ServiceProtocol, verdict: Verdict, remembered: bool, after: Duration) {
        let protocol = position(&ServiceProtocol::ALL, &protocol);
        let microseconds = u64::try_from(after.as_micros()).unwrap_or(u64::MAX);
        let bucket = BUCKETS.iter().position(|(_, bound)| microseconds <= *bound).unwrap_or(BUCKETS.len());
        add(self.answers.get(protocol).and_then(|protocol| protocol.get(position(&VERDICTS, &verdict))), 1);
        add(self.times.get(protocol).and_then(|protocol| protocol.get(bucket)), 1);
        add(self.microseconds.get(protocol), microseconds);
        add(self.remembered.get(protocol), u64::from(remembered));
    }

    /// Counts a query to a registry; `failure` is its kind of failure, if any.
    pub fn asked(&self, registry: Registry, failure: Option<&str>) {
        let registry = position(&Registry::ALL, &registry);
        add(self.questions.get(registry), 1);
        if let Some(kind) = failure {
            add(self.failures.get(registry).and_then(|kinds| kinds.get(position(&KINDS, &kind))), 1);
        }
    }

    /// The counters in Prometheus' text form.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = MetricsText::default();
        text.family("whodunit_answers_total", "counter", "Answers to mail servers, by door and verdict.");
        for (protocol, counters) in ServiceProtocol::ALL.iter().zip(&self.answers) {
            for (verdict, counter) in VERDICTS.iter().zip(counters) {
                let labels = [("door", protocol.as_str()), ("verdict", verdict.as_str())];
                text.sample("whodunit_answers_total", &labels, counter.load(Ordering::Relaxed));
            }
        }
        text.family("whodunit_answers_remembered_total", "counter", "Answers from memory, of all answers.");
        for (protocol, counter) in ServiceProtocol::ALL.iter().zip(&self.remembered) {
            let labels = [("door", protocol.as_str())];
            text.sample("whodunit_answers_remembered_total", &labels, counter.load(Ordering::Relaxed));
        }
        self.times(&mut text);
        text.family(
            "whodunit_lookups_total",
            "counter",
            "Look-ups at registries, by the registry responsible.",
        );
        for (registry, counter) in Registry::ALL.iter().zip(&self.questions) {
            let labels = [("registry", registry.as_str())];
            text.sample("whodunit_lookups_total", &labels, counter.load(Ordering::Relaxed));
        }
        text.family("whodunit_lookup_failures_total", "counter", "Look-ups without an answer, by kind.");
        for (registry, counters) in Registry::ALL.iter().zip(&self.failures) {
            for (kind, counter) in KINDS.iter().zip(counters) {
                let count = counter.load(Ordering::Relaxed);
                // Most of them never happen at most registries.
                if count > 0 {
                    let labels = [("registry", registry.as_str()), ("kind", kind)];
                    text.sample("whodunit_lookup_failures_total", &labels, count);
                }
            }
        }
        text.0
    }

    fn times(&self, text: &mut MetricsText) {
        text.family(
            "whodunit_answer_seconds",
            "histogram",
            "Time from a mail server's question to its answer.",
        );
        for ((protocol, buckets), microseconds) in
            ServiceProtocol::ALL.iter().zip(&self.times).zip(&self.microseconds)
        {
            let mut count = 0;
            let bounds = BUCKETS.iter().map(|(bound, _)| *bound).chain(["+Inf"]);
            for (bound, bucket) in bounds.zip(buckets) {
                count += bucket.load(Ordering::Relaxed);
                let labels = [("door", protocol.as_str()), ("le", bound)];
                text.sample("whodunit_answer_seconds_bucket", &labels, count);
            }
            let seconds = Duration::from_micros(microseconds.load(Ordering::Relaxed)).as_secs_f64();
            text.sample("whodunit_answer_seconds_sum", &[("door", protocol.as_str())], seconds);
            text.sample("whodunit_answer_seconds_count", &[("door", protocol.as_str())], count);
        }
    }
}

/// A text in Prometheus' form, under construction.
#[derive(Debug, Default)]
pub struct MetricsText(String);

impl MetricsText {
    /// Describes the samples that follow.
    pub fn family(&mut self, name: &str, kind: &str, help: &str) {
        let _ = write!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
    }

    /// Adds a sample. Label values are words of this program and need no escaping.
    pub fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: impl std::fmt::Display) {
        self.0.push_str(name);
        for (number, (label, word)) in labels.iter().enumerate() {
            let before = if number == 0 { '{' } else { ',' };
            let _ = write!(self.0, "{before}{label}=\"{word}\"");
        }
        let after = if labels.is_empty() { "" } else { "}" };
        let _ = writeln!(self.0, "{after} {value}");
    }

    /// Appends text of this form.
    pub fn append(&mut self, text: &str) {
        self.0.push_str(text);
    }

    /// The text.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }

    /// Adds a number that goes up and down.
    pub fn gauge(&mut self, name: &str, help: &str, value: impl std::fmt::Display) {
        self.family(name, "gauge", help);
        self.sample(name, &[], value);
    }
}

/// The file that node_exporter reads. It is replaced as a whole, so that a reader never sees half of one.
#[derive(Clone, Debug)]
pub struct MetricsFile {
    path: PathBuf,
    draft: PathBuf,
}

impl MetricsFile {
    /// The file at this path. node_exporter reads files that end in `.prom`; the draft beside it does not.
    #[must_use]
    pub fn new(path: &Path) -> Self {
        let mut draft = path.as_os_str().to_owned();
        draft.push(format!(".{}.new", std::process::id()));
        Self { path: path.to_owned(), draft: draft.into() }
    }

    /// Replaces its content. Everybody may read it, whatever the umask: node_exporter is in no group of ours, and the
    /// file has no owner and no address in it.
    ///
    /// # Errors
    /// It cannot be written, made readable, or renamed; the draft is removed then.
    pub fn write(&self, text: &str) -> io::Result<()> {
        let written = fs::write(&self.draft, text)
            .and_then(|()| fs::set_permissions(&self.draft, Permissions::from_mode(0o644)))
            .and_then(|()| fs::rename(&self.draft, &self.path));
        if written.is_err() {
            let _ = fs::remove_file(&self.draft);
        }
        written
    }
}

/// Adds further figures to the text when it is written: sizes and ages.
pub type Gauges = Box<dyn Fn(&mut MetricsText) + Send>;

/// Writes the file while the service runs.
pub struct MetricsWriter {
    file: MetricsFile,
    gauges: Gauges,
}

impl MetricsWriter {
    /// A writer to this path.
    #[must_use]
    pub fn new(path: &Path, gauges: Gauges) -> Self {
        Self { file: MetricsFile::new(path), gauges }
    }

    /// Writes at once and then every [`WRITTEN_EVERY`], for ever. A failure is reported once, until writing works
    /// again.
    pub(super) fn run(&self, metrics: &ServiceMetrics, warn: impl Fn(&str)) {
        let mut fails = false;
        loop {
            let mut text = MetricsText(metrics.text());
            (self.gauges)(&mut text);
            match self.file.write(&text.0) {
                Ok(()) => fails = false,
                Err(error) if !fails => {
                    warn(&format!(
                        "metrics cannot be written to {}: {}",
                        self.file.path.display(),
                        reason(&error)
                    ));
                    fails = true;
                }
                Err(_) => {}
            }
            thread::sleep(WRITTEN_EVERY);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_what_it_is_told() {
        let metrics = ServiceMetrics::default();
        metrics.answered(ServiceProtocol::Dns, Verdict::Blocked, true, Duration::from_micros(90));
        metrics.answered(ServiceProtocol::Dns, Verdict::Unknown, false, Duration::from_secs(60));
        metrics.answered(ServiceProtocol::Policy, Verdict::Clear, false, Duration::from_millis(3));
        metrics.asked(Registry::Ripe, None);
        metrics.asked(Registry::Ripe, Some("denied"));
        metrics.asked(Registry::Other, Some("never heard of"));
        let text = metrics.text();
        for line in [
            "whodunit_answers_total{door=\"dns\",verdict=\"blocked\"} 1",
            "whodunit_answers_total{door=\"dns\",verdict=\"clear\"} 0",
            "whodunit_answers_total{door=\"policy\",verdict=\"clear\"} 1",
            "whodunit_answers_remembered_total{door=\"dns\"} 1",
            "whodunit_answer_seconds_bucket{door=\"dns\",le=\"0.0001\"} 1",
            "whodunit_answer_seconds_bucket{door=\"dns\",le=\"5\"} 1",
            "whodunit_answer_seconds_bucket{door=\"dns\",le=\"+Inf\"} 2",
            "whodunit_answer_seconds_bucket{door=\"policy\",le=\"0.001\"} 0",
            "whodunit_answer_seconds_bucket{door=\"policy\",le=\"0.005\"} 1",
            "whodunit_answer_seconds_sum{door=\"dns\"} 60.00009",
            "whodunit_answer_seconds_count{door=\"dns\"} 2",
            "whodunit_lookups_total{registry=\"ripe\"} 2",
            "whodunit_lookup_failures_total{registry=\"ripe\",kind=\"denied\"} 1",
            "whodunit_lookup_failures_total{registry=\"other\",kind=\"other\"} 1",
        ] {
            assert!(text.lines().any(|it| it == line), "no {line} in\n{text}");
        }
    }

    #[test]
    fn every_sample_has_its_family_once() {
        let metrics = ServiceMetrics::default();
        metrics.asked(Registry::Arin, Some("timeout"));
        let text = metrics.text();
        let mut family = "";
        let mut seen = Vec::new();
        for line in text.lines() {
            if let Some(named) = line.strip_prefix("# TYPE ") {
                family = named.split(' ').next().unwrap();
                assert!(!seen.contains(&family), "{family} twice");
                seen.push(family);
            } else if !line.starts_with('#') {
                assert!(line.starts_with(family), "{line} under {family}");
                let (_, value) = line.rsplit_once(' ').unwrap();
                value.parse::<f64>().unwrap();
            }
        }
        assert_eq!(seen.len(), 5);
    }

    #[test]
    fn the_file_is_replaced_as_a_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("whodunit.prom");
        let file = MetricsFile::new(&path);
        file.write("one\n").unwrap();
        file.write("two\n").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "two\n");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no draft is left");
        assert!(MetricsFile::new(&folder.path().join("none/whodunit.prom")).write("x").is_err());
    }
}
