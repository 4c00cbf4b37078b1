//! Bytes at an address, and a cursor over them.

/// A read-only part of the image.
#[derive(Clone, Copy, Debug)]
pub struct Image<'a> {
    /// Address of the first byte.
    pub base: usize,
    /// The bytes.
    pub bytes: &'a [u8],
}

impl<'a> Image<'a> {
    /// A cursor at an address.
    pub fn at(self, address: usize) -> Reader<'a> {
        Reader { image: self, at: address.wrapping_sub(self.base) }
    }

    /// The bytes from an address to the end.
    pub fn from(self, address: usize) -> &'a [u8] {
        self.bytes.get(address.wrapping_sub(self.base)..).unwrap_or_default()
    }
}

/// A cursor. Reading past the end gives `None`, and so does everything that follows.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    image: Image<'a>,
    at: usize,
}

impl<'a> Reader<'a> {
    /// The address of the next byte.
    pub fn address(&self) -> usize {
        self.image.base.wrapping_add(self.at)
    }

    /// The next `count` bytes.
    pub fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let end = self.at.checked_add(count)?;
        let bytes = self.image.bytes.get(self.at..end)?;
        self.at = end;
        Some(bytes)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (bytes, _) = self.image.bytes.get(self.at..)?.split_first_chunk()?;
        self.at += N;
        Some(*bytes)
    }

    /// The next byte.
    pub fn u8(&mut self) -> Option<u8> {
        let byte = *self.image.bytes.get(self.at)?;
        self.at += 1;
        Some(byte)
    }

    /// The next two bytes.
    pub fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    /// The next four bytes.
    pub fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    /// The next four bytes, signed.
    pub fn i32(&mut self) -> Option<i32> {
        self.array().map(i32::from_le_bytes)
    }

    /// The address that a 32-bit pointer relative to itself names; `None` also for a null one.
    pub fn relative(&mut self) -> Option<usize> {
        let base = self.address();
        let offset = self.i32()?;
        (offset != 0).then(|| base.wrapping_add_signed(offset as isize))
    }

    /// An unsigned LEB128 number.
    pub fn uleb(&mut self) -> Option<u64> {
        let (mut value, mut shift) = (0_u64, 0);
        loop {
            let byte = self.u8()?;
            value |= u64::from(byte & 0x7f).checked_shl(shift).unwrap_or(0);
            shift += 7;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
    }

    /// A signed LEB128 number.
    pub fn sleb(&mut self) -> Option<i64> {
        let (mut value, mut shift) = (0_i64, 0);
        loop {
            let byte = self.u8()?;
            value |= i64::from(byte & 0x7f).checked_shl(shift).unwrap_or(0);
            shift += 7;
            if byte & 0x80 == 0 {
                let negative = byte & 0x40 != 0 && shift < i64::BITS;
                return Some(if negative { value | -1 << shift } else { value });
            }
        }
    }

    /// A number in the class library's own encoding: the low bits of the first byte give the length.
    pub fn native_unsigned(&mut self) -> Option<u32> {
        let first = u32::from(self.u8()?);
        Some(match first.trailing_ones() {
            0 => first >> 1,
            1 => (first | u32::from(self.u8()?) << 8) >> 2,
            2 => (first | u32::from(self.u16()?) << 8) >> 3,
            3 => {
                let middle = u32::from(self.u16()?) << 8;
                (first | middle | u32::from(self.u8()?) << 24) >> 4
            }
            _ => self.u32()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Image;

    #[test]
    fn numbers_of_every_encoding_are_read() {
        let bytes = [0xe5, 0x8e, 0x26, 0x7f, 0x80, 0x7f, 0x3f, 0xc0, 0x00];
        let mut reader = Image { base: 0x1000, bytes: &bytes }.at(0x1000);
        assert_eq!(reader.uleb(), Some(624_485));
        assert_eq!(reader.sleb(), Some(-1));
        assert_eq!(reader.sleb(), Some(-128));
        assert_eq!(reader.sleb(), Some(63));
        assert_eq!(reader.sleb(), Some(64));
        assert_eq!((reader.u8(), reader.uleb()), (None, None));
    }

    #[test]
    fn native_numbers_have_one_to_five_bytes() {
        let bytes = [0x54, 0xa9, 0x01, 0x23, 0x01, 0x10, 0x07, 0x00, 0x00, 0x10, 0x0f, 1, 2, 3, 4];
        let mut reader = Image { base: 0, bytes: &bytes }.at(0);
        let values: [_; 5] = core::array::from_fn(|_| reader.native_unsigned());
        assert_eq!(
            values,
            [Some(42), Some(0x1a9 >> 2), Some(0x10_0123 >> 3), Some(0x100_0000), Some(0x0403_0201)]
        );
        assert_eq!(reader.native_unsigned(), None);
    }

    #[test]
    fn relative_pointers_name_addresses() {
        let bytes = [0, 0, 0, 0, 0xfc, 0xff, 0xff, 0xff];
        let image = Image { base: 0x1000, bytes: &bytes };
        assert_eq!(image.at(0x1000).relative(), None);
        assert_eq!(image.at(0x1004).relative(), Some(0x1000));
        assert_eq!(image.at(0x1006).relative(), None);
        assert_eq!(image.at(0xfff).u8(), None);
    }
}
