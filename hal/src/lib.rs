//! The machine: the only crate that executes privileged instructions.
//!
//! Everything above it is safe code. What may hurt stays inside, and each thing that leaves has a
//! type that cannot be misused:
//!
//! | resource | leaves as | what keeps it sound |
//! |---|---|---|
//! | a physical frame | [`memory::Frame`], linear | one claim bit per frame, set by an atomic operation |
//! | a page that everyone may read | [`memory::Shared`] | made only from memory that is never written again |
//! | a service's memory | bytes copied by [`memory::AddressSpace`] | translated page by page under the space's lock |
//! | a frame that was mapped | [`memory::Frame`] again, from `unmap` | given back only after every CPU dropped its translation |
//! | a CPU's state | [`task::Context`] | `run` borrows it exclusively; only user-mode state can be set |
//! | an interrupt | a value returned by `run` or `wait_for_interrupt` | no handler runs kernel code |
//! | a device | [`console::Port`], [`time`], [`power`] | small interfaces, registers stay private |
//!
//! The kernel runs with interrupts disabled, on one stack per CPU, and returns to a service only
//! through [`task::Context::run`].

#![cfg_attr(target_os = "none", no_std)]
#![expect(unsafe_code, reason = "this crate is where the machine is driven; every block argues")]

extern crate alloc;

mod arch;
pub mod backtrace;
pub mod boot;
pub mod console;
pub mod cpu;
#[cfg(any(target_os = "none", test))]
mod firmware;
pub mod heap;
pub mod memory;
pub mod power;
pub mod random;
pub mod sync;
pub mod task;
pub mod time;

#[cfg(not(target_os = "none"))]
pub use arch::simulation;
