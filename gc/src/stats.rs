//! Figures: of each collection, and of the heap now.

use crate::{Heap, Runtime};
use core::sync::atomic::Ordering::Relaxed;

/// What one collection did.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Collection {
    /// Its number; the first is 1.
    pub index: u64,
    /// The generation that was asked for. (Every collection is of the whole heap.)
    pub generation: usize,
    /// Bytes of objects before, as far as they are known: survivors and all allocated since.
    pub before_bytes: usize,
    /// Bytes of objects that survived.
    pub live_bytes: usize,
    /// Bytes of blocks and pages with live objects that are not those objects.
    pub fragmented_bytes: usize,
    /// The same before this collection, that is, after the last one.
    pub fragmented_before: usize,
    /// Bytes committed afterwards.
    pub committed_bytes: usize,
    /// Bytes given back to the system.
    pub released_bytes: usize,
    /// Pinned handles that hold an object.
    pub pinned: usize,
    /// Objects waiting for their finalizers afterwards.
    pub finalization_pending: usize,
    /// Objects that became ready for finalization in this collection.
    pub finalization_found: usize,
    /// How often the mark stack could not grow and the heap was scanned instead.
    pub rescans: usize,
    /// How long the world stood still.
    pub pause_ns: u64,
    /// When that began.
    pub started_ns: u64,
    /// Pauses of all collections so far.
    pub total_pause_ns: u64,
}

/// Kept from one collection to the next.
#[derive(Default)]
pub(crate) struct Stats {
    pub(crate) last: Collection,
    /// The last collection asked for of each generation.
    pub(crate) last_of: [Collection; 3],
    /// Collections of at least each generation.
    pub(crate) counts: [u64; 3],
    pub(crate) longest_pause_ns: u64,
}

/// The heap now.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Usage {
    /// Bytes of survivors of the last collection and of memory handed to contexts since.
    pub used_bytes: usize,
    /// Bytes committed, tables included.
    pub committed_bytes: usize,
    /// What may be committed.
    pub limit_bytes: usize,
    /// Bytes until the next collection is due.
    pub budget_left: usize,
    /// Bytes handed to contexts ever.
    pub acquired_bytes: u64,
    /// Bytes allocated through contexts that have ended; add those of the living for a total.
    pub allocated_by_ended: u64,
    /// The longest pause so far.
    pub longest_pause_ns: u64,
}

impl<R: Runtime> Heap<R> {
    /// The heap now.
    pub fn usage(&self) -> Usage {
        let since = self.since_collection.load(Relaxed);
        Usage {
            used_bytes: self.live_bytes.load(Relaxed) + since,
            committed_bytes: self.account.committed(),
            limit_bytes: self.account.limit(),
            budget_left: self.budget.load(Relaxed).saturating_sub(since),
            acquired_bytes: self.acquired.load(Relaxed),
            allocated_by_ended: self.allocated_by_ended.load(Relaxed),
            longest_pause_ns: self.stats.lock().longest_pause_ns,
        }
    }

    /// The last collection; all zero before the first.
    pub fn last_collection(&self) -> Collection {
        self.stats.lock().last
    }

    /// The last collection that was asked for with this generation, up to 2; all zero before the
    /// first.
    pub fn last_collection_of(&self, generation: usize) -> Collection {
        self.stats.lock().last_of[generation.min(2)]
    }

    /// How many collections of at least this generation (up to 2) were asked for.
    pub fn collection_count(&self, generation: usize) -> u64 {
        self.stats.lock().counts[generation.min(2)]
    }
}
