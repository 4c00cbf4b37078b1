//! Threads: what belongs to the CPU or queue that holds one, and what others may see of it.
//!
//! A [`Thread`] is always owned by exactly one place: a CPU that runs it, a run queue, or a wait
//! queue. So its state needs no lock, and waking it is moving it. What others need to know of it is in
//! [`Shared`], found by handle in the [`Table`].

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use hal::cpu;
use hal::task::Context;

use crate::sched::queue::Linked;
use crate::service::Service;
use crate::wait::Key;

/// Threads of all services together.
pub(crate) const LIMIT: usize = 16_384;

/// What the kernel keeps for a thread, charged to its service in pages.
pub(crate) const CHARGE: usize = 2;

/// A thread.
pub(crate) struct Thread {
    /// Its registers.
    pub(crate) context: Box<Context>,
    /// The service it belongs to.
    pub(crate) service: Arc<Service>,
    /// What others see of it.
    pub(crate) shared: Arc<Shared>,
    /// Lowest byte and length of its trap stack.
    pub(crate) trap_stack: (usize, usize),
    /// The word that is zeroed when it has ended, or zero.
    pub(crate) exit_word: usize,
    /// What it waits for, or did last.
    pub(crate) wait: Wait,
    /// A call that is not finished.
    pub(crate) unfinished: Unfinished,
    /// It was to take an interrupt while it handled a trap, and takes it when it has done so.
    pub(crate) has_held_interrupt: bool,
    /// The CPU it ran on last.
    pub(crate) last_cpu: cpu::Id,
    link: Option<Box<Self>>,
}

/// What a thread waits for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wait {
    /// Who can wake it.
    pub(crate) key: Key,
    /// Counts its waits, so that an outdated deadline is recognised.
    pub(crate) ticket: u64,
    /// The CPU that keeps its deadline.
    pub(crate) deadline_on: Option<cpu::Id>,
}

/// A call that goes on the next time its thread is run.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Unfinished {
    /// Whether there is one.
    pub(crate) is_pending: bool,
    /// How much of its range is done.
    pub(crate) done: usize,
    /// Frames promised to it.
    pub(crate) promised: usize,
}

impl Thread {
    /// A thread that has not run.
    pub(crate) fn new(context: Box<Context>, service: Arc<Service>, shared: Arc<Shared>) -> Self {
        let wait = Wait { key: Key::Nothing, ticket: 0, deadline_on: None };
        Self {
            context,
            service,
            shared,
            trap_stack: (0, 0),
            exit_word: 0,
            wait,
            unfinished: Unfinished::default(),
            has_held_interrupt: false,
            last_cpu: cpu::current(),
            link: None,
        }
    }
}

impl core::fmt::Debug for Thread {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Thread").field("handle", &self.shared.handle).finish_non_exhaustive()
    }
}

impl Linked for Thread {
    fn link(&mut self) -> &mut Option<Box<Self>> {
        &mut self.link
    }
}

/// What others see of a thread.
#[derive(Debug)]
pub(crate) struct Shared {
    /// Its handle.
    pub(crate) handle: u64,
    /// The number of its service.
    pub(crate) service: u64,
    /// Reasons to look before it runs user code again; see [`Attention`].
    attention: AtomicU32,
    /// The number of the CPU that runs it, or [`NOT_RUNNING`].
    running_on: AtomicU32,
    /// CPU time in user mode.
    pub(crate) user_ns: AtomicU64,
    /// CPU time in the kernel.
    pub(crate) kernel_ns: AtomicU64,
}

const NOT_RUNNING: u32 = u32::MAX;

/// Why a thread must not simply go on in user mode.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u32)]
pub(crate) enum Attention {
    /// It is to take an interrupt trap.
    Interrupt = 1,
    /// Its service ends.
    End = 2,
}

impl Shared {
    /// Its slot in the table.
    pub(crate) const fn slot(&self) -> u32 {
        self.handle as u32
    }

    /// Asks for attention; returns the CPU to be interrupted so that it is given soon.
    ///
    /// Either the flag is seen by the CPU that starts to run the thread, or that CPU is seen here:
    /// both sides write first and then read, sequentially consistent.
    pub(crate) fn ask(&self, reason: Attention) -> Option<cpu::Id> {
        self.attention.fetch_or(reason as u32, Ordering::SeqCst);
        match self.running_on.load(Ordering::SeqCst) {
            NOT_RUNNING => None,
            number => cpu::Id::new(number),
        }
    }

    /// Whether anything asks for attention.
    #[inline]
    pub(crate) fn wants_attention(&self) -> bool {
        self.attention.load(Ordering::SeqCst) != 0
    }

    /// Whether `reason` does.
    pub(crate) fn is_asked(&self, reason: Attention) -> bool {
        self.attention.load(Ordering::SeqCst) & reason as u32 != 0
    }

    /// Notes that `reason` was attended to.
    pub(crate) fn attended(&self, reason: Attention) {
        self.attention.fetch_and(!(reason as u32), Ordering::SeqCst);
    }

    /// Notes that the thread is run by `cpu`, or by none.
    pub(crate) fn set_running(&self, cpu: Option<cpu::Id>) {
        let number = cpu.map_or(NOT_RUNNING, cpu::Id::number);
        // Only coming to run must be ordered against `ask`; leaving may be seen late.
        let order = if cpu.is_some() { Ordering::SeqCst } else { Ordering::Release };
        self.running_on.store(number, order);
    }
}

/// All threads, by handle. A handle is a slot and how often the slot was used, so that one whose
/// thread has ended never means another.
#[derive(Debug)]
pub(crate) struct Table {
    slots: Vec<Slot>,
    free: Vec<u32>,
}

#[derive(Debug)]
struct Slot {
    generation: u32,
    thread: Option<Arc<Shared>>,
}

impl Table {
    /// What a slot takes.
    pub(crate) const BYTES_PER_SLOT: usize = size_of::<Slot>() + size_of::<u32>();

    /// No threads.
    pub(crate) const fn new() -> Self {
        Self { slots: Vec::new(), free: Vec::new() }
    }

    /// Slots there are.
    pub(crate) fn capacity(&self) -> usize {
        self.slots.len()
    }

    /// Whether every slot is in use.
    pub(crate) fn is_full(&self) -> bool {
        self.free.is_empty()
    }

    /// Adds free slots up to `capacity`; false when there is no memory or that is too many.
    pub(crate) fn grow(&mut self, capacity: usize) -> bool {
        let more = capacity.saturating_sub(self.slots.len());
        if capacity > LIMIT
            || self.slots.try_reserve(more).is_err()
            || self.free.try_reserve(capacity - self.free.len()).is_err()
        {
            return false;
        }
        for slot in (self.slots.len()..capacity).rev() {
            self.free.push(slot as u32);
        }
        self.slots.resize_with(capacity, || Slot { generation: 0, thread: None });
        true
    }

    /// Makes an entry for a thread of `service`; none when the table is full.
    pub(crate) fn insert(&mut self, service: u64) -> Option<Arc<Shared>> {
        let index = self.free.pop()?;
        let slot = &mut self.slots[index as usize];
        slot.generation = slot.generation % (u32::MAX / 2) + 1;
        let shared = Arc::new(Shared {
            handle: u64::from(slot.generation) << 32 | u64::from(index),
            service,
            attention: AtomicU32::new(0),
            running_on: AtomicU32::new(NOT_RUNNING),
            user_ns: AtomicU64::new(0),
            kernel_ns: AtomicU64::new(0),
        });
        slot.thread = Some(shared.clone());
        Some(shared)
    }

    /// The thread with this handle.
    pub(crate) fn get(&self, handle: u64) -> Option<&Arc<Shared>> {
        let slot = self.slots.get(handle as u32 as usize)?;
        slot.thread.as_ref().filter(|thread| thread.handle == handle)
    }

    /// Removes a thread.
    pub(crate) fn remove(&mut self, handle: u64) {
        let slot = handle as u32;
        let removed = self.get(handle).is_some();
        assert!(removed, "a thread leaves the table once");
        self.slots[slot as usize].thread = None;
        self.free.push(slot);
    }

    /// The threads of `service`.
    pub(crate) fn of_service(&self, service: u64) -> impl Iterator<Item = &Arc<Shared>> {
        self.slots
            .iter()
            .filter_map(|slot| slot.thread.as_ref())
            .filter(move |t| t.service == service)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test::{Random, rounds};

    #[test]
    fn a_handle_never_means_another_thread() {
        let mut table = Table::new();
        assert!(table.insert(1).is_none(), "no slots yet");
        assert!(table.grow(8));
        let mut random = Random::new(1);
        let (mut alive, mut dead) = (Vec::new(), Vec::new());
        for _ in 0..rounds(2_000) {
            if random.below(2) == 0 {
                match table.insert(1) {
                    Some(shared) => alive.push(shared.handle),
                    None => assert_eq!(alive.len(), 8),
                }
            } else if !alive.is_empty() {
                let handle = alive.swap_remove(random.below(alive.len()));
                table.remove(handle);
                dead.push(handle);
            }
            assert!(alive.iter().all(|h| table.get(*h).is_some_and(|t| t.handle == *h)));
        }
        assert!(dead.iter().all(|h| table.get(*h).is_none()));
        assert!((0..10_000).all(|_| {
            let wild = random.interesting();
            alive.contains(&wild) || table.get(wild).is_none()
        }));
    }

    #[test]
    fn the_table_has_a_limit() {
        assert!(!Table::new().grow(LIMIT + 1));
    }
}
