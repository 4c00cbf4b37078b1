//! The service's heap: the collector's crate over this system's memory and .NET's objects; and
//! allocation, from the slow path of the assembly stubs on.
use crate::lock::RawMutex;
use crate::object::{FINALIZER_RUN, MethodTable, Object};
use crate::thread::{List, Thread};
use crate::{collect, roots, start, suspend, sys, thread};
use abi::memory::Protection;
use core::cell::UnsafeCell;
use core::ptr;
use core::sync::atomic::Ordering::Relaxed;
use core::sync::atomic::{AtomicPtr, AtomicU64, AtomicUsize};
use gc::{Config, Contents, Context, Finalizer, Heap, Slot, Tracer};

/// The collector's view of this runtime.
pub(crate) struct Service {
    /// Head of the list of threads while the world is stopped for a collection.
    stopped: AtomicPtr<Thread>,
}

struct Cell(UnsafeCell<Option<Heap<Service>>>);

// SAFETY: written once by `init`, before there is a second thread.
unsafe impl Sync for Cell {}

static HEAP: Cell = Cell(UnsafeCell::new(None));

/// The heap.
pub(crate) fn heap() -> &'static Heap<Service> {
    // SAFETY: `init` has written it, and nobody does afterwards.
    match unsafe { &*HEAP.0.get() } {
        Some(heap) => heap,
        None => fatal!("Fatal error: the heap is used before it is there"),
    }
}

// SAFETY: mappings are exclusive, zeroed, and read as zero again after a discard.
unsafe impl gc::Memory for Service {
    fn reserve(&self, bytes: usize) -> Option<usize> {
        sys::map(bytes, Protection::WRITE).ok()
    }

    fn commit(&self, address: usize, bytes: usize) -> bool {
        sys::commit(address, bytes).is_ok()
    }

    fn discard(&self, address: usize, bytes: usize) {
        // SAFETY: the heap gives back memory that holds nothing.
        let _ = unsafe { sys::discard(address, bytes) };
    }
}

// SAFETY: a mutex.
unsafe impl gc::RawLock for RawMutex {
    const NEW: Self = Self::new();

    fn lock(&self) {
        self.lock();
    }

    fn unlock(&self) {
        self.unlock();
    }
}

// SAFETY: sizes and references are what the compiler's tables say; roots are those of all threads.
unsafe impl gc::Runtime for Service {
    type Lock = RawMutex;

    #[inline(always)]
    fn size(object: usize) -> usize {
        Object(object).size()
    }

    #[inline(always)]
    fn has_references(object: usize) -> bool {
        Object(object).table().has_pointers()
    }

    #[inline(always)]
    fn scan(object: usize, mut visit: impl FnMut(Slot)) -> usize {
        // SAFETY: the slots are words of the object, and the world is stopped.
        Object(object).for_each_reference(|slot| visit(unsafe { Slot::new(slot) }))
    }

    fn finalizer(object: usize) -> Finalizer {
        if Object(object).table().has_critical_finalizer() {
            Finalizer::Critical
        } else {
            Finalizer::Normal
        }
    }

    fn take_suppressed(object: usize) -> bool {
        Object(object).header().fetch_and(!FINALIZER_RUN, Relaxed) & FINALIZER_RUN != 0
    }

    fn roots(&self, tracer: &mut Tracer<'_, Self>) {
        for thread in List(self.stopped.load(Relaxed)).iter() {
            roots::report(thread, tracer);
        }
    }

    fn contexts(&self, visit: &mut dyn FnMut(&mut Context)) {
        for thread in List(self.stopped.load(Relaxed)).iter() {
            // SAFETY: *Stopped*: the thread does not allocate.
            visit(unsafe { &mut *thread.allocation.get() });
        }
    }

    fn now_ns(&self) -> u64 {
        sys::monotonic_ns()
    }
}

impl Service {
    /// Tells the collector whose roots and contexts to look at.
    pub(crate) fn set_stopped(&self, threads: &List) {
        self.stopped.store(threads.0, Relaxed);
    }
}

// Not inlined into the many places that report: that would be 10 KB of every image.
impl roots::Sink for Tracer<'_, Service> {
    #[inline(never)]
    fn exact(&mut self, reference: usize) {
        self.mark(reference);
    }

    #[inline(never)]
    fn ambiguous(&mut self, word: usize) {
        self.mark_ambiguous(word);
    }
}

static STARTED_NS: AtomicU64 = AtomicU64::new(0);

/// When the runtime started.
pub(crate) fn started_ns() -> u64 {
    STARTED_NS.load(Relaxed)
}

/// What the heap leaves of the service's memory to everything else: stacks, files, the image.
const RESERVE_SHARE: usize = 16;

/// The heap's limit when nothing else is asked for.
pub(crate) fn default_limit() -> usize {
    let service = sys::service_info();
    let free = service.memory_limit.saturating_sub(service.memory_used) as usize;
    free - free / RESERVE_SHARE
}

/// The heap's limit, reserve included.
static LIMIT: AtomicUsize = AtomicUsize::new(0);

/// What is kept back of the limit, so that running out of memory can be reported.
fn reserve() -> usize {
    (LIMIT.load(Relaxed) / 16).min(512 << 10)
}

/// Changes the limit.
pub(crate) fn set_limit(limit: usize) {
    LIMIT.store(limit, Relaxed);
    heap().set_limit(limit - reserve());
}

/// An allocation has failed: what handles or reports that may use the reserve.
fn open_reserve() {
    heap().set_limit(LIMIT.load(Relaxed));
}

/// After a collection: keeps the reserve back again if there is room.
pub(crate) fn close_reserve() {
    let limit = LIMIT.load(Relaxed);
    if heap().usage().used_bytes + 2 * reserve() < limit {
        heap().set_limit(limit - reserve());
    }
}

/// Reserves the heap. The environment may limit it (`DOTNET_GCHeapHardLimit`, hexadecimal as in
/// .NET, or `CERMET_GC_LIMIT`), and has switches for tests: see `collect`.
pub(crate) fn init(memory_limit: u64) {
    STARTED_NS.store(sys::monotonic_ns(), Relaxed);
    let memory_limit = memory_limit as usize;
    let setting = |name: &[u8]| start::setting(name).map(|value| value as usize);
    let asked = setting(b"CERMET_GC_LIMIT").or_else(|| hexadecimal(b"DOTNET_GCHeapHardLimit"));
    let limit = asked.unwrap_or(usize::MAX).min(default_limit());
    LIMIT.store(limit, Relaxed);
    let space = memory_limit.next_multiple_of(gc::BLOCK);
    let config = Config {
        small_space: space,
        // With room for holes between large objects that nothing fits in.
        large_space: 8 * space,
        max_handles: (space / 64).max(1 << 16),
        max_mark_stack: space / gc::MIN_OBJECT,
        limit: limit - reserve(),
        min_budget: hexadecimal(b"DOTNET_GCgen0size")
            .unwrap_or((limit / 32).clamp(256 << 10, 8 << 20)),
        fixed_budget: setting(b"CERMET_GC_BUDGET"),
        stress: setting(b"CERMET_GC_STRESS"),
        is_verifying: collect::is_verifying(),
    };
    let service = Service { stopped: AtomicPtr::new(ptr::null_mut()) };
    let heap = Heap::new(service, &config);
    if heap.is_none() {
        fatal!("GC heap initialization failed: not enough memory.");
    }
    // SAFETY: there is one thread, and nobody has asked for the heap yet.
    unsafe { *HEAP.0.get() = heap };
}

/// The number in an environment variable of .NET, where numbers are hexadecimal.
fn hexadecimal(name: &[u8]) -> Option<usize> {
    let text = core::str::from_utf8(start::package().variable(name)?).ok()?;
    let digits = text.strip_prefix("0x").unwrap_or(text);
    usize::from_str_radix(digits, 16).ok().filter(|&number| number != 0)
}

/// Allocation flag: register for finalization.
const FINALIZE: u32 = 1;
/// Allocation flag: the caller will fill the elements.
const ZEROING_OPTIONAL: u32 = 16;

/// Allocates in cooperative mode, without collecting.
fn allocate(thread: &Thread, table: &MethodTable, flags: u32, count: usize) -> Option<usize> {
    let contents =
        if flags & ZEROING_OPTIONAL == 0 { Contents::Zeroed } else { Contents::Unspecified };
    // SAFETY: *Owner*: the thread is the caller.
    let context = unsafe { &mut *thread.allocation.get() };
    let object = heap().allocate(context, table.object_size(count)?, contents)?;
    // SAFETY: the object's memory is new, and at least three words.
    unsafe { (object as *mut usize).write(&raw const *table as usize) };
    if table.component_size() != 0 {
        // SAFETY: as above.
        unsafe { (object as *mut u32).add(2).write(count as u32) };
    }
    (flags & FINALIZE == 0 || heap().register_finalizable(object)).then_some(object)
}

fn wants_collection(table: &MethodTable, count: usize) -> bool {
    heap().wants_collection(table.object_size(count).unwrap_or(0))
}

/// Slow path of every allocation stub; `frame` describes the managed caller, from where the
/// collector walks. Null makes the stub throw `OutOfMemoryException`.
#[unsafe(export_name = "rt_gc_alloc")]
extern "C" fn allocate_slowly(
    table: &MethodTable,
    flags: u32,
    count: usize,
    frame: usize,
) -> usize {
    let thread = thread::current();
    thread.deferred_frame.set(frame);
    if wants_collection(table, count) {
        suspend::preemptive(frame, || collect::collect(collect::Cause::Budget));
    }
    let object = allocate(thread, table, flags, count).or_else(|| {
        suspend::preemptive(frame, || collect::collect(collect::Cause::Full));
        allocate(thread, table, flags, count)
    });
    object.unwrap_or_else(|| {
        open_reserve();
        0
    })
}

/// As [`allocate_slowly`], for a P/Invoke: the caller's frame is published already. The reference is
/// in `result`, a slot of the caller's frame, before the thread can be stopped.
fn allocate_from_native(table: &MethodTable, flags: u32, count: usize, result: &mut usize) {
    if wants_collection(table, count) {
        collect::collect(collect::Cause::Budget);
    }
    let mut attempt = || {
        suspend::cooperative(|thread| {
            *result = allocate(thread, table, flags, count).unwrap_or(0);
            *result != 0
        })
    };
    if !attempt() {
        collect::collect(collect::Cause::Full);
        if !attempt() {
            open_reserve();
        }
    }
}

#[unsafe(export_name = "RhAllocateNewArray")]
extern "C" fn allocate_array(table: &MethodTable, count: u32, flags: u32, result: &mut usize) {
    allocate_from_native(table, flags, count as usize, result);
}

#[unsafe(export_name = "RhAllocateNewObject")]
extern "C" fn allocate_object(table: &MethodTable, flags: u32, result: &mut usize) {
    let finalize = if table.has_finalizer() { FINALIZE } else { 0 };
    allocate_from_native(table, flags | finalize, 0, result);
}

#[unsafe(export_name = "RhpGcSafeZeroMemory")]
unsafe extern "C" fn zero_memory(memory: *mut u8, length: usize) -> *mut u8 {
    // SAFETY: *Caller*: the range is the caller's.
    unsafe { ptr::write_bytes(memory, 0, length) };
    memory
}

/// Frozen objects lie outside the heap, so the collector ignores them: there is nothing to record.
#[unsafe(export_name = "RhRegisterFrozenSegment")]
extern "C" fn register_frozen(start: usize, _length: usize, _committed: usize, _: usize) -> usize {
    start | 1
}

/// As [`register_frozen`].
#[unsafe(export_name = "RhUpdateFrozenSegment")]
extern "C" fn update_frozen(_segment: usize, _allocated: usize, _committed: usize) {}

/// As [`register_frozen`].
#[unsafe(export_name = "RhUnregisterFrozenSegment")]
extern "C" fn unregister_frozen(_segment: usize) {}
