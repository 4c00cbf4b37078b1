//! x86_64: PCs with ACPI, real or virtual.
//!
//! | module | what it does |
//! |---|---|
//! | `boot` | entries for the loaders, the order of initialisation |
//! | `feature` | what CPUID says |
//! | `paging` | the kernel's own tables |
//! | `descriptor`, `trap`, `local` | segments, entries into the kernel, each CPU's own data |
//! | `context`, `vector` | threads: running them, their vector state |
//! | `shootdown` | what CPUs ask of each other |
//! | `apic`, `smp` | interrupts, starting CPUs |
//! | `clock`, `rtc` | time |
//! | `acpi`, `power`, `uart`, `entropy` | the platform |
//!
//! Not defended against: Meltdown and its kin on CPUs that have them (the kernel stays mapped while
//! user code runs), and branch prediction across services.

mod acpi;
mod apic;
mod boot;
mod clock;
mod context;
mod descriptor;
mod entropy;
mod feature;
mod local;
mod paging;
mod power;
mod rtc;
mod shootdown;
mod smp;
mod trap;
mod uart;
mod vector;

use core::arch::asm;
use core::sync::atomic::Ordering;

use abi::clock::Clock;
use x86_64::VirtAddr;
use x86_64::registers::model_specific::{FsBase, GsBase, KernelGsBase, Msr};

pub(crate) use context::Context;
pub(crate) use uart::Uart;

use super::{Arch, HeapPage};
use crate::cpu;
use crate::memory::{PAGE_SIZE, PhysAddr};
use crate::task::Interrupt;
use smp::count as cpu_count;

/// This machine.
#[derive(Debug)]
pub(crate) struct Machine;

impl Arch for Machine {
    #[inline]
    fn current_cpu() -> u32 {
        local::this().number.get()
    }

    #[inline]
    fn cpu_count() -> u32 {
        cpu_count()
    }

    fn start_cpus(entry: fn(cpu::Id) -> !) {
        smp::start(entry);
    }

    fn reschedule(cpu: u32) {
        apic::send(local::of(cpu), apic::RESCHEDULE);
    }

    fn wait_for_interrupt() -> Interrupt {
        let local = local::this();
        // Another CPU may want to run the thread while this one sleeps.
        vector::spill(local);
        loop {
            shootdown::answer(local);
            trap::idle();
            if let Some(interrupt) = apic::decode(local.idle_vector.get() as u8, local) {
                return interrupt;
            }
        }
    }

    #[inline]
    fn relax() {
        relax();
    }

    fn stop_other_cpus() {
        smp::stop_others();
    }

    #[inline]
    fn window(address: PhysAddr) -> *mut u8 {
        paging::window(address)
    }

    fn init_root(table: &mut [u8; PAGE_SIZE]) {
        paging::init_root(table);
    }

    unsafe fn copy_volatile(from: *const u8, to: *mut u8, len: usize) {
        // SAFETY: the caller vouches for both ranges; to the compiler this is opaque, so that user
        // code writing at the same time is no race in its eyes.
        unsafe {
            asm!(
                "rep movsq",
                "mov ecx, {rest:e}",
                "rep movsb",
                rest = in(reg) len % 8,
                inout("rcx") len / 8 => _,
                inout("rsi") from => _,
                inout("rdi") to => _,
                options(nostack, preserves_flags),
            );
        }
    }

    fn map_heap_page(end: usize, frame: PhysAddr) -> HeapPage {
        paging::map_heap_page(end, frame)
    }

    fn clear_page(page: &mut [u8; PAGE_SIZE]) {
        // SAFETY: writes the array's 512 words of eight bytes.
        unsafe {
            asm!(
                "rep stosq",
                inout("rcx") PAGE_SIZE / 8 => _,
                inout("rdi") page.as_mut_ptr() => _,
                in("rax") 0,
                options(nostack, preserves_flags),
            );
        }
    }

    fn flush(root: PhysAddr, start: usize, pages: usize) {
        shootdown::flush(root, start, pages);
    }

    fn barrier(root: PhysAddr) {
        shootdown::barrier(root);
    }

    fn unload(root: PhysAddr) {
        shootdown::unload(root);
    }

    #[inline]
    fn now_ns() -> u64 {
        clock::now_ns()
    }

    fn set_deadline(deadline_ns: Option<u64>) {
        clock::set_deadline(local::this(), deadline_ns);
    }

    fn clock() -> Clock {
        clock::clock()
    }

    fn entropy() -> u64 {
        entropy::word()
    }

    fn power_off() {
        power::off();
    }

    fn halt() -> ! {
        halt()
    }

    fn symbols() -> &'static [u8] {
        paging::symbols()
    }

    #[inline(always)]
    fn frame_pointer() -> usize {
        let pointer: usize;
        // SAFETY: reads a register.
        unsafe { asm!("mov {}, rbp", out(reg) pointer, options(nomem, nostack, preserves_flags)) };
        pointer
    }

    fn next_frame(frame_pointer: usize) -> Option<(usize, usize)> {
        if !frame_pointer.is_multiple_of(8) || !paging::is_kernel_stack(frame_pointer) {
            return None;
        }
        let words = core::ptr::with_exposed_provenance::<usize>(frame_pointer);
        // SAFETY: both words lie in a stack of the kernel, which is mapped.
        let (next, address) = unsafe { (words.read(), words.add(1).read()) };
        (address != 0).then_some((address, next))
    }
}

/// Stops this CPU for good.
fn halt() -> ! {
    loop {
        // SAFETY: with interrupts off only a non-maskable interrupt ends it, and the loop goes on.
        unsafe { asm!("cli", "hlt", options(nomem, nostack)) };
    }
}

/// What a CPU does while it spins.
#[inline]
fn relax() {
    let local = local::this();
    if local.pending.load(Ordering::Relaxed) != 0 {
        shootdown::answer(local);
    }
    core::hint::spin_loop();
}

/// Prepares this CPU: its data, segments, interrupts, kernel calls, vector state.
///
/// # Safety
///
/// `number` must be this CPU's and nobody else's; its stacks must be mapped before a trap uses them.
unsafe fn init_cpu(number: u32) {
    const STAR: u32 = 0xc000_0081;
    const LSTAR: u32 = 0xc000_0082;
    const FMASK: u32 = 0xc000_0084;
    /// Cleared by `syscall`: trap, interrupt, direction, I/O privilege, nested task, alignment check.
    const CALL_FLAGS: u64 = 0x4_7700;

    let local = local::of(number);
    local.number.set(number);
    local.this.set(local);
    // SAFETY: `local` is this CPU's.
    unsafe { descriptor::load(local) };
    descriptor::load_interrupts();
    // Loading the segments has cleared the bases.
    GsBase::write(VirtAddr::new(core::ptr::from_ref(local) as u64));
    KernelGsBase::write(VirtAddr::zero());
    FsBase::write(VirtAddr::zero());
    let selectors =
        u64::from(descriptor::SYSRET_BASE) << 48 | u64::from(descriptor::KERNEL_CODE) << 32;
    // SAFETY: kernel calls enter at the stub made for them, with the selectors of our table.
    unsafe {
        Msr::new(STAR).write(selectors);
        Msr::new(LSTAR).write(trap::call_entry());
        Msr::new(FMASK).write(CALL_FLAGS);
    }
    context::init_vectors();
}
