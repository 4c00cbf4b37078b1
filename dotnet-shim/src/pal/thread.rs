//! Exports: threads.
use crate::sys;

/// Not 0 when the thread runs.
#[cfg(feature = "image")]
#[unsafe(export_name = "SystemNative_CreateThread")]
extern "C" fn create_thread(
    stack: usize,
    start: crate::thread::Routine,
    argument: *mut core::ffi::c_void,
) -> i32 {
    i32::from(crate::thread::create(stack, start, argument))
}

#[cfg_attr(feature = "image", unsafe(export_name = "SystemNative_TryGetUInt32OSThreadId"))]
extern "C" fn try_get_thread_id() -> u32 {
    // Handles are given out from 1 on; more than 2^32 threads are not to be expected.
    sys::thread_info().handle as u32
}
