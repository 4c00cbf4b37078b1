//! Traps: hardware faults in managed code become managed exceptions, interrupts go to `suspend`.
//!
//! Rule: only a fault whose instruction is managed code, or one of the labelled helper instructions,
//! is converted; anything else ends the service.
use crate::{arch, code, suspend, sys, thread};
use abi::trap::{Frame, Kind};

unsafe extern "C" {
    fn rt_hardware_throw();
    fn rt_assign_fault();
    fn rt_by_ref_assign_fault_1();
    fn rt_by_ref_assign_fault_2();
    fn rt_compare_exchange_fault();
    fn rt_exchange_fault();
    fn rt_dispatch_fault_initial();
    fn rt_dispatch_fault_one();
    fn rt_dispatch_fault_four();
    fn rt_dispatch_fault_many();
}

/// What `RhThrowHwEx` of CoreLib understands.
mod exception {
    pub(super) const NULL_REFERENCE: u64 = 0;
    pub(super) const NULL_REFERENCE_IN_HELPER: u64 = 0x42;
    pub(super) const ACCESS_VIOLATION: u64 = 0xC000_0005;
    pub(super) const DIVIDE_BY_ZERO: u64 = 0xC000_0094;
    pub(super) const OVERFLOW: u64 = 0xC000_0095;
}

/// Addresses below are those of members of a null reference.
const NULL_AREA: u64 = 0x1_0000;

/// Makes traps arrive.
pub(crate) fn install() {
    sys::install_trap_handler();
}

/// Called by the trap stub on the trap stack, with the vector state saved; the thread continues with
/// what is in the frame afterwards.
#[cfg(not(feature = "linux"))]
#[unsafe(export_name = "rt_trap")]
extern "C" fn trap(frame: &mut Frame) {
    handle(frame);
}

/// Handles a trap of the calling thread.
pub(crate) fn handle(frame: &mut Frame) {
    match Kind::from_number(frame.kind) {
        Some(Kind::Interrupt) => suspend::on_interrupt(frame),
        Some(Kind::SingleStep) => suspend::approach(frame),
        Some(kind) => on_fault(kind, frame),
        None => die("unknown trap", frame),
    }
}

fn on_fault(kind: Kind, frame: &mut Frame) {
    let thread = thread::current();
    let ip = arch::instruction_pointer(&frame.registers);
    if kind == Kind::NoMemory {
        eprintln!("Out of memory.");
        sys::exit(abi::exit::ABORT);
    }
    let is_null = kind == Kind::Memory && frame.address < NULL_AREA;
    if kind == Kind::Memory && thread.is_stack_guard(frame.address as usize) {
        stack_overflow();
    }
    let (exception, ip) = if code::is_managed(ip) {
        let exception = match kind {
            Kind::Divide => {
                // SAFETY: the registers are those of this trap.
                let is_zero = unsafe { arch::divisor_is_zero(&frame.registers) };
                if is_zero { exception::DIVIDE_BY_ZERO } else { exception::OVERFLOW }
            }
            Kind::Memory if is_null => exception::NULL_REFERENCE,
            Kind::Memory | Kind::Protection | Kind::Alignment => exception::ACCESS_VIOLATION,
            _ => die("fault", frame),
        };
        (exception, ip)
    } else if is_null && is_helper_label(ip) {
        // the helper is a leaf: pop its return address and blame the caller
        // SAFETY: the stack pointer of a leaf points at its return address.
        let caller = unsafe { arch::pop_return_address(&mut frame.registers) };
        (exception::NULL_REFERENCE_IN_HELPER, caller)
    } else {
        die("fault", frame)
    };
    let entry = rt_hardware_throw as *const () as usize;
    arch::enter(&mut frame.registers, entry, exception, ip as u64);
}

fn die(what: &str, frame: &Frame) -> ! {
    fatal!(
        "Fatal error: {what} (kind {}) at {:#x}, address {:#x}, stack {:#x}",
        frame.kind,
        arch::instruction_pointer(&frame.registers),
        frame.address,
        arch::stack_pointer(&frame.registers)
    )
}

fn stack_overflow() -> ! {
    fatal!("Stack overflow.")
}

fn is_helper_label(ip: usize) -> bool {
    [
        rt_assign_fault as *const () as usize,
        rt_by_ref_assign_fault_1 as *const () as usize,
        rt_by_ref_assign_fault_2 as *const () as usize,
        rt_compare_exchange_fault as *const () as usize,
        rt_exchange_fault as *const () as usize,
        rt_dispatch_fault_initial as *const () as usize,
        rt_dispatch_fault_one as *const () as usize,
        rt_dispatch_fault_four as *const () as usize,
        rt_dispatch_fault_many as *const () as usize,
    ]
    .contains(&ip)
}
