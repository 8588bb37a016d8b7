//! The connection to the server: its address, TLS if asked for, and time limits that a hook can bear.
//!
//! `rediss://host:port/db` is TLS. The server must show a certificate for that name. It must be signed by an authority
//! that the machine trusts (its own store, or `SSL_CERT_FILE`), or by the one in `?ca=FILE`. Redis also asks for a
//! client certificate, unless its `tls-auth-clients` is off: `&cert=FILE&key=FILE`. All are PEM.

use super::explain;
use ::redis::{Client, ClientTlsConfig, Connection, RedisResult, TlsCertificates};
use std::{fs, sync::mpsc, thread, time::Duration};

/// The limit for connecting and logging in. With [`ANSWER`] it stays below the quarter of a second that a dead server
/// may cost.
const CONNECT: Duration = Duration::from_millis(120);
/// The limit for each request after that.
const ANSWER: Duration = Duration::from_millis(100);

/// The parameters that an address may have.
const NAMES: [&str; 3] = ["ca=", "cert=", "key="];

/// The location of the server, and the certificates of both sides.
#[derive(Clone)]
pub(super) struct RedisAddress {
    url: String,
    /// None means plain text.
    tls: Option<TlsCertificates>,
}

impl RedisAddress {
    /// Parses a server's address.
    ///
    /// # Errors
    /// The fault in it, to follow "the cache ...".
    pub(super) fn new(url: &str) -> Result<Self, String> {
        let (url, parameters) = url.split_once('?').unwrap_or((url, ""));
        if parameters.contains('@') && !url.contains('@') && !NAMES.iter().any(|n| parameters.starts_with(n))
        {
            return Err("has a question mark in front of its @: in a password write %3F for it".to_owned());
        }
        let tls = match url.starts_with("rediss://") {
            true => Some(certificates(parameters)?),
            false if parameters.is_empty() => None,
            false => return Err("names certificates without TLS: write rediss://".to_owned()),
        };
        let address = Self { url: url.to_owned(), tls };
        match address.client() {
            Ok(_) => Ok(address),
            Err(_) if address.tls.is_some() => Err("is not a server's address, or its certificates are not \
                PEM: write rediss://host:port/db?ca=FILE&cert=FILE&key=FILE"
                .to_owned()),
            Err(_) => Err("is not a server's address: write redis://host:port/db".to_owned()),
        }
    }

    fn client(&self) -> RedisResult<Client> {
        match &self.tls {
            None => Client::open(self.url.as_str()),
            Some(tls) => {
                // It fails if other code has installed a provider before; that one serves as well.
                let _ = rustls::crypto::ring::default_provider().install_default();
                Client::build_with_tls(self.url.as_str(), tls.clone())
            }
        }
    }

    /// Connects within [`CONNECT`], even if name resolution or the server hangs. A thread does it, and is abandoned if
    /// it takes longer.
    pub(super) fn open(&self) -> Result<Connection, String> {
        let (done, result) = mpsc::channel();
        let address = self.clone();
        let connecting = move || {
            let connected = address.client().and_then(|client| {
                let connection = client.get_connection_with_timeout(CONNECT)?;
                connection.set_read_timeout(Some(ANSWER))?;
                connection.set_write_timeout(Some(ANSWER))?;
                Ok(connection)
            });
            let _ = done.send(connected);
        };
        let started = thread::Builder::new().spawn(connecting);
        if started.is_err() {
            return Err("cannot be asked: no thread can be started".to_owned());
        }
        match result.recv_timeout(CONNECT) {
            Ok(connected) => connected.map_err(|error| explain(&error)),
            Err(_) => Err("does not answer".to_owned()),
        }
    }

    /// Uses another host from now on, with the same credentials. A cluster has only database 0.
    pub(super) fn lead_to(&mut self, host: &str, port: u16) {
        let Some((scheme, rest)) = self.url.split_once("://") else { return };
        let credentials =
            rest.rsplit_once('@').map(|(credentials, _)| format!("{credentials}@")).unwrap_or_default();
        let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
        self.url = format!("{scheme}://{credentials}{host}:{port}/");
    }
}

/// Reads the certificates that `ca=FILE&cert=FILE&key=FILE` names.
fn certificates(parameters: &str) -> Result<TlsCertificates, String> {
    let (mut root_cert, mut client_cert, mut client_key) = (None, None, None);
    for parameter in parameters.split('&').filter(|parameter| !parameter.is_empty()) {
        let (name, file) = parameter.split_once('=').unwrap_or((parameter, ""));
        let slot = match name {
            "ca" => &mut root_cert,
            "cert" => &mut client_cert,
            "key" => &mut client_key,
            _ => return Err(format!("has a parameter `{name}`: the known ones are ca, cert and key")),
        };
        let bytes = fs::read(file).map_err(|error| {
            format!("names {file}, which cannot be read: {}", crate::error::reason(&error))
        })?;
        *slot = Some(bytes);
    }
    let client_tls = match (client_cert, client_key) {
        (Some(client_cert), Some(client_key)) => Some(ClientTlsConfig { client_cert, client_key }),
        (None, None) => None,
        _ => return Err("names only one of cert and key: write both".to_owned()),
    };
    Ok(TlsCertificates { client_tls, root_cert })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn led(url: &str, host: &str, port: u16) -> String {
        let mut address = RedisAddress::new(url).unwrap();
        address.lead_to(host, port);
        address.url
    }

    fn refused(url: &str) -> String {
        RedisAddress::new(url).err().unwrap()
    }

    #[test]
    fn another_node_is_reached_in_the_same_way() {
        assert_eq!(led("redis://me:secret@a:1/2", "192.0.2.7", 7001), "redis://me:secret@192.0.2.7:7001/");
        assert_eq!(led("rediss://a", "2001:db8::1", 6379), "rediss://[2001:db8::1]:6379/");
    }

    #[test]
    fn says_what_is_wrong_with_an_address() {
        assert!(refused("redis://:::").contains("redis://host:port/db"));
        assert!(refused("redis://a/0?ca=/x").contains("write rediss://"));
        assert!(
            refused("rediss://a/0?ca=/nonexistent")
                .contains("/nonexistent, which cannot be read: no such file")
        );
        assert!(refused("rediss://a/0?cert=/dev/null").contains("write both"));
        assert!(refused("rediss://a/0?insecure").contains("`insecure`"));
        assert!(refused("rediss://a/0?cert=/dev/null&key=/dev/null").contains("not PEM"));
    }
}
