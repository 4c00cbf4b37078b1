//! The runtime half that compiled C# expects and does not bring.
//!
//! The stock ahead-of-time compiler turns a C# program and the stock class library into one object.
//! That object needs about 250 symbols: allocation and write barriers, exception dispatch, stack
//! walking, thread stopping, handles, and the `SystemNative_*` platform layer. This crate supplies
//! them; linked together the two are the image of a service.
//!
//! | module | concern |
//! |---|---|
//! | [`sys`] | the system underneath: Cermet's kernel calls, or the same over Linux |
//! | `start`, `module` | from the image's entry to `Main`; tables of the image |
//! | `thread`, `suspend`, `fault` | thread blocks; stopping the world; traps |
//! | `object`, `heap`, `collect`, `roots`, `handle`, `finalizer`, `figures` | objects and their collection |
//! | `code`, `unwind`, `exception` | methods, frames, exceptions |
//! | `dispatch`, `thunk`, `missing` | interface calls, delegates for native code, absent native code |
//! | [`format`] | pure decoders of what the compiler and the linker wrote |
//! | `pal`, `math` | the platform layer and the C library's mathematics |
//! | [`lock`], [`memory`], [`errno`], `report` | what the runtime itself uses |
//! | `arch` | everything that is written for one instruction set |
//!
//! `contract.toml` lists every symbol with its module and a test during which it runs.
//!
//! # Testing
//!
//! Without the feature `image` the crate is what the host can test. With `image` and `linux` an image
//! runs as a Linux process; `CERMET_MEMORY=bytes` is its memory limit there, `CERMET_PACKAGE=file` the
//! package whose content it sees. `CERMET_SELF_CHECK=1` checks the tables of every method against each
//! other at the start; the collector's switches are in `collect`.
//!
//! # Why the `unsafe` here is sound
//!
//! Each file relies on these facts, and on the rule in its own header:
//!
//! * *Caller*: exports are called by compiled code with the types that CoreLib declares, and the
//!   pointers it passes are valid for the call.
//! * *Image*: the tables of the image are read-only and were written by the compiler and the linker.
//! * *Stopped*: the stack and the registers of a stopped thread do not change until it is resumed.
//! * *Owner*: a `Thread` block is written by its own thread only, or by the suspender while that
//!   thread is stopped. Object memory is read structurally only while the world is stopped.
#![cfg_attr(not(test), no_std)]
#![expect(unsafe_code, reason = "the runtime is the unsafe half of every managed program")]

#[macro_use]
mod report;

mod arch;
#[cfg(feature = "image")]
mod code;
#[cfg(feature = "image")]
mod collect;
#[cfg(feature = "image")]
mod dispatch;
pub mod errno;
#[cfg(feature = "image")]
mod exception;
#[cfg(feature = "image")]
mod fault;
#[cfg(feature = "image")]
mod figures;
#[cfg(feature = "image")]
mod finalizer;
pub mod format;
#[cfg(feature = "image")]
mod handle;
#[cfg(feature = "image")]
mod heap;
pub mod lock;
mod math;
pub mod memory;
#[cfg(feature = "image")]
mod missing;
#[cfg(feature = "image")]
mod module;
#[cfg(feature = "image")]
mod object;
mod pal;
#[cfg(feature = "image")]
mod roots;
#[cfg(feature = "image")]
mod start;
#[cfg(feature = "image")]
mod suspend;
pub mod sys;
#[cfg(feature = "image")]
mod thread;
#[cfg(feature = "image")]
mod thunk;
#[cfg(feature = "image")]
mod unwind;

#[cfg(feature = "image")]
#[panic_handler]
fn panic(info: &core::panic::PanicInfo<'_>) -> ! {
    fatal!("Fatal error: {info}")
}

/// Nothing unwinds through this crate; the linker still finds the reference in core.
#[cfg(feature = "image")]
#[unsafe(export_name = "rust_eh_personality")]
extern "C" fn eh_personality() -> ! {
    fatal!("Fatal error: a Rust frame was unwound")
}

/// As [`eh_personality`].
#[cfg(feature = "image")]
#[unsafe(export_name = "_Unwind_Resume")]
extern "C" fn unwind_resume() -> ! {
    fatal!("Fatal error: a Rust frame was unwound")
}
