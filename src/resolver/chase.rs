//! The hops of one address: a query, the class of its reply, and the next server.

mod closing;
mod fallback;
mod hop;
mod mute;
mod national;

use super::{
    Resolver, Trace,
    gate::{LookUpTurn, ReferralGate},
    lease::Lease,
    standing::{Standing, completed},
};
use crate::{
    deadline::Deadline,
    registry::{
        Answer, AnswerSource, AskFailure, Record, Registry, Server, Unknown, UnknownKind, referral::Referral,
    },
    whois::reply::WhoisReply,
};
use fallback::Fallback;
use jiff::Timestamp;
use national::NationalFirst;
use std::{net::IpAddr, time::Duration};

/// The most referrals that are followed for one address.
const HOPS: usize = 4;

/// Follows one address from server to server.
pub(super) struct ReferralChase<'a> {
    resolver: &'a Resolver,
    address: IpAddr,
    deadline: Deadline,
    gate: &'a dyn ReferralGate,
    /// The registry whose query is booked already, if it is the first to be asked.
    booked: Option<Registry>,
    /// A lease on a query to the first server, if there is one already.
    lease: Option<Lease<'a>>,
    trace: &'a mut Trace,
    asked: Vec<Server>,
    /// Names in referrals for servers that had been asked already.
    aliases: Vec<Server>,
    /// The texts of the records, parent first. A placeholder's text describes no network, so patterns never see it.
    text: String,
    best: Option<Record>,
    standing: Standing,
    partial: bool,
    /// A referral was not followed because too many such servers were being asked.
    postponed: bool,
    /// The record came over RDAP.
    rdap: bool,
    /// The last server was not asked, because our own queue for it was too long.
    unasked: bool,
    /// The reason why the last server without a record gave none.
    placeholder: Option<String>,
    /// Registries that the placeholder also named, best first; tried in turn until one has a record.
    others: Vec<Referral>,
    /// The first failure before these were tried. It is reported if they fail too.
    why: Option<Unknown>,
    /// The national registry in the table, and the registry to ask if it has no record.
    national: NationalFirst,
}

/// A server's reply and its text.
type HopReply = Result<(WhoisReply, String), AskFailure>;

/// The result of the hops.
pub(super) struct ChaseOutcome {
    pub(super) answer: Answer,
    /// The answer might be fuller later, and is not to be kept.
    pub(super) postponed: bool,
}

/// The next step after a hop.
enum NextHop {
    Ask(Server),
    Done,
}

impl<'a> ReferralChase<'a> {
    pub(super) fn new(
        resolver: &'a Resolver,
        address: IpAddr,
        turn: LookUpTurn<'a>,
        trace: &'a mut Trace,
    ) -> Self {
        Self {
            resolver,
            address,
            deadline: turn.deadline,
            gate: turn.gate,
            booked: turn.booked,
            lease: None,
            trace,
            asked: Vec::new(),
            aliases: Vec::new(),
            text: String::new(),
            best: None,
            standing: Standing::default(),
            partial: false,
            postponed: false,
            rdap: false,
            unasked: false,
            placeholder: None,
            others: Vec::new(),
            why: None,
            national: NationalFirst::default(),
        }
    }

    /// The same with a lease on a query to the first server.
    pub(super) fn with_lease(self, lease: Option<Lease<'a>>) -> Self {
        Self { lease, ..self }
    }

    /// Follows the hops from the first server to an answer.
    pub(super) fn run(mut self, first: Server) -> Result<ChaseOutcome, Unknown> {
        self.national = NationalFirst::of(&first, &self.resolver.policy().servers);
        let mut next = NextHop::Ask(first);
        while let NextHop::Ask(server) = next {
            if self.is_out_of_hops() {
                let why = format!("{} referrals, and {} is one more", HOPS, server.name);
                self.trace.say("referral", || format!("not followed: {why}"));
                self.give_up(UnknownKind::Placeholder, why)?;
                break;
            }
            let mark = self.best.as_ref().map(|record| format!("of {}", record.network));
            if mark.is_some_and(|mark| !self.may_follow(&mark)) {
                break;
            }
            let named = server.clone();
            let (server, reply) = self.visit(server, self.asked.is_empty());
            if self.knows(&server) {
                // The referral leads to a server that was asked already: it has no more to say.
                self.trace
                    .say("referral", || format!("to {}, which was asked already: not followed", server.name));
                self.aliases.push(named);
                next = match self.best {
                    Some(_) => NextHop::Done,
                    None => {
                        self.give_up(UnknownKind::Placeholder, format!("{} was asked already", server.name))?
                    }
                };
                continue;
            }
            self.asked.push(server.clone());
            next = match reply {
                Ok(reply) => self.read(&server, reply)?,
                Err(failed) => {
                    self.trace.say("failed", || format!("{}: {}", failed.kind.as_str(), failed.message));
                    self.fail(&server, failed.kind, failed.message)?
                }
            };
        }
        self.arrive()
    }

    /// Whether a server that a record named may be asked; `mark` is what it is counted by. A server that a registry
    /// named, because the network is another registry's, may always be asked.
    fn may_follow(&mut self, mark: &str) -> bool {
        if self.best.is_none() || self.gate.pass(mark) {
            return true;
        }
        self.trace.say("referral", || format!("not followed: too many wait for servers {mark}"));
        (self.partial, self.postponed) = (true, true);
        false
    }

    /// Whether the limit of queries for one address is reached.
    fn is_out_of_hops(&self) -> bool {
        self.asked.len() > HOPS + self.national.hops()
    }

    /// Acts on a reply by its class.
    fn read(&mut self, server: &Server, (reply, text): (WhoisReply, String)) -> Result<NextHop, Unknown> {
        self.trace.say("reply", || format!("{}: {}", server.name, reply.explain()));
        match reply {
            WhoisReply::Failure { kind, message } => self.fail(server, kind, message),
            WhoisReply::Placeholder { message, next } => {
                let message = format!("{}: {message}", server.name);
                if let Some(parent) = self.leave_national(server, UnknownKind::Placeholder, &message) {
                    return Ok(parent);
                }
                self.placeholder = Some(message.clone());
                let first = self.follow(&next);
                self.others.splice(0..0, next);
                match first.or_else(|| self.fall_back()) {
                    Some(server) => Ok(NextHop::Ask(server)),
                    None => self.give_up(UnknownKind::Placeholder, message),
                }
            }
            // If the operator's own server has nothing to add, the parent's record stands. A server that says nothing
            // at all was not followed.
            WhoisReply::Empty { kind: UnknownKind::NotFound, .. } if self.best.is_some() => Ok(NextHop::Done),
            WhoisReply::Empty { kind, message } if self.best.is_some() => self.give_up(kind, message),
            WhoisReply::Empty { kind, message } => {
                let message = format!("{}: {message}", server.name);
                match self.leave_national(server, kind, &message) {
                    Some(parent) => Ok(parent),
                    None => self.give_up(kind, message),
                }
            }
            WhoisReply::Record(record, next) => {
                self.standing.note(&text, server.registry);
                self.adopt(*record, &text);
                Ok(self.follow(&next).map_or(NextHop::Done, NextHop::Ask))
            }
        }
    }

    /// Handles a hop without a record. The parent's answer stands if there is one, except against a registry's own
    /// denial.
    fn fail(&mut self, server: &Server, kind: UnknownKind, message: String) -> Result<NextHop, Unknown> {
        let message =
            if message.contains(&server.name) { message } else { format!("{}: {message}", server.name) };
        if kind == UnknownKind::Denied {
            if self.resolver.left_alone(server, Timestamp::now()).is_none() {
                let until = self.resolver.cache().hold_off(&server.key(), Timestamp::now(), Duration::ZERO);
                self.trace.say("held off", || format!("{} until {until:.0}", server.name));
            }
            if self.best.is_none() || !self.standing.survives_denial_of(server) {
                return Err(Unknown { kind, message });
            }
        }
        if let Some(parent) = self.leave_national(server, kind, &message) {
            return Ok(parent);
        }
        if matches!(kind, UnknownKind::Network | UnknownKind::Timeout) && !self.unasked {
            return match self.over_rdap(server.registry) {
                Fallback::Answered => Ok(NextHop::Done),
                Fallback::Final(unknown) => Err(unknown),
                Fallback::Nothing(Some(why)) => self.give_up(kind, format!("{message}; {why}")),
                Fallback::Nothing(None) => self.give_up(kind, message),
            };
        }
        // Our own queue for it was too long: the answer might be fuller later.
        self.postponed |= self.unasked && self.best.is_some();
        self.give_up(kind, message)
    }

    /// Ends the referral. The parent's answer stands, marked as partial; else the reason is returned. If the server
    /// knows no such network, the other registries that a placeholder named are tried. If it only failed, they are not:
    /// it may be the one that knows, and another's answer would be a guess.
    fn give_up(&mut self, kind: UnknownKind, message: String) -> Result<NextHop, Unknown> {
        if self.best.is_some() {
            self.partial = true;
            return Ok(NextHop::Done);
        }
        let others = std::mem::take(&mut self.others);
        let knows_none =
            matches!(kind, UnknownKind::NotFound | UnknownKind::Placeholder) && !self.is_out_of_hops();
        let next = if knows_none { self.follow(&others) } else { None };
        self.others = others;
        let why = self.why.take().or_else(|| self.national.failure(kind));
        let why = why.unwrap_or(Unknown { kind, message });
        let Some(server) = next else { return Err(why) };
        self.why = Some(why);
        Ok(NextHop::Ask(server))
    }

    /// The first referral to a server that has not been asked.
    fn follow(&mut self, referrals: &[Referral]) -> Option<Server> {
        for referral in referrals {
            let port = referral.port;
            let server = self.resolver.policy().servers.find(&referral.host, port, referral.rwhois);
            let strange = port.is_some_and(|port| !matches!(port, 43 | 4321)) && !server.listed;
            if self.knows(&server) {
                self.trace
                    .say("referral", || format!("to {}, which was asked already: not followed", server.name));
                self.note_missed(server.registry);
            } else if strange {
                // A referral may be written by anybody, and must not make us connect to any port of any host.
                self.partial |= self.best.is_some();
                self.trace
                    .say("referral", || format!("to {} port {}: not a whois port", server.name, server.port));
            } else {
                self.trace.say("referral", || format!("to {}", server.name));
                return Some(server);
            }
        }
        None
    }

    /// The server for a block that a registry disowns without naming another: ARIN, which keeps a record with a
    /// referral for every early registration that another registry holds now.
    fn fall_back(&mut self) -> Option<Server> {
        let arin = self
            .resolver
            .policy()
            .servers
            .of(Registry::Arin)
            .filter(|arin| !self.knows(arin) && self.best.is_none())?;
        self.trace.say("referral", || format!("none; {} knows of early registrations", arin.name));
        Some(arin)
    }

    fn knows(&self, server: &Server) -> bool {
        let same = |asked: &Server| {
            let registry = asked.registry == server.registry;
            asked.name == server.name
                || registry && !matches!(asked.registry, Registry::Other | Registry::Rwhois)
        };
        self.asked.iter().chain(&self.aliases).any(same)
    }

    /// Adds a record. The smallest network describes the address, and the parent's record fills in missing fields.
    /// Patterns see the text of all records.
    fn adopt(&mut self, mut record: Record, text: &str) {
        // A server that was referred to speaks only for the network that led there. Otherwise an operator's server
        // could claim half of the internet, and the cache would answer from it. A record of a wider network does not
        // say who runs this one.
        let around = self.best.as_ref().is_some_and(|parent| parent.network.span() < record.network.span());
        if let Some(within) = self.best.as_ref().and_then(|parent| record.network.overlap(&parent.network)) {
            record.network = within;
        }
        // Some servers end their lines in CR CR LF. The text of a line ends before that, as whois(1) prints it, so that
        // `$` in a pattern matches at the visible end.
        for line in text.lines() {
            self.text.push_str(line.trim_end_matches('\r'));
            self.text.push('\n');
        }
        self.best = Some(match self.best.take() {
            Some(parent) if around => completed(parent, record),
            Some(parent) => completed(record, parent),
            None => record,
        });
    }

    fn arrive(self) -> Result<ChaseOutcome, Unknown> {
        let message = self.placeholder.unwrap_or_else(|| "no server answered".into());
        let record = self.best.ok_or(Unknown { kind: UnknownKind::Placeholder, message })?;
        let answer = Answer {
            record,
            text: self.text,
            servers: self.asked.into_iter().map(|server| server.name).collect(),
            fetched: Timestamp::now(),
            partial: self.partial,
            full: self.resolver.policy().full,
            rdap: self.rdap,
            source: if self.rdap { AnswerSource::Rdap } else { AnswerSource::Whois },
            stale: false,
        };
        Ok(ChaseOutcome { answer, postponed: self.postponed })
    }
}
