//! The Cermet kernel.
use crate::arch;
use abi::Call;
use abi::start::Start;
use core::sync::atomic::{AtomicPtr, Ordering::Relaxed};

unsafe extern "C" {
    fn rt_trap_entry();
}

/// The start block the kernel passed; null before [`set_start`].
static START: AtomicPtr<Start> = AtomicPtr::new(core::ptr::null_mut());

/// Remembers the start block.
pub(crate) fn set_start(start: &'static Start) {
    START.store((&raw const *start).cast_mut(), Relaxed);
}

fn clock() -> &'static abi::clock::Clock {
    // SAFETY: `set_start` stored a block that the kernel keeps mapped, and so it does with the clock
    // page the block names.
    unsafe { &*(*START.load(Relaxed)).clock }
}

/// A kernel call.
///
/// # Safety
///
/// As for the call.
#[inline]
pub(super) unsafe fn call(call: Call, arguments: [usize; 6]) -> isize {
    // SAFETY: the caller's promise.
    unsafe { arch::syscall(call as usize, arguments) }
}

/// Where the kernel delivers traps.
pub(super) fn trap_entry() -> usize {
    rt_trap_entry as *const () as usize
}

/// Nanoseconds since the kernel's start.
pub fn monotonic_ns() -> u64 {
    let clock = clock();
    let counts = arch::counter().saturating_sub(clock.base_counter);
    clock.base_ns + ((u128::from(counts) * u128::from(clock.multiplier)) >> 32) as u64
}

/// What to add to the monotonic time to get the time since 1970.
pub(super) fn wall_offset_ns() -> u64 {
    clock().wall_offset_ns
}
