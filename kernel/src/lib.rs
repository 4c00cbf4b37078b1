//! The kernel: policy over the machine in `hal`.
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

mod bytes;
mod memory;
mod sched;
mod service;
#[cfg(test)]
mod test;
