//! x86_64.
#![expect(unsafe_code, reason = "kernel calls and deliberate faults are made in assembly")]

use core::arch::{asm, global_asm, naked_asm};

use abi::start::Start;
use abi::trap::Frame;

// The kernel enters here with the start block's address in rdi, on an aligned stack less a word.
global_asm!(
    ".globl _start",
    "_start:",
    "xor ebp, ebp",
    "jmp {start}",
    start = sym crate::image::start,
);

const _: extern "C" fn(&Start) -> ! = crate::image::start;

/// Makes a kernel call.
pub(crate) fn call(number: u64, arguments: [u64; 4]) -> i64 {
    let result;
    // SAFETY: the kernel changes no memory that this program holds a reference to, unless the
    // arguments say so; the callers pass atomics, raw mappings, or addresses meant to be refused.
    unsafe {
        asm!(
            "syscall",
            inlateout("rax") number => result,
            in("rdi") arguments[0],
            in("rsi") arguments[1],
            in("rdx") arguments[2],
            in("r10") arguments[3],
            lateout("rcx") _,
            lateout("r11") _,
        );
    }
    result
}

/// Calls `action(argument)` so that a trap in it ends it; true then. The word at the thread pointer
/// remembers where to go on.
pub(crate) fn guarded(action: extern "C" fn(u64), argument: u64) -> bool {
    // SAFETY: `enter_guarded` keeps to the C convention whichever way it returns, and the thread
    // pointer of every thread here points to a word for it.
    unsafe { enter_guarded(action, argument) != 0 }
}

#[unsafe(naked)]
unsafe extern "C" fn enter_guarded(action: extern "C" fn(u64), argument: u64) -> u64 {
    naked_asm!(
        "push rbx",
        "push rbp",
        "push r12",
        "push r13",
        "push r14",
        "push r15",
        "sub rsp, 8",
        "mov fs:[0], rsp",
        "mov rax, rdi",
        "mov rdi, rsi",
        "call rax",
        "xor eax, eax",
        "jmp 2f",
        ".globl guest_resume",
        "guest_resume:",
        "mov eax, 1",
        "2:",
        "add rsp, 8",
        "pop r15",
        "pop r14",
        "pop r13",
        "pop r12",
        "pop rbp",
        "pop rbx",
        "ret",
    )
}

/// Where a guarded call goes on after a trap.
fn resume_address() -> u64 {
    unsafe extern "C" {
        fn guest_resume();
    }
    guest_resume as *const () as u64
}

/// Changes a trap frame to leave the guarded call, whose stack pointer was noted.
pub(crate) fn set_resume(frame: &mut Frame, stack_pointer: u64) {
    frame.registers.rip = resume_address();
    frame.registers.rsp = stack_pointer;
    frame.registers.rflags &= !(1 << 8);
}

/// The address that the kernel is told for traps: calls `guest_trap` with the frame.
pub(crate) fn trap_entry() -> u64 {
    entry as *const () as u64
}

#[unsafe(naked)]
unsafe extern "C" fn entry() -> ! {
    // As after a call, the stack is where the C convention wants it.
    naked_asm!("jmp {handler}", handler = sym crate::trap::handle)
}

/// What a service must not do, or what it is told of.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Trouble {
    Divide,
    Undefined,
    DisableInterrupts,
    ReadControl,
    ReadPort,
    LoadTable,
    Halt,
    ModelRegister,
    NonCanonical,
    Breakpoint,
    SoftwareInterrupt,
    KernelRead,
    KernelJump,
}

/// Bytes of the breakpoint instruction.
pub(crate) const BREAKPOINT_LEN: u64 = 1;

/// Makes trouble.
pub(crate) fn cause(trouble: Trouble) {
    // SAFETY: each of these traps before it has an effect, which is what is tested; callers run this
    // guarded.
    unsafe {
        match trouble {
            Trouble::Divide => {
                asm!("div ecx", inout("eax") 1 => _, inout("edx") 0 => _, in("ecx") 0);
            }
            Trouble::Undefined => asm!("ud2"),
            Trouble::DisableInterrupts => asm!("cli"),
            Trouble::ReadControl => asm!("mov {}, cr3", out(reg) _),
            Trouble::ReadPort => asm!("in al, dx", out("al") _, in("dx") 0x3f8_u16),
            Trouble::LoadTable => asm!("lidt [{}]", in(reg) &[0_u64; 2]),
            Trouble::Halt => asm!("hlt"),
            Trouble::ModelRegister => {
                asm!("rdmsr", in("ecx") 0xc000_0080_u32, out("eax") _, out("edx") _);
            }
            Trouble::NonCanonical => {
                asm!("mov {0}, [{0}]", inout(reg) 0x8000_0000_0000_0000_u64 => _);
            }
            Trouble::Breakpoint => asm!("int3"),
            Trouble::SoftwareInterrupt => asm!("int 0x80"),
            Trouble::KernelRead => {
                asm!("mov {0}, [{0}]", inout(reg) 0xffff_ffff_8020_0000_u64 => _);
            }
            Trouble::KernelJump => {
                asm!("call {}", in(reg) 0xffff_ffff_8020_0000_u64, clobber_abi("C"));
            }
        }
    }
}

/// Executes instructions with single-stepping on.
pub(crate) extern "C" fn single_step(_: u64) {
    // SAFETY: sets the trap flag, which the trap clears again when it leaves the guarded call.
    unsafe { asm!("pushfq", "or qword ptr [rsp], 0x100", "popfq", "nop", "nop") }
}

/// Puts `value` into vector registers and checks, for a while, that it stays there.
pub(crate) fn hold_vector(value: u64, rounds: u64) -> bool {
    let mut wrong: u64 = 0;
    // SAFETY: this program is compiled without vector registers, so nobody else uses them here.
    unsafe {
        asm!(
            "movq xmm0, {value}",
            "movq xmm15, {value}",
            "2:",
            "movq {scratch}, xmm0",
            "xor {scratch}, {value}",
            "or {wrong}, {scratch}",
            "movq {scratch}, xmm15",
            "xor {scratch}, {value}",
            "or {wrong}, {scratch}",
            "dec {rounds}",
            "jnz 2b",
            value = in(reg) value,
            scratch = out(reg) _,
            wrong = inout(reg) wrong,
            rounds = inout(reg) rounds => _,
        );
    }
    wrong == 0
}

/// The CPU's counter.
pub(crate) fn counter() -> u64 {
    // SAFETY: only reads a counter, which user mode may.
    unsafe { core::arch::x86_64::_rdtsc() }
}
