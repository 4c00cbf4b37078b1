//! Physical frames: which are free.
//!
//! Frames never used yet are known only as ranges, so that boot touches none of them. Frames given
//! back are kept on a stack whose nodes are free frames themselves: a node holds the addresses of up
//! to 510 others, so the list of free memory takes no memory.
//!
//! The kernel's own objects live in its heap, which takes frames for good, before they are needed
//! ([`super::heap`]): a service that takes every frame leaves the kernel able to handle its calls and
//! its end.

use core::sync::atomic::{AtomicUsize, Ordering};

use hal::boot::Region;
use hal::memory::{Frame, PAGE_SIZE, PhysAddr};
use hal::sync::SpinLock;

use crate::bytes::u64_at;

/// Addresses in a node of the stack; the first word of the node is the next node, the second how many.
const NODE: usize = PAGE_SIZE / 8 - 2;

/// All physical memory that the kernel gives out.
#[derive(Debug)]
pub(crate) struct Frames {
    pool: SpinLock<Pool>,
    /// Frames in the pool, less those promised.
    free: AtomicUsize,
    /// Frames that the kernel heap has taken.
    kernel: AtomicUsize,
    /// Frames there were at first.
    total: usize,
}

#[derive(Debug)]
struct Pool {
    /// Ranges that no frame was ever taken from, as far as `next` has come.
    unused: &'static [Region],
    /// Pages taken from the first of them.
    taken: usize,
    /// The top node, which is a free frame as well.
    top: Option<Frame>,
    /// Addresses in it.
    count: usize,
}

impl Frames {
    /// All of `regions`.
    pub(crate) fn new(regions: &'static [Region]) -> Self {
        let total = regions.iter().map(|region| region.pages).sum();
        let pool = Pool { unused: regions, taken: 0, top: None, count: 0 };
        Self {
            pool: SpinLock::new(pool),
            free: AtomicUsize::new(total),
            kernel: AtomicUsize::new(0),
            total,
        }
    }

    /// Frames there were at first.
    pub(crate) const fn total(&self) -> usize {
        self.total
    }

    /// Frames nobody has or was promised.
    pub(crate) fn free(&self) -> usize {
        self.free.load(Ordering::Relaxed)
    }

    /// Notes that the kernel heap has taken a frame.
    pub(crate) fn note_kernel_frame(&self) {
        self.kernel.fetch_add(1, Ordering::Relaxed);
    }

    /// Frames that no service has: free, or taken by the kernel heap.
    pub(crate) fn outside_services(&self) -> usize {
        self.free() + self.kernel.load(Ordering::Relaxed)
    }

    /// Promises `count` frames: as many calls of [`take`](Self::take) will succeed. False, and nothing
    /// promised, when there are not that many.
    pub(crate) fn promise(&self, count: usize) -> bool {
        let rest = |free: usize| free.checked_sub(count);
        count == 0 || self.free.fetch_update(Ordering::Relaxed, Ordering::Relaxed, rest).is_ok()
    }

    /// Takes back a promise of `count` frames.
    pub(crate) fn forgo(&self, count: usize) {
        self.free.fetch_add(count, Ordering::Relaxed);
    }

    /// A frame that was promised. Its contents are whatever was there.
    ///
    /// # Panics
    ///
    /// When more are taken than were promised.
    pub(crate) fn take(&self) -> Frame {
        self.pool.lock().pop().expect("a promised frame is there")
    }

    /// A frame, if there is one. Its contents are whatever was there.
    pub(crate) fn allocate(&self) -> Option<Frame> {
        self.promise(1).then(|| self.take())
    }

    /// Gives a frame back.
    pub(crate) fn release(&self, frame: Frame) {
        self.pool.lock().push(frame);
        self.free.fetch_add(1, Ordering::Relaxed);
    }
}

impl Pool {
    fn pop(&mut self) -> Option<Frame> {
        let Some(top) = &self.top else { return self.pop_unused() };
        if self.count > 0 {
            self.count -= 1;
            let address = u64_at(top.bytes(), 8 * (2 + self.count)).expect("inside the node");
            return Some(claim(PhysAddr(address)));
        }
        let word = |index: usize| u64_at(top.bytes(), 8 * index).expect("inside the node");
        let (below, count) = (word(0), word(1));
        let node = self.top.take();
        if below != 0 {
            self.top = Some(claim(PhysAddr(below)));
            self.count = count as usize;
        }
        node
    }

    fn pop_unused(&mut self) -> Option<Frame> {
        loop {
            let (region, rest) = self.unused.split_first()?;
            if self.taken < region.pages {
                let address = PhysAddr(region.start.0 + (self.taken * PAGE_SIZE) as u64);
                self.taken += 1;
                return Some(claim(address));
            }
            (self.unused, self.taken) = (rest, 0);
        }
    }

    fn push(&mut self, mut frame: Frame) {
        if self.count < NODE
            && let Some(top) = &mut self.top
        {
            let at = 8 * (2 + self.count);
            top.bytes_mut()[at..at + 8].copy_from_slice(&frame.release().0.to_le_bytes());
            self.count += 1;
            return;
        }
        // Address zero is never free memory, so it can mean that no node is below.
        let below = self.top.take().map_or(0, |node| node.release().0);
        let bytes = frame.bytes_mut();
        bytes[..8].copy_from_slice(&below.to_le_bytes());
        bytes[8..16].copy_from_slice(&(self.count as u64).to_le_bytes());
        self.top = Some(frame);
        self.count = 0;
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        if let Some(node) = self.top.take() {
            node.release();
        }
    }
}

fn claim(address: PhysAddr) -> Frame {
    Frame::claim(address).expect("a free frame belongs to nobody")
}
