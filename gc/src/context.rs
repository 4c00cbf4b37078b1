//! Allocation: the context of a thread, and what happens when its buffer is full.
//!
//! A context bumps a pointer through a *region*, a hole or a whole block that it has to itself. The
//! rest of a region that is too small for a request is kept as the *spare* while a new one is in
//! use, so that a few medium-sized objects do not waste holes that many small ones would fill. It
//! also owns the block in which it looks for holes, so that most refills need no lock.

use crate::block::{BLOCK, Hole};
use crate::{HEADER, Heap, LARGE, Runtime};
use core::sync::atomic::Ordering::Relaxed;

/// Objects above this size take a new block rather than look for a hole that fits.
const MEDIUM: usize = 1024;

/// A thread's allocation buffer. All-zero bytes are one without memory, as is [`Context::NEW`].
///
/// The embedder's fast path: with `size` a multiple of 8, if `pointer + size <= limit`, then the
/// object's address is `pointer`, its memory is zero, and `pointer` moves on by `size`. (An object
/// above [`LARGE`] that fits is welcome to its place in a block.)
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Context {
    /// The address of the next object.
    pub pointer: usize,
    /// What `pointer` may not exceed.
    pub limit: usize,
    /// Under stress `limit` is lowered, so that every allocation comes to the heap. The true one.
    true_limit: usize,
    spare_pointer: usize,
    spare_limit: usize,
    /// Bytes of all regions so far, less what was abandoned of them, plus large objects.
    acquired: u64,
    /// 1 + the block in which to look for holes; 0: none.
    block: usize,
}

impl Context {
    /// A context without memory.
    pub const NEW: Self = Self {
        pointer: 0,
        limit: 0,
        true_limit: 0,
        spare_pointer: 0,
        spare_limit: 0,
        acquired: 0,
        block: 0,
    };

    /// Bytes allocated through this context so far.
    pub fn allocated(&self) -> u64 {
        self.acquired - self.unused() as u64
    }

    /// Bytes it holds for allocations to come.
    pub fn unused(&self) -> usize {
        let limit = self.limit.max(self.true_limit);
        limit - self.pointer + self.spare_limit - self.spare_pointer
    }

    /// Forgets all memory; it stays unused until the next collection finds it.
    pub(crate) fn retire(&mut self) {
        *self = Self { acquired: self.allocated(), ..Self::NEW };
    }

    fn take(&mut self, size: usize) -> Option<usize> {
        let object = self.pointer;
        (size <= self.limit - object).then(|| {
            self.pointer += size;
            object
        })
    }

    fn swap_spare(&mut self) {
        core::mem::swap(&mut self.pointer, &mut self.spare_pointer);
        core::mem::swap(&mut self.limit, &mut self.spare_limit);
    }
}

/// Whether new memory has to be zero.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Contents {
    /// All zero.
    Zeroed,
    /// The first words (type, length, bounds) zero, the elements anything.
    Unspecified,
}

impl<R: Runtime> Heap<R> {
    /// Allocates `size` bytes (a multiple of 8, at least [`MIN_OBJECT`](crate::MIN_OBJECT)); returns
    /// the object's address, or `None` when there is no room without a collection. The caller stores
    /// the object's type (and length) before the next collection can begin.
    pub fn allocate(
        &self,
        context: &mut Context,
        size: usize,
        contents: Contents,
    ) -> Option<usize> {
        if size > LARGE {
            return self.allocate_large(context, size, contents);
        }
        context.limit = context.limit.max(context.true_limit);
        let mut object = context.take(size);
        if object.is_none() && self.refill(context, size) {
            object = context.take(size);
        }
        context.true_limit = context.limit;
        if self.stress.is_some() {
            context.limit = context.pointer;
        }
        object
    }

    /// Whether the embedder should collect before it allocates `size` bytes.
    pub fn wants_collection(&self, size: usize) -> bool {
        let is_over = self.since_collection.load(Relaxed) + size > self.budget.load(Relaxed);
        let is_due = self.stress.is_some_and(|interval| {
            (self.stress_count.fetch_add(1, Relaxed) + 1).is_multiple_of(interval)
                && !self.is_put_off.load(Relaxed)
        });
        is_over || is_due
    }

    /// Counts what a thread has allocated; its context is not used any more.
    pub fn end_context(&self, context: &mut Context) {
        context.retire();
        self.allocated_by_ended.fetch_add(context.acquired, Relaxed);
        context.acquired = 0;
    }

    /// Gives the context a region with room for `size` bytes.
    fn refill(&self, context: &mut Context, size: usize) -> bool {
        if size <= context.spare_limit - context.spare_pointer {
            context.swap_spare();
            return true;
        }
        if context.limit - context.pointer > context.spare_limit - context.spare_pointer {
            context.swap_spare();
        }
        // What is left of the smaller one is abandoned until the next collection.
        context.acquired -= (context.limit - context.pointer) as u64;
        context.limit = context.pointer;
        (size <= MEDIUM && self.recycle(context, size))
            || self.take_block(context, size)
            || (size > MEDIUM && self.recycle(context, size))
            || (self.release_idle() && self.take_block(context, size))
    }

    /// Finds a hole, in the context's own block or another with holes.
    fn recycle(&self, context: &mut Context, size: usize) -> bool {
        loop {
            if context.block == 0 {
                let Some(block) = self.blocks.take_recyclable(&mut self.supply.lock()) else {
                    return false;
                };
                context.block = block + 1;
            }
            while let Some(hole) = self.blocks.take_hole::<R>(context.block - 1) {
                if hole.end - hole.start >= size {
                    self.use_hole(context, hole, size, false);
                    return true;
                }
                self.blocks.skip_hole(hole);
            }
            context.block = 0;
        }
    }

    /// Takes an unused block. It is one hole, so the context need not own it beyond this.
    fn take_block(&self, context: &mut Context, size: usize) -> bool {
        let taken = self.blocks.take_free(&mut self.supply.lock(), &self.runtime, &self.account);
        let Some((block, is_zero)) = taken else { return false };
        let hole = self.blocks.take_hole::<R>(block).expect("an unused block is one hole");
        self.use_hole(context, hole, size, is_zero);
        true
    }

    fn use_hole(&self, context: &mut Context, hole: Hole, size: usize, is_zero: bool) {
        // Under stress no more than is needed is cleared: the next collection is near.
        let whole = hole.end - hole.start;
        let bytes = if self.stress == Some(1) { size } else { whole };
        if !is_zero {
            self.blocks.zero_hole(hole, bytes);
        }
        context.pointer = hole.start + HEADER;
        context.limit = context.pointer + bytes;
        context.acquired += bytes as u64;
        self.count_allocated(bytes);
    }

    fn allocate_large(
        &self,
        context: &mut Context,
        size: usize,
        contents: Contents,
    ) -> Option<usize> {
        let is_zeroed = contents == Contents::Zeroed;
        let allocate = || {
            self.large.allocate(
                &mut self.large_supply.lock(),
                size,
                is_zeroed,
                &self.runtime,
                &self.account,
            )
        };
        let object = allocate().or_else(|| if self.release_idle() { allocate() } else { None })?;
        context.acquired += size as u64;
        self.count_allocated(size);
        Some(object)
    }

    fn count_allocated(&self, bytes: usize) {
        self.since_collection.fetch_add(bytes, Relaxed);
        self.acquired.fetch_add(bytes as u64, Relaxed);
    }

    /// Short of memory: gives back what one space holds unused, for the other; returns whether
    /// there was anything.
    fn release_idle(&self) -> bool {
        let pages = self.large.release(
            &mut self.large_supply.lock(),
            usize::MAX - BLOCK,
            &self.runtime,
            &self.account,
        );
        let mut supply = self.supply.lock();
        let blocks = self.blocks.release(usize::MAX - BLOCK, &self.runtime, &self.account);
        supply.reset();
        pages + blocks != 0
    }
}
