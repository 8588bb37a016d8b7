use super::*;
use crate::{address::Network, serve::decision::DecisiveRule, verdict::Verdict};

fn value(text: &str) -> String {
    let mut line = String::new();
    push_value(&mut line, text);
    line
}

#[test]
fn one_line_a_decision_whatever_the_owner_is_called() {
    let decision = ClientDecision {
        verdict: Verdict::Blocked,
        rule: Some(DecisiveRule { file: "/etc/whodunit/my list".into(), line: 3 }),
        org: Some("Cont\"oso\n action=DUNNO \u{1b}]0;x\u{7}\u{202e}GmbH \u{e9}'s".into()),
        network: Network::new("203.0.112.0".parse().unwrap(), "203.0.114.255".parse().unwrap()),
        server: Some("whois.ripe.net".into()),
        reason: None,
        ..ClientDecision::unknown("", "")
    };
    assert_eq!(
        fields("203.0.113.7".parse().unwrap(), "REJECT", &decision),
        "client_address=203.0.113.7 verdict=blocked action=REJECT rule=\"/etc/whodunit/my list:3\" \
         netblock=203.0.112.0-203.0.114.255 org=\"Cont\\\"oso\\n action=DUNNO \\x1b]0;x\\x07\\u{202e}GmbH \u{e9}'s\" \
         server=whois.ripe.net"
    );
    let unknown =
        fields("2001:db8::7".parse().unwrap(), "DUNNO", &ClientDecision::unknown("timeout", "no answer"));
    assert_eq!(
        unknown,
        "client_address=2001:db8::7 verdict=unknown action=DUNNO reason=timeout message=\"no answer\""
    );
}

#[test]
fn quotes_what_could_be_mistaken() {
    assert_eq!(value("AS64500"), "AS64500");
    assert_eq!(value(""), "\"\"");
    assert_eq!(value("a b=c"), "\"a b=c\"");
    assert_eq!(value("a\\x1b\"\t\0\u{9b}"), r#""a\\x1b\"\t\x00\x9b""#);
    assert_eq!(value(&"\u{1b}".repeat(300)), format!("\"{}\"", r"\x1b".repeat(VALUE)));
    assert_eq!(value(&"x".repeat(100_000)).len(), VALUE + 2);
}

#[derive(Clone, Default)]
struct KeptLines(Arc<Mutex<Vec<u8>>>);

impl Write for KeptLines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn every_line_arrives_whole() {
    let kept = KeptLines::default();
    let decision_log = DecisionLog::start(Box::new(kept.clone())).unwrap();
    thread::scope(|scope| {
        for n in 0..8 {
            let decision_log = decision_log.clone();
            scope.spawn(move || (0..500).for_each(|_| decision_log.line(&format!("writer={n}"))));
        }
    });
    decision_log.decision("client_address=203.0.113.7", "memory", Duration::from_micros(1500));
    decision_log.warn("it\nis");
    decision_log.flush(Duration::from_secs(5));
    let text = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
    for n in 0..8 {
        assert_eq!(text.lines().filter(|line| *line == format!("writer={n}")).count(), 500);
    }
    assert!(text.ends_with("client_address=203.0.113.7 source=memory delay=0.0015\nwarning=\"it\\nis\"\n"));
}

/// A sink that accepts nothing until it is told to.
struct StuckSink(std::sync::mpsc::Receiver<()>, KeptLines);

impl Write for StuckSink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let _ = self.0.recv();
        self.1.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_stuck_log_costs_lines_and_neither_time_nor_memory() {
    let (go, stuck) = std::sync::mpsc::channel();
    let kept = KeptLines::default();
    let decision_log = DecisionLog::start(Box::new(StuckSink(stuck, kept.clone()))).unwrap();
    let line = "x".repeat(1000);
    for _ in 0..20_000 {
        decision_log.line(&line);
    }
    assert!(decision_log.0.lock().pending.len() <= BACKLOG + 1001);
    assert!(decision_log.0.lock().lost > 0);
    drop(go);
    decision_log.flush(Duration::from_secs(5));
    let text = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
    assert!(text.contains("log lines were lost"));
}

#[test]
fn syslog_gets_a_datagram_a_line_and_may_come_and_go() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let mut sink = SyslogSink::new(&path);
    sink.write_all(b"nobody listens\n").unwrap();
    let receive = |socket: &UnixDatagram| {
        let mut room = [0; 500];
        socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        let got = socket.recv(&mut room).unwrap();
        String::from_utf8(room[..got].to_vec()).unwrap()
    };
    let daemon = UnixDatagram::bind(&path).unwrap();
    sink.write_all(b"first\nsecond\n").unwrap();
    let first = receive(&daemon);
    assert!(
        first.starts_with("<22>") && first.ends_with(&format!(" whodunit[{}]: first", std::process::id()))
    );
    assert!(receive(&daemon).ends_with(": second"));
    drop(daemon);
    std::fs::remove_file(&path).unwrap();
    let daemon = UnixDatagram::bind(&path).unwrap();
    sink.write_all(b"third\n").unwrap();
    assert!(receive(&daemon).ends_with(": third"));
}
