//! Finds the server behind a name in a referral. The name may be an alias or an address of a registry's server. That
//! server then has the registry's pace, flags and hold-off; otherwise any customer could have the registry flooded.

use crate::{
    address::is_routable,
    deadline::Deadline,
    registry::{AskFailure, Registry, Server, Servers},
    whois::{look_up_all, resolve},
};
use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Every registry with a server of its own.
fn registries() -> impl Iterator<Item = Registry> {
    Registry::ALL.into_iter().filter(|registry| registry.server().is_some())
}

/// How long the addresses of the registries are used. They change once in some years. A name that could not be resolved
/// is resolved again sooner.
const FRESH: Duration = Duration::from_secs(3600);
const RETRY: Duration = Duration::from_secs(60);

/// The limit for resolving the registries' names, out of the time for a referral. They are resolved in parallel, and a
/// mail server usually has them in its name cache.
const SLICE: Duration = Duration::from_millis(500);

/// The number of addresses tried for a name in a referral: most have one, or one of each family.
const TRIED: usize = 2;

/// The addresses of the registries' names.
#[derive(Debug, Default)]
pub(super) struct Identities {
    known: Mutex<HashMap<Registry, (Instant, Vec<SocketAddr>)>>,
}

impl Identities {
    /// The servers that a referral leads to, each at one address, in the order in which to try them. If the name
    /// belongs to a registry, that registry's server is returned.
    ///
    /// # Errors
    /// The name cannot be resolved, or has no address that may be asked.
    pub(super) fn behind(
        &self,
        server: &Server,
        servers: &Servers,
        deadline: Deadline,
    ) -> Result<Vec<Server>, AskFailure> {
        if server.registry.server().is_some() {
            return Ok(vec![server.clone()]);
        }
        let sockets = resolve(server, deadline)?;
        let known = self.registries(servers, deadline);
        let registry = sockets.iter().find_map(|socket| {
            known
                .iter()
                .find(|(_, at)| at.iter().any(|at| is_same(*at, *socket)))
                .map(|(registry, _)| *registry)
        });
        if let Some(server) = registry.and_then(|registry| servers.of(registry)) {
            return Ok(vec![server]);
        }
        let at = |socket: &SocketAddr| Server {
            host: socket.ip().to_string(),
            port: socket.port(),
            ..server.clone()
        };
        Ok(sockets.iter().take(TRIED).map(at).collect())
    }

    /// The addresses of the registries' servers, as far as they can be resolved.
    fn registries(&self, servers: &Servers, deadline: Deadline) -> Vec<(Registry, Vec<SocketAddr>)> {
        let now = Instant::now();
        let lock = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let is_fresh = |(since, at): &(Instant, Vec<SocketAddr>)| {
            now.duration_since(*since) < if at.is_empty() { RETRY } else { FRESH }
        };
        let stale: Vec<(Registry, Server)> = {
            let known = lock();
            let stale = registries().filter(|registry| !known.get(registry).is_some_and(is_fresh));
            stale.filter_map(|registry| Some((registry, servers.of(registry)?))).collect()
        };
        // No lock is held meanwhile. If several threads find them stale, each resolves them.
        let found = look_up_all(stale.iter().map(|(_, server)| server), deadline.at_most(SLICE));
        let mut known = lock();
        known.extend(stale.into_iter().zip(found).map(|((registry, _), at)| (registry, (now, at))));
        known.iter().map(|(registry, (_, at))| (*registry, at.clone())).collect()
    }
}

/// Whether two addresses are one server. Any other port at a registry's public address belongs to the registry too.
/// Private addresses come from the user's list with their ports, and there the port counts.
fn is_same(registry: SocketAddr, stranger: SocketAddr) -> bool {
    let (registrys, address) = (registry.ip(), stranger.ip());
    registrys == address && (registry.port() == stranger.port() || is_routable(address))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(text: &str) -> Servers {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("servers.json");
        std::fs::write(&path, text).unwrap();
        Servers::read(&path).unwrap()
    }

    /// A list without names that would need resolving.
    fn listed(more: &str) -> Servers {
        let registries: Vec<String> = registries()
            .enumerate()
            .map(|(n, registry)| format!("\"{}\": \"127.0.0.1:{}\"", registry.server().unwrap(), 4300 + n))
            .collect();
        list(&format!("{{{}, {more}}}", registries.join(", ")))
    }

    fn behind(servers: &Servers, host: &str, port: Option<u16>, rwhois: bool) -> Vec<Server> {
        let server = servers.find(host, port, rwhois);
        let deadline = Deadline::within(Duration::from_secs(20));
        Identities::default().behind(&server, servers, deadline).unwrap()
    }

    #[test]
    fn an_alias_of_a_registry_is_the_registry() {
        let servers =
            listed(r#""whois.alias.example": "127.0.0.1:4304", "rwhois.example.net": "127.0.0.1:4399""#);
        for rwhois in [false, true] {
            let found = behind(&servers, "whois.alias.example", Some(4321), rwhois);
            assert_eq!((found[0].registry, found[0].name.as_str()), (Registry::Lacnic, "whois.lacnic.net"));
            assert_eq!(found.len(), 1);
        }
        let stranger = behind(&servers, "rwhois.example.net", None, true);
        assert_eq!(
            (stranger[0].registry, stranger[0].name.as_str()),
            (Registry::Rwhois, "rwhois.example.net")
        );
        assert_eq!(stranger[0].key(), "127.0.0.1:4399");
    }

    #[test]
    fn the_public_address_of_a_registry_is_the_registrys_on_any_port() {
        let servers =
            listed(r#""whois.ripe.net": "193.0.6.135", "whois.apnic.net": "[2001:dc0:1:0:4777::131]""#);
        for (host, port, registry) in [
            ("193.0.6.135", None, Registry::Ripe),
            ("193.0.6.135", Some(4321), Registry::Ripe),
            ("2001:dc0:1:0:4777::131", None, Registry::Apnic),
            ("193.0.6.136", None, Registry::Rwhois),
        ] {
            let found = behind(&servers, host, port, true);
            assert_eq!(found[0].registry, registry, "{host}");
        }
    }

    #[test]
    fn names_of_a_stranger_at_one_address_share_a_key() {
        let servers = listed(r#""a.example.net": "127.0.0.1:4399", "b.example.net": "127.0.0.1:4399""#);
        let keys = ["a.example.net", "b.example.net"].map(|host| behind(&servers, host, None, true)[0].key());
        assert_eq!(keys[0], keys[1]);
    }
}
