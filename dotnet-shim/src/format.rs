//! Pure decoders of what the compiler, the linker and the package writer produced.
//!
//! They take byte slices, never follow a pointer, and answer `None` to anything malformed.
#![forbid(unsafe_code)]

pub mod eh_frame;
pub mod gcinfo;
pub mod lsda;
pub mod package;
pub mod reader;

/// A decimal number; `None` without a digit or with anything else.
pub fn number(text: &[u8]) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0_u64, |value, &byte| {
        let digit = byte.is_ascii_digit().then(|| u64::from(byte - b'0'))?;
        value.checked_mul(10)?.checked_add(digit)
    })
}
