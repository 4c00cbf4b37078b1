//! Who owns a physical frame: one bit each, so that a wrong allocator cannot give one out twice.

use core::mem::ManuallyDrop;
use core::sync::atomic::{AtomicU64, Ordering};

use super::{PAGE_SIZE, PhysAddr};
use crate::arch::{Arch, Machine};
use crate::boot::Region;
use crate::sync::Once;

/// A physical frame that belongs to the holder alone. Linear: it is given back with
/// [`release`](Self::release), mapped, or shared; dropping one is a bug and panics.
///
/// # Invariants
///
/// The frame's bit in the table is set, and no other `Frame` or mapping of this frame exists.
#[derive(Debug, Eq, PartialEq)]
#[must_use]
pub struct Frame(PhysAddr);

impl Frame {
    /// Takes the frame at `address` (rounded down to a page). None when it is taken already or is
    /// not memory that can be claimed.
    pub fn claim(address: PhysAddr) -> Option<Self> {
        let number = address.frame_number();
        TABLE.get()?.claim(number).then(|| Self(PhysAddr::of_frame(number)))
    }

    /// Gives the frame back; it can be claimed again.
    ///
    /// # Panics
    ///
    /// When the table says that nobody had it, which would be a bug in this crate.
    pub fn release(self) -> PhysAddr {
        let address = self.into_address();
        TABLE.get().expect("a frame was claimed from the table").release(address.frame_number());
        address
    }

    /// Its address.
    #[inline]
    pub fn address(&self) -> PhysAddr {
        self.0
    }

    /// Its contents: whatever the last owner left there.
    pub fn bytes(&self) -> &[u8; PAGE_SIZE] {
        // SAFETY: by the type's invariant nobody else reaches the frame, the window reaches all
        // memory that can be claimed, and any bytes are a valid array.
        unsafe { &*Machine::window(self.0).cast_const().cast() }
    }

    /// Its contents, to change.
    pub fn bytes_mut(&mut self) -> &mut [u8; PAGE_SIZE] {
        // SAFETY: as in `bytes`; `&mut self` makes the borrow unique.
        unsafe { &mut *Machine::window(self.0).cast() }
    }

    /// Fills it with zeros.
    pub fn zero(&mut self) {
        Machine::clear_page(self.bytes_mut());
    }

    /// Gives it up for ever, for everyone to read.
    pub fn share(self) -> Shared {
        // SAFETY: the only way to write it was this frame, which ends here.
        unsafe { Shared::new(self.into_address()) }
    }

    /// The address, with the duty to make a frame of it again.
    pub(crate) fn into_address(self) -> PhysAddr {
        ManuallyDrop::new(self).0
    }

    /// The frame at an address from [`into_address`](Self::into_address).
    ///
    /// # Safety
    ///
    /// Each such address may be used once, and only when nothing maps the frame any more.
    pub(crate) unsafe fn from_address(address: PhysAddr) -> Self {
        Self(address)
    }
}

impl Drop for Frame {
    fn drop(&mut self) {
        panic!("frame {} dropped instead of released", self.0);
    }
}

/// A physical page that nobody will write again.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Shared(PhysAddr);

impl Shared {
    /// The page at `address`.
    ///
    /// # Safety
    ///
    /// It must be page-aligned and never be written or claimed from now on.
    pub(crate) const unsafe fn new(address: PhysAddr) -> Self {
        Self(address)
    }

    /// Its address.
    pub const fn address(self) -> PhysAddr {
        self.0
    }
}

static TABLE: Once<FrameTable> = Once::new();

/// Makes `table` the machine's; the first one stays.
pub(crate) fn install(table: FrameTable) {
    TABLE.call_once(|| table);
}

/// One bit per frame from address zero: set while it cannot be claimed.
#[derive(Debug)]
pub(crate) struct FrameTable(&'static [AtomicU64]);

impl FrameTable {
    /// Words needed for memory that ends at `limit`.
    pub(crate) const fn words(limit: PhysAddr) -> usize {
        limit.frame_number().div_ceil(64)
    }

    /// A table in `words` where exactly the frames of `usable` can be claimed.
    pub(crate) fn new(words: &'static [AtomicU64], usable: &[Region]) -> Self {
        for word in words {
            word.store(u64::MAX, Ordering::Relaxed);
        }
        for region in usable {
            let (mut next, end) =
                (region.start.frame_number(), region.start.frame_number() + region.pages);
            while next < end {
                let bit = next % 64;
                let count = (64 - bit).min(end - next);
                let mask = (u64::MAX >> (64 - count)) << bit;
                words[next / 64].fetch_and(!mask, Ordering::Relaxed);
                next += count;
            }
        }
        Self(words)
    }

    fn claim(&self, number: usize) -> bool {
        let mask = 1 << (number % 64);
        self.0
            .get(number / 64)
            .is_some_and(|word| word.fetch_or(mask, Ordering::Acquire) & mask == 0)
    }

    fn release(&self, number: usize) {
        let mask = 1 << (number % 64);
        let before = self.0[number / 64].fetch_and(!mask, Ordering::Release);
        assert!(before & mask != 0, "frame {number:#x} released twice");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::boxed::Box;

    fn table(usable: &[Region]) -> FrameTable {
        let words = Box::leak(Box::new([const { AtomicU64::new(0) }; 4]));
        FrameTable::new(words, usable)
    }

    #[test]
    fn exactly_the_usable_frames_can_be_claimed_and_only_once() {
        let table = table(&[
            Region { start: PhysAddr::of_frame(3), pages: 5 },
            Region { start: PhysAddr::of_frame(60), pages: 140 },
        ]);
        for number in 0..300 {
            let usable = (3..8).contains(&number) || (60..200).contains(&number);
            assert_eq!(table.claim(number), usable, "{number}");
            assert!(!table.claim(number), "{number} again");
        }
    }

    #[test]
    fn a_released_frame_can_be_claimed_again() {
        let table = table(&[Region { start: PhysAddr::of_frame(63), pages: 2 }]);
        assert!(table.claim(64));
        table.release(64);
        assert!(table.claim(64) && table.claim(63));
    }

    #[test]
    #[should_panic(expected = "released twice")]
    fn releasing_twice_is_noticed() {
        let table = table(&[Region { start: PhysAddr::of_frame(0), pages: 1 }]);
        assert!(table.claim(0));
        table.release(0);
        table.release(0);
    }
}
