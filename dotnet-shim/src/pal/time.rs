//! Exports: clocks. None of them enters the kernel.
use crate::sys;

/// Nanoseconds in one tick of the class library's.
const TICK_NS: u64 = 100;

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_GetTimestamp"))]
extern "C" fn get_timestamp() -> u64 {
    sys::monotonic_ns()
}

/// Ticks since 1970.
#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_GetSystemTimeAsTicks"))]
extern "C" fn get_system_time_as_ticks() -> i64 {
    (sys::wall_ns() / TICK_NS).cast_signed()
}

/// Ticks since 1970 at which the monotonic clock was zero: the kernel's start.
#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_GetBootTimeTicks"))]
extern "C" fn get_boot_time_ticks() -> i64 {
    const TICKS_AT_1970: i64 = 621_355_968_000_000_000;
    TICKS_AT_1970 + (sys::wall_ns().wrapping_sub(sys::monotonic_ns()) / TICK_NS).cast_signed()
}
