//! When a collection happens, and around it: stopping the world, waking the finalizer thread.
//!
//! Switches in the environment: `CERMET_GC_STRESS=n` collects at every nth allocation and fills freed
//! memory, `CERMET_GC=verify` checks the heap after each collection, `CERMET_GC_BUDGET=bytes` fixes
//! how much is allocated between two, `CERMET_GC_STATS=1` prints counters at exit.
use crate::heap::{self, heap};
use crate::lock::RawMutex;
use crate::thread::List;
use crate::{figures, finalizer, start, suspend, sys};
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};

/// Held by who collects, or stops the world for another reason.
static LOCK: RawMutex = RawMutex::new();
/// Collections done.
static COUNT: AtomicU64 = AtomicU64::new(0);

/// Why a collection happens.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) enum Cause {
    /// Enough has been allocated since the last one.
    Budget,
    /// An allocation found no room.
    Full,
    /// The program asked for it, with this generation.
    Induced(usize),
}

/// Is the heap to be checked after each collection?
pub(crate) fn is_verifying() -> bool {
    start::package().variable(b"CERMET_GC") == Some(b"verify")
}

/// Runs `f` with the world stopped, as the only one who does so. The caller is preemptive.
pub(crate) fn with_stopped_world<T>(f: impl FnOnce(&List) -> T) -> T {
    LOCK.lock();
    let threads = suspend::stop_world();
    heap().runtime().set_stopped(&threads);
    let result = f(&threads);
    suspend::resume_world(threads);
    LOCK.unlock();
    result
}

/// Collects. The caller is preemptive and walkable. One collection serves everyone who found the
/// heap over its budget meanwhile.
pub(crate) fn collect(cause: Cause) {
    let before = COUNT.load(Acquire);
    let is_stress = start::setting(b"CERMET_GC_STRESS").is_some();
    let started_ns = sys::monotonic_ns();
    let done = with_stopped_world(|_| {
        if cause == Cause::Budget && !is_stress && COUNT.load(Acquire) != before {
            return None;
        }
        let generation = if let Cause::Induced(generation) = cause { generation } else { 2 };
        figures::note_collection(cause);
        // SAFETY: the world is stopped, and the lock makes this the only collection.
        let done = unsafe { heap().collect(generation, started_ns) };
        if is_verifying()
            && let Err(defect) = heap().verify()
        {
            fatal!("Fatal error: the heap is corrupt after collection {}: {defect:x?}", done.index);
        }
        heap::close_reserve();
        COUNT.fetch_add(1, Release);
        Some(done)
    });
    if done.is_some_and(|done| done.finalization_found != 0) {
        finalizer::wake();
    }
}

/// Prints the counters when `CERMET_GC_STATS` is set.
pub(crate) fn report_statistics() {
    if start::setting(b"CERMET_GC_STATS").is_none() {
        return;
    }
    let (last, usage, s) = (heap().last_collection(), heap().usage(), &suspend::STATISTICS);
    eprintln!(
        "[gc] collections {}, pauses {} us (worst {} us), of it stopping {} us (worst {} us), interrupts {}, parked {}, single steps {}; live {} KiB, committed {} KiB, allocated {} KiB",
        last.index,
        last.total_pause_ns / 1000,
        usage.longest_pause_ns / 1000,
        s.stopping_ns.load(Relaxed) / 1000,
        s.longest_stopping_ns.load(Relaxed) / 1000,
        s.interrupts.load(Relaxed),
        s.parks.load(Relaxed),
        s.steps.load(Relaxed),
        last.live_bytes / 1024,
        usage.committed_bytes / 1024,
        usage.acquired_bytes / 1024,
    );
}

/// `GC.Collect`: -1 and anything above 2 mean everything.
#[unsafe(export_name = "RhpCollect")]
extern "C" fn collect_now(generation: i32, _mode: i32, _low_memory: i32) {
    collect(Cause::Induced(usize::try_from(generation).unwrap_or(2).min(2)));
}
