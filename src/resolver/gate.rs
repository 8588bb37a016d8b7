//! Limits the waiting for servers that only a record named. A customer writes the referral in his record, and may run
//! that server himself, as slowly as he likes.

use crate::{deadline::Deadline, registry::Registry};

/// Permits referrals to be followed.
pub trait ReferralGate: Sync {
    /// Whether a server that a record named may be asked. It is called twice: before the server's name is resolved,
    /// with a mark for the record's network, and before the query, with a mark for the server's location. Either mark
    /// may be counted. After a refusal the record stands as it is, and is not kept.
    fn pass(&self, mark: &str) -> bool;
}

/// Permits all: a caller that waits for the answer waits for its referrals too.
pub(super) struct OpenGate;

impl ReferralGate for OpenGate {
    fn pass(&self, _: &str) -> bool {
        true
    }
}

/// The conditions for looking up one address.
#[derive(Clone, Copy)]
pub(super) struct LookUpTurn<'a> {
    pub(super) deadline: Deadline,
    /// The registry whose query is booked already ([`super::Resolver::await_turn`]), if it is the first to be asked.
    pub(super) booked: Option<Registry>,
    /// Other addresses follow at once, without a pace: writes may wait for those of the next address.
    pub(super) gathers: bool,
    pub(super) gate: &'a dyn ReferralGate,
}
