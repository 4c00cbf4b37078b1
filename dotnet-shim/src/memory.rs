//! Unmanaged memory: `malloc` for the class library and the runtime's own small structures.
//!
//! Power-of-two size classes over committed chunks, with a 16-byte prefix that holds the class; big
//! blocks are mappings of their own. Running out gives null, never a trap.
use crate::lock::Mutex;
use crate::sys;
use abi::memory::{PAGE_SIZE, Protection};
use core::ptr;

const PREFIX: usize = 16;
const MIN_CLASS: u32 = 5;
/// Blocks above `1 << MAX_CLASS` bytes are mapped one by one.
const MAX_CLASS: u32 = 17;
const CLASSES: usize = (MAX_CLASS - MIN_CLASS + 1) as usize;
/// Address space taken at a time; backed in steps of [`STEP`].
const CHUNK: usize = 16 << 20;
const STEP: usize = 64 << 10;

struct Arena {
    /// Freed blocks of each class, linked through the word behind the prefix.
    free: [usize; CLASSES],
    bump: usize,
    committed: usize,
    end: usize,
}

static ARENA: Mutex<Arena> =
    Mutex::new(Arena { free: [0; CLASSES], bump: 0, committed: 0, end: 0 });

impl Arena {
    fn take(&mut self, class: u32) -> Option<usize> {
        let list = &mut self.free[(class - MIN_CLASS) as usize];
        if *list != 0 {
            let block = *list;
            // SAFETY: the block is free, so its second word is ours and holds the next one.
            *list = unsafe { *((block + PREFIX) as *const usize) };
            return Some(block);
        }
        let size = 1 << class;
        if self.bump + size > self.end {
            // what is left of the old chunk stays unused, and uncommitted
            let chunk = sys::map(CHUNK, Protection::WRITE).ok()?;
            (self.bump, self.committed, self.end) = (chunk, chunk, chunk + CHUNK);
        }
        while self.bump + size > self.committed {
            sys::commit(self.committed, STEP).ok()?;
            self.committed += STEP;
        }
        let block = self.bump;
        self.bump += size;
        Some(block)
    }
}

/// At least `size` bytes, aligned to 16; null when there is no memory.
pub fn allocate(size: usize) -> *mut u8 {
    let Some(total) = size.checked_add(PREFIX) else { return ptr::null_mut() };
    let (block, tag) = if total > 1 << MAX_CLASS {
        let Some(length) = total.checked_next_multiple_of(PAGE_SIZE) else {
            return ptr::null_mut();
        };
        let Ok(block) = sys::map(length, Protection::WRITE) else { return ptr::null_mut() };
        if sys::commit(block, length).is_err() {
            // SAFETY: the mapping is new.
            let _ = unsafe { sys::unmap(block, length) };
            return ptr::null_mut();
        }
        (block, length)
    } else {
        let class = total.next_power_of_two().trailing_zeros().max(MIN_CLASS);
        let Some(block) = ARENA.lock().take(class) else { return ptr::null_mut() };
        (block, class as usize)
    };
    // SAFETY: the block is ours and longer than its prefix.
    unsafe { *(block as *mut usize) = tag };
    (block + PREFIX) as *mut u8
}

/// As [`allocate`], filled with zeros.
pub fn allocate_zeroed(size: usize) -> *mut u8 {
    let memory = allocate(size);
    if !memory.is_null() {
        // SAFETY: the block has that length.
        unsafe { ptr::write_bytes(memory, 0, size) };
    }
    memory
}

fn tag_of(memory: *mut u8) -> usize {
    // SAFETY: every block has a prefix, which its user does not touch.
    unsafe { *((memory as usize - PREFIX) as *const usize) }
}

/// Bytes that can be used in a block.
///
/// # Safety
///
/// `memory` came from [`allocate`] and was not freed.
pub unsafe fn capacity(memory: *mut u8) -> usize {
    let tag = tag_of(memory);
    (if tag > MAX_CLASS as usize { tag } else { 1 << tag }) - PREFIX
}

/// Gives a block back; null is ignored.
///
/// # Safety
///
/// `memory` came from [`allocate`], was not freed, and nobody uses it any more.
pub unsafe fn free(memory: *mut u8) {
    if memory.is_null() {
        return;
    }
    let (block, tag) = (memory as usize - PREFIX, tag_of(memory));
    if tag > MAX_CLASS as usize {
        // SAFETY: the block is a mapping of its own, of this length; the caller is done with it.
        let _ = unsafe { sys::discard(block, tag) };
        // SAFETY: as above.
        let _ = unsafe { sys::unmap(block, tag) };
        return;
    }
    let mut arena = ARENA.lock();
    let list = &mut arena.free[tag - MIN_CLASS as usize];
    // SAFETY: the block is free now, so the word behind the prefix is ours.
    unsafe { *(memory.cast::<usize>()) = *list };
    *list = block;
}

/// Moves a block to one of `size` bytes; null, with the old block kept, when there is no memory.
///
/// # Safety
///
/// As [`free`]; `memory` may be null.
pub unsafe fn reallocate(memory: *mut u8, size: usize) -> *mut u8 {
    if !memory.is_null() {
        // SAFETY: the caller's promise.
        let capacity = unsafe { capacity(memory) };
        if size <= capacity && size >= capacity / 4 {
            return memory;
        }
    }
    let new = allocate(size);
    if !memory.is_null() && !new.is_null() {
        // SAFETY: both blocks have that many bytes and are different.
        unsafe { ptr::copy_nonoverlapping(memory, new, capacity(memory).min(size)) };
        // SAFETY: the caller's promise.
        unsafe { free(memory) };
    }
    new
}

#[cfg(test)]
mod tests {
    use super::{allocate, allocate_zeroed, capacity, free, reallocate};

    #[test]
    fn blocks_are_aligned_disjoint_and_reused() {
        let sizes = [0_usize, 1, 16, 17, 100, 4096, 131_056, 131_057, 1 << 20];
        let blocks = sizes.map(|size| (allocate_zeroed(size), size));
        for (index, (memory, size)) in blocks.into_iter().enumerate() {
            assert!(!memory.is_null() && (memory as usize).is_multiple_of(16));
            // SAFETY: the block is live and that long.
            unsafe {
                assert!(capacity(memory) >= size);
                memory.write_bytes(index as u8 + 1, size);
            }
        }
        for (index, (memory, size)) in blocks.into_iter().enumerate() {
            // SAFETY: the block is live and that long.
            let bytes = unsafe { core::slice::from_raw_parts(memory, size) };
            assert!(bytes.iter().all(|&byte| byte == index as u8 + 1));
            // SAFETY: nobody uses it below.
            unsafe { free(memory) };
        }
    }

    #[test]
    fn a_moved_block_keeps_its_contents() {
        // SAFETY: each block is used only until it is moved or freed.
        unsafe {
            let memory = allocate(10);
            memory.write_bytes(7, 10);
            let memory = reallocate(memory, 100_000);
            assert!((0..10).all(|index| *memory.add(index) == 7));
            let memory = reallocate(memory, 1 << 20);
            assert!((0..10).all(|index| *memory.add(index) == 7));
            free(memory);
        }
    }

    #[test]
    fn an_impossible_size_gives_null() {
        assert!(allocate(usize::MAX).is_null() && allocate(usize::MAX - 4096).is_null());
    }
}
