//! A small UEFI loader that speaks the Limine boot protocol: everything in it that is plain data.
//!
//! The loader starts one kernel from the volume it was itself loaded from. What it does not know it
//! refuses by name; it has no menu and no drivers of its own.
//!
//! ```text
//! config   limine.conf -> entry          scan    loaded image -> requests
//! elf      kernel file -> loaded image   answer  requests + facts -> responses
//! memory   firmware map -> protocol map  paging  map + image -> page tables
//! acpi, smbios: where tables lie         path    what a path of the configuration means
//! ```
//!
//! This library has no unsafe code and no firmware call, so that all of it runs (and is fuzzed) on
//! the host. The binary (`main.rs`) adds the firmware (`firmware/`) and the processor (`arch/`),
//! and `boot.rs` there tells the story from top to bottom.
//!
//! # What of the protocol is there
//!
//! Base revisions 3 to 6; other revisions are refused with a message. 4-level paging only. Every
//! feature of [`protocol::Feature`] is answered; others (terminal parameters, device trees, TPM
//! logs) are left unanswered, as the protocol demands of a loader that does not have them.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod acpi;
pub mod answer;
pub mod arena;
pub mod bytes;
pub mod config;
pub mod date;
pub mod elf;
pub mod error;
pub mod memory;
pub mod paging;
pub mod path;
pub mod protocol;
pub mod scan;
pub mod smbios;

pub use error::Error;
