//! Assembly stubs. Everything between `rt_stubs_start` and `rt_stubs_end` runs on behalf of managed
//! code: a thread interrupted there is stepped back into managed code before it is stopped.
use crate::thread::Thread;
use core::arch::global_asm;
use core::mem::offset_of;

global_asm!(
    ".text",
    ".p2align 4",
    ".globl rt_stubs_start",
    "rt_stubs_start:",
    include_str!("frame.S"),
    include_str!("alloc.S"),
    include_str!("exception.S"),
    include_str!("transition.S"),
    include_str!("dispatch.S"),
    include_str!("missing.S"),
    ".globl rt_stubs_end",
    "rt_stubs_end:",
    include_str!("block.S"),
    ALLOC_PTR = const offset_of!(Thread, allocation) + offset_of!(gc::Context, pointer),
    ALLOC_LIMIT = const offset_of!(Thread, allocation) + offset_of!(gc::Context, limit),
    TRANSITION = const offset_of!(Thread, transition_frame),
    EXINFO_HEAD = const offset_of!(Thread, exception_head),
    THUNK_DATA = const offset_of!(Thread, thunk_context),
    EXINFO_SIZE = const crate::exception::EXINFO_SIZE,
    DISPATCH_MASK8 = const crate::dispatch::MASK8,
);

#[cfg(not(feature = "linux"))]
global_asm!(
    ".text",
    include_str!("cermet.S"),
    CALL_TRAP_RETURN = const abi::Call::TrapReturn as u32,
);

#[cfg(feature = "linux")]
global_asm!(
    ".text",
    include_str!("linux.S"),
    PARAMETER_ENTRY = const offset_of!(abi::thread::ThreadParameters, entry),
    PARAMETER_ARGUMENT = const offset_of!(abi::thread::ThreadParameters, argument),
    PARAMETER_TRAP_STACK = const offset_of!(abi::thread::ThreadParameters, trap_stack),
    PARAMETER_TRAP_STACK_LEN = const offset_of!(abi::thread::ThreadParameters, trap_stack_len),
);

unsafe extern "C" {
    static rt_stubs_start: u8;
    static rt_stubs_end: u8;
}

/// Is this address in the stubs?
pub(crate) fn in_stubs(address: usize) -> bool {
    (&raw const rt_stubs_start as usize..&raw const rt_stubs_end as usize).contains(&address)
}
