//! What programs ask the collector about, and ask of it: `GC.GetGCMemoryInfo`, `GCSettings`, no-GC
//! regions and the like.
//!
//! Every collection is of the whole heap; the generations that programs see are ages: how many
//! collections an object has survived, up to 2.
use crate::collect::{self, Cause};
use crate::heap::{default_limit, heap, set_limit, started_ns};
use crate::object::Object;
use crate::{sys, thread};
use core::sync::atomic::Ordering::Relaxed;
use core::sync::atomic::{AtomicBool, AtomicI32, AtomicU32};

const MAX_GENERATION: usize = 2;
/// Objects of this size or more are in the oldest generation at once, as in .NET.
const LARGE_OBJECT: usize = 85_000;
/// `GCLatencyMode`: what a program gets by default, and inside a no-GC region.
const INTERACTIVE: i32 = 1;
const NO_GC_REGION: i32 = 4;

static LATENCY_MODE: AtomicI32 = AtomicI32::new(INTERACTIVE);
static COMPACTION_MODE: AtomicI32 = AtomicI32::new(1);
static IS_IN_NO_GC_REGION: AtomicBool = AtomicBool::new(false);
/// How the region's promise was broken: one of `END_*`, or 0.
static BREACH: AtomicU32 = AtomicU32::new(0);

/// Remembers a collection that breaks the promise of a no-GC region. The world is stopped.
pub(crate) fn note_collection(cause: Cause) {
    if IS_IN_NO_GC_REGION.swap(false, Relaxed) {
        let is_induced = matches!(cause, Cause::Induced(_));
        BREACH.store(if is_induced { END_INDUCED } else { END_EXCEEDED }, Relaxed);
    }
}

/// `GC.GetTotalMemory`: what survived the last collection, and was allocated since.
#[unsafe(export_name = "RhpGetGcTotalMemory")]
extern "C" fn total_memory() -> i64 {
    // SAFETY: *Owner*: the thread is the caller.
    let unused = unsafe { (*thread::current().allocation.get()).unused() };
    heap().usage().used_bytes.saturating_sub(unused) as i64
}

#[unsafe(export_name = "RhGetTotalAllocatedBytes")]
extern "C" fn total_allocated() -> i64 {
    // SAFETY: *Owner*: the thread is the caller.
    let unused = unsafe { (*thread::current().allocation.get()).unused() };
    heap().usage().acquired_bytes.saturating_sub(unused as u64).cast_signed()
}

/// To the byte: the world is stopped for it. The caller is preemptive.
#[unsafe(export_name = "RhGetTotalAllocatedBytesPrecise")]
extern "C" fn total_allocated_precise() -> i64 {
    let total = collect::with_stopped_world(|threads| {
        let living: u64 = threads.iter().map(thread::Thread::allocated).sum();
        heap().usage().allocated_by_ended + living
    });
    total.cast_signed()
}

#[unsafe(export_name = "RhGetGcCollectionCount")]
extern "C" fn collection_count(generation: i32, _special: u8) -> i32 {
    heap().collection_count(usize::try_from(generation).unwrap_or(0)) as i32
}

#[unsafe(export_name = "RhGetMaxGcGeneration")]
extern "C" fn max_generation() -> i32 {
    MAX_GENERATION as i32
}

/// The age of an object; frozen ones belong to no generation, which is the highest number.
#[unsafe(export_name = "RhGetGeneration")]
extern "C" fn generation(object: usize) -> i32 {
    match heap().age(object) {
        None => i32::MAX,
        Some(_) if Object(object).size() >= LARGE_OBJECT => MAX_GENERATION as i32,
        Some(age) => age as i32,
    }
}

#[unsafe(export_name = "RhIsPromoted")]
extern "C" fn is_promoted(object: usize) -> u32 {
    u32::from(heap().age(object) != Some(0))
}

/// Generations are not apart in memory: the oldest is said to hold all that survived.
#[unsafe(export_name = "RhGetGenerationSize")]
extern "C" fn generation_size(generation: i32) -> u64 {
    let last = heap().last_collection();
    if generation == MAX_GENERATION as i32 { last.live_bytes as u64 } else { 0 }
}

#[unsafe(export_name = "RhGetGenerationBudget")]
extern "C" fn generation_budget(generation: i32) -> i64 {
    if generation == 0 { heap().usage().budget_left as i64 } else { 0 }
}

/// Pauses so far, in units of 100 ns.
#[unsafe(export_name = "RhGetTotalPauseDuration")]
extern "C" fn total_pause() -> i64 {
    (heap().last_collection().total_pause_ns / 100).cast_signed()
}

#[unsafe(export_name = "RhGetLastGCPercentTimeInGC")]
extern "C" fn percent_in_gc() -> u32 {
    (pause_share(heap().last_collection().total_pause_ns) / 100) as u32
}

/// Pauses as a share of the time since the start, in hundredths of a percent.
fn pause_share(pauses_ns: u64) -> u64 {
    let running_ns = sys::monotonic_ns().saturating_sub(started_ns()).max(1);
    (pauses_ns.saturating_mul(10_000) / running_ns).min(10_000)
}

/// Now, in the unit of [`last_start`].
#[unsafe(export_name = "RhGetGCNow")]
extern "C" fn now() -> i64 {
    (sys::monotonic_ns() / 100).cast_signed()
}

/// As [`total_memory`].
#[unsafe(export_name = "RhGetCurrentObjSize")]
extern "C" fn current_size() -> i64 {
    total_memory()
}

#[unsafe(export_name = "RhGetLastGCStartTime")]
extern "C" fn last_start(generation: i32) -> i64 {
    let last = heap().last_collection_of(usize::try_from(generation).unwrap_or(0));
    (last.started_ns / 100).cast_signed()
}

#[unsafe(export_name = "RhGetLastGCDuration")]
extern "C" fn last_duration(generation: i32) -> i64 {
    let last = heap().last_collection_of(usize::try_from(generation).unwrap_or(0));
    (last.pause_ns / 100).cast_signed()
}

/// `GCMemoryInfoData` of CoreLib.
#[repr(C)]
struct MemoryInfo {
    high_load_threshold: u64,
    total_available: u64,
    load: u64,
    heap_size: u64,
    fragmented: u64,
    committed: u64,
    promoted: u64,
    pinned: u64,
    finalization_pending: u64,
    index: u64,
    generation: u32,
    pause_share: u32,
    is_compacted: u8,
    is_concurrent: u8,
    /// {size before, fragmentation before, size after, fragmentation after} of generations 0 to 2,
    /// large and pinned objects.
    generations: [[u64; 4]; 5],
    /// In units of 100 ns.
    pauses: [u64; 2],
}

/// Fills the figures of the last collection of a kind: 0 any, 1 ephemeral, 2 full blocking. There
/// are none of kind 3, background.
#[unsafe(export_name = "RhGetMemoryInfo")]
extern "C" fn memory_info(info: &mut MemoryInfo, kind: i32) {
    let last = match kind {
        0 => heap().last_collection(),
        1 => core::cmp::max_by_key(
            heap().last_collection_of(0),
            heap().last_collection_of(1),
            |last| last.index,
        ),
        2 => heap().last_collection_of(MAX_GENERATION),
        _ => gc::Collection::default(),
    };
    let available = heap().usage().limit_bytes as u64;
    if last.index == 0 {
        // Nothing is known of a collection, but what there is to collect in.
        info.total_available = available;
        info.high_load_threshold = available / 10 * 9;
        return;
    }
    let before = (last.before_bytes + last.fragmented_before) as u64;
    let after = (last.live_bytes + last.fragmented_bytes) as u64;
    let whole = [before, last.fragmented_before as u64, after, last.fragmented_bytes as u64];
    *info = MemoryInfo {
        high_load_threshold: available / 10 * 9,
        total_available: available,
        load: sys::service_info().memory_used,
        heap_size: after,
        fragmented: last.fragmented_bytes as u64,
        committed: last.committed_bytes as u64,
        promoted: last.live_bytes as u64,
        pinned: last.pinned as u64,
        finalization_pending: last.finalization_pending as u64,
        index: last.index,
        generation: last.generation as u32,
        pause_share: pause_share(last.total_pause_ns) as u32,
        is_compacted: 0,
        is_concurrent: 0,
        generations: [[0; 4], [0; 4], whole, [0; 4], [0; 4]],
        pauses: [last.pause_ns / 100, 0],
    };
}

#[unsafe(export_name = "RhIsServerGc")]
extern "C" fn is_server() -> u32 {
    0
}

#[unsafe(export_name = "RhGetGCSegmentSize")]
extern "C" fn segment_size() -> u64 {
    gc::BLOCK as u64
}

#[unsafe(export_name = "RhGetGcLatencyMode")]
extern "C" fn latency_mode() -> i32 {
    if IS_IN_NO_GC_REGION.load(Relaxed) { NO_GC_REGION } else { LATENCY_MODE.load(Relaxed) }
}

/// 1 when refused, inside a no-GC region. The mode is remembered; one kind of collection serves all.
#[unsafe(export_name = "RhSetGcLatencyMode")]
extern "C" fn set_latency_mode(mode: i32) -> i32 {
    if IS_IN_NO_GC_REGION.load(Relaxed) {
        return 1;
    }
    LATENCY_MODE.store(mode, Relaxed);
    0
}

#[unsafe(export_name = "RhGetLohCompactionMode")]
extern "C" fn compaction_mode() -> i32 {
    COMPACTION_MODE.load(Relaxed)
}

/// Remembered; large objects have pages of their own, which are given back without compaction.
#[unsafe(export_name = "RhSetLohCompactionMode")]
extern "C" fn set_compaction_mode(mode: i32) {
    COMPACTION_MODE.store(mode, Relaxed);
}

/// Refused, as by .NET with its default (concurrent) collector: the class library throws
/// `InvalidOperationException`.
#[unsafe(export_name = "RhRegisterForFullGCNotification")]
extern "C" fn register_notification(_generation: i32, _large: i32) -> u32 {
    0
}

/// As [`register_notification`].
#[unsafe(export_name = "RhCancelFullGCNotification")]
extern "C" fn cancel_notification() -> u32 {
    0
}

/// `GCNotificationStatus.NotApplicable`, since nobody can be registered.
const NOT_APPLICABLE: i32 = 4;

#[unsafe(export_name = "RhWaitForFullGCApproach")]
extern "C" fn wait_for_approach(_milliseconds: i32) -> i32 {
    NOT_APPLICABLE
}

#[unsafe(export_name = "RhWaitForFullGCComplete")]
extern "C" fn wait_for_complete(_milliseconds: i32) -> i32 {
    NOT_APPLICABLE
}

const START_SUCCEEDED: i32 = 0;
const START_NO_MEMORY: i32 = 1;
const START_TOO_LARGE: i32 = 2;
const START_IN_PROGRESS: i32 = 3;

/// `GC.TryStartNoGCRegion`: makes room for `total` bytes, and does not collect until they are used.
#[unsafe(export_name = "RhpStartNoGCRegion")]
extern "C" fn start_no_gc(total: i64, _has_large: i32, _large: i64, no_full_gc: i32) -> i32 {
    if IS_IN_NO_GC_REGION.load(Relaxed) {
        return START_IN_PROGRESS;
    }
    let Ok(total) = usize::try_from(total) else { return START_TOO_LARGE };
    let is_possible = |free: usize| total <= free / 8 * 7;
    if !is_possible(heap().usage().limit_bytes) {
        return START_TOO_LARGE;
    }
    let free = || {
        let usage = heap().usage();
        usage.limit_bytes.saturating_sub(usage.used_bytes)
    };
    if no_full_gc == 0 {
        collect::collect(Cause::Induced(MAX_GENERATION));
    }
    if !is_possible(free()) {
        return START_NO_MEMORY;
    }
    heap().set_budget_left(Some(total + total / 8));
    BREACH.store(0, Relaxed);
    IS_IN_NO_GC_REGION.store(true, Relaxed);
    START_SUCCEEDED
}

const END_SUCCEEDED: u32 = 0;
const END_NOT_IN_PROGRESS: u32 = 1;
const END_INDUCED: u32 = 2;
const END_EXCEEDED: u32 = 3;

#[unsafe(export_name = "RhpEndNoGCRegion")]
extern "C" fn end_no_gc() -> u32 {
    if IS_IN_NO_GC_REGION.swap(false, Relaxed) {
        heap().set_budget_left(None);
        return END_SUCCEEDED;
    }
    match BREACH.swap(0, Relaxed) {
        0 => END_NOT_IN_PROGRESS,
        breach => breach,
    }
}

/// `GCHeapHardLimitInfo` of CoreLib; values that were not given are all ones.
#[repr(C)]
struct HardLimits {
    heap: u64,
    heap_percent: u64,
    by_kind: [u64; 6],
}

const REFRESHED: i32 = 0;
const LIMIT_TOO_LOW: i32 = 1;
const LIMIT_INVALID: i32 = 2;

/// `GC.RefreshMemoryLimit`: takes what the program says, or what the service may use now.
#[unsafe(export_name = "RhRefreshMemoryLimit")]
extern "C" fn refresh_limit(limits: HardLimits) -> i32 {
    let most = default_limit() + heap().usage().committed_bytes;
    let given = |value: u64| (value != u64::MAX && value != 0).then_some(value as usize);
    let limit = match (given(limits.heap), given(limits.heap_percent)) {
        (Some(limit), _) => limit,
        (None, Some(percent)) if percent < 100 => most / 100 * percent,
        (None, Some(_)) => return LIMIT_INVALID,
        (None, None) => most,
    };
    let _ = limits.by_kind;
    if limit < heap().usage().committed_bytes {
        return LIMIT_TOO_LOW;
    }
    set_limit(limit.min(most));
    REFRESHED
}

/// The settings that `GC.GetConfigurationVariables` lists.
#[unsafe(export_name = "RhEnumerateConfigurationValues")]
extern "C" fn enumerate_configuration(context: usize, report: Report) {
    const BOOLEAN: i32 = 2;
    const NUMBER: i32 = 0;
    let limit = heap().usage().limit_bytes as i64;
    let values = [
        (c"ServerGC", c"System.GC.Server", BOOLEAN, 0),
        (c"ConcurrentGC", c"System.GC.Concurrent", BOOLEAN, 0),
        (c"GCHeapHardLimit", c"System.GC.HeapHardLimit", NUMBER, limit),
    ];
    for (name, key, kind, value) in values {
        // SAFETY: *Caller*: a managed function of this type, that takes the strings' addresses.
        unsafe { report(context, name.as_ptr().cast(), key.as_ptr().cast(), kind, value) };
    }
}

/// Takes context, names, type and value of a setting.
type Report = unsafe extern "C" fn(usize, *const u8, *const u8, i32, i64);
