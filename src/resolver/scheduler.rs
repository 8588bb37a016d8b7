//! Schedules many addresses: lanes by registry, and neighbourhoods within a lane. A slow registry holds up no other,
//! and neighbours find each other's answers in the cache.
//!
//! The caller supplies the work for one address. This module only decides what runs at the same time.

use crate::address::Prefix;
use rayon::{ThreadPool, ThreadPoolBuilder};
use std::{
    collections::{HashMap, VecDeque},
    net::IpAddr,
    sync::{Condvar, Mutex, MutexGuard, PoisonError, mpsc},
};

/// The stack of a worker in bytes. Waiting for the network needs little, and a process may run under a memory limit.
const STACK: usize = 512 * 1024;

/// Addresses in one chain are asked about one after the other, since one answer may serve the next: a /22 or a /44.
const CHAIN: (u8, u8) = (22, 44);

/// One address of a neighbourhood is asked about before the others: a /16 or a /32. A large assigned network then costs
/// one query, and a large allocated one only the wait for that query.
const NEIGHBOURHOOD: (u8, u8) = (16, 32);

/// The limits of concurrency.
#[derive(Clone, Copy, Debug)]
pub struct Concurrency {
    /// Jobs in total: 1 or more.
    pub jobs: usize,
    /// Jobs in one lane: 1 or more.
    pub per_server: usize,
}

/// An index in the caller's order, and the address.
type AddressJob = (usize, IpAddr);

/// Jobs in order, and the items that may start after them.
#[derive(Debug, Default)]
struct WorkItem {
    chain: Vec<AddressJob>,
    then: Vec<Vec<AddressJob>>,
}

/// The queue of one lane.
#[derive(Debug, Default)]
struct ServerQueue {
    queue: Mutex<QueueState>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct QueueState {
    ready: VecDeque<WorkItem>,
    /// Items in work, which may bring more.
    busy: usize,
}

/// Runs `work` for every address. Each result is handed over on this thread as it comes, with the address's index in
/// the order given. `lane` names the lane of an address. A worker without work calls `rest` before it waits or ends.
pub fn run<T: Send>(
    addresses: impl IntoIterator<Item = (usize, IpAddr)>,
    width: Concurrency,
    lane: impl Fn(IpAddr) -> String,
    work: impl Fn(IpAddr) -> T + Sync,
    rest: impl Fn() + Sync,
    mut done: impl FnMut(usize, T),
) {
    let lanes = sort(addresses, lane);
    let workers = rota(&lanes, width.per_server);
    let Some(pool) = pool(width.jobs.min(workers.len())) else {
        // No thread can be started: this one does all the work.
        for lane in &lanes {
            lane.drain(|index, address| done(index, work(address)), &rest);
        }
        return;
    };
    let (sender, receiver) = mpsc::channel();
    pool.in_place_scope(|scope| {
        for lane in workers {
            let (sender, work, rest) = (sender.clone(), &work, &rest);
            scope.spawn(move |_| {
                // The receiver outlives every worker. If a send fails, there is nobody left to tell.
                let hand_over = |index, address| drop(sender.send((index, work(address))));
                lane.drain(hand_over, rest);
            });
        }
        drop(sender);
        for (index, result) in receiver {
            done(index, result);
        }
    });
}

/// The lanes in the order in which workers take them: the first worker of every lane comes before any second one, so
/// that no lane waits.
fn rota(lanes: &[ServerQueue], per_server: usize) -> Vec<&ServerQueue> {
    let wanted: Vec<(usize, &ServerQueue)> =
        lanes.iter().map(|lane| (lane.chains().min(per_server), lane)).collect();
    let most = wanted.iter().map(|(count, _)| *count).max().unwrap_or_default();
    (0..most)
        .flat_map(|round| wanted.iter().filter(move |(count, _)| *count > round).map(|(_, lane)| *lane))
        .collect()
}

/// A pool of its own. The global one is as wide as the machine has processors, and look-ups mostly wait. It is narrower
/// if the system refuses threads, and None if it refuses all.
pub(super) fn pool(threads: usize) -> Option<ThreadPool> {
    let mut threads = threads;
    while threads > 0 {
        let builder = ThreadPoolBuilder::new().num_threads(threads).stack_size(STACK);
        if let Ok(pool) = builder.thread_name(|n| format!("lookup {n}")).build() {
            return Some(pool);
        }
        threads /= 2;
    }
    None
}

/// Sorts addresses into lanes, neighbourhoods and chains, each in the order of its first address.
fn sort(
    addresses: impl IntoIterator<Item = AddressJob>,
    lane: impl Fn(IpAddr) -> String,
) -> Vec<ServerQueue> {
    let mut lanes: Vec<Vec<Vec<Vec<AddressJob>>>> = Vec::new();
    let mut names: HashMap<String, usize> = HashMap::new();
    let mut areas: HashMap<(usize, Prefix), usize> = HashMap::new();
    let mut chains: HashMap<(usize, Prefix), usize> = HashMap::new();
    for (index, address) in addresses {
        let lane = place_of(&mut names, lane(address), &mut lanes);
        let area = Prefix::around(address, NEIGHBOURHOOD.0, NEIGHBOURHOOD.1);
        let Some(list) = lanes.get_mut(lane) else { continue };
        let area = place_of(&mut areas, (lane, area), list);
        let Some(list) = list.get_mut(area) else { continue };
        let chain = place_of(&mut chains, (lane, Prefix::around(address, CHAIN.0, CHAIN.1)), list);
        let Some(list) = list.get_mut(chain) else { continue };
        list.push((index, address));
    }
    lanes.into_iter().map(|areas| ServerQueue::of(areas.into_iter().map(WorkItem::of))).collect()
}

/// The index of a key in a list. A new key gets a new, empty entry.
fn place_of<K: std::hash::Hash + Eq, T: Default>(
    indexes: &mut HashMap<K, usize>,
    key: K,
    list: &mut Vec<T>,
) -> usize {
    *indexes.entry(key).or_insert_with(|| {
        list.push(T::default());
        list.len() - 1
    })
}

impl WorkItem {
    /// A neighbourhood: its first address alone, then all of its chains at once.
    fn of(mut chains: Vec<Vec<AddressJob>>) -> Self {
        let first = chains.first_mut().map(|chain| chain.drain(..1).collect()).unwrap_or_default();
        chains.retain(|chain| !chain.is_empty());
        Self { chain: first, then: chains }
    }
}

impl ServerQueue {
    fn of(items: impl Iterator<Item = WorkItem>) -> Self {
        Self { queue: Mutex::new(QueueState { ready: items.collect(), busy: 0 }), changed: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, QueueState> {
        // A worker that panics does so outside of the lock, so the queue is intact.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The most workers that could be busy in it at once.
    fn chains(&self) -> usize {
        self.lock().ready.iter().map(|item| item.then.len().max(1)).sum()
    }

    /// Takes items until there are none and none can come.
    fn drain(&self, mut work: impl FnMut(usize, IpAddr), rest: impl Fn()) {
        while let Some(WorkItem { chain, then }) = self.take(&rest) {
            let _busy = BusyItem { lane: self, then };
            for (index, address) in chain {
                work(index, address);
            }
        }
    }

    fn take(&self, rest: impl Fn()) -> Option<WorkItem> {
        let mut queue = self.lock();
        let mut rests = false;
        loop {
            if let Some(item) = queue.ready.pop_front() {
                queue.busy += 1;
                return Some(item);
            }
            if !rests {
                rests = true;
                drop(queue);
                rest();
                queue = self.lock();
                continue;
            }
            if queue.busy == 0 {
                return None;
            }
            queue = self.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// An item in work. If its look-up panics, the other workers of the lane must not wait for it for ever: the panic
/// should show, and not hang the run.
struct BusyItem<'a> {
    lane: &'a ServerQueue,
    then: Vec<Vec<AddressJob>>,
}

impl Drop for BusyItem<'_> {
    fn drop(&mut self) {
        let mut queue = self.lane.lock();
        queue.busy -= 1;
        // Items that a first answer released go to the front: the answer is fresh in the cache.
        for chain in self.then.drain(..).rev() {
            queue.ready.push_front(WorkItem { chain, then: Vec::new() });
        }
        self.lane.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        collections::HashSet,
        sync::atomic::{AtomicUsize, Ordering},
    };

    fn addresses(texts: &[&str]) -> Vec<AddressJob> {
        texts.iter().map(|text| text.parse().unwrap()).enumerate().collect()
    }

    #[test]
    fn every_address_is_done_once() {
        let all: Vec<AddressJob> =
            (0..5000u32).map(|n| (n as usize, IpAddr::V4((0x0800_0000 + n * 7919).into()))).collect();
        let mut seen = HashSet::new();
        let width = Concurrency { jobs: 8, per_server: 3 };
        run(
            all.clone(),
            width,
            |a| format!("{}", a.to_string().len()),
            |a| a,
            || (),
            |index, address| {
                assert_eq!(all[index].1, address);
                assert!(seen.insert(index));
            },
        );
        assert_eq!(seen.len(), all.len());
    }

    #[test]
    fn a_lane_is_no_wider_than_allowed() {
        let all: Vec<AddressJob> =
            (0..60u32).map(|n| (n as usize, IpAddr::V4((n << 24 | 1).into()))).collect();
        let (now, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let work = |_| {
            most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            std::thread::yield_now();
            now.fetch_sub(1, Ordering::SeqCst);
        };
        run(all, Concurrency { jobs: 16, per_server: 3 }, |_| "one".into(), work, || (), |_, ()| {});
        assert!(most.load(Ordering::SeqCst) <= 3, "{most:?}");
    }

    #[test]
    fn a_panic_in_one_look_up_ends_the_run_instead_of_hanging_it() {
        let all = addresses(&["8.8.0.1", "8.8.4.1", "8.8.8.1"]);
        let work = |address: IpAddr| assert_ne!(address, all[0].1, "this one breaks");
        let (sender, receiver) = mpsc::channel();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let width = Concurrency { jobs: 8, per_server: 3 };
                let run = || run(all.clone(), width, |_| "one".into(), work, || (), |_, ()| {});
                let _ = sender.send(std::panic::catch_unwind(run).is_err());
            });
            let broke = receiver.recv_timeout(std::time::Duration::from_secs(20));
            assert_eq!(broke, Ok(true));
        });
    }

    #[test]
    fn neighbours_wait_for_the_first_of_them() {
        // A worker that meets an address of the neighbourhood before the first is done would see 0.
        let all = addresses(&["8.8.0.1", "8.8.4.1", "8.8.8.1", "8.8.12.1", "8.8.8.2"]);
        let first_done = AtomicUsize::new(0);
        let work = |address: IpAddr| {
            if address == all[0].1 {
                std::thread::sleep(std::time::Duration::from_millis(20));
                first_done.store(1, Ordering::SeqCst);
            }
            first_done.load(Ordering::SeqCst)
        };
        let mut results = Vec::new();
        run(
            all.clone(),
            Concurrency { jobs: 8, per_server: 8 },
            |_| "one".into(),
            work,
            || (),
            |_, done| results.push(done),
        );
        assert_eq!(results, [1, 1, 1, 1, 1]);
    }
}
