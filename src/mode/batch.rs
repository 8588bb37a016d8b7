//! Many addresses judged: what is known already at once, the rest through the lanes.

use super::Client;
use crate::{
    address::special,
    answer::{Answer, Known},
    cache::{Found, Handle},
    deadline::Deadline,
    error::Result,
    lanes,
    lookup::{Lookup, Trace},
    output::progress::Progress,
    pattern::{Finding, Patterns},
    settings::Query,
    verdict::{self, Judged, judge, settle},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    net::IpAddr,
    sync::{
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc::sync_channel,
    },
    thread,
};

/// From so many addresses on, the whole cache is read at once and judged on all processors.
const MANY: usize = 2000;
/// Addresses that a thread judges at a time.
const PIECE: usize = 256;

/// Everything that judging many addresses needs, settled before the first question.
pub struct Batch<'a> {
    /// The way to an answer.
    pub lookup: Lookup<'a>,
    /// Where answers, and what patterns made of them, are kept.
    pub cache: &'a Handle,
    /// What the answers are held against.
    pub patterns: &'a Patterns,
    /// How much is asked at once, and for how long.
    pub query: &'a Query,
    /// Keep the whois text in what is handed over.
    pub whois: bool,
}

impl Batch<'_> {
    /// Hands over each verdict in the order of the clients, as soon as those before it are out.
    ///
    /// # Errors
    /// A pattern is wrong (78), before anybody is asked; and what `done` fails with, which ends the run.
    pub fn each(&self, clients: &[Client], done: &mut dyn FnMut(Judged) -> Result<()>) -> Result<()> {
        // What is known already is answered here and now, with no thread: the hook that asks again about a client.
        let mut checked = false;
        let mut known = 0;
        if clients.len() >= MANY {
            self.check(&mut checked)?;
            self.lookup.gather(Timestamp::now());
            known = self.known(clients, done)?;
        }
        for client in clients.get(known..).unwrap_or_default() {
            let Some(judged) = self.at_once(client.address, client.hits, Some(&mut checked))? else { break };
            done(judged)?;
            known += 1;
        }
        match clients.get(known..) {
            None | Some([]) => Ok(()),
            Some(rest) => {
                self.check(&mut checked)?;
                self.ask(rest, done)
            }
        }
    }

    /// Judges those of many that are known, on all processors, up to the first that is not; how many that were.
    fn known(&self, clients: &[Client], done: &mut dyn FnMut(Judged) -> Result<()>) -> Result<usize> {
        let (next, stopped) = (AtomicUsize::new(0), AtomicBool::new(false));
        let workers = thread::available_parallelism().map_or(2, |n| n.get().clamp(2, 8));
        thread::scope(|scope| {
            let (to_printer, judged) = sync_channel(2 * workers);
            for _ in 0..workers {
                let to_printer = to_printer.clone();
                let (next, stopped) = (&next, &stopped);
                let work = move || {
                    while !stopped.load(Ordering::Relaxed) {
                        let place = next.fetch_add(1, Ordering::Relaxed);
                        let Some(piece) = clients.chunks(PIECE).nth(place) else { return };
                        let one = |client: &Client| self.at_once(client.address, client.hits, None);
                        if to_printer.send((place, piece.iter().map(one).collect::<Vec<_>>())).is_err() {
                            return;
                        }
                    }
                };
                // Fewer threads than asked for are slower, and with none of them each is judged one by one.
                let _ = thread::Builder::new().spawn_scoped(scope, work);
            }
            drop(to_printer);
            let mut early = BTreeMap::new();
            let (mut due, mut known) = (0, 0);
            let mut print = |piece: Vec<Result<Option<Judged>>>| -> Result<bool> {
                for one in piece {
                    let Some(one) = one? else { return Ok(false) };
                    done(one)?;
                    known += 1;
                }
                Ok(true)
            };
            let mut outcome = Ok(());
            'all: for (place, piece) in judged {
                early.insert(place, piece);
                while let Some(piece) = early.remove(&due) {
                    due += 1;
                    match print(piece) {
                        Ok(true) => {}
                        Ok(false) => break 'all,
                        Err(error) => {
                            outcome = Err(error);
                            break 'all;
                        }
                    }
                }
            }
            stopped.store(true, Ordering::Relaxed);
            outcome.map(|()| known)
        })
    }

    /// The verdict on an address that nobody need be asked about. With a decision remembered beside the network, no
    /// pattern is even compiled.
    ///
    /// `checked` says whether all patterns have been; None is one of many addresses, for which all are ready, and
    /// holding them against an answer takes no longer than looking up what they once made of it.
    fn at_once(&self, address: IpAddr, hits: u64, checked: Option<&mut bool>) -> Result<Option<Judged>> {
        if let Some(special) = special(address) {
            checked.map_or(Ok(()), |checked| self.check(checked))?;
            return Ok(Some(judge(address, hits, Known::Reserved(special), self.patterns)));
        }
        let Some(found) = self.lookup.remembered(address, Timestamp::now()) else { return Ok(None) };
        if let Some(checked) = checked {
            return self.decide(address, hits, &found, checked);
        }
        let known = self.cache.answer(&found).map(|answer| Known::Answer(Box::new(answer)));
        Ok(known.map(|known| judge(address, hits, known, self.patterns)))
    }

    /// Every pattern is looked at once before any is used.
    fn check(&self, checked: &mut bool) -> Result<()> {
        if !*checked {
            self.patterns.check()?;
            *checked = true;
        }
        Ok(())
    }

    /// Holds the patterns against a kept answer, or recalls what that came to the last time. None when the answer
    /// went away meanwhile.
    fn decide(
        &self,
        address: IpAddr,
        hits: u64,
        found: &Found,
        checked: &mut bool,
    ) -> Result<Option<Judged>> {
        let digest = self.patterns.digest();
        let about = self.patterns.depends_on_address().then_some(address);
        // What is remembered has no whois text in it: it is what every form but --whois prints.
        let recalled = if self.whois { None } else { self.cache.recall(found, &digest, about) };
        if let Some(decision) = recalled.and_then(|bytes| serde_json::from_slice::<Decision>(&bytes).ok()) {
            return Ok(Some(decision.settle(address, hits, found)));
        }
        let Some(mut answer) = self.cache.answer(found) else { return Ok(None) };
        self.check(checked)?;
        let finding = verdict::find(self.patterns, &answer, Some(address));
        if !self.whois {
            answer.text.clear();
            let decision = Decision { finding, answer };
            if let Ok(bytes) = serde_json::to_vec(&decision) {
                self.cache.remember(found, &digest, about, &bytes);
            }
            return Ok(Some(decision.settle(address, hits, found)));
        }
        Ok(Some(settle(Some(address), hits, Known::Answer(Box::new(answer)), finding)))
    }

    /// Asks about what is not known. For one address no pool is built: hooks run under limits that a pool would hit.
    fn ask(&self, rest: &[Client], done: &mut dyn FnMut(Judged) -> Result<()>) -> Result<()> {
        if let [Client { address, hits }] = rest {
            let known = self.lookup.look_up(*address, self.deadline(), false, &mut Trace::off());
            return done(judge(*address, *hits, known, self.patterns));
        }
        let mut waiting: Vec<Option<Judged>> = rest.iter().map(|_| None).collect();
        let (mut next, mut finished) = (0, 0);
        let (mut outcome, stopped) = (Ok(()), AtomicBool::new(false));
        let mut progress = Progress::addresses(rest.len() as u64);
        let width = lanes::Width { jobs: self.query.jobs.into(), per_lane: self.query.per_server.into() };
        lanes::run(
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
                        outcome = progress.aside(|| done(Judged { hits, ..judged }));
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
        judge(address, 1, known, self.patterns)
    }

    fn deadline(&self) -> Deadline {
        Deadline::within(self.query.timeout)
    }
}

/// What is remembered beside a network for one set of patterns: all that is printed.
#[derive(Deserialize, Serialize)]
struct Decision {
    finding: Finding,
    answer: Answer,
}

impl Decision {
    fn settle(self, address: IpAddr, hits: u64, found: &Found) -> Judged {
        let answer = Answer { stale: found.stale, ..self.answer };
        settle(Some(address), hits, Known::Answer(Box::new(answer)), self.finding)
    }
}
