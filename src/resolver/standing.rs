//! What stands when servers disagree: a registry's own word against that of a server which only a record named.
//!
//! Whoever is blocked may run the server that his record names, and may write into his record whom else to ask. Neither
//! may undo what the registry said of him.

use crate::registry::{Record, Registry, Server, referral};

/// What a registry's record, once adopted, leaves to those asked after it.
#[derive(Debug, Default)]
pub(super) struct Standing {
    /// National registries that the answer itself says keep the network.
    vouched: Vec<Registry>,
}

impl Standing {
    /// Notes whom a record's text vouches for.
    pub(super) fn note(&mut self, text: &str, registry: Registry) {
        if registry == Registry::Apnic {
            self.vouched.extend(referral::vouched(text));
        }
    }

    /// Whether a denial of this server leaves the record that led to it: it does, unless the registry itself said that
    /// this one keeps the network.
    pub(super) fn survives_denial_of(&self, server: &Server) -> bool {
        !self.vouched.contains(&server.registry)
    }
}

/// A network's record, with what it does not say itself taken from the network around it. The owner stays its own; but
/// where an operator's own server gave the record, what the registry says matches fields, too.
pub(super) fn completed(mut inner: Record, outer: Record) -> Record {
    let from_operator = matches!(inner.registry, Registry::Rwhois | Registry::Other);
    if from_operator {
        inner.outer.add(&outer);
    }
    if inner.abuse.is_empty() {
        inner.abuse = outer.abuse;
    }
    if inner.asn.is_empty() {
        inner.asn = outer.asn;
    }
    if inner.country.is_none() {
        inner.country = outer.country;
    }
    if from_operator {
        for name in outer.org.into_iter().chain(outer.other_orgs) {
            if inner.org.as_ref() != Some(&name) && !inner.other_orgs.contains(&name) {
                inner.other_orgs.push(name);
            }
        }
    }
    inner
}
