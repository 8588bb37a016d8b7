//! A national registry that is asked straight, before the regional one above it. It may have no record: the table that named
//! it can be wrong, or its server be down. Then the one above is asked, as if there were no table.

use super::{NextHop, ReferralChase};
use crate::registry::{Registry, Server, Servers, Unknown, UnknownKind};

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
        /// Why, if it did not say that it has none, but failed to answer: it may be the very one that knows.
        failure: Option<Unknown>,
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

    /// Why it did not answer, where the one above says that there is no such network: nobody who knows has said so.
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
    /// Goes on to whoever is above a national registry that gave no record; None where the server was not one asked
    /// straight. What a denial says stands, so that nobody who is refused by one server goes round to the other.
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

    /// Notes a referral to a registry that was asked straight: where that failed, the record that names it is only a part
    /// of the answer.
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
