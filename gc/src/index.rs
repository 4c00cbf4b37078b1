//! From a pointer into the middle of an object to the object.
//!
//! Objects that survived the last collection are found by their old mark bits: the nearest bit at
//! or before the address. Objects born since lie in holes; a block in which the collector has to
//! look for one is walked once per collection, and the starts of all its objects, old and new, go
//! to a bitmap of its own, so that further look-ups in that block cost a few instructions.

use crate::block::{BLOCK, Blocks, State, WORDS};
use crate::memory::{Account, Memory};
use crate::{HEADER, Runtime};
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// How much of the bitmap is taken; one per collection.
#[derive(Default)]
pub(crate) struct Index {
    used: usize,
}

impl Blocks {
    /// The object with `object <= address <= end of object` that existed when this collection
    /// began. (A managed pointer may point just past the last element of an array.)
    ///
    /// Only while marking: old objects are those of the previous marks.
    pub(crate) fn object_at<R: Runtime>(
        &self,
        address: usize,
        index: &mut Index,
        memory: &R,
        account: &Account,
    ) -> Option<usize> {
        // The byte before decides, since `address` may be the first byte of the next block.
        let block = self.block_of(address.checked_sub(1)?)?;
        let base = self.address(block);
        let granule = ((address - base) / 8).min(BLOCK / 8 - 1);
        let found = match self.state(block) {
            State::Clean | State::Zeroed | State::Free => return None,
            State::Full | State::Recyclable => {
                last_bit(self.words(self.previous_marks(), block), granule)
            }
            State::Owned => match self.indexed::<R>(block, index, memory, account) {
                Some(words) => last_bit(words, granule),
                None => self.search::<R>(block, granule),
            },
        };
        let object = base + found? * 8;
        (address <= object - HEADER + R::size(object)).then_some(object)
    }

    /// The start bits of all objects of an owned block; `None` when there is no memory for them.
    fn indexed<R: Runtime>(
        &self,
        block: usize,
        index: &mut Index,
        memory: &R,
        account: &Account,
    ) -> Option<&[AtomicU64]> {
        let slot = self.index_slots.get(block);
        let known = slot.load(Relaxed) as usize;
        if known != 0 {
            return Some(self.index_bits.slice((known - 1) * WORDS, WORDS));
        }
        if !self.index_bits.ensure(memory, account, (index.used + 1) * WORDS) {
            return None;
        }
        let words = self.index_bits.slice(index.used * WORDS, WORDS);
        let old = self.words(self.previous_marks(), block);
        for (word, old) in words.iter().zip(old) {
            word.store(old.load(Relaxed), Relaxed);
        }
        let base = self.address(block);
        self.each_new::<R>(block, |object| {
            let granule = (object - base) / 8;
            words[granule / 64].fetch_or(1 << (granule % 64), Relaxed);
        });
        index.used += 1;
        slot.store(index.used as u32, Relaxed);
        Some(words)
    }

    /// Visits the objects allocated in an owned block since the last collection. While marking.
    fn each_new<R: Runtime>(&self, block: usize, mut visit: impl FnMut(usize)) {
        let mut line = 0;
        while line < self.cursor(block)
            && let Some(hole) = self.next_hole::<R>(self.previous_marks(), block, line)
            && hole.next_line <= self.cursor(block)
        {
            self.new_objects::<R>(hole, &mut visit);
            line = hole.next_line;
        }
    }

    /// As a look-up in the index, without an index.
    fn search<R: Runtime>(&self, block: usize, granule: usize) -> Option<usize> {
        let base = self.address(block);
        let mut found = last_bit(self.words(self.previous_marks(), block), granule);
        self.each_new::<R>(block, |object| {
            let start = (object - base) / 8;
            if start <= granule {
                found = found.max(Some(start));
            }
        });
        found
    }

    /// Gives the bitmap's memory back, but for what a usual collection needs.
    pub(crate) fn end_marking(&self, memory: &impl Memory, account: &Account) {
        self.index_bits.trim(memory, account, 64 * WORDS);
    }
}

/// The last set bit at or before a position.
fn last_bit(words: &[AtomicU64], position: usize) -> Option<usize> {
    let mut n = position / 64;
    let mut word = words[n].load(Relaxed) & (u64::MAX >> (63 - position % 64));
    loop {
        if word != 0 {
            return Some(n * 64 + 63 - word.leading_zeros() as usize);
        }
        n = n.checked_sub(1)?;
        word = words[n].load(Relaxed);
    }
}
