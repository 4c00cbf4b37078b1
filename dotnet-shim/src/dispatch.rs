//! Interface dispatch.
//!
//! Dispatch cells keep their first stub for ever. Resolved targets go to one global hash table whose
//! chains only grow, at the head, with entries that never change: no double-word exchange and no
//! reclamation. Its size is bounded by the pairs of cell and type that the program uses.
use crate::memory;
use core::mem::offset_of;
use core::ptr;
use core::sync::atomic::AtomicPtr;
use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};

const SLOTS: usize = 1 << 14;
/// Mask of the byte offset of a slot; the dispatch stub computes with it.
pub(crate) const MASK8: usize = (SLOTS - 1) * 8;

/// A resolved target. The dispatch stub reads the first three words and the link.
#[repr(C)]
struct Entry {
    cell: usize,
    table: usize,
    code: usize,
    next: *mut Entry,
}

/// A dispatch cell: the stub and the tagged interface; a group ends with a cell without stub, which
/// holds the slot and the kind.
#[repr(C)]
struct Cell {
    stub: usize,
    cache: usize,
}

/// `DispatchCellInfo` of CoreLib.
#[repr(C)]
struct CellInfo {
    kind: i32,
    interface: usize,
    slot: u16,
    has_cache: u8,
    token: u32,
    vtable_offset: u32,
}

const _: () = assert!(offset_of!(CellInfo, slot) == 0x10 && offset_of!(CellInfo, token) == 0x14);

#[unsafe(export_name = "rt_dispatch_table")]
static TABLE: AtomicPtr<AtomicPtr<Entry>> = AtomicPtr::new(ptr::null_mut());

unsafe extern "C" {
    fn RhpInitialDynamicInterfaceDispatch();
}

/// Makes the table.
pub(crate) fn init() {
    let table = memory::allocate_zeroed(SLOTS * size_of::<usize>());
    if table.is_null() {
        fatal!("Out of memory.");
    }
    TABLE.store(table.cast(), Relaxed);
}

/// The chain of a pair. Must equal the computation in `dispatch.S`.
fn slot(cell: usize, table: usize) -> &'static AtomicPtr<Entry> {
    let offset = ((cell >> 1) ^ table) & MASK8;
    // SAFETY: `init` made a table of that many slots.
    unsafe { &*TABLE.load(Relaxed).byte_add(offset) }
}

#[unsafe(export_name = "RhpGetDispatchCellInfo")]
unsafe extern "C" fn cell_info(cell: &Cell, info: &mut CellInfo) {
    const TAG: usize = 3;
    let field = &raw const cell.cache as usize;
    let relative = field.wrapping_add_signed((cell.cache & !TAG) as i32 as isize);
    let interface = match cell.cache & TAG {
        3 => relative,
        // SAFETY: *Image*: the tag says that the interface is in a cell there.
        2 => unsafe { *(relative as *const usize) },
        1 => cell.cache & !TAG,
        _ => fatal!("A dispatch cell has an unknown form."),
    };
    let mut last = &raw const *cell;
    // SAFETY: *Image*: every group has an end.
    let word = unsafe {
        while (*last).stub != 0 {
            last = last.add(1);
        }
        (*last).cache
    };
    *info = CellInfo {
        kind: i32::from((word >> 16) as u16),
        interface,
        slot: word as u16,
        has_cache: 1,
        token: 0,
        vtable_offset: 0,
    };
}

#[unsafe(export_name = "RhpSearchDispatchCellCache")]
extern "C" fn search(cell: usize, table: usize) -> usize {
    let mut entry = slot(cell, table).load(Acquire);
    // SAFETY: entries are never freed.
    while let Some(found) = unsafe { entry.as_ref() } {
        if found.cell == cell && found.table == table {
            return found.code;
        }
        entry = found.next;
    }
    0
}

/// Remembers a target. Without memory it is resolved anew each time.
#[unsafe(export_name = "RhpUpdateDispatchCellCache")]
extern "C" fn update(cell: usize, code: usize, table: usize, _info: *const CellInfo) -> usize {
    let entry = memory::allocate(size_of::<Entry>()).cast::<Entry>();
    if entry.is_null() {
        return code;
    }
    let head = slot(cell, table);
    let mut next = head.load(Acquire);
    loop {
        // SAFETY: the entry is ours until it is published.
        unsafe { entry.write(Entry { cell, table, code, next }) };
        match head.compare_exchange_weak(next, entry, Release, Acquire) {
            Ok(_) => return code,
            Err(changed) => next = changed,
        }
    }
}

/// A cell and its end, for a type built at run time.
#[unsafe(export_name = "RhNewInterfaceDispatchCell")]
extern "C" fn new_cell(interface: usize, slot: i32) -> *const Cell {
    let cells = memory::allocate(2 * size_of::<Cell>()).cast::<Cell>();
    if cells.is_null() {
        fatal!("Out of memory.");
    }
    let stub = RhpInitialDynamicInterfaceDispatch as *const () as usize;
    // SAFETY: the block has room for two cells.
    unsafe {
        cells.write(Cell { stub, cache: interface | 1 });
        cells.add(1).write(Cell { stub: 0, cache: slot as usize });
    }
    cells
}
