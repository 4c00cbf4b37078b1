//! Segments, the task state segment and the interrupt table.
//!
//! The order of the selectors is what `syscall` and `sysret` ask for.

use core::arch::asm;
use core::ptr;

use x86_64::VirtAddr;
use x86_64::structures::DescriptorTablePointer;
use x86_64::structures::tss::TaskStateSegment;

use super::local::Local;
use super::paging::{self, Stack};
use super::trap;

pub(super) const KERNEL_CODE: u16 = 0x08;
pub(super) const KERNEL_DATA: u16 = 0x10;
/// `sysret` takes its selectors from here: data is the next, code the one after.
pub(super) const SYSRET_BASE: u16 = 0x13;
pub(super) const USER_DATA: u16 = 0x1b;
pub(super) const USER_CODE: u16 = 0x23;
const TASK_STATE: u16 = 0x28;

/// The null entry, four segments, and the two halves of the task state's descriptor.
pub(super) const GDT_ENTRIES: usize = 7;

/// Loads this CPU's segments and its task state segment with the stacks of `local`'s number.
///
/// # Safety
///
/// `local` must be this CPU's, and only it.
pub(super) unsafe fn load(local: &'static Local) {
    let number = local.number.get();
    // SAFETY: the caller says that the CPU has it alone; it is not loaded yet.
    let tss = unsafe { &mut *local.tss.get() };
    tss.privilege_stack_table[0] = VirtAddr::new(local.entry_stack_top());
    for (index, stack) in [Stack::DoubleFault, Stack::Nmi, Stack::MachineCheck].iter().enumerate() {
        tss.interrupt_stack_table[index] = VirtAddr::new(paging::stack_top(number, *stack));
    }
    let base = ptr::from_mut(tss) as u64;
    let limit = size_of::<TaskStateSegment>() as u64 - 1;
    // SAFETY: as for the task state.
    let gdt = unsafe { &mut *local.gdt.get() };
    *gdt = [
        0,
        0x00af_9b00_0000_ffff, // kernel code, 64 bits
        0x00cf_9300_0000_ffff, // kernel data
        0x00cf_f300_0000_ffff, // user data
        0x00af_fb00_0000_ffff, // user code, 64 bits
        limit | (base & 0xff_ffff) << 16 | 0x89 << 40 | (base >> 24 & 0xff) << 56,
        base >> 32,
    ];
    let pointer = DescriptorTablePointer {
        limit: (size_of_val(gdt) - 1) as u16,
        base: VirtAddr::new(gdt.as_ptr() as u64),
    };
    // SAFETY: the table is complete and lives for ever; the code and data selectors name segments
    // like the ones in use, and the task state's descriptor is marked available.
    unsafe {
        asm!(
            "lgdt [{pointer}]",
            "push {code}",
            "lea {scratch}, [rip + 2f]",
            "push {scratch}",
            "retfq",
            "2:",
            "mov ss, {data:e}",
            "mov ds, {data:e}",
            "mov es, {data:e}",
            "xor {scratch:e}, {scratch:e}",
            "mov fs, {scratch:e}",
            "mov gs, {scratch:e}",
            "lldt {scratch:x}",
            "ltr {task:x}",
            pointer = in(reg) &raw const pointer,
            code = in(reg) u64::from(KERNEL_CODE),
            data = in(reg) u32::from(KERNEL_DATA),
            task = in(reg) u32::from(TASK_STATE),
            scratch = out(reg) _,
        );
    }
}

/// An interrupt table.
type Table = [u128; 256];

/// The table that all CPUs share.
static TABLE: crate::sync::Once<Table> = crate::sync::Once::new();

/// Loads the interrupt table.
pub(super) fn load_interrupts() {
    let table = TABLE.call_once(|| {
        core::array::from_fn(|vector| {
            let stack = match vector {
                trap::DOUBLE_FAULT => 1,
                trap::NMI => 2,
                trap::MACHINE_CHECK => 3,
                _ => 0,
            };
            // `int3` is the one that user code may execute.
            let privilege = if vector == trap::BREAKPOINT { 3 } else { 0 };
            gate(trap::stub(vector), stack, privilege)
        })
    });
    let pointer = DescriptorTablePointer {
        limit: (size_of::<Table>() - 1) as u16,
        base: VirtAddr::new(table.as_ptr() as u64),
    };
    // SAFETY: every entry leads to a stub, through the kernel's code segment.
    unsafe { x86_64::instructions::tables::lidt(&pointer) };
}

/// An interrupt gate.
const fn gate(handler: u64, stack: u128, privilege: u128) -> u128 {
    let low = handler as u128 & 0xffff;
    let middle = handler as u128 >> 16 & 0xffff;
    let high = handler as u128 >> 32;
    low | (KERNEL_CODE as u128) << 16
        | stack << 32
        | (0x8e | privilege << 5) << 40
        | middle << 48
        | high << 64
}
