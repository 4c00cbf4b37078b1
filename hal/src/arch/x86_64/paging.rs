//! The kernel's own page tables, made once at boot; only the heap grows later.
//!
//! ```text
//! ffff_8000_0000_0000  window: all memory, and the devices in use; never executable
//! ffff_ffff_8000_0000  the kernel's image: text, constants, data, each with its rights
//! ffff_ffff_c000_0000  stacks of the CPUs, each between pages that map nothing
//! ffff_ffff_d000_0000  the kernel heap
//! ```
//!
//! The image is not in the window, so its text and constants cannot be written anywhere.

use core::ptr;
use core::sync::atomic::{AtomicU64, Ordering};

use x86_64::registers::control::{Cr0, Cr0Flags, Cr3, Cr3Flags, Cr4, Cr4Flags, Efer, EferFlags};
use x86_64::structures::paging::PhysFrame;

use super::feature;
use crate::arch::HeapPage;
use crate::firmware::map::Map;
use crate::memory::{PAGE_SIZE, PhysAddr};
use crate::sync::SpinLock;

/// Where the window begins.
pub(super) const WINDOW: usize = 0xffff_8000_0000_0000;
/// Where the stacks begin, and how far apart those of two CPUs are.
const STACKS: usize = 0xffff_ffff_c000_0000;
const STACK_STRIDE: usize = 0x4_0000;

/// Where the heap begins, and as far as it can grow.
const HEAP: usize = 0xffff_ffff_d000_0000;
const HEAP_END: usize = 0xffff_ffff_f000_0000;

const PRESENT: u64 = 1 << 0;
const WRITE: u64 = 1 << 1;
const UNCACHED: u64 = 1 << 3 | 1 << 4;
const LARGE: u64 = 1 << 7;
const GLOBAL: u64 = 1 << 8;
const NO_EXECUTE: u64 = 1 << 63;
const ADDRESS: u64 = 0x000f_ffff_ffff_f000;

const TEXT: u64 = PRESENT | GLOBAL;
const CONSTANT: u64 = PRESENT | GLOBAL | NO_EXECUTE;
const DATA: u64 = PRESENT | GLOBAL | WRITE | NO_EXECUTE;
const DEVICE: u64 = DATA | UNCACHED;

/// The stacks of a CPU.
#[derive(Clone, Copy, Debug)]
pub(super) enum Stack {
    Kernel,
    DoubleFault,
    Nmi,
    MachineCheck,
}

impl Stack {
    const ALL: [Self; 4] = [Self::Kernel, Self::DoubleFault, Self::Nmi, Self::MachineCheck];

    /// Pages of the stack, and where it ends in the CPU's share of the addresses. What lies between
    /// two of them maps nothing.
    const fn place(self) -> (usize, usize) {
        match self {
            Self::Kernel => (16, 0x2_0000),
            Self::DoubleFault => (2, 0x2_8000),
            Self::Nmi => (2, 0x3_0000),
            Self::MachineCheck => (2, 0x3_8000),
        }
    }
}

/// One past the highest byte of a stack.
pub(super) const fn stack_top(cpu: u32, stack: Stack) -> u64 {
    (STACKS + cpu as usize * STACK_STRIDE + stack.place().1) as u64
}

/// Where the kernel reaches a physical address.
#[inline]
pub(super) fn window(address: PhysAddr) -> *mut u8 {
    ptr::with_exposed_provenance_mut(WINDOW + address.0 as usize)
}

/// What the tables are made from, until boot is over.
struct Tables {
    root: PhysAddr,
    free: Map,
    /// Where physical memory is mapped now: by the loader, later by us.
    window: usize,
}

static TABLES: SpinLock<Tables> =
    SpinLock::new(Tables { root: PhysAddr(0), free: Map::new(), window: 0 });

/// The top-level table without a service.
static ROOT: AtomicU64 = AtomicU64::new(0);

/// The top-level table without a service.
pub(super) fn kernel_root() -> PhysAddr {
    PhysAddr(ROOT.load(Ordering::Relaxed))
}

/// The loader's tables reach memory below this.
const LOADER_LIMIT: u64 = 1 << 32;

impl Tables {
    fn take(&mut self, pages: usize) -> PhysAddr {
        let limit =
            if self.window == WINDOW && kernel_root().0 != 0 { u64::MAX } else { LOADER_LIMIT };
        self.free
            .take(pages, limit)
            .expect("the machine has memory for the kernel's own structures")
    }

    fn take_table(&mut self) -> PhysAddr {
        let frame = self.take(1);
        // SAFETY: the frame was just taken, and the window reaches it.
        unsafe { ptr::write_bytes(self.pointer(frame).cast::<u64>(), 0, 512) };
        frame
    }

    fn pointer(&self, address: PhysAddr) -> *mut u8 {
        ptr::with_exposed_provenance_mut(self.window + address.0 as usize)
    }

    fn entry(&self, table: PhysAddr, index: usize) -> *mut u64 {
        // A table has 512 entries; callers take nine bits.
        self.pointer(table).cast::<u64>().wrapping_add(index)
    }

    /// Maps `len` bytes with the largest pages that fit.
    fn map(&mut self, start: usize, physical: PhysAddr, len: usize, flags: u64) {
        let mut done = 0;
        while done < len {
            let (to, from) = (start + done, physical.0 as usize + done);
            let fits = |bits: usize| {
                (to | from).trailing_zeros() as usize >= bits && len - done >= 1 << bits
            };
            let level =
                if feature::get().has_huge_pages && fits(30) { 2 } else { usize::from(fits(21)) };
            let large = if level > 0 { LARGE } else { 0 };
            self.put(to, level, from as u64 | flags | large);
            done += PAGE_SIZE << (9 * level);
        }
    }

    /// Writes the entry for an address at a level, unless the address is mapped already.
    fn put(&mut self, address: usize, level: usize, value: u64) {
        let mut table = self.root;
        for above in (level + 1..4).rev() {
            let entry = self.entry(table, address >> (12 + 9 * above) & 511);
            // SAFETY: `entry` points into a table of ours, which only this lock's holder changes.
            let mut next = unsafe { entry.read() };
            if next & LARGE != 0 {
                return;
            }
            if next & PRESENT == 0 {
                next = self.take_table().0 | PRESENT | WRITE;
                // SAFETY: as above.
                unsafe { entry.write(next) };
            }
            table = PhysAddr(next & ADDRESS);
        }
        let entry = self.entry(table, address >> (12 + 9 * level) & 511);
        // SAFETY: as above.
        unsafe {
            if entry.read() & PRESENT == 0 {
                entry.write(value);
            }
        }
    }
}

unsafe extern "C" {
    static __image_start: u8;
    static __text_start: u8;
    static __text_end: u8;
    static __rodata_start: u8;
    static __rodata_end: u8;
    static __data_start: u8;
    static __data_end: u8;
    static __image_end: u8;
    static __symbols_start: u8;
    static __symbols_end: u8;
}

/// The first address of the image and its length.
pub(super) fn image() -> (usize, usize) {
    let start = &raw const __image_start as usize;
    (start, &raw const __image_end as usize - start)
}

/// The room for the table of symbols.
pub(super) fn symbols() -> &'static [u8] {
    let start = &raw const __symbols_start;
    // SAFETY: the linker script sets the room aside, among the constants.
    unsafe {
        core::slice::from_raw_parts(start, &raw const __symbols_end as usize - start as usize)
    }
}

/// Whether two words can be read at an address, as far as stacks go: the CPUs' own or the one in the
/// image.
pub(super) fn is_kernel_stack(address: usize) -> bool {
    let (image, len) = image();
    if (image..image + len - 16).contains(&address) {
        return true;
    }
    let Some(offset) = address.checked_sub(STACKS) else { return false };
    let (cpu, offset) = (offset / STACK_STRIDE, offset % STACK_STRIDE);
    cpu < super::cpu_count() as usize
        && Stack::ALL.iter().any(|stack| {
            let (pages, top) = stack.place();
            (top - pages * PAGE_SIZE..top - 15).contains(&offset)
        })
}

/// Makes the kernel's tables and switches to them.
///
/// `memory` is all that the window shows; `free` what tables may be made of; the image lies at
/// `image_at`; the loader maps memory below 4 GiB at `loader_window`.
///
/// # Safety
///
/// The arguments must describe the machine; the stack in use must lie in the image.
pub(super) unsafe fn init(memory: &Map, free: &Map, image_at: PhysAddr, loader_window: usize) {
    prepare_cpu();
    let mut tables = TABLES.lock();
    tables.free.clone_from(free);
    tables.window = loader_window;
    tables.root = tables.take_table();
    let image_start = image().0;
    for (start, end, flags) in [
        (&raw const __text_start as usize, &raw const __text_end as usize, TEXT),
        (&raw const __rodata_start as usize, &raw const __rodata_end as usize, CONSTANT),
        (&raw const __data_start as usize, &raw const __data_end as usize, DATA),
    ] {
        let physical = PhysAddr(image_at.0 + (start - image_start) as u64);
        tables.map(start, physical, end - start, flags);
    }
    for region in memory.regions() {
        tables.map(WINDOW + region.start.0 as usize, region.start, region.pages * PAGE_SIZE, DATA);
    }
    let root = tables.root;
    // SAFETY: the tables map this code, its data and its stack, with the rights they need.
    unsafe {
        write_root(root);
        // What the loader had marked as global would stay known to the CPU.
        Cr4::update(|flags| flags.remove(Cr4Flags::PAGE_GLOBAL));
        Cr4::update(|flags| flags.insert(Cr4Flags::PAGE_GLOBAL));
    }
    tables.window = WINDOW;
    ROOT.store(root.0, Ordering::Relaxed);
    super::local::this().root.store(root.0, Ordering::Relaxed);
}

/// Sets the bits that the tables and the kernel's protection need.
pub(super) fn prepare_cpu() {
    let features = feature::get();
    // SAFETY: the bits allow and forbid what this kernel expects: no-execute pages and `syscall`,
    // write protection in the kernel, global pages, machine checks, and where the CPU has it, no execution of and no
    // access to user pages by the kernel, which does neither.
    unsafe {
        Efer::update(|flags| {
            flags.set(EferFlags::NO_EXECUTE_ENABLE, features.has_no_execute);
            flags.insert(EferFlags::SYSTEM_CALL_EXTENSIONS);
        });
        Cr0::update(|flags| {
            flags.insert(Cr0Flags::WRITE_PROTECT);
            flags.remove(
                Cr0Flags::ALIGNMENT_MASK | Cr0Flags::CACHE_DISABLE | Cr0Flags::NOT_WRITE_THROUGH,
            );
        });
        Cr4::update(|flags| {
            flags.insert(Cr4Flags::PAGE_GLOBAL | Cr4Flags::MACHINE_CHECK_EXCEPTION);
            flags.remove(
                Cr4Flags::FSGSBASE
                    | Cr4Flags::PCID
                    | Cr4Flags::TIMESTAMP_DISABLE
                    | Cr4Flags::PERFORMANCE_MONITOR_COUNTER,
            );
            flags.set(Cr4Flags::SUPERVISOR_MODE_EXECUTION_PROTECTION, features.has_smep);
            flags.set(Cr4Flags::SUPERVISOR_MODE_ACCESS_PREVENTION, features.has_smap);
            flags.set(Cr4Flags::USER_MODE_INSTRUCTION_PREVENTION, features.has_umip);
        });
    }
}

/// # Safety
///
/// The tables at `root` must map the code, data and stack in use.
pub(super) unsafe fn write_root(root: PhysAddr) {
    let frame = PhysFrame::containing_address(x86_64::PhysAddr::new(root.0));
    // SAFETY: the caller says so.
    unsafe { Cr3::write(frame, Cr3Flags::empty()) };
}

/// Takes frames for good; only while booting.
pub(super) fn take(pages: usize) -> PhysAddr {
    TABLES.lock().take(pages)
}

/// The end of the highest memory that can still be taken.
pub(super) fn highest() -> PhysAddr {
    TABLES.lock().free.end()
}

/// Bytes that can still be taken.
pub(super) fn left() -> u64 {
    TABLES.lock().free.total()
}

/// Takes a frame below 4 GiB for good; only while booting.
pub(super) fn take_low() -> PhysAddr {
    TABLES.lock().free.take(1, LOADER_LIMIT).expect("the kernel was loaded below 4 GiB")
}

/// Makes the window show `len` bytes of memory at `start`, such as firmware tables.
pub(super) fn reach(start: PhysAddr, len: usize) -> *mut u8 {
    show(start, len, DATA)
}

/// Makes the window show `len` bytes of a device's registers at `start`.
pub(super) fn reach_device(start: PhysAddr, len: usize) -> *mut u8 {
    show(start, len, DEVICE)
}

fn show(start: PhysAddr, len: usize, flags: u64) -> *mut u8 {
    let first = start.0 & !(PAGE_SIZE as u64 - 1);
    let pages = (start.0 + len as u64 - first).div_ceil(PAGE_SIZE as u64);
    let mut tables = TABLES.lock();
    for page in 0..pages {
        let at = first + page * PAGE_SIZE as u64;
        tables.put(WINDOW + at as usize, 0, at | flags);
    }
    window(start)
}

/// Gives a CPU its stacks.
pub(super) fn map_stacks(cpu: u32) {
    let mut tables = TABLES.lock();
    for stack in Stack::ALL {
        let (pages, _) = stack.place();
        let frames = tables.take(pages);
        let low = stack_top(cpu, stack) as usize - pages * PAGE_SIZE;
        tables.map(low, frames, pages * PAGE_SIZE, DATA);
    }
}

/// Maps the heap's first pages; only while booting.
pub(super) fn map_heap(len: usize) -> *mut u8 {
    let mut tables = TABLES.lock();
    let frames = tables.take(len / PAGE_SIZE);
    tables.map(HEAP, frames, len, DATA);
    ptr::with_exposed_provenance_mut(HEAP)
}

/// See `Arch::map_heap_page`.
pub(super) fn map_heap_page(end: usize, frame: PhysAddr) -> HeapPage {
    if end >= HEAP_END {
        return HeapPage::Full;
    }
    let tables = TABLES.lock();
    let mut table = tables.root;
    for level in (1..4).rev() {
        let entry = tables.entry(table, end >> (12 + 9 * level) & 511);
        // SAFETY: `entry` points into a table of ours, which only this lock's holder changes.
        let next = unsafe { entry.read() };
        if next & PRESENT == 0 {
            let new = window(frame).cast::<u64>();
            // SAFETY: the frame is the heap's, so ours. Every root shares the tables under its last
            // entry, so all CPUs see the new one.
            unsafe {
                ptr::write_bytes(new, 0, 512);
                entry.write(frame.0 | PRESENT | WRITE);
            }
            return HeapPage::Table;
        }
        table = PhysAddr(next & ADDRESS);
    }
    // SAFETY: as above; nothing was mapped there, so no CPU has to forget anything.
    unsafe { tables.entry(table, end >> 12 & 511).write(frame.0 | DATA) };
    HeapPage::Mapped
}

/// Ends the making of tables; what was not taken is the kernel's.
pub(super) fn finish() -> Map {
    core::mem::replace(&mut TABLES.lock().free, Map::new())
}

/// Fills the kernel's half of a top-level table.
pub(super) fn init_root(table: &mut [u8; PAGE_SIZE]) {
    let half = PAGE_SIZE / 2;
    // SAFETY: the kernel's root is a page that never changes any more, and not the one in `table`.
    let kernel = unsafe { &*window(kernel_root()).cast_const().cast::<[u8; PAGE_SIZE]>() };
    table[half..].copy_from_slice(&kernel[half..]);
}

/// Makes a root that also maps the first 2 MiB one to one, for CPUs that switch paging on there.
pub(super) fn starting_root() -> PhysAddr {
    let (root, middle, low) = (take_low(), take(1), take(1));
    for table in [root, middle, low] {
        // SAFETY: the frames were just taken.
        unsafe { ptr::write_bytes(window(table).cast::<u64>(), 0, 512) };
    }
    // SAFETY: as above.
    init_root(unsafe { &mut *window(root).cast() });
    for (table, value) in [
        (root, middle.0 | PRESENT | WRITE),
        (middle, low.0 | PRESENT | WRITE),
        (low, PRESENT | WRITE | LARGE),
    ] {
        // SAFETY: as above; the first entry of each.
        unsafe { window(table).cast::<u64>().write(value) };
    }
    root
}
