//! One exchange over HTTPS. The name is resolved and the address checked first, as for port 43. Then that address is
//! connected to, and the certificate is checked for the name.
//!
//! No proxy is used, whatever the environment says. A proxy would resolve the name itself, and then nothing would keep
//! queries out of the inside of the network.

use super::{RdapQuery, text};
use crate::{
    deadline::Deadline,
    registry::{CaFile, Registry, Servers, UnknownKind},
    whois::resolve,
};
use jiff::Timestamp;
use rustls::{
    CertificateError,
    pki_types::{CertificateDer, pem::PemObject},
};
use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::{Arc, LazyLock},
    time::Duration,
};
use ureq::{
    Agent,
    config::Config,
    http::{Response, StatusCode, Uri, header},
    tls::{Certificate, RootCerts, TlsConfig},
    unversioned::{
        resolver::{ResolvedSocketAddrs, Resolver},
        transport::{DefaultConnector, NextTimeout},
    },
};

/// The longest answer in bytes: the longest real ones, with hundreds of links and notices, are far below it.
const LONGEST: u64 = 1024 * 1024;

/// The longest `Retry-After` of a server that is obeyed.
const LONGEST_HOLD: Duration = Duration::from_secs(24 * 60 * 60);

/// A server's reply.
#[derive(Debug)]
pub enum RdapReply {
    /// A network that holds the address: text in the form of RPSL, and the registry of the record.
    Network(String, Registry),
    /// Another server knows it: the next query.
    Elsewhere(Box<RdapQuery>),
}

/// The reason why a query has no answer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RdapFailure {
    /// The kind, for scripts.
    pub kind: UnknownKind,
    /// The sentence, for people.
    pub message: String,
    /// How long the server wants to be left alone, if it says so: a day at most.
    pub retry_after: Option<Duration>,
}

/// Asks one server about one address.
///
/// # Errors
/// [`RdapFailure`] with the reason: [`UnknownKind::Denied`] for 429, 403, 401 and a 503 with a retry time,
/// [`UnknownKind::NotFound`] for 404, [`UnknownKind::Incomplete`] for an answer that is not about the address.
pub fn ask(
    query: &RdapQuery,
    address: IpAddr,
    servers: &Servers,
    deadline: Deadline,
) -> Result<RdapReply, RdapFailure> {
    let name = &query.server.name;
    let failure = |kind, message: String| RdapFailure { kind, message, retry_after: None };
    let sockets = resolve(&query.server, deadline).map_err(|failed| failure(failed.kind, failed.message))?;
    let agent =
        agent(query, sockets, deadline).map_err(|(kind, why)| failure(kind, format!("{name}: {why}")))?;
    let failed = |error: ureq::Error| {
        let (kind, why) = reason(error, query.ca.as_ref());
        failure(kind, format!("{name} {why}"))
    };
    let request = agent.get(query.url()).header(header::CONNECTION, "close");
    let mut response = request.call().map_err(failed)?;
    let status = response.status();
    if status == StatusCode::OK {
        let body = response.body_mut().with_config().limit(LONGEST).read_to_vec().map_err(failed)?;
        return text::written(&body, query.server.registry, address)
            .map(|(text, registry)| RdapReply::Network(text, registry))
            .map_err(|why| failure(UnknownKind::Incomplete, format!("{name}: {why}")));
    }
    if status.is_redirection() {
        let location = field(&response, &header::LOCATION).unwrap_or_default();
        return query
            .redirected(location, servers)
            .map(|next| RdapReply::Elsewhere(Box::new(next)))
            .map_err(|why| failure(UnknownKind::Network, format!("{name} redirects {why}")));
    }
    let retry_after = field(&response, &header::RETRY_AFTER).and_then(|value| retry(value, Timestamp::now()));
    let (kind, said) = match status.as_u16() {
        404 => (UnknownKind::NotFound, "it knows no such network"),
        429 => (UnknownKind::Denied, "too many questions"),
        401 | 403 => (UnknownKind::Denied, "it refuses to answer"),
        503 if retry_after.is_some() => (UnknownKind::Denied, "it wants to be asked later"),
        _ => (UnknownKind::Network, "it gives no answer"),
    };
    Err(RdapFailure {
        kind,
        message: format!("{name}: {said} (HTTP status {})", status.as_u16()),
        retry_after,
    })
}

/// A header's value, if it is text.
fn field<'a>(response: &'a Response<ureq::Body>, name: &header::HeaderName) -> Option<&'a str> {
    response.headers().get(name)?.to_str().ok()
}

/// The time in `Retry-After` (RFC 9110 section 10.2.3): seconds or a date, a day at most.
fn retry(value: &str, now: Timestamp) -> Option<Duration> {
    let value = value.trim();
    let after = match value.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let date = jiff::fmt::rfc2822::parse(value).ok()?.timestamp();
            Duration::try_from(date.duration_since(now)).ok()?
        }
    };
    Some(after.min(LONGEST_HOLD))
}

/// A client for one query: no redirects, no proxy, no cookies, one deadline, and only the checked addresses.
fn agent(
    query: &RdapQuery,
    sockets: Vec<SocketAddr>,
    deadline: Deadline,
) -> Result<Agent, (UnknownKind, String)> {
    let left = deadline.remaining().ok_or((UnknownKind::Timeout, "no time was left to ask it".to_owned()))?;
    let roots = match &query.ca {
        Some(ca) => certificates(&ca.pem).ok_or("its `ca` holds no certificate".to_owned()),
        None if MACHINE.is_empty() => {
            Err("this machine trusts no certificates: install the package ca-certificates".to_owned())
        }
        None => Ok(MACHINE.clone()),
    };
    let roots = roots.map_err(|why| (UnknownKind::Network, why))?;
    let tls = TlsConfig::builder()
        .root_certs(RootCerts::new_with_certs(&roots))
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .build();
    let config = Config::builder()
        .https_only(true)
        .proxy(None)
        .http_status_as_error(false)
        .max_redirects(0)
        .user_agent("whodunit")
        .accept("application/rdap+json, application/json")
        .timeout_global(Some(left))
        .tls_config(tls)
        .build();
    Ok(Agent::with_parts(config, DefaultConnector::new(), Checked(sockets)))
}

/// The machine's own certificates, read once; `SSL_CERT_FILE` and `SSL_CERT_DIR` name others, as for OpenSSL.
static MACHINE: LazyLock<Vec<Certificate<'static>>> = LazyLock::new(|| {
    let found = rustls_native_certs::load_native_certs();
    found.certs.iter().map(|der| Certificate::from_der(der).to_owned()).collect()
});

/// The certificates of a PEM file; None if there are none or one is broken.
fn certificates(pem: &[u8]) -> Option<Vec<Certificate<'static>>> {
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let read: Vec<_> = read.ok()?.iter().map(|der| Certificate::from_der(der).to_owned()).collect();
    (!read.is_empty()).then_some(read)
}

/// Addresses that were resolved and checked before, so that exactly these are connected to.
#[derive(Debug)]
struct Checked(Vec<SocketAddr>);

impl Resolver for Checked {
    fn resolve(&self, _: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let mut addresses = self.empty();
        self.0.iter().take(8).for_each(|address| addresses.push(*address));
        if addresses.is_empty() { Err(ureq::Error::HostNotFound) } else { Ok(addresses) }
    }
}

/// The failure of an exchange, as the rest of a sentence that begins with the server's name.
fn reason(error: ureq::Error, ca: Option<&CaFile>) -> (UnknownKind, String) {
    if let Some(why) = certificate_fault(&error).and_then(|fault| untrusted(fault, ca)) {
        return (UnknownKind::Network, format!("could not be asked: {why}"));
    }
    match error {
        ureq::Error::Timeout(_) => (UnknownKind::Timeout, "did not answer in time".to_owned()),
        ureq::Error::BodyExceedsLimit(_) => {
            (UnknownKind::TooLarge, format!("sent more than {LONGEST} bytes"))
        }
        ureq::Error::LargeResponseHeader(..) => (UnknownKind::TooLarge, "sent too long a header".to_owned()),
        ureq::Error::Io(error) => match error.kind() {
            io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => {
                (UnknownKind::Timeout, "did not answer in time".to_owned())
            }
            _ => (UnknownKind::Network, format!("could not be asked: {}", crate::error::reason(&error))),
        },
        other => (UnknownKind::Network, format!("could not be asked: {other}")),
    }
}

/// The fault in the server's certificate.
fn certificate_fault(error: &ureq::Error) -> Option<&CertificateError> {
    let error = match error {
        ureq::Error::Rustls(error) => error,
        ureq::Error::Io(error) => error.get_ref()?.downcast_ref()?,
        _ => return None,
    };
    if let rustls::Error::InvalidCertificate(fault) = error { Some(fault) } else { None }
}

/// The reason and the remedy if nobody vouches for a server's certificate; None for other faults, whose own words say
/// enough.
fn untrusted(fault: &CertificateError, ca: Option<&CaFile>) -> Option<String> {
    let ca = ca.map(|ca| ca.path.display());
    match (fault, ca) {
        (CertificateError::UnknownIssuer, None) => {
            Some("no authority that this machine trusts has signed its certificate".to_owned())
        }
        (CertificateError::UnknownIssuer | CertificateError::BadSignature, Some(file)) => Some(format!(
            "the `ca` {file} has not signed its certificate: `ca` names the certificate of the authority, not the \
             server's own"
        )),
        // rustls has no name for it.
        (CertificateError::Other(other), ca) if other.to_string().contains("CaUsedAsEndEntity") => {
            let file = ca.map(|file| format!(", and keep {file} as its `ca`")).unwrap_or_default();
            Some(format!(
                "its certificate is an authority's own (CA:TRUE), which no server may use: sign one for the server \
                 with it{file}"
            ))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_says_when_to_come_back() {
        let now: Timestamp = "2026-11-27T10:00:00Z".parse().unwrap();
        for (value, seconds) in [
            ("120", Some(120)),
            (" 0 ", Some(0)),
            ("999999999", Some(86_400)),
            ("18446744073709551615", Some(86_400)),
            ("Fri, 27 Nov 2026 10:05:00 GMT", Some(300)),
            ("Fri, 27 Nov 2026 09:05:00 GMT", None),
            ("soon", None),
            ("-5", None),
        ] {
            assert_eq!(retry(value, now).map(|after| after.as_secs()), seconds, "{value}");
        }
    }
}
