use super::{RedisCache, shown};
use crate::cache::{
    Cache, CacheEnv, CacheLocation, Coordinator, LayeredCache, LeaseHolder, Maintenance, Store,
    contract::{at, freshness, holds_its_promises, kept},
    open,
};
use std::{
    net::{IpAddr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::{Duration, Instant},
};

/// A server of our own on loopback, with nothing on disk.
struct RedisServer {
    child: Child,
    port: u16,
    folder: tempfile::TempDir,
}

impl RedisServer {
    /// None if Redis is not installed, which only a developer's machine may lack.
    #[expect(clippy::print_stderr, reason = "whoever runs the tests should know what was not tested")]
    fn redis(more: &[&str]) -> Option<Self> {
        let server = Self::start("redis-server", "--port", tempfile::tempdir().unwrap(), more);
        assert!(server.is_some() || std::env::var_os("CI").is_none(), "redis-server is not installed");
        if server.is_none() {
            eprintln!("skipped: redis-server is not installed");
        }
        server
    }

    /// A server that speaks only TLS, with certificates signed by its folder's own authority.
    fn with_tls() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let there = Command::new("redis-server").arg("--version").stdout(Stdio::null()).status().is_ok();
        if there {
            certify(folder.path());
        }
        let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        let (ca, cert, key) = (path("ca.pem"), path("host.pem"), path("host.key"));
        let more =
            ["--port", "0", "--tls-ca-cert-file", &ca, "--tls-cert-file", &cert, "--tls-key-file", &key];
        match there {
            true => Self::start("redis-server", "--tls-port", folder, &more),
            false => Self::redis(&[]),
        }
    }

    /// None if the program is not installed.
    fn start(program: &str, listen: &str, folder: tempfile::TempDir, more: &[&str]) -> Option<Self> {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let child = Command::new(program)
            .args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
            .args(more)
            .args([listen, &port.to_string()])
            .arg("--dir")
            .arg(folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let server = Self { child, port, folder };
        let deadline = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < deadline, "{program} does not start");
            thread::sleep(Duration::from_millis(20));
        }
        Some(server)
    }

    fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/3", self.port)
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Makes an authority, a server's certificate for 127.0.0.1, a client's, and another authority that signed nothing.
fn certify(folder: &Path) {
    let openssl = |line: &str| {
        let done = Command::new("openssl").args(line.split(' ')).current_dir(folder).output().unwrap();
        assert!(done.status.success(), "openssl {line}: {}", String::from_utf8_lossy(&done.stderr));
    };
    std::fs::write(folder.join("host.cnf"), "subjectAltName=IP:127.0.0.1\nbasicConstraints=CA:FALSE\n")
        .unwrap();
    let new = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
    for authority in ["ca", "other"] {
        let out = format!("-keyout {authority}.key -out {authority}.pem");
        openssl(&format!("req -x509 {new} {out} -subj /CN=authority -days 2"));
    }
    for name in ["host", "hook"] {
        openssl(&format!("req {new} -keyout {name}.key -out {name}.csr -subj /CN={name}"));
        let by = "-CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile host.cnf";
        openssl(&format!("x509 -req -in {name}.csr -out {name}.pem {by}"));
    }
}

fn ip(address: &str) -> IpAddr {
    address.parse().unwrap()
}

/// A machine's own folder and its connection to the cache.
fn machine(url: &str, home: &Path) -> LayeredCache {
    let env = CacheEnv { home: Some(home.into()), shared: "/proc/whodunit".into(), ..CacheEnv::default() };
    open(&CacheLocation::from(url), &env, at(0))
}

#[test]
fn redis_and_valkey_hold_the_same_promises() {
    for program in ["redis-server", "valkey-server"] {
        let server = match program {
            "redis-server" => RedisServer::redis(&[]),
            _ => RedisServer::start(program, "--port", tempfile::tempdir().unwrap(), &[]),
        };
        let Some(server) = server else { continue };
        holds_its_promises(|| {
            let cache = RedisCache::new(&server.url()).unwrap();
            // Debug builds on a busy machine take longer than a hook may; only at first contact.
            let deadline = Instant::now() + Duration::from_secs(20);
            while cache.forget(None).is_err() {
                assert!(Instant::now() < deadline);
            }
            Box::new(cache) as Box<dyn Cache>
        });
    }
}

#[test]
fn tls_holds_the_same_promises_and_trusts_nobody_else() {
    let Some(server) = RedisServer::with_tls() else { return };
    let folder = server.folder.path().display();
    let url = format!("rediss://127.0.0.1:{}/3?ca={folder}/ca.pem", server.port);
    let ours = format!("{url}&cert={folder}/hook.pem&key={folder}/hook.key");
    let cache = RedisCache::new(&ours).unwrap();
    let deadline = Instant::now() + Duration::from_secs(20);
    while let Err(error) = cache.keep(&kept("198.51.100.0", "198.51.103.255", "198.51.100.1", true)) {
        assert!(Instant::now() < deadline, "{error}");
    }
    assert!(cache.find(ip("198.51.101.9"), &freshness(0)).unwrap().is_some());
    // Without a client certificate, with an authority that did not sign the server's, and in plain text.
    for wrong in [url, ours.replace("/ca.pem", "/other.pem"), server.url()] {
        let cache = RedisCache::new(&wrong).unwrap();
        assert!(cache.find(ip("198.51.101.9"), &freshness(0)).is_err(), "{wrong}");
    }
}

#[test]
fn everything_has_an_expiry_and_one_slot() {
    let Some(server) = RedisServer::redis(&[]) else { return };
    let cache = RedisCache::new(&server.url()).unwrap();
    cache.keep(&kept("198.51.100.0", "198.51.103.255", "198.51.100.1", true)).unwrap();
    assert!(cache.claim("ask", 1, LeaseHolder::unique(), at(0), at(10)).unwrap());
    cache.pace("whois.ripe.net", Duration::from_secs(1), at(0), at(10)).unwrap();
    let keys: Vec<String> = cache.with(|c| ::redis::cmd("KEYS").arg("*").query(c)).unwrap();
    assert!(keys.iter().all(|key| key.starts_with("{whodunit:1}:")), "{keys:?}");
    for key in keys.iter().filter(|key| !key.ends_with("id:") && !key.ends_with("ids:")) {
        let life: i64 = cache.with(|c| ::redis::cmd("TTL").arg(key).query(c)).unwrap();
        assert!(life > 0, "{key}");
    }
    // An expired answer is neither listed nor counted.
    cache.with(|c| ::redis::cmd("DEL").arg("{whodunit:1}:n:1").query::<()>(c)).unwrap();
    assert_eq!(cache.list(0, 9).unwrap().answers.len(), 0);
    assert_eq!(cache.stats(at(0)).unwrap().networks, 0);
    let found = cache.find(ip("198.51.100.1"), &freshness(0)).unwrap().unwrap();
    assert_eq!(cache.answer(&found).unwrap(), None);
}

#[test]
fn forty_hooks_on_two_hosts_put_one_question() {
    let Some(server) = RedisServer::redis(&[]) else { return };
    let homes = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let questions = AtomicU32::new(0);
    let one = |home: &Path| {
        let handle = machine(&server.url(), home);
        let holder = LeaseHolder::unique();
        let deadline = Instant::now() + Duration::from_secs(30);
        while handle.find(ip("198.51.100.9"), &freshness(1)).is_none() {
            if handle.claim("ask", 1, holder, at(1), at(11)) {
                if handle.find(ip("198.51.100.9"), &freshness(1)).is_none() {
                    questions.fetch_add(1, Ordering::Relaxed);
                    handle.keep(&kept("198.51.100.0", "198.51.100.255", "198.51.100.9", true));
                }
                handle.release("ask", holder);
            }
            assert!(Instant::now() < deadline);
            thread::sleep(Duration::from_millis(5));
        }
        handle.warning()
    };
    let warnings: Vec<Option<String>> = thread::scope(|scope| {
        let one = &one;
        let hooks: Vec<_> = (0..40)
            .zip(homes.iter().cycle())
            .map(|(_, home)| scope.spawn(move || one(home.path())))
            .collect();
        hooks.into_iter().map(|hook| hook.join().unwrap()).collect()
    });
    // A hook that this machine kept from Redis for too long went on alone, and said so. There is no other excuse.
    let excused = warnings.iter().flatten().count();
    let questions = questions.into_inner() as usize;
    assert!(questions >= 1 && questions <= 1 + excused, "{questions} questions, {warnings:?}");
}

#[test]
fn a_server_that_is_gone_or_hangs_costs_a_warning_and_a_moment() {
    let home = tempfile::tempdir().unwrap();
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let hanging = TcpListener::bind("127.0.0.1:0").unwrap();
    let hanging_port = hanging.local_addr().unwrap().port();
    for (port, why) in [(gone, "cannot be reached"), (hanging_port, "does not answer")] {
        let handle = machine(&format!("redis://me:secret@127.0.0.1:{port}/0"), home.path());
        let started = Instant::now();
        assert!(handle.find(ip("198.51.100.9"), &freshness(0)).is_none() || port == hanging_port);
        assert!(started.elapsed() < Duration::from_millis(400), "{:?}", started.elapsed());
        handle.keep(&kept("198.51.100.0", "198.51.100.255", "198.51.100.9", true));
        assert!(handle.find(ip("198.51.100.1"), &freshness(1)).is_some(), "the local file answers");
        assert!(started.elapsed() < Duration::from_millis(800), "it is not asked again and again");
        let warning = handle.warning().unwrap();
        assert!(warning.contains(why) && !warning.contains("secret"), "{warning}");
        assert_eq!(handle.warning(), None);
    }
}

#[test]
fn a_server_that_dies_leaves_what_it_had_on_the_local_disk() {
    let Some(server) = RedisServer::redis(&[]) else { return };
    let home = tempfile::tempdir().unwrap();
    let handle = machine(&server.url(), home.path());
    handle.keep(&kept("198.51.100.0", "198.51.100.255", "198.51.100.9", true));
    let found = handle.find(ip("198.51.100.1"), &freshness(1)).unwrap();
    handle.remember(&found, &[1; 16], None, b"blocked");
    assert_eq!(handle.recall(&found, &[1; 16], None).unwrap(), b"blocked");
    drop(server);
    let local = handle.find(ip("198.51.100.1"), &freshness(2)).unwrap();
    assert!(handle.answer(&local).is_some());
    assert!(handle.warning().is_some());
}

#[test]
fn a_denial_noted_by_a_server_that_dies_is_not_forgotten() {
    let Some(server) = RedisServer::redis(&[]) else { return };
    let home = tempfile::tempdir().unwrap();
    let handle = machine(&server.url(), home.path());
    assert_eq!(handle.hold_off("whois.ripe.net", at(0), Duration::ZERO), at(300));
    drop(server);
    assert_eq!(handle.held_off("whois.ripe.net", at(1)), Some(at(300)));
    assert_eq!(handle.held_off("whois.arin.net", at(1)), None);
    let gone = machine("redis://127.0.0.1:1/0", home.path());
    assert_eq!(gone.held_off("whois.ripe.net", at(2)), Some(at(300)), "and other processes here know it");
}

/// A server that is short of memory evicts any key, including the counter of numbers.
#[test]
fn a_number_that_is_given_out_again_brings_nobody_elses_decision_or_answer() {
    let Some(server) = RedisServer::redis(&[]) else { return };
    let cache = RedisCache::new(&server.url()).unwrap();
    cache.keep(&kept("198.51.100.0", "198.51.100.255", "198.51.100.1", true)).unwrap();
    let old = cache.find(ip("198.51.100.1"), &freshness(1)).unwrap().unwrap();
    cache.remember(&old, &[1; 16], None, b"blocked").unwrap();
    assert_eq!(cache.recall(&old, &[1; 16], None).unwrap().unwrap(), b"blocked");
    cache.with(|c| ::redis::cmd("DEL").arg("{whodunit:1}:id:").query::<()>(c)).unwrap();
    let mut other = kept("192.0.2.0", "192.0.2.255", "192.0.2.1", true);
    other.answer.fetched = at(5);
    cache.keep(&other).unwrap();
    let new = cache.find(ip("192.0.2.1"), &freshness(6)).unwrap().unwrap();
    assert_eq!(new.id, old.id, "the case at hand");
    assert_eq!(cache.recall(&new, &[1; 16], None).unwrap(), None);
    assert!(cache.answer(&new).unwrap().is_some());
    // The key of the first network still leads to the number, and finds another network there.
    let old = cache.find(ip("198.51.100.1"), &freshness(6)).unwrap().unwrap();
    assert_eq!(cache.answer(&old).unwrap(), None);
    cache.remember(&new, &[1; 16], None, b"clear").unwrap();
    assert_eq!(cache.recall(&old, &[1; 16], None).unwrap(), None);
    let mut again = kept("198.51.100.0", "198.51.100.255", "198.51.100.1", true);
    again.answer.fetched = at(7);
    cache.keep(&again).unwrap();
    assert!(cache.answer(&new).unwrap().is_some(), "replacing the first leaves the other alone");
    let old = cache.find(ip("198.51.100.1"), &freshness(8)).unwrap().unwrap();
    assert!(cache.answer(&old).unwrap().is_some());
}

#[test]
fn an_answer_that_is_damaged_goes_by_itself() {
    let Some(server) = RedisServer::redis(&[]) else { return };
    let cache = RedisCache::new(&server.url()).unwrap();
    cache.keep(&kept("198.51.100.0", "198.51.100.255", "198.51.100.1", true)).unwrap();
    let found = cache.find(ip("198.51.100.1"), &freshness(1)).unwrap().unwrap();
    let harm = |c: &mut ::redis::Connection| {
        ::redis::cmd("HSET").arg("{whodunit:1}:n:1").arg("body").arg("\u{1}?").query::<()>(c)
    };
    cache.with(harm).unwrap();
    assert_eq!(cache.answer(&found).unwrap(), None);
    assert!(cache.find(ip("198.51.100.1"), &freshness(1)).unwrap().is_none());
    assert_eq!(cache.stats(at(0)).unwrap().networks, 0);
}

#[test]
fn a_full_or_locked_server_costs_a_warning() {
    let home = tempfile::tempdir().unwrap();
    let Some(server) = RedisServer::redis(&["--maxmemory", "1500kb"]) else { return };
    let handle = machine(&server.url(), home.path());
    for n in 0..200 {
        let mut large =
            kept(&format!("198.51.{n}.0"), &format!("198.51.{n}.255"), &format!("198.51.{n}.9"), true);
        large.answer.text =
            (0..4000_u64).map(|line| format!("{:x}\n", line.wrapping_mul(line + n) << 20)).collect();
        handle.keep(&large);
        assert!(handle.find(ip(&format!("198.51.{n}.1")), &freshness(1)).is_some(), "{n}");
    }
    let warning = handle.warning().unwrap();
    assert!(warning.contains("is full"), "{warning}");
    drop(server);
    let Some(server) = RedisServer::redis(&["--requirepass", "secret"]) else { return };
    let handle = machine(&server.url(), home.path());
    let _ = handle.find(ip("198.51.100.1"), &freshness(1));
    let warning = handle.warning().unwrap();
    assert!(warning.contains("127.0.0.1"), "{warning}");
}

#[test]
fn addresses_are_read_and_shown_without_secrets() {
    assert_eq!(shown("redis://me:se@cret@cache.example:6379/1"), "redis://cache.example:6379/1");
    assert_eq!(shown("rediss://cache.example/1?key=/etc/x"), "rediss://cache.example/1");
    for scheme in ["redis", "rediss"] {
        let error =
            RedisCache::new(&format!("{scheme}://me:se?cret@cache.example/0")).err().unwrap().to_string();
        assert!(error.contains("://cache.example/0 ") && error.contains("%3F"), "{error}");
        assert!(!error.contains("se?") && !error.contains("cret"), "{error}");
    }
}
