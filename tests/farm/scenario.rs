//! Scenario files: what each server of the farm does, and which runs are made against it.

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
    /// The runs, made one after the other against the same farm.
    #[serde(default)]
    pub(crate) run: Vec<toml::Table>,
    /// Other names in the list, and the server that each of them leads to.
    #[serde(default)]
    pub(crate) alias: BTreeMap<String, String>,
    /// Where reply files lie, if not among the forms.
    #[serde(skip)]
    pub(crate) folder: Option<PathBuf>,
}

impl Scenario {
    /// Reads a scenario file; replies that it names are looked for beside it, then among the forms.
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
    /// What it does; the first rule that fits a question is taken.
    #[serde(default)]
    pub(crate) rule: Vec<Rule>,
    /// Nobody listens there.
    #[serde(default)]
    pub(crate) refuse: bool,
    /// It listens, but is not in the server list: an inside machine, to be reached by nobody.
    #[serde(default)]
    pub(crate) unlisted: bool,
    /// It need not be asked.
    #[serde(default)]
    pub(crate) optional: bool,
    /// How many questions it must get, exactly. Without this and `optional`: one at least.
    pub(crate) asked: Option<usize>,
    /// How many questions it may get.
    pub(crate) at_most: Option<usize>,
    /// The questions that it must get, word for word and in this order.
    pub(crate) lines: Option<Vec<String>>,
    /// What every question must contain.
    #[serde(default)]
    pub(crate) line_has: Vec<String>,
    /// What no question may contain.
    #[serde(default)]
    pub(crate) line_lacks: Vec<String>,
    /// It speaks HTTPS, with a certificate for its name. The line of a question is then `GET PATH`.
    #[serde(default)]
    pub(crate) https: bool,
    /// The name that its certificate is for, if not its own.
    pub(crate) certificate: Option<String>,
    /// Its certificate is by an authority that nobody trusts.
    #[serde(default)]
    pub(crate) strange: bool,
    /// Said before any question is read, as rwhois servers do.
    pub(crate) greeting: Option<String>,
}

/// What a server does when asked.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rule {
    /// For questions that contain this.
    pub(crate) when: Option<String>,
    /// For addresses inside this network.
    pub(crate) within: Option<String>,
    /// For the first so many questions only; the next rule takes over then.
    pub(crate) times: Option<usize>,
    /// The reply: a file's name, without `.txt`.
    pub(crate) reply: Option<String>,
    /// The reply, word for word.
    pub(crate) text: Option<String>,
    /// The length of the prefix that the reply describes, around the address asked.
    pub(crate) size: Option<u8>,
    /// The network that the reply describes, as CIDR.
    pub(crate) network: Option<String>,
    /// What stands for the places in braces in the reply.
    #[serde(default)]
    pub(crate) with: BTreeMap<String, String>,
    /// The status of a reply over HTTPS, if not 200.
    pub(crate) status: Option<u16>,
    /// Its headers besides the usual ones.
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, String>,
    /// How it behaves.
    #[serde(default)]
    pub(crate) does: Does,
    /// How long it thinks before it does that.
    #[serde(default)]
    pub(crate) delay_ms: u64,
    /// Between the bytes of a drip.
    pub(crate) every_ms: Option<u64>,
    /// The reply ends behind so many bytes.
    pub(crate) cut: Option<usize>,
    /// The reply's character set, UTF-8 if not given.
    pub(crate) charset: Option<String>,
    /// What ends a line of the reply, if not a line feed.
    pub(crate) line_end: Option<String>,
}

/// How a server behaves.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Does {
    /// Answers and closes.
    #[default]
    Answer,
    /// Reads the question and says nothing.
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
