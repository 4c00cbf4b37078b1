//! Time without a kernel call.

/// Read-only data, in a page that the kernel maps into every service: how to turn the CPU's counter
/// (x86_64: TSC) into time. Constant for the life of the service.
///
/// `monotonic_ns = base_ns + ((counter - base_counter) * multiplier) >> 32`, in 128-bit arithmetic,
/// where `counter < base_counter` counts as equal; `wall_ns = monotonic_ns + wall_offset_ns`.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[repr(C)]
pub struct Clock {
    /// The counter at `base_ns`.
    pub base_counter: u64,
    /// Monotonic nanoseconds (zero is the kernel's start) at `base_counter`.
    pub base_ns: u64,
    /// Nanoseconds per count, as a 32.32 fixed-point number.
    pub multiplier: u64,
    /// Nanoseconds since 1970-01-01T00:00:00Z at monotonic time zero.
    pub wall_offset_ns: u64,
    /// Counts per second.
    pub frequency: u64,
}
