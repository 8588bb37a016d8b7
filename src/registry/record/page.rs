//! One server's answer, split into blocks, and the networks that it names.

use super::{Registry, block::RecordBlock};
use crate::address::Network;
use std::net::IpAddr;

/// The form of a text; registries change their forms, and share them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum RecordForm {
    /// `inetnum: ...`: RIPE, APNIC, AFRINIC, LACNIC, registro.br, IANA.
    Rpsl,
    /// `NetRange: ...`.
    Arin,
    /// ARIN's list of one line for each network, if several match.
    ArinList,
    /// JPNIC's `[Network Number] ...`.
    Brackets,
    /// KRNIC's `IPv4 Address : ...`.
    Krnic,
    /// TWNIC's `Netblock: ...`.
    Twnic,
    /// RFC 2167's `network:IP-Network:...`.
    Rwhois,
}

/// A network that an answer names, and the index of its block.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NamedBlock {
    pub(crate) network: Network,
    pub(super) block: usize,
}

/// One server's answer, split into blocks.
pub(crate) struct RecordPage<'a> {
    pub(super) registry: Registry,
    pub(super) form: RecordForm,
    pub(super) text: &'a str,
    pub(super) blocks: Vec<RecordBlock<'a>>,
    pub(super) networks: Vec<NamedBlock>,
}

impl RecordPage<'_> {
    pub(crate) fn form(&self) -> RecordForm {
        self.form
    }

    /// The smallest network that holds the address, or the smallest of all without an address. If two are equal, the
    /// later one counts: registries write the customer's after the parent's, and APNIC the national registry's after
    /// its own.
    pub(crate) fn smallest(&self, address: Option<IpAddr>) -> Option<NamedBlock> {
        let holds = |named: &&NamedBlock| address.is_none_or(|address| named.network.contains(address));
        self.networks.iter().filter(holds).rev().min_by_key(|named| named.network.span()).copied()
    }
}
