//! Precise, stop-the-world, non-moving mark and sweep.
//! Rules: frames are reported from GCInfo (only the register file of an interrupted leaf and the argument block of an unfinished
//! interface dispatch are scanned conservatively, which a non-moving collector allows); objects outside the heap range are immortal.
use crate::heap::map_memory;
use crate::heap::{self, BLOCK, HEAP, Kind};
use crate::lock::RawMutex;
use crate::object::{FINALIZER_RUN, Object};
use crate::{finalizer, handle, roots, suspend, sys};
use core::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering::*};

pub(crate) static COUNT: AtomicU32 = AtomicU32::new(0);
pub(crate) static PAUSE_NS: AtomicU64 = AtomicU64::new(0);
static GC_LOCK: RawMutex = RawMutex::new();
static MARKS: AtomicUsize = AtomicUsize::new(0);
static STARTS: AtomicUsize = AtomicUsize::new(0);
static STARTS_VALID: AtomicUsize = AtomicUsize::new(0);
static STACK: AtomicUsize = AtomicUsize::new(0);
const STACK_BYTES: usize = 8 << 30;

/// One mark bit and one object-start bit per 8 heap bytes; the start bits of a block are computed on demand in each collection.
pub(crate) fn init(_base: usize, reserve: usize) {
    for (s, n) in [
        (&MARKS, reserve / 64),
        (&STARTS, reserve / 64),
        (&STARTS_VALID, reserve / BLOCK),
        (&STACK, STACK_BYTES),
    ] {
        let p = map_memory(n) as usize;
        if p == 0 {
            fatal!("cannot reserve collector tables");
        }
        s.store(p, Relaxed);
    }
}

/// The state of one collection.
pub(crate) struct Marker {
    base: usize,
    top: usize,
    marks: *mut u64,
    starts: *mut u64,
    starts_valid: *mut u8,
    stack: *mut usize,
    depth: usize,
    kinds: *mut Kind,
    spans: *mut u32,
}
impl Marker {
    fn new() -> Marker {
        let h = HEAP.lock();
        Marker {
            base: h.base,
            top: h.base + h.top * BLOCK,
            marks: MARKS.load(Relaxed) as *mut u64,
            starts: STARTS.load(Relaxed) as *mut u64,
            starts_valid: STARTS_VALID.load(Relaxed) as *mut u8,
            stack: STACK.load(Relaxed) as *mut usize,
            depth: 0,
            kinds: h.kinds,
            spans: h.spans,
        }
    }
    fn in_heap(&self, p: usize) -> bool {
        p >= self.base && p < self.top
    }
    pub(crate) fn is_marked(&self, o: usize) -> bool {
        if !self.in_heap(o) {
            return true;
        }
        let i = (o - self.base) / 8;
        unsafe { *self.marks.add(i / 64) >> (i % 64) & 1 != 0 }
    }
    /// An exact reference.
    pub(crate) fn mark(&mut self, o: usize) {
        if !self.in_heap(o) {
            return;
        }
        let i = (o - self.base) / 8;
        let w = unsafe { &mut *self.marks.add(i / 64) };
        if *w >> (i % 64) & 1 != 0 {
            return;
        }
        if heap::stress() && self.find(o) != Some(o) {
            fatal!("GC: {:x} is not an object", o);
        }
        *w |= 1 << (i % 64);
        if (self.depth + 1) * 8 > STACK_BYTES {
            fatal!("mark stack overflow");
        }
        unsafe { *self.stack.add(self.depth) = o };
        self.depth += 1;
    }
    /// A byref, or a word that may be anything.
    pub(crate) fn mark_ambiguous(&mut self, p: usize) {
        if self.in_heap(p) {
            if let Some(o) = self.find(p) {
                self.mark(o);
            }
        }
    }
    pub(crate) fn drain(&mut self) {
        while self.depth > 0 {
            self.depth -= 1;
            let o = unsafe { Object(*self.stack.add(self.depth)) };
            o.for_each_reference(|slot| {
                let v = unsafe { *slot };
                if v != 0 {
                    self.mark(v)
                }
            });
        }
    }
    /// The allocated object with o <= p <= end of o (a byref may point just past the last element).
    fn find(&mut self, p: usize) -> Option<usize> {
        let mut b = (p - self.base) / BLOCK;
        unsafe {
            match *self.kinds.add(b) {
                Kind::Free => None,
                Kind::Large | Kind::LargeRest => {
                    while *self.kinds.add(b) == Kind::LargeRest {
                        b -= *self.spans.add(b) as usize;
                    }
                    let o = self.base + b * BLOCK + 8;
                    (p >= o && p <= o - 8 + Object(o).size()).then_some(o)
                }
                Kind::Small => {
                    let block = self.base + b * BLOCK;
                    let bits = self.starts.add(b * BLOCK / 512);
                    if *self.starts_valid.add(b) == 0 {
                        self.index_block(block, bits);
                        *self.starts_valid.add(b) = 1;
                    }
                    let mut i = (p - block) / 8;
                    loop {
                        let w = *bits.add(i / 64) & (u64::MAX >> (63 - i % 64));
                        if w != 0 {
                            let o = block + (i / 64 * 64 + 63 - w.leading_zeros() as usize) * 8;
                            return (*(o as *const usize) != heap::free_mt()
                                && p <= o - 8 + Object(o).size())
                            .then_some(o);
                        }
                        if i < 64 {
                            return None;
                        }
                        i = i / 64 * 64 - 1;
                    }
                }
            }
        }
    }
    /// Walk a small block and set the start bit of every object (free ones included).
    fn index_block(&self, block: usize, bits: *mut u64) {
        unsafe {
            core::ptr::write_bytes(bits, 0, BLOCK / 512);
            let mut p = block;
            while p < block + BLOCK {
                if *((p + 8) as *const usize) == 0 {
                    fatal!("GC: unparsable heap at {:x}", p);
                }
                let i = (p + 8 - block) / 8;
                *bits.add(i / 64) |= 1 << (i % 64);
                p += Object(p + 8).size();
            }
        }
    }
    /// Secondary objects of dependent handles live as long as their primaries: iterate to a fixed point.
    fn dependents(&mut self) {
        loop {
            let mut changed = false;
            handle::for_each(|slot, secondary, kind| {
                if kind == handle::DEPENDENT
                    && *slot != 0
                    && *secondary != 0
                    && self.is_marked(*slot)
                    && !self.is_marked(*secondary)
                {
                    self.mark(*secondary);
                    changed = true;
                }
            });
            self.drain();
            if !changed {
                return;
            }
        }
    }
    fn clear_weak(&mut self, kind: u8) {
        handle::for_each(|slot, secondary, k| {
            if k == kind && *slot != 0 && !self.is_marked(*slot) {
                *slot = 0;
                if k == handle::DEPENDENT {
                    *secondary = 0;
                }
            }
        });
    }
    /// Unreachable finalizable objects become reachable once more, through the finalizer queue.
    fn finalizables(&mut self) -> bool {
        let mut q = finalizer::QUEUES.lock();
        let (mut kept, mut queued) = (0, false);
        for i in 0..q.registered.n {
            let o = q.registered.as_slice()[i];
            if self.is_marked(o.0) {
                q.registered.as_slice()[kept] = o;
                kept += 1;
                continue;
            }
            if o.header().load(Relaxed) & FINALIZER_RUN != 0 {
                o.header().fetch_and(!FINALIZER_RUN, Relaxed);
                continue;
            }
            q.ready.push(o);
            self.mark(o.0);
            queued = true;
        }
        q.registered.n = kept;
        drop(q);
        self.drain();
        queued
    }
    fn sweep(&mut self) {
        let mut h = HEAP.lock();
        let poison = heap::stress();
        let (mut holes, mut in_use) = (0usize, 0usize);
        for b in (0..h.top).rev() {
            let a = h.address(b);
            unsafe {
                match *h.kinds.add(b) {
                    Kind::Large => {
                        let n = *h.spans.add(b) as usize;
                        if self.is_marked(a + 8) {
                            in_use += n * BLOCK;
                            continue;
                        }
                        for i in 0..n {
                            *h.kinds.add(b + i) = Kind::Free;
                        }
                        if poison {
                            core::ptr::write_bytes(a as *mut u8, 0xdd, n * BLOCK);
                        } else if n > 4 {
                            let _ = sys::discard(a, n * BLOCK);
                        }
                    }
                    Kind::Small => {
                        let words = self.marks.add(b * BLOCK / 512);
                        let mut pos = a;
                        let mut block_holes = 0usize; // of this block, in address order
                        let mut tail = 0usize;
                        let mut live = 0usize;
                        let mut gap = |from: usize, to: usize| {
                            if to <= from {
                                return;
                            }
                            if poison {
                                core::ptr::write_bytes(from as *mut u8, 0xdd, to - from);
                            }
                            heap::make_free(from, to - from);
                            if to - from >= heap::MIN_HOLE {
                                *((from + 24) as *mut usize) = 0;
                                if tail == 0 {
                                    block_holes = from
                                } else {
                                    *((tail + 24) as *mut usize) = from
                                }
                                tail = from;
                            }
                        };
                        for i in 0..BLOCK / 512 {
                            let mut w = *words.add(i);
                            while w != 0 {
                                let o = a + (i * 64 + w.trailing_zeros() as usize) * 8;
                                w &= w - 1;
                                gap(pos, o - 8);
                                let n = Object(o).size();
                                live += n;
                                pos = o - 8 + n;
                            }
                        }
                        if live == 0 {
                            *h.kinds.add(b) = Kind::Free;
                            if poison {
                                core::ptr::write_bytes(a as *mut u8, 0xdd, BLOCK);
                            }
                            continue;
                        }
                        gap(pos, a + BLOCK);
                        in_use += live;
                        if block_holes != 0 {
                            *((tail + 24) as *mut usize) = holes;
                            holes = block_holes;
                        }
                    }
                    _ => {}
                }
            }
        }
        h.swept(holes);
        heap::IN_USE.store(in_use as u64, Relaxed);
    }
}

impl roots::Sink for Marker {
    fn exact(&mut self, reference: usize) {
        if reference != 0 {
            self.mark(reference);
        }
    }

    fn ambiguous(&mut self, word: usize) {
        self.mark_ambiguous(word);
    }
}

/// Prints the counters when `CERMET_GC_STATS` is set.
pub(crate) fn report_statistics() {
    if crate::start::setting(b"CERMET_GC_STATS").is_none() {
        return;
    }
    let s = &suspend::STATISTICS;
    eprintln!(
        "[gc] collections {}, pauses {} us, of it stopping {} us (worst {} us), interrupts {}, parked {}, single steps {}",
        COUNT.load(Relaxed),
        PAUSE_NS.load(Relaxed) / 1000,
        s.stopping_ns.load(Relaxed) / 1000,
        s.longest_stopping_ns.load(Relaxed) / 1000,
        s.interrupts.load(Relaxed),
        s.parks.load(Relaxed),
        s.steps.load(Relaxed)
    );
}

/// Collect now. The caller is preemptive and walkable. Unless `force`d, one collection serves everyone who waited for it.
pub(crate) fn collect(force: bool) {
    let before = COUNT.load(Acquire);
    GC_LOCK.lock();
    if !force && COUNT.load(Acquire) != before {
        GC_LOCK.unlock();
        return;
    }
    let t0 = sys::monotonic_ns();
    let list = suspend::stop_world();
    for t in list.iter() {
        heap::retire_context(t);
    }

    let mut m = Marker::new();
    unsafe {
        core::ptr::write_bytes(m.marks as *mut u8, 0, (m.top - m.base) / 64);
        core::ptr::write_bytes(m.starts_valid, 0, (m.top - m.base) / BLOCK);
    }
    for t in list.iter() {
        roots::report(t, &mut m);
        m.drain();
    }
    handle::for_each(|slot, _, kind| {
        if kind != handle::WEAK_SHORT && kind != handle::WEAK_LONG && kind != handle::DEPENDENT {
            m.mark(*slot)
        }
    });
    {
        let mut q = finalizer::QUEUES.lock();
        let taken = q.taken;
        for o in &q.ready.as_slice()[taken..] {
            m.mark(o.0);
        }
    }
    m.drain();
    m.dependents();
    m.clear_weak(handle::WEAK_SHORT);
    let queued = m.finalizables();
    m.dependents();
    m.clear_weak(handle::WEAK_LONG);
    m.clear_weak(handle::DEPENDENT);
    m.sweep();

    heap::TOTAL_ALLOCATED.fetch_add(heap::SINCE_GC.swap(0, Relaxed).max(0) as u64, Relaxed);
    if heap::fixed_budget() == 0 {
        heap::BUDGET.store((heap::IN_USE.load(Relaxed) as i64).max(64 << 20), Relaxed);
    }
    COUNT.fetch_add(1, Release);
    suspend::resume_world(list);
    PAUSE_NS.fetch_add(sys::monotonic_ns() - t0, Relaxed);
    GC_LOCK.unlock();
    if queued {
        finalizer::wake();
    }
}

#[unsafe(export_name = "RhpCollect")]
extern "C" fn collect_now(_gen: i32, _mode: i32, _low: i32) {
    collect(true)
}
#[unsafe(export_name = "RhpGetGcTotalMemory")]
extern "C" fn get_gc_total_memory() -> i64 {
    heap::IN_USE.load(Relaxed) as i64 + heap::SINCE_GC.load(Relaxed)
}
#[unsafe(export_name = "RhGetGcCollectionCount")]
extern "C" fn get_gc_collection_count(_gen: i32, _special: u8) -> i32 {
    COUNT.load(Relaxed) as i32
}
#[unsafe(export_name = "RhGetMaxGcGeneration")]
extern "C" fn get_max_gc_generation() -> i32 {
    2
}
#[unsafe(export_name = "RhGetGeneration")]
extern "C" fn get_generation(o: usize) -> i32 {
    if o >= heap::BASE.load(Relaxed) && o < heap::TOP.load(Relaxed) { 2 } else { i32::MAX }
}
#[unsafe(export_name = "RhGetTotalAllocatedBytes")]
extern "C" fn get_total_allocated_bytes() -> i64 {
    heap::TOTAL_ALLOCATED.load(Relaxed) as i64 + heap::SINCE_GC.load(Relaxed)
}
/// Ten u64 first: highMemLoadThreshold, totalAvailable, memory load, heap size, fragmentation, committed, ...
#[unsafe(export_name = "RhGetMemoryInfo")]
extern "C" fn get_memory_info(out: *mut u64, _kind: i32) {
    let heap = heap::IN_USE.load(Relaxed);
    unsafe {
        *out = 14 << 30;
        *out.add(1) = 16 << 30;
        *out.add(2) = heap;
        *out.add(3) = heap;
        *out.add(5) = heap;
        *out.add(9) = COUNT.load(Relaxed) as u64;
    }
}
