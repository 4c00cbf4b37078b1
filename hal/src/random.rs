//! Random bytes from the machine.

use crate::arch::{Arch, Machine};

/// Fills `bytes` with what a service cannot predict.
pub fn fill(bytes: &mut [u8]) {
    for chunk in bytes.chunks_mut(8) {
        chunk.copy_from_slice(&Machine::entropy().to_le_bytes()[..chunk.len()]);
    }
}
