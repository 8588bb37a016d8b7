//! The workers that ask: as many as allowed and no more, started when there is work, and never all of them in one
//! lane, so that one registry that does not answer holds up nobody else's question.

use crate::registry::Registry;
use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
};

/// Enough for a question, its parsing and its patterns.
const STACK: usize = 1024 * 1024;

type PoolWork = Box<dyn FnOnce() + Send>;

pub(super) struct AskPool {
    shared: Arc<SharedPool>,
    width: usize,
    queue: usize,
}

struct SharedPool {
    state: Mutex<PoolState>,
    ready: Condvar,
    lane_width: usize,
}

#[derive(Default)]
struct PoolState {
    lanes: HashMap<Registry, RegistryQueue>,
    /// Jobs that wait, in all lanes.
    waiting: usize,
    /// The number of the next job.
    next: u64,
    idle: usize,
    threads: usize,
}

#[derive(Default)]
struct RegistryQueue {
    /// With its number each, so that of two lanes the one that has waited longer comes first.
    waiting: VecDeque<(u64, PoolWork)>,
    busy: usize,
}

impl SharedPool {
    fn lock(&self) -> MutexGuard<'_, PoolState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl PoolState {
    /// The job that has waited longest of those whose lane is not full.
    fn take(&mut self, lane_width: usize) -> Option<(Registry, PoolWork)> {
        let free = self.lanes.iter_mut().filter(|(_, lane)| lane.busy < lane_width);
        let waiting = free.filter_map(|(name, lane)| Some((lane.waiting.front()?.0, *name, lane)));
        let (_, name, lane) = waiting.min_by_key(|(number, ..)| *number)?;
        let (_, work) = lane.waiting.pop_front()?;
        lane.busy += 1;
        self.waiting -= 1;
        Some((name, work))
    }

    /// False when so many wait in this lane already: it is full, and the others are not.
    fn put(&mut self, lane: Registry, work: PoolWork, most: usize) -> bool {
        let lane = self.lanes.entry(lane).or_default();
        if lane.waiting.len() >= most {
            return false;
        }
        lane.waiting.push_back((self.next, work));
        self.next += 1;
        self.waiting += 1;
        true
    }
}

impl AskPool {
    /// At most `width` workers, `lane_width` of them in one lane, and `queue` jobs waiting in each.
    pub(super) fn new(width: usize, lane_width: usize, queue: usize) -> Self {
        let shared =
            SharedPool { state: Mutex::default(), ready: Condvar::new(), lane_width: lane_width.max(1) };
        Self { shared: Arc::new(shared), width: width.max(1), queue }
    }

    /// Has the work done some time; false when too much waits in its lane already, or no worker can be had.
    pub(super) fn submit(&self, lane: Registry, work: impl FnOnce() + Send + 'static) -> bool {
        let mut state = self.shared.lock();
        if !state.put(lane, Box::new(work), self.queue) {
            return false;
        }
        if state.waiting > state.idle && state.threads < self.width {
            let shared = Arc::clone(&self.shared);
            let spawned =
                thread::Builder::new().name("ask".into()).stack_size(STACK).spawn(move || run(&shared));
            match spawned {
                Ok(_) => state.threads += 1,
                Err(_) if state.threads == 0 => {
                    // Nobody would ever come to it, nor to anything else.
                    *state = PoolState::default();
                    return false;
                }
                // Those that there are will come to it.
                Err(_) => {}
            }
        }
        drop(state);
        self.shared.ready.notify_one();
        true
    }
}

fn run(shared: &SharedPool) {
    let mut state = shared.lock();
    loop {
        let Some((lane, work)) = state.take(shared.lane_width) else {
            state.idle += 1;
            state = shared.ready.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.idle -= 1;
            continue;
        };
        drop(state);
        // What is asked for catches its own panics; this one only keeps the lane's count right.
        let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
        state = shared.lock();
        if let Some(lane) = state.lanes.get_mut(&lane) {
            lane.busy -= 1;
        }
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
            assert!(pool.submit(Registry::Ripe, move || {
                let _ = hung.lock().unwrap().recv();
            }));
        }
        let (done, finished) = channel();
        assert!(pool.submit(Registry::Arin, move || done.send(()).unwrap()));
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
            assert!(pool.submit(lane, move || {
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
        assert!(pool.submit(Registry::Ripe, move || {
            started.send(()).unwrap();
            let _ = hung.recv();
        }));
        begun.recv_timeout(SOON).unwrap();
        assert!(pool.submit(Registry::Ripe, || {}));
        assert!(pool.submit(Registry::Ripe, || {}));
        assert!(!pool.submit(Registry::Ripe, || {}), "two wait");
        let (done, finished) = channel();
        assert!(pool.submit(Registry::Arin, move || done.send(()).unwrap()), "nobody of ARIN's does");
        drop(hang);
        finished.recv_timeout(SOON).unwrap();
    }
}
