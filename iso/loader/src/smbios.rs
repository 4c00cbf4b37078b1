//! SMBIOS entry points: where the tables lie that they announce (SMBIOS 3.6, 5.2).

use crate::bytes::{u16_at, u32_at, u64_at};
use core::ops::Range;

/// The bytes of an entry point that are needed to read it.
pub const ENTRY_SIZE: usize = 32;

/// The table area of a 32-bit entry point.
#[must_use]
pub fn tables_32(entry: &[u8]) -> Option<Range<u64>> {
    if !entry.starts_with(b"_SM_") {
        return None;
    }
    let start = u64::from(u32_at(entry, 24)?);
    Some(start..start + u64::from(u16_at(entry, 22)?))
}

/// The table area of a 64-bit entry point.
#[must_use]
pub fn tables_64(entry: &[u8]) -> Option<Range<u64>> {
    if !entry.starts_with(b"_SM3_") {
        return None;
    }
    let start = u64_at(entry, 16)?;
    Some(start..start.checked_add(u64::from(u32_at(entry, 12)?))?)
}

#[cfg(test)]
mod tests {
    use super::{tables_32, tables_64};

    #[test]
    fn table_areas_are_read() {
        let mut entry = [0; 32];
        entry[..5].copy_from_slice(b"_SM3_");
        entry[12] = 0x10;
        entry[17] = 0x20;
        assert_eq!(tables_64(&entry), Some(0x2000..0x2010));
        assert_eq!(tables_32(&entry), None);
        entry[..5].copy_from_slice(b"_SM_\0");
        entry[22] = 4;
        entry[25] = 0x30;
        assert_eq!(tables_32(&entry), Some(0x3000..0x3004));
        assert_eq!(tables_64(&entry[..4]), None);
    }
}
