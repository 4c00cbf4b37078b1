//! The loader's UEFI application: entry, messages, and how it ends when nothing can be started.
//!
//! A cause is printed on the firmware's console (the screen, and the serial line where the firmware
//! uses it), followed by the line `loader: halted`, and the machine halts: starting something else
//! instead would hide the cause.
#![cfg_attr(target_os = "uefi", no_std, no_main)]
#![cfg_attr(
    target_os = "uefi",
    expect(unsafe_code, reason = "firmware memory and the processor; argued at each block")
)]

#[cfg(target_os = "uefi")]
extern crate alloc;

#[cfg(target_os = "uefi")]
mod arch;
#[cfg(target_os = "uefi")]
mod boot;
#[cfg(target_os = "uefi")]
mod console;
#[cfg(target_os = "uefi")]
mod firmware;
#[cfg(target_os = "uefi")]
mod heap;
#[cfg(target_os = "uefi")]
mod processors;

/// Starts the configured kernel; comes back only to say why not.
#[cfg(target_os = "uefi")]
#[uefi::entry]
fn main() -> uefi::Status {
    let Err(error) = boot::boot();
    console::print(format_args!("loader: error: {error}\n"));
    halt()
}

/// A bug of the loader itself.
#[cfg(target_os = "uefi")]
#[panic_handler]
fn panic(info: &core::panic::PanicInfo<'_>) -> ! {
    console::print(format_args!("loader: {info}\n"));
    halt()
}

/// Says that nothing more will happen, and does nothing more.
#[cfg(target_os = "uefi")]
fn halt() -> ! {
    console::print(format_args!("loader: halted\n"));
    arch::halt()
}

#[cfg(not(target_os = "uefi"))]
fn main() {
    eprintln!("this is a UEFI application; build it for x86_64-unknown-uefi");
    std::process::exit(2);
}
