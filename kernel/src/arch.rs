//! What the kernel knows of a processor's registers: calling convention and trap frames.
//!
//! The simulated machine of the host tests has x86_64's registers.

#[path = "arch/x86_64.rs"]
mod selected;

pub(crate) use selected::{
    Dump, FRAME_BYTES, arguments, call_number, can_resume, enter_trap, frame_from_bytes,
    frame_to_bytes, set_result, stack_pointer,
};
