//! The calling thread's `errno`, for the platform layer.

/// The last error number (Linux's numbers).
#[cfg(feature = "image")]
pub fn get() -> i32 {
    crate::thread::current().errno.get()
}

/// Sets the error number.
#[cfg(feature = "image")]
pub fn set(value: i32) {
    crate::thread::current().errno.set(value);
}

#[cfg(not(feature = "image"))]
pub use host::{get, set};

/// The host's tests have no thread block of ours.
#[cfg(not(feature = "image"))]
mod host {
    use core::sync::atomic::{AtomicI32, Ordering::Relaxed};

    static VALUE: AtomicI32 = AtomicI32::new(0);

    /// The last error number.
    pub fn get() -> i32 {
        VALUE.load(Relaxed)
    }

    /// Sets the error number.
    pub fn set(value: i32) {
        VALUE.store(value, Relaxed);
    }
}
