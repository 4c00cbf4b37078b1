//! From a loader to the kernel's entry.

mod limine;
mod pvh;

use alloc::boxed::Box;
use core::arch::naked_asm;
use core::sync::atomic::AtomicU64;

use super::paging::{self, Stack};
use super::{acpi, apic, clock, feature, local, power, smp, uart};
use crate::boot::{Framebuffer, Info, Module};
use crate::firmware::map::Map;
use crate::heap;
use crate::memory::{self, FrameTable, PhysAddr};
use crate::sync::Once;

/// The first megabyte is left to firmware, apart from the page where CPUs start.
const LOW: u64 = 1 << 20;
/// Nothing of interest to CPUs that start lies above this in the first megabyte.
const LOW_USABLE: u64 = 0x9_f000;

/// A copy of a string that a loader left in memory that will be used for something else.
struct Text {
    bytes: [u8; 1024],
    len: usize,
}

impl Text {
    const fn new() -> Self {
        Self { bytes: [0; 1024], len: 0 }
    }

    /// Appends what fits.
    fn push(&mut self, text: &[u8]) {
        let room = &mut self.bytes[self.len..];
        let count = text.len().min(room.len());
        room[..count].copy_from_slice(&text[..count]);
        self.len += count;
    }

    /// The string, on the heap for ever. What is not UTF-8 ends it.
    fn leak(&self) -> &'static str {
        let bytes = &self.bytes[..self.len];
        let valid = str::from_utf8(bytes)
            .unwrap_or_else(|error| str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or(""));
        Box::leak(Box::from(valid))
    }
}

/// What the loaders have in common.
struct Handover {
    /// The counter at the kernel's first instruction, nearly.
    counter: u64,
    command_line: Text,
    loader: Text,
    /// All memory that the window is to show.
    memory: Map,
    /// What nobody uses, now.
    free: Map,
    /// What nobody uses once the loader's own structures are not needed any more.
    later: Map,
    /// Address and length.
    package: Option<(PhysAddr, usize)>,
    framebuffer: Option<Framebuffer>,
    /// 0 when unknown.
    rsdp: u64,
    image_at: PhysAddr,
    /// Where the loader maps physical memory.
    window: usize,
}

/// What the second part of the boot finds.
static INFO: Once<Info> = Once::new();

/// Makes the machine ready and calls the kernel's entry.
///
/// # Safety
///
/// Once, on the first CPU, on a stack in the image, with interrupts off and a handover that describes
/// the machine.
unsafe fn start(mut handover: Handover) -> ! {
    // SAFETY: this is the first CPU.
    unsafe { super::init_cpu(0) };
    assert!(feature::get().has_no_execute, "this CPU cannot keep data from being executed (NX)");
    let (_, image_len) = paging::image();
    for map in [&mut handover.memory, &mut handover.free] {
        map.remove(handover.image_at.0, image_len as u64);
    }
    if let Some((start, len)) = handover.package {
        handover.free.remove(start.0, len as u64);
    }
    let total_memory = handover.free.total() + handover.later.total();
    let trampoline = handover.free.take(1, LOW_USABLE);
    handover.free.remove(0, LOW);
    // SAFETY: the handover describes the machine, and the stack lies in the image.
    unsafe {
        paging::init(&handover.memory, &handover.free, handover.image_at, handover.window);
    }
    init_heap();

    let platform = acpi::read(handover.rsdp);
    apic::init(&platform);
    apic::init_cpu(local::this());
    let calibration = clock::begin(&platform);
    for line in uart::LINES {
        apic::route(&platform, line);
    }
    power::init(platform.soft_off);
    paging::map_stacks(0);
    smp::prepare(trampoline, platform.apic_ids());
    let info = Info {
        command_line: handover.command_line.leak(),
        memory: init_frames(&handover.later),
        package: handover.package.map(|(start, len)| package(start, len)),
        framebuffer: handover.framebuffer,
        loader: handover.loader.leak(),
        total_memory,
    };
    INFO.call_once(|| info);
    calibration.finish(handover.counter);
    // SAFETY: the stack was just mapped and nobody uses it.
    unsafe { enter_kernel(paging::stack_top(0, Stack::Kernel)) }
}

/// Makes the kernel heap, large enough for what is needed before the kernel can make it grow.
fn init_heap() {
    const LEN: usize = 256 << 10;
    let start = paging::map_heap(LEN);
    // SAFETY: the memory was just mapped for this.
    unsafe { heap::init(start, LEN) };
}

/// Makes the table of frames and ends the making of tables; returns what can be claimed.
fn init_frames(later: &Map) -> &'static [crate::boot::Region] {
    let end = |map: &Map| map.end();
    let limit = paging::highest().max(end(later));
    let words = FrameTable::words(limit);
    let place = paging::take((words * 8).div_ceil(memory::PAGE_SIZE));
    // SAFETY: the memory was just taken, any bytes are valid words, and pages are aligned.
    let words: &'static [AtomicU64] =
        unsafe { core::slice::from_raw_parts(paging::window(place).cast(), words) };
    let mut free = paging::finish();
    for region in later.regions() {
        free.add(region.start.0, (region.pages * memory::PAGE_SIZE) as u64);
    }
    let regions: &'static [crate::boot::Region] = Box::leak(Box::from(free.regions()));
    memory::install(FrameTable::new(words, regions));
    regions
}

fn package(start: PhysAddr, len: usize) -> Module {
    // SAFETY: the loader put it there, and its pages are not among those that can be claimed.
    let bytes = unsafe { core::slice::from_raw_parts(paging::window(start), len) };
    // SAFETY: as above; what follows in its last page is what the loader left there, no secret.
    unsafe { Module::new(start, bytes) }
}

/// Leaves the boot stack for the CPU's own.
///
/// # Safety
///
/// `stack` must be the end of a stack that nobody uses.
#[unsafe(naked)]
unsafe extern "C" fn enter_kernel(stack: u64) -> ! {
    naked_asm!("mov rsp, rdi", "xor ebp, ebp", "call {}", "ud2", sym kernel)
}

extern "C" fn kernel() -> ! {
    unsafe extern "Rust" {
        /// Declared by `hal::entry!`.
        fn cermet_kernel_entry(info: &'static Info) -> !;
    }
    // SAFETY: `entry!` gives the function exactly this signature.
    unsafe { cermet_kernel_entry(INFO.get().expect("`start` has set it")) }
}
