//! The DNS list over UDP and TCP, on its own.

use super::*;
use domain::{
    base::{
        Message, MessageBuilder, Name, Rtype,
        opt::{AllOptData, ExtendedError},
    },
    rdata::AllRecordData,
};
use std::net::{SocketAddr, UdpSocket};

/// A response: its code, its answers without their owner, and the reason of a failure.
#[derive(Debug, Default, Eq, PartialEq)]
pub(super) struct Response {
    code: String,
    answers: Vec<String>,
    reason: String,
}

impl Response {
    fn read(bytes: Vec<u8>) -> Self {
        let message = Message::from_octets(bytes).unwrap();
        let records = message.answer().unwrap().into_records::<AllRecordData<_, _>>();
        let answers = records.map(|record| record.unwrap()).map(|record| {
            assert_eq!(record.ttl().as_secs(), 300);
            record.data().to_string()
        });
        let reason = message.opt().and_then(|opt| {
            let options = opt.opt().iter::<AllOptData<_, _>>();
            options.filter_map(Result::ok).find_map(|option| match option {
                AllOptData::ExtendedError(error) => Some(reason(&error)),
                _ => None,
            })
        });
        let reason = reason.unwrap_or_default();
        Self { code: message.opt_rcode().to_string(), answers: answers.collect(), reason }
    }
}

fn reason<Octs: AsRef<[u8]>>(error: &ExtendedError<Octs>) -> String {
    String::from_utf8_lossy(error.text_slice().unwrap_or_default()).into_owned()
}

fn query(name: &str, rtype: Rtype) -> Vec<u8> {
    let mut builder = MessageBuilder::new_vec().question();
    builder.push((name.parse::<Name<Vec<u8>>>().unwrap(), rtype)).unwrap();
    let mut builder = builder.additional();
    let with_payload = |opt: &mut domain::base::message_builder::OptBuilder<'_, Vec<u8>>| {
        opt.set_udp_payload_size(1232);
        Ok(())
    };
    builder.opt(with_payload).unwrap();
    builder.finish()
}

/// One query over UDP, and its duration.
pub(super) fn ask(server: SocketAddr, name: &str, rtype: Rtype) -> (Response, Duration) {
    let client = UdpSocket::bind("127.0.0.1:0").unwrap();
    client.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let asked = Instant::now();
    client.send_to(&query(name, rtype), server).unwrap();
    let mut bytes = vec![0; 4096];
    // A machine that is suspended interrupts a call that has a timeout (signal(7)).
    let received = std::iter::repeat_with(|| client.recv(&mut bytes))
        .find(|got| !matches!(got, Err(error) if error.kind() == std::io::ErrorKind::Interrupted));
    let length = received.unwrap().unwrap();
    bytes.truncate(length);
    (Response::read(bytes), asked.elapsed())
}

/// The name of an address in a list, as in RFC 5782.
pub(super) fn listed(address: &str, list: &str) -> String {
    let reversed = match address.parse().unwrap() {
        std::net::IpAddr::V4(v4) => {
            v4.octets().iter().rev().map(|part| format!("{part}.")).collect::<String>()
        }
        std::net::IpAddr::V6(v6) => {
            let nibbles: Vec<char> = format!("{:032x}", v6.to_bits()).chars().collect();
            nibbles.iter().rev().map(|nibble| format!("{nibble}.")).collect()
        }
    };
    format!("{reversed}{list}")
}

fn answer(server: SocketAddr, address: &str, list: &str, rtype: Rtype) -> Response {
    ask(server, &listed(address, list), rtype).0
}

fn found(answers: &[&str]) -> Response {
    Response {
        code: "NOERROR".into(),
        answers: answers.iter().map(|text| (*text).into()).collect(),
        reason: String::new(),
    }
}

fn nothing(code: &str) -> Response {
    Response { code: code.into(), ..Response::default() }
}

#[test]
fn lists_what_patterns_block_and_says_who_runs_the_rest() {
    let world = World::new();
    let serve = Serve::start(&world, &["--listen", "dns:127.0.0.1:0"]);
    let at = serve.dns();
    let rule = format!("{}:2", world.text("blocked"));
    let blocked = format!("\"193.0.20.9 blocked: Contoso GmbH (193.0.20.0/24) {rule}\"");
    for (address, list, rtype, wanted) in [
        (BLOCKED, "bl.whodunit", Rtype::A, found(&["127.0.0.2"])),
        (BLOCKED, "bl.whodunit", Rtype::TXT, found(&[&blocked])),
        (BLOCKED6, "BL.Whodunit", Rtype::A, found(&["127.0.0.2"])),
        (MAPPED, "bl.whodunit", Rtype::A, found(&["127.0.0.2"])),
        (CLEAR, "bl.whodunit", Rtype::A, nothing("NXDOMAIN")),
        (CLEAR, "bl.whodunit", Rtype::TXT, nothing("NXDOMAIN")),
        ("10.0.0.1", "bl.whodunit", Rtype::A, nothing("NXDOMAIN")),
        ("127.0.0.2", "bl.whodunit", Rtype::A, found(&["127.0.0.2"])),
        ("127.0.0.1", "bl.whodunit", Rtype::A, nothing("NXDOMAIN")),
        (
            CLEAR,
            "owner.whodunit",
            Rtype::TXT,
            found(&["\"Northwind Traders | 193.0.24.0/24 | NL | ripe | abuse@northwind.example\""]),
        ),
        (BLOCKED, "asn.whodunit", Rtype::TXT, found(&["\"64500 | 193.0.20.0/24 | DE | ripe |\""])),
        (BLOCKED6, "asn6.whodunit", Rtype::TXT, found(&["\"64500 | 2a00:db8::/32 | DE | ripe |\""])),
    ] {
        assert_eq!(answer(at, address, list, rtype), wanted, "{address} {list} {rtype}");
    }
    assert_eq!(world.farm.questions(), 3, "each network once, whatever is asked of it");
    assert_eq!(serve.ask(BLOCKED), rejected(), "the policy service knows it too");
    serve.running.says(&format!("client_address={BLOCKED} verdict=blocked action=LISTED rule={rule}"));
    serve.running.says("action=REJECT");
    serve.running.says("source=memory");
}

#[test]
fn who_announces_an_address_is_answered_from_a_table_that_has_it() {
    let world = World::new();
    let table = "193.0.28.0\t193.0.31.255\t65010\tDE\tCONTOSO-AS\n193.0.20.0\t193.0.23.255\t65011\tDE\tX\n";
    let table = world.write("table.tsv", table);
    let mut import = Command::new(PROGRAM);
    import.args(["cache", "import", "--config", &world.text("config.toml")]).arg(table).env_clear();
    assert!(import.output().unwrap().status.success());
    let serve = Serve::start(&world, &["--listen", "dns:127.0.0.1:0", "--timeout", "1"]);
    let at = serve.dns();
    // Its registry never answers, although the patterns need it.
    let announced = found(&["\"65010 | 193.0.28.0/22 |  |  |\""]);
    for _ in 0..2 {
        assert_eq!(answer(at, SILENT, "asn.whodunit", Rtype::TXT), announced);
    }
    assert_eq!(answer(at, "10.0.0.1", "asn.whodunit", Rtype::TXT), nothing("NXDOMAIN"));
    assert_eq!(world.farm.questions(), 0);
    // It does not wait for another client's look-up either.
    assert_eq!(answer(at, SILENT, "bl.whodunit", Rtype::A).code, "SERVFAIL");
    assert_eq!(answer(at, SILENT, "asn.whodunit", Rtype::TXT), announced);
    // It decided nothing.
    assert_eq!(answer(at, HOSTILE, "asn.whodunit", Rtype::TXT), announced);
    assert_eq!(answer(at, HOSTILE, "bl.whodunit", Rtype::A), found(&["127.0.0.2"]));
    assert_eq!(world.farm.questions(), 2);
    // An address with a record that names an AS, or no range, is answered as before.
    assert_eq!(serve.ask(BLOCKED), rejected());
    let recorded = found(&["\"64500 | 193.0.20.0/24 | DE | ripe |\""]);
    assert_eq!(answer(at, BLOCKED, "asn.whodunit", Rtype::TXT), recorded);
    let recorded = found(&["\"64500 | 193.0.24.0/24 | NL | ripe |\""]);
    assert_eq!(answer(at, CLEAR, "asn.whodunit", Rtype::TXT), recorded);
}

#[test]
fn an_unknown_fails_in_time_and_its_late_answer_is_kept() {
    let world = World::new();
    let serve = Serve::start(&world, &["--listen", "dns:127.0.0.1:0", "--timeout", "1"]);
    let at = serve.dns();
    let (silent, took) = ask(at, &listed(SILENT, "bl.whodunit"), Rtype::A);
    assert_eq!(silent.code, "SERVFAIL");
    assert!(silent.reason.starts_with("timeout: "), "{}", silent.reason);
    assert!((900..1800).contains(&took.as_millis()), "{took:?}");
    assert_eq!(answer(at, SILENT, "owner.whodunit", Rtype::TXT).code, "SERVFAIL");
    assert_eq!(answer(at, LATE, "bl.whodunit", Rtype::A).code, "SERVFAIL");
    until("the late answer", || answer(at, LATE, "bl.whodunit", Rtype::A) == found(&["127.0.0.2"]));
    assert_eq!(answer(at, CLEAR, "bl.whodunit", Rtype::A), nothing("NXDOMAIN"), "beside a silent registry");
}

#[test]
fn a_zone_of_ones_own_for_clients_of_ones_own() {
    let world = World::new();
    let args = ["--listen", "dns:127.0.0.1:0", "--zone", "lists.example", "--dns-allow", "127.0.0.1"];
    let serve = Serve::start(&world, &args);
    let at = serve.dns();
    assert_eq!(answer(at, BLOCKED, "bl.lists.example", Rtype::A), found(&["127.0.0.2"]));
    assert_eq!(answer(at, BLOCKED, "bl.whodunit", Rtype::A).code, "REFUSED");
    assert_eq!(ask(at, "lists.example", Rtype::NS).0, found(&["ns.lists.example."]));
    assert_eq!(ask(at, "ns.lists.example", Rtype::A).0, found(&["127.0.0.1"]));
    let stranger = UdpSocket::bind("127.0.0.2:0").unwrap();
    stranger.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
    stranger.send_to(&query("lists.example", Rtype::SOA), at).unwrap();
    assert!(stranger.recv(&mut [0; 512]).is_err(), "who is not named is not answered");
}

#[test]
fn over_tcp_and_after_new_patterns() {
    let world = World::new();
    let mut serve = Serve::start(&world, &["--listen", "dns:127.0.0.1:0"]);
    let at = serve.dns();
    let over_tcp = |name: &str| {
        let mut stream = TcpStream::connect(at).unwrap();
        let query = query(name, Rtype::A);
        stream.write_all(&[&u16::try_from(query.len()).unwrap().to_be_bytes()[..], &query].concat()).unwrap();
        let mut length = [0; 2];
        stream.read_exact(&mut length).unwrap();
        let mut bytes = vec![0; u16::from_be_bytes(length).into()];
        stream.read_exact(&mut bytes).unwrap();
        Response::read(bytes)
    };
    assert_eq!(over_tcp(&listed(BLOCKED, "bl.whodunit")), found(&["127.0.0.2"]));
    assert_eq!(over_tcp(&listed(CLEAR, "bl.whodunit")), nothing("NXDOMAIN"));
    world.write("blocked", "Northwind\n");
    serve.running.signal("HUP");
    serve.running.says("reloaded=patterns");
    assert_eq!(answer(at, CLEAR, "bl.whodunit", Rtype::A), found(&["127.0.0.2"]));
    assert_eq!(over_tcp(&listed(BLOCKED, "bl.whodunit")), nothing("NXDOMAIN"));
    serve.running.signal("TERM");
    assert_eq!(serve.running.code(), 0);
}

#[test]
fn a_registry_that_is_refused_leaves_the_address_unknown() {
    let world = World::new();
    let serve = Serve::start(&world, &["--listen", "dns:127.0.0.1:0", "--offline"]);
    let failed = answer(serve.dns(), BLOCKED, "bl.whodunit", Rtype::A);
    assert_eq!(failed.code, "SERVFAIL");
    assert!(failed.reason.starts_with("offline: "), "{}", failed.reason);
}
