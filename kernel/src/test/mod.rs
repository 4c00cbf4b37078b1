//! What tests share.

/// How often to repeat: `count`, but under Miri, which is a thousand times slower, a fraction of it.
pub(crate) const fn rounds(count: u64) -> u64 {
    if cfg!(miri) { count / 100 } else { count }
}

/// A small generator (SplitMix64): the same seed gives the same case again.
#[derive(Debug)]
pub(crate) struct Random(u64);

impl Random {
    /// Starts a sequence.
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Any number.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `limit`.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    /// A number from where mistakes live: small, near a power of two, near the end of user space.
    pub(crate) fn interesting(&mut self) -> u64 {
        let near = (self.next() % 17).wrapping_sub(8);
        match self.next() % 6 {
            0 => self.next() % 32,
            1 => (1_u64 << (self.next() % 64)).wrapping_add(near),
            2 => (abi::memory::USER_END as u64).wrapping_add(near.wrapping_mul(self.next() % 4096)),
            3 => u64::MAX.wrapping_sub(self.next() % 5000),
            4 => (self.next() % 64) * 4096,
            _ => self.next(),
        }
    }
}

mod calls;
mod fuzz;
mod interrupts;
mod life;
mod pressure;
pub(crate) mod rig;
mod streams;
