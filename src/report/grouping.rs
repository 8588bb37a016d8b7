//! The meaning of a report's row: an owner, or a value that several owners share.

use super::{contact, name};
use crate::{registry::Known, verdict::Judged};
use clap::ValueEnum;
use serde::Deserialize;

/// The value that clients are grouped by.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Grouping {
    /// The owner of the network
    ///
    /// See [`name`].
    #[default]
    Owner,
    /// The autonomous system
    ///
    /// The first that the answer names, or else that of the table of origins.
    Asn,
    /// The mail domain of the abuse contact
    ///
    /// See [`contact::first_desk`].
    Abuse,
    /// The maintainer in the registry's database
    ///
    /// The first that is no registry's own.
    Maintainer,
    /// The network's name
    Netname,
    /// The network
    Network,
    /// The registry
    ///
    /// The one that answered.
    Registry,
    /// The country
    ///
    /// Its code.
    Country,
}

impl Grouping {
    /// The value of a client, as it is shown; None if there is none. Values that [`super::fold`] makes equal are one.
    pub(super) fn value(self, judged: &Judged) -> Option<String> {
        if self == Self::Asn {
            return judged.numbers().0.first().map(|number| format!("AS{number}"));
        }
        let Some(record) = judged.answer().map(|answer| &answer.record) else {
            return self.announced(judged);
        };
        let given = |text: &Option<String>| text.as_ref().filter(|text| !text.trim().is_empty()).cloned();
        match self {
            Self::Owner => Some(name(record).text().into_owned()),
            Self::Asn => None,
            Self::Abuse => contact::first_desk(&record.abuse),
            Self::Maintainer => {
                record.maintainer.iter().find(|name| !contact::is_registrys_maintainer(name)).cloned()
            }
            Self::Netname => given(&record.name),
            Self::Network => Some(record.network.to_string()),
            Self::Registry => Some(record.registry.as_str().to_owned()),
            Self::Country => given(&record.country),
        }
    }

    /// The value of a client that is known only from the table of origins.
    fn announced(self, judged: &Judged) -> Option<String> {
        match self {
            Self::Owner => judged.owner().map(|owner| owner.into_owned()),
            Self::Network => judged.announced().map(ToString::to_string),
            _ => None,
        }
    }

    /// Whether the owner of a client's network is known.
    pub(super) fn is_known(judged: &Judged) -> bool {
        matches!(judged.known, Known::Answer(_) | Known::Origin)
    }

    /// The words for a row whose records have no value.
    #[must_use]
    pub fn none(self) -> &'static str {
        match self {
            Self::Owner => "(no owner)",
            Self::Asn => "(no AS number)",
            Self::Abuse => "(no abuse contact)",
            Self::Maintainer => "(no maintainer)",
            Self::Netname => "(no network name)",
            Self::Network => "(no network)",
            Self::Registry => "(no registry)",
            Self::Country => "(no country)",
        }
    }

    /// The heading of a column of its values.
    #[must_use]
    pub fn heading(self) -> &'static str {
        match self {
            Self::Owner => "Owner",
            Self::Asn => "AS",
            Self::Abuse => "Abuse desk",
            Self::Maintainer => "Maintainer",
            Self::Netname => "Network name",
            Self::Network => "Network",
            Self::Registry => "Registry",
            Self::Country => "Country",
        }
    }

    /// The plural of the value, for a sentence.
    #[must_use]
    pub fn plural(self) -> &'static str {
        match self {
            Self::Owner => "owners",
            Self::Asn => "autonomous systems",
            Self::Abuse => "abuse desks",
            Self::Maintainer => "maintainers",
            Self::Netname => "network names",
            Self::Network => "networks",
            Self::Registry => "registries",
            Self::Country => "countries",
        }
    }
}
