//! One query: a URL (RFC 9082) at a server, and that server's location.

use super::bootstrap;
use crate::registry::{CaFile, Registry, Server, Servers};
use std::net::IpAddr;
use url::Url;

/// The port of HTTPS.
const HTTPS: u16 = 443;

/// A query and its server.
#[derive(Clone, Debug)]
pub struct RdapQuery {
    /// The server. Its name is the URL's host, and its certificate must be for that name.
    pub server: Server,
    pub(super) url: Url,
    /// Certificates to trust instead of the machine's, for a server in `--servers`.
    pub(super) ca: Option<CaFile>,
}

impl RdapQuery {
    /// The query about an address to the registry that did not answer on port 43. If that has no RDAP server of its
    /// own, IANA's table names one.
    ///
    /// None if there is no such server. Also None if the user's list moves the registry's whois elsewhere without its
    /// RDAP server: such a user asks a mirror, or nobody outside.
    #[must_use]
    pub fn about(address: IpAddr, registry: Registry, servers: &Servers) -> Option<Self> {
        let base = bootstrap::base_of(registry).or_else(|| bootstrap::responsible(address))?;
        let url = Url::parse(base).ok()?.join(&format!("ip/{address}")).ok()?;
        let query = Self::of(url, servers).ok()?;
        let moved =
            [registry, query.server.registry].into_iter().filter_map(|of| servers.of(of)).any(|of| of.listed);
        (query.server.listed || !moved).then_some(query)
    }

    /// The query that a redirect leads to.
    ///
    /// # Errors
    /// The reason why it is not followed, as the end of a sentence.
    pub(super) fn redirected(&self, location: &str, servers: &Servers) -> Result<Self, String> {
        if location.trim().is_empty() {
            return Err("to nowhere".to_owned());
        }
        let url = self.url.join(location).map_err(|_| "to what is no URL".to_owned())?;
        let mut query = Self::of(url, servers)?;
        if query.server.registry == Registry::Other {
            // A national registry's server that is in no table answers for the registry that redirected to it.
            query.server.registry = self.server.registry;
        }
        Ok(query)
    }

    fn of(mut url: Url, servers: &Servers) -> Result<Self, String> {
        url.set_fragment(None);
        if url.scheme() != "https" || !url.username().is_empty() || url.password().is_some() {
            return Err("to what is not plainly HTTPS".to_owned());
        }
        let host = url.host_str().unwrap_or_default().trim_end_matches('.').to_ascii_lowercase();
        let host = host.trim_start_matches('[').trim_end_matches(']');
        if host.is_empty() {
            return Err("to no host".to_owned());
        }
        let listed = servers.listed(host);
        let port = url.port().unwrap_or(HTTPS);
        if listed.is_none() && port != HTTPS {
            // A redirect must not make us connect to any port of any host.
            return Err(format!("to port {port} of {host}"));
        }
        let server = Server {
            name: host.to_owned(),
            registry: bootstrap::registry_of(host),
            host: listed.as_ref().map_or_else(|| host.to_owned(), |listed| listed.host.clone()),
            port: listed.as_ref().and_then(|listed| listed.port).unwrap_or(HTTPS),
            question: None,
            listed: listed.is_some(),
        };
        let ca = listed.and_then(|listed| listed.ca);
        Ok(Self { server, url, ca })
    }

    /// The URL, as `--explain` shows it.
    #[must_use]
    pub fn url(&self) -> &str {
        self.url.as_str()
    }

    /// The queries a second that the server allows, and the burst before that limit counts. LACNIC's is said to block
    /// at ten a minute. The others have published no number, and are asked only when their port 43 does not answer.
    #[must_use]
    pub fn pace(&self) -> (f64, u32) {
        match self.server.registry {
            Registry::Lacnic | Registry::RegistroBr => (0.15, 9),
            Registry::Ripe | Registry::Arin | Registry::Apnic | Registry::Afrinic => (2.0, 20),
            _ => (1.0, 10),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn about(address: &str, registry: Registry, servers: &Servers) -> Option<RdapQuery> {
        RdapQuery::about(address.parse().unwrap(), registry, servers)
    }

    fn list(text: &str) -> Servers {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("servers.json");
        fs::write(&path, text).unwrap();
        Servers::read(&path).unwrap()
    }

    #[test]
    fn each_registrys_url() {
        let servers = Servers::default();
        for (address, registry, url) in [
            ("193.0.22.9", Registry::Ripe, "https://rdap.db.ripe.net/ip/193.0.22.9"),
            ("8.8.8.8", Registry::Arin, "https://rdap.arin.net/registry/ip/8.8.8.8"),
            ("2001:67c::1", Registry::Ripe, "https://rdap.db.ripe.net/ip/2001:67c::1"),
            ("200.160.2.3", Registry::RegistroBr, "https://rdap.lacnic.net/rdap/ip/200.160.2.3"),
            // A registry answers for a transferred block, whatever IANA's table says.
            ("8.8.8.8", Registry::Apnic, "https://rdap.apnic.net/ip/8.8.8.8"),
            ("8.8.8.8", Registry::Other, "https://rdap.arin.net/registry/ip/8.8.8.8"),
        ] {
            let query = about(address, registry, &servers).unwrap();
            assert_eq!((query.url(), query.server.port, query.server.listed), (url, 443, false));
        }
        assert!(about("3000::1", Registry::Iana, &servers).is_none());
    }

    #[test]
    fn a_listed_server_is_asked_where_the_list_says() {
        let servers = list(
            r#"{"rdap.db.ripe.net": {"host": "127.0.0.1:8443"}, "whois.arin.net": {"host": "127.0.0.1:4301"}}"#,
        );
        let query = about("193.0.22.9", Registry::Ripe, &servers).unwrap();
        assert_eq!((query.server.host.as_str(), query.server.port), ("127.0.0.1", 8443));
        assert_eq!(query.server.name, "rdap.db.ripe.net");
        assert!(query.server.listed);
    }

    #[test]
    fn whoever_moves_a_registry_elsewhere_does_not_mean_its_real_rdap_server() {
        let servers = list(r#"{"whois.arin.net": {"host": "127.0.0.1:4301"}}"#);
        assert!(about("8.8.8.8", Registry::Arin, &servers).is_none());
        assert!(about("193.0.22.9", Registry::Ripe, &servers).is_some());
        let servers = list(r#"{"whois.lacnic.net": {"host": "127.0.0.1:4301"}}"#);
        assert!(about("200.160.2.3", Registry::RegistroBr, &servers).is_none());
    }

    #[test]
    fn redirects_lead_to_https_on_its_own_port_and_nowhere_else() {
        let servers = list(r#"{"rdap.apnic.net": {"host": "127.0.0.1:8443"}}"#);
        let query = about("8.8.8.8", Registry::Arin, &servers).unwrap();
        for (location, url, registry) in [
            ("https://rdap.db.ripe.net/ip/8.8.8.8", "https://rdap.db.ripe.net/ip/8.8.8.8", Registry::Ripe),
            ("/registry/ip/8.8.8.0/24", "https://rdap.arin.net/registry/ip/8.8.8.0/24", Registry::Arin),
            (
                "//RDAP.Registro.BR:443/ip/8.8.8.8#x",
                "https://rdap.registro.br/ip/8.8.8.8",
                Registry::RegistroBr,
            ),
            (
                "https://rdap.apnic.net:7777/ip/8.8.8.8",
                "https://rdap.apnic.net:7777/ip/8.8.8.8",
                Registry::Apnic,
            ),
            ("https://rdap.example.net/ip/8.8.8.8", "https://rdap.example.net/ip/8.8.8.8", Registry::Arin),
            ("https://[2001:db8::1]/", "https://[2001:db8::1]/", Registry::Arin),
        ] {
            let next = query.redirected(location, &servers).unwrap();
            assert_eq!((next.url(), next.server.registry), (url, registry), "{location}");
        }
        for location in [
            "http://rdap.db.ripe.net/ip/8.8.8.8",
            "https://rdap.db.ripe.net:8443/ip/8.8.8.8",
            "https://user@rdap.db.ripe.net/",
            "https://:x@rdap.db.ripe.net/",
            "whois://whois.ripe.net",
            "file:///etc/passwd",
            "data:text/plain,x",
            "https://",
        ] {
            assert!(query.redirected(location, &servers).is_err(), "{location}");
        }
        let literal = query.redirected("https://[2001:db8::1]/", &servers).unwrap();
        assert_eq!(literal.server.host, "2001:db8::1");
    }
}
