//! Many addresses judged: what is known already at once, the rest through the lanes.

use super::Client;
use crate::{
    address::special,
    cache::{CacheHit, HitSource, LayeredCache},
    config::Query,
    deadline::Deadline,
    error::Result,
    output::progress::Progress,
    pattern::{PatternFinding, Patterns},
    registry::{Answer, Known},
    resolver::{Lookup, Trace, scheduler},
    verdict::{self, Judged, judge, settle},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{
        atomic::{AtomicBool, Ordering},
        mpsc::sync_channel,
    },
    thread,
};

/// Everything that judging many addresses needs, settled before the first question.
pub struct Batch<'a> {
    /// The way to an answer.
    pub lookup: Lookup<'a>,
    /// Where answers, and what patterns made of them, are kept.
    pub cache: &'a LayeredCache,
    /// What the answers are held against.
    pub patterns: &'a Patterns,
    /// How much is asked at once, and for how long.
    pub query: &'a Query,
    /// Keep the whois text in what is handed over.
    pub whois: bool,
    /// What is handed over is printed at once, so that the progress has to make room for it.
    pub prints: bool,
}

/// From so many addresses on, the cache is read once for all of them, and decisions are remembered in this process
/// alone: writing each down would cost more than it could save.
const MANY: usize = 2048;
/// Addresses that a thread judges before it hands them over.
const PIECE: usize = 256;
/// Decisions that a thread remembers: neighbours in a log share a network, and memory must not grow with the log.
const RECENT: usize = 4096;

/// When a verdict came.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Came {
    /// At once, and the next one may, too.
    AtOnce,
    /// After somebody was asked: whoever waits for it should see it now.
    Late,
}

/// What a run has learned of its patterns so far.
#[derive(Default)]
struct Learned {
    /// Every one of them is good.
    checked: bool,
    /// What they make of a network.
    decisions: Option<HashMap<(HitSource, i64), StoredDecision>>,
}

impl Batch<'_> {
    /// Hands over each verdict in the order of the clients, as soon as those before it are out.
    ///
    /// # Errors
    /// A pattern is wrong (78), before anybody is asked; and what `done` fails with, which ends the run.
    pub fn each(&self, clients: &[Client], done: &mut dyn FnMut(Judged, Came) -> Result<()>) -> Result<()> {
        let mut learned = Learned::default();
        let mut known = 0;
        if clients.len() >= MANY {
            self.check(&mut learned)?;
            self.lookup.gather();
            known = self.known(clients, done)?;
        }
        // What is known already is answered here and now, with no thread: the hook that asks again about a client.
        for client in clients.get(known..).unwrap_or_default() {
            let Some(judged) = self.at_once(*client, &mut learned)? else { break };
            known += 1;
            done(judged, Came::AtOnce)?;
        }
        match clients.get(known..) {
            None | Some([]) => Ok(()),
            Some(rest) => {
                self.check(&mut learned)?;
                self.ask(rest, &mut |judged| done(judged, Came::Late))
            }
        }
    }

    /// Judges those of many that are known, on all processors, up to the first that is not; how many that were.
    fn known(&self, clients: &[Client], done: &mut dyn FnMut(Judged, Came) -> Result<()>) -> Result<usize> {
        let workers = thread::available_parallelism().map_or(1, usize::from);
        thread::scope(|scope| {
            // Each has every so-manieth piece and a short queue of its own, so that taking turns among them gives the
            // clients' order, and nobody runs far ahead of the output.
            let queues: Vec<_> = (0..workers)
                .map(|worker| {
                    let (to_output, queue) = sync_channel(2);
                    let work = move || {
                        let mut learned = Learned { checked: true, decisions: Some(HashMap::new()) };
                        for piece in clients.chunks(PIECE).skip(worker).step_by(workers) {
                            let one = |client: &Client| self.at_once(*client, &mut learned);
                            if to_output.send(piece.iter().map(one).collect::<Vec<_>>()).is_err() {
                                return;
                            }
                        }
                    };
                    // A thread that cannot be had leaves an empty queue, and its piece to be judged one by one.
                    let _ = thread::Builder::new().spawn_scoped(scope, work);
                    queue
                })
                .collect();
            let mut known = 0;
            for queue in queues.iter().cycle() {
                let Ok(piece) = queue.recv() else { break };
                for judged in piece {
                    let Some(judged) = judged? else { return Ok(known) };
                    known += 1;
                    done(judged, Came::AtOnce)?;
                }
            }
            Ok(known)
        })
    }

    /// The verdict on an address that nobody need be asked about. With a decision remembered beside the network, no
    /// pattern is even compiled.
    fn at_once(&self, client: Client, learned: &mut Learned) -> Result<Option<Judged>> {
        if let Some(special) = special(client.address) {
            self.check(learned)?;
            return Ok(Some(judge(
                client.address,
                client.hits,
                Known::Reserved(special),
                None,
                self.patterns,
            )));
        }
        match self.lookup.remembered(client.address, Timestamp::now()) {
            Some(found) => self.decide(client, &found, learned),
            None => Ok(None),
        }
    }

    /// Every pattern is looked at once before any is used.
    fn check(&self, learned: &mut Learned) -> Result<()> {
        if !learned.checked {
            self.patterns.check()?;
            learned.checked = true;
        }
        Ok(())
    }

    /// Holds the patterns against a kept answer, or recalls what that came to the last time. None when the answer
    /// went away meanwhile.
    fn decide(&self, client: Client, found: &CacheHit, learned: &mut Learned) -> Result<Option<Judged>> {
        let about = self.patterns.depends_on_address().then_some(client.address);
        // What is remembered has no whois text in it: it is what every form but --whois prints.
        if !self.whois
            && let Some(decision) = self.recall(found, about, learned)
        {
            let suffices = self.lookup.suffices(&decision.answer);
            return Ok(suffices.then(|| decision.settle(client, found)));
        }
        let answer = self.cache.answer(found).filter(|answer| self.lookup.suffices(answer));
        let Some(mut answer) = answer else { return Ok(None) };
        self.check(learned)?;
        let finding = verdict::find(self.patterns, &answer, Some(client.address), None);
        if self.whois {
            let known = Known::Answer(Box::new(answer));
            return Ok(Some(settle(Some(client.address), client.hits, known, finding)));
        }
        answer.text.clear();
        let decision = StoredDecision { finding, answer };
        match &mut learned.decisions {
            Some(decisions) if about.is_none() => {
                if decisions.len() >= RECENT {
                    decisions.clear();
                }
                decisions.insert((found.shelf, found.id), decision.clone());
            }
            Some(_) => {}
            None => {
                if let Ok(bytes) = serde_json::to_vec(&decision) {
                    self.cache.remember(found, &self.patterns.digest(), about, &bytes);
                }
            }
        }
        Ok(Some(decision.settle(client, found)))
    }

    fn recall(&self, found: &CacheHit, about: Option<IpAddr>, learned: &Learned) -> Option<StoredDecision> {
        match &learned.decisions {
            Some(decisions) if about.is_none() => decisions.get(&(found.shelf, found.id)).cloned(),
            Some(_) => None,
            None => {
                let bytes = self.cache.recall(found, &self.patterns.digest(), about)?;
                serde_json::from_slice(&bytes).ok()
            }
        }
    }

    /// Asks about what is not known. For one address no pool is built: hooks run under limits that a pool would hit.
    fn ask(&self, rest: &[Client], done: &mut dyn FnMut(Judged) -> Result<()>) -> Result<()> {
        if let [Client { address, hits }] = rest {
            let known = self.lookup.look_up(*address, self.deadline(), false, &mut Trace::off());
            return done(judge(*address, *hits, known, None, self.patterns));
        }
        let mut waiting: Vec<Option<Judged>> = rest.iter().map(|_| None).collect();
        let (mut next, mut finished) = (0, 0);
        let (mut outcome, stopped) = (Ok(()), AtomicBool::new(false));
        let mut progress = Progress::addresses(rest.len() as u64);
        let width =
            scheduler::Concurrency { jobs: self.query.jobs.into(), per_lane: self.query.per_server.into() };
        scheduler::run(
            rest.iter().map(|client| client.address).enumerate(),
            width,
            |address| self.lookup.first_server(address).name,
            // Once the output fails, nobody more is asked.
            |address| (!stopped.load(Ordering::Relaxed)).then(|| self.one(address)),
            |place, judged| {
                finished += 1;
                progress.reach(finished);
                if let Some(slot) = waiting.get_mut(place) {
                    *slot = judged;
                }
                while let Some(judged) = waiting.get_mut(next).and_then(Option::take) {
                    let hits = rest.get(next).map_or(1, |client| client.hits);
                    if outcome.is_ok() {
                        let judged = Judged { hits, ..judged };
                        outcome = if self.prints { progress.aside(|| done(judged)) } else { done(judged) };
                        stopped.store(outcome.is_err(), Ordering::Relaxed);
                    }
                    next += 1;
                }
            },
        );
        outcome
    }

    /// One address of many, on a lane's thread.
    fn one(&self, address: IpAddr) -> Judged {
        let asks = !self.query.offline
            && special(address).is_none()
            && self.lookup.remembered(address, Timestamp::now()).is_none();
        if asks {
            self.lookup.await_turn(address);
        }
        let known = self.lookup.look_up(address, self.deadline(), asks, &mut Trace::off());
        let mut judged = judge(address, 1, known, None, self.patterns);
        if let (false, Known::Answer(answer)) = (self.whois, &mut judged.known) {
            // Thousands may wait for those before them; what they are worth is in the record.
            answer.text = String::new();
        }
        judged
    }

    fn deadline(&self) -> Deadline {
        Deadline::within(self.query.timeout)
    }
}

/// What is remembered beside a network for one set of patterns: all that is printed.
#[derive(Clone, Deserialize, Serialize)]
struct StoredDecision {
    finding: PatternFinding,
    answer: Answer,
}

impl StoredDecision {
    fn settle(self, client: Client, found: &CacheHit) -> Judged {
        let answer = Answer { stale: found.stale, ..self.answer };
        settle(Some(client.address), client.hits, Known::Answer(Box::new(answer)), self.finding)
    }
}
