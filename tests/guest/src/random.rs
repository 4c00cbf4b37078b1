//! A small generator (SplitMix64).

/// The generator.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    /// Any number.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `limit`.
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    /// An argument from where mistakes live.
    pub(crate) fn argument(&mut self) -> u64 {
        let near = self.below(17).wrapping_sub(8);
        match self.below(10) {
            0 => self.below(32),
            1 => (1_u64 << self.below(64)).wrapping_add(near),
            2 => (abi::memory::USER_END as u64).wrapping_add(near.wrapping_mul(self.below(4096))),
            3 => u64::MAX - self.below(5000),
            4 => self.below(64) * 4096,
            5 => 0x40_0000 + self.below(0x8000),
            6 => 0x10_0000_0000 + self.below(8192) * 4096,
            7 => 0x10_0000_0000 + self.below(64 << 20),
            8 => 0xffff_8000_0000_0000 + self.below(1 << 32),
            _ => self.next(),
        }
    }
}
