//! The heap's invariants, checked. Slow; for tests and the verify mode.

use crate::block::{BLOCK, State};
use crate::{HEADER, Heap, MIN_OBJECT, Runtime, Slot};

/// What is wrong with a heap.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Defect {
    /// A live object begins before its predecessor ends, leaves its block, or has a bad size.
    Extent {
        /// The object.
        object: usize,
        /// Its size.
        size: usize,
        /// Where its predecessor ends.
        end_of_last: usize,
    },
    /// An object lies in a block that is said to be unused.
    Unused {
        /// The object.
        object: usize,
    },
    /// A live object references something that is not a live object.
    Dangling {
        /// The object that holds the reference.
        holder: usize,
        /// The reference.
        reference: usize,
    },
    /// A handle references something that is not a live object.
    Handle {
        /// The reference.
        reference: usize,
    },
    /// The finalization queues hold something that is not a live object.
    Finalization {
        /// The reference.
        reference: usize,
    },
    /// The large-object tables contradict each other.
    Large,
}

impl<R: Runtime> Heap<R> {
    /// Checks everything that must hold right after a collection, the world still stopped.
    ///
    /// # Errors
    ///
    /// The first defect found.
    pub fn verify(&self) -> Result<(), Defect> {
        for block in 0..self.blocks.top() {
            self.verify_block(block)?;
        }
        if !self.large.is_consistent::<R>(&self.large_supply.lock()) {
            return Err(Defect::Large);
        }
        let mut defect = None;
        self.each_marked(|holder| {
            if !R::has_references(holder) {
                return;
            }
            R::scan(holder, |slot: Slot| {
                let reference = slot.load();
                if !self.is_live_or_outside(reference) {
                    defect = Some(Defect::Dangling { holder, reference });
                }
            });
        });
        self.handles.lock().each_reference(|reference| {
            if !self.is_live_or_outside(reference) {
                defect = Some(Defect::Handle { reference });
            }
        });
        let finalization = self.finalization.lock();
        let mut check = |reference| {
            if !self.is_live_or_outside(reference) {
                defect = Some(Defect::Finalization { reference });
            }
        };
        finalization.each_registered(&mut check);
        finalization.each_ready(&mut check);
        defect.map_or(Ok(()), Err)
    }

    fn is_live_or_outside(&self, reference: usize) -> bool {
        !self.contains(reference) || self.age(reference).is_some_and(|age| age > 0)
    }

    fn verify_block(&self, block: usize) -> Result<(), Defect> {
        let is_used = match self.blocks.state(block) {
            State::Full | State::Recyclable => true,
            State::Clean | State::Zeroed | State::Free | State::Owned => false,
        };
        let base = self.blocks.address(block);
        let mut end_of_last = base;
        let mut result = Ok(());
        self.blocks.live_objects(block, |object| {
            let size = R::size(object);
            let start = object - HEADER;
            let has_good_size = size.is_multiple_of(8) && size >= MIN_OBJECT;
            if !has_good_size || start < end_of_last || start + size > base + BLOCK {
                result = Err(Defect::Extent { object, size, end_of_last });
            } else if !is_used {
                result = Err(Defect::Unused { object });
            }
            end_of_last = start + size;
        });
        result
    }

    /// Visits address and size of every object that survived the last collection.
    pub fn each_survivor(&self, mut visit: impl FnMut(usize, usize)) {
        self.each_marked(|object| visit(object, R::size(object)));
    }
}
