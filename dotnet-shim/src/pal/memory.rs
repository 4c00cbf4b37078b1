//! Exports: unmanaged memory. And the allocator of our own Rust code, which is the same.
use core::ptr;

/// Alignment that every block has.
const NATURAL: usize = 16;

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_Malloc"))]
extern "C" fn malloc(size: usize) -> *mut u8 {
    crate::memory::allocate(size)
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_Calloc"))]
extern "C" fn calloc(count: usize, size: usize) -> *mut u8 {
    count.checked_mul(size).map_or(ptr::null_mut(), crate::memory::allocate_zeroed)
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_Realloc"))]
unsafe extern "C" fn realloc(memory: *mut u8, size: usize) -> *mut u8 {
    // SAFETY: *Caller*: null or a live block.
    unsafe { crate::memory::reallocate(memory, size) }
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_Free"))]
unsafe extern "C" fn free(memory: *mut u8) {
    // SAFETY: *Caller*: null or a live block that nobody uses any more.
    unsafe { crate::memory::free(memory) };
}

/// Blocks with an alignment of their own: the block lies inside a larger one, whose address and the
/// size asked for are the two words below it.
mod aligned {
    use super::NATURAL;
    use core::ptr;

    const PREFIX: usize = 2 * size_of::<usize>();

    pub(super) fn allocate(alignment: usize, size: usize) -> *mut u8 {
        let alignment = alignment.max(NATURAL);
        if !alignment.is_power_of_two() {
            return ptr::null_mut();
        }
        let Some(total) = size.checked_add(alignment).and_then(|total| total.checked_add(PREFIX))
        else {
            return ptr::null_mut();
        };
        let outer = crate::memory::allocate(total);
        if outer.is_null() {
            return outer;
        }
        let offset = (outer as usize + PREFIX).next_multiple_of(alignment) - outer as usize;
        // SAFETY: the offset leaves `size` bytes in the block, and the prefix before it; both words
        // are aligned because the block is.
        unsafe {
            let inner = outer.add(offset);
            inner.sub(PREFIX).cast::<usize>().write(outer as usize);
            inner.sub(PREFIX / 2).cast::<usize>().write(size);
            inner
        }
    }

    /// # Safety
    ///
    /// `memory` came from [`allocate`] and is live.
    unsafe fn prefix(memory: *mut u8) -> [usize; 2] {
        // SAFETY: the caller's promise; `allocate` wrote the words.
        unsafe { memory.sub(PREFIX).cast::<[usize; 2]>().read() }
    }

    /// # Safety
    ///
    /// `memory` is null, or came from [`allocate`], is live and not used any more.
    pub(super) unsafe fn free(memory: *mut u8) {
        if !memory.is_null() {
            // SAFETY: the caller's promise.
            let [outer, _] = unsafe { prefix(memory) };
            // SAFETY: the outer block belongs to this one.
            unsafe { crate::memory::free(outer as *mut u8) };
        }
    }

    /// # Safety
    ///
    /// As [`free`].
    pub(super) unsafe fn reallocate(memory: *mut u8, alignment: usize, size: usize) -> *mut u8 {
        let new = allocate(alignment, size);
        if memory.is_null() || new.is_null() {
            return new;
        }
        // SAFETY: the caller's promise.
        let [_, old] = unsafe { prefix(memory) };
        // SAFETY: both blocks have that many bytes and are different.
        unsafe { ptr::copy_nonoverlapping(memory, new, old.min(size)) };
        // SAFETY: the caller's promise.
        unsafe { free(memory) };
        new
    }
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_AlignedAlloc"))]
extern "C" fn aligned_alloc(alignment: usize, size: usize) -> *mut u8 {
    aligned::allocate(alignment, size)
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_AlignedFree"))]
unsafe extern "C" fn aligned_free(memory: *mut u8) {
    // SAFETY: *Caller*: null or a live block of `aligned_alloc`'s that nobody uses any more.
    unsafe { aligned::free(memory) };
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_AlignedRealloc"))]
unsafe extern "C" fn aligned_realloc(memory: *mut u8, alignment: usize, size: usize) -> *mut u8 {
    // SAFETY: *Caller*: null or a live block of `aligned_alloc`'s.
    unsafe { aligned::reallocate(memory, alignment, size) }
}

/// Where `alloc`'s containers get their memory.
#[cfg(feature = "image")]
struct Allocator;

// SAFETY: blocks are disjoint, as long as asked for and aligned as asked for: to 16 by themselves, to
// more through `aligned`; both functions make the choice by the layout, which is the same for both.
#[cfg(feature = "image")]
unsafe impl core::alloc::GlobalAlloc for Allocator {
    unsafe fn alloc(&self, layout: core::alloc::Layout) -> *mut u8 {
        if layout.align() <= NATURAL {
            crate::memory::allocate(layout.size())
        } else {
            aligned::allocate(layout.align(), layout.size())
        }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: core::alloc::Layout) {
        if layout.align() <= NATURAL {
            // SAFETY: the block came from `alloc` with the same layout.
            unsafe { crate::memory::free(memory) };
        } else {
            // SAFETY: the block came from `alloc` with the same layout.
            unsafe { aligned::free(memory) };
        }
    }
}

#[cfg(feature = "image")]
#[global_allocator]
static ALLOCATOR: Allocator = Allocator;

#[cfg(test)]
mod tests {
    use super::aligned;

    #[test]
    fn aligned_blocks_keep_alignment_and_contents() {
        for alignment in [1, 16, 64, 4096, 65536] {
            let memory = aligned::allocate(alignment, 100);
            assert!(!memory.is_null() && (memory as usize).is_multiple_of(alignment));
            // SAFETY: each block is used only until it is moved or freed.
            unsafe {
                memory.write_bytes(7, 100);
                let memory = aligned::reallocate(memory, alignment, 1000);
                assert!((memory as usize).is_multiple_of(alignment));
                assert!((0..100).all(|index| *memory.add(index) == 7));
                aligned::free(memory);
            }
        }
        assert!(aligned::allocate(3 << 10, 1).is_null());
    }
}
