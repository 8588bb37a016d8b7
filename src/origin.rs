//! The AS that announces an address, from a table of public routing data that is imported into a file beside the cache.
//!
//! The file `CACHE-origin` has sorted ranges and their origins ([`layout`]). It is written once as a draft and renamed
//! over the old one, so a reader sees the old table or the new one, never a mixture. Every piece that is read has a
//! checksum. A file that is cut, damaged, planted or newer than this program is an [`OriginError`]: it costs one
//! warning and the AS, never a verdict.
//!
//! A range may be inside another; the most specific one answers. Ranges that cross are cut during the import.

mod build;
mod decode;
mod form;
mod layout;
mod lookup;
mod nesting;
mod parts;
mod search;
mod table;

pub use build::TableBuilder;
pub use form::{FORM_HEAD, OriginForm, OriginInput, RowCounts};
pub use lookup::OriginLookup;
pub use table::{OriginError, OriginTable};

use crate::address::Network;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The origin of a range: the AS that announces it.
#[derive(Clone, Debug, Default, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub struct Origin {
    /// AS numbers, in the order of the table's rows; never empty in a table.
    pub asn: Vec<u32>,
    /// The name that the table gives the AS. The names of several rows for one range are separated by `; `.
    pub name: Option<String>,
}

/// A range of the table.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct OriginRange {
    /// The range of its row. A more specific row may be inside.
    pub network: Network,
    /// The number of its [`Origin`], for [`OriginTable::origin`]. Ranges of one table with the same origin share the
    /// number.
    pub id: u32,
}

/// The table's entry for one address.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AddressOrigin {
    /// The range that answers for it.
    pub range: OriginRange,
    /// The origin of that range.
    pub origin: Origin,
}

/// The table's file beside a cache file.
#[must_use]
pub fn beside(cache: &Path) -> PathBuf {
    let mut name = cache.as_os_str().to_owned();
    name.push("-origin");
    PathBuf::from(name)
}

#[cfg(test)]
mod tests;
