//! Scenario files: the behaviour of each server of the farm, and the runs against it.

use serde::Deserialize;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// A scenario file. A new case is a file, not code.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Scenario {
    /// The servers.
    #[serde(default)]
    pub(crate) server: Vec<Plan>,
    /// The runs, one after the other against the same farm.
    #[serde(default)]
    pub(crate) run: Vec<toml::Table>,
    /// Other names in the list, and the server that each of them leads to.
    #[serde(default)]
    pub(crate) alias: BTreeMap<String, String>,
    /// The folder of reply files, if they are not among the forms.
    #[serde(skip)]
    pub(crate) folder: Option<PathBuf>,
}

impl Scenario {
    /// Reads a scenario file; its reply files are looked for beside it, then among the forms.
    pub(crate) fn read(path: &Path) -> Self {
        let text =
            std::fs::read_to_string(path).unwrap_or_else(|e| panic!("cannot read {}: {e}", path.display()));
        let mut scenario: Self = toml::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        scenario.folder = path.parent().map(Path::to_owned);
        scenario
    }
}

/// One server.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Plan {
    /// The registry's name, as in `--servers`.
    pub(crate) name: String,
    /// Its behaviour; the first rule that fits a query is used.
    #[serde(default)]
    pub(crate) rule: Vec<Rule>,
    /// There is no listener.
    #[serde(default)]
    pub(crate) refuse: bool,
    /// It listens, but is not in the server list: a machine on the inside that nobody may reach.
    #[serde(default)]
    pub(crate) unlisted: bool,
    /// It need not be asked.
    #[serde(default)]
    pub(crate) optional: bool,
    /// The exact number of queries that it must get. Without this and `optional`: at least one.
    pub(crate) asked: Option<usize>,
    /// The most queries that it may get.
    pub(crate) at_most: Option<usize>,
    /// The queries that it must get, word for word and in this order.
    pub(crate) lines: Option<Vec<String>>,
    /// Text that every query must contain.
    #[serde(default)]
    pub(crate) line_has: Vec<String>,
    /// Text that no query may contain.
    #[serde(default)]
    pub(crate) line_lacks: Vec<String>,
    /// It uses HTTPS, with a certificate for its name. The line of a query is then `GET PATH`.
    #[serde(default)]
    pub(crate) https: bool,
    /// The name that its certificate is for, if not its own.
    pub(crate) certificate: Option<String>,
    /// An authority that nobody trusts has signed its certificate.
    #[serde(default)]
    pub(crate) strange: bool,
    /// Sent before any query is read, as rwhois servers do.
    pub(crate) greeting: Option<String>,
}

/// The behaviour of a server for a query.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rule {
    /// For queries that contain this.
    pub(crate) when: Option<String>,
    /// For addresses inside this network.
    pub(crate) within: Option<String>,
    /// For the first so many queries only; after them the next rule applies.
    pub(crate) times: Option<usize>,
    /// The reply: a file's name, without `.txt`.
    pub(crate) reply: Option<String>,
    /// The reply, word for word.
    pub(crate) text: Option<String>,
    /// The prefix length of the network in the reply, around the address.
    pub(crate) size: Option<u8>,
    /// The network in the reply, as CIDR.
    pub(crate) network: Option<String>,
    /// The values of the variables in braces in the reply.
    #[serde(default)]
    pub(crate) with: BTreeMap<String, String>,
    /// The status of a reply over HTTPS, if not 200.
    pub(crate) status: Option<u16>,
    /// Its headers besides the usual ones.
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, String>,
    /// Its behaviour.
    #[serde(default)]
    pub(crate) does: Does,
    /// The delay before that, in milliseconds.
    #[serde(default)]
    pub(crate) delay_ms: u64,
    /// The time between the bytes of a drip, in milliseconds.
    pub(crate) every_ms: Option<u64>,
    /// The number of bytes after which the reply ends.
    pub(crate) cut: Option<usize>,
    /// The reply's character set, UTF-8 if not given.
    pub(crate) charset: Option<String>,
    /// The line end of the reply, if not a line feed.
    pub(crate) line_end: Option<String>,
}

/// The behaviour of a server.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Does {
    /// Answers and closes.
    #[default]
    Answer,
    /// Reads the query and sends nothing.
    Silence,
    /// Answers byte by byte.
    Drip,
    /// Never stops sending.
    Flood,
    /// Resets the connection, after `cut` bytes of its reply if that is given.
    Reset,
    /// Closes without a byte.
    Empty,
    /// Answers and keeps the connection open.
    Hold,
}
