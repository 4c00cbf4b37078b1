//! Lines on standard output, and what was passed in the package.
#![expect(unsafe_code, reason = "the package is memory that the kernel mapped")]

use core::fmt::{self, Write};
use core::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};

use abi::call::stream;
use abi::package::{Entry, Header, kind};
use abi::start::Start;

use crate::call;

struct Line {
    bytes: [u8; 512],
    len: usize,
}

impl Write for Line {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let count = text.len().min(self.bytes.len() - 1 - self.len);
        self.bytes[self.len..self.len + count].copy_from_slice(&text.as_bytes()[..count]);
        self.len += count;
        Ok(())
    }
}

/// Writes a line.
pub(crate) fn line(text: fmt::Arguments<'_>) {
    let mut line = Line { bytes: [0; 512], len: 0 };
    // It takes everything, or cuts it off.
    let _ = line.write_fmt(text);
    line.bytes[line.len] = b'\n';
    call::write(stream::OUTPUT, &line.bytes[..=line.len]);
}

static NAME: AtomicPtr<u8> = AtomicPtr::new(core::ptr::null_mut());
static NAME_LEN: AtomicUsize = AtomicUsize::new(0);

/// Notes which test runs.
pub(crate) fn set_current(name: &'static str) {
    NAME_LEN.store(0, Ordering::SeqCst);
    NAME.store(name.as_ptr().cast_mut(), Ordering::SeqCst);
    NAME_LEN.store(name.len(), Ordering::SeqCst);
}

/// Which test runs.
pub(crate) fn current() -> &'static str {
    let len = NAME_LEN.load(Ordering::SeqCst);
    if len == 0 {
        return "(none)";
    }
    // SAFETY: `set_current` took both from a string that lives for ever.
    unsafe {
        let bytes = core::slice::from_raw_parts(NAME.load(Ordering::SeqCst), len);
        core::str::from_utf8_unchecked(bytes)
    }
}

/// The package.
pub(crate) fn package(start: &Start) -> &[u8] {
    // SAFETY: the kernel has mapped as much, read-only, for as long as the service lives.
    unsafe {
        core::slice::from_raw_parts(
            core::ptr::with_exposed_provenance(start.package),
            start.package_len,
        )
    }
}

/// Whether an argument was given.
pub(crate) fn has_argument(start: &Start, wanted: &str) -> bool {
    let package = package(start);
    let word = |at: usize| {
        package[at..].first_chunk().map(|bytes| u64::from_le_bytes(*bytes)).expect("checked")
            as usize
    };
    let count = word(24) & 0xffff_ffff;
    (0..count).any(|index| {
        let at = size_of::<Header>() + index * size_of::<Entry>();
        let (data, len) = (word(at + 24), word(at + 32));
        word(at) as u32 == kind::ARGUMENTS
            && package[data..data + len].split(|byte| *byte == 0).any(|a| a == wanted.as_bytes())
    })
}
