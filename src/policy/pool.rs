//! The workers that ask: as many as allowed and no more, started when there is work, and never all of them in one
//! lane, so that one registry that does not answer holds up nobody else's question.

use crate::whois::Registry;
use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
};

/// Enough for a question, its parsing and its patterns.
const STACK: usize = 1024 * 1024;

type Work = Box<dyn FnOnce() + Send>;

pub(super) struct Pool {
    shared: Arc<Shared>,
    width: usize,
    queue: usize,
}

struct Shared {
    state: Mutex<State>,
    ready: Condvar,
    lane_width: usize,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<(Registry, Work)>,
    busy: HashMap<Registry, usize>,
    idle: usize,
    threads: usize,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The first job in the queue whose lane is not full.
    fn take(&mut self, lane_width: usize) -> Option<(Registry, Work)> {
        let busy = &self.busy;
        let free = |lane: &Registry| busy.get(lane).is_none_or(|n| *n < lane_width);
        let place = self.waiting.iter().position(|(lane, _)| free(lane))?;
        let (lane, work) = self.waiting.remove(place)?;
        *self.busy.entry(lane).or_default() += 1;
        Some((lane, work))
    }
}

impl Pool {
    /// At most `width` workers, `lane_width` of them in one lane, and `queue` jobs waiting.
    pub(super) fn new(width: usize, lane_width: usize, queue: usize) -> Self {
        let shared = Shared { state: Mutex::default(), ready: Condvar::new(), lane_width: lane_width.max(1) };
        Self { shared: Arc::new(shared), width: width.max(1), queue }
    }

    /// Has the work done some time; false when too much waits already, or no worker can be had.
    pub(super) fn submit(&self, lane: Registry, work: impl FnOnce() + Send + 'static) -> bool {
        let mut state = self.shared.lock();
        if state.waiting.len() >= self.queue {
            return false;
        }
        state.waiting.push_back((lane, Box::new(work)));
        if state.waiting.len() > state.idle && state.threads < self.width {
            let shared = Arc::clone(&self.shared);
            let spawned =
                thread::Builder::new().name("ask".into()).stack_size(STACK).spawn(move || run(&shared));
            match spawned {
                Ok(_) => state.threads += 1,
                Err(_) if state.threads == 0 => {
                    state.waiting.pop_back();
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

fn run(shared: &Shared) {
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
        if let Some(busy) = state.busy.get_mut(&lane) {
            *busy -= 1;
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
        let pool = Pool::new(4, 2, 100);
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
        let pool = Pool::new(3, 2, 1000);
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
    fn refuses_what_cannot_wait() {
        let pool = Pool::new(1, 1, 2);
        let (hang, hung) = sync_channel::<()>(0);
        let (started, begun) = channel();
        assert!(pool.submit(Registry::Ripe, move || {
            started.send(()).unwrap();
            let _ = hung.recv();
        }));
        begun.recv_timeout(SOON).unwrap();
        assert!(pool.submit(Registry::Ripe, || {}));
        assert!(pool.submit(Registry::Arin, || {}));
        assert!(!pool.submit(Registry::Arin, || {}));
        drop(hang);
    }
}
