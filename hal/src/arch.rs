//! What a port must supply, and the selection of the port.
//!
//! Besides [`Machine`], which implements [`Arch`], a port exports `Context` (see [`crate::task`]) and
//! `Uart` (see [`crate::console`]) with the methods those modules call.

#[cfg_attr(not(target_os = "none"), path = "arch/host/mod.rs")]
#[cfg_attr(all(target_os = "none", target_arch = "x86_64"), path = "arch/x86_64/mod.rs")]
mod backend;

#[cfg(not(target_os = "none"))]
pub use backend::simulation;
pub(crate) use backend::{Context, Machine, Uart};

use crate::cpu;
use crate::memory::{PAGE_SIZE, PhysAddr};
use crate::task::Interrupt;
use abi::clock::Clock;

/// What became of a frame for the heap.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(not(target_os = "none"), expect(dead_code, reason = "the host has its own heap"))]
pub(crate) enum HeapPage {
    /// It is the heap's next page.
    Mapped,
    /// It is one of the tables now.
    Table,
    /// There are no addresses left for it.
    Full,
}

/// The porting checklist: one item per thing the hardware does differently.
pub(crate) trait Arch {
    /// The number of the CPU this runs on.
    fn current_cpu() -> u32;

    /// How many CPUs the machine has, started or not.
    fn cpu_count() -> u32;

    /// Starts every other CPU at `entry`; returns when all of them have reached it or failed to.
    fn start_cpus(entry: fn(cpu::Id) -> !);

    /// Makes the CPU return from `run` or `wait_for_interrupt` with [`Interrupt::Reschedule`].
    fn reschedule(cpu: u32);

    /// Sleeps until an interrupt comes.
    fn wait_for_interrupt() -> Interrupt;

    /// Called while a CPU spins: answers what other CPUs wait for, and eases the pipeline.
    fn relax();

    /// Stops every other CPU for good.
    fn stop_other_cpus();

    /// Where the kernel can reach a physical address.
    fn window(address: PhysAddr) -> *mut u8;

    /// Fills a new top-level table with the kernel's half.
    fn init_root(table: &mut [u8; PAGE_SIZE]);

    /// Copies bytes that a service may be changing at the same time.
    ///
    /// # Safety
    ///
    /// `from` must be readable and `to` writable for `len` bytes; they must not overlap.
    unsafe fn copy_volatile(from: *const u8, to: *mut u8, len: usize);

    /// Maps a frame, which the heap owns from now on, at the heap's end.
    #[cfg_attr(not(target_os = "none"), expect(dead_code, reason = "the host has its own heap"))]
    fn map_heap_page(end: usize, frame: PhysAddr) -> HeapPage;

    /// Fills a page with zeros.
    fn clear_page(page: &mut [u8; PAGE_SIZE]);

    /// Makes every CPU forget its translations of `pages` pages from `start` on in the space at
    /// `root`, before it next runs user code at the latest; returns when none can be using an old
    /// one.
    fn flush(root: PhysAddr, start: usize, pages: usize);

    /// A memory barrier on every CPU that runs user code in the space at `root`.
    fn barrier(root: PhysAddr);

    /// Makes every CPU stop using the tables at `root`.
    fn unload(root: PhysAddr);

    /// Monotonic nanoseconds since the kernel's start.
    fn now_ns() -> u64;

    /// Sets this CPU's one timer.
    fn set_deadline(deadline_ns: Option<u64>);

    /// How to compute the time from the CPU's counter.
    fn clock() -> Clock;

    /// 64 bits that a service cannot predict.
    fn entropy() -> u64;

    /// Switches the machine off; returns only if that cannot be done.
    fn power_off();

    /// Stops this CPU for good.
    fn halt() -> !;

    /// The kernel's table of symbols; see [`crate::backtrace`].
    fn symbols() -> &'static [u8];

    /// The frame pointer of the caller, for a backtrace.
    fn frame_pointer() -> usize;

    /// The return address and the next frame pointer stored at a frame pointer, when that is one.
    fn next_frame(frame_pointer: usize) -> Option<(usize, usize)>;
}
