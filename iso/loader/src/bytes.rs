//! Little-endian numbers in byte slices, with every offset checked.

/// Returns the `N` bytes at `offset`, if they are all inside.
#[must_use]
pub fn array<const N: usize>(bytes: &[u8], offset: usize) -> Option<[u8; N]> {
    let end = offset.checked_add(N)?;
    bytes.get(offset..end)?.try_into().ok()
}

/// Reads a `u16`.
#[must_use]
pub fn u16_at(bytes: &[u8], offset: usize) -> Option<u16> {
    array(bytes, offset).map(u16::from_le_bytes)
}

/// Reads a `u32`.
#[must_use]
pub fn u32_at(bytes: &[u8], offset: usize) -> Option<u32> {
    array(bytes, offset).map(u32::from_le_bytes)
}

/// Reads a `u64`.
#[must_use]
pub fn u64_at(bytes: &[u8], offset: usize) -> Option<u64> {
    array(bytes, offset).map(u64::from_le_bytes)
}

/// Writes a `u64`; says whether it was inside.
#[must_use]
pub fn put_u64(bytes: &mut [u8], offset: usize, value: u64) -> bool {
    let Some(end) = offset.checked_add(8) else { return false };
    match bytes.get_mut(offset..end) {
        Some(place) => {
            place.copy_from_slice(&value.to_le_bytes());
            true
        }
        None => false,
    }
}

/// Rounds up to a multiple of `unit`, a power of two.
#[must_use]
pub fn round_up(value: u64, unit: u64) -> Option<u64> {
    Some(value.checked_add(unit - 1)? & !(unit - 1))
}

/// Rounds down to a multiple of `unit`, a power of two.
#[must_use]
pub const fn round_down(value: u64, unit: u64) -> u64 {
    value & !(unit - 1)
}

#[cfg(test)]
mod tests {
    use super::{put_u64, round_down, round_up, u16_at, u32_at, u64_at};

    #[test]
    fn numbers_are_read_inside_only() {
        let bytes = [1, 2, 3, 4, 5, 6, 7, 8, 9];
        assert_eq!(u16_at(&bytes, 7), Some(0x0908));
        assert_eq!(u16_at(&bytes, 8), None);
        assert_eq!(u32_at(&bytes, usize::MAX), None);
        assert_eq!(u64_at(&bytes, 1), Some(0x0908_0706_0504_0302));
        assert_eq!(u64_at(&bytes, 2), None);
    }

    #[test]
    fn numbers_are_written_inside_only() {
        let mut bytes = [0; 9];
        assert!(put_u64(&mut bytes, 1, 0x0102));
        assert_eq!(bytes, [0, 2, 1, 0, 0, 0, 0, 0, 0]);
        assert!(!put_u64(&mut bytes, 2, 1));
        assert!(!put_u64(&mut bytes, usize::MAX - 3, 1));
    }

    #[test]
    fn rounding_reports_overflow() {
        assert_eq!(round_up(4097, 4096), Some(8192));
        assert_eq!(round_up(4096, 4096), Some(4096));
        assert_eq!(round_up(u64::MAX, 4096), None);
        assert_eq!(round_down(4097, 4096), 4096);
    }
}
