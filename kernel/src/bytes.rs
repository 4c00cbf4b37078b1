//! Little-endian numbers in byte slices: how structures of `abi` and files are read and written
//! without trusting their layout in memory. Reading past the end gives none, never a panic.

/// The two bytes at `offset`.
pub(crate) fn u16_at(bytes: &[u8], offset: usize) -> Option<u16> {
    array_at(bytes, offset).map(u16::from_le_bytes)
}

/// The four bytes at `offset`.
pub(crate) fn u32_at(bytes: &[u8], offset: usize) -> Option<u32> {
    array_at(bytes, offset).map(u32::from_le_bytes)
}

/// The eight bytes at `offset`.
pub(crate) fn u64_at(bytes: &[u8], offset: usize) -> Option<u64> {
    array_at(bytes, offset).map(u64::from_le_bytes)
}

/// The `N` bytes at `offset`.
pub(crate) fn array_at<const N: usize>(bytes: &[u8], offset: usize) -> Option<[u8; N]> {
    bytes.get(offset..)?.first_chunk().copied()
}

/// The `len` bytes at `offset`, both as found in a file.
pub(crate) fn slice_at(bytes: &[u8], offset: u64, len: u64) -> Option<&[u8]> {
    let start = usize::try_from(offset).ok()?;
    let end = start.checked_add(usize::try_from(len).ok()?)?;
    bytes.get(start..end)
}

/// A structure of `abi` being laid out field by field.
#[derive(Debug)]
pub(crate) struct Writer<const N: usize> {
    bytes: [u8; N],
    len: usize,
}

impl<const N: usize> Writer<N> {
    /// Starts an empty structure of `N` bytes.
    pub(crate) const fn new() -> Self {
        Self { bytes: [0; N], len: 0 }
    }

    /// Appends the bytes of a field.
    pub(crate) fn put(mut self, field: &[u8]) -> Self {
        self.bytes[self.len..self.len + field.len()].copy_from_slice(field);
        self.len += field.len();
        self
    }

    /// Appends a four-byte number.
    pub(crate) fn u32(self, value: u32) -> Self {
        self.put(&value.to_le_bytes())
    }

    /// Appends an eight-byte number.
    pub(crate) fn u64(self, value: u64) -> Self {
        self.put(&value.to_le_bytes())
    }

    /// Appends an address or length.
    pub(crate) fn size(self, value: usize) -> Self {
        self.u64(value as u64)
    }

    /// The finished structure.
    ///
    /// # Panics
    ///
    /// When fields are missing: a bug of ours that the first test meets.
    pub(crate) fn finish(self) -> [u8; N] {
        assert_eq!(self.len, N, "every byte of the structure was written");
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_past_the_end_are_none() {
        let bytes = [1, 0, 0, 0, 2];
        assert_eq!(u32_at(&bytes, 0), Some(1));
        assert_eq!(u32_at(&bytes, 2), None);
        assert_eq!(u16_at(&bytes, usize::MAX), None);
        assert_eq!(u64_at(&bytes, 0), None);
        assert_eq!(slice_at(&bytes, 4, 1), Some(&[2][..]));
        assert_eq!(slice_at(&bytes, u64::MAX, 2), None);
        assert_eq!(slice_at(&bytes, 1, u64::MAX), None);
    }

    #[test]
    fn a_structure_is_its_fields_in_order() {
        let bytes: [u8; 16] = Writer::new().u64(0x0102).u32(3).put(b"abcd").finish();
        assert_eq!(u64_at(&bytes, 0), Some(0x0102));
        assert_eq!(u32_at(&bytes, 8), Some(3));
        assert_eq!(&bytes[12..], b"abcd");
    }
}
