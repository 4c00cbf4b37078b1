//! Waiting: threads that no CPU may run until something happens.
//!
//! Everything a thread can wait for is a [`Key`]. A waiting thread lies in the bucket of its key.
//!
//! # No wake-up is lost
//!
//! Who waits checks its condition *under the lock of the bucket* and lies down before it lets go. Who
//! wakes changes what the condition is about first, and then takes the bucket's lock. Whichever comes
//! second sees the other.
//!
//! # Deadlines
//!
//! A waiting thread with a deadline also has an entry in the deadline heap of the CPU that parked it.
//! Whoever takes the thread out of its bucket, under the bucket's lock, has it: waking removes the
//! deadline; a deadline that finds the thread gone, or in a later wait, does nothing.
//!
//! Locks: bucket, then (deadline heap | address space | stream).

use alloc::boxed::Box;

use hal::sync::SpinLock;

use crate::sched::queue::Queue;
use crate::thread::Thread;

/// Buckets; a power of two.
const BUCKETS: usize = 128;

/// What can be waited for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Key {
    /// A wake on a word of a service's memory.
    Word {
        /// The service's number.
        service: u64,
        /// The word's address.
        address: usize,
    },
    /// Input.
    Input,
    /// Room in an output stream.
    Output(usize),
    /// Only the deadline.
    Nothing,
}

impl Key {
    fn bucket(self) -> usize {
        let mixed = match self {
            Self::Word { service, address } => service << 56 ^ address as u64 >> 2,
            Self::Input => 1,
            Self::Output(stream) => 2 + stream as u64,
            Self::Nothing => 0,
        };
        (mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as usize % BUCKETS
    }
}

/// All waiting threads.
#[derive(Debug)]
pub(crate) struct Waiting {
    buckets: Box<[SpinLock<Queue<Thread>>; BUCKETS]>,
}

/// A place to wait, open while the condition is checked.
pub(crate) type Bucket = SpinLock<Queue<Thread>>;

impl Waiting {
    /// Nobody waits.
    pub(crate) fn new() -> Self {
        Self { buckets: Box::new([const { SpinLock::new(Queue::new()) }; BUCKETS]) }
    }

    /// The bucket of `key`, and its number.
    pub(crate) fn bucket(&self, key: Key) -> (&Bucket, u32) {
        let index = key.bucket();
        (&self.buckets[index], index as u32)
    }

    /// Takes up to `limit` threads that wait for `key`, those first that came first.
    pub(crate) fn take(&self, key: Key, limit: usize) -> Queue<Thread> {
        let mut taken = Queue::new();
        let mut bucket = self.buckets[key.bucket()].lock();
        if !bucket.is_empty() {
            bucket.extract(limit, &mut taken, |thread| thread.wait.key == key);
        }
        taken
    }

    /// Takes the thread that has waited longest for `key`.
    pub(crate) fn take_one(&self, key: Key) -> Option<Box<Thread>> {
        let mut bucket = self.buckets[key.bucket()].lock();
        if bucket.is_empty() { None } else { bucket.extract_one(|thread| thread.wait.key == key) }
    }

    /// Takes the thread in `slot` when it still is in its wait number `ticket` in bucket `place`.
    pub(crate) fn take_late(&self, place: u32, slot: u32, ticket: u64) -> Option<Box<Thread>> {
        self.buckets[place as usize]
            .lock()
            .extract_one(|thread| thread.shared.slot() == slot && thread.wait.ticket == ticket)
    }

    /// Takes every thread of a service.
    pub(crate) fn take_service(&self, service: u64) -> Queue<Thread> {
        let mut taken = Queue::new();
        for bucket in self.buckets.iter() {
            bucket.lock().extract(usize::MAX, &mut taken, |t| t.shared.service == service);
        }
        taken
    }
}
