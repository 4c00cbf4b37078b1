//! Where the kernel is: a walk along its frame pointers.

use core::fmt;

use crate::arch::{Arch, Machine};

/// Frames shown at most.
const LIMIT: usize = 64;

/// Writes one line per caller, innermost first: address and, where known, the symbol's name.
///
/// # Errors
///
/// When `out` fails.
#[inline(never)]
pub fn write(out: &mut dyn fmt::Write) -> fmt::Result {
    write_from(out, Machine::frame_pointer())
}

/// As [`write`], from a frame pointer found in saved registers.
pub(crate) fn write_from(out: &mut dyn fmt::Write, frame_pointer: usize) -> fmt::Result {
    let mut next = frame_pointer;
    for depth in 0..LIMIT {
        let Some((address, caller)) = Machine::next_frame(next) else { break };
        writeln!(out, "  {depth:2}: {address:#018x}")?;
        if caller <= next {
            break;
        }
        next = caller;
    }
    Ok(())
}
