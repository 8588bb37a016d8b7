//! The hops of one address: a question, what its reply is taken for, and where that sends us.

mod closing;
mod fallback;
mod hop;
mod mute;

use super::{
    Resolver, Trace,
    gate::{LookUpTurn, ReferralGate},
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
use std::{net::IpAddr, time::Duration};

/// Referrals that are followed for one address.
const HOPS: usize = 4;

/// The walk of one address from server to server.
pub(super) struct ReferralChase<'a> {
    resolver: &'a Resolver,
    address: IpAddr,
    deadline: Deadline,
    gate: &'a dyn ReferralGate,
    /// The first server's turn was waited for already.
    booked: bool,
    trace: &'a mut Trace,
    asked: Vec<Server>,
    /// Strangers' names for servers that had been asked already.
    aliases: Vec<Server>,
    /// The texts of the records, parent first. A placeholder's text is nobody's, and patterns never see it.
    text: String,
    best: Option<Record>,
    standing: Standing,
    partial: bool,
    /// A referral was not followed because too many were asking such servers.
    postponed: bool,
    /// The record was given over RDAP.
    rdap: bool,
    /// The last server was not asked, because our own queue for it was too long.
    unasked: bool,
    /// Why the last server that gave no record gave none.
    placeholder: Option<String>,
    /// Whom a placeholder named besides the one that was asked next, best first: they are asked while nobody knows.
    others: Vec<Referral>,
    /// Why nobody could say before these were asked, which stands where they cannot say either.
    why: Option<Unknown>,
}

/// What a server said, and its text.
type HopReply = Result<(WhoisReply, String), AskFailure>;

/// What came of a walk.
pub(super) struct ChaseOutcome {
    pub(super) answer: Answer,
    /// It would say more at another time, and is not to be kept.
    pub(super) postponed: bool,
}

/// Where a hop leaves the walk.
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
        }
    }

    /// Walks from the first server to an answer.
    pub(super) fn run(mut self, first: Server) -> Result<ChaseOutcome, Unknown> {
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
            let (server, reply) = self.visit(server, self.booked && self.asked.is_empty());
            if self.knows(&server) {
                // A stranger's name for a server that was asked: it has no more to say.
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

    /// Whether the server that a record named may be asked, whoever is counted by this mark. Whom a registry itself named,
    /// because the network is not its own, may be asked always.
    fn may_follow(&mut self, mark: &str) -> bool {
        if self.best.is_none() || self.gate.pass(mark) {
            return true;
        }
        self.trace.say("referral", || format!("not followed: too many wait for servers {mark}"));
        (self.partial, self.postponed) = (true, true);
        false
    }

    /// Whether as many servers were asked as are asked for one address.
    fn is_out_of_hops(&self) -> bool {
        self.asked.len() > HOPS
    }

    /// Takes a reply for what it is.
    fn read(&mut self, server: &Server, (reply, text): (WhoisReply, String)) -> Result<NextHop, Unknown> {
        self.trace.say("reply", || format!("{}: {}", server.name, reply.explain()));
        match reply {
            WhoisReply::Failure { kind, message } => self.fail(server, kind, message),
            WhoisReply::Placeholder { message, next } => {
                let message = format!("{}: {message}", server.name);
                self.placeholder = Some(message.clone());
                let first = self.follow(&next);
                self.others.splice(0..0, next);
                match first.or_else(|| self.fall_back()) {
                    Some(server) => Ok(NextHop::Ask(server)),
                    None => self.give_up(UnknownKind::Placeholder, message),
                }
            }
            // A parent's record stands where the operator's own server has nothing to add; a server that says nothing
            // at all was not followed.
            WhoisReply::Empty { kind: UnknownKind::NotFound, .. } if self.best.is_some() => Ok(NextHop::Done),
            WhoisReply::Empty { kind, message } if self.best.is_some() => self.give_up(kind, message),
            WhoisReply::Empty { kind, message } => self.give_up(kind, format!("{}: {message}", server.name)),
            WhoisReply::Record(record, next) => {
                self.standing.note(&text, server.registry);
                self.adopt(*record, &text);
                Ok(self.follow(&next).map_or(NextHop::Done, NextHop::Ask))
            }
        }
    }

    /// A hop that brought nothing: the parent's answer stands if there is one, but not against a registry's own denial.
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
        if matches!(kind, UnknownKind::Network | UnknownKind::Timeout) && !self.unasked {
            return match self.over_rdap(server.registry) {
                Fallback::Answered => Ok(NextHop::Done),
                Fallback::Ruled(unknown) => Err(unknown),
                Fallback::Nothing(Some(why)) => self.give_up(kind, format!("{message}; {why}")),
                Fallback::Nothing(None) => self.give_up(kind, message),
            };
        }
        // Our own queue for it was too long: at another time it would say more.
        self.postponed |= self.unasked && self.best.is_some();
        self.give_up(kind, message)
    }

    /// This way leads nowhere: the parent's answer stands, partial; or nobody could say. A server that knows of no such
    /// network leaves the others that a placeholder named; one that only failed may be the very one that knows, and what
    /// another says in its stead would be a guess.
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
        let why = self.why.take().unwrap_or(Unknown { kind, message });
        let Some(server) = next else { return Err(why) };
        self.why = Some(why);
        Ok(NextHop::Ask(server))
    }

    /// The first referral that leads to a server not asked yet.
    fn follow(&mut self, referrals: &[Referral]) -> Option<Server> {
        for referral in referrals {
            let port = referral.port;
            let server = self.resolver.policy().servers.find(&referral.host, port, referral.rwhois);
            let strange = port.is_some_and(|port| !matches!(port, 43 | 4321)) && !server.listed;
            if self.knows(&server) {
                self.trace
                    .say("referral", || format!("to {}, which was asked already: not followed", server.name));
            } else if strange {
                // Whoever may write a referral must not make us knock on any port of any host.
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

    /// Whom to ask about a block that a registry says is not its own, without saying whose: ARIN, which keeps a
    /// record with a referral of all early registrations that others look after now.
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

    /// Adds a record: the smallest network describes the address, and the parent says what the smaller one leaves
    /// out. Patterns see the text of all of them.
    fn adopt(&mut self, mut record: Record, text: &str) {
        // Whoever was referred to speaks for the network that led there and no more: an operator's server that
        // claimed half of the internet would answer for it from the cache. One that only names what is around that
        // network says nothing of who runs it.
        let around = self.best.as_ref().is_some_and(|parent| parent.network.span() < record.network.span());
        if let Some(within) = self.best.as_ref().and_then(|parent| record.network.overlap(&parent.network)) {
            record.network = within;
        }
        // Some servers end their lines in CR CR LF. A line's text ends before that, as whois(1) prints it: a pattern
        // with a `$` means the end of what can be read.
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
        let message = self.placeholder.unwrap_or_else(|| "nobody answered".into());
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
