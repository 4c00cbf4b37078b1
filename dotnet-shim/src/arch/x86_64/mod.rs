//! The parts of the runtime that are written for x86-64.
mod primitive;
#[cfg(all(feature = "image", not(feature = "linux")))]
pub(crate) use primitive::counter;
pub(crate) use primitive::syscall;

#[cfg(feature = "image")]
mod cpu;
#[cfg(feature = "image")]
mod divide;
#[cfg(feature = "image")]
mod registers;
#[cfg(feature = "image")]
mod stub;
#[cfg(feature = "image")]
mod thunk;
#[cfg(feature = "image")]
mod unbox;
#[cfg(feature = "image")]
pub(crate) use {
    cpu::{enable_vector_state_saving, features},
    divide::divisor_is_zero,
    primitive::current_thread,
    registers::{enter, instruction_pointer, pop_return_address, set_single_step, stack_pointer},
    stub::in_stubs,
    thunk::{THUNK_SIZE, thunk},
    unbox::{UnboxingTarget, unboxing_target},
};

#[cfg(all(feature = "image", feature = "linux"))]
pub(crate) mod linux;
