//! One query's turn: its checks and leases, taken together. Each access to a shared cache costs as much as the rest of a
//! query.

use super::{CacheHit, Freshness, LeaseHolder};
use jiff::Timestamp;
use std::net::IpAddr;

/// The checks and leases before a query.
#[derive(Clone, Debug)]
pub struct TurnRequest {
    /// The address to be asked about.
    pub address: IpAddr,
    /// The limits for a kept answer that makes the query needless; None if none will do.
    pub accepts: Option<Freshness>,
    /// The name of the lease on the addresses that one answer would serve. There is one such lease at a time.
    pub area: String,
    /// The server's key, as hold-offs are noted.
    pub server: String,
    /// The name of the lease on a query to the server, and their number; None if it is not wanted yet.
    pub query: Option<(String, u32)>,
    /// The holder of the leases.
    pub holder: LeaseHolder,
    /// The current time.
    pub now: Timestamp,
    /// The end of the leases.
    pub until: Timestamp,
}

/// The outcome of a [`TurnRequest`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TurnOutcome {
    /// This answers, so no lease was taken.
    Found(CacheHit),
    /// The server must not be asked until then, so no lease was taken.
    HeldOff(Timestamp),
    /// Another holder asks about these addresses, so no lease was taken.
    Busy,
    /// The lease on the addresses was taken.
    Granted {
        /// So was the one on a query to the server.
        query: bool,
    },
}
