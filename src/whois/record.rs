//! The fields of an answer, whichever registry gave it.

use super::Registry;
use crate::address::Network;
use serde::{Deserialize, Serialize};

/// Who runs a network, in one form for all registries.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Record {
    /// The smallest network in the answer that holds the address.
    pub network: Network,
    /// Its name (`netname`, `NetName`).
    pub name: Option<String>,
    /// Who holds it: the organisation, customer or owner; the first line of the description where nothing else is.
    pub org: Option<String>,
    /// ISO 3166 code in capitals, without the comment that some registries put behind it.
    pub country: Option<String>,
    /// Where to complain, best first, in lower case, without duplicates.
    pub abuse: Vec<String>,
    /// Numbers of the autonomous systems that the answer names as origin, in order, without duplicates.
    pub asn: Vec<u32>,
    /// Who maintains the network's object (`mnt-by`), in the order of the answer.
    pub maintainer: Vec<String>,
    /// Description lines of the network itself.
    pub descr: Vec<String>,
    /// The registry's own status of the network, such as `ASSIGNED PA` or `Direct Allocation`.
    pub status: Option<String>,
    /// Whose database it stands in.
    pub registry: Registry,
}
