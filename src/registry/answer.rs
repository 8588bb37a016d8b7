//! What is known of one address: the value that travels from the registries or the cache to the verdict.

use crate::{address::Special, registry::Record};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Where an answer came from.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AnswerSource {
    /// Asked just now.
    Whois,
    /// Asked just now over RDAP, because whois did not answer.
    Rdap,
    /// Remembered from an earlier question.
    Cache,
    /// From a registry's bulk data.
    Import,
    /// A special-purpose range: nobody was asked.
    Reserved,
    /// Text that the user already had (`match`).
    Text,
    /// The table of origins: nobody was asked.
    Origin,
}

impl AnswerSource {
    /// The name in output.
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

/// A registry's answer: a record, and the text of every hop that patterns are matched against.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Answer {
    /// The normalised fields.
    pub record: Record,
    /// The text of all hops, parent first, as UTF-8. Line ends are as the server sent them.
    pub text: String,
    /// The servers that were asked, in order.
    pub servers: Vec<String>,
    /// When it was fetched.
    pub fetched: Timestamp,
    /// A referral could not be followed, and the parent's own answer stands.
    pub partial: bool,
    /// Persons were asked for, too (`--full`).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub full: bool,
    /// It was given over RDAP, whenever that was: its text is made from fields, and what the registry's whois would have
    /// said besides is not in it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub rdap: bool,
    /// Where it came from.
    pub source: AnswerSource,
    /// It is older than the cache's age allows, and serves only because the server may not be asked now.
    #[serde(default)]
    pub stale: bool,
}

/// Why nobody could say who runs a network. The names are the contract's.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum UnknownKind {
    /// No answer in time.
    Timeout,
    /// Rate limit, quota, blocked.
    Denied,
    /// The registry says that it has no such network.
    NotFound,
    /// A record that only says "ask elsewhere", and nowhere is left to ask.
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
    /// The name in output.
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

/// What befell an address whose network could not be found out. Never kept in a cache as an answer.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Unknown {
    /// The kind, for scripts.
    pub kind: UnknownKind,
    /// The sentence, for people: which server, and what it said.
    pub message: String,
}

/// What is known of one address.
#[derive(Clone, Debug)]
pub enum Known {
    /// It lies in a special-purpose range.
    Reserved(Special),
    /// A registry's record describes it.
    Answer(Box<Answer>),
    /// The table of origins covers it, and the patterns ask for nothing else.
    Origin,
    /// Nobody could say.
    Unknown(Unknown),
}
