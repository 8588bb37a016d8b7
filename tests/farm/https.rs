//! HTTPS servers of the farm, as RDAP servers. Each has a certificate for its own name. A new authority signs it in
//! each run, which nobody else trusts.

use super::{conduct, scenario::Rule};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose};
use rustls::{
    ServerConfig, ServerConnection, StreamOwned,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};
use std::{
    io::{ErrorKind, Read},
    net::TcpStream,
    sync::{Arc, LazyLock, atomic::AtomicBool, atomic::Ordering::SeqCst},
    time::{Duration, Instant},
};

/// The longest wait of a test for a query.
const LONGEST: Duration = Duration::from_secs(60);
/// More bytes than any client sends before its query.
const HEAD: usize = 16 * 1024;

/// The authority of the farm's certificates.
struct Authority(CertifiedIssuer<'static, KeyPair>);

fn authority(name: &str) -> Authority {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let key = KeyPair::generate().expect("a key");
    Authority(CertifiedIssuer::self_signed(params, key).expect("a certificate"))
}

/// The authority's name. A server with a certificate for this name shows the authority's own.
pub(crate) const AUTHORITY: &str = "The farm's authority";

static TRUSTED: LazyLock<Authority> = LazyLock::new(|| authority(AUTHORITY));
static STRANGE: LazyLock<Authority> = LazyLock::new(|| authority("An authority that nobody trusts"));

/// The certificate to trust, as a PEM file.
pub(crate) fn trusted() -> String {
    TRUSTED.0.pem()
}

/// A server's certificate for `name`, signed by the farm's authority or by a strange one.
pub(crate) fn config(name: &str, strange: bool) -> Arc<ServerConfig> {
    let authority = if strange { &STRANGE.0 } else { &TRUSTED.0 };
    let key = KeyPair::generate().expect("a key");
    let names = if name == AUTHORITY { vec![] } else { vec![name.to_owned()] };
    let params = CertificateParams::new(names).expect("a server's name");
    let certificate = params.signed_by(&key, authority).expect("a certificate");
    let (key, der) = match name {
        AUTHORITY => (authority.key().serialize_der(), authority.der().clone()),
        _ => (key.serialize_der(), certificate.der().clone()),
    };
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("TLS")
        .with_no_client_auth()
        .with_single_cert(vec![der], key)
        .expect("the certificate's key");
    Arc::new(config)
}

/// A connection for queries.
pub(crate) type Secure<'a> = StreamOwned<ServerConnection, &'a TcpStream>;

/// Does the handshake and reads the query: the first line, without the protocol's version.
pub(crate) fn accept<'a>(
    config: &Arc<ServerConfig>,
    stream: &'a TcpStream,
    stop: &AtomicBool,
) -> Option<(Secure<'a>, String)> {
    stream.set_read_timeout(Some(conduct::GLANCE)).ok()?;
    let mut secure = StreamOwned::new(ServerConnection::new(Arc::clone(config)).ok()?, stream);
    let (mut head, end) = (Vec::new(), Instant::now() + LONGEST);
    while !stop.load(SeqCst) && Instant::now() < end && head.len() < HEAD {
        let mut bytes = [0; 1024];
        match secure.read(&mut bytes) {
            Ok(0) => return None,
            Ok(read) => head.extend_from_slice(bytes.get(..read)?),
            Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(_) => return None,
        }
        if head.windows(4).any(|end| end == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&head).into_owned();
            let line = head.lines().next()?.rsplit_once(' ')?.0.to_owned();
            return Some((secure, line));
        }
    }
    None
}

/// The head of a reply, whose body may be cut.
pub(crate) fn head(rule: &Rule, length: usize, filled: impl Fn(&str) -> String) -> String {
    let mut head = format!("HTTP/1.1 {} Said\r\nConnection: close\r\n", rule.status.unwrap_or(200));
    head += &format!("Content-Type: application/rdap+json\r\nContent-Length: {length}\r\n");
    for (name, value) in &rule.headers {
        head += &format!("{name}: {}\r\n", filled(value));
    }
    head + "\r\n"
}
