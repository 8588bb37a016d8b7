//! A national registry that is asked straight, before the regional one above it. It may have no record: the table that named
//! it can be wrong, or its server be down. Then the one above is asked, as if there were no table.

use super::{NextHop, ReferralChase};
use crate::registry::{Registry, Server, Servers, UnknownKind};

/// What became of the national registry that was asked first, if one was.
#[derive(Debug, Default)]
pub(super) enum NationalFirst {
    /// None was, or it has said who holds the network.
    #[default]
    None,
    /// It is the one asked first; whoever is above it comes next, if need be.
    Pending(Server),
    /// It had no record.
    Left {
        registry: Registry,
        /// It did not say so, but failed to answer: what the one above says is less than it would have said.
        failed: bool,
        /// It was not even asked, because our own queue for it was too long.
        unasked: bool,
    },
}

impl NationalFirst {
    /// Of a walk that begins at this server.
    pub(super) fn of(first: &Server, servers: &Servers) -> Self {
        let parent = first.registry.parent().and_then(|parent| servers.of(parent));
        parent.map_or(Self::None, Self::Pending)
    }

    /// Whether it is still to answer.
    pub(super) fn is_pending(&self) -> bool {
        matches!(self, Self::Pending(_))
    }

    /// Servers that it adds to those which may be asked for one address.
    pub(super) fn hops(&self) -> usize {
        usize::from(matches!(self, Self::Left { .. }))
    }
}

impl ReferralChase<'_> {
    /// Goes on to whoever is above a national registry that gave no record; None where the server was not one asked
    /// straight. What a denial says stands, so that nobody who is refused at one door goes round to the other.
    pub(super) fn leave_national(&mut self, server: &Server, kind: UnknownKind) -> Option<NextHop> {
        if self.best.is_some() || !self.national.is_pending() {
            return None;
        }
        let left = NationalFirst::Left {
            registry: server.registry,
            failed: !matches!(kind, UnknownKind::NotFound | UnknownKind::Placeholder),
            unasked: self.unasked,
        };
        let NationalFirst::Pending(parent) = std::mem::replace(&mut self.national, left) else { return None };
        self.trace.say("registry", || format!("{} gave no record: ask {}", server.name, parent.name));
        Some(NextHop::Ask(parent))
    }

    /// Notes a referral to a registry that was asked straight: where that failed, the record that names it is only a part
    /// of the answer.
    pub(super) fn note_missed(&mut self, to: Registry) {
        if let NationalFirst::Left { registry, failed: true, unasked } = self.national
            && registry == to
            && self.best.is_some()
        {
            self.partial = true;
            self.postponed |= unasked;
        }
    }
}
