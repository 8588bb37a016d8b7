//! The name of an owner.

use crate::registry::Record;
use std::borrow::Cow;

/// The name of a network's owner, by the field of the record that it comes from.
#[derive(Clone, Copy, Debug)]
pub enum OwnerName<'a> {
    /// The organisation.
    Org(&'a str),
    /// The network's name, if no organisation is named.
    Netname(&'a str),
    /// The network itself, if nothing else is named.
    Network(&'a Record),
}

/// The name of the owner of a record's network.
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

    /// The name in the form for comparison: names with equal keys are one owner.
    #[must_use]
    pub fn key(self) -> String {
        fold(&self.text())
    }
}

/// A text without differences in case and extra blanks.
#[must_use]
pub fn fold(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").to_lowercase()
}
