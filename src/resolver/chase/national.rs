//! Asks a national registry before the regional one above it. The national one may have no record, because the table that
//! names it is wrong, or its server is down. Then the regional one is asked, as if there were no table.

use super::{NextHop, ReferralChase};
use crate::registry::{Registry, Server, Servers, Unknown, UnknownKind};

/// The state of the national registry that is asked first, if there is one.
#[derive(Debug, Default)]
pub(super) enum NationalFirst {
    /// No national registry is asked first.
    #[default]
    None,
    /// It has not failed yet. The server of the registry above it is asked next, if it does.
    Pending(Server),
    /// It had no record.
    Left {
        registry: Registry,
        /// The reason, if it failed to answer. None if it said that it has no such network.
        failure: Option<Unknown>,
        /// It was not asked, because our own queue for it was too long.
        unasked: bool,
    },
}

impl NationalFirst {
    /// The state at the start, by the first server.
    pub(super) fn of(first: &Server, servers: &Servers) -> Self {
        let parent = first.registry.parent().and_then(|parent| servers.of(parent));
        parent.map_or(Self::None, Self::Pending)
    }

    /// Whether the registry above it may still be asked.
    pub(super) fn is_pending(&self) -> bool {
        matches!(self, Self::Pending(_))
    }

    /// The number of servers that it adds to the limit for one address.
    pub(super) fn hops(&self) -> usize {
        usize::from(matches!(self, Self::Left { .. }))
    }

    /// The reason why it failed to answer, if the registry above it knows no such network. The national one may know it, so
    /// its failure is the better reason.
    pub(super) fn failure(&mut self, said_above: UnknownKind) -> Option<Unknown> {
        match self {
            Self::Left { failure, .. }
                if matches!(said_above, UnknownKind::NotFound | UnknownKind::Placeholder) =>
            {
                failure.take()
            }
            _ => None,
        }
    }
}

impl ReferralChase<'_> {
    /// Continues with the registry above a national one that gave no record. None if this server was not asked as one.
    /// A denial never comes here: it stands, and no other server is asked instead.
    pub(super) fn leave_national(
        &mut self,
        server: &Server,
        kind: UnknownKind,
        message: &str,
    ) -> Option<NextHop> {
        if self.best.is_some() || !self.national.is_pending() {
            return None;
        }
        let left = NationalFirst::Left {
            registry: server.registry,
            failure: (!matches!(kind, UnknownKind::NotFound | UnknownKind::Placeholder))
                .then(|| Unknown { kind, message: message.to_owned() }),
            unasked: self.unasked,
        };
        let NationalFirst::Pending(parent) = std::mem::replace(&mut self.national, left) else { return None };
        self.trace.say("registry", || format!("{} gave no record: ask {}", server.name, parent.name));
        Some(NextHop::Ask(parent))
    }

    /// Notes a referral back to a national registry. If that failed to answer, the record with the referral is partial.
    pub(super) fn note_missed(&mut self, to: Registry) {
        if let NationalFirst::Left { registry, failure: Some(_), unasked } = &self.national
            && *registry == to
            && self.best.is_some()
        {
            self.partial = true;
            self.postponed |= unasked;
        }
    }
}
