//! The registries: their names, the addresses they are responsible for, and the parts of their answers.

mod answer;
mod national;
pub mod record;
pub mod referral;
mod responsible;
mod server;

pub use answer::{Answer, AnswerSource, Known, Unknown, UnknownKind};
pub use national::{NationalBlock, national};
pub use record::{OuterValues, Record, is_leaf};
pub use responsible::responsible;
pub use server::{AskFailure, CaFile, Server, Servers};

use serde::{Deserialize, Serialize};
use std::fmt;

/// The registry that an answer comes from, which decides the form of the query and how answers are read.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Registry {
    /// North America.
    Arin,
    /// Europe, the Middle East, parts of Asia.
    Ripe,
    /// Asia and the Pacific.
    Apnic,
    /// Africa.
    Afrinic,
    /// Latin America and the Caribbean.
    Lacnic,
    /// Brazil's national registry, below LACNIC.
    RegistroBr,
    /// Japan's national registry, below APNIC.
    Jpnic,
    /// Korea's national registry, below APNIC.
    Krnic,
    /// Taiwan's national registry, below APNIC.
    Twnic,
    /// IANA: names the registry responsible, knows no owner.
    Iana,
    /// An operator's own referral whois server (RFC 2167).
    Rwhois,
    /// A whois server from a referral that is none of these.
    Other,
}

impl Registry {
    /// All registries. Those without a server of their own come last.
    pub const ALL: [Self; 12] = [
        Self::Arin,
        Self::Ripe,
        Self::Apnic,
        Self::Afrinic,
        Self::Lacnic,
        Self::RegistroBr,
        Self::Jpnic,
        Self::Krnic,
        Self::Twnic,
        Self::Iana,
        Self::Rwhois,
        Self::Other,
    ];

    /// The name in output, pattern lines (`@registry`) and JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Arin => "arin",
            Self::Ripe => "ripe",
            Self::Apnic => "apnic",
            Self::Afrinic => "afrinic",
            Self::Lacnic => "lacnic",
            Self::RegistroBr => "registrobr",
            Self::Jpnic => "jpnic",
            Self::Krnic => "krnic",
            Self::Twnic => "twnic",
            Self::Iana => "iana",
            Self::Rwhois => "rwhois",
            Self::Other => "other",
        }
    }
}

impl fmt::Display for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Registry {
    /// The name of its whois server; None for those that only a referral can name.
    #[must_use]
    pub fn server(self) -> Option<&'static str> {
        Some(match self {
            Self::Arin => "whois.arin.net",
            Self::Ripe => "whois.ripe.net",
            Self::Apnic => "whois.apnic.net",
            Self::Afrinic => "whois.afrinic.net",
            Self::Lacnic => "whois.lacnic.net",
            Self::RegistroBr => "whois.registro.br",
            Self::Jpnic => "whois.nic.ad.jp",
            Self::Krnic => "whois.kisa.or.kr",
            Self::Twnic => "whois.twnic.net",
            Self::Iana => "whois.iana.org",
            Self::Rwhois | Self::Other => return None,
        })
    }

    /// The regional registry above a national one, which has its networks in its own database, too. None for the others.
    #[must_use]
    pub fn parent(self) -> Option<Self> {
        match self {
            Self::Jpnic | Self::Krnic | Self::Twnic => Some(Self::Apnic),
            Self::RegistroBr => Some(Self::Lacnic),
            _ => None,
        }
    }

    /// The name of its RDAP server, as in IANA's bootstrap registry. A national registry is not listed there. The
    /// regional registry above it knows its networks.
    #[must_use]
    pub fn rdap_server(self) -> Option<&'static str> {
        Some(match self {
            Self::Arin => "rdap.arin.net",
            Self::Ripe => "rdap.db.ripe.net",
            Self::Apnic | Self::Jpnic | Self::Krnic | Self::Twnic => "rdap.apnic.net",
            Self::Afrinic => "rdap.afrinic.net",
            Self::Lacnic | Self::RegistroBr => "rdap.lacnic.net",
            Self::Iana | Self::Rwhois | Self::Other => return None,
        })
    }

    /// The registry of a server's host name; [`Registry::Other`] if it is none.
    #[must_use]
    pub fn of_server(host: &str) -> Self {
        match host {
            "whois.arin.net" => Self::Arin,
            "whois.ripe.net" => Self::Ripe,
            "whois.apnic.net" => Self::Apnic,
            "whois.afrinic.net" => Self::Afrinic,
            "whois.lacnic.net" => Self::Lacnic,
            "whois.registro.br" | "whois.nic.br" => Self::RegistroBr,
            "whois.nic.ad.jp" => Self::Jpnic,
            "whois.kisa.or.kr" | "whois.krnic.net" | "whois.nic.or.kr" => Self::Krnic,
            "whois.twnic.net" | "whois.twnic.net.tw" => Self::Twnic,
            "whois.iana.org" => Self::Iana,
            _ => Self::Other,
        }
    }

    /// The query for an address, for which `$addr` stands. The sources are the registries' own help texts. ARIN: `n`
    /// finds only networks, `+` shows them in full. RIPE: `--no-personal` leaves out persons, who count against a daily
    /// quota, and keeps organisation and abuse contact. JPNIC: `/e` answers in English.
    #[must_use]
    pub fn question(self, full: bool) -> &'static str {
        match self {
            Self::Arin => "n + $addr",
            Self::Ripe if full => "-V whodunit --charset UTF-8 $addr",
            Self::Ripe => "--no-personal -V whodunit --charset UTF-8 $addr",
            Self::Apnic | Self::Afrinic => "-V whodunit $addr",
            Self::Jpnic => "$addr/e",
            _ => "$addr",
        }
    }

    /// The queries a second that it allows, and the burst that may come before that limit counts.
    ///
    /// RIPE limits persons, which we do not ask for, and connections. registro.br blocks above thirty queries in five
    /// minutes, as other clients have found. LACNIC blocks for minutes when asked too fast, and has published no
    /// number. The others publish nothing: these rates suit a busy mail server, and are low enough for a registry. A
    /// denial holds a server off in any case.
    #[must_use]
    pub fn pace(self) -> (f64, u32) {
        match self {
            Self::Ripe => (20.0, 100),
            Self::Arin => (5.0, 60),
            Self::Apnic | Self::Afrinic => (5.0, 40),
            Self::Lacnic => (0.5, 30),
            Self::RegistroBr => (0.1, 30),
            Self::Iana | Self::Jpnic | Self::Krnic | Self::Twnic | Self::Rwhois | Self::Other => (2.0, 20),
        }
    }
}
