//! The kernel heap: `alloc` on bare metal. Its memory is set aside at boot.

#[cfg(target_os = "none")]
pub(crate) use metal::init;

#[cfg(target_os = "none")]
mod metal {
    use core::alloc::{GlobalAlloc, Layout};
    use core::ptr::NonNull;

    use crate::sync::SpinLock;

    struct Locked(SpinLock<linked_list_allocator::Heap>);

    #[global_allocator]
    static HEAP: Locked = Locked(SpinLock::new(linked_list_allocator::Heap::empty()));

    // SAFETY: the heap behind the lock gives out each byte at most once.
    unsafe impl GlobalAlloc for Locked {
        unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
            self.0.lock().allocate_first_fit(layout).map_or(core::ptr::null_mut(), NonNull::as_ptr)
        }

        unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
            let pointer = NonNull::new(pointer).expect("the caller returns what it was given");
            // SAFETY: the caller promises that `alloc` gave it `pointer` for this layout.
            unsafe { self.0.lock().deallocate(pointer, layout) }
        }
    }

    /// Gives the heap its memory; once.
    ///
    /// # Safety
    ///
    /// Nobody else may ever use the `len` bytes at `start`.
    pub(crate) unsafe fn init(start: *mut u8, len: usize) {
        // SAFETY: the caller hands the memory over, and calls this once.
        unsafe { HEAP.0.lock().init(start, len) }
    }
}
