//! What an owner is called.

use crate::registry::Record;
use std::borrow::Cow;

/// The name of who runs a network, and which field of the record it is.
#[derive(Clone, Copy, Debug)]
pub enum OwnerName<'a> {
    /// The organisation.
    Org(&'a str),
    /// The network's name, where no organisation is named.
    Netname(&'a str),
    /// Nothing but the network itself.
    Network(&'a Record),
}

/// What the owner of a record's network is called.
#[must_use]
pub fn name(record: &Record) -> OwnerName<'_> {
    let given = |field: &'_ Option<String>| field.as_ref().is_some_and(|text| !text.trim().is_empty());
    match (&record.org, &record.name) {
        (Some(org), _) if given(&record.org) => OwnerName::Org(org),
        (_, Some(name)) if given(&record.name) => OwnerName::Netname(name),
        _ => OwnerName::Network(record),
    }
}

impl<'a> OwnerName<'a> {
    /// The name as the registry writes it.
    #[must_use]
    pub fn text(self) -> Cow<'a, str> {
        match self {
            Self::Org(text) | Self::Netname(text) => Cow::Borrowed(text),
            Self::Network(record) => Cow::Owned(record.network.to_string()),
        }
    }

    /// The name as it is compared: owners that share it are one.
    #[must_use]
    pub fn key(self) -> String {
        fold(&self.text())
    }
}

/// A text without case and superfluous blanks.
#[must_use]
pub fn fold(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").to_lowercase()
}
