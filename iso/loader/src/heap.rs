//! The loader's heap: a block of its own image that is handed out from the front.
//!
//! It serves before and after the firmware's boot services end, which the firmware's own allocator
//! does not. The last allocation can grow and be given back; anything else is kept, since the
//! loader runs for a moment and its memory goes back to the kernel as a whole.

use core::alloc::{GlobalAlloc, Layout};
use core::cell::UnsafeCell;
use core::ptr::null_mut;
use core::sync::atomic::{AtomicUsize, Ordering};

const SIZE: usize = 1 << 20;

#[repr(C, align(4096))]
struct Heap {
    memory: UnsafeCell<[u8; SIZE]>,
    used: AtomicUsize,
}

// SAFETY: `memory` is only reached through pointers that `alloc` hands out, each to bytes that no
// other such pointer covers (`used` only ever moves by compare-and-swap).
unsafe impl Sync for Heap {}

#[global_allocator]
static HEAP: Heap = Heap { memory: UnsafeCell::new([0; SIZE]), used: AtomicUsize::new(0) };

impl Heap {
    fn start(&self) -> *mut u8 {
        self.memory.get().cast()
    }

    /// Moves the end of the used part from `old` to `new`, if it is still there.
    fn replace(&self, old: usize, new: usize) -> bool {
        self.used.compare_exchange(old, new, Ordering::AcqRel, Ordering::Relaxed).is_ok()
    }
}

// SAFETY: every block lies inside `memory` (checked against `SIZE`), has the alignment of its layout
// (offsets are rounded up, and the memory's own alignment is at least as large as any asked for,
// which `alloc` checks), and overlaps no other.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if layout.align() > align_of::<Heap>() {
            return null_mut();
        }
        loop {
            let used = self.used.load(Ordering::Acquire);
            let offset = used.next_multiple_of(layout.align());
            let Some(end) = offset.checked_add(layout.size()).filter(|&end| end <= SIZE) else {
                return null_mut();
            };
            if self.replace(used, end) {
                return self.start().wrapping_add(offset);
            }
        }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        let offset = block.addr() - self.start().addr();
        // Only the last block can be taken back; that it fails for others is the design.
        let _: bool = self.replace(offset + layout.size(), offset);
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let offset = block.addr() - self.start().addr();
        let in_place = offset
            .checked_add(size)
            .is_some_and(|end| end <= SIZE && self.replace(offset + layout.size(), end));
        if in_place {
            return block;
        }
        let Ok(layout_new) = Layout::from_size_align(size, layout.align()) else {
            return null_mut();
        };
        // SAFETY: the layout is as valid as the caller's.
        let new = unsafe { self.alloc(layout_new) };
        if !new.is_null() {
            let length = layout.size().min(size);
            // SAFETY: both blocks are `length` bytes at least, and distinct since one is in use.
            unsafe { core::ptr::copy_nonoverlapping(block, new, length) };
        }
        new
    }
}
