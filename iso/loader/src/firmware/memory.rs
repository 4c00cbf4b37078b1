//! Memory that outlives the firmware's boot services.
//!
//! Everything the loader keeps for the kernel is allocated here, below 4 GiB, as loader data, and
//! never freed; the memory map tells the kernel what of it may be reclaimed. The firmware maps all
//! memory at its physical address, so addresses are those of slices.

use super::refused;
use crate::arch::handover::Block;
use loader::Error;
use loader::memory::PAGE;
use loader::paging::Table;
use uefi::boot::{self, AllocateType, MemoryType};

/// Types whose values may be all zeros.
///
/// # Safety
///
/// Zeros are a value of the type, and its alignment is not larger than a page.
pub(crate) unsafe trait Plain {}
// SAFETY: a number.
unsafe impl Plain for u8 {}
// SAFETY: a number.
unsafe impl Plain for u64 {}
// SAFETY: an array of numbers.
unsafe impl Plain for Table {}
// SAFETY: a structure of numbers.
unsafe impl Plain for Block {}

/// Allocates zeroed whole pages that hold at least `count` values, below `limit`.
///
/// # Errors
///
/// [`Error::Firmware`] if there is no such memory.
pub(crate) fn allocate_below<T: Plain>(count: u64, limit: u64) -> Result<&'static mut [T], Error> {
    let full = || Error::Full("memory");
    let size = count.checked_mul(size_of::<T>() as u64).ok_or_else(full)?.max(1);
    let pages = usize::try_from(size.div_ceil(PAGE)).map_err(|_| full())?;
    let kind = AllocateType::MaxAddress(limit - 1);
    let pages_start = boot::allocate_pages(kind, MemoryType::LOADER_DATA, pages)
        .map_err(refused("memory below 4 GiB"))?;
    let bytes = pages * PAGE as usize;
    // SAFETY: the firmware has just given us these pages, and all of them.
    unsafe { pages_start.write_bytes(0, bytes) };
    let length = bytes / size_of::<T>();
    // SAFETY: (1) the pages are ours until the machine is reset, since nothing frees them;
    // (2) pages are aligned for every `Plain` type; (3) zeros are values of every such type.
    Ok(unsafe { core::slice::from_raw_parts_mut(pages_start.cast().as_ptr(), length) })
}

/// Allocates zeroed whole pages that hold at least `count` values.
///
/// # Errors
///
/// [`Error::Firmware`] if there is no such memory.
pub(crate) fn allocate<T: Plain>(count: u64) -> Result<&'static mut [T], Error> {
    allocate_below(count, 1 << 32)
}

/// The physical address of memory from [`allocate`].
pub(crate) fn address_of<T>(memory: &[T]) -> u64 {
    memory.as_ptr().addr() as u64
}
