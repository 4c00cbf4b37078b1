//! Deadlines of waiting threads: a binary heap in which each thread has at most one place, found by
//! its slot in the thread table, so that a thread woken early takes its deadline back in
//! logarithmic time.

use alloc::collections::TryReserveError;
use alloc::vec::Vec;

const ABSENT: u32 = u32::MAX;

/// A deadline and whose it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Entry {
    /// When, monotonic nanoseconds.
    pub(crate) deadline_ns: u64,
    /// The thread's slot.
    pub(crate) slot: u32,
    /// Where the thread waits: opaque here.
    pub(crate) place: u32,
    /// Which of its waits this is: opaque here.
    pub(crate) ticket: u64,
}

/// The heap.
#[derive(Debug, Default)]
pub(crate) struct Deadlines {
    heap: Vec<Entry>,
    /// For each slot its index in `heap`, or [`ABSENT`].
    position: Vec<u32>,
}

impl Deadlines {
    /// What a slot takes.
    pub(crate) const BYTES_PER_SLOT: usize = size_of::<Entry>() + size_of::<u32>();

    /// A heap without room.
    pub(crate) const fn new() -> Self {
        Self { heap: Vec::new(), position: Vec::new() }
    }

    /// Makes room for slots below `slots`: afterwards [`insert`](Self::insert) does not allocate.
    pub(crate) fn reserve(&mut self, slots: usize) -> Result<(), TryReserveError> {
        if let Some(more) = slots.checked_sub(self.position.len()) {
            self.position.try_reserve(more)?;
            self.heap.try_reserve(slots - self.heap.len())?;
            self.position.resize(slots, ABSENT);
        }
        Ok(())
    }

    /// The earliest deadline.
    pub(crate) fn first(&self) -> Option<u64> {
        self.heap.first().map(|entry| entry.deadline_ns)
    }

    /// Adds `entry`, whose slot is below those reserved and not in the heap.
    pub(crate) fn insert(&mut self, entry: Entry) {
        debug_assert_eq!(self.position[entry.slot as usize], ABSENT, "one deadline per thread");
        self.heap.push(entry);
        self.place(self.heap.len() - 1, entry);
        self.rise(self.heap.len() - 1);
    }

    /// Removes the deadline of `slot`; false when it has none (any more).
    pub(crate) fn remove(&mut self, slot: u32) -> bool {
        let index = self.position.get(slot as usize).copied().unwrap_or(ABSENT);
        if index == ABSENT {
            return false;
        }
        self.remove_at(index as usize);
        true
    }

    /// Removes and returns the earliest entry when it is due.
    pub(crate) fn pop_due(&mut self, now_ns: u64) -> Option<Entry> {
        let first = *self.heap.first().filter(|entry| entry.deadline_ns <= now_ns)?;
        self.remove_at(0);
        Some(first)
    }

    fn remove_at(&mut self, index: usize) {
        let removed = self.heap.swap_remove(index);
        self.position[removed.slot as usize] = ABSENT;
        if let Some(&moved) = self.heap.get(index) {
            self.place(index, moved);
            self.rise(index);
            self.sink(self.position[moved.slot as usize] as usize);
        }
    }

    fn place(&mut self, index: usize, entry: Entry) {
        self.heap[index] = entry;
        self.position[entry.slot as usize] = index as u32;
    }

    fn rise(&mut self, mut index: usize) {
        let entry = self.heap[index];
        while index > 0 {
            let parent = (index - 1) / 2;
            if self.heap[parent].deadline_ns <= entry.deadline_ns {
                break;
            }
            self.place(index, self.heap[parent]);
            index = parent;
        }
        self.place(index, entry);
    }

    fn sink(&mut self, mut index: usize) {
        let entry = self.heap[index];
        loop {
            let left = 2 * index + 1;
            let Some(&first) = self.heap.get(left) else { break };
            let (child, smaller) = match self.heap.get(left + 1) {
                Some(&second) if second.deadline_ns < first.deadline_ns => (left + 1, second),
                _ => (left, first),
            };
            if entry.deadline_ns <= smaller.deadline_ns {
                break;
            }
            self.place(index, smaller);
            index = child;
        }
        self.place(index, entry);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test::{Random, rounds};

    #[test]
    fn behaves_as_a_sorted_list_does() {
        let mut random = Random::new(1);
        let mut heap = Deadlines::new();
        let mut model: Vec<Entry> = Vec::new();
        heap.reserve(64).expect("memory");
        for ticket in 0..rounds(50_000) {
            let slot = random.below(64) as u32;
            match random.below(4) {
                0 | 1 if model.iter().all(|entry| entry.slot != slot) => {
                    let deadline_ns = random.next() % 1000;
                    let entry = Entry { deadline_ns, slot, place: 0, ticket };
                    heap.insert(entry);
                    model.push(entry);
                }
                2 => {
                    let known = model.iter().any(|entry| entry.slot == slot);
                    assert_eq!(heap.remove(slot), known);
                    model.retain(|entry| entry.slot != slot);
                }
                _ => {
                    let now = random.next() % 1000;
                    let earliest = model.iter().map(|entry| entry.deadline_ns).min();
                    let popped = heap.pop_due(now);
                    assert_eq!(popped.map(|e| e.deadline_ns), earliest.filter(|d| *d <= now));
                    model.retain(|entry| Some(*entry) != popped);
                }
            }
            assert_eq!(heap.first(), model.iter().map(|entry| entry.deadline_ns).min());
        }
    }

    #[test]
    fn a_slot_never_seen_has_no_deadline() {
        assert!(!Deadlines::new().remove(7));
    }
}
