//! Unwinding one frame at a time.
//!
//! Rule: the caller of anything here holds the frames still: they are its own, or those of a stopped
//! thread.
use crate::exception::EXINFO_SIZE;
use crate::format::eh_frame::{Description, RETURN_ADDRESS, STACK_POINTER};
use abi::trap::Registers as Trapped;
use core::ptr;

/// Number of registers with a place in [`Registers`].
pub(crate) const COUNT: usize = 15;

/// Indices into [`Registers::saved`].
pub(crate) mod register {
    pub(crate) const RAX: usize = 0;
    pub(crate) const RDX: usize = 2;
    pub(crate) const RBX: usize = 3;
    pub(crate) const RBP: usize = 4;
    pub(crate) const R12: usize = 11;
    pub(crate) const R13: usize = 12;
    pub(crate) const R14: usize = 13;
    pub(crate) const R15: usize = 14;
}

/// From a DWARF number to an index; the stack pointer has none.
const DWARF: [Option<usize>; RETURN_ADDRESS] = [
    Some(0),
    Some(2),
    Some(1),
    Some(3),
    Some(5),
    Some(6),
    Some(4),
    None,
    Some(7),
    Some(8),
    Some(9),
    Some(10),
    Some(11),
    Some(12),
    Some(13),
    Some(14),
];

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

    /// Moves on to the caller's frame. `pc` selects the row: the ip itself or, for a return address,
    /// the byte before.
    ///
    /// # Safety
    ///
    /// The registers are those of a frame of the described function.
    pub(crate) unsafe fn unwind(&mut self, description: &Description<'_>, pc: usize) {
        let Some(row) = description.row(pc) else {
            fatal!("No frame information for {pc:#x}.");
        };
        let base = match DWARF[row.base] {
            Some(index) => self.value(index),
            None => self.sp,
        };
        debug_assert!(DWARF[STACK_POINTER].is_none());
        let frame = base.wrapping_add_signed(row.offset as isize);
        let at = |offset: i64| frame.wrapping_add_signed(offset as isize) as *mut usize;
        for (index, offset) in DWARF.iter().zip(row.saved) {
            if let (Some(index), Some(offset)) = (*index, offset) {
                self.saved[index] = at(offset);
            }
        }
        // SAFETY: the row says where the return address is.
        self.ip = unsafe { *at(row.saved[RETURN_ADDRESS].unwrap_or(-8)) };
        self.sp = frame;
    }
}
