//! Memory as a service sees it.

/// Bytes in a page, the grain of every mapping.
pub const PAGE_SIZE: usize = 4096;

/// The lowest address a service can map.
pub const USER_START: usize = 0x1_0000;

/// One past the highest address a service can map (x86_64: the lower canonical half less a guard).
pub const USER_END: usize = 0x7fff_ffff_0000;

/// What a thread of the service may do with a mapping. Combinations other than [`WRITE`](Self::WRITE)
/// together with [`EXECUTE`](Self::EXECUTE) are allowed; anything but [`NONE`](Self::NONE) can be read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(transparent)]
pub struct Protection(pub u32);

impl Protection {
    /// No access; touching the range traps.
    pub const NONE: Self = Self(0);
    /// Reading.
    pub const READ: Self = Self(1);
    /// Reading and writing.
    pub const WRITE: Self = Self(3);
    /// Reading and executing.
    pub const EXECUTE: Self = Self(5);
}
