//! Asks a registry over RDAP if its whois server cannot be reached or does not answer in time. This never follows a
//! denial: a server that refuses on one protocol is not asked on the other.

use super::ReferralChase;
use crate::{
    deadline::Deadline,
    rdap::{RdapFailure, RdapQuery, RdapReply, ask},
    registry::{Registry, Server, Unknown, UnknownKind},
    resolver::lease::{Lease, QuestionPace, query_lease},
    whois::reply::{Provenance, WhoisReply, classify},
};
use jiff::Timestamp;
use std::time::{Duration, Instant};

/// The most time that is kept for a server that is asked instead of another: a third of the rest, up to this.
/// Connection, TLS and answer over RDAP are four round trips, more than a second across the world.
const RESERVE: Duration = Duration::from_secs(3);

/// The part of the remaining time that one server may use, if another can be asked instead.
pub(super) fn but_for_reserve(left: Duration) -> Duration {
    left - RESERVE.min(left / 3)
}

/// The result of asking over RDAP.
pub(super) enum Fallback {
    /// A record, which the chase now has.
    Answered,
    /// A final result: it refused, or knows no such network.
    Final(Unknown),
    /// Nothing, with the reason if a server was asked; the failure of whois stands.
    Nothing(Option<String>),
}

impl ReferralChase<'_> {
    /// The query to send over RDAP if this registry's whois does not answer. None if RDAP is off, if no server can be
    /// asked, if there is already an answer or a reason, or if the registry above a national one is asked next.
    fn rdap_query(&self, registry: Registry) -> Option<RdapQuery> {
        let policy = self.resolver.policy();
        if !policy.rdap || self.best.is_some() || self.why.is_some() || self.national.is_pending() {
            return None;
        }
        RdapQuery::about(self.address, registry, &policy.servers)
    }

    /// The deadline of a whois query. It leaves time for RDAP, if that would be asked.
    pub(super) fn whois_deadline(&self, registry: Registry, deadline: Deadline) -> Deadline {
        let Some(left) = deadline.remaining() else { return deadline };
        let asked_next = self.rdap_query(registry).is_some_and(|query| self.rdap_barred(&query).is_none());
        if asked_next { deadline.at_most(but_for_reserve(left)) } else { deadline }
    }

    /// Asks the registry over RDAP, and the registries that it redirects to.
    pub(super) fn over_rdap(&mut self, registry: Registry) -> Fallback {
        let Some(mut query) = self.rdap_query(registry) else { return Fallback::Nothing(None) };
        let mut urls: Vec<String> = Vec::new();
        loop {
            let name = query.server.name.clone();
            let barred = if self.is_out_of_hops() {
                Some(format!("{name} is beyond the limit of servers for one address"))
            } else if urls.iter().any(|url| url == query.url()) {
                Some(format!("{name} redirects in a circle"))
            } else {
                self.rdap_barred(&query)
            };
            if let Some(why) = barred {
                self.trace.say("rdap", || format!("not asked: {why}"));
                return Fallback::Nothing(Some(why));
            }
            urls.push(query.url().to_owned());
            let reply = self.rdap_hop(&query);
            self.asked.push(query.server.clone());
            match reply {
                Ok(RdapReply::Elsewhere(next)) => {
                    self.trace.say("rdap", || format!("{name} redirects to {}", next.url()));
                    query = *next;
                }
                Ok(RdapReply::Network(text, registry)) => return self.read_rdap(&name, &text, registry),
                Err(failure) => return self.rdap_failed(&query, failure),
            }
        }
    }

    /// The reason why a server is not asked now.
    fn rdap_barred(&self, query: &RdapQuery) -> Option<String> {
        let (resolver, now) = (self.resolver, Timestamp::now());
        let Server { name, .. } = &query.server;
        resolver.held_off(name, name.clone(), now).or_else(|| resolver.state.unresponsive.of(name, now))
    }

    /// Sends one RDAP query when a lease is free.
    fn rdap_hop(&mut self, query: &RdapQuery) -> Result<RdapReply, RdapFailure> {
        let (name, deadline) = (&query.server.name, self.deadline);
        let late = || RdapFailure {
            kind: UnknownKind::Timeout,
            message: format!("no turn to ask {name} in time"),
            retry_after: None,
        };
        let (cache, policy) = (self.resolver.cache(), self.resolver.policy());
        self.trace.ask(name);
        if !Lease::await_pace(cache, name, QuestionPace::of(policy, query.pace()), deadline) {
            return Err(late());
        }
        let turn =
            Lease::claim(cache, query_lease(name), policy.per_server.into(), deadline).ok_or_else(late)?;
        let started = Instant::now();
        let answered = ask(query, self.address, &policy.servers, deadline);
        drop(turn);
        let silent = matches!(&answered, Err(RdapFailure { kind: UnknownKind::Timeout, .. }));
        self.resolver.state.unresponsive.note(name, !silent, Timestamp::now());
        self.trace.say("asked", || format!("{} ({} ms)", query.url(), started.elapsed().as_millis()));
        answered
    }

    /// Acts on the text made from an RDAP answer, by its class.
    fn read_rdap(&mut self, name: &str, text: &str, registry: Registry) -> Fallback {
        let reply = classify(text, registry, Some(self.address), Provenance::Rdap);
        self.trace.say("reply", || format!("{name}: {}", reply.explain()));
        match reply {
            WhoisReply::Record(record, _) => {
                self.adopt(*record, text);
                self.rdap = true;
                Fallback::Answered
            }
            WhoisReply::Placeholder { message, .. }
            | WhoisReply::Empty { message, .. }
            | WhoisReply::Failure { message, .. } => Fallback::Nothing(Some(format!("{name}: {message}"))),
        }
    }

    fn rdap_failed(&mut self, query: &RdapQuery, failure: RdapFailure) -> Fallback {
        let RdapFailure { kind, message, retry_after } = failure;
        self.trace.say("failed", || format!("{}: {message}", kind.as_str()));
        if kind == UnknownKind::Denied {
            let name = &query.server.name;
            let least = retry_after.unwrap_or_default();
            let until = self.resolver.cache().hold_off(name, Timestamp::now(), least);
            self.trace.say("held off", || format!("{name} until {until:.0}"));
        }
        match kind {
            UnknownKind::Denied | UnknownKind::NotFound => Fallback::Final(Unknown { kind, message }),
            _ => Fallback::Nothing(Some(message)),
        }
    }
}
