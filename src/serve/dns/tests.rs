//! The server as a client sees it, with the test's own decisions.

mod tcp;

use super::{route::ReplyRoute, text::tests::blocked, *};
use crate::{
    serve::decision::{ClientDecision, DecisionReceiver},
    verdict::Verdict,
};
use domain::{
    base::{
        Message, MessageBuilder, Name, Rtype,
        iana::{ExtendedErrorCode, OptRcode, Rcode},
        opt::{AllOptData, ExtendedError},
    },
    rdata::AllRecordData,
};
use std::{
    io::{Read, Write},
    net::{IpAddr, SocketAddr, TcpStream},
    sync::Mutex,
    thread,
    time::{Duration, Instant},
};

/// The longest that a query waits.
const PATIENCE: Duration = Duration::from_millis(300);

/// Its decisions follow from the last part of an address.
#[derive(Default)]
struct Known {
    /// Look-ups that never end.
    stuck: Mutex<Vec<DecisionReceiver>>,
    /// The deadline of the first query for the address whose look-up never ends.
    due: Mutex<Option<Instant>>,
}

fn facts(address: IpAddr) -> Option<ClientDecision> {
    let IpAddr::V4(v4) = address else { return Some(blocked()) };
    let unknown = ClientDecision {
        verdict: Verdict::Unknown,
        rule: None,
        org: None,
        network: None,
        asn: vec![],
        reason: Some(("denied", "whois.example says no".into())),
        ..blocked()
    };
    match v4.octets()[3] {
        7 | 8 => Some(blocked()),
        9 => Some(ClientDecision { verdict: Verdict::Allowed, ..blocked() }),
        10 => Some(ClientDecision { verdict: Verdict::Clear, asn: vec![], ..blocked() }),
        11 => Some(unknown),
        12 => Some(ClientDecision {
            abuse: vec![format!("{}@contoso.example", "x".repeat(90)); 5],
            ..blocked()
        }),
        13 => Some(ClientDecision { provisional: true, ..blocked() }),
        14 => Some(ClientDecision { provisional: true, verdict: Verdict::Clear, ..blocked() }),
        _ => None,
    }
}

impl DecisionSource for Known {
    fn remembered(&self, address: IpAddr) -> Option<Arc<ClientDecision>> {
        facts(address).filter(|_| !address.to_string().ends_with(".8")).map(Arc::new)
    }

    fn due(&self, _: ListName, address: IpAddr) -> Option<Instant> {
        self.due.lock().unwrap().filter(|_| address.to_string().ends_with(".201"))
    }

    fn find(&self, _: ListName, address: IpAddr, then: DecisionReceiver) {
        if address.to_string().ends_with(".201") {
            *self.due.lock().unwrap() = Some(Instant::now() + PATIENCE);
        }
        match facts(address) {
            Some(facts) => drop(thread::spawn(move || then(&Arc::new(facts)))),
            None if address.to_string().ends_with(".99") => drop(then),
            None => self.stuck.lock().unwrap().push(then),
        }
    }
}

fn server() -> (Arc<DnsServer<Known>>, SocketAddr) {
    server_with(PATIENCE)
}

fn server_with(patience: Duration) -> (Arc<DnsServer<Known>>, SocketAddr) {
    // Some test's connection may have the same port.
    let (socket, listener) = (0..100)
        .find_map(|_| {
            let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
            TcpListener::bind(socket.local_addr().unwrap()).ok().map(|listener| (socket, listener))
        })
        .unwrap();
    let address = socket.local_addr().unwrap();
    let allowed = DnsClients::parse(&["127.0.0.0/9".to_owned()]).unwrap();
    let zone = ZoneServer::new(ZoneName::default(), vec![address.ip()], 2026);
    let server = DnsServer::new(zone, Known::default(), Arc::default(), allowed, patience);
    server.start(vec![(socket, listener)]).unwrap();
    (server, address)
}

fn question(name: &str, rtype: Rtype, payload: Option<u16>) -> Vec<u8> {
    let mut builder = MessageBuilder::new_vec().question();
    builder.header_mut().set_id(0x1234);
    builder.header_mut().set_rd(true);
    builder.push((name.parse::<Name<Vec<u8>>>().unwrap(), rtype)).unwrap();
    let mut builder = builder.additional();
    if let Some(payload) = payload {
        let set = |opt: &mut domain::base::message_builder::OptBuilder<'_, Vec<u8>>| {
            opt.set_udp_payload_size(payload);
            Ok(())
        };
        builder.opt(set).unwrap();
    }
    builder.finish()
}

fn client() -> UdpSocket {
    let client = UdpSocket::bind("127.0.0.1:0").unwrap();
    client.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    client
}

fn exchange(server: SocketAddr, query: &[u8]) -> Vec<u8> {
    let client = client();
    client.send_to(query, server).unwrap();
    let mut response = [0; 4096];
    let length = client.recv(&mut response).unwrap();
    response[..length].to_vec()
}

/// The code, the answers and the authority section's TTLs, as text.
fn shown(response: &[u8]) -> (String, Vec<String>, Vec<String>) {
    let message = Message::from_octets(response.to_vec()).unwrap();
    assert!(message.header().qr() && message.header().rd() && !message.header().ra());
    assert_eq!(message.header().id(), 0x1234);
    let show = |section: domain::base::message::RecordSection<'_, Vec<u8>>| -> Vec<String> {
        let records = section.into_records::<AllRecordData<_, _>>();
        records
            .map(|record| record.unwrap())
            .map(|record| {
                format!("{} {} {} {}", record.owner(), record.ttl().as_secs(), record.rtype(), record.data())
            })
            .collect()
    };
    let code = message.opt_rcode().to_string();
    (code, show(message.answer().unwrap()), show(message.authority().unwrap()))
}

fn ask(server: SocketAddr, name: &str, rtype: Rtype) -> (String, Vec<String>, Vec<String>) {
    shown(&exchange(server, &question(name, rtype, Some(1232))))
}

fn extended(response: &[u8]) -> Option<(ExtendedErrorCode, String)> {
    let message = Message::from_octets(response.to_vec()).unwrap();
    let opt = message.opt()?;
    let found = opt.opt().iter::<AllOptData<_, _>>().find_map(|option| match option.unwrap() {
        AllOptData::ExtendedError(error) => Some(error),
        _ => None,
    })?;
    let found: ExtendedError<_> = found;
    Some((found.code(), String::from_utf8(found.text_slice().unwrap_or_default().to_vec()).unwrap()))
}

const SOA: &str = "whodunit 300 SOA ns.whodunit. admin.whodunit. 2026 3600 600 86400 300";

#[test]
fn each_list_answers_as_the_contract_says() {
    let (_server, at) = server();
    let soa = |ttl: u32| vec![SOA.replacen("300", &ttl.to_string(), 1)];
    let none = Vec::<String>::new;
    for (name, rtype, code, answer, authority) in [
        ("7.113.0.203.bl", Rtype::A, "NOERROR", vec!["300 A 127.0.0.2"], none()),
        (
            "7.113.0.203.bl",
            Rtype::TXT,
            "NOERROR",
            vec!["300 TXT \"203.0.113.7 blocked: Contoso GmbH (203.0.112.0/22) blocked_registrars:3\""],
            none(),
        ),
        ("7.113.0.203.bl", Rtype::AAAA, "NOERROR", vec![], soa(300)),
        ("8.113.0.203.bl", Rtype::A, "NOERROR", vec!["300 A 127.0.0.2"], none()),
        ("9.113.0.203.bl", Rtype::A, "NXDOMAIN", vec![], soa(300)),
        ("10.113.0.203.bl", Rtype::A, "NXDOMAIN", vec![], soa(300)),
        ("11.113.0.203.bl", Rtype::A, "SERVFAIL", vec![], soa(5)),
        (
            "7.113.0.203.asn",
            Rtype::TXT,
            "NOERROR",
            vec![
                "300 TXT \"64500 | 203.0.112.0/22 | DE | ripe |\"",
                "300 TXT \"64501 | 203.0.112.0/22 | DE | ripe |\"",
            ],
            none(),
        ),
        ("7.113.0.203.asn", Rtype::A, "NOERROR", vec![], soa(300)),
        ("10.113.0.203.asn", Rtype::TXT, "NXDOMAIN", vec![], soa(300)),
        ("11.113.0.203.asn", Rtype::TXT, "SERVFAIL", vec![], soa(5)),
        ("11.113.0.203.owner", Rtype::TXT, "SERVFAIL", vec![], soa(5)),
        ("2.0.0.127.bl", Rtype::A, "NOERROR", vec!["300 A 127.0.0.2"], none()),
        (
            "2.0.0.127.bl",
            Rtype::TXT,
            "NOERROR",
            vec!["300 TXT \"127.0.0.2 blocked: test point (RFC 5782)\""],
            none(),
        ),
        ("1.0.0.127.bl", Rtype::A, "NXDOMAIN", vec![], soa(300)),
        ("113.0.203.bl", Rtype::A, "NOERROR", vec![], soa(300)),
        ("ns", Rtype::A, "NOERROR", vec!["300 A 127.0.0.1"], none()),
        ("ns", Rtype::AAAA, "NOERROR", vec![], soa(300)),
        ("www", Rtype::A, "REFUSED", vec![], none()),
        ("7.113.0.203.bl", Rtype::ANY, "REFUSED", vec![], none()),
    ] {
        let name = format!("{name}.whodunit");
        let answer: Vec<String> = answer.iter().map(|record| format!("{name} {record}")).collect();
        assert_eq!(ask(at, &name, rtype), (code.into(), answer, authority), "{name} {rtype}");
    }
    let apex = |rtype| ask(at, "whodunit", rtype).1;
    assert_eq!(apex(Rtype::SOA), [SOA]);
    assert_eq!(apex(Rtype::NS), ["whodunit 300 NS ns.whodunit."]);
    for name in ["example.com", "."] {
        assert_eq!(ask(at, name, Rtype::A), ("REFUSED".into(), vec![], vec![]));
    }
    assert_eq!(ask(at, "whodunit", Rtype::AXFR).0, "REFUSED");
}

#[test]
fn the_letters_of_a_question_come_back_as_they_were() {
    let (_server, at) = server();
    let query = question("7.113.0.203.bL.WHOdunit", Rtype::A, None);
    let response = exchange(at, &query);
    assert_eq!(response[12..query.len()], query[12..], "the question");
    let record = &response[query.len()..];
    assert_eq!(record[..2], [0xc0, 12], "the answer's owner is the question's name");
}

#[test]
fn an_unknown_is_a_failure_that_says_why() {
    let (_server, at) = server();
    let ask = |name: &str, payload| exchange(at, &question(name, Rtype::A, payload));
    let denied = ask("11.113.0.203.bl.whodunit", Some(1232));
    assert_eq!(extended(&denied), Some((ExtendedErrorCode::OTHER, "denied: whois.example says no".into())));
    let begun = Instant::now();
    let late = ask("200.113.0.203.bl.whodunit", Some(1232));
    assert!((250..900).contains(&begun.elapsed().as_millis()), "{:?}", begun.elapsed());
    assert_eq!(shown(&late).0, "SERVFAIL");
    let (code, text) = extended(&late).unwrap();
    assert_eq!(code, ExtendedErrorCode::NO_REACHABLE_AUTHORITY);
    assert!(text.starts_with("timeout: "), "{text}");
    // A client without EDNS gets no EDNS record.
    let plain = ask("11.113.0.203.bl.whodunit", None);
    assert_eq!(Message::from_octets(plain).unwrap().header_counts().arcount(), 0);
    let outside = ask("example.com", Some(1232));
    assert_eq!(extended(&outside).unwrap().0, ExtendedErrorCode::NOT_AUTHORITATIVE);
}

#[test]
fn what_may_be_another_in_a_minute_is_kept_for_seconds() {
    let (_server, at) = server();
    let ttls = |last: u8| {
        let (code, answer, authority) = ask(at, &format!("{last}.113.0.203.bl.whodunit"), Rtype::A);
        let ttl = |record: &String| record.split(' ').nth(1).unwrap().to_owned();
        (code, answer.iter().chain(&authority).map(ttl).collect::<Vec<_>>())
    };
    assert_eq!(ttls(7), ("NOERROR".into(), vec!["300".into()]));
    assert_eq!(ttls(13), ("NOERROR".into(), vec!["5".into()]));
    assert_eq!(ttls(10), ("NXDOMAIN".into(), vec!["300".into()]));
    assert_eq!(ttls(14), ("NXDOMAIN".into(), vec!["5".into()]));
}

#[test]
fn a_repeated_query_waits_no_longer_than_the_first() {
    let (_server, at) = server();
    let query = question("201.113.0.203.bl.whodunit", Rtype::A, Some(1232));
    let (first, second) = (client(), client());
    first.send_to(&query, at).unwrap();
    thread::sleep(PATIENCE * 2 / 3);
    let repeated = Instant::now();
    second.send_to(&query, at).unwrap();
    assert!(second.recv(&mut [0; 512]).is_ok());
    assert!(repeated.elapsed() < PATIENCE, "{:?}", repeated.elapsed());
    assert!(first.recv(&mut [0; 512]).is_ok());
    let again = Instant::now();
    assert!(extended(&exchange(at, &query)).unwrap().1.starts_with("timeout: "));
    assert!(again.elapsed() < PATIENCE, "its time is up: {:?}", again.elapsed());
}

#[test]
fn a_long_answer_is_cut_for_udp_and_whole_over_tcp() {
    let (_server, at) = server();
    let name = "12.113.0.203.owner.whodunit";
    let cut = Message::from_octets(exchange(at, &question(name, Rtype::TXT, None))).unwrap();
    assert!(cut.header().tc() && cut.header_counts().ancount() == 0 && cut.as_slice().len() <= 512);
    let whole = exchange(at, &question(name, Rtype::TXT, Some(4096)));
    assert!(whole.len() > 512 && whole.len() <= 1232, "{}", whole.len());
    let mut stream = TcpStream::connect(at).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    // Two queries at once, byte by byte.
    let query = question(name, Rtype::TXT, None);
    let framed = [&u16::try_from(query.len()).unwrap().to_be_bytes()[..], &query].concat().repeat(2);
    for byte in framed.chunks(1) {
        stream.write_all(byte).unwrap();
    }
    for _ in 0..2 {
        let mut length = [0; 2];
        stream.read_exact(&mut length).unwrap();
        let mut response = vec![0; u16::from_be_bytes(length).into()];
        stream.read_exact(&mut response).unwrap();
        let (code, answer, _) = shown(&response);
        assert_eq!((code.as_str(), answer.len()), ("NOERROR", 1));
        assert!(!Message::from_octets(response).unwrap().header().tc());
    }
}

#[test]
fn whoever_is_not_allowed_hears_nothing() {
    let (_server, at) = server();
    let stranger = UdpSocket::bind("127.200.0.1:0").unwrap();
    stranger.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    stranger.send_to(&question("2.0.0.127.bl.whodunit", Rtype::A, None), at).unwrap();
    assert!(stranger.recv(&mut [0; 512]).is_err());
    assert_eq!(ask(at, "2.0.0.127.bl.whodunit", Rtype::A).0, "NOERROR", "and others still do");
}

#[test]
fn messages_that_are_no_query_are_told_so_or_ignored() {
    let (_server, at) = server();
    let good = question("7.113.0.203.bl.whodunit", Rtype::A, Some(1232));
    let patched = |at: usize, byte: u8| {
        let mut bytes = good.clone();
        bytes[at] = byte;
        bytes
    };
    let opt = good.len() - 11;
    let mut class = good.clone();
    class[opt - 1] = 3;
    let mut two_opts = patched(11, 2);
    two_opts.extend_from_slice(&good[opt..]);
    for (query, code) in [
        (patched(5, 2), Rcode::FORMERR),
        (patched(5, 0), Rcode::FORMERR),
        (patched(7, 1), Rcode::FORMERR),
        (patched(12, 200), Rcode::FORMERR),
        (good[..good.len() - 1].to_vec(), Rcode::FORMERR),
        (good[..12].to_vec(), Rcode::FORMERR),
        (two_opts, Rcode::FORMERR),
        (patched(2, 0x28), Rcode::NOTIMP),
        (class, Rcode::REFUSED),
    ] {
        let response = Message::from_octets(exchange(at, &query)).unwrap();
        assert_eq!(response.header().rcode(), code, "{query:?}");
        assert_eq!(response.header().id(), 0x1234);
    }
    let version = Message::from_octets(exchange(at, &patched(opt + 6, 1))).unwrap();
    assert_eq!(version.opt_rcode(), OptRcode::BADVERS);
    let client = client();
    client.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    for ignored in [&good[..11], &[], &patched(2, 0x81)] {
        client.send_to(ignored, at).unwrap();
        assert!(client.recv(&mut [0; 512]).is_err(), "{ignored:?}");
    }
}

#[test]
fn a_connection_that_says_nothing_holds_up_nobody() {
    let (_server, at) = server();
    let idle: Vec<TcpStream> = (0..100).map(|_| TcpStream::connect(at).unwrap()).collect();
    assert_eq!(ask(at, "2.0.0.127.bl.whodunit", Rtype::A).0, "NOERROR");
    let mut half = TcpStream::connect(at).unwrap();
    half.write_all(&[0xff, 0xff, 0, 0]).unwrap();
    half.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    assert!(!matches!(half.read(&mut [0; 16]), Ok(1..)), "a message of 64 KiB is no query");
    drop(idle);
}

#[test]
fn too_many_that_wait_are_told_at_once() {
    let (server, at) = server();
    let client = client();
    let route = ReplyRoute::Udp(Arc::new(client.try_clone().unwrap()), client.local_addr().unwrap());
    let query = question("200.113.0.203.bl.whodunit", Rtype::A, Some(1232));
    let mut bytes = Vec::new();
    let mut told = 0;
    for _ in 0..5000 {
        server.receive(&query, &route, &mut bytes);
        told += usize::from(!bytes.is_empty());
    }
    assert_eq!(told, 5000 - 4096);
    assert!(extended(&bytes).unwrap().1.contains("too many"));
    assert_eq!(
        ask(at, "7.113.0.203.bl.whodunit", Rtype::A).0,
        "NOERROR",
        "what is known is told all the same"
    );
    let dropped = exchange(at, &question("99.113.0.203.bl.whodunit", Rtype::A, Some(1232)));
    assert!(
        extended(&dropped).unwrap().1.contains("too many"),
        "a look-up that nobody takes is answered at once"
    );
}
