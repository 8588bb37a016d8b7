//! Answers a second of a policy server, and how long the slowest of a hundred takes. `cargo bench --bench serve`
//! measures `whodunit serve` and, in the same run, the Python stub beside this file.
//!
//! `cargo bench --bench serve -- PLACE SECONDS CONNECTIONS` measures whatever listens at PLACE (HOST:PORT).

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a measurement says what it measured, and stops at the first surprise"
)]

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

/// What Postfix 3.7 sends at RCPT, with the client's address left open.
const REQUEST: &str = "request=smtpd_access_policy\nprotocol_state=RCPT\nprotocol_name=ESMTP\nclient_address={}\n\
    client_name=unknown\nclient_port=45678\nreverse_client_name=unknown\nserver_address=192.0.2.25\n\
    server_port=25\nhelo_name=mail.example.org\nsender=someone@example.org\nrecipient=else@example.net\n\
    recipient_count=0\nqueue_id=\ninstance=1b2c.6562a3f1.8d2e4.0\nsize=4021\netrn_domain=\nstress=\n\
    sasl_method=\nsasl_username=\nsasl_sender=\nccert_subject=\nccert_issuer=\nccert_fingerprint=\n\
    ccert_pubkey_fingerprint=\nencryption_protocol=\nencryption_cipher=\nencryption_keysize=0\n\
    policy_context=\n\n";

/// One connection's share of the load: each request waits for its answer.
fn drive(place: &str, until: Instant, seed: usize) -> Vec<u32> {
    let mut stream = TcpStream::connect(place).expect("the server listens");
    stream.set_nodelay(true).expect("a TCP socket");
    // Some hundred clients, blocked and not: warm after the first round.
    let requests: Vec<String> = (0..200)
        .map(|n| (n + seed * 7) % 250 + 1)
        .map(|n| if n % 2 == 0 { format!("203.0.113.{n}") } else { format!("198.51.100.{n}") })
        .map(|address| REQUEST.replace("{}", &address))
        .collect();
    let mut micros = Vec::new();
    let mut room = [0; 1024];
    for request in requests.iter().cycle() {
        let asked = Instant::now();
        if asked >= until {
            return micros;
        }
        stream.write_all(request.as_bytes()).expect("the server reads");
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

fn measure(name: &str, place: &str, seconds: f64, connections: usize) {
    // Once through, so that what is measured is warm.
    drive(place, Instant::now() + Duration::from_millis(300), 0);
    let started = Instant::now();
    let until = started + Duration::from_secs_f64(seconds);
    let mut micros: Vec<u32> = std::thread::scope(|scope| {
        let drivers: Vec<_> = (0..connections).map(|n| scope.spawn(move || drive(place, until, n))).collect();
        drivers.into_iter().flat_map(|driver| driver.join().expect("a driver")).collect()
    });
    let elapsed = started.elapsed().as_secs_f64();
    micros.sort_unstable();
    let at = |share: f64| f64::from(micros[((micros.len() - 1) as f64 * share) as usize]) / 1000.0;
    println!(
        "{name:<10} {connections:>3} connections {:>8.0} answers/s   p50 {:.3} ms   p99 {:.3} ms   max {:.1} ms",
        micros.len() as f64 / elapsed,
        at(0.5),
        at(0.99),
        at(1.0)
    );
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with("--")).collect();
    let [place, seconds, connections] = arguments.as_slice() else { return };
    measure("server", place, seconds.parse().expect("seconds"), connections.parse().expect("connections"));
}
