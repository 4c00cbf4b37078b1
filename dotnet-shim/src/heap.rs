//! The object heap: one reserved range cut in 64 KiB blocks; bump allocation inside holes; large objects take whole blocks.
//! Rules: objects never move; memory handed to a thread is zero; with the world stopped every block is a gapless sequence of objects
//! and free objects. A context therefore always keeps room for one minimal free object behind its limit: a shorter gap could not
//! describe itself (its would-be MethodTable word is the header, with hash bits, of the next object).
use crate::object::{MethodTable, Object};
use crate::{
    lock::Mutex,
    suspend, sys,
    thread::{self, Thread},
};
/// Zeroed, lazily committed memory; null when there is none.
pub(crate) fn map_memory(length: usize) -> *mut u8 {
    sys::map(length, abi::memory::Protection::WRITE).unwrap_or(0) as *mut u8
}

use core::sync::atomic::{AtomicI64, AtomicU32, AtomicU64, AtomicUsize, Ordering::*};

pub(crate) const BLOCK: usize = 64 * 1024;
const RESERVE: usize = 64 << 30;
const LARGE: usize = 32 * 1024;
/// Smallest hole worth keeping on the free list.
pub(crate) const MIN_HOLE: usize = 256;
pub(crate) const MIN_OBJECT: usize = 24;

#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Kind {
    Free = 0,
    Small = 1,
    Large = 2,
    LargeRest = 3,
}

pub(crate) struct Heap {
    pub(crate) base: usize,
    /// Blocks [0, top) have been used at least once.
    pub(crate) top: usize,
    pub(crate) kinds: *mut Kind,
    /// For `Large`: number of blocks; for `LargeRest`: distance to the first block.
    pub(crate) spans: *mut u32,
    /// Holes of the last sweep: address ordered singly linked list {next, size} stored in the free objects themselves.
    pub(crate) holes: usize,
    free_hint: usize,
}
unsafe impl Send for Heap {}
pub(crate) static HEAP: Mutex<Heap> = Mutex::new(Heap {
    base: 0,
    top: 0,
    kinds: core::ptr::null_mut(),
    spans: core::ptr::null_mut(),
    holes: 0,
    free_hint: 0,
});
pub(crate) static BASE: AtomicUsize = AtomicUsize::new(0);
pub(crate) static TOP: AtomicUsize = AtomicUsize::new(0); // first address above the used range
/// Bytes handed out since the last collection, and the trigger.
pub(crate) static SINCE_GC: AtomicI64 = AtomicI64::new(0);
pub(crate) static BUDGET: AtomicI64 = AtomicI64::new(64 << 20);
pub(crate) static TOTAL_ALLOCATED: AtomicU64 = AtomicU64::new(0);
pub(crate) static IN_USE: AtomicU64 = AtomicU64::new(0);
/// Heap size limit in bytes.
static LIMIT: AtomicUsize = AtomicUsize::new(RESERVE);
static FIXED_BUDGET: AtomicI64 = AtomicI64::new(0);
static STRESS: AtomicU32 = AtomicU32::new(0);
static STRESS_COUNT: AtomicU32 = AtomicU32::new(0);

/// MethodTable of holes: an "array of bytes" with base size 24, so every walker understands it.
pub(crate) static FREE_MT: MethodTable = MethodTable::of_free_space();
pub(crate) fn free_mt() -> usize {
    &raw const FREE_MT as usize
}

pub(crate) fn init(_limit: u64) {
    let mut h = HEAP.lock();
    let p = map_memory(RESERVE + BLOCK) as usize;
    if p == 0 {
        fatal!("cannot reserve the heap");
    }
    h.base = (p + BLOCK - 1) & !(BLOCK - 1);
    BASE.store(h.base, Relaxed);
    TOP.store(h.base, Relaxed);
    h.kinds = map_memory(RESERVE / BLOCK) as *mut Kind;
    h.spans = map_memory(RESERVE / BLOCK * 4) as *mut u32;
    crate::collect::init(h.base, RESERVE);
    STRESS.store(crate::start::setting(b"CERMET_GC_STRESS").unwrap_or(0) as u32, Relaxed);
    if let Some(n) = crate::start::setting(b"CERMET_GC_LIMIT") {
        LIMIT.store((n as usize).min(RESERVE), Relaxed);
    }
    if let Some(n) = crate::start::setting(b"CERMET_GC_BUDGET") {
        BUDGET.store(n as i64, Relaxed);
        FIXED_BUDGET.store(n as i64, Relaxed);
    }
}
pub(crate) fn fixed_budget() -> i64 {
    FIXED_BUDGET.load(Relaxed)
}
pub(crate) fn stress() -> bool {
    STRESS.load(Relaxed) != 0
}

impl Heap {
    fn take_blocks(&mut self, n: usize) -> Option<usize> {
        // first fit among freed blocks
        let mut i = self.free_hint;
        let mut first_free = usize::MAX;
        while i < self.top {
            let k = unsafe { *self.kinds.add(i) };
            if k != Kind::Free {
                i += if k == Kind::Large { unsafe { *self.spans.add(i) as usize } } else { 1 };
                continue;
            }
            if first_free == usize::MAX {
                first_free = i;
            }
            let mut j = i;
            while j < self.top && j < i + n && unsafe { *self.kinds.add(j) } == Kind::Free {
                j += 1;
            }
            if j == i + n {
                if n == 1 {
                    self.free_hint = i;
                }
                return Some(i);
            }
            if j == self.top {
                break;
            }
            i = j;
        }
        if n == 1 {
            self.free_hint = self.top;
        }
        if (self.top + n) * BLOCK > LIMIT.load(Relaxed) {
            return None;
        }
        let i = self.top;
        self.top += n;
        TOP.store(self.base + self.top * BLOCK, Release);
        Some(i)
    }
    pub(crate) fn address(&self, block: usize) -> usize {
        self.base + block * BLOCK
    }
    pub(crate) fn swept(&mut self, holes: usize) {
        self.holes = holes;
        self.free_hint = 0;
    }
}

/// Give the unused tail of a thread's allocation context back as a hole (walkable, reused after the next sweep).
pub(crate) fn retire_context(t: &Thread) {
    if t.alloc_pointer.get() != 0 {
        let len = t.alloc_limit.get() + MIN_OBJECT - t.alloc_pointer.get();
        make_free(t.alloc_pointer.get() - 8, len);
        SINCE_GC.fetch_sub(len as i64, Relaxed);
    }
    t.alloc_pointer.set(0);
    t.alloc_limit.set(0);
}
/// Turn [start, start + len) into a free object (start is the header slot; len >= MIN_OBJECT).
pub(crate) fn make_free(start: usize, len: usize) {
    debug_assert!(len >= MIN_OBJECT);
    unsafe {
        *(start as *mut usize) = 0;
        *((start + 8) as *mut usize) = free_mt();
        *((start + 16) as *mut usize) = len - MIN_OBJECT;
    }
}

/// A fresh allocation context for at least `size` bytes. Physically it is [alloc_ptr - 8, alloc_limit - 8 + MIN_OBJECT).
fn refill(t: &Thread, size: usize) -> bool {
    retire_context(t);
    let mut h = HEAP.lock();
    let mut prev = 0usize;
    let mut p = h.holes;
    let mut tries = 0;
    while p != 0 && tries < 32 {
        let next = unsafe { *((p + 24) as *const usize) };
        let len = unsafe { *((p + 16) as *const u32) as usize } + MIN_OBJECT;
        if len >= size + MIN_OBJECT {
            if prev == 0 {
                h.holes = next
            } else {
                unsafe { *((prev + 24) as *mut usize) = next }
            }
            drop(h);
            unsafe { core::ptr::write_bytes(p as *mut u8, 0, len) };
            t.alloc_pointer.set(p + 8);
            t.alloc_limit.set(p + 8 + len - MIN_OBJECT);
            SINCE_GC.fetch_add(len as i64, Relaxed);
            return true;
        }
        prev = p;
        p = next;
        tries += 1;
    }
    let Some(b) = h.take_blocks(1) else { return false };
    unsafe { *h.kinds.add(b) = Kind::Small };
    let a = h.address(b);
    unsafe { core::ptr::write_bytes(a as *mut u8, 0, BLOCK) };
    t.alloc_pointer.set(a + 8);
    t.alloc_limit.set(a + 8 + BLOCK - MIN_OBJECT);
    SINCE_GC.fetch_add(BLOCK as i64, Relaxed);
    true
}

fn object_size(mt: &MethodTable, count: usize) -> usize {
    mt.object_size(count).unwrap_or(usize::MAX >> 1)
}

/// Allocate without collecting. Returns 0 when out of memory.
fn allocate(t: &Thread, mt: &MethodTable, count: usize) -> usize {
    let size = object_size(mt, count);
    let obj = if size >= LARGE {
        let n = (size + BLOCK - 1) / BLOCK;
        let mut h = HEAP.lock();
        let Some(b) = h.take_blocks(n) else { return 0 };
        unsafe {
            *h.spans.add(b) = n as u32;
            for i in 1..n {
                *h.kinds.add(b + i) = Kind::LargeRest;
                *h.spans.add(b + i) = i as u32;
            }
            let a = h.address(b);
            // Fresh from the kernel or recycled: let the kernel supply zero pages for big ones.
            if n > 4 {
                let _ = sys::discard(a, n * BLOCK);
            } else {
                core::ptr::write_bytes(a as *mut u8, 0, n * BLOCK);
            }
            *((a + 8) as *mut usize) = mt as *const _ as usize; // before the kind: a block table reader sees a whole object
            if mt.component_size() != 0 {
                *((a + 16) as *mut u32) = count as u32;
            }
            *h.kinds.add(b) = Kind::Large;
            SINCE_GC.fetch_add((n * BLOCK) as i64, Relaxed);
            a + 8
        }
    } else {
        if t.alloc_pointer.get() + size > t.alloc_limit.get() && !refill(t, size) {
            return 0;
        }
        let p = t.alloc_pointer.get();
        t.alloc_pointer.set(p + size);
        p
    };
    unsafe {
        *(obj as *mut usize) = mt as *const _ as usize;
        if mt.component_size() != 0 {
            *((obj + 8) as *mut u32) = count as u32;
        }
    }

    if stress() && size < LARGE {
        // keep the fast path failing: every allocation comes here
        retire_context(t);
    }
    obj
}

fn wants_collection(size: usize) -> bool {
    let s = STRESS.load(Relaxed);
    (s != 0 && STRESS_COUNT.fetch_add(1, Relaxed) % s == s - 1)
        || SINCE_GC.load(Relaxed) + (size as i64) > BUDGET.load(Relaxed)
}

/// Slow path of every allocation stub; `frame` describes the managed caller.
#[unsafe(export_name = "rt_gc_alloc")]
extern "C" fn rt_gc_alloc(mt: &MethodTable, flags: u32, count: usize, frame: usize) -> usize {
    let t = thread::current();
    t.deferred_frame.set(frame);
    // While preemptive the collector walks from `frame`.
    let size = object_size(mt, count);
    if wants_collection(size) {
        suspend::preemptive(frame, || crate::collect::collect(stress()));
    }
    let mut obj = allocate(t, mt, count);
    if obj == 0 {
        suspend::preemptive(frame, || crate::collect::collect(true));
        obj = allocate(t, mt, count); // 0 makes the stub throw OutOfMemoryException
    }
    if obj != 0 && flags & 1 != 0 {
        crate::finalizer::register(Object(obj));
    }
    obj
}
/// P/Invoke flavour: the caller's frame is already published.
fn alloc_from_native(mt: &MethodTable, flags: u32, count: usize, out: *mut usize) {
    if wants_collection(object_size(mt, count)) {
        crate::collect::collect(stress());
    }
    suspend::cooperative(|t| {
        let obj = allocate(t, mt, count);
        if obj != 0 && flags & 1 != 0 {
            crate::finalizer::register(Object(obj));
        }
        unsafe { *out = obj };
    });
}
#[unsafe(export_name = "RhAllocateNewArray")]
extern "C" fn allocate_new_array(mt: &MethodTable, count: u32, flags: u32, out: *mut usize) {
    alloc_from_native(mt, flags, count as usize, out)
}
#[unsafe(export_name = "RhAllocateNewObject")]
extern "C" fn allocate_new_object(mt: &MethodTable, flags: u32, out: *mut usize) {
    alloc_from_native(mt, flags | mt.has_finalizer() as u32, 0, out)
}

#[unsafe(export_name = "rt_bulk_move")]
extern "C" fn rt_bulk_move(dst: *mut usize, src: *const usize, bytes: usize) {
    // Pointer-atomic: 8 bytes at a time, in the direction that tolerates overlap.
    let n = bytes / 8;
    unsafe {
        if (dst as usize).wrapping_sub(src as usize) >= bytes {
            for i in 0..n {
                dst.add(i).write_volatile(*src.add(i));
            }
        } else {
            for i in (0..n).rev() {
                dst.add(i).write_volatile(*src.add(i));
            }
        }
    }
}
#[unsafe(export_name = "RhpGcSafeZeroMemory")]
extern "C" fn gc_safe_zero_memory(p: *mut u8, n: usize) -> *mut u8 {
    unsafe { core::ptr::write_bytes(p, 0, n) };
    p
}
// Frozen segments lie outside the heap range, so marking ignores them; nothing to record.
#[unsafe(export_name = "RhRegisterFrozenSegment")]
extern "C" fn register_frozen_segment(start: usize, _a: usize, _c: usize, _r: usize) -> usize {
    start | 1
}
#[unsafe(export_name = "RhUpdateFrozenSegment")]
extern "C" fn update_frozen_segment(_s: usize, _a: usize, _c: usize) {}
