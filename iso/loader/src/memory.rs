//! The memory map: from what the firmware says to what the protocol promises.
//!
//! A [`Map`] is sorted, page-aligned and free of overlaps, always. Regions are painted onto it one
//! after the other; which kinds a new one may cover is said with each.

use crate::Error;
use crate::bytes::{round_down, round_up, u32_at, u64_at};
use alloc::vec::Vec;

/// Size of a page.
pub const PAGE: u64 = 4096;

/// What memory is for; the values are the protocol's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum Kind {
    /// Free.
    Usable = 0,
    /// Not to be touched.
    Reserved = 1,
    /// ACPI tables, free once they have been read.
    AcpiReclaimable = 2,
    /// Belongs to the firmware's ACPI code.
    AcpiNvs = 3,
    /// Faulty.
    Bad = 4,
    /// Written by firmware or loader, free once the kernel no longer needs it.
    Reclaimable = 5,
    /// The kernel's image and the modules.
    Executable = 6,
    /// A framebuffer.
    Framebuffer = 7,
    /// Not to be reused, but mapped: firmware tables, runtime services.
    ReservedMapped = 8,
}

impl Kind {
    /// Who wins where the firmware's own map overlaps itself: the more careful.
    const fn caution(self) -> u8 {
        match self {
            Self::Usable => 0,
            Self::Reclaimable => 1,
            Self::Executable => 2,
            Self::AcpiReclaimable => 3,
            Self::ReservedMapped => 4,
            Self::AcpiNvs => 5,
            Self::Framebuffer => 6,
            Self::Reserved => 7,
            Self::Bad => 8,
        }
    }

    /// Says whether the direct map covers this kind.
    #[must_use]
    pub const fn is_mapped(self, revision: u64) -> bool {
        match self {
            Self::Usable | Self::Reclaimable | Self::Executable | Self::Framebuffer => true,
            Self::AcpiReclaimable | Self::AcpiNvs | Self::ReservedMapped => revision >= 4,
            Self::Reserved | Self::Bad => false,
        }
    }

    /// What a type of the UEFI memory map means (UEFI 2.10, 7.2.3).
    #[must_use]
    pub const fn of_firmware(number: u32, revision: u64) -> Self {
        match number {
            1..=4 => Self::Reclaimable,
            5 | 6 if revision >= 5 => Self::ReservedMapped,
            7 => Self::Usable,
            8 => Self::Bad,
            9 => Self::AcpiReclaimable,
            10 => Self::AcpiNvs,
            _ => Self::Reserved,
        }
    }
}

/// A range of physical addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    /// First address.
    pub base: u64,
    /// Address after the last.
    pub end: u64,
    /// What it is for.
    pub kind: Kind,
}

/// Regions in ascending order, without overlap, each a whole number of pages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Map {
    regions: Vec<Region>,
}

impl Map {
    /// Translates the firmware's memory map, an array of descriptors of `step` bytes.
    ///
    /// # Errors
    ///
    /// [`Error::Machine`] if the array is not one.
    pub fn of_firmware(bytes: &[u8], step: usize, revision: u64) -> Result<Self, Error> {
        if step < 40 {
            return Err(Error::Machine("the firmware's memory map is damaged"));
        }
        let mut map = Self::default();
        for descriptor in bytes.chunks_exact(step) {
            let (number, base, pages) =
                (u32_at(descriptor, 0), u64_at(descriptor, 8), u64_at(descriptor, 24));
            if let (Some(number), Some(base), Some(pages)) = (number, base, pages)
                && let Some(size) = pages.checked_mul(PAGE)
                && let Some(end) = base.checked_add(size)
            {
                let kind = Kind::of_firmware(number, revision);
                map.paint(base, end, kind, |old| old.caution() < kind.caution());
            }
        }
        Ok(map)
    }

    /// The regions.
    #[must_use]
    pub fn regions(&self) -> &[Region] {
        &self.regions
    }

    /// Gives the pages that `base..end` touches a kind: those that are in no region yet, and those
    /// whose kind `covers` accepts.
    pub fn paint(&mut self, base: u64, end: u64, kind: Kind, covers: impl Fn(Kind) -> bool) {
        let base = round_down(base, PAGE);
        let Some(end) = round_up(end, PAGE) else { return };
        if base >= end {
            return;
        }
        let mut result: Vec<Region> = Vec::with_capacity(self.regions.len() + 4);
        // Up to where the painted range has been dealt with.
        let mut painted = base;
        for &old in &self.regions {
            if old.base.max(base) >= old.end.min(end) {
                if old.base >= end {
                    push(&mut result, Region { base: painted, end, kind });
                    painted = end;
                }
                push(&mut result, old);
            } else if covers(old.kind) {
                push(&mut result, Region { end: base, ..old });
                if old.end > end {
                    push(&mut result, Region { base: painted, end, kind });
                    painted = end;
                    push(&mut result, Region { base: end, ..old });
                }
            } else {
                push(&mut result, Region { base: painted, end: old.base, kind });
                push(&mut result, old);
                painted = old.end;
            }
        }
        push(&mut result, Region { base: painted, end, kind });
        self.regions = result;
    }

    /// The kind of the page at an address.
    #[must_use]
    pub fn kind_at(&self, address: u64) -> Option<Kind> {
        let mut regions = self.regions.iter();
        regions.find(|region| (region.base..region.end).contains(&address)).map(|r| r.kind)
    }
}

/// Appends a region unless it is empty, joining it to the one before if they are alike.
fn push(regions: &mut Vec<Region>, region: Region) {
    if region.base >= region.end {
        return;
    }
    match regions.last_mut() {
        Some(last) if last.end == region.base && last.kind == region.kind => last.end = region.end,
        _ => regions.push(region),
    }
}

#[cfg(test)]
mod tests {
    use super::{Kind, Map, PAGE, Region};
    use alloc::{vec, vec::Vec};

    fn descriptor(kind: u32, base: u64, pages: u64) -> Vec<u8> {
        let mut bytes = vec![0; 48];
        bytes[..4].copy_from_slice(&kind.to_le_bytes());
        bytes[8..16].copy_from_slice(&base.to_le_bytes());
        bytes[24..32].copy_from_slice(&pages.to_le_bytes());
        bytes
    }

    fn region(base: u64, end: u64, kind: Kind) -> Region {
        Region { base: base * PAGE, end: end * PAGE, kind }
    }

    #[test]
    fn the_firmware_map_is_sorted_translated_and_joined() {
        let bytes = [
            descriptor(7, 0x10_0000, 16),
            descriptor(3, 0x11_0000, 1),
            descriptor(4, 0x11_1000, 1),
            descriptor(7, 0, 0xa0),
            descriptor(6, 0x20_0000, 1),
            descriptor(11, u64::MAX - 4095, u64::MAX),
        ]
        .concat();
        let map = Map::of_firmware(&bytes, 48, 6).expect("well formed");
        assert_eq!(
            map.regions(),
            [
                region(0, 0xa0, Kind::Usable),
                region(0x100, 0x110, Kind::Usable),
                region(0x110, 0x112, Kind::Reclaimable),
                region(0x200, 0x201, Kind::ReservedMapped),
            ]
        );
        let map = Map::of_firmware(&bytes, 48, 4).expect("well formed");
        assert_eq!(map.kind_at(0x20_0000), Some(Kind::Reserved));
        assert!(Map::of_firmware(&bytes, 39, 6).is_err());
    }

    #[test]
    fn where_the_firmware_contradicts_itself_care_wins() {
        let bytes = [descriptor(0, 0x2000, 2), descriptor(7, 0, 10)].concat();
        let map = Map::of_firmware(&bytes, 48, 6).expect("well formed");
        let expected =
            [region(0, 2, Kind::Usable), region(2, 4, Kind::Reserved), region(4, 10, Kind::Usable)];
        assert_eq!(map.regions(), expected);
    }

    #[test]
    fn painting_covers_only_what_it_may_and_fills_holes() {
        let mut map = Map::default();
        map.paint(0, 4 * PAGE, Kind::Usable, |_| true);
        map.paint(6 * PAGE, 8 * PAGE, Kind::AcpiNvs, |_| true);
        map.paint(PAGE + 1, 9 * PAGE - 1, Kind::Framebuffer, |old| old == Kind::Usable);
        assert_eq!(
            map.regions(),
            [
                region(0, 1, Kind::Usable),
                region(1, 6, Kind::Framebuffer),
                region(6, 8, Kind::AcpiNvs),
                region(8, 9, Kind::Framebuffer),
            ]
        );
    }

    #[test]
    fn any_painting_agrees_with_a_page_by_page_model() {
        const KINDS: [Kind; 4] = [Kind::Usable, Kind::Reserved, Kind::Executable, Kind::Bad];
        let mut state = 0x0123_4567_89ab_cdef_u64;
        let mut next = move |bound: u64| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 33) % bound
        };
        for _ in 0..if cfg!(miri) { 10 } else { 2_000 } {
            let mut map = Map::default();
            let mut model = [None; 32];
            for _ in 0..12 {
                let (base, length) = (next(32), next(12));
                let end = (base + length).min(32);
                let kind = KINDS[usize::try_from(next(4)).expect("small")];
                let spared = KINDS[usize::try_from(next(4)).expect("small")];
                map.paint(base * PAGE, end * PAGE, kind, |old| old != spared);
                for page in base..end {
                    let page = &mut model[usize::try_from(page).expect("small")];
                    if *page != Some(spared) {
                        *page = Some(kind);
                    }
                }
                for (page, kind) in (0..).zip(model) {
                    assert_eq!(map.kind_at(page * PAGE), kind);
                }
                for pair in map.regions().windows(2) {
                    assert!(pair[0].end <= pair[1].base);
                    assert!(pair[0].end < pair[1].base || pair[0].kind != pair[1].kind);
                }
            }
        }
    }
}
