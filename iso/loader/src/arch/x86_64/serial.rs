//! The first serial line, as the firmware left it.

use super::cpu::{read_port, write_port};

const DATA: u16 = 0x3f8;
const LINE_STATUS: u16 = DATA + 5;
const READY: u8 = 1 << 5;
const IDLE: u8 = 1 << 6;
/// No line is so slow that a byte takes this many reads; a missing one must not hang us.
const PATIENCE: u32 = 100_000;

/// Sends a byte, if there is a line.
pub(crate) fn write(byte: u8) {
    if wait_for(READY) {
        // SAFETY: the transmitter says that it takes a byte.
        unsafe { write_port(DATA, byte) };
    }
}

/// Waits until all bytes have left, so that a kernel that resets the device cuts none off.
pub(crate) fn drain() {
    wait_for(IDLE);
}

fn wait_for(bit: u8) -> bool {
    (0..PATIENCE).any(|_| {
        // SAFETY: reading the line status clears error bits that nobody looks at.
        let status = unsafe { read_port(LINE_STATUS) };
        // All ones: there is no device.
        status != 0xff && status & bit != 0
    })
}
