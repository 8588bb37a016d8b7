//! One address -> the verdict on it: reserved, cached, or looked up. One [`Resolver`] is made for a run, or for the
//! life of a service, and shared by its threads.
//!
//! The path of one address: [`Resolver::recall`] or [`Resolver::judge`] here -> [`ask`]: cache, hold-off, lease ->
//! [`chase`]: query, class of the reply, next referral -> kept -> patterns -> verdict. [`batch`] does that for many
//! addresses, and [`scheduler`] decides what runs at the same time.

mod ask;
mod batch;
mod chase;
mod decisions;
mod gate;
mod identity;
mod lease;
mod notices;
mod postponed;
mod remaining;
pub mod scheduler;
mod scope;
mod standing;
mod trace;
mod unresponsive;

pub use batch::{Arrival, Client, VerdictSink};
pub use gate::ReferralGate;
pub use trace::Trace;

use crate::{
    address::special,
    cache::{CacheHit, Freshness, LayeredCache},
    deadline::Deadline,
    error::Result,
    origin::{self, AddressOrigin, OriginLookup},
    pattern::{PatternFinding, Patterns},
    registry::{Known, Servers, Unknown, UnknownKind},
    verdict::{self, Judged},
};
use decisions::{DecisionMemory, DecisionSubject, StoredDecision};
use gate::{LookUpTurn, OpenGate};
use identity::Identities;
use jiff::{SignedDuration, Timestamp};
use notices::ServerNotices;
use postponed::Postponed;
use std::{
    collections::BTreeSet,
    net::IpAddr,
    sync::{Arc, Mutex},
    time::Duration,
};
use unresponsive::Unresponsive;

/// How registries are asked, and which answers may be used again.
#[derive(Clone, Debug)]
pub struct QueryPolicy {
    /// The time for one address from start to verdict.
    pub timeout: Duration,
    /// Addresses looked up at once.
    pub jobs: u16,
    /// Queries at once to one server.
    pub per_server: u16,
    /// Queries a second to one server. None means each registry's own limit, 0 no limit.
    pub rate: Option<f64>,
    /// Servers that replace the built-in ones.
    pub servers: Servers,
    /// Ask a registry's RDAP server if its whois server does not answer.
    pub rdap: bool,
    /// Ask for records of persons too.
    pub full: bool,
    /// Send no queries.
    pub offline: bool,
    /// Ask again, whatever the cache has.
    pub refresh: bool,
    /// The greatest age of a kept answer.
    pub max_age: Duration,
    /// `--share`: prefix lengths (IPv4, IPv6) that limit the use of a kept answer.
    pub share: Option<(u8, u8)>,
}

impl Default for QueryPolicy {
    /// The defaults, for a person or a hook.
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(10),
            jobs: 32,
            per_server: 3,
            rate: None,
            servers: Servers::default(),
            rdap: true,
            full: false,
            offline: false,
            refresh: false,
            max_age: Duration::from_secs(14 * 86_400),
            share: None,
        }
    }
}

/// Finds out who runs an address's network, and what the patterns decide. It owns the cache, the query policy, the
/// state of the servers, the patterns and their decisions. Clones share all of it.
#[derive(Clone)]
pub struct Resolver {
    state: Arc<ResolverState>,
    patterns: Patterns,
    decisions: Arc<DecisionMemory>,
    /// Include the whois text in each verdict.
    keeps_text: bool,
    /// Wait for the registry's pace, however long that takes, even for a single address.
    waits_in_turn: bool,
}

/// The part that stays when the patterns are replaced.
struct ResolverState {
    policy: QueryPolicy,
    cache: Arc<LayeredCache>,
    origins: OriginLookup,
    unresponsive: Unresponsive,
    identities: Identities,
    postponed: Postponed,
    notices: ServerNotices,
    /// Servers that denied an answer in this run. They are not asked again, however long the run takes. None for a
    /// service, which has no end: there the cache decides how long a server is held off.
    denied: Option<Mutex<BTreeSet<String>>>,
}

impl Resolver {
    /// A resolver for one run.
    #[must_use]
    pub fn new(policy: QueryPolicy, cache: impl Into<Arc<LayeredCache>>, patterns: Patterns) -> Self {
        Self::build(policy, cache.into(), patterns, Some(Mutex::default()))
    }

    /// A resolver for a service. It asks a server that denied an answer again once its hold-off is over.
    #[must_use]
    pub fn for_service(policy: QueryPolicy, cache: impl Into<Arc<LayeredCache>>, patterns: Patterns) -> Self {
        Self::build(policy, cache.into(), patterns, None)
    }

    fn build(
        policy: QueryPolicy,
        cache: Arc<LayeredCache>,
        patterns: Patterns,
        denied: Option<Mutex<BTreeSet<String>>>,
    ) -> Self {
        let state = ResolverState {
            policy,
            origins: OriginLookup::new(cache.base().map(origin::beside)),
            cache,
            unresponsive: Unresponsive::default(),
            identities: Identities::default(),
            postponed: Postponed::default(),
            notices: ServerNotices::default(),
            denied,
        };
        Self {
            state: Arc::new(state),
            patterns,
            decisions: Arc::default(),
            keeps_text: false,
            waits_in_turn: false,
        }
    }

    /// The same resolver with other patterns. Decisions of the former ones are not used.
    #[must_use]
    pub fn with_patterns(&self, patterns: Patterns) -> Self {
        Self { patterns, decisions: Arc::default(), ..self.clone() }
    }

    /// The same resolver, with the whois text in each verdict if `keeps_text`.
    #[must_use]
    pub fn keeping_text(self, keeps_text: bool) -> Self {
        Self { keeps_text, ..self }
    }

    /// The same for a run without a waiting client: its addresses keep to the registries' pace, however long that
    /// takes.
    #[must_use]
    pub fn waiting_in_turn(self) -> Self {
        Self { waits_in_turn: true, ..self }
    }

    /// How registries are asked.
    #[must_use]
    pub fn policy(&self) -> &QueryPolicy {
        &self.state.policy
    }

    /// The cache of answers.
    #[must_use]
    pub fn cache(&self) -> &LayeredCache {
        &self.state.cache
    }

    /// The table of the AS that announces each address.
    #[must_use]
    pub fn origins(&self) -> &OriginLookup {
        &self.state.origins
    }

    /// A notice for the user about a server that was asked. It is given once, then cleared.
    #[must_use]
    pub fn notice(&self) -> Option<String> {
        self.state.notices.take()
    }

    /// The patterns that answers are matched against.
    #[must_use]
    pub fn patterns(&self) -> &Patterns {
        &self.patterns
    }

    /// The verdict on an address that needs no query: it is reserved, the table of origins has all that the patterns
    /// need, the cache has an answer that may be used now, or the resolver is offline. If a decision is stored, no
    /// pattern is compiled.
    ///
    /// # Errors
    /// A pattern is wrong (78).
    pub fn recall(&self, address: IpAddr, now: Timestamp) -> Result<Option<Judged>> {
        if let Some(special) = special(address) {
            self.check()?;
            return Ok(Some(self.settle(address, Known::Reserved(special), None)));
        }
        let origin = self.origins().find(address);
        if self.suffices_for_patterns(origin.as_ref()) {
            self.check()?;
            return Ok(Some(self.settle(address, Known::Origin, origin)));
        }
        match self.find(address, now) {
            Some(hit) => self.decide(address, &hit, origin),
            None if self.policy().offline => {
                self.check()?;
                Ok(Some(self.settle(address, Known::Unknown(offline()), origin)))
            }
            None => Ok(None),
        }
    }

    /// The entry for an address in the table of origins, not matched against the patterns.
    #[must_use]
    pub fn announced(&self, address: IpAddr) -> Option<Judged> {
        let origin = special(address).is_none().then(|| self.origins().find(address)).flatten()?;
        let bare = verdict::settle(Some(address), 1, Known::Origin, PatternFinding::default());
        Some(Judged { origin: Some(origin), ..bare })
    }

    /// Whether the table of origins has all that the patterns need, so that no registry's answer is needed.
    fn suffices_for_patterns(&self, origin: Option<&AddressOrigin>) -> bool {
        origin.is_some() && self.patterns.need_no_answer() && !self.keeps_text
    }

    /// The verdict on an address within the deadline, with queries if needed. An answer is kept.
    #[must_use]
    pub fn judge(&self, address: IpAddr, deadline: Deadline, trace: &mut Trace) -> Judged {
        self.judge_through(address, deadline, &OpenGate, trace)
    }

    /// The same, with a gate that permits each referral.
    #[must_use]
    pub fn judge_through(
        &self,
        address: IpAddr,
        deadline: Deadline,
        gate: &dyn ReferralGate,
        trace: &mut Trace,
    ) -> Judged {
        let turn = LookUpTurn { deadline, booked: None, gathers: false, gate };
        let (known, origin) = self.look_up(address, turn, trace);
        self.settle(address, known, origin)
    }

    /// Whether an address needs no query. Its answer may still lack the persons that `--full` wants.
    #[must_use]
    pub fn knows(&self, address: IpAddr, now: Timestamp) -> bool {
        special(address).is_some()
            || self.find(address, now).is_some()
            || self.patterns.need_no_answer()
                && self.suffices_for_patterns(self.origins().find(address).as_ref())
    }

    /// Matches the patterns against the facts known of an address: the only way from an answer to a verdict.
    fn settle(&self, address: IpAddr, known: Known, origin: Option<AddressOrigin>) -> Judged {
        verdict::judge(Some(address), 1, known, origin, &self.patterns)
    }

    /// Every pattern is compiled before any is used.
    fn check(&self) -> Result<()> {
        self.decisions.check(&self.patterns)
    }

    /// The answer in the cache that may be used for this address now; None if everything is to be asked again.
    fn find(&self, address: IpAddr, now: Timestamp) -> Option<CacheHit> {
        if self.policy().refresh { None } else { self.cache().find(address, &self.freshness(now)) }
    }

    fn freshness(&self, now: Timestamp) -> Freshness {
        let QueryPolicy { max_age, share, .. } = *self.policy();
        Freshness { now, max_age: SignedDuration::try_from(max_age).unwrap_or(SignedDuration::MAX), share }
    }

    /// Matches the patterns against a kept answer, or uses a stored decision. None if the answer was removed meanwhile,
    /// lacks what is asked for, or allows no verdict.
    fn decide(
        &self,
        address: IpAddr,
        hit: &CacheHit,
        origin: Option<AddressOrigin>,
    ) -> Result<Option<Judged>> {
        let announced = origin.as_ref().map(|origin| &origin.origin);
        let about = DecisionSubject {
            hit,
            address: self.patterns.depends_on_address().then_some(address),
            origin: announced.filter(|_| self.patterns.name_origins()),
        };
        // Stored decisions have no whois text. Every output but --whois can be printed from them.
        if !self.keeps_text
            && let Some(decision) = self.decisions.recall(self.cache(), &self.patterns, &about)
        {
            let suffices = self.suffices(&decision.answer);
            return Ok(suffices.then(|| Judged { origin, ..decision.settle(address, hit) }));
        }
        let answer = self.cache().answer(hit).filter(|answer| self.suffices(answer));
        let Some(mut answer) = answer else { return Ok(None) };
        self.check()?;
        if self.is_inconclusive(address, &answer) {
            return Ok(None);
        }
        if self.keeps_text {
            return Ok(Some(self.settle(address, Known::Answer(Arc::new(answer)), origin)));
        }
        let finding = verdict::find(&self.patterns, &answer, Some(address), announced);
        let length = answer.text.len();
        answer.text = String::new();
        let decision = Arc::new(StoredDecision { finding, answer: Arc::new(answer) });
        if length <= decisions::LONGEST {
            self.decisions.remember(self.cache(), &self.patterns, &about, &decision);
        }
        Ok(Some(Judged { origin, ..decision.settle(address, hit) }))
    }
}

/// The reason for an address that neither the cache nor imported data has.
fn offline() -> Unknown {
    let message = "neither the cache nor imported data has it, and --offline sends no queries".to_owned();
    Unknown { kind: UnknownKind::Offline, message }
}
