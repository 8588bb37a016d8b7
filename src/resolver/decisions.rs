//! Decisions of patterns about networks, in one memory. This process remembers all of them, up to a limit. The cache
//! keeps a few beside the networks, so that the next hook compiles no pattern.

use crate::{
    cache::{CacheHit, HitSource, LayeredCache},
    error::Result,
    origin::Origin,
    pattern::{PatternFinding, Patterns},
    registry::{Answer, Known},
    verdict::{self, Judged},
};
use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};
use xxhash_rust::xxh3::Xxh3;

/// The most decisions in memory. Neighbours in a log share a network, and memory must not grow with the log.
const RECENT: usize = 8192;
/// The most parts of it, so that threads seldom wait for each other.
const PARTS: usize = 16;
/// The longest whois text in bytes whose decision is in memory. Strangers write these texts, and a decision holds parts
/// of them.
pub(super) const LONGEST: usize = 16 * 1024;

/// The decision that is stored beside a network for one set of patterns: all that is printed. The answer has no text.
#[derive(Clone, Deserialize, Serialize)]
pub(super) struct StoredDecision {
    pub(super) finding: PatternFinding,
    #[serde(serialize_with = "write", deserialize_with = "read")]
    pub(super) answer: Arc<Answer>,
}

fn write<S: Serializer>(answer: &Arc<Answer>, to: S) -> std::result::Result<S::Ok, S::Error> {
    answer.serialize(to)
}

fn read<'a, D: Deserializer<'a>>(from: D) -> std::result::Result<Arc<Answer>, D::Error> {
    Answer::deserialize(from).map(Arc::new)
}

impl StoredDecision {
    /// The verdict on an address. All addresses of the network share the answer.
    pub(super) fn settle(&self, address: IpAddr, hit: &CacheHit) -> Judged {
        let mut answer = Arc::clone(&self.answer);
        if answer.stale != hit.stale {
            Arc::make_mut(&mut answer).stale = hit.stale;
        }
        verdict::settle(Some(address), 1, Known::Answer(answer), self.finding.clone())
    }
}

/// The subject of a decision.
pub(super) struct DecisionSubject<'a> {
    /// The network.
    pub(super) hit: &'a CacheHit,
    /// The address, if the patterns depend on it.
    pub(super) address: Option<IpAddr>,
    /// The origin of the address, if the patterns depend on it: a new table may change it.
    pub(super) origin: Option<&'a Origin>,
}

impl DecisionSubject<'_> {
    fn key(&self) -> NetworkKey {
        (self.hit.source, self.hit.id, self.hit.fetched, self.announced())
    }

    /// A number for the origin of the address; 0 if there is none.
    fn announced(&self) -> u64 {
        let Some(Origin { asn, name }) = self.origin else { return 0 };
        let mut hash = Xxh3::new();
        asn.iter().for_each(|number| hash.update(&number.to_le_bytes()));
        hash.update(name.as_deref().unwrap_or_default().as_bytes());
        hash.digest()
    }

    /// A digest of the patterns together with the origin of the address.
    fn digest(&self, patterns: &[u8; 16]) -> [u8; 16] {
        (u128::from_le_bytes(*patterns) ^ u128::from(self.announced())).to_le_bytes()
    }
}

/// The key of a network: its source, its number there, the time of fetching, and the number of its origin. The time is
/// needed because imported networks reuse numbers after the next import.
type NetworkKey = (HitSource, i64, Timestamp, u64);

/// Decisions of one set of patterns.
#[derive(Default)]
pub(super) struct DecisionMemory {
    /// Every pattern compiles.
    checked: AtomicBool,
    digest: OnceLock<[u8; 16]>,
    /// Nothing is read from the cache or written there: a run over many addresses decides faster than it writes.
    own: AtomicBool,
    parts: [Mutex<DecisionPart>; PARTS],
}

/// The decisions of one thread of a pool, or of some of the networks.
#[derive(Default)]
struct DecisionPart {
    kept: HashMap<NetworkKey, Arc<StoredDecision>>,
    /// The last decision of a run of neighbours. Most networks of a run are seen once, and what is kept for them only
    /// takes room and time.
    last: Option<(NetworkKey, Arc<StoredDecision>)>,
}

impl DecisionPart {
    fn get(&mut self, key: &NetworkKey, room: usize) -> Option<Arc<StoredDecision>> {
        if let Some(decision) = self.kept.get(key) {
            return Some(Arc::clone(decision));
        }
        let (_, decision) = self.last.take_if(|(last, _)| last == key)?;
        self.keep(*key, &decision, room);
        Some(decision)
    }

    fn keep(&mut self, key: NetworkKey, decision: &Arc<StoredDecision>, room: usize) {
        if self.kept.len() >= room {
            self.kept.clear();
        }
        self.kept.insert(key, Arc::clone(decision));
    }
}

impl DecisionMemory {
    /// Compiles every pattern, once.
    pub(super) fn check(&self, patterns: &Patterns) -> Result<()> {
        if !self.checked.load(Ordering::Relaxed) {
            patterns.check()?;
            self.checked.store(true, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Keeps decisions only in this process from now on.
    pub(super) fn keep_to_itself(&self) {
        self.own.store(true, Ordering::Relaxed);
    }

    /// The patterns' decision about a network.
    pub(super) fn recall(
        &self,
        cache: &LayeredCache,
        patterns: &Patterns,
        about: &DecisionSubject<'_>,
    ) -> Option<Arc<StoredDecision>> {
        let key = about.key();
        if about.address.is_none()
            && let Some(decision) = self.part(key).get(&key, room())
        {
            return Some(decision);
        }
        if self.own.load(Ordering::Relaxed) {
            return None;
        }
        let bytes = cache.recall(about.hit, &about.digest(self.digest(patterns)), about.address)?;
        let decision = Arc::new(serde_json::from_slice(&bytes).ok()?);
        if bytes.len() <= LONGEST {
            self.insert(key, about.address, &decision);
        }
        Some(decision)
    }

    /// Stores the patterns' decision about a network.
    pub(super) fn remember(
        &self,
        cache: &LayeredCache,
        patterns: &Patterns,
        about: &DecisionSubject<'_>,
        decision: &Arc<StoredDecision>,
    ) {
        self.insert(about.key(), about.address, decision);
        if !self.own.load(Ordering::Relaxed)
            && let Ok(bytes) = serde_json::to_vec(decision.as_ref())
        {
            cache.remember(about.hit, &about.digest(self.digest(patterns)), about.address, &bytes);
        }
    }

    fn insert(&self, key: NetworkKey, about: Option<IpAddr>, decision: &Arc<StoredDecision>) {
        if about.is_some() {
            return;
        }
        let mut part = self.part(key);
        match rayon::current_thread_index() {
            Some(_) => part.last = Some((key, Arc::clone(decision))),
            None => part.keep(key, decision, room()),
        }
    }

    fn part(&self, key: NetworkKey) -> MutexGuard<'_, DecisionPart> {
        let [first, ..] = &self.parts;
        // A thread of a pool judges neighbours, and has a part of its own. What one thread allocates and another frees
        // makes both wait for the allocator.
        let number = || usize::try_from(key.1.unsigned_abs()).unwrap_or_default();
        let index = rayon::current_thread_index().unwrap_or_else(number) % PARTS;
        self.parts.get(index).unwrap_or(first).lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn digest(&self, patterns: &Patterns) -> &[u8; 16] {
        self.digest.get_or_init(|| patterns.digest())
    }
}

/// The most decisions in one part, by the number of parts in use.
fn room() -> usize {
    match rayon::current_thread_index() {
        Some(_) => RECENT / rayon::current_num_threads().clamp(1, PARTS),
        None => RECENT / PARTS,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        cache::CachedAnswer,
        registry::{AnswerSource, Record, Registry},
        resolver::{QueryPolicy, Resolver},
        whois::reply::{Provenance, WhoisReply, classify},
    };

    fn decision(org: &str) -> Arc<StoredDecision> {
        let record = Record { org: Some(org.to_owned()), ..record() };
        let answer = Answer {
            record,
            text: String::new(),
            servers: Vec::new(),
            fetched: Timestamp::UNIX_EPOCH,
            partial: false,
            full: false,
            rdap: false,
            source: AnswerSource::Import,
            stale: false,
        };
        Arc::new(StoredDecision { finding: PatternFinding::default(), answer: Arc::new(answer) })
    }

    fn record() -> Record {
        let text = "inetnum: 192.0.2.0 - 192.0.2.255\nnetname: EXAMPLE\nsource: RIPE\n";
        let address = "192.0.2.1".parse().ok();
        match classify(text, Registry::Ripe, address, Provenance::Saved) {
            WhoisReply::Record(record, _) => *record,
            other => panic!("{}", other.explain()),
        }
    }

    /// A memory that keeps to itself, with a cache and patterns that it does not use.
    fn alone() -> (DecisionMemory, LayeredCache, Patterns) {
        let memory = DecisionMemory::default();
        memory.keep_to_itself();
        (memory, LayeredCache::new(None), Patterns::default())
    }

    /// An imported network of this number.
    fn hit(id: i64) -> CacheHit {
        CacheHit {
            source: HitSource::Import,
            id,
            extent: "192.0.2.0/24".parse().unwrap(),
            fetched: Timestamp::UNIX_EPOCH,
            expires: Timestamp::MAX,
            stale: false,
        }
    }

    fn about(hit: &CacheHit) -> DecisionSubject<'_> {
        DecisionSubject { hit, address: None, origin: None }
    }

    #[test]
    fn a_number_that_came_again_with_the_next_import_is_another_network() {
        let (memory, cache, patterns) = alone();
        let hit = |fetched| CacheHit { fetched: Timestamp::from_second(fetched).unwrap(), ..hit(7) };
        memory.remember(&cache, &patterns, &about(&hit(1)), &decision("Contoso"));
        let org = |hit: &CacheHit| {
            memory.recall(&cache, &patterns, &about(hit)).and_then(|found| found.answer.record.org.clone())
        };
        assert_eq!(org(&hit(1)).as_deref(), Some("Contoso"));
        assert_eq!(org(&hit(2)), None, "the file was replaced");
    }

    #[test]
    fn memory_does_not_grow_with_what_a_holder_writes() {
        let cache = LayeredCache::new(None);
        for (third, length) in [(1, 100), (2, LONGEST + 1)] {
            let text = format!(
                "inetnum: 80.0.{third}.0 - 80.0.{third}.255\nnetname: EXAMPLE\ndescr: {}\nsource: RIPE\n",
                "x".repeat(length)
            );
            let asked = [80, 0, third, 1].into();
            let reply = classify(&text, Registry::Ripe, Some(asked), Provenance::Saved);
            let WhoisReply::Record(record, _) = reply else { panic!("{}", reply.explain()) };
            let fetched = Timestamp::now();
            let answer = Answer { record: *record, text, fetched, ..(*decision("").answer).clone() };
            cache.keep(&CachedAnswer { answer, asked, leaf: true });
        }
        let resolver = Resolver::for_service(QueryPolicy::default(), cache, Patterns::default());
        let kept =
            || resolver.decisions.parts.iter().map(|part| part.lock().unwrap().kept.len()).sum::<usize>();
        for third in [1, 2, 2] {
            let judged = resolver.recall([80, 0, third, 9].into(), Timestamp::now()).unwrap().unwrap();
            assert_eq!(judged.answer().unwrap().record.network.first(), IpAddr::from([80, 0, third, 0]));
            assert_eq!(kept(), 1);
        }
    }

    #[test]
    fn memory_does_not_grow_with_the_log() {
        let (memory, cache, patterns) = alone();
        let decision = decision("Contoso");
        for id in 0..20_000 {
            memory.remember(&cache, &patterns, &about(&hit(id)), &decision);
        }
        let kept: usize = memory.parts.iter().map(|part| part.lock().unwrap().kept.len()).sum();
        assert!(kept <= RECENT, "{kept}");
    }

    #[test]
    fn a_run_of_neighbours_keeps_what_it_sees_again() {
        let (memory, cache, patterns) = alone();
        let decision = decision("Contoso");
        let knows = |id| memory.recall(&cache, &patterns, &about(&hit(id))).is_some();
        let learn = |id| memory.remember(&cache, &patterns, &about(&hit(id)), &decision);
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        pool.install(|| {
            learn(1);
            assert!(knows(1), "a neighbour");
            learn(2);
            learn(3);
            assert_eq!([1, 2, 3].map(knows), [true, false, true]);
        });
    }
}
