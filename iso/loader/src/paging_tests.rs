//! Tests of the page tables: a walk as the processor does it finds what was mapped.

use super::{Cache, Table, Tables, tables_needed};
use crate::elf::Access;
use crate::memory::{Kind, Map, PAGE};
use crate::protocol::{HHDM, KERNEL_BASE};
use alloc::{vec, vec::Vec};

const BASE: u64 = 0x10_0000;
const ALL: Access = Access { write: true, execute: true };
const TEXT: Access = Access { write: false, execute: true };

/// Physical address, writable, executable, index in the page attribute table.
type Found = Option<(u64, bool, bool, u64)>;

fn walk(pool: &[Table], root: u64, virt: u64) -> Found {
    let mut table = root;
    let (mut write, mut execute) = (true, true);
    for level in (0..4).rev() {
        let index = usize::try_from((virt >> (12 + 9 * level)) & 511).expect("small");
        let entry = pool[usize::try_from((table - BASE) / PAGE).expect("in the pool")][index];
        if entry & 1 == 0 {
            return None;
        }
        write &= entry & 2 != 0;
        execute &= entry >> 63 == 0;
        let is_large = level == 1 && entry & 0x80 != 0;
        if level == 0 || is_large {
            let size = if is_large { 2 << 20 } else { PAGE };
            let pat = (entry >> if is_large { 12 } else { 7 }) & 1;
            let attribute = pat << 2 | (entry >> 3) & 3;
            let address = entry & 0x000f_ffff_ffff_f000 & !(size - 1);
            return Some((address + virt % size, write, execute, attribute));
        }
        table = entry & 0x000f_ffff_ffff_f000;
    }
    None
}

fn pool(length: usize) -> Vec<Table> {
    vec![[0xdead_beef; 512]; length]
}

#[test]
fn ranges_are_found_with_their_rights_and_nothing_else_is() {
    let mut memory = pool(20);
    let mut tables = Tables::new(&mut memory, BASE).expect("room");
    tables.map(HHDM, 0, 0x60_1000, ALL, Cache::WriteBack).expect("room");
    tables.map(KERNEL_BASE, 0x20_3000, 0x3000, TEXT, Cache::WriteBack).expect("room");
    tables.map(HHDM + 0x8000_0000, 0x8000_0000, 0x20_1000, ALL, Cache::WriteCombining).expect("ok");
    let root = tables.root();
    assert_eq!(walk(&memory, root, HHDM + 0x60_0fff), Some((0x60_0fff, true, true, 0)));
    assert_eq!(walk(&memory, root, HHDM + 0x60_1000), None);
    assert_eq!(walk(&memory, root, KERNEL_BASE + 0x2001), Some((0x20_5001, false, true, 0)));
    assert_eq!(walk(&memory, root, KERNEL_BASE + 0x3000), None);
    for offset in [0, 0x1f_ffff, 0x20_0123] {
        let found = walk(&memory, root, HHDM + 0x8000_0000 + offset);
        assert_eq!(found, Some((0x8000_0000 + offset, true, true, 5)));
    }
    assert_eq!(walk(&memory, root, 0), None);
}

#[test]
fn a_large_page_is_split_where_a_part_changes() {
    let mut memory = pool(20);
    let mut tables = Tables::new(&mut memory, BASE).expect("room");
    let data = Access { write: true, execute: false };
    tables.map(0, 0x4000_0000, 4 << 20, data, Cache::WriteCombining).expect("room");
    tables.map(0x1000, 0x7000, PAGE, TEXT, Cache::WriteBack).expect("room");
    let root = tables.root();
    assert_eq!(walk(&memory, root, 0x0fff), Some((0x4000_0fff, true, false, 5)));
    assert_eq!(walk(&memory, root, 0x1000), Some((0x7000, false, true, 0)));
    assert_eq!(walk(&memory, root, 0x2000), Some((0x4000_2000, true, false, 5)));
}

#[test]
fn the_crossing_maps_memory_and_devices_at_their_own_address() {
    let mut memory = pool(40);
    let mut tables = Tables::new(&mut memory, BASE).expect("room");
    for base in [0, 5 << 30, 600 << 30] {
        tables.map(HHDM + base, base, 0x10_0000, ALL, Cache::WriteBack).expect("room");
    }
    let (root, crossing) = (tables.root(), tables.add_crossing().expect("room"));
    for address in [0x1000, 0xfee0_0000, (5 << 30) + 1, 600 << 30] {
        assert_eq!(walk(&memory, crossing, address), Some((address, true, true, 0)));
        assert_eq!(walk(&memory, root, address), None);
    }
    assert_eq!(walk(&memory, crossing, 6 << 30), None);
    assert_eq!(walk(&memory, crossing, HHDM + 0x1000), Some((0x1000, true, true, 0)));
}

#[test]
fn the_estimate_suffices_for_awkward_maps() {
    let mut map = Map::default();
    for index in 0..200 {
        let base = index * 0x4040_3000 + 0x1000;
        let kind = if index % 3 == 0 { Kind::AcpiNvs } else { Kind::Usable };
        map.paint(base, base + 0x4020_1000, kind, |_| true);
    }
    map.paint(0x3000_0000_0000, 0x3000_0000_2000, Kind::Framebuffer, |_| true);
    let mut memory = pool(tables_needed(&map, 6, 0));
    let mut tables = Tables::new(&mut memory, BASE).expect("room");
    for region in map.regions() {
        let size = region.end - region.base;
        tables.map(HHDM + region.base, region.base, size, ALL, Cache::WriteBack).expect("room");
    }
    tables.add_crossing().expect("room");
}

#[test]
fn a_pool_that_is_too_small_is_an_error() {
    let mut memory = pool(3);
    let mut tables = Tables::new(&mut memory, BASE).expect("room");
    assert!(tables.map(0, 0, PAGE, ALL, Cache::WriteBack).is_err());
    assert!(Tables::new(&mut [], BASE).is_err());
}
