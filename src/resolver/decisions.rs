//! What patterns made of networks: the one memory of decisions. This process remembers them all, up to a bound; the
//! cache keeps a few beside the networks, so that the next hook compiles no pattern.

use crate::{
    cache::{CacheHit, HitSource, LayeredCache},
    error::Result,
    pattern::{PatternFinding, Patterns},
    registry::{Answer, Known},
    verdict::{self, Judged},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

/// Decisions that one part of the memory holds: neighbours in a log share a network, and memory must not grow with the
/// log.
const RECENT: usize = 512;
/// Parts, so that threads seldom wait for each other.
const PARTS: usize = 16;

/// What is remembered beside a network for one set of patterns: all that is printed. The answer is without its text.
#[derive(Clone, Deserialize, Serialize)]
pub(super) struct StoredDecision {
    pub(super) finding: PatternFinding,
    pub(super) answer: Answer,
}

impl StoredDecision {
    pub(super) fn settle(&self, address: IpAddr, hit: &CacheHit) -> Judged {
        let answer = Answer { stale: hit.stale, ..self.answer.clone() };
        verdict::settle(Some(address), 1, Known::Answer(Box::new(answer)), self.finding.clone())
    }
}

/// Which network it is: where it lies, its number there, and when it was fetched, since numbers of imported networks
/// come again with the next import.
type NetworkKey = (HitSource, i64, Timestamp);

/// Decisions of one set of patterns.
#[derive(Default)]
pub(super) struct DecisionMemory {
    /// Every pattern is good.
    checked: AtomicBool,
    digest: OnceLock<[u8; 16]>,
    /// Nothing is read from the cache or written there: a run over many addresses decides faster than it writes.
    own: AtomicBool,
    parts: [Mutex<HashMap<NetworkKey, Arc<StoredDecision>>>; PARTS],
}

impl DecisionMemory {
    /// Understands every pattern, once.
    pub(super) fn check(&self, patterns: &Patterns) -> Result<()> {
        if !self.checked.load(Ordering::Relaxed) {
            patterns.check()?;
            self.checked.store(true, Ordering::Relaxed);
        }
        Ok(())
    }

    /// From now on decisions are remembered in this process alone.
    pub(super) fn keep_to_itself(&self) {
        self.own.store(true, Ordering::Relaxed);
    }

    /// What the patterns made of a network; `about` where that depends on the address.
    pub(super) fn recall(
        &self,
        cache: &LayeredCache,
        patterns: &Patterns,
        hit: &CacheHit,
        about: Option<IpAddr>,
    ) -> Option<Arc<StoredDecision>> {
        let key = key(hit);
        if about.is_none()
            && let Some(decision) = self.part(key).get(&key)
        {
            return Some(Arc::clone(decision));
        }
        if self.own.load(Ordering::Relaxed) {
            return None;
        }
        let bytes = cache.recall(hit, self.digest(patterns), about)?;
        let decision = Arc::new(serde_json::from_slice(&bytes).ok()?);
        self.insert(key, about, &decision);
        Some(decision)
    }

    /// Remembers what the patterns made of a network.
    pub(super) fn remember(
        &self,
        cache: &LayeredCache,
        patterns: &Patterns,
        hit: &CacheHit,
        about: Option<IpAddr>,
        decision: &Arc<StoredDecision>,
    ) {
        self.insert(key(hit), about, decision);
        if !self.own.load(Ordering::Relaxed)
            && let Ok(bytes) = serde_json::to_vec(decision.as_ref())
        {
            cache.remember(hit, self.digest(patterns), about, &bytes);
        }
    }

    fn insert(&self, key: NetworkKey, about: Option<IpAddr>, decision: &Arc<StoredDecision>) {
        if about.is_some() {
            return;
        }
        let mut part = self.part(key);
        if part.len() >= RECENT {
            part.clear();
        }
        part.insert(key, Arc::clone(decision));
    }

    fn part(&self, key: NetworkKey) -> MutexGuard<'_, HashMap<NetworkKey, Arc<StoredDecision>>> {
        let [first, ..] = &self.parts;
        let index = usize::try_from(key.1.unsigned_abs()).unwrap_or_default() % PARTS;
        self.parts.get(index).unwrap_or(first).lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn digest(&self, patterns: &Patterns) -> &[u8; 16] {
        self.digest.get_or_init(|| patterns.digest())
    }
}

fn key(hit: &CacheHit) -> NetworkKey {
    (hit.source, hit.id, hit.fetched)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::{AnswerSource, Record, Registry};

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
        Arc::new(StoredDecision { finding: PatternFinding::default(), answer })
    }

    fn record() -> Record {
        let text = "inetnum: 192.0.2.0 - 192.0.2.255\nnetname: EXAMPLE\nsource: RIPE\n";
        let address = "192.0.2.1".parse().ok();
        let network = crate::whois::reply::Provenance::Saved;
        match crate::whois::reply::classify(text, Registry::Ripe, address, network) {
            crate::whois::reply::WhoisReply::Record(record, _) => *record,
            other => panic!("{}", other.explain()),
        }
    }

    #[test]
    fn a_number_that_came_again_with_the_next_import_is_another_network() {
        let (memory, cache, patterns) =
            (DecisionMemory::default(), LayeredCache::new(None), Patterns::default());
        memory.keep_to_itself();
        let hit = |fetched| CacheHit {
            source: HitSource::Import,
            id: 7,
            extent: "192.0.2.0/24".parse().unwrap(),
            fetched: Timestamp::from_second(fetched).unwrap(),
            expires: Timestamp::MAX,
            stale: false,
        };
        memory.remember(&cache, &patterns, &hit(1), None, &decision("Contoso"));
        let org = |hit: &CacheHit| {
            memory.recall(&cache, &patterns, hit, None).and_then(|found| found.answer.record.org.clone())
        };
        assert_eq!(org(&hit(1)).as_deref(), Some("Contoso"));
        assert_eq!(org(&hit(2)), None, "the file was replaced");
    }

    #[test]
    fn memory_does_not_grow_with_the_log() {
        let (memory, cache, patterns) =
            (DecisionMemory::default(), LayeredCache::new(None), Patterns::default());
        memory.keep_to_itself();
        let decision = decision("Contoso");
        for id in 0..20_000 {
            let hit = CacheHit {
                source: HitSource::Cache,
                id,
                extent: "192.0.2.0/24".parse().unwrap(),
                fetched: Timestamp::UNIX_EPOCH,
                expires: Timestamp::MAX,
                stale: false,
            };
            memory.remember(&cache, &patterns, &hit, None, &decision);
        }
        let kept: usize = memory.parts.iter().map(|part| part.lock().unwrap().len()).sum();
        assert!(kept <= RECENT * PARTS, "{kept}");
    }
}
