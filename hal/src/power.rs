//! The end of the machine.

use crate::arch::{Arch, Machine};

/// Switches the machine off, or halts it when that cannot be done.
pub fn off() -> ! {
    Machine::power_off();
    Machine::halt()
}

/// Stops this CPU for good.
pub fn halt() -> ! {
    Machine::halt()
}
