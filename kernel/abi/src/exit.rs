//! Exit codes that the system itself gives. A service's own `Main` may return any of 0 to 255.

/// An unhandled exception, `Environment.FailFast` or a stack overflow, as on Linux (128 + SIGABRT).
pub const ABORT: u8 = 134;
/// The kernel ended the service because it ran out of memory outside the runtime's control.
pub const OUT_OF_MEMORY: u8 = 137;
/// The kernel ended the service because of a fault that it could not be told of (128 + SIGSEGV).
pub const FAULT: u8 = 139;
/// The kernel panicked.
pub const KERNEL_PANIC: u8 = 101;
/// The machine could not start the service: too little memory, or a bad package or image.
pub const BOOT_FAILURE: u8 = 102;
