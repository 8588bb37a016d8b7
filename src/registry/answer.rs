//! The facts known of one address: the value that travels from the registries or the cache to the verdict.

use crate::{address::Special, registry::Record};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The source of an answer.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AnswerSource {
    /// Just queried over whois.
    Whois,
    /// Just queried over RDAP, because whois did not answer.
    Rdap,
    /// From the cache.
    Cache,
    /// From a registry's bulk data.
    Import,
    /// A special-purpose range: no query was sent.
    Reserved,
    /// Text that the user already had (`match`).
    Text,
    /// The table of origins: no query was sent.
    Origin,
}

impl AnswerSource {
    /// The name as it is printed.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Whois => "whois",
            Self::Rdap => "rdap",
            Self::Cache => "cache",
            Self::Import => "import",
            Self::Reserved => "reserved",
            Self::Text => "text",
            Self::Origin => "origin",
        }
    }
}

/// A registry's answer: a record, and the text of every hop, which patterns are matched against.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Answer {
    /// The normalised fields.
    pub record: Record,
    /// The text of all hops, parent first, as UTF-8. Line ends are as the server sent them.
    pub text: String,
    /// The servers that were asked, in order.
    pub servers: Vec<String>,
    /// The time of fetching.
    pub fetched: Timestamp,
    /// A referral could not be followed, and the parent's own answer stands.
    pub partial: bool,
    /// Persons were included in the query (`--full`).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub full: bool,
    /// It came over RDAP, now or earlier. Its text is made from fields, and lacks other lines of the registry's whois.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub rdap: bool,
    /// Its source.
    pub source: AnswerSource,
    /// It is older than the cache's age limit, and is used only because the server may not be asked now.
    #[serde(default)]
    pub stale: bool,
}

/// The reason why a network's owner could not be found out. The names are the contract's.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum UnknownKind {
    /// No answer in time.
    Timeout,
    /// Rate limit, quota, blocked.
    Denied,
    /// The registry says that it has no such network.
    NotFound,
    /// A placeholder, and no other server is left to ask.
    Placeholder,
    /// Empty, or cut before the registry's closing line.
    Incomplete,
    /// More text than any registry sends about one address.
    TooLarge,
    /// Refused, reset, no such host.
    Network,
    /// `--offline`, and neither the cache nor imported data has it.
    Offline,
}

impl UnknownKind {
    /// The name as it is printed.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::Denied => "denied",
            Self::NotFound => "not-found",
            Self::Placeholder => "placeholder",
            Self::Incomplete => "incomplete",
            Self::TooLarge => "too-large",
            Self::Network => "network",
            Self::Offline => "offline",
        }
    }
}

/// The failure to find out an address's network. It is never kept in a cache as an answer.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Unknown {
    /// The kind, for scripts.
    pub kind: UnknownKind,
    /// The sentence, for people: the server, and its message.
    pub message: String,
}

/// The facts known of one address.
#[derive(Clone, Debug)]
pub enum Known {
    /// It lies in a special-purpose range.
    Reserved(Special),
    /// A registry's record describes it.
    Answer(Arc<Answer>),
    /// The table of origins covers it, and the patterns need nothing else.
    Origin,
    /// The owner could not be found out.
    Unknown(Unknown),
}
