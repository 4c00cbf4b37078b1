//! Interface dispatch.
//!
//! Each call site has a cell: a stub and a cache. A cell goes one way through four stubs:
//!
//! | stub | cache | looks at |
//! |---|---|---|
//! | initial | tagged interface | nothing, asks CoreLib |
//! | one | block of one target | that target |
//! | four | block of four | those four |
//! | many | the same | the global hash table |
//!
//! Blocks of four are filled in place, the type last; everything else in the tables never changes
//! once it can be seen. Nothing is freed, since a caller may be reading it: the table is bounded by
//! the pairs of cell and type that the program uses.
use crate::lock::Mutex;
use crate::memory;
use core::mem::offset_of;
use core::ptr;
use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use core::sync::atomic::{AtomicPtr, AtomicUsize};

const SLOTS: usize = 1 << 12;
/// Mask of the byte offset of a slot; the dispatch stub computes with it.
pub(crate) const MASK8: usize = (SLOTS - 1) * 8;
/// Targets in a full block.
const FULL: usize = 4;

/// A target of a cell with many. The dispatch stub reads all four words.
#[repr(C)]
struct Entry {
    cell: *const Cell,
    table: usize,
    code: usize,
    next: *mut Entry,
}

/// A dispatch cell. A group of them ends with a cell without stub, which holds slot and kind.
#[repr(C)]
struct Cell {
    stub: AtomicUsize,
    /// The interface with a tag in the low bits, or the address of a [`Block`]'s targets.
    cache: AtomicUsize,
}

/// A known target.
#[repr(C)]
struct Target {
    table: AtomicUsize,
    code: AtomicUsize,
}

/// What a cell's cache points to, behind the first word.
#[repr(C)]
struct Block {
    interface: usize,
    targets: [Target; FULL],
}

/// Bytes of a block with room for one target.
const SMALL_BLOCK: usize = offset_of!(Block, targets) + size_of::<Target>();

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
static TABLE: [AtomicPtr<Entry>; SLOTS] = [const { AtomicPtr::new(ptr::null_mut()) }; SLOTS];

/// Held by whoever changes a cell or the table.
static WRITER: Mutex<()> = Mutex::new(());

unsafe extern "C" {
    fn RhpInitialDynamicInterfaceDispatch();
    fn rt_dispatch_one();
    fn rt_dispatch_four();
    fn rt_dispatch_many();
}

/// The chain of a pair. Must equal the computation in `dispatch.S`.
fn chain(cell: &Cell, table: usize) -> &'static AtomicPtr<Entry> {
    let offset = ((&raw const *cell as usize >> 1) ^ table) & MASK8;
    &TABLE[offset / size_of::<usize>()]
}

impl Cell {
    /// The targets in its cache.
    fn targets(&self) -> &'static [Target] {
        let stub = self.stub.load(Acquire);
        let count = if stub == RhpInitialDynamicInterfaceDispatch as *const () as usize {
            0
        } else if stub == rt_dispatch_one as *const () as usize {
            1
        } else {
            FULL
        };
        if count == 0 {
            return &[];
        }
        let targets = self.cache.load(Acquire) as *const Target;
        // SAFETY: the stub was stored after a block with at least as many targets.
        unsafe { core::slice::from_raw_parts(targets, count) }
    }

    /// The interface whose method the cell calls.
    fn interface(&self) -> usize {
        const TAG: usize = 3;
        let cache = self.cache.load(Acquire);
        let field = &raw const self.cache as usize;
        let relative = field.wrapping_add_signed((cache & !TAG) as i32 as isize);
        match cache & TAG {
            3 => relative,
            // SAFETY: *Image*: the tag says that the interface is in a word there.
            2 => unsafe { *(relative as *const usize) },
            1 => cache & !TAG,
            // SAFETY: without a tag the cache is a block's targets, which follow the interface.
            _ => unsafe { *((cache - offset_of!(Block, targets)) as *const usize) },
        }
    }

    /// Gives the cell a new block with these targets and one more, and the stub that reads it.
    fn replace_block(&self, old: &[Target], table: usize, code: usize) -> Option<()> {
        let (size, stub) = match old.len() {
            0 => (SMALL_BLOCK, rt_dispatch_one as *const () as usize),
            _ => (size_of::<Block>(), rt_dispatch_four as *const () as usize),
        };
        let block = memory::allocate_zeroed(size).cast::<Block>();
        // SAFETY: the block is new and has room for as many targets as are written.
        let targets = unsafe {
            if block.is_null() {
                return None;
            }
            (*block).interface = self.interface();
            let targets = (&raw mut (*block).targets).cast::<Target>();
            for (index, target) in old.iter().enumerate() {
                (*targets.add(index)).set(target.table.load(Relaxed), target.code.load(Relaxed));
            }
            (*targets.add(old.len())).set(table, code);
            targets
        };
        self.cache.store(targets as usize, Release);
        self.stub.store(stub, Release);
        Some(())
    }
}

impl Target {
    fn set(&self, table: usize, code: usize) {
        self.code.store(code, Relaxed);
        self.table.store(table, Release);
    }
}

fn search_chain(cell: &Cell, table: usize) -> Option<usize> {
    let mut entry = chain(cell, table).load(Acquire);
    // SAFETY: entries are never freed.
    while let Some(found) = unsafe { entry.as_ref() } {
        if ptr::eq(found.cell, cell) && found.table == table {
            return Some(found.code);
        }
        entry = found.next;
    }
    None
}

fn insert_into_chain(cell: &Cell, table: usize, code: usize) -> Option<()> {
    let entry = memory::allocate(size_of::<Entry>()).cast::<Entry>();
    if entry.is_null() {
        return None;
    }
    let head = chain(cell, table);
    // SAFETY: the entry is new.
    unsafe { entry.write(Entry { cell, table, code, next: head.load(Relaxed) }) };
    head.store(entry, Release);
    Some(())
}

#[unsafe(export_name = "RhpGetDispatchCellInfo")]
unsafe extern "C" fn cell_info(cell: &'static Cell, info: &mut CellInfo) {
    let mut last = &raw const *cell;
    // SAFETY: *Image*: every group has an end.
    let word = unsafe {
        while (*last).stub.load(Relaxed) != 0 {
            last = last.add(1);
        }
        (*last).cache.load(Relaxed)
    };
    *info = CellInfo {
        kind: i32::from((word >> 16) as u16),
        interface: cell.interface(),
        slot: word as u16,
        has_cache: 1,
        token: 0,
        vtable_offset: 0,
    };
}

#[unsafe(export_name = "RhpSearchDispatchCellCache")]
extern "C" fn search(cell: &'static Cell, table: usize) -> usize {
    let known = cell.targets().iter().find(|target| target.table.load(Acquire) == table);
    known.map(|target| target.code.load(Relaxed)).or_else(|| search_chain(cell, table)).unwrap_or(0)
}

/// Remembers a target. Without memory it is resolved anew each time.
#[unsafe(export_name = "RhpUpdateDispatchCellCache")]
extern "C" fn update(
    cell: &'static Cell,
    code: usize,
    table: usize,
    _info: *const CellInfo,
) -> usize {
    let _writer = WRITER.lock();
    let many = rt_dispatch_many as *const () as usize;
    let targets = cell.targets();
    if search(cell, table) != 0 && cell.stub.load(Relaxed) != many {
        return code; // another thread was faster
    }
    let free = targets.iter().find(|target| target.table.load(Relaxed) == 0);
    if let Some(free) = free {
        free.set(table, code);
    } else if targets.len() < FULL {
        let _ = cell.replace_block(targets, table, code);
    } else {
        cell.stub.store(many, Release);
        if search_chain(cell, table).is_none() {
            let _ = insert_into_chain(cell, table, code);
        }
    }
    code
}

/// A cell and its end, for a type built at run time.
#[unsafe(export_name = "RhNewInterfaceDispatchCell")]
extern "C" fn new_cell(interface: usize, slot: i32) -> *const Cell {
    let cells = memory::allocate_zeroed(2 * size_of::<Cell>()).cast::<Cell>();
    if cells.is_null() {
        fatal!("Out of memory.");
    }
    let stub = RhpInitialDynamicInterfaceDispatch as *const () as usize;
    // SAFETY: the block has room for two cells, and zero is valid for both.
    unsafe {
        (*cells).stub.store(stub, Relaxed);
        (*cells).cache.store(interface | 1, Relaxed);
        (*cells.add(1)).cache.store(slot as usize, Relaxed);
    }
    cells
}
