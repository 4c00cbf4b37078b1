//! The parts of the runtime that are written for x86-64.
mod primitive;

pub(crate) use primitive::{counter, syscall};
