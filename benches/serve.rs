//! Answers a second of a policy server, the latency of the slowest in a hundred, and whether a million requests cost
//! memory. `cargo bench --bench serve` measures `whodunit serve` and, in the same run, the Python stub beside this
//! file.
//!
//! Each client waits for its answer before it asks again, as smtpd does. The addresses are private ones, which need no
//! registry. From the second request on, any address is answered from memory.
//!
//! A second service has a table of origins and `@asn` patterns. There, each of a hundred thousand addresses is asked
//! about once. A registry on loopback counts its queries, which must be none.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a measurement says what it measured, and stops at the first surprise"
)]

use jiff::Timestamp;
use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use whodunit::internals::{address::Prefix, origin::TableBuilder, registry::Registry};

/// The request of Postfix 3.7 at RCPT, with the client's address left open.
const REQUEST: &str = "request=smtpd_access_policy\nprotocol_state=RCPT\nprotocol_name=ESMTP\nclient_address={}\n\
    client_name=unknown\nclient_port=45678\nreverse_client_name=unknown\nserver_address=192.0.2.25\n\
    server_port=25\nhelo_name=mail.example.org\nsender=someone@example.org\nrecipient=else@example.net\n\
    recipient_count=0\nqueue_id=\ninstance=1b2c.6562a3f1.8d2e4.0\nsize=4021\netrn_domain=\nstress=\n\
    sasl_method=\nsasl_username=\nsasl_sender=\nccert_subject=\nccert_issuer=\nccert_fingerprint=\n\
    ccert_pubkey_fingerprint=\nencryption_protocol=\nencryption_cipher=\nencryption_keysize=0\n\
    policy_context=\n\n";

/// One connection: it asks about one address after the other until it is told to stop.
fn drive(address: &str, addresses: impl Iterator<Item = u32>, until: Instant) -> Vec<u32> {
    let mut stream = TcpStream::connect(address).expect("the server listens");
    stream.set_nodelay(true).expect("a TCP socket");
    let (before, behind) = REQUEST.split_once("{}").expect("a field for the address");
    let (mut micros, mut request, mut room) = (Vec::new(), Vec::new(), [0; 1024]);
    for address in addresses {
        request.clear();
        write!(request, "{before}{}{behind}", Ipv4Addr::from_bits(address)).expect("memory");
        let asked = Instant::now();
        if asked >= until {
            break;
        }
        stream.write_all(&request).expect("the server reads");
        let mut got = 0;
        while !room[..got].ends_with(b"\n\n") {
            let n = stream.read(&mut room[got..]).expect("the server answers");
            assert!(n > 0, "the server closed the connection");
            got += n;
        }
        assert!(room.starts_with(b"action="), "no answer: {:?}", String::from_utf8_lossy(&room[..got]));
        micros.push(u32::try_from(asked.elapsed().as_micros()).unwrap_or(u32::MAX));
    }
    micros
}

/// 10.0.0.0: addresses that need no registry.
const PRIVATE: u32 = 0x0a00_0000;
/// 80.0.0.0: addresses that need a registry.
const PUBLIC: u32 = 0x5000_0000;

/// Some hundred clients, repeated.
fn few(seed: u32) -> impl Iterator<Item = u32> {
    (0..200).map(move |n| PRIVATE + (n + seed * 7) % 250).cycle()
}

fn measure(name: &str, address: &str, connections: u32) {
    // One pass first, so that the measurement is warm.
    drive(address, few(0).take(250), Instant::now() + Duration::from_secs(60));
    let started = Instant::now();
    let until = started + Duration::from_secs(5);
    let mut micros: Vec<u32> = std::thread::scope(|scope| {
        let drivers: Vec<_> =
            (0..connections).map(|n| scope.spawn(move || drive(address, few(n), until))).collect();
        drivers.into_iter().flat_map(|driver| driver.join().expect("a driver")).collect()
    });
    let elapsed = started.elapsed().as_secs_f64();
    micros.sort_unstable();
    let at = |share: f64| f64::from(micros[((micros.len() - 1) as f64 * share) as usize]) / 1000.0;
    println!(
        "{name:<9} {connections:>2} connections {:>7.0} answers/s   p50 {:.3} ms   p99 {:.3} ms   max {:.1} ms",
        micros.len() as f64 / elapsed,
        at(0.5),
        at(0.99),
        at(1.0)
    );
}

/// A million requests about 300,000 addresses that have nothing in common, more than are remembered. The requests before
/// them fill the bounded memory: for decisions, and the allocator's for each thread.
fn exhaust(address: &str, server: &Child) {
    let far = Instant::now() + Duration::from_secs(3600);
    let round = |from: u32| {
        std::thread::scope(|scope| {
            for n in 0..16 {
                let addresses = (0..18_750).map(move |i| PUBLIC + (from + i * 16 + n) % 300_000);
                scope.spawn(move || drive(address, addresses, far));
            }
        });
    };
    round(0);
    let before = kilobytes(server);
    (1..5).for_each(|n| round(n * 37));
    println!(
        "whodunit  {before} kB resident after 300,000 requests, {} kB after 1,500,000",
        kilobytes(server)
    );
}

fn kilobytes(server: &Child) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", server.id())).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its memory");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

/// A server that ends with this program.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn whodunit(args: &[&str]) -> (Server, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_whodunit"));
    command.args(["serve", "--config", "none", "--listen", "inet:127.0.0.1:0"]).args(args);
    command.env_clear().stderr(Stdio::piped());
    let mut child = command.spawn().expect("whodunit starts");
    let mut log = BufReader::new(child.stderr.take().expect("its log"));
    let mut line = String::new();
    log.read_line(&mut line).expect("its log");
    let address = line.trim().strip_prefix("listening=inet:").expect("where it listens").to_owned();
    // The log is written and read as on a busy server.
    std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
    (Server(child), address)
}

fn stub() -> Option<(Server, String)> {
    let address =
        TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/policy_stub.py");
    let child = Command::new("python3").arg(script).arg(address.port().to_string()).spawn().ok()?;
    let server = Server(child);
    let begun = Instant::now();
    while TcpStream::connect(address).is_err() {
        assert!(begun.elapsed() < Duration::from_secs(10), "the stub does not listen");
        std::thread::sleep(Duration::from_millis(20));
    }
    Some((server, address.to_string()))
}

/// A table as large as today's, in which each /24 from 80.0.0.0 on has a range.
fn write_table(path: &Path) {
    let mut table = TableBuilder::new();
    for n in 0..500_000 {
        let prefix = Prefix::new(Ipv4Addr::from_bits(PUBLIC + (n << 8)).into(), 24).expect("a length");
        let asn = 64_500 + n % 80_000;
        table.add(prefix.into(), &[asn], Some(&format!("EXAMPLE-{asn} Example GmbH"))).expect("room");
    }
    fs::write(path, table.finish(Timestamp::now()).expect("room").0).expect("a folder");
}

/// Every registry's server, which counts connections and closes them.
fn registries(list: &Path) -> Arc<AtomicUsize> {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("a port");
    let servers = Registry::ALL.iter().filter_map(|registry| registry.server());
    let entries: Vec<String> =
        servers.map(|server| format!("{server:?}: {{\"host\": \"{address}\"}}")).collect();
    fs::write(list, format!("{{{}}}", entries.join(","))).expect("a folder");
    let came = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&came);
    std::thread::spawn(move || {
        for _ in listener.incoming() {
            counted.fetch_add(1, Ordering::SeqCst);
        }
    });
    came
}

/// A hundred thousand addresses, each for the first time, decided by the table of origins alone.
fn decide_by_table() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    write_table(&path("cache.db-origin"));
    let came = registries(&path("servers.json"));
    let (cache, list) = (path("cache.db"), path("servers.json"));
    let (cache, list) = (cache.to_str().expect("UTF-8"), list.to_str().expect("UTF-8"));
    let patterns = ["-e", "@asn 64577", "-e", "@asn AS65000", "-e", "@asn 70001"];
    let (_server, address) = whodunit(&[&["--cache", cache, "--servers", list], &patterns[..]].concat());
    let far = Instant::now() + Duration::from_secs(3600);
    for round in 0..3 {
        let started = Instant::now();
        let answers: usize = std::thread::scope(|scope| {
            let address = &address;
            let drivers: Vec<_> = (0..16)
                .map(|n| {
                    let addresses =
                        (0..6250).map(move |i| PUBLIC + ((round * 100_000 + i * 16 + n) << 8 | 7));
                    scope.spawn(move || drive(address, addresses, far).len())
                })
                .collect();
            drivers.into_iter().map(|driver| driver.join().expect("a driver")).sum()
        });
        println!(
            "table     16 connections {:>7.0} answers/s   {answers} addresses, {} questions",
            answers as f64 / started.elapsed().as_secs_f64(),
            came.load(Ordering::SeqCst)
        );
    }
}

fn main() {
    // `cargo test` builds and starts benches too; without --bench there is nothing to measure.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let (server, address) = whodunit(&["--cache", "none", "--offline", "-e", "Contoso"]);
    let stub = stub();
    for connections in [1, 16] {
        for _ in 0..2 {
            measure("whodunit", &address, connections);
            if let Some((_, address)) = &stub {
                measure("stub", address, connections);
            }
        }
    }
    exhaust(&address, &server.0);
    drop(server);
    decide_by_table();
}
