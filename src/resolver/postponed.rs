//! Answers whose referral was not followed, because too many such servers were being asked. They are not kept in the
//! cache. For a minute they spare the registry a query about the next address of the same area.

use crate::{address::Prefix, registry::Answer};
use jiff::{SignedDuration, Timestamp};
use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// How long such an answer serves its area.
const SERVES: SignedDuration = SignedDuration::from_mins(1);
/// The most areas that are noted: with the longest texts they take 16 MB.
const ROOM: usize = 256;
const LONGEST: usize = 64 * 1024;

/// Answers by area.
#[derive(Debug, Default)]
pub(super) struct Postponed {
    answers: Mutex<HashMap<Prefix, Answer>>,
}

impl Postponed {
    /// The answer about an address of this area, for a minute.
    pub(super) fn of(&self, area: Prefix, address: IpAddr, now: Timestamp) -> Option<Answer> {
        let answers = self.lock();
        let answer = answers.get(&area).filter(|answer| serves(answer, now))?;
        answer.record.network.contains(address).then(|| answer.clone())
    }

    /// Notes an answer about an address of this area.
    pub(super) fn note(&self, area: Prefix, answer: &Answer, now: Timestamp) {
        if answer.text.len() > LONGEST {
            return;
        }
        let mut answers = self.lock();
        if answers.len() >= ROOM {
            answers.retain(|_, answer| serves(answer, now));
        }
        if answers.len() < ROOM {
            answers.insert(area, answer.clone());
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Prefix, Answer>> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn serves(answer: &Answer, now: Timestamp) -> bool {
    now.duration_since(answer.fetched).abs() < SERVES
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        registry::{AnswerSource, Registry},
        whois::reply::{Provenance, WhoisReply, classify},
    };

    fn answer(fetched: Timestamp, text: &str) -> Answer {
        let plain = "inetnum: 192.0.2.0 - 192.0.2.127\nnetname: EXAMPLE\nsource: RIPE\n";
        let address = "192.0.2.1".parse().ok();
        let WhoisReply::Record(record, _) = classify(plain, Registry::Ripe, address, Provenance::Saved)
        else {
            panic!("no record")
        };
        Answer {
            record: *record,
            text: text.to_owned(),
            servers: Vec::new(),
            fetched,
            partial: true,
            full: false,
            rdap: false,
            source: AnswerSource::Whois,
            stale: false,
        }
    }

    #[test]
    fn serves_its_network_for_a_minute_and_never_grows() {
        let at = |seconds| Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds);
        let (postponed, area) = (Postponed::default(), Prefix::around([192, 0, 2, 1].into(), 24, 48));
        let of = |address: [u8; 4], seconds| postponed.of(area, address.into(), at(seconds)).is_some();
        postponed.note(area, &answer(at(0), ""), at(0));
        assert!(of([192, 0, 2, 9], 59) && !of([192, 0, 2, 9], 60));
        assert!(!of([192, 0, 2, 200], 1), "outside of the network");
        for n in 0..2000_u32 {
            let area = Prefix::around(std::net::Ipv4Addr::from_bits(n << 8).into(), 24, 48);
            postponed.note(area, &answer(at(0), ""), at(0));
        }
        assert_eq!(postponed.lock().len(), ROOM);
        let late = Prefix::around([198, 51, 100, 1].into(), 24, 48);
        postponed.note(late, &answer(at(60), &"x".repeat(LONGEST + 1)), at(60));
        assert_eq!(postponed.lock().len(), ROOM, "too long");
        postponed.note(late, &answer(at(60), ""), at(60));
        assert_eq!(postponed.lock().len(), 1);
    }
}
