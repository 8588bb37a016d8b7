//! One address -> what is known of it: reserved, remembered, or asked for.

mod trace;
mod turn;
mod walk;

pub use trace::{Step, Trace};

use crate::{
    address::{Prefix, special},
    answer::{Answer, Kind, Known, Unknown},
    cache::{Found, Handle, Kept, Want},
    deadline::Deadline,
    whois::{Registry, Server, Servers, is_leaf, responsible},
};
use jiff::{SignedDuration, Timestamp};
use std::{net::IpAddr, thread, time::Duration};
use turn::Turn;
use walk::Walk;

/// How long to wait before looking whether another process has its answer.
const GLANCE: Duration = Duration::from_millis(10);

/// How registries are to be asked, and what may be re-used.
#[derive(Clone, Debug)]
pub struct Manners {
    /// Servers in place of the built-in ones.
    pub servers: Servers,
    /// Questions at once to one server.
    pub per_server: u32,
    /// Questions a second to one server; None is each registry's own limit, 0 none at all.
    pub rate: Option<f64>,
    /// Persons too.
    pub full: bool,
    /// Ask nobody.
    pub offline: bool,
    /// Ask anew, whatever the cache has.
    pub refresh: bool,
    /// Kept answers may be no older.
    pub max_age: Duration,
    /// Prefix lengths that cap what a kept answer may be used for.
    pub share: Option<(u8, u8)>,
}

/// The way from an address to what is known of it.
pub struct Lookup<'a> {
    manners: &'a Manners,
    cache: &'a Handle,
}

impl<'a> Lookup<'a> {
    /// A way that asks with these manners and remembers in this cache.
    #[must_use]
    pub fn new(manners: &'a Manners, cache: &'a Handle) -> Self {
        Self { manners, cache }
    }

    /// What the cache has that may be used for this address now; nothing when everything is to be asked anew.
    #[must_use]
    pub fn remembered(&self, address: IpAddr, now: Timestamp) -> Option<Found> {
        if self.manners.refresh { None } else { self.cache.find(address, &self.want(now)) }
    }

    /// Reads the cache once for all addresses to come, for a run over many.
    pub fn gather(&self) {
        if !self.manners.refresh {
            self.cache.gather(&self.want(Timestamp::now()));
        }
    }

    fn want(&self, now: Timestamp) -> Want {
        let max_age = SignedDuration::try_from(self.manners.max_age).unwrap_or(SignedDuration::MAX);
        Want { now, max_age, share: self.manners.share }
    }

    /// The answer that the cache has for this address now.
    fn recalled(&self, address: IpAddr, trace: &mut Trace, what: &str) -> Option<Answer> {
        let found = self.remembered(address, Timestamp::now())?;
        let answer = self.cache.answer(&found)?;
        trace.say("cache", || format!("{what}{}", trace::found(&found, &answer)));
        Some(answer)
    }

    /// The registry that is asked first about an address: the one that delegates it today by imported statistics,
    /// else the one that IANA's tables name.
    #[must_use]
    pub fn first_registry(&self, address: IpAddr) -> Registry {
        first(address, self.cache.delegated(address))
    }

    /// Its server.
    #[must_use]
    pub fn first_server(&self, address: IpAddr) -> Server {
        self.server_of(self.first_registry(address))
    }

    fn server_of(&self, registry: Registry) -> Server {
        let servers = &self.manners.servers;
        servers.of(registry).unwrap_or_else(|| servers.find("whois.iana.org", None, false))
    }

    /// Waits until the first server may be asked about an address, however long that takes: a batch has the time
    /// that a waiting client has not. What follows should say that its turn is booked.
    pub fn await_turn(&self, address: IpAddr) {
        let server = self.first_server(address);
        let booked = Turn::book(self.cache, self.manners, &server, Timestamp::now(), Duration::MAX);
        thread::sleep(until(booked, Timestamp::now()));
    }

    /// Finds out who runs an address's network within the deadline. `booked` says that the first server's turn was
    /// waited for already ([`Lookup::await_turn`]).
    #[must_use]
    pub fn look_up(&self, address: IpAddr, deadline: Deadline, booked: bool, trace: &mut Trace) -> Known {
        if let Some(special) = special(address) {
            trace.say("reserved", || format!("{} {} ({})", special.prefix, special.name, special.reference));
            return Known::Reserved(special);
        }
        if let Some(answer) = self.recalled(address, trace, "") {
            return Known::Answer(Box::new(answer));
        }
        trace.say("cache", || {
            (if self.manners.refresh { "not looked at (--refresh)" } else { "has nothing" }).into()
        });
        if self.manners.offline {
            let message = "neither the cache nor imported data has it, and --offline asks nobody".to_owned();
            return Known::Unknown(Unknown { kind: Kind::Offline, message });
        }
        match self.ask(address, deadline, booked, trace) {
            Ok(answer) => Known::Answer(Box::new(answer)),
            Err(unknown) => {
                trace.say("unknown", || format!("{}: {}", unknown.kind.as_str(), unknown.message));
                Known::Unknown(unknown)
            }
        }
    }

    fn ask(
        &self,
        address: IpAddr,
        deadline: Deadline,
        booked: bool,
        trace: &mut Trace,
    ) -> Result<Answer, Unknown> {
        let delegated = self.cache.delegated(address);
        let server = self.server_of(first(address, delegated));
        trace.say("registry", || trace::chosen(address, delegated, &server));
        if let Some(until) = self.cache.held_off(&server.name, Timestamp::now()) {
            return self.make_do(address, &server, until, trace);
        }
        let area = self.area(address).to_string();
        let Some(turn) = Turn::claim(self.cache, format!("ask {area}"), 1, deadline, || {
            self.remembered(address, Timestamp::now()).is_some()
                || self.cache.held_off(&server.name, Timestamp::now()).is_some()
        }) else {
            let message =
                format!("another process is asking {} about {area}, and has no answer yet", server.name);
            return Err(Unknown { kind: Kind::Timeout, message });
        };
        // Whoever had the turn before may have brought an answer, or learned that nobody may ask.
        if let Some(answer) = self.recalled(address, trace, "another process asked meanwhile; ") {
            return Ok(answer);
        }
        if let Some(until) = self.cache.held_off(&server.name, Timestamp::now()) {
            return self.make_do(address, &server, until, trace);
        }
        let answer = Walk::new(self.cache, self.manners, address, deadline, trace).run(server, booked)?;
        let leaf = is_leaf(&answer.record);
        self.cache.keep(&Kept { answer: answer.clone(), asked: address, leaf });
        drop(turn);
        Ok(answer)
    }

    /// While a server may not be asked: what is remembered, even past its age, is better than nothing.
    fn make_do(
        &self,
        address: IpAddr,
        server: &Server,
        until: Timestamp,
        trace: &mut Trace,
    ) -> Result<Answer, Unknown> {
        let stale = (!self.manners.refresh)
            .then(|| self.cache.find_stale(address, &self.want(Timestamp::now())))
            .flatten()
            .and_then(|found| Some((found, self.cache.answer(&found)?)));
        if let Some((found, answer)) = stale {
            let has = || {
                format!(
                    "{} is held off until {until:.0}; stale: {}",
                    server.name,
                    trace::found(&found, &answer)
                )
            };
            trace.say("cache", has);
            return Ok(answer);
        }
        let message = format!("{} denied us before, and is not asked again until {until:.0}", server.name);
        Err(Unknown { kind: Kind::Denied, message })
    }

    /// The addresses that one answer would surely serve: /24 or /48, less where `--share` says so.
    fn area(&self, address: IpAddr) -> Prefix {
        let (v4, v6) = self.manners.share.unwrap_or((24, 48));
        Prefix::around(address, v4.max(24), v6.max(48))
    }
}

/// Whom to ask first, knowing who delegates the address by imported statistics.
fn first(address: IpAddr, delegated: Option<Registry>) -> Registry {
    delegated.unwrap_or_else(|| responsible(address).map_or(Registry::Iana, |row| row.registry))
}

/// How long from `now` to a moment; nothing when it has passed.
fn until(moment: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(moment.duration_since(now)).unwrap_or_default()
}
