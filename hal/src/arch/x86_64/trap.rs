//! Traps: the way into the kernel, and what came in.

use core::arch::global_asm;
use core::fmt;
use core::mem::offset_of;
use core::sync::atomic::{AtomicBool, Ordering};

use abi::trap::Registers;
use x86_64::registers::control::Cr2;

use super::descriptor::{USER_CODE, USER_DATA};
use super::local::Local;

pub(super) const DIVIDE: u64 = 0;
pub(super) const DEBUG: u64 = 1;
pub(super) const NMI: usize = 2;
pub(super) const BREAKPOINT: usize = 3;
pub(super) const INVALID_OPCODE: u64 = 6;
pub(super) const DOUBLE_FAULT: usize = 8;
pub(super) const PAGE_FAULT: u64 = 14;
pub(super) const X87: u64 = 16;
pub(super) const ALIGNMENT: u64 = 17;
pub(super) const MACHINE_CHECK: usize = 18;
pub(super) const SIMD: u64 = 19;

/// The vectors that are not the CPU's own.
pub(super) const FIRST_INTERRUPT: u64 = 32;
pub(super) const LAST_INTERRUPT: u64 = 255;

/// What `enter_user` returns for a kernel call, and when the CPU must look at `Local::pending`.
pub(super) const CALL: u64 = 256;
pub(super) const ATTENTION: u64 = 257;

/// The flags a thread may have as it likes: all that user mode can set by itself (carry, parity,
/// adjust, zero, sign, trap, direction, overflow, nested task, resume, alignment check, identification).
const USER_FLAGS: u32 = 0x25_4dd5;
/// Those it always has: the reserved bit, and interrupts on.
const FIXED_FLAGS: u32 = 0x202;
/// Those that `sysret` would not treat as `iret` does: trap, resume.
const SLOW_FLAGS: u32 = 0x1_0100;

global_asm!(
    include_str!("trap.s"),
    kernel_stack = const offset_of!(Local, kernel_stack),
    user_stack = const offset_of!(Local, user_stack),
    registers = const offset_of!(Local, registers),
    epoch = const offset_of!(Local, epoch),
    pending = const offset_of!(Local, pending),
    idle_vector = const offset_of!(Local, idle_vector),
    error_code = const offset_of!(Local, error_code),
    rax = const offset_of!(Registers, rax),
    rbx = const offset_of!(Registers, rbx),
    rcx = const offset_of!(Registers, rcx),
    rdx = const offset_of!(Registers, rdx),
    rsi = const offset_of!(Registers, rsi),
    rdi = const offset_of!(Registers, rdi),
    rbp = const offset_of!(Registers, rbp),
    rsp = const offset_of!(Registers, rsp),
    r8 = const offset_of!(Registers, r8),
    r9 = const offset_of!(Registers, r9),
    r10 = const offset_of!(Registers, r10),
    r11 = const offset_of!(Registers, r11),
    r12 = const offset_of!(Registers, r12),
    r13 = const offset_of!(Registers, r13),
    r14 = const offset_of!(Registers, r14),
    r15 = const offset_of!(Registers, r15),
    rip = const offset_of!(Registers, rip),
    rflags = const offset_of!(Registers, rflags),
    user_flags = const USER_FLAGS,
    fixed_flags = const FIXED_FLAGS,
    slow_flags = const SLOW_FLAGS,
    user_code = const USER_CODE,
    user_data = const USER_DATA,
    call = const CALL,
    attention = const ATTENTION,
    options(att_syntax)
);

unsafe extern "C" {
    fn hal_enter_user(registers: *mut Registers) -> u64;
    fn hal_call_entry();
    fn hal_idle();
    static hal_stubs: [[u8; 16]; 256];
}

/// Continues user code; returns the vector that ended it, or [`CALL`] or [`ATTENTION`].
///
/// # Safety
///
/// `registers.rip` must lie in the user half, and the address space, thread pointer and vector state
/// of this CPU be the thread's.
#[inline]
pub(super) unsafe fn enter_user(registers: &mut Registers) -> u64 {
    // SAFETY: `cpu::init` has prepared the CPU; the caller sees to the rest.
    unsafe { hal_enter_user(registers) }
}

/// Waits for an interrupt; `Local::idle_vector` tells which.
pub(super) fn idle() {
    // SAFETY: interrupts are on for one instruction only, whose handler stores the vector.
    unsafe { hal_idle() }
}

/// The address of a vector's stub.
pub(super) fn stub(vector: usize) -> u64 {
    // SAFETY: only the address is taken.
    unsafe { &raw const hal_stubs[vector] as u64 }
}

/// The address where kernel calls enter.
pub(super) fn call_entry() -> u64 {
    hal_call_entry as *const () as u64
}

/// What the stubs push when the kernel itself was interrupted.
#[repr(C)]
struct KernelTrap {
    rax: u64,
    rbx: u64,
    rcx: u64,
    rdx: u64,
    rsi: u64,
    rdi: u64,
    rbp: u64,
    r8: u64,
    r9: u64,
    r10: u64,
    r11: u64,
    r12: u64,
    r13: u64,
    r14: u64,
    r15: u64,
    vector: u64,
    code: u64,
    rip: u64,
    cs: u64,
    rflags: u64,
    rsp: u64,
    ss: u64,
}

impl fmt::Display for KernelTrap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self.vector {
            DIVIDE => "divide error",
            DEBUG => "debug trap",
            2 => "non-maskable interrupt",
            3 => "breakpoint",
            INVALID_OPCODE => "invalid instruction",
            8 => "double fault",
            10..=13 => "protection fault",
            PAGE_FAULT => "page fault",
            18 => "machine check",
            _ => "exception",
        };
        writeln!(
            f,
            "{name} in the kernel, vector {} code {:#x} address {:#x}",
            self.vector,
            self.code,
            Cr2::read_raw()
        )?;
        writeln!(f, "  rip {:016x} cs  {:x} flags {:x}", self.rip, self.cs, self.rflags)?;
        writeln!(f, "  rax {:016x} rbx {:016x} rcx {:016x}", self.rax, self.rbx, self.rcx)?;
        writeln!(f, "  rdx {:016x} rsi {:016x} rdi {:016x}", self.rdx, self.rsi, self.rdi)?;
        writeln!(f, "  rbp {:016x} rsp {:016x} ss  {:x}", self.rbp, self.rsp, self.ss)?;
        writeln!(f, "  r8  {:016x} r9  {:016x} r10 {:016x}", self.r8, self.r9, self.r10)?;
        writeln!(f, "  r11 {:016x} r12 {:016x} r13 {:016x}", self.r11, self.r12, self.r13)?;
        write!(f, "  r14 {:016x} r15 {:016x}", self.r14, self.r15)
    }
}

/// Whether an NMI means that this CPU is to stop.
pub(super) static STOPPING: AtomicBool = AtomicBool::new(false);

/// A trap in the kernel, or one that is no thread's doing. Returns only from an NMI that nobody sent.
#[unsafe(no_mangle)]
extern "C" fn hal_kernel_trap(trap: &KernelTrap) {
    if trap.vector == NMI as u64 {
        if STOPPING.load(Ordering::SeqCst) {
            super::halt();
        }
        return;
    }
    panic!("{trap}");
}
