//! A stream of bits.

/// Reads bits, lowest first. Past the end there are zeros, and `overrun` is set.
#[derive(Clone, Copy)]
pub(super) struct Bits<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) at: usize,
    pub(super) overrun: bool,
}

impl<'a> Bits<'a> {
    pub(super) fn read(&mut self, count: u32) -> u64 {
        let (byte, shift) = (self.at / 8, (self.at % 8) as u32);
        self.at += count as usize;
        let Some(window) = self.bytes.get(byte..).and_then(|rest| rest.first_chunk()) else {
            return self.read_near_end(byte, shift, count);
        };
        let value = u64::from_le_bytes(*window) >> shift;
        if shift + count > u64::BITS {
            return self.read_near_end(byte, shift, count);
        }
        if count == u64::BITS { value } else { value & ((1 << count) - 1) }
    }

    #[cold]
    fn read_near_end(&mut self, byte: usize, shift: u32, count: u32) -> u64 {
        let mut value = 0_u128;
        for index in 0..9 {
            let next = self.bytes.get(byte + index).copied();
            if next.is_none() && (index * 8) < (shift + count) as usize {
                self.overrun = true;
            }
            value |= u128::from(next.unwrap_or(0)) << (8 * index);
        }
        (value >> shift & ((1_u128 << count) - 1)) as u64
    }

    pub(super) fn bit(&mut self) -> bool {
        self.read(1) != 0
    }

    pub(super) fn unsigned(&mut self, base: u32) -> usize {
        self.groups(base).0 as usize
    }

    pub(super) fn signed(&mut self, base: u32) -> i64 {
        let (value, bits) = self.groups(base);
        let unused = u64::BITS.saturating_sub(bits);
        (value << unused).cast_signed() >> unused
    }

    /// Groups of `base` bits, each followed by a bit that says whether another one follows: their
    /// value, and how many bits it has.
    #[inline(never)] // has many callers; inlined everywhere it is 8 KB of every image
    fn groups(&mut self, base: u32) -> (u64, u32) {
        let (mut value, mut shift) = (0_u64, 0);
        loop {
            let group = self.read(base + 1);
            value |= (group & ((1 << base) - 1)).checked_shl(shift).unwrap_or(0);
            shift += base;
            if group >> base == 0 || self.overrun {
                return (value, shift);
            }
        }
    }
}
