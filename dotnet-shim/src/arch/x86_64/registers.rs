//! The registers of a trap frame by their role.
use abi::trap::Registers;

const TRAP_FLAG: u64 = 0x100;

/// Where the thread was.
pub(crate) fn instruction_pointer(registers: &Registers) -> usize {
    registers.rip as usize
}

/// Its stack pointer.
pub(crate) fn stack_pointer(registers: &Registers) -> usize {
    registers.rsp as usize
}

/// Makes the thread trap after its next instruction, or not.
pub(crate) fn set_single_step(registers: &mut Registers, on: bool) {
    if on {
        registers.rflags |= TRAP_FLAG;
    } else {
        registers.rflags &= !TRAP_FLAG;
    }
}

/// Returns from a leaf function; gives the address it returns to.
///
/// # Safety
///
/// The stack pointer points at the return address.
pub(crate) unsafe fn pop_return_address(registers: &mut Registers) -> usize {
    // SAFETY: the caller's promise.
    let address = unsafe { *(registers.rsp as *const usize) };
    registers.rsp += size_of::<usize>() as u64;
    address
}

/// Makes the thread continue at `entry` with two arguments.
pub(crate) fn enter(registers: &mut Registers, entry: usize, first: u64, second: u64) {
    registers.rdi = first;
    registers.rsi = second;
    registers.rip = entry as u64;
}
