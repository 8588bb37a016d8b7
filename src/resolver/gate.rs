//! Who may be kept waiting for a server that only a record named. A customer writes into his record whom else to ask, and
//! may run that server himself, as slowly as he pleases.

use crate::deadline::Deadline;

/// Gives leave to follow referrals.
pub trait ReferralGate: Sync {
    /// Whether a server may be asked that a record named. It is called before the server's name is looked up, with a mark
    /// for the network whose record it was, and before the server is asked, with a mark for where it is: either may be
    /// counted. Where that is refused, the record stands as it is, and is kept for nobody.
    fn pass(&self, mark: &str) -> bool;
}

/// Lets all pass: whoever waits for the answer waits for its referrals too.
pub(super) struct OpenGate;

impl ReferralGate for OpenGate {
    fn pass(&self, _: &str) -> bool {
        true
    }
}

/// How one address may be asked about.
#[derive(Clone, Copy)]
pub(super) struct LookUpTurn<'a> {
    pub(super) deadline: Deadline,
    /// The first server's turn was waited for already ([`super::Resolver::await_turn`]).
    pub(super) booked: bool,
    pub(super) gate: &'a dyn ReferralGate,
}
