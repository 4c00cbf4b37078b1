//! Signals as traps.
use super::{INTERRUPT_SIGNAL, linux, number};
use crate::arch::linux::{SignalContext, set_signal_handler};
use abi::trap::{Frame, Kind};

const SIGILL: u32 = 4;
const SIGTRAP: u32 = 5;
const SIGBUS: u32 = 7;
const SIGFPE: u32 = 8;
const SIGSEGV: u32 = 11;
const SIGPIPE: u32 = 13;
const SIGUSR1: u32 = INTERRUPT_SIGNAL as u32;

/// `si_code` of a fault that has no address.
const FROM_KERNEL: i32 = 0x80;
/// `si_code` of an integer division.
const INTEGER_DIVIDE: i32 = 1;
/// `si_code` of a breakpoint.
const BREAKPOINT: i32 = 1;

/// Installs the handlers and registers for the memory barrier.
pub(super) fn install() -> isize {
    const REGISTER_PRIVATE_EXPEDITED: usize = 16;
    const IGNORE: usize = 1;
    let mask = 1_u64 << (SIGUSR1 - 1) | 1 << (SIGTRAP - 1);
    for signal in [SIGILL, SIGTRAP, SIGBUS, SIGFPE, SIGSEGV, SIGUSR1] {
        let handler = on_signal as *const () as usize;
        // SAFETY: `on_signal` is a handler of three arguments.
        unsafe { set_signal_handler(number::RT_SIGACTION, signal, handler, mask) };
    }
    // SAFETY: the value means to ignore.
    unsafe { set_signal_handler(number::RT_SIGACTION, SIGPIPE, IGNORE, 0) };
    // SAFETY: the call names no memory.
    unsafe { linux(number::MEMBARRIER, [REGISTER_PRIVATE_EXPEDITED, 0, 0, 0, 0, 0]) }
}

/// What Linux tells about a signal: number, error, code, then (for faults) the address.
#[repr(C)]
struct SignalInfo {
    signal: i32,
    error: i32,
    code: i32,
    padding: i32,
    address: u64,
}

/// Runs on the trap stack. Linux has saved the vector state and restores it.
extern "C" fn on_signal(_signal: i32, info: &SignalInfo, context: &mut SignalContext) {
    let kind = match info.signal as u32 {
        SIGUSR1 => Kind::Interrupt,
        SIGTRAP if info.code == BREAKPOINT || info.code == FROM_KERNEL => Kind::Breakpoint,
        SIGTRAP => Kind::SingleStep,
        SIGFPE if info.code == INTEGER_DIVIDE => Kind::Divide,
        SIGFPE => Kind::FloatingPoint,
        SIGILL => Kind::IllegalInstruction,
        _ if info.code == FROM_KERNEL => Kind::Protection,
        _ => Kind::Memory,
    };
    let mut frame = Frame {
        registers: context.registers(),
        kind: kind as u64,
        code: context.error_code(),
        address: if kind == Kind::Memory { info.address } else { 0 },
        reserved: 0,
    };
    crate::fault::handle(&mut frame);
    context.set_registers(&frame.registers);
}
