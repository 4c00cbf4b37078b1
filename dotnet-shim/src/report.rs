//! Messages of the runtime itself, on the error stream.
use crate::sys;

/// Text for a person, on the error stream. Never fails and never allocates.
pub(crate) struct ErrorStream;

impl core::fmt::Write for ErrorStream {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        let mut rest = text.as_bytes();
        while !rest.is_empty() {
            let written = sys::write(sys::stream::ERROR, rest).map_err(|_| core::fmt::Error)?;
            rest = rest.get(written..).unwrap_or_default();
        }
        Ok(())
    }
}

/// Prints a line on the error stream.
macro_rules! eprintln {
    ($($arguments:tt)*) => {{
        use core::fmt::Write as _;
        let _ = writeln!($crate::report::ErrorStream, $($arguments)*);
    }};
}

/// Prints a line on the error stream and ends the service as an abort does on Linux.
#[cfg_attr(not(feature = "image"), expect(unused_macros, reason = "only images end"))]
macro_rules! fatal {
    ($($arguments:tt)*) => {{
        eprintln!($($arguments)*);
        $crate::sys::exit(abi::exit::ABORT)
    }};
}
