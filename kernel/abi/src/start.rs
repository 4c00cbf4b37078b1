//! What a service finds at its first instruction.
//!
//! The first thread starts at the image's entry with the address of a [`Start`] in the first argument
//! register, on a stack of the kernel's making, its thread pointer zero.

use crate::clock::Clock;

/// `Start::magic`: "CERMET\0\x01" as a little-endian number.
pub const MAGIC: u64 = u64::from_le_bytes(*b"CERMET\0\x01");

/// The start block, in a read-only page.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Start {
    /// [`MAGIC`].
    pub magic: u64,
    /// [`VERSION`](crate::VERSION).
    pub version: u32,
    /// CPUs the service may use.
    pub cpu_count: u32,
    /// Address of the service's [`package`](crate::package), mapped read-only: arguments,
    /// environment and content files are found there.
    pub package: usize,
    /// Its length in bytes.
    pub package_len: usize,
    /// Address of the [`Clock`].
    pub clock: *const Clock,
    /// Bytes of memory the service may have committed, all told.
    pub memory_limit: u64,
    /// Lowest byte of the first thread's stack; a guard page lies below.
    pub stack_low: usize,
    /// One past its highest byte.
    pub stack_high: usize,
    /// Lowest address of the loaded image.
    pub image_start: usize,
    /// One past its highest address.
    pub image_end: usize,
    /// The service's number, never used twice.
    pub service: u64,
    /// Handle of the first thread.
    pub thread: u64,
    /// Random bytes, for hash seeds.
    pub seed: [u8; 32],
}
