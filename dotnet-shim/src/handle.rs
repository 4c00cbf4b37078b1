//! Handles: references that native code and weak references hold.
//!
//! Rule: a handle is the address of a word that holds the reference; managed code reads it directly.
use crate::lock::Mutex;
use crate::sys;
use abi::memory::Protection;
use core::ptr;

/// Handle type: cleared when the object is unreachable.
pub(crate) const WEAK_SHORT: u8 = 0;
/// Handle type: cleared when the object is unreachable also by finalizers.
pub(crate) const WEAK_LONG: u8 = 1;
/// Handle type: keeps the secondary object alive as long as the primary.
pub(crate) const DEPENDENT: u8 = 6;
const UNUSED: u8 = 255;

const SLOTS: usize = 3584;
const CHUNK: usize = 64 << 10;

/// One aligned chunk of the table.
#[repr(C)]
struct Chunk {
    slots: [usize; SLOTS],
    secondary: [usize; SLOTS],
    kinds: [u8; SLOTS],
    next: *mut Chunk,
    used: usize,
}

const _: () = assert!(size_of::<Chunk>() <= CHUNK);

struct Table {
    chunks: *mut Chunk,
    /// Freed handles, linked through their secondary words.
    free: usize,
}

// SAFETY: the chunks belong to the table, which is behind a lock.
unsafe impl Send for Table {}

static TABLE: Mutex<Table> = Mutex::new(Table { chunks: ptr::null_mut(), free: 0 });

/// The chunk and index of a handle.
///
/// # Safety
///
/// The handle was given out by [`allocate`], and nobody else uses the chunk's other words of it.
unsafe fn locate(handle: usize) -> (&'static mut Chunk, usize) {
    let chunk = (handle & !(CHUNK - 1)) as *mut Chunk;
    // SAFETY: chunks are aligned to their size and never freed.
    (unsafe { &mut *chunk }, (handle - chunk as usize) / size_of::<usize>())
}

impl Table {
    fn take(&mut self) -> Option<usize> {
        if self.free != 0 {
            let handle = self.free;
            // SAFETY: the handle is free, so it is ours.
            let (chunk, index) = unsafe { locate(handle) };
            self.free = chunk.secondary[index];
            return Some(handle);
        }
        // SAFETY: the chunks belong to this table, which is locked.
        let full = unsafe { self.chunks.as_ref() }.is_none_or(|chunk| chunk.used == SLOTS);
        if full {
            let mapping = sys::map(2 * CHUNK, Protection::WRITE).ok()?;
            let chunk = mapping.next_multiple_of(CHUNK);
            sys::commit(chunk, CHUNK).ok()?;
            let chunk = chunk as *mut Chunk;
            // SAFETY: the chunk is new and committed; zero is valid for its other fields.
            unsafe {
                ptr::write_bytes((&raw mut (*chunk).kinds).cast::<u8>(), UNUSED, SLOTS);
                (*chunk).next = self.chunks;
            }
            self.chunks = chunk;
        }
        // SAFETY: as above.
        let chunk = unsafe { &mut *self.chunks };
        chunk.used += 1;
        Some(&raw const chunk.slots[chunk.used - 1] as usize)
    }
}

fn allocate(object: usize, secondary: usize, kind: u8) -> usize {
    let mut table = TABLE.lock();
    let Some(handle) = table.take() else { return 0 };
    // SAFETY: the handle was just taken, under the lock.
    let (chunk, index) = unsafe { locate(handle) };
    chunk.slots[index] = object;
    chunk.secondary[index] = secondary;
    chunk.kinds[index] = kind;
    handle
}

#[unsafe(export_name = "RhpHandleAlloc")]
extern "C" fn handle_alloc(object: usize, kind: i32) -> usize {
    allocate(object, 0, kind as u8)
}

#[unsafe(export_name = "RhpHandleAllocDependent")]
extern "C" fn handle_alloc_dependent(primary: usize, secondary: usize) -> usize {
    allocate(primary, secondary, DEPENDENT)
}

#[unsafe(export_name = "RhHandleFree")]
unsafe extern "C" fn handle_free(handle: usize) {
    let mut table = TABLE.lock();
    // SAFETY: *Caller*: the handle was given out and is not used any more.
    let (chunk, index) = unsafe { locate(handle) };
    chunk.kinds[index] = UNUSED;
    chunk.slots[index] = 0;
    chunk.secondary[index] = table.free;
    table.free = handle;
}

#[unsafe(export_name = "RhHandleSet")]
unsafe extern "C" fn handle_set(handle: *mut usize, object: usize) -> *mut usize {
    // SAFETY: *Caller*: the handle was given out.
    unsafe { handle.write_volatile(object) };
    handle
}

#[unsafe(export_name = "RhHandleGetDependent")]
unsafe extern "C" fn handle_get_dependent(handle: usize, secondary: &mut usize) -> usize {
    // SAFETY: *Caller*: the handle was given out.
    let (chunk, index) = unsafe { locate(handle) };
    let primary = chunk.slots[index];
    *secondary = if primary == 0 { 0 } else { chunk.secondary[index] };
    primary
}

#[unsafe(export_name = "RhHandleSetDependentSecondary")]
unsafe extern "C" fn handle_set_secondary(handle: usize, secondary: usize) {
    // SAFETY: *Caller*: the handle was given out.
    let (chunk, index) = unsafe { locate(handle) };
    chunk.secondary[index] = secondary;
}

/// Calls `f(object, secondary, kind)` for every handle in use. The world is stopped.
pub(crate) fn for_each(mut f: impl FnMut(&mut usize, &mut usize, u8)) {
    let mut next = TABLE.lock().chunks;
    // SAFETY: chunks are never freed, and nobody else runs.
    while let Some(chunk) = unsafe { next.as_mut() } {
        for index in 0..chunk.used {
            if chunk.kinds[index] != UNUSED {
                f(&mut chunk.slots[index], &mut chunk.secondary[index], chunk.kinds[index]);
            }
        }
        next = chunk.next;
    }
}
