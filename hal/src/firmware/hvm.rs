//! The start information of a PVH boot (Xen's `hvm_start_info`, version 1).

/// `hvm_start_info::magic`.
const MAGIC: u32 = 0x336e_c578;
/// The version that added the memory map.
const WITH_MAP: u32 = 1;
/// Length of the structure in that version.
pub(crate) const LENGTH: usize = 56;
/// Length of an entry of the module list, and of one of the memory map.
pub(crate) const MODULE_LENGTH: usize = 32;
pub(crate) const ENTRY_LENGTH: usize = 24;

/// `type` of memory map entries.
pub(crate) const RAM: u32 = 1;
pub(crate) const ACPI: u32 = 3;
pub(crate) const ACPI_NVS: u32 = 4;

/// The fields that we use; addresses are physical.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct StartInfo {
    pub(crate) modules: u64,
    pub(crate) module_count: usize,
    pub(crate) command_line: u64,
    pub(crate) rsdp: u64,
    pub(crate) map: u64,
    pub(crate) map_count: usize,
}

/// A memory map entry.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Entry {
    pub(crate) start: u64,
    pub(crate) len: u64,
    pub(crate) kind: u32,
}

impl StartInfo {
    /// Reads the structure; none when it is not one, or too old to have a memory map.
    pub(crate) fn parse(bytes: &[u8; LENGTH]) -> Option<Self> {
        if word(bytes, 0) != MAGIC || word(bytes, 4) < WITH_MAP {
            return None;
        }
        Some(Self {
            module_count: word(bytes, 12) as usize,
            modules: long(bytes, 16),
            command_line: long(bytes, 24),
            rsdp: long(bytes, 32),
            map: long(bytes, 40),
            map_count: word(bytes, 48) as usize,
        })
    }
}

/// Start and length of the module that an entry of the module list describes.
pub(crate) fn module(bytes: &[u8; MODULE_LENGTH]) -> (u64, u64) {
    (long(bytes, 0), long(bytes, 8))
}

/// An entry of the memory map.
pub(crate) fn entry(bytes: &[u8; ENTRY_LENGTH]) -> Entry {
    Entry { start: long(bytes, 0), len: long(bytes, 8), kind: word(bytes, 16) }
}

fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes were taken"))
}

fn long(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes were taken"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start_info(magic: u32, version: u32) -> [u8; LENGTH] {
        let mut bytes = [0; LENGTH];
        bytes[0..4].copy_from_slice(&magic.to_le_bytes());
        bytes[4..8].copy_from_slice(&version.to_le_bytes());
        bytes[12..16].copy_from_slice(&2_u32.to_le_bytes());
        for (at, value) in [(16, 0x1000_u64), (24, 0x2000), (32, 0x3000), (40, 0x4000)] {
            bytes[at..at + 8].copy_from_slice(&value.to_le_bytes());
        }
        bytes[48..52].copy_from_slice(&9_u32.to_le_bytes());
        bytes
    }

    #[test]
    fn the_fields_are_where_xen_puts_them() {
        let expected = StartInfo {
            modules: 0x1000,
            module_count: 2,
            command_line: 0x2000,
            rsdp: 0x3000,
            map: 0x4000,
            map_count: 9,
        };
        assert_eq!(StartInfo::parse(&start_info(MAGIC, 1)), Some(expected));
    }

    #[test]
    fn something_else_and_version_0_are_refused() {
        assert_eq!(StartInfo::parse(&start_info(MAGIC + 1, 1)), None);
        assert_eq!(StartInfo::parse(&start_info(MAGIC, 0)), None);
    }

    #[test]
    fn entries_are_read() {
        let mut bytes = [0; ENTRY_LENGTH];
        bytes[1] = 0x10;
        bytes[9] = 0x20;
        bytes[16] = 3;
        assert_eq!(entry(&bytes), Entry { start: 0x1000, len: 0x2000, kind: ACPI });
        for kind in [RAM, ACPI_NVS] {
            bytes[16] = kind as u8;
            assert_eq!(entry(&bytes).kind, kind);
        }
        let mut bytes = [0; MODULE_LENGTH];
        bytes[2] = 0x30;
        bytes[8] = 0x40;
        assert_eq!(module(&bytes), (0x30_0000, 0x40));
    }
}
