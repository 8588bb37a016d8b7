use super::*;
use crate::{
    address::Prefix,
    registry::Registry,
    serve::{ClientDecision, DispatchLimits, LanePermit},
    verdict::Verdict,
};
use std::{
    io::{Read, Write},
    net::{IpAddr, Shutdown, TcpStream},
    os::unix::net::UnixStream,
};

/// 203.0.113.x is blocked, 192.0.2.x is never answered, and others are clear.
struct ScriptedService;

impl Decider for ScriptedService {
    fn recall(&self, address: IpAddr) -> Option<ClientDecision> {
        let text = address.to_string();
        let verdict = if text.starts_with("203.0.113.") { Verdict::Blocked } else { Verdict::Clear };
        let bare = ClientDecision { reason: None, ..ClientDecision::unknown("", "") };
        (!text.starts_with("192.0.2.")).then_some(ClientDecision { verdict, ..bare })
    }

    fn announced(&self, _: IpAddr) -> Option<ClientDecision> {
        None
    }

    fn ask(&self, _: IpAddr, _: &LanePermit) -> ClientDecision {
        thread::sleep(Duration::from_secs(2));
        ClientDecision::unknown("timeout", "whois.example did not answer")
    }

    fn lane(&self, _: IpAddr) -> Registry {
        Registry::Ripe
    }

    fn area(&self, address: IpAddr) -> Prefix {
        Prefix::around(address, 32, 128)
    }
}

struct RunningService {
    address: String,
    open: OpenConnections,
    _folder: tempfile::TempDir,
}

/// An acceptor at a unix socket or a port, without signals: those belong to the whole process.
fn start(unix: bool) -> RunningService {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("policy");
    let address = if unix { ListenAddress::Unix(path) } else { ListenAddress::Inet("127.0.0.1:0".into()) };
    let BoundAddress::Policy(listener, file) = address.bind().unwrap() else { panic!("no policy service") };
    let described = listener.describe();
    let limits = DispatchLimits { timeout: Duration::from_millis(200), jobs: 4, per_lane: 2 };
    let open = OpenConnections::default();
    let policy = PolicyService {
        dispatcher: Dispatcher::new(ScriptedService, limits),
        reply_policy: ReplyPolicy::default(),
        decision_log: DecisionLog::start(Box::new(std::io::sink())).unwrap(),
    };
    let acceptor = Acceptor {
        listener,
        policy: Arc::new(policy),
        open: open.clone(),
        stopping: Arc::default(),
        numbers: Arc::default(),
    };
    spawn("accept", move || {
        let _file = file;
        acceptor.accept();
    })
    .unwrap();
    RunningService { address: described.split_once(':').unwrap().1.into(), open, _folder: folder }
}

const REJECT: &str = "action=REJECT No access to hosts using this registrar: - (-)\n\n";
const DUNNO: &str = "action=DUNNO\n\n";

fn answer(stream: &mut impl Read) -> String {
    let mut text = Vec::new();
    let mut byte = [0];
    while !text.ends_with(b"\n\n") && stream.read(&mut byte).unwrap() == 1 {
        text.push(byte[0]);
    }
    String::from_utf8(text).unwrap()
}

fn request(address: &str) -> String {
    format!("request=smtpd_access_policy\nprotocol_state=RCPT\nclient_address={address}\n\n")
}

#[test]
fn one_connection_serves_many_requests() {
    let running = start(false);
    let mut stream = TcpStream::connect(&running.address).unwrap();
    for (address, wanted) in [
        ("203.0.113.7", REJECT),
        ("198.51.100.7", DUNNO),
        ("::ffff:203.0.113.7", REJECT),
        ("not an address", DUNNO),
        ("", DUNNO),
        ("192.0.2.1", DUNNO),
        ("203.0.113.8", REJECT),
    ] {
        stream.write_all(request(address).as_bytes()).unwrap();
        assert_eq!(answer(&mut stream), wanted, "{address}");
    }
    let three = request("203.0.113.7") + &request("198.51.100.7") + &request("203.0.113.9");
    stream.write_all(three.as_bytes()).unwrap();
    assert_eq!([answer(&mut stream), answer(&mut stream), answer(&mut stream)], [REJECT, DUNNO, REJECT]);
}

#[test]
fn answers_a_client_that_closes_its_side_behind_the_request() {
    for unix in [false, true] {
        let running = start(unix);
        let mut text = String::new();
        if unix {
            let mut stream = UnixStream::connect(&running.address).unwrap();
            stream.write_all(request("203.0.113.7").as_bytes()).unwrap();
            stream.shutdown(Shutdown::Write).unwrap();
            stream.read_to_string(&mut text).unwrap();
        } else {
            let mut stream = TcpStream::connect(&running.address).unwrap();
            stream.write_all(request("203.0.113.7").as_bytes()).unwrap();
            stream.shutdown(Shutdown::Write).unwrap();
            stream.read_to_string(&mut text).unwrap();
        }
        assert_eq!(text, REJECT, "and then the end");
    }
}

#[test]
fn nothing_that_is_sent_ends_it() {
    let running = start(false);
    let junk: [&[u8]; 6] = [
        b"\0\xff\n\n",
        b"GET / HTTP/1.0\r\n\r\n",
        b"client_address=203.0.113.7",
        &[b'x'; 300_000],
        &b"a=b\n".repeat(2000),
        b"\n\n\n\n",
    ];
    for bytes in junk {
        let mut stream = TcpStream::connect(&running.address).unwrap();
        // The service may close first; then the rest cannot be sent.
        let _ = stream.write_all(bytes);
        let _ = stream.shutdown(Shutdown::Write);
        let _ = stream.read_to_end(&mut Vec::new());
    }
    let mut stream = TcpStream::connect(&running.address).unwrap();
    stream.write_all(request("203.0.113.7").as_bytes()).unwrap();
    assert_eq!(answer(&mut stream), REJECT);
}

#[test]
fn holds_hundreds_of_idle_connections_and_answers_beside_them() {
    let running = start(true);
    let idle: Vec<_> = (0..300).map(|_| UnixStream::connect(&running.address).unwrap()).collect();
    let late = UnixStream::connect(&running.address).unwrap();
    for mut stream in [&late, &idle[0], &idle[299]] {
        stream.write_all(request("203.0.113.7").as_bytes()).unwrap();
        assert_eq!(answer(&mut stream), REJECT);
    }
    assert_eq!(running.open.count(), 301);
    drop(idle);
    drop(late);
    until(|| running.open.count() == 0);
}

#[test]
fn what_has_been_asked_is_answered_before_the_end() {
    let running = start(false);
    let mut asking = TcpStream::connect(&running.address).unwrap();
    asking.write_all(request("192.0.2.1").as_bytes()).unwrap();
    let mut idle = TcpStream::connect(&running.address).unwrap();
    until(|| running.open.count() == 2);
    thread::sleep(Duration::from_millis(50));
    running.open.stop_reading();
    let (mut first, mut second) = (String::new(), String::new());
    asking.read_to_string(&mut first).unwrap();
    idle.read_to_string(&mut second).unwrap();
    assert_eq!((first.as_str(), second.as_str()), (DUNNO, ""));
    until(|| running.open.count() == 0);
}

#[test]
fn more_connections_than_allowed_are_closed() {
    let open = OpenConnections::default();
    let pair = || Peer::Unix(UnixStream::pair().unwrap().0);
    let first = open.admit(0, pair(), 2).unwrap();
    let _second = open.admit(1, pair(), 2).unwrap();
    assert!(open.admit(2, pair(), 2).is_none());
    drop(first);
    assert!(open.admit(3, pair(), 2).is_some());
}

fn until(condition: impl Fn() -> bool) {
    let started = Instant::now();
    while !condition() {
        assert!(started.elapsed() < Duration::from_secs(10), "it never came");
        thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn a_reload_that_hangs_is_waited_for_by_nobody_and_a_later_signal_is_not_lost() {
    let limits = DispatchLimits { timeout: Duration::from_millis(200), jobs: 4, per_lane: 2 };
    let dns = DnsSettings { zone: ZoneName::default(), allowed: DnsClients::default() };
    let decision_log = DecisionLog::start(Box::new(std::io::sink())).unwrap();
    let dispatcher = Dispatcher::new(ScriptedService, limits);
    let service = MailService::new(dispatcher, ReplyPolicy::default(), dns, decision_log, limits.timeout);
    let (begin, begun) = std::sync::mpsc::channel();
    let (release, hanging) = std::sync::mpsc::channel();
    let hanging = std::sync::Mutex::new(hanging);
    let reload: Reload<ScriptedService> = Arc::new(move || {
        begin.send(()).unwrap();
        hanging.lock().unwrap().recv().unwrap();
        Ok(ScriptedService)
    });
    let wanted = Arc::default();
    service.reload(&reload, &wanted);
    begun.recv_timeout(Duration::from_secs(10)).unwrap();
    (0..2).for_each(|_| service.reload(&reload, &wanted));
    assert!(begun.try_recv().is_err(), "one at a time");
    release.send(()).unwrap();
    begun.recv_timeout(Duration::from_secs(10)).unwrap();
    release.send(()).unwrap();
    until(|| wanted.load(Ordering::SeqCst) == 0);
    assert!(begun.try_recv().is_err(), "the two that came meanwhile are one");
}
