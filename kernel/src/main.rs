//! The kernel's executable: its entry and its panic handler.
#![cfg_attr(target_os = "none", no_std, no_main)]

#[cfg(target_os = "none")]
hal::entry!(kernel::boot);

#[cfg(target_os = "none")]
#[panic_handler]
fn panic(info: &core::panic::PanicInfo<'_>) -> ! {
    kernel::panicked(info)
}

/// On the host the kernel is a library under test.
#[cfg(not(target_os = "none"))]
fn main() {}
