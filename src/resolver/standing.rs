//! Decides between servers that disagree: a registry's own word, and that of a server that only a record named.
//!
//! A blocked operator may run the server that his record names, and may choose the referral in his record. Neither may
//! undo the registry's word on him.

use crate::registry::{Record, Registry, Server, referral};

/// The effect of a registry's record on the servers asked after it.
#[derive(Debug, Default)]
pub(super) struct Standing {
    /// The national registries that the answer itself names as keepers of the network.
    vouched: Vec<Registry>,
}

impl Standing {
    /// Notes the registries that a record's text vouches for.
    pub(super) fn note(&mut self, text: &str, registry: Registry) {
        if registry == Registry::Apnic {
            self.vouched.extend(referral::vouched(text));
        }
    }

    /// Whether the record stands that led to this server, if the server denies an answer. It does, unless the registry
    /// itself said that this server keeps the network.
    pub(super) fn survives_denial_of(&self, server: &Server) -> bool {
        !self.vouched.contains(&server.registry)
    }
}

/// A network's record, with missing fields taken from the network around it. The owner stays its own. If an operator's
/// own server gave the record, patterns for fields also see the registry's values.
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
