//! Judges many addresses: known ones at once, the rest through the scheduler.

use super::{
    Resolver, Trace,
    gate::{LookUpTurn, OpenGate},
    lease::QuestionPace,
    remaining::RemainingWork,
    scheduler::{self, Concurrency},
};
use crate::{deadline::Deadline, error::Result, registry::Known, verdict::Judged};
use jiff::Timestamp;
use rayon::prelude::*;
use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

/// From this many addresses on, the cache is read once for all of them. Decisions are then remembered only in this
/// process: writing each would cost more than it could save.
const MANY: usize = 2048;
/// The number of addresses that are judged together before they are handed over.
const PIECE: usize = 16_384;

/// An address to classify, and how often it was seen.
#[derive(Clone, Copy, Debug)]
pub struct Client {
    /// The address, already unwrapped.
    pub address: IpAddr,
    /// The number of log lines, or of times that it was named.
    pub hits: u64,
}

/// When a verdict arrived.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Arrival {
    /// At once, and the next one may follow at once.
    AtOnce,
    /// After a query: a user who waits for it should see it now.
    Late,
}

/// Makes of a verdict what its sink takes. It runs on all processors at once, so costly work belongs here, and the rest
/// of a verdict ends here.
pub type VerdictView<'a, T> = &'a (dyn Fn(Judged) -> T + Sync);

/// Receives the views of many verdicts, on the thread that asked for them.
pub trait VerdictSink<T> {
    /// Takes the next view, in the order of the clients.
    ///
    /// # Errors
    /// The run ends, and no further registry is asked.
    fn take(&mut self, view: T, arrival: Arrival) -> Result<()>;

    /// The trace of the only look-up, if there is one alone. [`Self::reach`] is not called then.
    fn wait_for_one(&mut self) -> Trace {
        Trace::off()
    }

    /// Reports that `done` of the `total` addresses that need a query are done; the first report has 0. `left` is the
    /// time that the rest will take, if it is known.
    fn reach(&mut self, done: u64, total: u64, left: Option<Duration>);
}

impl Resolver {
    /// Hands over a view of each verdict in the order of the clients, as soon as those before it are out.
    ///
    /// # Errors
    /// A pattern is wrong (78), which is found before any query. The sink fails, which ends the run.
    pub fn judge_all<T: Send>(
        &self,
        clients: &[Client],
        view: VerdictView<'_, T>,
        sink: &mut dyn VerdictSink<T>,
    ) -> Result<()> {
        let mut known = 0;
        if clients.len() >= MANY {
            self.check()?;
            self.decisions.keep_to_itself();
            self.origins().load();
            if !self.policy().refresh {
                self.cache().take_snapshot(clients.len(), &self.freshness(Timestamp::now()));
            }
            known = self.recall_many(clients, view, sink)?;
        }
        // Known addresses are answered here, without a thread: a hook often asks again about the same client.
        for client in clients.get(known..).unwrap_or_default() {
            let Some(judged) = self.recall_client(client)? else { break };
            known += 1;
            sink.take(view(judged), Arrival::AtOnce)?;
        }
        match clients.get(known..) {
            None | Some([]) => Ok(()),
            Some(rest) => {
                self.check()?;
                self.ask_all(rest, view, sink)
            }
        }
    }

    fn recall_client(&self, client: &Client) -> Result<Option<Judged>> {
        let judged = self.recall(client.address, Timestamp::now())?;
        Ok(judged.map(|judged| Judged { hits: client.hits, ..judged }))
    }

    /// Judges addresses on all processors, up to the first that is not known. Returns the number judged.
    fn recall_many<T: Send>(
        &self,
        clients: &[Client],
        view: VerdictView<'_, T>,
        sink: &mut dyn VerdictSink<T>,
    ) -> Result<usize> {
        let processors = thread::available_parallelism().map_or(1, usize::from);
        let Some(pool) = scheduler::pool(processors) else { return Ok(0) };
        let (mut known, mut ready) = (0, Vec::new());
        // Each piece is judged while the piece before it goes out, so the work never runs far ahead of the output.
        for piece in clients.chunks(PIECE).chain([[].as_slice()]) {
            let mut judged = Vec::new();
            let goes_on = pool.in_place_scope(|scope| -> Result<bool> {
                scope.spawn(|_| judged = self.recall_piece(piece, view));
                for judged in ready.drain(..).flatten() {
                    let Some(judged) = judged? else { return Ok(false) };
                    known += 1;
                    sink.take(judged, Arrival::AtOnce)?;
                }
                Ok(true)
            })?;
            if !goes_on {
                break;
            }
            ready = judged;
        }
        Ok(known)
    }

    /// Judges each address, in the order of the addresses: neighbours are near each other in the cache, and often in one
    /// network. The result is in the order of the clients.
    fn recall_piece<T: Send>(
        &self,
        piece: &[Client],
        view: VerdictView<'_, T>,
    ) -> Vec<Option<Result<Option<T>>>> {
        let mut order: Vec<(usize, &Client)> = piece.iter().enumerate().collect();
        order.sort_unstable_by_key(|(_, client)| client.address);
        let judged: Vec<_> = order
            .into_par_iter()
            .map(|(index, client)| (index, self.recall_client(client).map(|judged| judged.map(view))))
            .collect();
        let mut ordered: Vec<_> = piece.iter().map(|_| None).collect();
        for (index, judged) in judged {
            if let Some(slot) = ordered.get_mut(index) {
                *slot = Some(judged);
            }
        }
        ordered
    }

    /// Looks up the rest. A single address needs no pool: hooks run under limits that a pool would hit.
    fn ask_all<T: Send>(
        &self,
        rest: &[Client],
        view: VerdictView<'_, T>,
        sink: &mut dyn VerdictSink<T>,
    ) -> Result<()> {
        if let ([Client { address, hits }], false) = (rest, self.waits_in_turn) {
            let judged = self.judge(*address, self.deadline(), &mut sink.wait_for_one());
            return sink.take(view(Judged { hits: *hits, ..judged }), Arrival::Late);
        }
        // Only verdicts that came out of order are stored: a log may have millions of clients.
        let mut waiting: std::collections::HashMap<usize, Judged> = std::collections::HashMap::new();
        let (mut next, mut done, total) = (0, 0, rest.len() as u64);
        let (mut outcome, stopped) = (Ok(()), AtomicBool::new(false));
        let (mut work, started) = (self.remaining_work(rest), Instant::now());
        sink.reach(done, total, None);
        let width =
            Concurrency { jobs: self.policy().jobs.into(), per_server: self.policy().per_server.into() };
        scheduler::run(
            rest.iter().map(|client| client.address).enumerate(),
            width,
            |address| self.first_server(address).name,
            // When the output fails, no further registry is asked.
            |address| (!stopped.load(Ordering::Relaxed)).then(|| self.judge_in_turn(address)),
            || self.cache().flush(),
            |index, judged| {
                done += 1;
                let elapsed = started.elapsed();
                work.finish(index, elapsed);
                sink.reach(done, total, work.time(elapsed));
                if let Some(judged) = judged {
                    waiting.insert(index, judged);
                }
                while let Some(judged) = waiting.remove(&next) {
                    let hits = rest.get(next).map_or(1, |client| client.hits);
                    if outcome.is_ok() {
                        outcome = sink.take(view(Judged { hits, ..judged }), Arrival::Late);
                        stopped.store(outcome.is_err(), Ordering::Relaxed);
                    }
                    next += 1;
                }
            },
        );
        outcome
    }

    fn remaining_work(&self, clients: &[Client]) -> RemainingWork {
        let mut work = RemainingWork::default();
        for client in clients {
            let server = self.first_server(client.address);
            let pace = QuestionPace::of(self.policy(), server.registry.pace());
            work.add(&server.name, pace.figures());
        }
        work
    }

    /// Looks up one address of many, on a thread of the scheduler.
    fn judge_in_turn(&self, address: IpAddr) -> Judged {
        let server = self.first_server(address);
        let gathers = !self.policy().offline && self.pace_of(&server).is_unlimited();
        // An answer about a neighbour may have arrived meanwhile. Without a pace, no turn is lost if that is found later.
        let asks = || !self.policy().offline && !self.knows(address, Timestamp::now());
        let booked = match gathers {
            true => Some(server.registry),
            false => asks().then(|| self.await_turn(address)).flatten(),
        };
        let turn = LookUpTurn { deadline: self.deadline(), booked, gathers, gate: &OpenGate };
        let (known, origin) = self.look_up(address, turn, &mut Trace::off());
        let mut judged = self.settle(address, known, origin);
        if let (false, Known::Answer(answer)) = (self.keeps_text, &mut judged.known) {
            // Thousands of verdicts may wait for those before them, and only their record is needed.
            Arc::make_mut(answer).text = String::new();
        }
        judged
    }

    fn deadline(&self) -> Deadline {
        Deadline::within(self.policy().timeout)
    }
}
