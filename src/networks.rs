//! The networks that patterns block, as a set: from imported data, the origin table and cached answers, to the tables
//! that firewalls and servers load.
//!
//! An address is in the set exactly if an offline look-up with the same patterns and data calls it blocked. Narrower
//! networks that no pattern matches are holes in wider ones, and so are allowed networks. Special-purpose space is
//! never in the set. IPv6 space that only carries an IPv4 address (mapped, NAT64, 6to4, Teredo) is not either: a
//! look-up uses the IPv4 address inside.

mod blocked;
mod data;
mod format;
mod layer;
mod origins;
mod records;
mod set;
mod sweep;
mod used;

pub use blocked::{BlockedNetworks, NetworkQuery, PatternTally};
pub use data::DataSummary;
pub use format::{Families, ListEntry, ListForm, ListHead, ListedSource, SourceNetwork};
pub use records::DamagedCount;
pub use set::NetworkSet;
pub use used::ImportedUse;
