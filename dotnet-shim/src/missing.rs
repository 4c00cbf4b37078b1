//! Native entry points that nobody supplies.
//!
//! The build gives each one a stub that passes its name to `rt_missing_entry_point` with the stack as
//! at its own entry (see `missing.S`). Calling it throws `EntryPointNotFoundException` in the managed
//! caller, as a lazily bound entry point does.
use crate::thread::GcFrame;
use core::ffi::{CStr, c_char};
use core::fmt::{self, Write as _};

unsafe extern "C" {
    fn GetRuntimeException(id: i32) -> usize;
    fn RhNewString(table: usize, length: usize) -> usize;
}

/// The class library's number of the exception.
const ENTRY_POINT_NOT_FOUND: i32 = 11;
/// `Exception._message`, the first reference of the object.
const MESSAGE: usize = 8;
/// A string's length and characters.
const LENGTH: usize = 8;
const CHARACTERS: usize = 12;

/// Counts the UTF-16 units of what is written to it, and stores them when it has a place to.
struct Utf16 {
    place: Option<*mut u16>,
    length: usize,
}

impl fmt::Write for Utf16 {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for unit in text.encode_utf16() {
            if let Some(place) = self.place {
                // SAFETY: the string was made as long as the same text needed before.
                unsafe { place.add(self.length).write(unit) };
            }
            self.length += 1;
        }
        Ok(())
    }
}

/// Makes the exception for a missing entry point. Called cooperatively by the stub, which throws it.
#[unsafe(export_name = "rt_missing_exception")]
unsafe extern "C" fn exception(name: *const c_char) -> usize {
    // SAFETY: *Image*: the stubs pass a string that ends with a zero.
    let name = unsafe { CStr::from_ptr(name) }.to_str().unwrap_or("?");
    // SAFETY: managed code, called cooperatively with the type that CoreLib declares.
    let mut exception = unsafe { GetRuntimeException(ENTRY_POINT_NOT_FOUND) };
    let message = |place: Option<*mut u16>| {
        let mut text = Utf16 { place, length: 0 };
        let _ = write!(text, "Unable to find an entry point named '{name}'.");
        text.length
    };
    // SAFETY: the new exception holds its default message, a string, whose first word is the table.
    let table = unsafe {
        let default = *((exception + MESSAGE) as *const usize);
        *(default as *const usize)
    };
    let string = GcFrame::with(&mut exception, || {
        // SAFETY: the allocation stub takes a table and a length; the exception is reported.
        unsafe { RhNewString(table, message(None)) }
    });
    debug_assert_eq!(
        // SAFETY: a string has its length there.
        unsafe { *((string + LENGTH) as *const u32) } as usize,
        message(None)
    );
    message(Some((string + CHARACTERS) as *mut u16));
    // SAFETY: the collector keeps no record of stores, so this one needs no barrier.
    unsafe { *((exception + MESSAGE) as *mut usize) = string };
    exception
}
