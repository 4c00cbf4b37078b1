//! Memory: the map, what is mapped where, and whether what is free is.

use crate::arch::{self, Entry};
use crate::report::Test;
use crate::requests::{IMAGE, MEMORY, STACK, WINDOW, revision};

/// A kind of memory, by the protocol's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kind(u64);

impl Kind {
    pub(crate) const USABLE: Self = Self(0);
    pub(crate) const ACPI_RECLAIMABLE: Self = Self(2);
    pub(crate) const ACPI_NVS: Self = Self(3);
    pub(crate) const RECLAIMABLE: Self = Self(5);
    pub(crate) const EXECUTABLE: Self = Self(6);
    pub(crate) const FRAMEBUFFER: Self = Self(7);
    pub(crate) const RESERVED_MAPPED: Self = Self(8);

    fn is_mapped(self, revision: u64) -> bool {
        match self {
            Self::USABLE | Self::RECLAIMABLE | Self::EXECUTABLE | Self::FRAMEBUFFER => true,
            Self::ACPI_RECLAIMABLE | Self::ACPI_NVS | Self::RESERVED_MAPPED => revision >= 4,
            _ => false,
        }
    }
}

/// A region of the map.
#[derive(Clone, Copy)]
pub(crate) struct Region {
    base: u64,
    end: u64,
    kind: Kind,
}

/// What most tests need.
pub(crate) struct Facts {
    /// Where physical memory is mapped.
    pub window: u64,
    /// The base revision.
    pub revision: u64,
}

impl Facts {
    /// Reads them; a missing answer shows as zero, and the tests of that answer fail.
    pub(crate) fn new() -> Self {
        let window = WINDOW.get_response().map_or(0, |response| response.offset());
        Self { window, revision: revision() }
    }

    /// The regions of the map.
    pub(crate) fn regions(&self) -> impl Iterator<Item = Region> {
        let entries = MEMORY.get_response().map_or(&[][..], |response| response.entries());
        entries.iter().map(|entry| {
            let kind = core::ptr::from_ref(&entry.entry_type).cast::<u64>();
            // SAFETY: the type is a transparent wrapper of a number, which it does not show.
            let kind = Kind(unsafe { kind.read() });
            Region { base: entry.base, end: entry.base + entry.length, kind }
        })
    }

    /// The kind of a physical address.
    pub(crate) fn kind_at(&self, address: u64) -> Option<Kind> {
        let mut regions = self.regions();
        regions.find(|it| (it.base..it.end).contains(&address)).map(|it| it.kind)
    }

    /// Whether a range of the direct map is mapped at the right physical addresses.
    pub(crate) fn is_mapped(&self, address: u64, size: u64) -> bool {
        let pages = (address & !4095..address + size).step_by(4096);
        address >= self.window
            && pages.into_iter().all(|page| {
                let mapping = arch::walk(self.window, page);
                mapping.is_some_and(|mapping| mapping.physical == page - self.window)
            })
    }
}

/// Bytes that the loader points to.
pub(crate) fn bytes(address: u64, size: u64) -> &'static [u8] {
    let start = core::ptr::with_exposed_provenance(address as usize);
    // SAFETY: the callers have the address from the loader, whose answers lie in memory that is
    // mapped and that nobody writes; if it is not mapped, the test run ends without `DONE`.
    unsafe { core::slice::from_raw_parts(start, size as usize) }
}

/// The physical address of a part of the image.
pub(crate) fn image_physical(address: u64) -> u64 {
    IMAGE.get_response().map_or(0, |it| it.physical_base() + (address - it.virtual_base()))
}

pub(crate) fn map(t: &mut Test, facts: &Facts) {
    let mut end = 0;
    let mut usable = 0;
    for region in facts.regions() {
        let Region { base, end: next, kind } = region;
        t.expect(base >= end && next > base, format_args!("{base:#x}..{next:#x} is out of order"));
        if kind == Kind::USABLE || kind == Kind::RECLAIMABLE {
            let is_whole = base.is_multiple_of(4096) && next.is_multiple_of(4096);
            t.expect(is_whole, format_args!("{base:#x}..{next:#x} is not whole pages"));
        }
        if kind == Kind::USABLE {
            usable += next - base;
        }
        let newest = if facts.revision >= 4 { Kind::RESERVED_MAPPED } else { Kind::FRAMEBUFFER };
        t.expect(kind.0 <= newest.0, format_args!("{base:#x} is of kind {kind:?}"));
        end = next;
    }
    t.expect(usable > 16 << 20, format_args!("only {usable} bytes are usable"));
    let root = facts.kind_at(arch::root());
    t.expect(root == Some(Kind::RECLAIMABLE), format_args!("the page tables are of kind {root:?}"));
}

pub(crate) fn direct_map(t: &mut Test, facts: &Facts) {
    for region in facts.regions() {
        let is_mapped = region.kind.is_mapped(facts.revision);
        // A reserved region may be huge, and its ends tell enough.
        let step = if is_mapped { 4096 } else { 1 << 20 };
        for physical in (region.base..region.end).step_by(step) {
            let mapping = arch::walk(facts.window, facts.window + physical);
            let is_right = match mapping {
                Some(it) => {
                    is_mapped && it.physical == physical && it.write && it.execute && !it.user
                }
                None => !is_mapped,
            };
            t.expect(is_right, format_args!("{physical:#x} of kind {:?}", region.kind));
            let cache = if region.kind == Kind::FRAMEBUFFER { 5 } else { 0 };
            let is_right = mapping.is_none_or(|mapping| mapping.cache == cache);
            t.expect(is_right, format_args!("{physical:#x} is cached wrongly"));
        }
    }
    for address in [0x1000, 0x10_0000, 0xfee0_0000] {
        let is_free = arch::walk(facts.window, address).is_none();
        t.expect(is_free, format_args!("{address:#x} is mapped at its own address"));
    }
}

pub(crate) fn image(t: &mut Test, facts: &Facts) {
    unsafe extern "C" {
        static __text_start: u8;
        static __text_end: u8;
        static __rodata_end: u8;
        static __data_end: u8;
    }
    let [text, rodata, data, end] = [
        &raw const __text_start,
        &raw const __text_end,
        &raw const __rodata_end,
        &raw const __data_end,
    ]
    .map(|symbol| symbol.addr() as u64);
    let Some(place) = IMAGE.get_response() else {
        return t.expect(false, format_args!("no answer"));
    };
    t.expect(place.virtual_base() == text, format_args!("it is at {:#x}", place.virtual_base()));
    let parts =
        [(text..rodata, false, true), (rodata..data, false, false), (data..end, true, false)];
    for (part, write, execute) in parts {
        for address in part.step_by(4096) {
            let physical = image_physical(address);
            let mapping = arch::walk(facts.window, address);
            let is_right = mapping.is_some_and(|it| {
                it.physical == physical
                    && (it.write, it.execute, it.user, it.cache) == (write, execute, false, 0)
            });
            t.expect(is_right, format_args!("{address:#x} is mapped wrongly"));
            let kind = facts.kind_at(physical);
            t.expect(kind == Some(Kind::EXECUTABLE), format_args!("memory of kind {kind:?}"));
        }
    }
}

pub(crate) fn stack(t: &mut Test, facts: &Facts, entry: &Entry) {
    let top = core::ptr::from_ref(entry).addr() as u64 + size_of::<Entry>() as u64;
    is_stack(t, facts, top);
}

/// Whether a stack of the wanted size lies below an address.
pub(crate) fn is_stack(t: &mut Test, facts: &Facts, top: u64) {
    t.expect(top.is_multiple_of(16), format_args!("its end is {top:#x}"));
    t.expect(facts.is_mapped(top - STACK, STACK), format_args!("it is not in the direct map"));
    for page in (top - STACK..top).step_by(4096) {
        let kind = facts.kind_at(page - facts.window);
        t.expect(kind == Some(Kind::RECLAIMABLE), format_args!("memory of kind {kind:?}"));
    }
}

pub(crate) fn usable(t: &mut Test, facts: &Facts) {
    let pages = || {
        let regions = facts.regions().filter(|region| region.kind == Kind::USABLE);
        regions.flat_map(|region| (region.base..region.end).step_by(4096))
    };
    let place =
        |page: u64| core::ptr::with_exposed_provenance_mut::<u64>((facts.window + page) as usize);
    for page in pages() {
        // SAFETY: the loader says that the page is free, and it is mapped (`direct_map`).
        unsafe { place(page).write_volatile(!page) };
    }
    for page in pages() {
        // SAFETY: as above.
        let word = unsafe { place(page).read_volatile() };
        t.expect(word == !page, format_args!("{page:#x} is no memory of its own"));
    }
}
