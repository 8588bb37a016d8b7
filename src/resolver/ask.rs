//! One address is reserved, found in the cache, or looked up when a lease is free.

use super::{
    Resolver, Trace,
    chase::{ChaseOutcome, ReferralChase},
    gate::LookUpTurn,
    lease::{Admission, AdmissionRequest, Lease, QuestionPace, until},
    offline, trace,
};
use crate::{
    address::{Prefix, special},
    cache::{CacheHit, CachedAnswer},
    origin::AddressOrigin,
    registry::{
        Answer, Known, NationalBlock, Registry, Server, Unknown, UnknownKind, is_leaf, national, responsible,
    },
    verdict,
};
use jiff::Timestamp;
use std::{
    net::IpAddr,
    ops::ControlFlow,
    sync::{Arc, PoisonError},
    thread,
    time::Duration,
};

/// Precedes the report of an answer that another look-up brought.
const MEANWHILE: &str = "another process asked meanwhile; ";

impl Resolver {
    /// The answer that the cache has for this address now.
    fn recalled(&self, address: IpAddr, trace: &mut Trace, what: &str) -> Option<Answer> {
        self.usable(address, &self.find(address, Timestamp::now())?, trace, what)
    }

    /// The answer of a hit, if it has all that is asked for.
    fn usable(&self, address: IpAddr, found: &CacheHit, trace: &mut Trace, what: &str) -> Option<Answer> {
        let answer = self.cache().answer(found)?;
        let lacks = if !self.suffices(&answer) {
            ", but without persons (--full)"
        } else if !self.policy().offline && self.is_inconclusive(address, &answer) {
            ", but over RDAP, and no pattern matches that shorter text"
        } else {
            ""
        };
        trace.say("cache", || format!("{what}{}{lacks}", trace::found(found, &answer)));
        lacks.is_empty().then_some(answer)
    }

    /// Whether an answer has all that is asked for: an answer kept without persons does not suffice for `--full`.
    pub(super) fn suffices(&self, answer: &Answer) -> bool {
        answer.full || !self.policy().full
    }

    /// Whether an answer allows no verdict, because it came over RDAP and is shorter than the whois record.
    pub(super) fn is_inconclusive(&self, address: IpAddr, answer: &Answer) -> bool {
        if !answer.rdap {
            return false;
        }
        let origin = self.origins().find(address);
        let announced = origin.as_ref().map(|origin| &origin.origin);
        verdict::find(self.patterns(), answer, Some(address), announced).inconclusive
    }

    /// The registry that is asked first about an address: the one that holds it today by imported statistics, else the
    /// one in IANA's tables; or the national registry below it that has the block.
    #[must_use]
    pub fn first_registry(&self, address: IpAddr) -> Registry {
        let regional = first(address, self.cache().delegated(address));
        self.national(address, regional).map_or(regional, |row| row.registry)
    }

    /// The national registry that is asked before this regional one.
    fn national(&self, address: IpAddr, regional: Registry) -> Option<NationalBlock> {
        national_below(address, regional).filter(|row| self.objection(row, regional).is_none())
    }

    /// The reason why this national registry is never asked before the regional one in this run.
    fn objection(&self, row: &NationalBlock, regional: Registry) -> Option<&'static str> {
        let servers = &self.policy().servers;
        if servers.lists(regional) && !servers.lists(row.registry) {
            return Some("it is not in the list of servers");
        }
        // The regional one may have route objects.
        (self.patterns.name_origins() && !self.origins().is_there())
            .then_some("a pattern asks for the AS, and there is no table of origins")
    }

    /// The national registry that would be asked first now, and the reason why it is passed over.
    fn passed_over(&self, address: IpAddr, regional: Registry) -> Option<(NationalBlock, String)> {
        let row = national_below(address, regional)?;
        let (server, now) = (self.server_of(row.registry), Timestamp::now());
        let why = self.objection(&row, regional).map(str::to_owned);
        let why = why.or_else(|| self.left_alone(&server, now));
        let why = why.or_else(|| self.state.unresponsive.of(&server.key(), now))?;
        Some((row, why))
    }

    /// The server to ask first now. A national registry that refuses or is silent is passed over, as if it had no row.
    fn first_now(&self, address: IpAddr, regional: Registry) -> (Server, Option<NationalBlock>) {
        let row = self.national(address, regional).map(|row| (self.server_of(row.registry), row));
        let now = Timestamp::now();
        match row.filter(|(server, _)| self.may_ask(server, now)) {
            Some((server, row)) => (server, Some(row)),
            None => (self.server_of(regional), None),
        }
    }

    fn may_ask(&self, server: &Server, now: Timestamp) -> bool {
        self.left_alone(server, now).is_none() && self.state.unresponsive.of(&server.key(), now).is_none()
    }

    /// The server of that registry.
    #[must_use]
    pub fn first_server(&self, address: IpAddr) -> Server {
        self.server_of(self.first_registry(address))
    }

    fn server_of(&self, registry: Registry) -> Server {
        let servers = &self.policy().servers;
        servers.of(registry).unwrap_or_else(|| servers.find("whois.iana.org", None, false))
    }

    /// Waits until the first server may be asked about an address, however long that takes: a batch has time, unlike a
    /// client that waits for its answer. Nothing is booked ahead, so callers that cannot wait go first. Returns whose
    /// query is booked, None if no server will be asked.
    pub(super) fn await_turn(&self, address: IpAddr) -> Option<Registry> {
        let regional = first(address, self.cache().delegated(address));
        loop {
            let (server, _) = self.first_now(address, regional);
            let now = Timestamp::now();
            if !self.may_ask(&server, now) {
                return None;
            }
            let pace = self.pace_of(&server);
            let booked = Lease::book(self.cache(), &server.key(), pace, now, Duration::ZERO);
            let wait = until(booked, now);
            if wait.is_zero() {
                return Some(server.registry);
            }
            thread::sleep(wait);
        }
    }

    /// Finds out who runs an address's network within the deadline.
    pub(super) fn look_up(
        &self,
        address: IpAddr,
        turn: LookUpTurn<'_>,
        trace: &mut Trace,
    ) -> (Known, Option<AddressOrigin>) {
        if let Some(special) = special(address) {
            trace.say("reserved", || format!("{} {} ({})", special.prefix, special.name, special.reference));
            return (Known::Reserved(special), None);
        }
        let origin = self.origins().find(address);
        if self.origins().is_there() {
            trace.say("origin", || trace::announced(origin.as_ref()));
        }
        if self.suffices_for_patterns(origin.as_ref()) {
            trace.say("origin", || {
                "every pattern is @asn, @asname or @cidr: this decides without a query".to_owned()
            });
            return (Known::Origin, origin);
        }
        (self.look_up_answer(address, turn, trace), origin)
    }

    fn look_up_answer(&self, address: IpAddr, turn: LookUpTurn<'_>, trace: &mut Trace) -> Known {
        // A caller that has waited for the server has checked the cache already. It checks again after other processes
        // have asked.
        if let Some(answer) = turn.booked.is_none().then(|| self.recalled(address, trace, "")).flatten() {
            return Known::Answer(Arc::new(answer));
        }
        trace.say("cache", || {
            (if self.policy().refresh { "not looked at (--refresh)" } else { "has nothing" }).into()
        });
        if self.policy().offline {
            return Known::Unknown(offline());
        }
        match self.ask(address, turn, trace) {
            Ok(answer) => Known::Answer(Arc::new(answer)),
            Err(unknown) => Known::Unknown(unknown),
        }
    }

    fn ask(&self, address: IpAddr, turn: LookUpTurn<'_>, trace: &mut Trace) -> Result<Answer, Unknown> {
        let delegated = self.cache().delegated(address);
        let regional = first(address, delegated);
        let (server, row) = self.first_now(address, regional);
        trace.say("registry", || {
            let national = match row {
                Some(row) => Some((row, None)),
                None => self.passed_over(address, regional).map(|(row, why)| (row, Some(why))),
            };
            trace::chosen(address, delegated, national, &server)
        });
        let area = self.area(address);
        let (lease, query) = match self.admit(address, &server, turn, trace) {
            ControlFlow::Continue(granted) => granted,
            ControlFlow::Break(settled) => return settled,
        };
        if let Some(answer) = self.state.postponed.of(area, address, Timestamp::now()) {
            trace.say("postponed", || "asked a moment ago, when too many followed referrals".to_owned());
            return Ok(answer);
        }
        let ChaseOutcome { answer, postponed } =
            ReferralChase::new(self, address, turn, trace).with_lease(query).run(server)?;
        if postponed {
            self.state.postponed.note(area, &answer, Timestamp::now());
            return Ok(answer);
        }
        // A partial answer is kept as long as a whole one: most servers that cannot be followed are dead for good.
        let kept = CachedAnswer { leaf: is_leaf(&answer.record), answer, asked: address };
        lease.release_with_next_write();
        if turn.gathers {
            self.cache().keep_with_next_write(&kept);
        } else {
            self.cache().keep(&kept);
            self.cache().flush();
        }
        Ok(kept.answer)
    }

    /// Waits for the leases on an address and, if nothing else remains, for its turn at the server. It stops early with
    /// an answer that makes the query unnecessary, or with the reason why no query is sent.
    fn admit(
        &self,
        address: IpAddr,
        server: &Server,
        turn: LookUpTurn<'_>,
        trace: &mut Trace,
    ) -> ControlFlow<Result<Answer, Unknown>, (Lease<'_>, Option<Lease<'_>>)> {
        let refused = || self.left_alone(server, Timestamp::now());
        if self.denied_us(server)
            && let Some(refused) = refused()
        {
            return ControlFlow::Break(self.make_do(address, refused, trace));
        }
        let (area, policy) = (self.area(address), self.policy());
        // A look-up that must still wait for the server's pace takes no other's query.
        let is_next = turn.booked == Some(server.registry) || self.pace_of(server).is_unlimited();
        let mut request = AdmissionRequest {
            address,
            accepts: (!policy.refresh).then(|| self.freshness(Timestamp::now())),
            area: format!("ask {area}"),
            server: server.key(),
            queries: is_next.then_some(policy.per_server),
        };
        loop {
            // An access to the cache costs as much as the rest of a query, so everything is checked and taken at once.
            match Lease::admit(self.cache(), &request, turn.deadline) {
                // The holder before may have brought an answer, or a denial.
                Some(Admission::Found(found)) => match self.usable(address, &found, trace, MEANWHILE) {
                    Some(answer) => return ControlFlow::Break(Ok(answer)),
                    None => request.accepts = None,
                },
                Some(Admission::HeldOff) => {
                    if let Some(refused) = refused() {
                        return ControlFlow::Break(self.make_do(address, refused, trace));
                    }
                }
                Some(Admission::Granted { area, query }) => {
                    // The answer that was found did not suffice. A later one may.
                    let later = request.accepts.is_none().then(|| self.recalled(address, trace, MEANWHILE));
                    return match later.flatten() {
                        Some(answer) => ControlFlow::Break(Ok(answer)),
                        None => ControlFlow::Continue((area, query)),
                    };
                }
                None => {
                    let name = &server.name;
                    let message =
                        format!("another process is asking {name} about {area}, and has no answer yet");
                    return ControlFlow::Break(Err(Unknown { kind: UnknownKind::Timeout, message }));
                }
            }
        }
    }

    /// The pace of a registry's server.
    pub(super) fn pace_of(&self, server: &Server) -> QuestionPace {
        QuestionPace::of(self.policy(), server.registry.pace())
    }

    /// Whether a server denied an answer earlier in this run.
    fn denied_us(&self, server: &Server) -> bool {
        self.state.denied.as_ref().is_some_and(|denied| {
            denied.lock().unwrap_or_else(PoisonError::into_inner).contains(&server.key())
        })
    }

    /// The reason why a server is not asked, if there is one: it denied an answer recently, or earlier in this run,
    /// however long the run takes.
    pub(super) fn left_alone(&self, server: &Server, now: Timestamp) -> Option<String> {
        self.held_off(&server.name, server.key(), now)
    }

    /// The same for the server with this key.
    pub(super) fn held_off(&self, name: &str, key: String, now: Timestamp) -> Option<String> {
        let held = self.cache().held_off(&key, now);
        // A pause is a guess, and shorter than a hold-off: a run tries again after it.
        if let Some(until) = held.filter(|until| self.cache().mute_until(&key, now) >= Some(*until)) {
            return Some(format!(
                "{name} said nothing about several networks in a row, and is not asked again until {until:.0}"
            ));
        }
        let mut denied =
            self.state.denied.as_ref().map(|denied| denied.lock().unwrap_or_else(PoisonError::into_inner));
        let how_long = match (held, &mut denied) {
            (Some(until), denied) => {
                if let Some(denied) = denied {
                    denied.insert(key);
                }
                format!("until {until:.0}")
            }
            (None, Some(denied)) if denied.contains(&key) => "in this run".to_owned(),
            (None, _) => return None,
        };
        Some(format!("{name} denied us before, and is not asked again {how_long}"))
    }

    /// Uses a kept answer, even an expired one, while a server may not be asked: that is better than nothing.
    fn make_do(&self, address: IpAddr, refused: String, trace: &mut Trace) -> Result<Answer, Unknown> {
        let stale = (!self.policy().refresh)
            .then(|| self.cache().find_stale(address, &self.freshness(Timestamp::now())))
            .flatten()
            .and_then(|found| Some((found, self.cache().answer(&found)?)))
            .filter(|(_, answer)| self.suffices(answer));
        match stale {
            Some((found, answer)) => {
                trace.say("cache", || format!("{refused}; stale: {}", trace::found(&found, &answer)));
                Ok(answer)
            }
            None => Err(Unknown { kind: UnknownKind::Denied, message: refused }),
        }
    }

    /// The addresses that one answer will surely serve: a /24 or /48, or less with `--share`.
    #[must_use]
    pub fn area(&self, address: IpAddr) -> Prefix {
        let (v4, v6) = self.policy().share.unwrap_or((24, 48));
        Prefix::around(address, v4.max(24), v6.max(48))
    }
}

/// The registry to ask first, given the one that holds the address by imported statistics.
fn first(address: IpAddr, delegated: Option<Registry>) -> Registry {
    delegated.unwrap_or_else(|| responsible(address).map_or(Registry::Iana, |row| row.registry))
}

/// The national registry below this regional one that has the address's block.
fn national_below(address: IpAddr, regional: Registry) -> Option<NationalBlock> {
    national(address).filter(|row| row.registry.parent() == Some(regional))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        cache::LayeredCache,
        pattern::{PatternSpec, Patterns},
        resolver::QueryPolicy,
    };
    use jiff::SignedDuration;
    use std::sync::Arc;

    #[test]
    fn a_server_that_refused_is_left_alone_for_the_rest_of_the_run() {
        let cache = Arc::new(LayeredCache::new(None));
        let patterns = || Patterns::read(&PatternSpec::default()).unwrap();
        let run = || Resolver::new(QueryPolicy::default(), Arc::clone(&cache), patterns());
        let (first, address) = (run(), "193.0.22.9".parse().unwrap());
        let service = Resolver::for_service(QueryPolicy::default(), Arc::clone(&cache), patterns());
        let server = first.first_server(address);
        let at = |minutes: i64| Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minutes);
        assert_eq!(first.left_alone(&server, at(0)), None);
        let _ = cache.hold_off(&server.name, at(0), Duration::ZERO);
        for resolver in [&first, &service] {
            let said = resolver.left_alone(&server, at(1)).unwrap();
            assert!(said.ends_with("not asked again until 1970-01-01T00:05:00Z"), "{said}");
        }
        let said = first.left_alone(&server, at(10)).unwrap();
        assert!(said.ends_with("not asked again in this run"), "{said}");
        assert_eq!(run().left_alone(&server, at(10)), None, "another run tries again");
        assert_eq!(service.left_alone(&server, at(10)), None, "a service has no end, so it tries again");
    }

    #[test]
    fn a_national_registry_that_may_not_be_asked_leaves_the_one_above_it() {
        let cache = Arc::new(LayeredCache::new(None));
        let patterns = Patterns::read(&PatternSpec::default()).unwrap();
        let resolver = Resolver::for_service(QueryPolicy::default(), Arc::clone(&cache), patterns);
        let address = "112.170.1.9".parse().unwrap();
        let first = |regional| resolver.first_now(address, regional).0.name;
        assert_eq!(first(Registry::Apnic), "whois.kisa.or.kr");
        assert_eq!(resolver.await_turn(address), Some(Registry::Krnic));
        assert_eq!(first(Registry::Ripe), "whois.ripe.net", "transferred since");
        let _ = cache.hold_off("whois.kisa.or.kr", Timestamp::now(), Duration::ZERO);
        assert_eq!(first(Registry::Apnic), "whois.apnic.net");
        assert_eq!(resolver.await_turn(address), Some(Registry::Apnic));
        let _ = cache.hold_off("whois.apnic.net", Timestamp::now(), Duration::ZERO);
        assert_eq!(resolver.await_turn(address), None);
    }
}
