//! The registries, and what each is called.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Whose database an answer comes from, which decides how it is asked and how its answers are read.
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
    /// IANA: names who is responsible, knows no owner.
    Iana,
    /// An operator's own referral whois server (RFC 2167).
    Rwhois,
    /// A whois server that a referral named and that is none of these.
    Other,
}

impl Registry {
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
