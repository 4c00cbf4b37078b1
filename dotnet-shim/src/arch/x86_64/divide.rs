//! Why a division trapped.
use abi::trap::Registers;

/// The general registers in the order of instruction encoding.
fn register(registers: &Registers, number: u8) -> u64 {
    let r = registers;
    [
        r.rax, r.rcx, r.rdx, r.rbx, r.rsp, r.rbp, r.rsi, r.rdi, r.r8, r.r9, r.r10, r.r11, r.r12,
        r.r13, r.r14, r.r15,
    ][usize::from(number & 15)]
}

/// The CPU traps for x / 0 and for a quotient that does not fit (MIN / -1) alike: decode the
/// operand of the `div` or `idiv` at the instruction pointer to tell them apart.
///
/// # Safety
///
/// `registers` are those of a thread that trapped on a division.
pub(crate) unsafe fn divisor_is_zero(registers: &Registers) -> bool {
    let code = registers.rip as *const u8;
    // SAFETY: the CPU has just fetched and executed this instruction, so its bytes can be read.
    let byte = |at: usize| unsafe { *code.add(at) };
    // SAFETY: as above; a displacement is part of the instruction.
    let word = |at: usize| unsafe { code.add(at).cast::<i32>().read_unaligned() };
    let mut at = 0;
    let mut rex = 0;
    loop {
        match byte(at) {
            0x66 | 0xf2 | 0xf3 => {}
            prefix @ 0x40..=0x4f => rex = prefix,
            _ => break,
        }
        at += 1;
    }
    let byte_operand = byte(at) == 0xf6;
    let modrm = byte(at + 1);
    at += 2;
    let (mode, low) = (modrm >> 6, modrm & 7);
    let wide = rex & 8 != 0;
    let extended = (rex & 1) << 3;
    let value = if mode == 3 {
        register(registers, low | extended)
    } else {
        let mut address = 0_u64;
        let mut relative = false;
        if low == 4 {
            let sib = byte(at);
            at += 1;
            let index = (sib >> 3 & 7) | (rex & 2) << 2;
            if index != 4 {
                address = register(registers, index) << (sib >> 6);
            }
            if sib & 7 == 5 && mode == 0 {
                address = address.wrapping_add_signed(i64::from(word(at)));
            } else {
                address = address.wrapping_add(register(registers, sib & 7 | extended));
            }
        } else if low == 5 && mode == 0 {
            relative = true;
        } else {
            address = register(registers, low | extended);
        }
        match mode {
            1 => address = address.wrapping_add_signed(i64::from(byte(at).cast_signed())),
            2 => address = address.wrapping_add_signed(i64::from(word(at))),
            _ if relative => {
                let next = registers.rip.wrapping_add(at as u64 + 4);
                address = next.wrapping_add_signed(i64::from(word(at)));
            }
            _ => {}
        }
        // SAFETY: the CPU has just read the operand there, at least this many bytes.
        unsafe {
            match (byte_operand, wide) {
                (true, _) => u64::from(*(address as *const u8)),
                (false, true) => (address as *const u64).read_unaligned(),
                (false, false) => u64::from((address as *const u32).read_unaligned()),
            }
        }
    };
    match (byte_operand, wide) {
        (true, _) => value as u8 == 0,
        (false, true) => value == 0,
        (false, false) => value as u32 == 0,
    }
}
