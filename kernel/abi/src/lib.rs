//! The boundary between the kernel and a service: numbers and layouts, no behaviour.
//!
//! | module | what it fixes |
//! |---|---|
//! | [`call`] | the numbers of the kernel calls and the meaning of their arguments |
//! | [`error`] | the result codes of a call |
//! | [`memory`] | protections, the page size, the layout of a service's address space |
//! | [`start`] | the block that a service's first instruction finds in its first argument |
//! | [`clock`] | the page from which a service reads the time without a kernel call |
//! | [`thread`] | how a thread is described when it is created |
//! | [`trap`] | what a service receives when one of its threads faults or is interrupted |
//! | [`package`] | the file format in which a service and its data reach the kernel |
//! | [`info`] | figures about the machine and the service |
//! | [`exit`] | the exit codes that mean something by convention |
//!
//! Both sides import this crate and nothing else of each other.

#![no_std]
#![forbid(unsafe_code)]

pub mod call;
pub mod clock;
pub mod error;
pub mod exit;
pub mod info;
pub mod memory;
pub mod package;
pub mod start;
pub mod thread;
pub mod trap;

pub use call::Call;
pub use error::Error;

/// The version of everything in this crate. The kernel refuses an image built for another.
pub const VERSION: u32 = 1;

/// A deadline that never comes, for calls that take one.
pub const NO_DEADLINE: u64 = u64::MAX;
