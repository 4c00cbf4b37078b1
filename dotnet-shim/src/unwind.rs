//! Unwinding one frame at a time.
//!
//! Rule: the caller of anything here holds the frames still: they are its own, or those of a stopped
//! thread.
use crate::exception::EXINFO_SIZE;
use crate::format::eh_frame::{RETURN_ADDRESS, Row, STACK_POINTER};
use abi::trap::Registers as Trapped;
use core::ptr;

/// Number of registers with a place in [`Registers`].
pub(crate) const COUNT: usize = 15;

/// Indices into [`Registers::saved`].
pub(crate) mod register {
    pub(crate) const RAX: usize = 0;
    pub(crate) const RCX: usize = 1;
    pub(crate) const RDX: usize = 2;
    pub(crate) const RBX: usize = 3;
    pub(crate) const RBP: usize = 4;
    pub(crate) const RSI: usize = 5;
    pub(crate) const RDI: usize = 6;
    pub(crate) const R12: usize = 11;
    pub(crate) const R13: usize = 12;
    pub(crate) const R14: usize = 13;
    pub(crate) const R15: usize = 14;
}

/// From the DWARF number of a register to its index; the stack pointer has none.
const fn index_of(dwarf: usize) -> Option<usize> {
    Some(match dwarf {
        0 => register::RAX,
        1 => register::RDX,
        2 => register::RCX,
        3 => register::RBX,
        4 => register::RSI,
        5 => register::RDI,
        6 => register::RBP,
        8..16 => dwarf - 1,
        _ => return None,
    })
}

/// The registers that a function must keep for its caller: DWARF number and index.
const KEPT: [(usize, usize); 6] = [
    (3, register::RBX),
    (6, register::RBP),
    (12, register::R12),
    (13, register::R13),
    (14, register::R14),
    (15, register::R15),
];

/// How to get from a frame to its caller's. Offsets are from the frame address, which is the caller's
/// stack pointer; 0 stands for a register that is not saved.
#[derive(Clone, Copy)]
pub(crate) struct Step {
    /// Index of the register that the frame address counts from, or [`FROM_STACK_POINTER`].
    base: u32,
    offset: i32,
    return_address: i32,
    kept: [i32; KEPT.len()],
}

const FROM_STACK_POINTER: u32 = u32::MAX;

impl Step {
    /// The compact form of a row; `None` when that does not fit.
    pub(crate) fn new(row: &Row) -> Option<Self> {
        let base = match row.base {
            STACK_POINTER => FROM_STACK_POINTER,
            dwarf => index_of(dwarf)? as u32,
        };
        let mut kept = [0; KEPT.len()];
        for (place, (dwarf, _)) in kept.iter_mut().zip(KEPT) {
            *place = i32::try_from(row.saved[dwarf].unwrap_or(0)).ok()?;
        }
        let offset = i32::try_from(row.offset).ok()?;
        let return_address = i32::try_from(row.saved[RETURN_ADDRESS].unwrap_or(-8)).ok()?;
        Some(Self { base, offset, return_address, kept })
    }

    /// As words, for storage.
    pub(crate) fn to_words(self) -> [u64; 5] {
        let pair = |low: i32, high: i32| {
            u64::from(low.cast_unsigned()) | u64::from(high.cast_unsigned()) << 32
        };
        let [a, b, c, d, e, f] = self.kept;
        let base = self.base.cast_signed();
        [pair(base, self.offset), pair(self.return_address, 0), pair(a, b), pair(c, d), pair(e, f)]
    }

    /// What [`to_words`](Self::to_words) gave.
    pub(crate) fn from_words(words: [u64; 5]) -> Self {
        let low = |word: u64| (word as u32).cast_signed();
        let high = |word: u64| ((word >> 32) as u32).cast_signed();
        let [first, second, a, b, c] = words;
        Self {
            base: first as u32,
            offset: high(first),
            return_address: low(second),
            kept: [low(a), high(a), low(b), high(b), low(c), high(c)],
        }
    }
}

/// Where each register of a frame is saved, in the layout managed code expects (`REGDISPLAY`).
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct Registers {
    pub(crate) saved: [*mut usize; COUNT],
    pub(crate) sp: usize,
    pub(crate) ip: usize,
}

impl Registers {
    /// No register is known.
    pub(crate) const fn empty() -> Self {
        Self { saved: [ptr::null_mut(); COUNT], sp: 0, ip: 0 }
    }

    /// What a register holds; 0 when it is not known.
    pub(crate) fn value(&self, index: usize) -> usize {
        // SAFETY: the places are in live frames, see the module's rule.
        unsafe { self.saved[index].as_ref() }.copied().unwrap_or(0)
    }

    /// The registers stored in a transition frame: ip, rbp, thread, flags, then those the flags name,
    /// then rsp (see `frame.S`).
    ///
    /// # Safety
    ///
    /// `frame` is the address of a transition frame.
    pub(crate) unsafe fn from_transition_frame(frame: usize) -> Self {
        const FLAGGED: [(usize, usize); 5] = [
            (0x01, register::RBX),
            (0x10, register::R12),
            (0x20, register::R13),
            (0x40, register::R14),
            (0x80, register::R15),
        ];
        let words = frame as *mut usize;
        let mut registers = Self::empty();
        // SAFETY: the caller's promise; the flags say how long the frame is.
        unsafe {
            registers.ip = *words;
            registers.saved[register::RBP] = words.add(1);
            let flags = *words.add(3);
            let mut next = words.add(4);
            for (flag, index) in FLAGGED {
                if flags & flag != 0 {
                    registers.saved[index] = next;
                    next = next.add(1);
                }
            }
            registers.sp = *next;
        }
        registers
    }

    /// The registers in a `PAL_LIMITED_CONTEXT`: ip, rsp, rbp, rax, rbx, rdx, r12 to r15.
    ///
    /// # Safety
    ///
    /// `context` points to one.
    pub(crate) unsafe fn from_limited_context(context: *mut usize) -> Self {
        const ORDER: [usize; 8] = [
            register::RBP,
            register::RAX,
            register::RBX,
            register::RDX,
            register::R12,
            register::R13,
            register::R14,
            register::R15,
        ];
        let mut registers = Self::empty();
        // SAFETY: the caller's promise.
        unsafe {
            registers.ip = *context;
            registers.sp = *context.add(1);
            for (position, index) in ORDER.into_iter().enumerate() {
                registers.saved[index] = context.add(2 + position);
            }
        }
        registers
    }

    /// The context that a throw stub made, whose frame's stack pointer is `sp`.
    ///
    /// # Safety
    ///
    /// The frame is that of a throw stub.
    pub(crate) unsafe fn from_throw_stub(sp: usize) -> Self {
        // SAFETY: the stub puts the context right above its `ExInfo`.
        unsafe { Self::from_limited_context((sp + EXINFO_SIZE) as *mut usize) }
    }

    /// The registers of an interrupted thread.
    pub(crate) fn from_trap(trapped: &mut Trapped) -> Self {
        let place = |field: &mut u64| (&raw mut *field).cast::<usize>();
        let t = trapped;
        Self {
            sp: t.rsp as usize,
            ip: t.rip as usize,
            saved: [
                place(&mut t.rax),
                place(&mut t.rcx),
                place(&mut t.rdx),
                place(&mut t.rbx),
                place(&mut t.rbp),
                place(&mut t.rsi),
                place(&mut t.rdi),
                place(&mut t.r8),
                place(&mut t.r9),
                place(&mut t.r10),
                place(&mut t.r11),
                place(&mut t.r12),
                place(&mut t.r13),
                place(&mut t.r14),
                place(&mut t.r15),
            ],
        }
    }

    /// Moves on to the caller's frame.
    ///
    /// # Safety
    ///
    /// The registers are those of a frame of the code that the step is for.
    pub(crate) unsafe fn unwind(&mut self, step: &Step) {
        let base = match step.base {
            FROM_STACK_POINTER => self.sp,
            index => self.value(index as usize),
        };
        let frame = base.wrapping_add_signed(step.offset as isize);
        let at = |offset: i32| frame.wrapping_add_signed(offset as isize) as *mut usize;
        for ((_, index), offset) in KEPT.into_iter().zip(step.kept) {
            if offset != 0 {
                self.saved[index] = at(offset);
            }
        }
        // SAFETY: the step says where the return address is.
        self.ip = unsafe { *at(step.return_address) };
        self.sp = frame;
    }
}
