//! Blocks of memory for the contents of files.
//!
//! They come from large reservations, backed by the kernel while in use and given back to it when
//! freed, so that memory a program once used for files is there for its objects afterwards.
use super::alloc::vec::Vec;
use crate::lock::Mutex;
use crate::sys;
use abi::memory::Protection;
use core::ops::{Deref, DerefMut};

/// Bytes in a block.
pub(super) const SIZE: usize = 64 * 1024;
/// Blocks reserved at a time.
const RESERVED: usize = 256;

/// Blocks that nobody uses. None of them is backed with memory.
struct Pool {
    free: Vec<usize>,
    /// Blocks that exist, so that freeing one needs no memory.
    total: usize,
}

static POOL: Mutex<Pool> = Mutex::new(Pool { free: Vec::new(), total: 0 });

impl Pool {
    fn take(&mut self) -> Option<usize> {
        if self.free.is_empty() {
            self.free.try_reserve_exact(self.total + RESERVED).ok()?;
            let start = sys::map(RESERVED * SIZE, Protection::WRITE).ok()?;
            self.total += RESERVED;
            self.free.extend((0..RESERVED).rev().map(|index| start + index * SIZE));
        }
        self.free.pop()
    }
}

/// A block in use.
///
/// # Invariants
///
/// The address is that of a backed, writable range of [`SIZE`] bytes which no other block has.
pub(super) struct Block(usize);

impl Block {
    /// A block of zeros; `None` when there is no memory.
    pub(super) fn new() -> Option<Self> {
        let address = POOL.lock().take()?;
        if sys::commit(address, SIZE).is_err() {
            POOL.lock().free.push(address);
            return None;
        }
        Some(Self(address))
    }
}

impl Deref for Block {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        // SAFETY: the invariant; the block is borrowed.
        unsafe { core::slice::from_raw_parts(self.0 as *const u8, SIZE) }
    }
}

impl DerefMut for Block {
    fn deref_mut(&mut self) -> &mut [u8] {
        // SAFETY: the invariant; the block is borrowed exclusively.
        unsafe { core::slice::from_raw_parts_mut(self.0 as *mut u8, SIZE) }
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        // SAFETY: nobody uses the block any more. The kernel refuses only ranges that are not ours.
        let _ = unsafe { sys::discard(self.0, SIZE) };
        POOL.lock().free.push(self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::{Block, SIZE};

    #[test]
    #[cfg_attr(miri, ignore = "makes system calls")]
    fn blocks_are_zero_also_the_second_time() {
        let mut blocks: Vec<Block> =
            (0..300).map(|_| Block::new().expect("there is memory")).collect();
        for block in &mut blocks {
            assert!(block.len() == SIZE && block.iter().all(|&byte| byte == 0));
            block.fill(7);
        }
        drop(blocks);
        let block = Block::new().expect("there is memory");
        assert!(block.iter().all(|&byte| byte == 0));
    }
}
