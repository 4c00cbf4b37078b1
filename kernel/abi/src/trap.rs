//! What a service receives when one of its threads faults or is interrupted.
//!
//! The kernel writes a [`Frame`] to the thread's trap stack and continues the thread at the service's
//! trap handler with the frame's address in the first argument register. The frame lies at the top of
//! the trap stack or, when the thread was already on it, below the interrupted stack pointer less
//! [`RED_ZONE`]; it is 16-byte aligned and the handler's stack pointer is eight below it, as after a
//! call. Vector and x87 registers are as they were: the handler saves them before it uses them. The
//! handler ends with [`Call::TrapReturn`](crate::Call::TrapReturn) on the frame, changed or not, or
//! by continuing somewhere else.
//!
//! A thread whose stack pointer is on its trap stack takes no [`Interrupt`](Kind::Interrupt); it takes
//! it after the [`Call::TrapReturn`](crate::Call::TrapReturn) that leaves the trap stack.
//!
//! A service without a handler, or a thread without room on its trap stack, is ended with
//! [`exit::FAULT`](crate::exit::FAULT) instead.

/// Bytes below the stack pointer that the ABI lets leaf functions use.
pub const RED_ZONE: usize = 128;

/// Why a trap was taken.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u64)]
pub enum Kind {
    /// An access outside the mappings, or against their protection. `address` is what was touched,
    /// `code` the CPU's error code (x86_64: bit 1 write, bit 4 instruction fetch).
    Memory = 1,
    /// As `Memory`, but the range is mapped and there is no memory left to back it.
    NoMemory = 2,
    /// Integer division by zero, or a quotient that does not fit.
    Divide = 3,
    /// An instruction that does not exist.
    IllegalInstruction = 4,
    /// An instruction that user mode may not execute, a non-canonical address, and the like.
    Protection = 5,
    /// A misaligned access where alignment is required.
    Alignment = 6,
    /// An unmasked floating-point exception.
    FloatingPoint = 7,
    /// A breakpoint instruction.
    Breakpoint = 8,
    /// The thread runs with single-stepping on (x86_64: `TF` in `rflags`) and has executed one
    /// instruction.
    SingleStep = 9,
    /// [`Call::ThreadInterrupt`](crate::Call::ThreadInterrupt).
    Interrupt = 10,
}

impl Kind {
    /// The kind with this number.
    pub const fn from_number(number: u64) -> Option<Self> {
        Some(match number {
            1 => Self::Memory,
            2 => Self::NoMemory,
            3 => Self::Divide,
            4 => Self::IllegalInstruction,
            5 => Self::Protection,
            6 => Self::Alignment,
            7 => Self::FloatingPoint,
            8 => Self::Breakpoint,
            9 => Self::SingleStep,
            10 => Self::Interrupt,
            _ => return None,
        })
    }
}

/// The general registers of a thread, x86_64.
///
/// On [`Call::TrapReturn`](crate::Call::TrapReturn) the kernel takes only the arithmetic, direction
/// and trap flags of `rflags`, and refuses an `rip` or `rsp` outside the user half.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[repr(C)]
#[expect(missing_docs, reason = "the names are the registers'")]
pub struct Registers {
    pub rax: u64,
    pub rbx: u64,
    pub rcx: u64,
    pub rdx: u64,
    pub rsi: u64,
    pub rdi: u64,
    pub rbp: u64,
    pub rsp: u64,
    pub r8: u64,
    pub r9: u64,
    pub r10: u64,
    pub r11: u64,
    pub r12: u64,
    pub r13: u64,
    pub r14: u64,
    pub r15: u64,
    pub rip: u64,
    pub rflags: u64,
}

/// What lies on the trap stack.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[repr(C)]
pub struct Frame {
    /// The interrupted state.
    pub registers: Registers,
    /// A [`Kind`].
    pub kind: u64,
    /// The CPU's error code, where the kind has one.
    pub code: u64,
    /// The address touched, for memory kinds.
    pub address: u64,
    /// Zero; keeps the size a multiple of 16.
    pub reserved: u64,
}

const _: () = assert!(size_of::<Frame>() == 176 && size_of::<Frame>().is_multiple_of(16));
