//! x86_64: see `abi::call` and `abi::trap` for the conventions.

use core::fmt;

use abi::memory::USER_END;
use abi::trap::{Frame, Registers};

use crate::bytes::{Writer, u64_at};

/// Bytes of a trap frame.
pub(crate) const FRAME_BYTES: usize = size_of::<Frame>();

/// The number of the call being made.
pub(crate) fn call_number(registers: &Registers) -> u64 {
    registers.rax
}

/// The arguments of the call being made.
pub(crate) fn arguments(registers: &Registers) -> [usize; 4] {
    [registers.rdi, registers.rsi, registers.rdx, registers.r10].map(|value| value as usize)
}

/// Sets what the call returns.
pub(crate) fn set_result(registers: &mut Registers, value: i64) {
    registers.rax = value as u64;
}

/// The stack pointer.
pub(crate) fn stack_pointer(registers: &Registers) -> usize {
    registers.rsp as usize
}

/// Continues at the trap handler with the address of a frame.
pub(crate) fn enter_trap(registers: &mut Registers, handler: usize, frame: usize) {
    registers.rip = handler as u64;
    registers.rdi = frame as u64;
    registers.rsp = frame as u64 - 8;
    // The ABI wants the direction flag clear; the others would be noise, or trap.
    registers.rflags = 0;
}

/// Whether a thread can be continued with these registers.
pub(crate) fn can_resume(registers: &Registers) -> bool {
    registers.rip < USER_END as u64 && registers.rsp < USER_END as u64
}

/// A frame as it lies in memory.
pub(crate) fn frame_to_bytes(frame: &Frame) -> [u8; FRAME_BYTES] {
    let r = &frame.registers;
    Writer::new()
        .u64(r.rax)
        .u64(r.rbx)
        .u64(r.rcx)
        .u64(r.rdx)
        .u64(r.rsi)
        .u64(r.rdi)
        .u64(r.rbp)
        .u64(r.rsp)
        .u64(r.r8)
        .u64(r.r9)
        .u64(r.r10)
        .u64(r.r11)
        .u64(r.r12)
        .u64(r.r13)
        .u64(r.r14)
        .u64(r.r15)
        .u64(r.rip)
        .u64(r.rflags)
        .u64(frame.kind)
        .u64(frame.code)
        .u64(frame.address)
        .u64(frame.reserved)
        .finish()
}

/// The frame that lies in memory as these bytes.
pub(crate) fn frame_from_bytes(bytes: &[u8; FRAME_BYTES]) -> Frame {
    let word = |index: usize| u64_at(bytes, 8 * index).expect("inside the frame");
    Frame {
        registers: Registers {
            rax: word(0),
            rbx: word(1),
            rcx: word(2),
            rdx: word(3),
            rsi: word(4),
            rdi: word(5),
            rbp: word(6),
            rsp: word(7),
            r8: word(8),
            r9: word(9),
            r10: word(10),
            r11: word(11),
            r12: word(12),
            r13: word(13),
            r14: word(14),
            r15: word(15),
            rip: word(16),
            rflags: word(17),
        },
        kind: word(18),
        code: word(19),
        address: word(20),
        reserved: word(21),
    }
}

/// Registers as a message shows them, four to a line.
#[derive(Debug)]
pub(crate) struct Dump<'a>(pub(crate) &'a Registers);

impl fmt::Display for Dump<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let r = self.0;
        let named = [
            ("rip", r.rip),
            ("rsp", r.rsp),
            ("rbp", r.rbp),
            ("rflags", r.rflags),
            ("rax", r.rax),
            ("rbx", r.rbx),
            ("rcx", r.rcx),
            ("rdx", r.rdx),
            ("rsi", r.rsi),
            ("rdi", r.rdi),
            ("r8", r.r8),
            ("r9", r.r9),
            ("r10", r.r10),
            ("r11", r.r11),
            ("r12", r.r12),
            ("r13", r.r13),
            ("r14", r.r14),
            ("r15", r.r15),
        ];
        for (index, (name, value)) in named.iter().enumerate() {
            let separator = if index == 0 {
                "  "
            } else if index % 4 == 0 {
                "\n  "
            } else {
                " "
            };
            write!(f, "{separator}{name:>6}={value:016x}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_survives_memory() {
        let mut bytes = [0; FRAME_BYTES];
        for (index, byte) in bytes.iter_mut().enumerate() {
            *byte = (index * 7 + index / 8) as u8;
        }
        assert_eq!(frame_to_bytes(&frame_from_bytes(&bytes)), bytes);
    }

    #[test]
    fn the_kernel_half_is_no_place_to_resume() {
        let user = Registers { rip: 0x40_0000, rsp: 0x7000_0000, ..Registers::default() };
        assert!(can_resume(&user));
        assert!(!can_resume(&Registers { rip: 0xffff_8000_0000_0000, ..user }));
        assert!(!can_resume(&Registers { rsp: 1 << 47, ..user }));
    }
}
