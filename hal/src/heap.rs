//! The kernel heap: `alloc` on bare metal. It starts small and grows, a frame at a time, at the
//! kernel's wish; it never shrinks. On the host `alloc` is the host's.
//!
//! Pages are found first-fit by `linked_list_allocator`, which sees nothing but whole pages: there are
//! few pieces to look through, and none too small to be of use. What is smaller than a page comes from
//! pages cut into pieces of one size (`slab`), in constant time. So as long as
//! [`free_pages`] is `n`, at least `n` allocations of up to a page succeed.

#[cfg(any(test, target_os = "none"))]
mod slab;

use crate::memory::Frame;

#[cfg(target_os = "none")]
pub(crate) use metal::init;

/// Whole pages that nobody uses, though perhaps not in one piece.
pub fn free_pages() -> usize {
    #[cfg(target_os = "none")]
    return metal::free_pages();
    #[cfg(not(target_os = "none"))]
    usize::MAX
}

/// Gives the heap a frame for good. Now and then one is used up by the tables that map it, and the
/// heap is as large as before.
///
/// # Errors
///
/// The frame, when the heap is as large as it can get.
pub fn grow(frame: Frame) -> Result<(), Frame> {
    #[cfg(target_os = "none")]
    return metal::grow(frame);
    #[cfg(not(target_os = "none"))]
    Err(frame)
}

#[cfg(target_os = "none")]
mod metal {
    use core::alloc::{GlobalAlloc, Layout};
    use core::ptr::NonNull;

    use super::slab::Heap;
    use crate::arch::{Arch, HeapPage, Machine};
    use crate::memory::Frame;
    use crate::sync::SpinLock;

    struct Locked(SpinLock<Heap>);

    #[global_allocator]
    static HEAP: Locked = Locked(SpinLock::new(Heap::new()));

    // SAFETY: the heap behind the lock gives out each byte at most once.
    unsafe impl GlobalAlloc for Locked {
        unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
            self.0.lock().allocate(layout).map_or(core::ptr::null_mut(), NonNull::as_ptr)
        }

        unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
            let pointer = NonNull::new(pointer).expect("the caller returns what it was given");
            // SAFETY: the caller promises that `alloc` gave it `pointer` for this layout.
            unsafe { self.0.lock().deallocate(pointer, layout) }
        }
    }

    /// Gives the heap its first memory; once.
    ///
    /// # Safety
    ///
    /// Nobody else may ever use the `len` bytes at `start`, which is where the heap's addresses begin.
    pub(crate) unsafe fn init(start: *mut u8, len: usize) {
        // SAFETY: the caller hands the memory over, and calls this once.
        unsafe { HEAP.0.lock().init(start, len) }
    }

    pub(super) fn free_pages() -> usize {
        HEAP.0.lock().free_pages()
    }

    pub(super) fn grow(frame: Frame) -> Result<(), Frame> {
        let mut heap = HEAP.0.lock();
        match Machine::map_heap_page(heap.top(), frame.address()) {
            HeapPage::Full => return Err(frame),
            HeapPage::Table => {}
            // SAFETY: the page that follows the heap's end is mapped now, and nobody else's.
            HeapPage::Mapped => unsafe { heap.extend() },
        }
        let _ = frame.into_address();
        Ok(())
    }
}
