//! The workers that send queries: at most as many as allowed, and started when there is work. A lane never gets all of
//! them, so a registry that does not answer delays no other lane.
//!
//! A job leaves its registry's lane before it asks a server that only a record named. Anybody may run such a server, as
//! slowly as he likes. All jobs that left share a few workers.

use crate::{address::Prefix, registry::Registry};
use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
};

/// The stack in bytes: enough for a query, its parsing and its patterns.
const STACK: usize = 1024 * 1024;
/// One in this many workers may be outside of its lane.
const OUTSIDE: usize = 4;
/// The jobs of one area that may wait: one answer serves most of them.
const OF_AREA: usize = 64;

type PoolWork = Box<dyn FnOnce(&LanePermit) + Send>;

pub(super) struct AskPool {
    shared: Arc<SharedPool>,
}

struct SharedPool {
    state: Mutex<PoolState>,
    ready: Condvar,
    /// The most workers.
    width: usize,
    /// The most workers in one lane.
    lane_width: usize,
    /// The jobs that may wait in one lane.
    queue: usize,
}

#[derive(Default)]
struct PoolState {
    lanes: HashMap<Registry, RegistryQueue>,
    /// The jobs that wait, in all lanes.
    waiting: usize,
    /// The number of the next job.
    next: u64,
    idle: usize,
    threads: usize,
    /// The areas that are being asked about.
    areas: HashSet<Prefix>,
    /// The workers that left their lane.
    outside: usize,
    /// The number of these for each mark.
    marks: HashMap<String, usize>,
}

#[derive(Default)]
struct RegistryQueue {
    waiting: VecDeque<PoolJob>,
    busy: usize,
}

struct PoolJob {
    /// The order of arrival: the job that has waited longest comes first.
    number: u64,
    /// One answer would serve the whole area, so its jobs are done one after the other.
    area: Option<Prefix>,
    work: PoolWork,
}

/// A running job's permit in its lane.
pub struct LanePermit {
    shared: Arc<SharedPool>,
    lane: Registry,
    area: Option<Prefix>,
    /// The marks that it is counted by outside of the lane; empty while it is in the lane.
    marks: Mutex<Vec<String>>,
}

impl SharedPool {
    fn lock(&self) -> MutexGuard<'_, PoolState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes a worker, or starts one if none is free and the limit allows it. False if there is no worker at all.
    fn rouse(self: &Arc<Self>, mut state: MutexGuard<'_, PoolState>) -> bool {
        if state.waiting > state.idle && state.threads < self.width {
            let shared = Arc::clone(self);
            let spawned =
                thread::Builder::new().name("ask".into()).stack_size(STACK).spawn(move || run(&shared));
            match spawned {
                Ok(_) => state.threads += 1,
                Err(_) if state.threads == 0 => {
                    // Without workers, no job would ever run.
                    *state = PoolState::default();
                    return false;
                }
                // The existing workers will do it.
                Err(_) => {}
            }
        }
        drop(state);
        self.ready.notify_one();
        true
    }
}

impl PoolState {
    /// The job that has waited longest, among lanes that are not full and areas that are not being asked about.
    fn take(&mut self, lane_width: usize) -> Option<(Registry, PoolJob)> {
        let areas = &self.areas;
        let first = |lane: &RegistryQueue| {
            lane.waiting.iter().position(|job| job.area.is_none_or(|area| !areas.contains(&area)))
        };
        let free = self.lanes.iter_mut().filter(|(_, lane)| lane.busy < lane_width);
        let ready = free.filter_map(|(name, lane)| {
            let index = first(lane)?;
            Some((lane.waiting.get(index)?.number, *name, index, lane))
        });
        let (_, name, index, lane) = ready.min_by_key(|(number, ..)| *number)?;
        let job = lane.waiting.remove(index)?;
        lane.busy += 1;
        self.waiting -= 1;
        self.areas.extend(job.area);
        Some((name, job))
    }

    /// Queues a job; false if its lane or its area has too many waiting.
    fn put(&mut self, lane: Registry, area: Option<Prefix>, work: PoolWork, most: usize) -> bool {
        let lane = self.lanes.entry(lane).or_default();
        let of_area = || lane.waiting.iter().filter(|job| job.area == area).count();
        if lane.waiting.len() >= most || area.is_some() && of_area() >= OF_AREA {
            return false;
        }
        lane.waiting.push_back(PoolJob { number: self.next, area, work });
        self.next += 1;
        self.waiting += 1;
        true
    }
}

impl AskPool {
    /// A pool of at most `width` workers, `lane_width` of them in one lane, with a queue of `queue` jobs for each lane.
    pub(super) fn new(width: usize, lane_width: usize, queue: usize) -> Self {
        let (width, lane_width) = (width.max(1), lane_width.max(1));
        let (state, ready) = (Mutex::default(), Condvar::new());
        Self { shared: Arc::new(SharedPool { state, ready, width, lane_width, queue }) }
    }

    /// Queues a job; false if its lane has too many waiting, or no worker can be started. Jobs of one area are done one
    /// at a time.
    pub(super) fn submit(
        &self,
        lane: Registry,
        area: Option<Prefix>,
        work: impl FnOnce(&LanePermit) + Send + 'static,
    ) -> bool {
        let mut state = self.shared.lock();
        state.put(lane, area, Box::new(work), self.shared.queue) && self.shared.rouse(state)
    }
}

impl LanePermit {
    /// Leaves the lane to the next job. If it has left already, it is counted by one more mark. False, without any
    /// change, if too many jobs are outside, or too many with this mark.
    #[must_use]
    pub fn leave(&self, mark: &str) -> bool {
        let mut marks = self.marks.lock().unwrap_or_else(PoisonError::into_inner);
        if marks.iter().any(|known| known == mark) {
            return true;
        }
        let mut state = self.shared.lock();
        let alike = state.marks.get(mark).copied().unwrap_or_default();
        let most = (self.shared.width / OUTSIDE).max(1);
        if alike >= self.shared.lane_width || marks.is_empty() && state.outside >= most {
            return false;
        }
        state.marks.insert(mark.to_owned(), alike + 1);
        let leaves = marks.is_empty();
        marks.push(mark.to_owned());
        if leaves {
            state.outside += 1;
            state.vacate(self.lane);
            self.shared.rouse(state);
        }
        true
    }
}

impl PoolState {
    fn vacate(&mut self, lane: Registry) {
        if let Some(lane) = self.lanes.get_mut(&lane) {
            lane.busy = lane.busy.saturating_sub(1);
        }
    }
}

impl Drop for LanePermit {
    fn drop(&mut self) {
        let marks = std::mem::take(&mut *self.marks.lock().unwrap_or_else(PoisonError::into_inner));
        let mut state = self.shared.lock();
        if marks.is_empty() {
            state.vacate(self.lane);
        } else {
            state.outside = state.outside.saturating_sub(1);
        }
        for mark in marks {
            match state.marks.get_mut(&mark) {
                Some(count) if *count > 1 => *count -= 1,
                _ => drop(state.marks.remove(&mark)),
            }
        }
        if let Some(area) = self.area {
            state.areas.remove(&area);
        }
        // A lane and an area have become free, and two different jobs may wait for them.
        drop(state);
        self.shared.ready.notify_all();
    }
}

fn run(shared: &Arc<SharedPool>) {
    let mut state = shared.lock();
    loop {
        let Some((lane, job)) = state.take(shared.lane_width) else {
            state.idle += 1;
            state = shared.ready.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.idle -= 1;
            continue;
        };
        drop(state);
        let permit = LanePermit { shared: Arc::clone(shared), lane, area: job.area, marks: Mutex::default() };
        let work = || (job.work)(&permit);
        // The job catches its own panics; this only protects the worker.
        let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
        drop(permit);
        state = shared.lock();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        sync::mpsc::{channel, sync_channel},
        time::Duration,
    };

    const SOON: Duration = Duration::from_secs(5);

    #[test]
    fn a_registry_that_never_answers_holds_up_nobody_else() {
        let pool = AskPool::new(4, 2, 100);
        let (hang, hung) = sync_channel::<()>(0);
        let hung = Arc::new(Mutex::new(hung));
        for _ in 0..20 {
            let hung = Arc::clone(&hung);
            assert!(pool.submit(Registry::Ripe, None, move |_| {
                let _ = hung.lock().unwrap().recv();
            }));
        }
        let (done, finished) = channel();
        assert!(pool.submit(Registry::Arin, None, move |_| done.send(()).unwrap()));
        finished.recv_timeout(SOON).unwrap();
        drop(hang);
    }

    #[test]
    fn every_job_is_done_panics_or_not() {
        let pool = AskPool::new(3, 2, 1000);
        let (done, finished) = channel();
        for n in 0..300 {
            let done = done.clone();
            let lane = if n % 2 == 0 { Registry::Ripe } else { Registry::Apnic };
            assert!(pool.submit(lane, None, move |_| {
                done.send(n).unwrap();
                assert!(n % 10 != 0, "one of ten goes wrong");
            }));
        }
        for _ in 0..300 {
            finished.recv_timeout(SOON).unwrap();
        }
        assert!(pool.shared.lock().threads <= 3);
    }

    #[test]
    fn refuses_what_cannot_wait_and_nothing_of_another_registrys() {
        let pool = AskPool::new(1, 1, 2);
        let (hang, hung) = sync_channel::<()>(0);
        let (started, begun) = channel();
        assert!(pool.submit(Registry::Ripe, None, move |_| {
            started.send(()).unwrap();
            let _ = hung.recv();
        }));
        begun.recv_timeout(SOON).unwrap();
        assert!(pool.submit(Registry::Ripe, None, |_| {}));
        assert!(pool.submit(Registry::Ripe, None, |_| {}));
        assert!(!pool.submit(Registry::Ripe, None, |_| {}), "two wait");
        let (done, finished) = channel();
        assert!(pool.submit(Registry::Arin, None, move |_| done.send(()).unwrap()), "nobody of ARIN's does");
        drop(hang);
        finished.recv_timeout(SOON).unwrap();
    }

    /// Jobs that report their start, and then wait until they are released.
    struct HeldJobs {
        held: Arc<Mutex<std::sync::mpsc::Receiver<()>>>,
        begin: std::sync::mpsc::Sender<bool>,
        begun: std::sync::mpsc::Receiver<bool>,
    }

    impl HeldJobs {
        /// Returns them, and a sender that releases all of them when it is dropped.
        fn new() -> (Self, std::sync::mpsc::SyncSender<()>) {
            let (hold, held) = sync_channel(0);
            let (begin, begun) = channel();
            (Self { held: Arc::new(Mutex::new(held)), begin, begun }, hold)
        }

        /// A job that first leaves its lane with this mark, and reports whether it could.
        fn leaving(&self, mark: &'static str) -> impl FnOnce(&LanePermit) + Send + 'static {
            let (held, begin) = (Arc::clone(&self.held), self.begin.clone());
            move |permit| {
                begin.send(permit.leave(mark)).unwrap();
                let _ = held.lock().unwrap().recv();
            }
        }

        fn left(&self) -> bool {
            self.begun.recv_timeout(SOON).unwrap()
        }
    }

    #[test]
    fn one_that_leaves_its_lane_makes_room_in_it_and_a_few_may() {
        // Two of eight may be outside, and of one mark no more than a lane is wide.
        let pool = AskPool::new(8, 1, 100);
        let (jobs, hold) = HeldJobs::new();
        for (mark, left) in [("a", true), ("a", false)] {
            assert!(pool.submit(Registry::Arin, None, jobs.leaving(mark)));
            assert_eq!(jobs.left(), left, "{mark}");
        }
        let (done, finished) = channel();
        let finish = done.clone();
        assert!(pool.submit(Registry::Arin, None, move |_| finish.send("late").unwrap()));
        assert!(finished.recv_timeout(Duration::from_millis(50)).is_err(), "the second did not leave");
        assert!(pool.submit(Registry::Ripe, None, jobs.leaving("b")));
        assert!(jobs.left());
        assert!(pool.submit(Registry::Ripe, None, move |_| done.send("at once").unwrap()));
        assert_eq!(finished.recv_timeout(SOON), Ok("at once"));
        assert!(pool.submit(Registry::Ripe, None, jobs.leaving("c")));
        assert!(!jobs.left(), "two are outside");
        drop(hold);
        assert_eq!(finished.recv_timeout(SOON), Ok("late"));
        until_idle(&pool);
    }

    #[test]
    fn a_second_mark_counts_too_and_the_same_but_once() {
        let pool = AskPool::new(16, 2, 100);
        let (answers, answered) = channel();
        assert!(pool.submit(Registry::Arin, None, move |permit| {
            answers.send(["net", "net", "host"].map(|mark| permit.leave(mark))).unwrap();
            let state = permit.shared.lock();
            assert_eq!((state.outside, state.marks["net"], state.marks["host"]), (1, 1, 1));
        }));
        assert_eq!(answered.recv_timeout(SOON), Ok([true; 3]));
        until_idle(&pool);
    }

    #[test]
    fn of_one_area_one_is_asked_about_and_the_others_hold_up_nobody() {
        let pool = AskPool::new(8, 2, 100);
        let area: Prefix = "192.0.2.0/24".parse().unwrap();
        let (jobs, hold) = HeldJobs::new();
        let (done, finished) = channel();
        assert!(pool.submit(Registry::Arin, Some(area), jobs.leaving("a")));
        assert!(jobs.left());
        for _ in 0..OF_AREA {
            let done = done.clone();
            assert!(pool.submit(Registry::Arin, Some(area), move |_| done.send("neighbour").unwrap()));
        }
        assert!(!pool.submit(Registry::Arin, Some(area), |_| {}), "too many of one area");
        let other = Some("198.51.100.0/24".parse().unwrap());
        assert!(pool.submit(Registry::Arin, other, move |_| done.send("other").unwrap()));
        assert_eq!(finished.recv_timeout(SOON), Ok("other"));
        assert!(finished.try_recv().is_err());
        drop(hold);
        for _ in 0..OF_AREA {
            assert_eq!(finished.recv_timeout(SOON), Ok("neighbour"));
        }
        until_idle(&pool);
    }

    /// Waits until nothing is counted any more.
    fn until_idle(pool: &AskPool) {
        let begun = std::time::Instant::now();
        loop {
            let state = pool.shared.lock();
            let busy: usize = state.lanes.values().map(|lane| lane.busy).sum();
            if (busy, state.outside, state.marks.len(), state.areas.len(), state.waiting) == (0, 0, 0, 0, 0) {
                return;
            }
            drop(state);
            assert!(begun.elapsed() < SOON, "something is counted still");
            thread::yield_now();
        }
    }
}
