//! A whois farm on loopback: one server for each registry name, each on a port of its own, described by a scenario
//! file.
//!
//! A query to a server that the scenario does not name reaches the tripwire, so no test ever leaves the machine. A farm
//! that is dropped fails its test in three cases: a server that should have been asked was not, a server was asked more
//! often than allowed, or a server got a query that no rule answers.

mod conduct;
mod https;
mod network;
mod reply;
mod scenario;
mod server;

pub(crate) use https::AUTHORITY;
pub(crate) use scenario::{Does, Plan, Rule, Scenario};
pub(crate) use server::Asked;

use server::Server;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Every server name that the program knows. Names that a scenario leaves out lead to the tripwire.
const NAMES: &[&str] = &[
    "whois.arin.net",
    "whois.ripe.net",
    "whois.apnic.net",
    "whois.afrinic.net",
    "whois.lacnic.net",
    "whois.registro.br",
    "whois.nic.br",
    "whois.nic.ad.jp",
    "whois.nic.or.kr",
    "whois.kisa.or.kr",
    "whois.krnic.net",
    "whois.twnic.net",
    "whois.twnic.net.tw",
    "whois.twnic.tw",
    "whois.cnnic.cn",
    "whois.idnic.net",
    "whois.iana.org",
    "whois.internic.net",
    "root.rwhois.net",
    "rwhois.gin.ntt.net",
];

/// The same for RDAP servers. They lead to the tripwire if a scenario names one of them. Elsewhere they are not asked,
/// because a list with a registry's whois server and without its RDAP server turns RDAP off.
const RDAP_NAMES: &[&str] = &[
    "rdap.arin.net",
    "rdap.db.ripe.net",
    "rdap.apnic.net",
    "rdap.afrinic.net",
    "rdap.lacnic.net",
    "rdap.registro.br",
    "rdap.nic.ad.jp",
    "jpnic.rdap.apnic.net",
    "twnic.rdap.apnic.net",
];

/// The farm. It answers until it is dropped.
pub(crate) struct Farm {
    servers: BTreeMap<String, Server>,
    tripwire: Server,
    alias: BTreeMap<String, String>,
    folder: tempfile::TempDir,
    checked: bool,
}

impl Farm {
    /// Starts every server of the scenario.
    pub(crate) fn start(scenario: &Scenario) -> Self {
        let ports = Arc::new(std::sync::OnceLock::new());
        let forms = scenario.folder.clone();
        let start = |plan: &Plan| Server::start(plan.clone(), forms.clone(), Arc::clone(&ports));
        let servers: BTreeMap<String, Server> =
            scenario.server.iter().map(|plan| (plan.name.clone(), start(plan))).collect();
        assert_eq!(servers.len(), scenario.server.len(), "a scenario names a server twice");
        let tripwire = start(&Plan { name: "tripwire".into(), asked: Some(0), ..Plan::default() });
        ports
            .set(servers.iter().map(|(name, server)| (name.clone(), server.port())).collect())
            .expect("the ports are set once");
        let folder = tempfile::tempdir().expect("a folder for the server list");
        let alias = scenario.alias.clone();
        let farm = Self { servers, tripwire, alias, folder, checked: false };
        farm.write_list();
        farm
    }

    /// A farm with one server that always does the same.
    pub(crate) fn of_one(name: &str, rule: Rule) -> Self {
        let plan = Plan { name: name.into(), rule: vec![rule], ..Plan::default() };
        Self::start(&Scenario { server: vec![plan], ..Scenario::default() })
    }

    /// The file to give to `--servers`.
    pub(crate) fn list(&self) -> PathBuf {
        self.folder.path().join("servers.json")
    }

    fn write_list(&self) {
        let mut entries = BTreeMap::new();
        let any_secure = self.servers.values().any(Server::is_secure);
        let rdap = RDAP_NAMES.iter().filter(|_| any_secure);
        for name in NAMES.iter().chain(rdap) {
            entries.insert((*name).to_owned(), self.tripwire.port());
        }
        for (name, server) in self.servers.iter().filter(|(_, server)| server.is_listed()) {
            entries.insert(name.clone(), server.port());
        }
        for (name, server) in &self.alias {
            entries.insert(name.clone(), self.server(server).port());
        }
        let entry = |name: &str, port: u16| {
            let host = format!("127.0.0.1:{port}");
            if self.servers.get(name).is_some_and(Server::is_secure) {
                // A relative path starts at the list's folder.
                serde_json::json!({ "host": host, "ca": "ca.pem" })
            } else {
                serde_json::json!({ "host": host })
            }
        };
        let list: serde_json::Map<String, serde_json::Value> =
            entries.into_iter().map(|(name, port)| (name.clone(), entry(&name, port))).collect();
        if any_secure {
            write(&self.folder.path().join("ca.pem"), &https::trusted());
        }
        write(&self.list(), &serde_json::Value::Object(list).to_string());
    }

    /// The queries that a server got so far, in order.
    pub(crate) fn asked(&self, name: &str) -> Vec<Asked> {
        self.server(name).asked()
    }

    /// The number of all queries so far.
    pub(crate) fn questions(&self) -> usize {
        self.servers.values().map(|server| server.asked().len()).sum::<usize>() + self.tripwire.asked().len()
    }

    /// The most connections that a server had open at once.
    pub(crate) fn widest(&self, name: &str) -> usize {
        self.server(name).widest()
    }

    /// The port that a server listens on.
    pub(crate) fn port(&self, name: &str) -> u16 {
        self.server(name).port()
    }

    fn server(&self, name: &str) -> &Server {
        self.servers.get(name).unwrap_or_else(|| panic!("no server {name} in this farm"))
    }

    /// The complaints of the servers.
    pub(crate) fn complaints(&mut self) -> Vec<String> {
        self.checked = true;
        let mut all: Vec<String> = self.servers.values().flat_map(Server::complaints).collect();
        for asked in self.tripwire.asked() {
            all.push(format!("a server that is not in the scenario was asked `{}`", asked.line));
        }
        all
    }
}

impl Drop for Farm {
    fn drop(&mut self) {
        let complaints = if self.checked || std::thread::panicking() { vec![] } else { self.complaints() };
        assert!(complaints.is_empty(), "the farm complains:\n  {}", complaints.join("\n  "));
    }
}

fn write(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap_or_else(|e| panic!("cannot write {}: {e}", path.display()));
}
