//! A server to ask, and the user's list of servers that replace the built-in ones.

use super::Registry;
use crate::{
    error::{Error, Result},
    registry::UnknownKind,
};
use rustls::pki_types::{CertificateDer, pem::PemObject};
use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
};

/// The port of whois (RFC 3912).
const WHOIS: u16 = 43;
/// The port of referral whois (RFC 2167).
pub(super) const RWHOIS: u16 = 4321;

/// A server that can be asked.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Server {
    /// Its name in lower case: `whois.ripe.net`. Limits and visits are counted by this name.
    pub name: String,
    /// Its registry, which decides the form of the query and how the answer is read.
    pub registry: Registry,
    /// Its location: a host name or an address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// A query that replaces the registry's own form; `$addr` stands for the address.
    pub question: Option<String>,
    /// It is in the user's list, so it may also be inside the network.
    pub listed: bool,
}

/// The reason why a query has no answer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AskFailure {
    /// The kind, for scripts.
    pub kind: UnknownKind,
    /// The sentence, for people.
    pub message: String,
    /// The server's text before the connection broke. It may be a denial, and is never a complete answer.
    pub received: Vec<u8>,
}

impl AskFailure {
    /// A failure of a server that sent nothing.
    pub(crate) fn new(kind: UnknownKind, message: String) -> Self {
        Self { kind, message, received: Vec::new() }
    }
}

/// The user's server list (`--servers`), in whois-rust's JSON form, keyed by server name.
#[derive(Clone, Debug, Default)]
pub struct Servers {
    /// Sorted, so that every run takes the same one of a registry's several names.
    listed: BTreeMap<String, ServerListEntry>,
}

#[derive(Clone, Debug)]
struct ServerListEntry {
    host: String,
    port: Option<u16>,
    question: Option<String>,
    ca: Option<CaFile>,
}

/// The certificates to trust at a server.
#[derive(Clone, Debug)]
pub struct CaFile {
    /// The file, for messages.
    pub path: PathBuf,
    /// PEM, at least one certificate.
    pub pem: Vec<u8>,
}

/// A server's location by the list.
#[derive(Clone, Debug)]
pub struct ListedServer {
    /// A host name or an address.
    pub host: String,
    /// None if the list names none.
    pub port: Option<u16>,
    /// Certificates to trust there instead of the machine's.
    pub ca: Option<CaFile>,
}

impl Servers {
    /// Reads a server list.
    ///
    /// # Errors
    /// The file cannot be read (66), or an entry is not in whois-rust's form (78).
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).map_err(|error| Error::input(path, &error))?;
        let wrong = |why: String| Error::config(format!("{}: {why}", path.display()));
        let entries: serde_json::Map<String, serde_json::Value> =
            serde_json::from_str(&text).map_err(|error| {
                let position = format!("{}:{}:{}", path.display(), error.line(), error.column());
                Error::config(format!("{position}: this is not a JSON object of servers: {error}"))
            })?;
        let mut listed = BTreeMap::new();
        for (name, value) in entries {
            // whois-rust's own lists have a section "_" for general settings; its `ip` entry is the default server.
            if name.starts_with('_') || name.is_empty() {
                continue;
            }
            let server = whois_rust::WhoIsServerValue::from_value(&value).map_err(|_| {
                wrong(format!(
                    "server `{name}` has no valid host: write {{\"host\": \"name-or-address:port\"}}"
                ))
            })?;
            let host = server.host.host().to_string();
            let ca = value.get("ca").map(|ca| certificates(path, &name, ca)).transpose()?;
            let entry = ServerListEntry { host, port: server.host.port(), question: server.query, ca };
            listed.insert(name.trim_end_matches('.').to_ascii_lowercase(), entry);
        }
        Ok(Self { listed })
    }

    /// The server of this name, at the location in the list, else at its name. A registry is asked on its own port and
    /// in its own protocol, whatever a referral says.
    #[must_use]
    pub fn find(&self, name: &str, port: Option<u16>, rwhois: bool) -> Server {
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        let (registry, port, rwhois) = match Registry::of_server(&name) {
            Registry::Other if rwhois => (Registry::Rwhois, port, true),
            Registry::Other => (Registry::Other, port, false),
            known => (known, None, false),
        };
        let usual = if rwhois { RWHOIS } else { WHOIS };
        // A registry with several names (KRNIC has three) is the same registry under each.
        let alias = || {
            let known = !matches!(registry, Registry::Other | Registry::Rwhois);
            self.listed
                .iter()
                .find(|(other, _)| known && Registry::of_server(other) == registry)
                .map(|(_, e)| e)
        };
        match self.listed.get(&name).or_else(alias) {
            Some(entry) => Server {
                host: entry.host.clone(),
                port: entry.port.unwrap_or(usual),
                question: entry.question.clone(),
                listed: true,
                registry,
                name,
            },
            None => Server {
                host: name.clone(),
                port: port.unwrap_or(usual),
                question: None,
                listed: false,
                registry,
                name,
            },
        }
    }

    /// The list's location for the server of this very name.
    #[must_use]
    pub fn listed(&self, name: &str) -> Option<ListedServer> {
        let entry = self.listed.get(name)?;
        Some(ListedServer { host: entry.host.clone(), port: entry.port, ca: entry.ca.clone() })
    }

    /// Whether the list has a registry's server, under any of its names.
    #[must_use]
    pub fn lists(&self, registry: Registry) -> bool {
        self.listed.keys().any(|name| Registry::of_server(name) == registry)
    }

    /// A registry's own server, under any of its names in the list. None for those without a server.
    #[must_use]
    pub fn of(&self, registry: Registry) -> Option<Server> {
        Some(self.find(registry.server()?, None, false))
    }
}

impl Server {
    /// The key by which its pace, its lease slots and its hold-off are counted. For a registry it is the name of its
    /// server, whichever name was written. For any other server it is the location, because its operator can make up
    /// any number of names.
    #[must_use]
    pub fn key(&self) -> String {
        match self.registry.server() {
            Some(name) => name.to_owned(),
            None => match self.host.parse::<IpAddr>() {
                Ok(address) => SocketAddr::new(address, self.port).to_string(),
                Err(_) => format!("{}:{}", self.host, self.port),
            },
        }
    }

    /// The query without the line end; `$addr` stands for the address.
    #[must_use]
    pub fn question(&self, full: bool) -> &str {
        self.question.as_deref().unwrap_or_else(|| self.registry.question(full))
    }
}

/// The PEM file in an entry's `ca`. A relative path starts at the list's folder.
fn certificates(list: &Path, name: &str, value: &serde_json::Value) -> Result<CaFile> {
    let wrong = |why: String| Error::config(format!("{}: server `{name}`: {why}", list.display()));
    let file = value.as_str().ok_or_else(|| wrong("`ca` must be the path of a PEM file".to_owned()))?;
    let path = list.parent().unwrap_or(Path::new("")).join(file);
    let pem = std::fs::read(&path)
        .map_err(|error| wrong(format!("ca {}: {}", path.display(), crate::error::reason(&error))))?;
    let certificates = CertificateDer::pem_slice_iter(&pem).collect::<std::result::Result<Vec<_>, _>>();
    match certificates {
        Ok(certificates) if !certificates.is_empty() => Ok(CaFile { path, pem }),
        _ => Err(wrong(format!("ca {} is not a PEM file with certificates", path.display()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(text: &str) -> Result<Servers> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("servers.json");
        std::fs::write(&path, text).unwrap();
        Servers::read(&path)
    }

    #[test]
    fn a_listed_name_goes_to_the_listed_host_whatever_port_the_referral_names() {
        let servers = list(
            r#"{"whois.ripe.net": {"host": "127.0.0.1:4301"}, "rwhois.example.net": "127.0.0.1:4302",
                "whois.arin.net": {"host": "whois.example.org", "query": "z $addr\r\n"}}"#,
        )
        .unwrap();
        let ripe = servers.find("WHOIS.RIPE.NET.", Some(4343), false);
        assert_eq!((ripe.host.as_str(), ripe.port, ripe.listed), ("127.0.0.1", 4301, true));
        assert_eq!(ripe.question(false), "--no-personal -V whodunit --charset UTF-8 $addr");
        let arin = servers.of(Registry::Arin).unwrap();
        assert_eq!((arin.host.as_str(), arin.port), ("whois.example.org", 43));
        assert_eq!(arin.question(false), "z $addr\r\n");
        let rwhois = servers.find("rwhois.example.net", None, true);
        assert_eq!((rwhois.registry, rwhois.port), (Registry::Rwhois, 4302));
        let other = servers.find("rwhois.example.com", None, true);
        assert_eq!((other.port, other.listed), (4321, false));
    }

    #[test]
    fn a_registry_is_asked_on_its_own_port_and_in_its_own_protocol() {
        let servers = Servers::default();
        let ripe = servers.find("whois.ripe.net", Some(4321), true);
        assert_eq!((ripe.registry, ripe.port), (Registry::Ripe, 43));
        assert_eq!(ripe.question(false), "--no-personal -V whodunit --charset UTF-8 $addr");
    }

    #[test]
    fn names_of_one_registry_share_a_key_and_strangers_are_known_by_where_they_are() {
        let servers = Servers::default();
        let key = |name: &str, port, rwhois| servers.find(name, port, rwhois).key();
        assert_eq!(key("whois.krnic.net", None, false), "whois.kisa.or.kr");
        assert_eq!(key("whois.nic.or.kr", Some(4321), true), "whois.kisa.or.kr");
        assert_eq!(key("192.0.2.1", None, true), "192.0.2.1:4321");
        assert_eq!(key("2001:db8::1", Some(43), false), "[2001:db8::1]:43");
        assert_eq!(key("rwhois.example.net", None, true), "rwhois.example.net:4321");
    }

    #[test]
    fn of_several_names_of_a_registry_the_first_is_taken() {
        for _ in 0..8 {
            let servers =
                list(r#"{"whois.nic.or.kr": "127.0.0.1:4302", "whois.krnic.net": "127.0.0.1:4301"}"#);
            assert_eq!(servers.unwrap().of(Registry::Krnic).unwrap().port, 4301);
        }
    }

    #[test]
    fn a_wrong_list_is_refused_by_name() {
        assert!(list("{\"x\": 1}").unwrap_err().to_string().contains("`x`"));
        assert!(list("[1]").unwrap_err().to_string().contains(":1:"));
    }
}
