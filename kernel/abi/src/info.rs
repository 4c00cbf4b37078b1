//! Figures a service can ask for with [`Call::Info`](crate::Call::Info).

/// Number of [`Service`].
pub const SERVICE: u32 = 0;
/// Number of [`Thread`] for the calling thread.
pub const THREAD: u32 = 1;

/// The service and the machine under it.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub struct Service {
    /// Bytes the service may have committed.
    pub memory_limit: u64,
    /// Bytes it has committed now, page tables included.
    pub memory_used: u64,
    /// Bytes of memory in the machine.
    pub machine_memory: u64,
    /// Bytes of it nobody uses.
    pub machine_free: u64,
    /// CPU time of all its threads in user mode, nanoseconds.
    pub user_ns: u64,
    /// CPU time spent in the kernel for it, nanoseconds.
    pub kernel_ns: u64,
    /// Threads alive.
    pub threads: u32,
    /// CPUs of the machine.
    pub cpus: u32,
}

/// The calling thread.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub struct Thread {
    /// Its handle.
    pub handle: u64,
    /// CPU time in user mode, nanoseconds.
    pub user_ns: u64,
    /// CPU time in the kernel, nanoseconds.
    pub kernel_ns: u64,
    /// The CPU it runs on.
    pub cpu: u32,
    /// Zero.
    pub reserved: u32,
}
