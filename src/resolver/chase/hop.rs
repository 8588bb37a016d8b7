//! One hop: finds the server behind a name, and sends it one query when a lease is free.

use super::{HopReply, ReferralChase, fallback::but_for_reserve};
use crate::{
    address::Prefix,
    deadline::Deadline,
    registry::{AskFailure, Server, UnknownKind},
    resolver::lease::{Lease, query_lease},
    whois::{
        ask, charset,
        reply::{Provenance, WhoisReply, classify},
    },
};
use jiff::Timestamp;
use std::time::{Duration, Instant};

/// The most time for a server that can only add to a good answer. Many that ARIN's records name are long dead.
const SLICE: Duration = Duration::from_secs(3);

/// The location of a server, as a mark for its operator: an address stands for its /24 or /48, because its owner has
/// the neighbours too.
fn location(server: &Server) -> String {
    match server.host.parse() {
        Ok(address) if server.registry.server().is_none() => {
            format!("at {}", Prefix::around(address, 24, 48))
        }
        _ => format!("at {}", server.name),
    }
}

impl ReferralChase<'_> {
    /// Asks the server behind a name, and returns which it is: a registry's, or another at one of its addresses.
    pub(super) fn visit(&mut self, server: Server, is_first: bool) -> (Server, HopReply) {
        self.unasked = false;
        if server.registry.server().is_none() {
            // Resolving a name from a referral may take long, so waiting writes are made first.
            self.resolver.cache().flush();
        }
        let deadline = self.hop_deadline();
        let behind =
            match self.resolver.state.identities.behind(&server, &self.resolver.policy().servers, deadline) {
                Ok(behind) => behind,
                Err(failed) => return (server, Err(failed)),
            };
        let mut last = (server, Err(AskFailure::new(UnknownKind::Network, "it has no address".to_owned())));
        for found in behind {
            if found.registry != last.0.registry {
                self.trace.say("referral", || format!("{} is {}", last.0.name, found.name));
            }
            if self.knows(&found) {
                return (found, last.1);
            }
            if !self.may_follow(&location(&found)) {
                // The record that led here stands.
                let why = "too many such servers are asked at the moment".to_owned();
                return (found, Err(AskFailure::new(UnknownKind::Timeout, why)));
            }
            let booked = is_first && self.booked == Some(found.registry);
            let reply = self.hop(&found, booked, deadline);
            let reply = self.confirmed(&found, reply, deadline);
            let unheard =
                matches!(&reply, Err(AskFailure { kind: UnknownKind::Network | UnknownKind::Timeout, .. }));
            last = (found, reply);
            if !unheard || deadline.remaining().is_none() {
                break;
            }
        }
        last
    }

    /// A server that can only add to a good answer, or to a reason that stands, must not use up the whole deadline.
    fn hop_deadline(&self) -> Deadline {
        let adds = self.best.is_some() || self.why.is_some();
        match (adds, self.deadline.remaining()) {
            (false, Some(left)) if self.national.is_pending() => self.deadline.at_most(but_for_reserve(left)),
            (true, Some(left)) => self.deadline.at_most(SLICE.min(left / 2)),
            _ => self.deadline,
        }
    }

    /// Sends one query when a lease is free.
    pub(super) fn hop(&mut self, server: &Server, booked: bool, deadline: Deadline) -> HopReply {
        let key = server.key();
        let late =
            || AskFailure::new(UnknownKind::Timeout, format!("no turn to ask {} in time", server.name));
        let what = query_lease(&key);
        // The server's hold-off was checked when this lease was taken.
        let ready = self.lease.take().filter(|ready| ready.is_on(&what));
        if ready.is_none()
            && let Some(message) = self.resolver.left_alone(server, Timestamp::now())
        {
            return Err(AskFailure::new(UnknownKind::Denied, message));
        }
        if let Some(message) = self.resolver.state.unresponsive.of(&key, Timestamp::now()) {
            return Err(AskFailure::new(UnknownKind::Timeout, message));
        }
        let (cache, policy) = (self.resolver.cache(), self.resolver.policy());
        self.unasked = true;
        self.trace.ask(&server.name);
        let pace = self.resolver.pace_of(server);
        let pace = if self.best.is_some() { pace.yielding() } else { pace };
        if !booked && ready.is_none() && !Lease::await_pace(cache, &key, pace, deadline) {
            return Err(late());
        }
        let claim = || Lease::claim(cache, what, policy.per_server.into(), deadline);
        let turn = ready.or_else(claim).ok_or_else(late)?;
        self.unasked = false;
        let started = Instant::now();
        let deadline = self.whois_deadline(server.registry, deadline);
        let answered = ask(server, self.address, policy.full, deadline);
        // The reply is read next, and then an answer is written or the next server is asked.
        turn.release_with_next_write();
        let silent = matches!(&answered, Err(AskFailure { kind: UnknownKind::Timeout, .. }));
        self.resolver.state.unresponsive.note(&key, !silent, Timestamp::now());
        let took = started.elapsed();
        let (address, full) = (self.address, policy.full);
        self.trace.say("asked", || {
            let question = server.question(full).replace("$addr", &address.to_string());
            format!("{} `{}` ({} ms)", server.name, question.trim_end(), took.as_millis())
        });
        let read = |bytes: &[u8]| {
            let text = charset::decode(bytes, server.registry);
            (classify(&text, server.registry, Some(address), Provenance::Network), text)
        };
        match answered {
            Ok(bytes) => {
                let read = read(&bytes);
                self.note_sense(server, &read.0);
                Ok(read)
            }
            // A server that refuses may close the connection in the middle of its message. Any other reply that breaks
            // off is no answer.
            Err(failed) => match read(&failed.received) {
                denial @ (WhoisReply::Failure { kind: UnknownKind::Denied, .. }, _) => Ok(denial),
                _ => Err(failed),
            },
        }
    }
}
