//! The page table entry of x86_64: encoding only, so that it is tested everywhere.
//!
//! ```text
//! 63  62..52  51..12        11 10 9       8 7  6 5 4   3   2 1 0
//! NX  0       frame number  -  H  O       G PS D A PCD PWT U W P
//! ```
//!
//! `O` (owned: the frame goes with the mapping) and `H` (hidden: mapped without any access, so not
//! present to the CPU) are bits that the CPU ignores. A hidden entry keeps its frame number inverted,
//! so that a CPU that looks at entries which are not present finds no memory there (L1TF).

use super::{PhysAddr, Protection};

/// Levels of tables; the top one is `LEVELS - 1`.
pub(crate) const LEVELS: usize = 4;
/// Entries in a table.
pub(crate) const ENTRIES: usize = 512;
/// Entries of the top-level table that belong to a service; the others are the kernel's.
pub(crate) const USER_ENTRIES: usize = 256;

pub(crate) const PRESENT: u64 = 1 << 0;
pub(crate) const WRITE: u64 = 1 << 1;
pub(crate) const USER: u64 = 1 << 2;
pub(crate) const NO_EXECUTE: u64 = 1 << 63;
const OWNED: u64 = 1 << 9;
const HIDDEN: u64 = 1 << 10;
const ADDRESS: u64 = 0x000f_ffff_ffff_f000;

/// Index into the table of a level for an address.
pub(crate) const fn index(address: usize, level: usize) -> usize {
    (address >> (12 + 9 * level)) % ENTRIES
}

/// An entry's value.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Entry(pub(crate) u64);

impl Entry {
    /// Maps nothing.
    pub(crate) const EMPTY: Self = Self(0);

    /// An entry that leads to the table at `address`.
    pub(crate) const fn table(address: PhysAddr) -> Self {
        Self(address.0 | PRESENT | WRITE | USER)
    }

    /// A page of a service.
    pub(crate) const fn page(address: PhysAddr, protection: Protection, owned: bool) -> Self {
        let owned = if owned { OWNED } else { 0 };
        if protection.0 == Protection::NONE.0 {
            return Self((!address.0 & ADDRESS) | HIDDEN | owned);
        }
        let mut bits = PRESENT | USER | owned;
        if protection.0 & 2 != 0 {
            bits |= WRITE;
        }
        if protection.0 & 4 == 0 {
            bits |= NO_EXECUTE;
        }
        Self(address.0 | bits)
    }

    /// Whether it maps something, accessible or not.
    pub(crate) const fn is_mapped(self) -> bool {
        self.0 & (PRESENT | HIDDEN) != 0
    }

    /// Whether the CPU may use it.
    pub(crate) const fn is_present(self) -> bool {
        self.0 & PRESENT != 0
    }

    /// Whether its frame goes with the mapping.
    pub(crate) const fn is_owned(self) -> bool {
        self.0 & OWNED != 0
    }

    /// What it leads to.
    pub(crate) const fn address(self) -> PhysAddr {
        let bits = if self.is_present() { self.0 } else { !self.0 };
        PhysAddr(bits & ADDRESS)
    }

    /// What a service may do with the page.
    pub(crate) const fn protection(self) -> Protection {
        if !self.is_present() {
            return Protection::NONE;
        }
        let mut bits = Protection::READ.0;
        if self.0 & WRITE != 0 {
            bits |= Protection::WRITE.0;
        }
        if self.0 & NO_EXECUTE == 0 {
            bits |= Protection::EXECUTE.0;
        }
        Protection(bits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: PhysAddr = PhysAddr(0x000a_bcde_f012_3000);

    #[test]
    fn an_entry_says_what_was_put_in() {
        for protection in
            [Protection::NONE, Protection::READ, Protection::WRITE, Protection::EXECUTE]
        {
            for owned in [false, true] {
                let entry = Entry::page(FRAME, protection, owned);
                assert!(entry.is_mapped());
                assert_eq!(entry.is_present(), protection != Protection::NONE);
                assert_eq!(entry.is_owned(), owned);
                assert_eq!(entry.address(), FRAME);
                assert_eq!(entry.protection(), protection);
            }
        }
        assert!(!Entry::EMPTY.is_mapped() && !Entry::EMPTY.is_present());
    }

    #[test]
    fn only_execute_mappings_can_be_executed() {
        assert_eq!(Entry::page(FRAME, Protection::WRITE, true).0 >> 63, 1);
        assert_eq!(Entry::page(FRAME, Protection::READ, true).0 >> 63, 1);
        assert_eq!(Entry::page(FRAME, Protection::EXECUTE, true).0 >> 63, 0);
        assert_eq!(Entry::page(FRAME, Protection::EXECUTE, true).0 & WRITE, 0);
    }

    #[test]
    fn a_hidden_page_does_not_name_its_frame() {
        let entry = Entry::page(PhysAddr(0x1000), Protection::NONE, true);
        assert_eq!(entry.0 & PRESENT, 0);
        assert_ne!(entry.0 & ADDRESS, 0x1000);
    }

    #[test]
    fn indexes_cover_the_address() {
        let address = 0x7fff_1234_5000;
        assert_eq!(index(address, 3), 0xff);
        assert_eq!(index(address, 2), 0x1fc);
        assert_eq!(index(address, 1), 0x91);
        assert_eq!(index(address, 0), 0x145);
    }
}
