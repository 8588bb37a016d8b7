//! Which AS announces an address: a table of public routing data, imported into a file of its own beside the cache.
//!
//! On disk: one file, `CACHE-origin`, of sorted ranges and the origins that they name ([`layout`]). It is written once
//! as a draft and renamed over the old one, so a reader sees the old table or the new one, never a mixture. Every
//! piece that is read has a checksum. A file that is cut, damaged, planted or newer than this program is an
//! [`OriginError`]: it costs one warning and the AS, never a verdict.
//!
//! A range may lie inside another; the most specific one answers. Ranges that cross are cut when they are imported.

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
pub use parts::{OriginPart, OriginParts, OriginRanges};
pub use table::{OriginError, OriginTable};

use crate::address::Network;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Who announces a range.
#[derive(Clone, Debug, Default, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub struct Origin {
    /// AS numbers, in the order of the table's rows; never empty in a table.
    pub asn: Vec<u32>,
    /// The name that the table gives the AS, as it was written there; names of several rows for one range are separated
    /// by `; `.
    pub name: Option<String>,
}

/// A range of the table.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct OriginRange {
    /// The range as its row has it. A more specific row may lie inside.
    pub network: Network,
    /// Which [`Origin`] it has, for [`OriginTable::origin`]. Ranges of one table that share an origin share the number.
    pub id: u32,
}

/// What the table says of one address.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AddressOrigin {
    /// The range that answers for it.
    pub range: OriginRange,
    /// Who announces that.
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
