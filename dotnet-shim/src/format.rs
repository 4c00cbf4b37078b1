//! Pure decoders of what the compiler, the linker and the package writer produced.
//!
//! They take byte slices, never follow a pointer, and answer `None` to anything malformed.
#![forbid(unsafe_code)]

pub mod package;
