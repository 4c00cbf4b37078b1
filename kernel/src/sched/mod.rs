//! Scheduling: which thread runs where, and until when.
//!
//! Each CPU has a run queue and a deadline heap. A thread that becomes ready goes to an idle CPU, its
//! last one if possible, else to the queue of the CPU that woke it; a CPU with nothing to do takes
//! from the others before it sleeps. Threads of one queue run in turn, [`SLICE_NS`] at a time. A timer
//! is set only when somebody would otherwise wait: for a deadline, or while another thread is ready.
//!
//! | module | concern |
//! |---|---|
//! | [`queue`] | first in, first out, without allocation |
//! | [`deadline`] | deadlines in order |
//! | [`cpu`] | the loop each CPU runs |

pub(crate) mod cpu;
pub(crate) mod deadline;
pub(crate) mod queue;

use alloc::boxed::Box;
use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use hal::cpu::{Id, PerCpu};
use hal::sync::SpinLock;

use crate::thread::Thread;
use deadline::{Deadlines, Entry};
use queue::Queue;

/// How long a thread runs while another is ready.
pub(crate) const SLICE_NS: u64 = 4_000_000;

/// What all CPUs share of scheduling.
#[derive(Debug)]
pub(crate) struct Scheduler {
    cpus: PerCpu<Cpu>,
    /// The CPUs that sleep, or are about to and will look again first.
    idle: AtomicU64,
}

/// What others may see and change of a CPU.
#[derive(Debug)]
struct Cpu {
    ready: SpinLock<Queue<Thread>>,
    /// How many are in `ready`, to look without the lock.
    ready_count: AtomicUsize,
    deadlines: SpinLock<Deadlines>,
    /// The first of `deadlines`, or the end of time.
    next_deadline: AtomicU64,
}

impl Scheduler {
    /// Nothing to run.
    pub(crate) fn new() -> Self {
        let make = |_| Cpu {
            ready: SpinLock::new(Queue::new()),
            ready_count: AtomicUsize::new(0),
            deadlines: SpinLock::new(Deadlines::new()),
            next_deadline: AtomicU64::new(u64::MAX),
        };
        Self { cpus: PerCpu::new(make), idle: AtomicU64::new(0) }
    }

    /// Makes room for the deadlines of threads in slots below `slots`.
    pub(crate) fn reserve(&self, slots: usize) -> bool {
        all_cpus().all(|cpu| self.cpus.of(cpu).deadlines.lock().reserve(slots).is_ok())
    }

    /// Puts a ready thread into a queue, and wakes that CPU when it sleeps. True when it is the
    /// queue of `here`.
    pub(crate) fn make_ready(&self, here: Id, thread: Box<Thread>) -> bool {
        let target = self.claim_idle(thread.last_cpu);
        let cpu = self.cpus.of(target.unwrap_or(here));
        cpu.push(thread);
        match target {
            Some(target) if target != here => {
                hal::cpu::reschedule(target);
                false
            }
            Some(_) => true,
            None => {
                // A CPU may have gone to sleep meanwhile, having looked before the thread was there:
                // either it is seen here, or it has seen the thread.
                if let Some(idle) = self.claim_idle(here) {
                    hal::cpu::reschedule(idle);
                }
                true
            }
        }
    }

    /// Puts a thread that has run long enough behind the others of its queue.
    pub(crate) fn requeue(&self, here: Id, thread: Box<Thread>) {
        self.cpus.of(here).push(thread);
    }

    /// Takes an idle CPU out of the set, `preferred` if it is in there.
    fn claim_idle(&self, preferred: Id) -> Option<Id> {
        loop {
            let idle = self.idle.load(Ordering::SeqCst);
            if idle == 0 {
                return None;
            }
            let wanted = 1 << preferred.number();
            let bit = if idle & wanted != 0 { wanted } else { idle & idle.wrapping_neg() };
            if self.idle.fetch_and(!bit, Ordering::SeqCst) & bit != 0 {
                return Id::new(bit.trailing_zeros());
            }
        }
    }

    /// Says that `here` is going to sleep; it looks for work once more after this.
    fn enter_idle(&self, here: Id) {
        self.idle.fetch_or(1 << here.number(), Ordering::SeqCst);
    }

    /// Says that `here` is awake.
    fn leave_idle(&self, here: Id) {
        self.idle.fetch_and(!(1 << here.number()), Ordering::SeqCst);
    }

    /// Whether a thread waits in the queue of `here`.
    fn is_contended(&self, here: Id) -> bool {
        self.cpus.of(here).ready_count.load(Ordering::Relaxed) != 0
    }

    /// The next thread for `here`: its own first, then that of another CPU.
    fn next(&self, here: Id) -> Option<Box<Thread>> {
        self.cpus.of(here).pop().or_else(|| {
            let others = all_cpus().cycle().skip(here.index() + 1).take(hal::cpu::count() as usize);
            others.into_iter().find_map(|cpu| self.cpus.of(cpu).pop())
        })
    }

    /// Notes a deadline on `here`. True when it is the first there.
    pub(crate) fn add_deadline(&self, here: Id, entry: Entry) -> bool {
        let cpu = self.cpus.of(here);
        let mut deadlines = cpu.deadlines.lock();
        deadlines.insert(entry);
        cpu.publish(&deadlines);
        deadlines.first() == Some(entry.deadline_ns)
    }

    /// Drops the deadline of the thread in `slot`, kept by `cpu`.
    pub(crate) fn remove_deadline(&self, cpu: Id, slot: u32) {
        let cpu = self.cpus.of(cpu);
        let mut deadlines = cpu.deadlines.lock();
        if deadlines.remove(slot) {
            cpu.publish(&deadlines);
        }
    }

    /// Takes a deadline of `here` that has passed.
    fn take_due(&self, here: Id, now_ns: u64) -> Option<Entry> {
        let cpu = self.cpus.of(here);
        if cpu.next_deadline.load(Ordering::Relaxed) > now_ns {
            return None;
        }
        let mut deadlines = cpu.deadlines.lock();
        let due = deadlines.pop_due(now_ns);
        cpu.publish(&deadlines);
        due
    }

    /// When `here` must be interrupted at the latest for a deadline.
    fn next_deadline(&self, here: Id) -> u64 {
        self.cpus.of(here).next_deadline.load(Ordering::Relaxed)
    }
}

impl Cpu {
    fn push(&self, thread: Box<Thread>) {
        let mut ready = self.ready.lock();
        ready.push(thread);
        self.ready_count.store(ready.len(), Ordering::SeqCst);
    }

    fn pop(&self) -> Option<Box<Thread>> {
        if self.ready_count.load(Ordering::SeqCst) == 0 {
            return None;
        }
        let mut ready = self.ready.lock();
        let thread = ready.pop();
        self.ready_count.store(ready.len(), Ordering::SeqCst);
        thread
    }

    fn publish(&self, deadlines: &Deadlines) {
        self.next_deadline.store(deadlines.first().unwrap_or(u64::MAX), Ordering::Relaxed);
    }
}

fn all_cpus() -> impl Iterator<Item = Id> + Clone {
    (0..hal::cpu::count()).filter_map(Id::new)
}
